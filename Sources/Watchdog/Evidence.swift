public import Model

/// What the watcher looks at: the stored rows themselves, never what the engine says of itself, so that it
/// sees an engine that is stuck. Each call may block for as long as the store reads.
public protocol Evidence: Sendable {
  /// Every pipeline with an `expect:`.
  func watched() throws(WatchFault) -> [Watched]
  /// The days of the calendar that a setting of the pipeline's namespace holds.
  func calendar(_ name: String, of pipeline: String) throws(WatchFault) -> ClosedDays?
  /// When its latest job ended in `success`.
  func lastSuccess(of pipeline: String) throws(WatchFault) -> Timestamp?
  /// When something last came to its triggers, schedules left out.
  func lastEvent(of pipeline: String) throws(WatchFault) -> Timestamp?
  /// The job that waits longest for its beginning.
  func oldestUnstarted(of pipeline: String) throws(WatchFault) -> Unstarted?
  /// What is known of a schedule's due times; nil until the engine has seen the schedule.
  func fires(of pipeline: String, schedule: String) throws(WatchFault) -> Fires?
  /// The successful jobs that ended after that job, or all where it is nil, oldest first, at most `limit` of
  /// the newest.
  func samples(
    of pipeline: String, metric: String, after job: String?, limit: Int
  ) throws(WatchFault) -> [Sample]
}

public struct Unstarted: Sendable, Hashable {
  public var job: String
  public var createdAt: Timestamp
  public init(job: String, createdAt: Timestamp) { (self.job, self.createdAt) = (job, createdAt) }
}

public struct Fires: Sendable, Hashable {
  /// Every due time up to here has its row.
  public var decidedUntil: Timestamp
  /// The newest row that is no backfill's.
  public var last: Last?
  public var isPaused: Bool

  public struct Last: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable { case waiting, began, leftOut, notBegun }
    public var due: Timestamp
    public var outcome: Outcome
    /// Such as `down`.
    public var reason: String?
    public init(due: Timestamp, outcome: Outcome, reason: String?) {
      (self.due, self.outcome, self.reason) = (due, outcome, reason)
    }
  }

  public init(decidedUntil: Timestamp, last: Last?, isPaused: Bool) {
    (self.decidedUntil, self.last, self.isPaused) = (decidedUntil, last, isPaused)
  }
}

/// The metric of one job.
public struct Sample: Sendable, Hashable {
  public var job: String
  public var endedAt: Timestamp
  /// Nil: the job has no such number among its outputs.
  public var value: Double?
  public init(job: String, endedAt: Timestamp, value: Double?) {
    (self.job, self.endedAt, self.value) = (job, endedAt, value)
  }
}

/// The store of the jobs, or of the watcher, cannot be read or written now.
public struct WatchFault: Error, Sendable, Hashable, CustomStringConvertible {
  public var description: String
  public init(_ description: String) { self.description = description }
}
