/// One whole message of a WebSocket.
public enum WebSocketMessage: Hashable, Sendable {
  case text(String)
  case binary([UInt8])

  /// Bytes on the wire, without the frame's head.
  public var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .binary(let bytes): bytes.count
    }
  }
}

/// Why one side ends a WebSocket.
public struct WebSocketClose: Hashable, Sendable {
  public static let normal = WebSocketClose(1000)
  /// The server stops.
  public static let goingAway = WebSocketClose(1001)

  /// 1000 to 1011 after RFC 6455, 3000 to 4999 of an application.
  public let code: UInt16
  /// At most the 123 bytes that a frame has room for.
  public let reason: String

  /// A longer reason is cut between two characters. A code that may not be sent becomes 1011.
  public init(_ code: UInt16, _ reason: String = "") {
    self.code = Self.isSendable(code) ? code : 1_011
    var cut = Substring(reason)
    while cut.utf8.count > 123 { cut.removeLast() }
    self.reason = String(cut)
  }

  static func isSendable(_ code: UInt16) -> Bool {
    switch code {
    case 1_000...1_003, 1_007...1_014, 3_000...4_999: true
    default: false
    }
  }
}

/// Why a message was not sent.
public enum WebSocketSendError: Error, Hashable, Sendable {
  /// The connection is over or being closed, or the caller's task was cancelled.
  case closed
  /// The message is larger than `WebSocketLimits.messageOut`.
  case tooLarge(limit: Int)
}
