/// What one client may cost the server.
public struct HTTPLimits: Hashable, Sendable {
  /// The request line and all header fields together; beyond it 431, or 414 where the line alone is longer.
  public var headBytes = 16 << 10
  public var headerFields = 100
  public var bodyBytes = 16 << 20
  /// Beyond it the connection that idled longest is closed; where none idles, the new one gets 503.
  public var connections = 1_000
  public var idle: Duration = .seconds(75)
  /// From a request's first byte to the end of its headers; beyond it 408.
  public var headRead: Duration = .seconds(10)
  /// From the end of the headers to the end of the body; beyond it 408.
  public var bodyRead: Duration = .seconds(30)
  /// How long a client may take nothing of an answer before its connection is closed.
  public var writeStall: Duration = .seconds(30)
  /// What may wait in memory for a reader of a stream.
  public var streamBuffer = 1 << 20
  /// How long a refused request's remaining bytes are read and thrown away, so that the client can read the
  /// answer instead of a reset.
  public var linger: Duration = .seconds(2)
  /// Bytes of following requests that are read ahead while one is answered.
  public var readAhead = 64 << 10

  public init() {}
}
