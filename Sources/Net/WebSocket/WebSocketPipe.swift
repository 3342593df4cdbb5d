import Synchronization

/// Carries messages between the loop and the task that serves a WebSocket, bounded both ways.
final class WebSocketPipe: Sendable {
  /// What the loop has to send.
  struct Outgoing {
    var messages: [WebSocketMessage]
    /// The server's own end, behind the messages.
    var close: WebSocketClose?
  }

  private struct State {
    var incoming: [WebSocketMessage] = []
    var unread = 0
    var outgoing: [WebSocketMessage] = []
    var unsent = 0
    var close: WebSocketClose?
    var isCloseTaken = false
    /// Said when the task ends without a close of its own.
    var lastWord = WebSocketClose.normal
    /// The client's own end.
    var peerClose: WebSocketClose?
    /// Nothing more comes: the client closed, or the server stops.
    var isReadEnded = false
    /// The connection is over.
    var isOver = false
    var isPaused = false
    var nextWaiter = 0
    var readers: [Int: CheckedContinuation<Void, Never>] = [:]
    var writers: [Int: CheckedContinuation<Void, Never>] = [:]

    var isSendable: Bool { !isOver && close == nil }
  }

  private let state = Mutex(State())
  private let limits: WebSocketLimits
  /// Called, outside of the lock, when the loop has something to look at.
  private let notify: @Sendable () -> Void

  init(_ limits: WebSocketLimits, notify: @escaping @Sendable () -> Void) {
    (self.limits, self.notify) = (limits, notify)
  }

  var peerClose: WebSocketClose? { state.withLock { $0.peerClose } }
}

// The task's side.
extension WebSocketPipe {
  private enum Step<Value> {
    case done(Value)
    case wait
  }

  func receive() async -> WebSocketMessage? {
    while true {
      let (step, isResumed) = state.withLock { state in
        guard !state.incoming.isEmpty else {
          let ends = state.isReadEnded || state.isOver || Task.isCancelled
          return (ends ? Step<WebSocketMessage?>.done(nil) : .wait, false)
        }
        let message = state.incoming.removeFirst()
        state.unread -= message.count + Self.overhead
        let isResumed = state.isPaused && state.unread < limits.unread
        if isResumed { state.isPaused = false }
        return (.done(message), isResumed)
      }
      if isResumed { notify() }
      switch step {
      case .done(let message): return message
      case .wait: await wait(on: \.readers) { $0.incoming.isEmpty && !$0.isReadEnded && !$0.isOver }
      }
    }
  }

  func send(_ message: WebSocketMessage) async throws(WebSocketSendError) {
    while true {
      switch try offer(message) {
      case .taken: return
      case .full:
        if Task.isCancelled { throw .closed }
        await wait(on: \.writers) { $0.isSendable && $0.unsent > 0 }
      }
    }
  }

  enum Offer: Hashable { case taken, full }

  /// A message larger than the room is taken when nothing else waits, so that a sender never hangs.
  func offer(_ message: WebSocketMessage) throws(WebSocketSendError) -> Offer {
    let count = message.count
    guard count <= limits.messageOut else { throw .tooLarge(limit: limits.messageOut) }
    let (offer, isFirst) = state.withLock { state -> (Offer?, Bool) in
      guard state.isSendable else { return (nil, false) }
      guard state.unsent == 0 || state.unsent + count + Self.overhead <= limits.unsent else {
        return (.full, false)
      }
      state.outgoing.append(message)
      state.unsent += count + Self.overhead
      return (.taken, state.outgoing.count == 1)
    }
    guard let offer else { throw .closed }
    if isFirst { notify() }
    return offer
  }

  /// The first one counts.
  func close(_ close: WebSocketClose) {
    let writers = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
      guard state.isSendable else { return nil }
      state.close = close
      defer { state.writers = [:] }
      return Array(state.writers.values)
    }
    guard let writers else { return }
    for writer in writers { writer.resume() }
    notify()
  }

  /// The task has nothing more to say.
  func finish() { close(state.withLock { $0.lastWord }) }

  /// What one message costs beside its bytes, so that empty ones fill the room too.
  private static let overhead = 64

  /// Waits until somebody resumes the queue, or the task is cancelled; not at all where `waits` is not true.
  private func wait(
    on queue: any WritableKeyPath<State, [Int: CheckedContinuation<Void, Never>]> & Sendable,
    while waits: @Sendable (State) -> Bool
  ) async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasToWait = state.withLock { state in
          guard waits(state), !Task.isCancelled else { return false }
          state[keyPath: queue][number] = continuation
          return true
        }
        if !hasToWait { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0[keyPath: queue].removeValue(forKey: number) }?.resume()
    }
  }
}

// The loop's side.
extension WebSocketPipe {
  /// False when no more should be read until the task has taken some; the loop is then told.
  func put(_ message: WebSocketMessage) -> Bool {
    let (goesOn, readers) = state.withLock { state in
      state.incoming.append(message)
      state.unread += message.count + Self.overhead
      state.isPaused = state.unread >= limits.unread
      defer { state.readers = [:] }
      return (!state.isPaused, Array(state.readers.values))
    }
    for reader in readers { reader.resume() }
    return goesOn
  }

  var isPaused: Bool { state.withLock { $0.isPaused } }

  func takeOutgoing() -> Outgoing {
    let (outgoing, writers) = state.withLock { state in
      let close = state.isCloseTaken ? nil : state.close
      if close != nil { state.isCloseTaken = true }
      defer { (state.outgoing, state.unsent, state.writers) = ([], 0, [:]) }
      return (Outgoing(messages: state.outgoing, close: close), Array(state.writers.values))
    }
    for writer in writers { writer.resume() }
    return outgoing
  }

  /// `receive` gives what has come, then nil. What is still sent goes out.
  func endReading(_ close: WebSocketClose? = nil) {
    let readers = state.withLock { state in
      state.isReadEnded = true
      state.peerClose = state.peerClose ?? close
      defer { state.readers = [:] }
      return Array(state.readers.values)
    }
    for reader in readers { reader.resume() }
  }

  /// The server stops: as at the end of reading, and the last word says so.
  func stop() {
    state.withLock { $0.lastWord = .goingAway }
    endReading()
  }

  /// The connection is over: nothing is sent any more.
  func end() {
    let waiting = state.withLock { state in
      state.isOver = true
      defer { (state.readers, state.writers, state.outgoing) = ([:], [:], []) }
      return Array(state.readers.values) + Array(state.writers.values)
    }
    for continuation in waiting { continuation.resume() }
  }
}
