/// One request to somewhere else, with what it may cost.
public struct OutgoingRequest: Sendable {
  public var method: String
  public var url: String
  public var headers: HTTPHeaders
  /// Nil sends none; an empty body still sends its length of 0.
  public var body: [UInt8]?
  /// Sent instead of `body`, piece by piece as the other side takes it.
  public var file: OutgoingFile?
  /// Name, connection and handshake.
  public var connectTimeout: Duration = .seconds(10)
  /// Everything, with all redirects and the storing of the body.
  public var totalTimeout: Duration = .seconds(300)
  /// 0 returns a redirect as the answer.
  public var maxRedirects = 5
  /// Of the body, after decompression.
  public var maxResponseBytes = 16 << 20
  /// An answer slower than one byte a second for this long is given up; whole seconds.
  public var stall: Duration = .seconds(60)
  public var egress: Egress
  /// A file with the certificates to trust instead of the system's.
  public var certificates: String?
  /// Asks for a compressed answer and unpacks it.
  public var acceptsCompression = false
  /// Sends the request at most once. Else a kept connection that breaks before a byte of the answer makes
  /// libcurl send it again, whatever its method, in silence.
  public var isSentOnce = false

  public init(
    _ method: String, _ url: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8]? = nil,
    egress: Egress = .publicOnly
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.egress = egress
  }
}

/// The answer at the end of all redirects.
public struct IncomingResponse: Hashable, Sendable {
  public var status: Int
  public var headers: HTTPHeaders
  /// Empty where the body went to a sink.
  public var body: [UInt8]
  /// Bytes of the body, wherever it went.
  public var size: Int
  /// Where the answer came from.
  public var url: String
  /// The redirects that were followed, in order.
  public var redirects: [String]
}

/// Sees the head of an answer.
public typealias HeadSink = @Sendable (_ status: Int, _ headers: HTTPHeaders) -> Void

/// Takes a body piece by piece; while it works, the other side waits. What it throws ends the request.
public typealias BodySink = @Sendable ([UInt8]) async throws -> Void
