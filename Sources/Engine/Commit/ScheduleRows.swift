public import Model

/// What is kept of a schedule between its due times. One row a trigger of kind `schedule`.
public struct ScheduleRow: Sendable, Hashable {
  public var pipeline: PipelineName
  public var trigger: String
  /// Line, dialect and zone: with others it is another schedule, whose past is not made up for.
  public var rule: String
  /// False while its trigger is disabled: the due times of that time are nobody's.
  public var isActive: Bool
  /// Every due time up to here has its row or its job.
  public var decidedUntil: Timestamp
  public var pause: Pause?

  public struct Pause: Sendable, Hashable {
    public var by: String
    public var reason: String
    public var at: Timestamp
    /// When it ends by itself.
    public var until: Timestamp?
    public init(by: String, reason: String, at: Timestamp, until: Timestamp?) {
      (self.by, self.reason, self.at, self.until) = (by, reason, at, until)
    }

    public func holds(at moment: Timestamp) -> Bool { at <= moment && until.map { moment < $0 } ?? true }
  }

  public init(
    pipeline: PipelineName, trigger: String, rule: String, isActive: Bool, decidedUntil: Timestamp,
    pause: Pause? = nil
  ) {
    (self.pipeline, self.trigger, self.rule) = (pipeline, trigger, rule)
    (self.isActive, self.decidedUntil, self.pause) = (isActive, decidedUntil, pause)
  }
}

/// What became of one due time. There is one row for each, whoever decides it (S19).
public struct ScheduleFireRow: Sendable, Hashable {
  public enum Outcome: UInt8, Sendable, Hashable, CaseIterable {
    /// It has its message, and stands in line.
    case waiting
    case started
    case delivered
    /// A rule of the file left it out: overlap, calendar, `if`.
    case skipped
    /// Nothing ran that would have started it: a downtime, a pause.
    case missed
    /// It was to start and could not.
    case refused
    public var word: String { "\(self)" }
  }

  /// Why it did not start; also codes of problems.
  public enum Reason {
    public static let down = "down"
    public static let paused = "paused"
    public static let pipelinePaused = "pipeline-paused"
    public static let disabled = "disabled"
    public static let calendar = "calendar"
    public static let noCalendar = "no-calendar"
    public static let overlap = "overlap"
    public static let replaced = "replaced"
    public static let condition = "if"
    public static let purged = "purged"
    public static let lineFull = "trigger-full"
  }

  public var pipeline: PipelineName
  public var trigger: String
  public var due: Timestamp
  public var outcome: Outcome
  public var job: ID<Job>?
  public var reason: String?
  /// Such as the job in the way, the holiday's name, or who paused it.
  public var detail: String?
  public var decidedAt: Timestamp
  /// Of a row that stands for a stretch of due times: the last of them.
  public var last: Timestamp?
  /// How many it stands for, at least.
  public var count: Int

  public init(
    pipeline: PipelineName, trigger: String, due: Timestamp, outcome: Outcome, job: ID<Job>? = nil,
    reason: String? = nil, detail: String? = nil, decidedAt: Timestamp, last: Timestamp? = nil, count: Int = 1
  ) {
    (self.pipeline, self.trigger, self.due, self.outcome) = (pipeline, trigger, due, outcome)
    (self.job, self.reason, self.detail, self.decidedAt) = (job, reason, detail, decidedAt)
    (self.last, self.count) = (last, count)
  }
}

/// Jobs for due times of the past, made one after another (S21).
public struct BackfillRow: Sendable, Hashable {
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    case running
    case paused
    case cancelled
    case done
    public var word: String { "\(self)" }
  }

  public var id: ID<Backfill>
  public var pipeline: PipelineName
  public var trigger: String
  public var from: Timestamp
  public var to: Timestamp
  /// The due times to fill, in order, as they were when it was made.
  public var dues: [Timestamp]
  /// Jobs at once.
  public var concurrency: Int
  public var state: State
  /// The first of `dues` that has no message yet.
  public var next: Int
  public var counts: Counts
  public var createdBy: String
  public var createdAt: Timestamp
  public var endedAt: Timestamp?

  public struct Counts: Sendable, Hashable {
    /// Had their job of an earlier backfill already.
    public var existing = 0
    /// Could not start, or were left out by the trigger's `if`.
    public var refused = 0
    public var succeeded = 0
    public var failed = 0
    public init(existing: Int = 0, refused: Int = 0, succeeded: Int = 0, failed: Int = 0) {
      (self.existing, self.refused) = (existing, refused)
      (self.succeeded, self.failed) = (succeeded, failed)
    }
    public var settled: Int { existing + refused + succeeded + failed }
  }

  /// Due times of one backfill.
  public static let mostDues = 10_000
  /// Jobs at once.
  public static let concurrencyRange = 1...256
  /// The priority of its jobs where the pipeline says none: below the usual 5.
  public static let priority = 3

  public init(
    id: ID<Backfill>, pipeline: PipelineName, trigger: String, from: Timestamp, to: Timestamp,
    dues: [Timestamp], concurrency: Int, state: State = .running, next: Int = 0, counts: Counts = Counts(),
    createdBy: String, createdAt: Timestamp, endedAt: Timestamp? = nil
  ) {
    (self.id, self.pipeline, self.trigger, self.from, self.to) = (id, pipeline, trigger, from, to)
    (self.dues, self.concurrency, self.state, self.next) = (dues, concurrency, state, next)
    (self.counts, self.createdBy, self.createdAt, self.endedAt) = (counts, createdBy, createdAt, endedAt)
  }
}

/// A change of the rows of schedules. None can break a rule of uniqueness.
public enum ScheduleChange: Sendable {
  case put(ScheduleRow)
  case remove(PipelineName, trigger: String)
  /// New, or in place of the row of that due time; one that has started only another start replaces.
  /// With a job: kept or left out with that job's rows.
  case fire(ScheduleFireRow, with: JobNumber?)
  case backfill(BackfillRow)

  /// Whose rows it goes with.
  public var job: JobNumber? {
    switch self {
    case .fire(_, with: let job): job
    case .put, .remove, .backfill: nil
    }
  }
}

/// Which fires a reader wants.
public struct FireFilter: Sendable, Hashable {
  /// Nil: of all.
  public var namespace: String?
  public var pipeline: PipelineName?
  public var trigger: String?
  /// Empty: all.
  public var outcomes: [ScheduleFireRow.Outcome]
  public var from: Timestamp?
  public var to: Timestamp?
  public init(
    namespace: String? = nil, pipeline: PipelineName? = nil, trigger: String? = nil,
    outcomes: [ScheduleFireRow.Outcome] = [], from: Timestamp? = nil, to: Timestamp? = nil
  ) {
    (self.namespace, self.pipeline, self.trigger) = (namespace, pipeline, trigger)
    (self.outcomes, self.from, self.to) = (outcomes, from, to)
  }
}
