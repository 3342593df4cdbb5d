/// Speaks HTTP/1.1 to a server on a Unix socket: one connection and one thread for each exchange, which is
/// right for a command and for a long stream, and nothing to keep or to clean up between them.
public struct UnixHTTPClient: Sendable {
  public struct Limits: Hashable, Sendable {
    public var connect: Duration = .seconds(5)
    /// Of a whole exchange, or of a stream until its head is there.
    public var answer: Duration = .seconds(60)
    /// The longest silence of a stream; servers send comments more often.
    public var silence: Duration = .seconds(90)
    /// Of a whole answer's body. A stream is not counted.
    public var bodyBytes = 64 << 20
    public init() {}
  }

  public struct Response: Hashable, Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: [UInt8]
  }

  public let path: String
  public var limits: Limits

  public init(path: String, limits: Limits = Limits()) {
    self.path = path
    self.limits = limits
  }

  /// Returns the whole answer, whatever its status.
  public func send(
    _ method: String, _ target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8]? = nil
  ) async throws(NetError) -> Response {
    let stream = try await open(method, target, headers, body, isStream: false)
    var bytes: [UInt8] = []
    while let more = try await stream.next() {
      bytes += more
      guard bytes.count <= limits.bodyBytes else { throw .tooLarge(limit: limits.bodyBytes) }
    }
    return Response(status: stream.status, headers: stream.headers, body: bytes)
  }

  /// Returns when the head of the answer is there; the body is read as it is asked for.
  public func stream(
    _ method: String, _ target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8]? = nil
  ) async throws(NetError) -> UnixHTTPStream {
    try await open(method, target, headers, body, isStream: true)
  }

  private func open(
    _ method: String, _ target: String, _ headers: HTTPHeaders, _ body: [UInt8]?, isStream: Bool
  ) async throws(NetError) -> UnixHTTPStream {
    let message = try Self.message(method, target, headers, body)
    let exchange = try UnixExchange(path, limits, isStream: isStream, isHead: method == "HEAD")
    let head = try await exchange.whileNotCancelled { exchange throws(NetError) in try exchange.open(message)
    }
    return UnixHTTPStream(status: head.status, headers: head.headers, exchange: exchange)
  }

  private static func message(
    _ method: String, _ target: String, _ headers: HTTPHeaders, _ body: [UInt8]?
  ) throws(NetError) -> [UInt8] {
    guard HTTPText.isToken(method), target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else {
      throw .invalidRequest("the method or the path is not one")
    }
    var text = "\(method) \(target) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
    for field in headers.fields {
      guard HTTPText.isToken(field.name), HTTPText.isFieldValue(field.value) else {
        throw .invalidRequest("the header \(field.name) cannot be sent")
      }
      text += "\(field.name): \(field.value)\r\n"
    }
    if let body { text += "content-length: \(body.count)\r\n" }
    return Array((text + "\r\n").utf8) + (body ?? [])
  }
}

/// An answer whose body is still coming. The connection is closed when this value is no longer used.
public struct UnixHTTPStream: Sendable {
  public let status: Int
  public let headers: HTTPHeaders
  let exchange: UnixExchange

  /// The next bytes, or nil at the end. A connection that breaks before the end throws `interrupted`.
  public func next() async throws(NetError) -> [UInt8]? {
    try await exchange.whileNotCancelled { exchange throws(NetError) in try exchange.next() }
  }

  /// The body as server-sent events. Returns at the end of the stream; what `take` throws ends it too.
  public func events(_ take: (ServerSentEvent) async throws -> Void) async throws {
    var parser = EventStreamParser()
    while let bytes = try await next() {
      for event in try parser.feed(bytes) { try await take(event) }
    }
  }
}
