import Model
import Synchronization

/// Lets each caller make so many requests a second, and some more at once.
final class RateLimiter: Sendable {
  struct Limits: Sendable {
    var perSecond = 100.0
    var burst = 200.0
    /// Callers that are remembered. Whoever has not called for `burst / perSecond` is forgotten first.
    var callers = 20_000

    /// Until a caller who has so many requests left has all of them again.
    func secondsUntilFull(_ remaining: Int) -> Int {
      Int((max(0, burst - Double(remaining)) / perSecond).rounded(.up))
    }
  }

  private struct Bucket {
    var tokens: Double
    var at: Timestamp
  }

  private let limits: Limits
  private let now: @Sendable () -> Timestamp
  private let buckets = Mutex<[String: Bucket]>([:])

  init(_ limits: Limits = Limits(), now: @escaping @Sendable () -> Timestamp) {
    (self.limits, self.now) = (limits, now)
  }

  /// How many requests are left, or after how many seconds to come back.
  enum Answer: Hashable {
    case allowed(remaining: Int)
    case refused(seconds: Int)
  }

  func take(_ caller: String) -> Answer {
    let now = now()
    return buckets.withLock { buckets in
      if buckets[caller] == nil, buckets.count >= limits.callers { forget(&buckets, now) }
      var bucket = buckets[caller] ?? Bucket(tokens: limits.burst, at: now)
      bucket.tokens = min(limits.burst, bucket.tokens + gained(since: bucket.at, now))
      bucket.at = max(now, bucket.at)
      guard bucket.tokens >= 1 else {
        buckets[caller] = bucket
        return .refused(seconds: max(1, Int(((1 - bucket.tokens) / limits.perSecond).rounded(.up))))
      }
      bucket.tokens -= 1
      buckets[caller] = bucket
      return .allowed(remaining: Int(bucket.tokens))
    }
  }

  private func gained(since earlier: Timestamp, _ now: Timestamp) -> Double {
    // A clock that goes back gives nothing.
    max(0, Double(now.microseconds - earlier.microseconds) / 1_000_000) * limits.perSecond
  }

  /// Full buckets are as good as none. Where all are in use, the table is begun anew: callers gain a burst,
  /// and memory stays.
  private func forget(_ buckets: inout [String: Bucket], _ now: Timestamp) {
    buckets = buckets.filter { $0.value.tokens + gained(since: $0.value.at, now) < limits.burst }
    if buckets.count >= limits.callers { buckets = [:] }
  }
}
