internal import Glibc
public import Model

/// The one source of time. Instants are wall time and are stored; waits are measured on the monotonic clock,
/// which no jump of the wall touches (S12).
public protocol EngineClock: Sendable {
  var now: Timestamp { get }
  /// Since a moment that means nothing by itself.
  var monotonic: Duration { get }
  /// How long to sleep until that monotonic moment; nil where only `onAdvance` tells that time went on.
  func pause(until moment: Duration) -> Duration?
  /// Calls back whenever the clock is moved by hand.
  func onAdvance(_ wake: @escaping @Sendable () -> Void)
}

public struct SystemClock: EngineClock {
  public init() {}

  public var now: Timestamp { Timestamp(microseconds: Self.read(CLOCK_REALTIME).microseconds) }
  public var monotonic: Duration { Self.read(CLOCK_MONOTONIC) }
  public func pause(until moment: Duration) -> Duration? { max(.zero, moment - monotonic) }
  public func onAdvance(_ wake: @escaping @Sendable () -> Void) {}

  private static func read(_ clock: clockid_t) -> Duration {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
