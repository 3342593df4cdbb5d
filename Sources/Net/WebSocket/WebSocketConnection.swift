/// A WebSocket as the task that serves it sees it. Any task may use it, also several at once.
public struct WebSocketConnection: Sendable {
  let pipe: WebSocketPipe
  /// What was agreed on; nil where the client asked for none of ours.
  public let subprotocol: String?

  /// Waits for the next message. Nil at the end, behind all that has come: the client closed or left, the
  /// server stops, or the caller's task was cancelled. Pings are answered without being seen here. While
  /// nobody receives, nothing more is read from the client once `WebSocketLimits.unread` bytes wait.
  public func receive() async -> WebSocketMessage? { await pipe.receive() }

  /// Returns when the message is taken over, which is before it is sent. Waits while
  /// `WebSocketLimits.unsent` bytes are on their way to a slow client.
  public func send(_ message: WebSocketMessage) async throws(WebSocketSendError) {
    try await pipe.send(message)
  }

  public func send(_ text: String) async throws(WebSocketSendError) { try await pipe.send(.text(text)) }

  /// Never waits: false when there is no room, when the message is too large, or when the connection is
  /// over. A sender to many drops then, and tells the client about the gap later.
  public func trySend(_ message: WebSocketMessage) -> Bool {
    // What cannot be sent is told by the answer, which is all that a sender to many wants to know.
    (try? pipe.offer(message)) == .taken
  }

  /// Says the code and the reason behind the messages that wait, and ends the connection once the client has
  /// answered. Only the first call counts.
  public func close(_ close: WebSocketClose = .normal) { pipe.close(close) }

  /// What the client gave as its reason to close; nil where it gave none.
  public var peerClose: WebSocketClose? { pipe.peerClose }
}

/// An answer that makes the connection a WebSocket.
///
/// `serve` runs in the request's own task, which is cancelled when the client leaves. When it returns, the
/// connection is closed with 1000, or with 1001 when the server stops.
public struct HTTPWebSocket: Sendable {
  /// What the server speaks; the client's first choice among these is taken. Without any in common the
  /// connection has none.
  public var subprotocols: [String]
  public var serve: @Sendable (WebSocketConnection) async -> Void

  public init(subprotocols: [String] = [], serve: @escaping @Sendable (WebSocketConnection) async -> Void) {
    (self.subprotocols, self.serve) = (subprotocols, serve)
  }
}
