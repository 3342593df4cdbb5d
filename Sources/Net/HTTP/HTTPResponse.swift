/// An answer: whole, or a stream that is produced while it is sent.
public struct HTTPResponse: Sendable {
  public enum Body: Sendable {
    case bytes([UInt8])
    case stream(HTTPStream)
  }

  public var status: Int
  /// Without Content-Length, Transfer-Encoding, Connection and Date, which the server sets.
  public var headers: HTTPHeaders
  public var body: Body

  public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public init(status: Int, type: String, _ bytes: [UInt8]) {
    self.init(status: status, headers: HTTPHeaders([("content-type", type)]), body: .bytes(bytes))
  }
}

/// A body that is produced while it is sent. `produce` runs in the request's own task; that task is
/// cancelled when the client leaves. When `produce` throws, the connection is broken off, so that the client
/// never takes a part for the whole.
public struct HTTPStream: Sendable {
  public enum Kind: Hashable, Sendable {
    /// A download: `write` waits for a slow reader, and a stop of the server lets it end within the grace.
    case finite
    /// Events as they happen: a reader that falls behind by `HTTPLimits.streamBuffer` is cut off, and a
    /// stop of the server cancels the task at once; what it still writes within the grace is sent.
    case live
  }

  public var kind: Kind
  /// The exact number of bytes, when known; otherwise the body is sent in chunks.
  public var length: Int?
  public var produce: @Sendable (HTTPBodyWriter) async throws -> Void

  public init(
    _ kind: Kind, length: Int? = nil, produce: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
  ) {
    self.kind = kind
    self.length = length
    self.produce = produce
  }
}

/// The client cannot be written to any more: it left, it was too slow, or the server stopped.
public struct HTTPStreamClosed: Error, Hashable, Sendable {}
