/// How far the keys of a `schedule` trigger go.
public enum ScheduleLimits {
  public static let jitter = Duration.zero...Duration.seconds(86_400)
  public static let within = Duration.seconds(1)...Duration.seconds(366 * 86_400)
  /// Due times that one downtime may catch up.
  public static let caughtUp: ClosedRange<Int64> = 1...1_000
}
