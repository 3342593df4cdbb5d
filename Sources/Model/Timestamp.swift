/// A moment of wall time in microseconds since 1970 UTC: the precision that every store keeps.
public struct Timestamp: Hashable, Comparable, Sendable {
  public var microseconds: Int64
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// Seconds since 1970 UTC; what is finer is cut off towards the past.
  public var wholeSeconds: Int64 { ZoneRule.floor(microseconds, 1_000_000) }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

  /// Ends at the last representable moment instead of overflowing.
  public static func + (time: Timestamp, duration: Duration) -> Timestamp {
    let (sum, overflow) = time.microseconds.addingReportingOverflow(duration.microseconds)
    return Timestamp(microseconds: overflow ? (duration < .zero ? .min : .max) : sum)
  }

  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    .microseconds(left.microseconds.subtractingReportingOverflow(right.microseconds).partialValue)
  }
}

extension Duration {
  /// Whole microseconds, towards zero; saturates at the limits of `Int64`.
  public var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    return scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000).partialValue
  }
}
