/// An answer: whole, a stream that is produced while it is sent, or a WebSocket.
public struct HTTPResponse: Sendable {
  public enum Body: Sendable {
    case bytes([UInt8])
    case stream(HTTPStream)
    /// The connection becomes a WebSocket. The server checks the handshake, and answers 101, or 400 or 426;
    /// of this response only the headers are taken.
    case webSocket(HTTPWebSocket)
  }

  public var status: Int
  /// Without Content-Length, Transfer-Encoding, Connection and Date, which the server sets.
  public var headers: HTTPHeaders
  public var body: Body
  /// The state that the body shows. The server writes the header, and answers 304 and 412 to GET and HEAD by
  /// the request's conditions. A handler that changes something asks `HTTPTagList.allowsChange` itself.
  public var etag: HTTPEntityTag?
  /// Whether a GET may ask for a part of a body of known length. Such an answer is never compressed.
  public var acceptsRanges = false
  /// Text of `HTTPLimits.compressedFrom` bytes and more is compressed for those who read gzip. Say no where
  /// the body holds both a secret and what a stranger chose, since its length would tell of the secret.
  public var isCompressible = true

  public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public init(status: Int, type: String, _ bytes: [UInt8]) {
    self.init(status: status, headers: HTTPHeaders([("content-type", type)]), body: .bytes(bytes))
  }
}
