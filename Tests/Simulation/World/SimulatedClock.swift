import Engine
import Model
import Synchronization

/// Time that moves only when the world moves it.
final class SimulatedClock: EngineClock {
  static let usual = Timestamp(microseconds: 1_800_000_000_000_000)
  private let moments: Mutex<(wall: Timestamp, monotonic: Duration)>

  init(wall: Timestamp) { moments = Mutex((wall, .zero)) }

  var now: Timestamp { moments.withLock(\.wall) }
  var monotonic: Duration { moments.withLock(\.monotonic) }
  /// By how much the jumps have moved the wall.
  var lead: Duration { moments.withLock { .microseconds($0.wall.microseconds) - $0.monotonic } }
  func pause(until moment: Duration) -> Duration? { nil }
  func onAdvance(_ wake: @escaping @Sendable () -> Void) {}

  func advance(by duration: Duration) {
    moments.withLock { $0 = ($0.wall + duration, $0.monotonic + duration) }
  }

  /// The wall alone, forwards or back.
  func jump(by duration: Duration) { moments.withLock { $0.wall = $0.wall + duration } }
}
