/// What one client may cost the server.
public struct HTTPLimits: Hashable, Sendable {
  /// The request line and all header fields together; beyond it 431, or 414 where the line alone is longer.
  public var headBytes = 16 << 10
  public var headerFields = 100
  public var bodyBytes = 16 << 20
  /// Beyond it the connection that idled longest is closed; where none idles, the new one gets 503.
  public var connections = 1_000
  /// Open connections of one remote address (of IPv6 a /64); beyond it the new one is closed. Proxies of ours
  /// are not counted, but the clients that they name in PROXY headers are. Nil sets no limit.
  public var connectionsPerAddress: Int?
  public var idle: Duration = .seconds(75)
  /// For the PROXY header and the TLS handshake together.
  public var handshake: Duration = .seconds(10)
  /// From a request's first byte to the end of its headers; beyond it 408.
  public var headRead: Duration = .seconds(10)
  /// From the end of the headers to the end of the body; beyond it 408.
  public var bodyRead: Duration = .seconds(30)
  /// Bytes a second that a body must bring, judged after `rateGrace`; beyond it 408. Zero asks for nothing.
  public var slowestBody = 512
  /// Bytes a second that a reader must take while an answer waits for it, judged after `rateGrace`; otherwise
  /// its connection is closed. Zero asks for nothing.
  public var slowestReader = 512
  public var rateGrace: Duration = .seconds(10)
  /// How long a client may take nothing of an answer before its connection is closed.
  public var writeStall: Duration = .seconds(30)
  /// What may wait in memory for a reader of a stream.
  public var streamBuffer = 1 << 20
  /// How long a refused request's remaining bytes are read and thrown away, so that the client can read the
  /// answer instead of a reset.
  public var linger: Duration = .seconds(2)
  /// Bytes of following requests that are read ahead while one is answered.
  public var readAhead = 64 << 10
  /// Answers of at least so many bytes are compressed for clients that read gzip.
  public var compressedFrom = 1 << 10
  public var webSocket = WebSocketLimits()

  public init() {}
}

/// What one WebSocket may cost the server.
public struct WebSocketLimits: Hashable, Sendable {
  /// Of one message that comes; beyond it the connection is closed with 1009.
  public var messageIn = 256 << 10
  /// Of one message that is sent; beyond it `send` throws.
  public var messageOut = 1 << 20
  /// Pieces of one message that comes; beyond it the connection is closed with 1009.
  public var fragments = 1_024
  /// Bytes of messages that wait for `receive`; beyond it nothing more is read from the client.
  public var unread = 256 << 10
  /// Bytes of messages that wait to be sent; beyond it `send` waits and `trySend` refuses.
  public var unsent = 1 << 20
  /// How often a ping is sent.
  public var ping: Duration = .seconds(20)
  /// After so long without any byte the client counts as gone.
  public var silence: Duration = .seconds(75)
  /// How long the client may take to answer a close.
  public var close: Duration = .seconds(5)

  public init() {}
}
