import Synchronization

/// Messages to a thread that polls. Senders never wait; each message is bounded by what it belongs to
/// (a connection has at most two under way, a transfer three).
final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  let wake: WakeEvent

  init() throws(NetError) { wake = try WakeEvent() }

  func post(_ message: Message) {
    let first = messages.withLock { messages in
      messages.append(message)
      return messages.count == 1
    }
    if first { wake.signal() }
  }

  func take() -> [Message] {
    wake.clear()
    return messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
}
