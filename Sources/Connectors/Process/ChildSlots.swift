import Synchronization

/// At most so many children at a time; who comes later waits, in the order of coming.
final class ChildSlots: Sendable {
  private struct Waiter {
    var number: Int
    var continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var free: Int
    var nextNumber = 0
    var waiters: [Waiter] = []
    /// Numbers whose task was cancelled before it came to wait.
    var givenUp: Set<Int> = []
  }

  private let state: Mutex<State>

  init(limit: Int) { state = Mutex(State(free: limit)) }

  /// True with a slot, which `release` gives back; false where the task was cancelled first.
  func take() async -> Bool {
    let number = state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.givenUp.remove(number) != nil { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiters.append(Waiter(number: number, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      giveUp(number)
    }
  }

  func release() {
    let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
      if state.waiters.isEmpty {
        state.free += 1
        return nil
      }
      return state.waiters.removeFirst().continuation
    }
    next?.resume(returning: true)
  }

  private func giveUp(_ number: Int) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.number == number }) else {
        state.givenUp.insert(number)
        return nil
      }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }
}
