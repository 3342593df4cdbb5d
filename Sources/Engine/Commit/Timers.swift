internal import Model

/// What is due for which job when: pauses on the monotonic clock, instants on the wall's (S12).
///
/// A timer that means nothing any more stays until a sweep, and a sweep comes when the timers have doubled
/// since the last one: so there are never more than twice those that mean something, and a handful.
struct Timers {
  struct Entry: Scheduled {
    var due: Duration
    var job: JobNumber
    /// Nil: look at the job itself. One in memory may be parked, a parked one is loaded.
    var wake: Wake?
  }

  struct Instant: Scheduled {
    var due: Timestamp
    var job: JobNumber
    var wake: Wake?
  }

  /// While instants are waited for, the wall is looked at this often at least: it may have jumped.
  static let wallCheck = Duration.seconds(30)
  /// No sweep pays for fewer.
  static let sweepFloor = 4_096

  private var pauses = Heap<Entry>()
  private var instants = Heap<Instant>()
  private var leftBySweep = 0

  /// The earliest pause.
  var next: Duration? { pauses.first?.due }
  var count: Int { pauses.count + instants.count }
  /// Whether it is time to sweep.
  var isSwollen: Bool { count > max(Self.sweepFloor, 2 * leftBySweep) }

  mutating func add(_ entry: Entry) { pauses.add(entry) }
  mutating func add(_ instant: Instant) { instants.add(instant) }

  /// When to look again, on the monotonic clock.
  func next(_ clock: any EngineClock) -> Duration? {
    guard let instant = instants.first else { return next }
    let wall = clock.monotonic + min(max(.zero, instant.due - clock.now), Self.wallCheck)
    return next.map { min($0, wall) } ?? wall
  }

  /// Takes the earliest entry if its time has come.
  mutating func take(due moment: Duration, _ now: Timestamp) -> (job: JobNumber, wake: Wake?)? {
    if let first = pauses.first, first.due <= moment {
      return pauses.takeFirst().map { ($0.job, $0.wake) }
    }
    if let first = instants.first, first.due <= now { return instants.takeFirst().map { ($0.job, $0.wake) } }
    return nil
  }

  mutating func sweep(_ means: (JobNumber, Wake?) -> Bool) {
    pauses.removeAll { !means($0.job, $0.wake) }
    instants.removeAll { !means($0.job, $0.wake) }
    leftBySweep = count
  }
}

extension JobState {
  /// Whether the moment would still change something: the guards of `Decider.fire`, seen from outside.
  func awaits(_ wake: Wake) -> Bool {
    guard let node = wake.node else {
      if wake == .start { return waitsForStart }
      return deadline != .never && wake.token == UInt32(phase.rawValue) | round << 8 && phase != .ended
    }
    guard Int(node) < nodes.count, !self[node].status.hasEnded else { return false }
    let current = self[node]
    switch wake.kind {
    case .retry: return current.status == .retrying && current.token == wake.token
    case .timeout, .grace: return current.status == .running && current.token == wake.token
    case .queueTimeout: return current.status == .queued && current.attempt == wake.token
    case .deadline: return current.deadline != .never
    case .items: return hasMoreItems(node)
    case .pause, .wait, .expiry, .reminder, .escalation: return current.status == .waiting
    case .start: return false
    }
  }
}
