import Engine
import Model
import Synchronization

/// The clock of a rehearsal: it flows with the time of day, or stands still to the second, and jumps over
/// whatever the engine only waits for.
final class RehearsalClock: EngineClock {
  private struct State {
    var skipped = Duration.zero
    /// What the engine waits for, since it asked last.
    var next: Duration?
    var wakes: [@Sendable () -> Void] = []
  }

  private let start: Timestamp
  private let isFixed: Bool
  private let system = SystemClock()
  private let begun: Duration
  private let state = Mutex(State())

  /// `time`: where it stands; nil: the time of day.
  init(_ time: Timestamp?) {
    start = time ?? system.now
    isFixed = time != nil
    begun = system.monotonic
  }

  /// A clock that stands still moves on by the whole seconds that scripts really took, so that their limits
  /// hold.
  private var elapsed: Duration {
    let real = system.monotonic - begun
    return isFixed ? .seconds(real.components.seconds) : real
  }

  var monotonic: Duration { state.withLock(\.skipped) + elapsed }
  var now: Timestamp { start + monotonic }

  func pause(until moment: Duration) -> Duration? {
    state.withLock { $0.next = moment }
    return max(.milliseconds(1), moment - monotonic)
  }

  func onAdvance(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wakes.append(wake) } }

  /// Goes to the next moment that the engine waits for. False where it waits for none.
  func skip() -> Bool {
    let monotonic = monotonic
    let wakes: [@Sendable () -> Void]? = state.withLock { state in
      guard let next = state.next else { return nil }
      state.skipped += max(.zero, next - monotonic)
      state.next = nil
      return state.wakes
    }
    guard let wakes else { return false }
    for wake in wakes { wake() }
    return true
  }
}
