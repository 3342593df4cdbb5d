import Synchronization

/// Carries an answer from libcurl's thread to the task that waits for it, bounded.
final class TransferChannel: Sendable {
  enum Event: Sendable {
    case head(status: Int, headers: HTTPHeaders)
    case bytes([UInt8])
    /// Nil is a whole answer. Comes last, and again each time it is asked for.
    case end(NetError?)
  }

  /// Bytes that wait for the task before the transfer is paused.
  static let capacity = 1 << 20

  private struct State {
    var head: Event?
    var bytes: [UInt8] = []
    var end: Event?
    var isPaused = false
    var waiting: CheckedContinuation<Void, Never>?

    var hasNews: Bool { head != nil || !bytes.isEmpty || end != nil }
  }

  private let state = Mutex(State())

  func putHead(_ status: Int, _ headers: HTTPHeaders) {
    change { $0.head = .head(status: status, headers: headers) }
  }

  /// False asks for a pause: nothing was taken.
  func put(_ bytes: [UInt8]) -> Bool {
    change { state in
      if state.bytes.count >= Self.capacity {
        state.isPaused = true
        return false
      }
      state.bytes += bytes
      return true
    }
  }

  /// The first end counts.
  func end(_ error: NetError?) {
    change { state in
      if state.end == nil { state.end = .end(error) }
    }
  }

  /// For one task at a time; `resume` is called when a paused transfer may go on.
  func next(resume: () -> Void) async -> Event {
    while true {
      let (event, wasPaused) = take()
      if wasPaused { resume() }
      if let event { return event }
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.hasNews { return true }
          state.waiting = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    }
  }

  private func take() -> (Event?, wasPaused: Bool) {
    state.withLock { state in
      if let head = state.head {
        state.head = nil
        return (head, false)
      }
      if !state.bytes.isEmpty {
        defer { (state.bytes, state.isPaused) = ([], false) }
        return (.bytes(state.bytes), state.isPaused)
      }
      return (state.end, false)
    }
  }

  private func change<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
    let (result, waiting) = state.withLock { state in
      let result = body(&state)
      guard state.hasNews else { return (result, nil as CheckedContinuation<Void, Never>?) }
      defer { state.waiting = nil }
      return (result, state.waiting)
    }
    waiting?.resume()
    return result
  }
}
