import Synchronization

/// A fact that happens once and that any number of tasks may wait for.
final class Completion: Sendable {
  private enum State {
    case pending([CheckedContinuation<Void, Never>])
    case done
  }
  private let state = Mutex<State>(.pending([]))

  func finish() {
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      guard case .pending(let waiting) = state else { return [] }
      state = .done
      return waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        guard case .pending(let waiting) = state else { return true }
        state = .pending(waiting + [continuation])
        return false
      }
      if isDone { continuation.resume() }
    }
  }
}
