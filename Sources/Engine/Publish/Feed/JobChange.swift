public import Model

/// What one fact of a job's history changed, in the words of people.
///
/// The same history always gives the same changes in the same order, whether they are heard as they are
/// committed or read from the store later.
public struct JobChange: Sendable, Hashable {
  public var place: Place
  public var at: Timestamp
  public var kind: Kind

  /// Where it stands in the job's history. Of one job no two changes have the same.
  public struct Place: Sendable, Hashable, Comparable {
    /// Of the stored decision.
    public var sequence: UInt32
    /// Counts the changes of that decision from 0.
    public var part: UInt32

    public init(sequence: UInt32, part: UInt32) { (self.sequence, self.part) = (sequence, part) }

    public static func < (left: Place, right: Place) -> Bool {
      (left.sequence, left.part) < (right.sequence, right.part)
    }
  }

  public enum Kind: Sendable, Hashable {
    /// `from` is nil where the job came to be. `cause` is the code of a failure.
    case job(from: JobStatus?, to: JobStatus, cause: String?)
    case step(StepChange)
    /// So many of a fan-out's items have ended. Told once for each whole percent.
    case progress(path: String, done: Int, of: Int)
    /// A step failed for good, or will be tried again.
    case failed(Failure)
    case ended(JobEnd)
    case ask(AskTold)
  }

  public init(_ place: Place, at: Timestamp, _ kind: Kind) {
    (self.place, self.at, self.kind) = (place, at, kind)
  }
}

/// A step execution, or several in a row, got another status.
public struct StepChange: Sendable, Hashable {
  public var path: String
  /// Of several the last one.
  public var lastPath: String?
  public var count: Int
  public var from: StepStatus
  public var to: StepStatus
  public var attempt: Int
  /// The fact that changed it, such as `started`, or why it was skipped.
  public var cause: String
}

/// How a job ended.
public struct JobEnd: Sendable, Hashable {
  public var status: JobStatus
  /// From its first start, or of a job that never started from its creation.
  public var took: Duration
  /// Step executions; groups and fan-outs are some of their own.
  public var steps: Int
  public var succeeded: Int
  public var failed: Int
  public var skipped: Int
  /// Nil also where they are longer than `FeedLimits.value`.
  public var outputs: JSON?
}

/// A question to people was asked, changed whom it asks, or is closed.
public struct AskTold: Sendable, Hashable {
  public var id: ID<Ask>
  public var path: String
  public var state: AskRow.State
  public var choice: String?
  public var title: String
  /// Each `{name, label, approves, form?}`; nil where they are longer than `FeedLimits.value`.
  public var choices: JSON?
  /// `user:ana`, `group:compliance`; empty: everybody.
  public var assignees: [String]
  public var expiresAt: Timestamp
}

/// What keeps those who listen from costing much.
public enum FeedLimits {
  /// Of outputs and choices, in sealed bytes.
  public static let value = 16 * 1024
  /// Of titles and messages, in Unicode scalars.
  public static let text = 1_000
  /// Of the data of an emitted event, in bytes.
  public static let data = 32 * 1024
}
