/// How fast something moves since a moment.
struct Pace {
  /// The moment, and what had moved by then.
  let since: ContinuousClock.Instant
  let base: Int

  /// Judged only after the grace, in bytes a second. `total` is asked for only then.
  func isSlower(
    than rate: Int, after grace: Duration, at now: ContinuousClock.Instant, total: @autoclosure () -> Int
  ) -> Bool {
    let elapsed = since.duration(to: now)
    guard rate > 0, elapsed > grace else { return false }
    return (total() - base) * 1_000 < rate * Int(elapsed.milliseconds)
  }
}
