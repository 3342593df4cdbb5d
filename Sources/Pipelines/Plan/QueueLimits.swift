/// How far the keys of a `queue` trigger go, for the file's reader and for whoever reads the queue.
public enum QueueLimits {
  public static let prefetch: ClosedRange<Int64> = 1...1_000
  /// The shortest is well above a pause in which a reader that lives may be silent.
  public static let visibility: ClosedRange<Duration> = .seconds(10) ... .seconds(43_200)
  /// Of a list, stream, queue or group, in bytes.
  public static let longestName = 255
}
