import Synchronization

/// Messages to a thread that polls. Senders never wait; each message is bounded by what it belongs to
/// (a connection has at most two under way, a transfer three).
final class Mailbox<Message: Sendable>: Sendable {
  private let state = Mutex<(messages: [Message], isClosed: Bool)>(([], false))
  let wake: WakeEvent

  init() throws(NetError) { wake = try WakeEvent() }

  /// False when nobody will take the message any more.
  @discardableResult
  func post(_ message: Message) -> Bool {
    let (isTaken, isFirst) = state.withLock { state in
      if state.isClosed { return (false, false) }
      state.messages.append(message)
      return (true, state.messages.count == 1)
    }
    if isFirst { wake.signal() }
    return isTaken
  }

  func take() -> [Message] {
    wake.clear()
    return state.withLock { state in
      defer { state.messages = [] }
      return state.messages
    }
  }

  /// Takes what is left; later messages are refused.
  func close() -> [Message] {
    state.withLock { state in
      defer { state = ([], true) }
      return state.messages
    }
  }
}
