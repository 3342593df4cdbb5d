public import Model

/// What is kept for a time and then deleted, each with a rule of its own in each namespace.
public enum Retained: String, Sendable, Hashable, CaseIterable {
  /// Ended jobs with all that belongs to them: events, steps, bodies, snapshots, questions, keys and the log;
  /// and the rows of due times whose job has gone or that started none.
  case history
  /// The logs alone; the job stays.
  case logs
  /// Bytes of artifacts that no job refers to any more.
  case artifacts
  /// Events that steps emitted.
  case events
  /// What was turned away.
  case refusals
}

/// How long a namespace keeps something; without a rule it is kept for ever.
public struct RetentionRule: Sendable, Hashable {
  public static let mostDays = 36_500

  public var namespace: String
  public var retained: Retained
  public var days: Int
  public var by: String
  public var at: Timestamp

  public init(namespace: String, retained: Retained, days: Int, by: String, at: Timestamp) {
    (self.namespace, self.retained, self.days) = (namespace, retained, days)
    (self.by, self.at) = (by, at)
  }

  /// What is older than this goes.
  func bound(at now: Timestamp) -> Timestamp { now + .seconds(-86_400 * days) }
}

/// One bounded part of a deletion. The store adds it to the proof of its run, in the same commit.
public struct Deletion: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    /// Those of them that have ended.
    case jobs([JobNumber])
    /// Those of them that have ended, with all that there is of them, also what other rules keep: letters,
    /// messages, events, signals and cached outputs.
    case erased([ExpiredJob])
    /// The oldest rows of the class, at most so many; of history those of due times.
    case rows(limit: Int)
    /// Files, which have been deleted.
    case files(count: Int, bytes: Int64)
  }

  public var rule: RetentionRule
  public var before: Timestamp
  public var content: Content
  /// When the run began: its parts are one proof.
  public var run: Timestamp
  public var by: String

  public init(rule: RetentionRule, before: Timestamp, content: Content, run: Timestamp, by: String) {
    (self.rule, self.before, self.content) = (rule, before, content)
    (self.run, self.by) = (run, by)
  }
}

/// The proof of what one run deleted of one class.
public struct DeletionRow: Sendable, Hashable {
  public var at: Timestamp
  public var namespace: String
  public var retained: Retained
  public var days: Int
  public var before: Timestamp
  public var count: Int64
  public var bytes: Int64
  public var by: String

  public init(
    at: Timestamp, namespace: String, retained: Retained, days: Int, before: Timestamp, count: Int64,
    bytes: Int64, by: String
  ) {
    (self.at, self.namespace, self.retained, self.days) = (at, namespace, retained, days)
    (self.before, self.count, self.bytes, self.by) = (before, count, bytes, by)
  }
}

/// How many of something are older than a moment, and how many bytes they hold.
public struct Expired: Sendable, Hashable {
  public var count: Int64
  public var bytes: Int64
  public init(count: Int64 = 0, bytes: Int64 = 0) { (self.count, self.bytes) = (count, bytes) }
}

/// An ended job that nothing needs any more.
public struct ExpiredJob: Sendable, Hashable {
  public var number: JobNumber
  public var id: ID<Job>
  public var events: Int
  public init(number: JobNumber, id: ID<Job>, events: Int) {
    (self.number, self.id, self.events) = (number, id, events)
  }
}

/// A rule with what it would delete: now, and within thirty days.
public struct RetentionForecast: Sendable, Hashable {
  public static let days = 30

  public var rule: RetentionRule
  public var now: Expired
  public var soon: Expired
}

/// The files that belong to what is retained. Its calls block.
public struct RetainedFiles: Sendable {
  public struct Artifact: Sendable {
    public var sha256: String
    public var bytes: Int64
    public var at: Timestamp
    public init(sha256: String, bytes: Int64, at: Timestamp) {
      (self.sha256, self.bytes, self.at) = (sha256, bytes, at)
    }
  }

  /// By job, the bytes of each log that is there.
  public var logs: @Sendable () -> [(job: ID<Job>, bytes: Int64)] = { [] }
  public var removeLog: @Sendable (ID<Job>) -> Void = { _ in }
  public var artifacts: @Sendable (_ namespace: String) -> [Artifact] = { _ in [] }
  /// False where it was stored again since it was listed, or the last question answers no.
  public var removeArtifact: @Sendable (_ namespace: String, Artifact, _ stillMayGo: () -> Bool) -> Bool = {
    _, _, _ in false
  }

  public init() {}
}
