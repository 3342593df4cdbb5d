import Engine
import Model
import Synchronization

/// Time that moves only when a test moves it. The wall can be moved without the monotonic clock.
final class ManualClock: EngineClock {
  private struct State {
    var now = Timestamp(microseconds: 1_800_000_000_000_000)
    var monotonic = Duration.zero
    var wakes: [@Sendable () -> Void] = []
  }
  private let state = Mutex(State())

  var now: Timestamp { state.withLock(\.now) }
  var monotonic: Duration { state.withLock(\.monotonic) }
  func pause(until moment: Duration) -> Duration? { nil }
  func onAdvance(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wakes.append(wake) } }

  func advance(by duration: Duration) {
    let wakes = state.withLock { state in
      state.now = state.now + duration
      state.monotonic += duration
      return state.wakes
    }
    for wake in wakes { wake() }
  }

  func jumpWall(by duration: Duration) {
    let wakes = state.withLock { state in
      state.now = state.now + duration
      return state.wakes
    }
    for wake in wakes { wake() }
  }
}
