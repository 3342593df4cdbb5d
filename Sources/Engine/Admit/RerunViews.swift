public import Model

/// A wish to repeat an ended job as a new one.
public struct RerunRequest: Sendable {
  public var job: ID<Job>
  public var from: RerunStart
  /// The newest revision in place of the job's own.
  public var latest: Bool
  /// In place of those of the job.
  public var inputs: JSONObject
  /// Repeat safely: the outside sees the same step keys. Otherwise it is done again.
  public var sameKeys: Bool
  public var actor: String
  public var idempotencyKey: String?
  /// What is different from the labels and the priority of the job.
  public var update = JobUpdate()
  /// The trace that the request is part of.
  public var trace: TraceParent?

  public init(
    job: ID<Job>, from: RerunStart, latest: Bool = false, inputs: JSONObject = JSONObject(),
    sameKeys: Bool = false, actor: String, idempotencyKey: String? = nil
  ) {
    (self.job, self.from, self.latest, self.inputs) = (job, from, latest, inputs)
    (self.sameKeys, self.actor, self.idempotencyKey) = (sameKeys, actor, idempotencyKey)
  }
}

/// Where a rerun begins.
public enum RerunStart: Sendable, Hashable {
  /// Everything runs again.
  case start
  /// What succeeded and would be given the same is taken again.
  case failed
  /// The same, but this step and all that wait for it run again. Its path is that of the file: `collect.csv`.
  case step(String)
}

/// What a rerun would do.
public struct RerunPlan: Sendable, Hashable {
  public var pipeline: String
  public var revision: Int
  public var earlierRevision: Int
  public var entries: [Entry]

  public enum Action: String, Sendable, Hashable {
    /// The earlier result is taken.
    case reuse
    case rerun
    /// Had a result, which cannot be taken: what it waits for runs again.
    case invalidated
    /// Is not run: its condition does not hold, or another branch was taken.
    case skip
    /// Is not in the file any more.
    case removed
  }

  public struct Entry: Sendable, Hashable {
    public var path: String
    public var action: Action
    public var reason: Bilingual
    /// The step may have happened outside already, and would happen again.
    public var repeatsEffect: Bool
    public init(path: String, action: Action, reason: Bilingual, repeatsEffect: Bool) {
      (self.path, self.action, self.reason) = (path, action, reason)
      self.repeatsEffect = repeatsEffect
    }
  }
}
