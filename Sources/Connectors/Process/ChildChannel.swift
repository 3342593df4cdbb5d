import Glibc
import Synchronization

/// The node's half of the talk with a program on its descriptors 3 and 4.
///
/// What is sent never blocks the sender: what the program has not read yet waits here, within a bound.
final class ChildChannel: Sendable {
  fileprivate struct State {
    var descriptor: Int32 = -1
    var pending: [UInt8] = []
    /// How much of `pending` was sent.
    var sent = 0
    var endsWhenSent = false
    var isOver = false
  }

  /// The largest value twice, and the words around it.
  static let pendingLimit = 16 << 20

  /// What the program says, in pieces as they come. Both are called on the thread that waits for the program.
  let received: @Sendable (ArraySlice<UInt8>) -> Void
  /// Called after each thing that happened, and at least once a second.
  let look: @Sendable () -> Void
  private let state = Mutex(State())

  init(received: @escaping @Sendable (ArraySlice<UInt8>) -> Void, look: @escaping @Sendable () -> Void) {
    (self.received, self.look) = (received, look)
  }

  /// May come before `open`. False where the program leaves more than `pendingLimit` bytes unread.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    state.withLock { state in
      if state.isOver || state.endsWhenSent { return true }
      guard state.pending.count - state.sent + bytes.count <= Self.pendingLimit else { return false }
      state.pending += bytes
      state.flush()
      return true
    }
  }

  /// The program finds the end of its descriptor 3 behind what was sent.
  func finish() {
    state.withLock { state in
      state.endsWhenSent = true
      state.flush()
    }
  }

  func open(_ descriptor: Int32) {
    state.withLock { state in
      state.descriptor = descriptor
      state.flush()
    }
  }

  /// Where room has to be waited for; nil where nothing waits.
  var waiting: Int32? {
    state.withLock { $0.descriptor >= 0 && !$0.pending.isEmpty ? $0.descriptor : nil }
  }

  func flush() { state.withLock { $0.flush() } }

  func end() {
    state.withLock { state in
      state.isOver = true
      state.close()
    }
  }
}

extension ChildChannel.State {
  fileprivate mutating func flush() {
    while descriptor >= 0, sent < pending.count {
      let count = pending.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress! + sent, pending.count - sent, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count > 0 { sent += count } else if count < 0, errno == EINTR { continue } else { break }
    }
    if descriptor >= 0, sent < pending.count, errno != EAGAIN, errno != EWOULDBLOCK {
      // Nobody reads any more: how the program ends says why.
      sent = pending.count
    }
    if sent == pending.count { (pending, sent) = ([], 0) }
    if endsWhenSent, pending.isEmpty { close() }
  }

  fileprivate mutating func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}
