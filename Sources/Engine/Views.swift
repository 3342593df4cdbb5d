public import Model

/// A wish for a job, before it is admitted.
public struct JobRequest: Sendable {
  public var pipeline: PipelineName
  /// Nil: the newest.
  public var revision: Int?
  public var inputs: JSONObject
  /// What a queue would hand over: it becomes `trigger.message`.
  public var message: JSON?
  public var idempotencyKey: String?
  /// Overrides the file's `key:`.
  public var key: String?
  /// Operator values for this job alone (`--setting`); nil: those of the namespace.
  public var settings: JSONObject?
  /// What is different from the identity that the file gives.
  public var update: JobUpdate
  /// Such as `local:ana`.
  public var actor: String
  /// The trace that the request is part of.
  public var trace: TraceParent?
  /// The job begins then and not before; what has passed is now.
  public var runAt: Timestamp?
  /// Nil: no trigger, but a person or a call.
  var origin: TriggerOrigin?

  /// How far ahead `runAt` may lie.
  public static let farthestDays = 366
  public static let farthestStart = Duration.seconds(farthestDays * 86_400)

  public init(
    pipeline: PipelineName, revision: Int? = nil, inputs: JSONObject = JSONObject(), message: JSON? = nil,
    idempotencyKey: String? = nil, key: String? = nil, settings: JSONObject? = nil,
    update: JobUpdate = JobUpdate(), actor: String
  ) {
    (self.pipeline, self.revision, self.inputs, self.message) = (pipeline, revision, inputs, message)
    (self.idempotencyKey, self.key, self.settings) = (idempotencyKey, key, settings)
    (self.update, self.actor) = (update, actor)
  }
}

/// What became of a `JobRequest`.
public struct StartedJob: Sendable, Hashable {
  public var job: ID<Job>
  public var revision: Int
  /// False: the idempotency key or the live key led to a job that existed already.
  public var isNew: Bool
  public init(job: ID<Job>, revision: Int, isNew: Bool) {
    (self.job, self.revision, self.isNew) = (job, revision, isNew)
  }
}

/// A job as people see it, folded from its history.
public struct JobView: Sendable {
  public var summary: JobSummary
  public var inputs: JSON
  public var outputs: JSON?
  /// 32 hex digits: the trace that it belongs to and that its steps give on.
  public var traceID: String
  /// Before this moment nothing of it begins, as its start said.
  public var runAt: Timestamp?
  /// How many step executions have which status.
  public var counts: [StepStatus: Int]
  /// In the order in which they came to be; a fan-out and its items are entries of their own.
  public var steps: [StepView]
  /// What failed and fails no job: executions of `after_each` steps, the first 100.
  public var warnings: [Warning]

  public struct Warning: Sendable, Hashable {
    public var path: String
    public var failure: Failure
  }
}

/// One step execution as people see it.
public struct StepView: Sendable, Hashable {
  public var node: UInt32
  /// The node whose inside this is; nil for the job's own steps.
  public var parent: UInt32?
  /// Such as `collect[aneel].csv`, `poll#3.check`.
  public var path: String
  /// The name under which the outside knows it, whatever the attempt.
  public var key: String
  /// `uses`, `group`, `choose`, `value`, `for_each`, `item`, `repeat` or `round`.
  public var kind: String
  public var connector: String?
  public var status: StepStatus
  public var attempts: Int
  public var crashes: Int
  public var readyAt: Timestamp?
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?
  /// When a retry or a delay is over.
  public var dueAt: Timestamp?
  public var failure: Failure?
  /// Why it was skipped: `condition`, `branch`, `upstream_failed`, `cancelled` or `limit`.
  public var skipCause: String?
  /// The question of a step that needs attention.
  public var question: String?
  public var output: JSON?
  /// The sub-job of a `call`.
  public var child: ID<Job>?
  /// What a rescue took over from.
  public var rescued: Failure?
}

/// One stored decision as people read it: the facts as JSON objects with paths in place of numbers.
public struct HistoryEvent: Sendable, Hashable {
  public var sequence: UInt32
  public var at: Timestamp
  /// Each has `fact`, such as `started`, and where it concerns a step `path`.
  public var facts: [JSON]
}

/// Why a job waits, or what it does.
public struct Blocker: Sendable, Hashable {
  /// `running`, `retry`, `delay`, `needs_attention`, `quarantined`, `queued`, `slot`, `overdue` …
  public var kind: String
  public var path: String
  public var text: Bilingual
  public var since: Timestamp?
  public var until: Timestamp?
  /// The command that changes it, where there is one.
  public var remedy: Bilingual?
}

/// The answer to "did it happen?".
public enum Resolution: Sendable, Hashable {
  /// It did, with this output.
  case happened(output: JSON)
  /// It did not: try again.
  case didNotHappen
  /// The step fails.
  case failed(reason: String)
}

/// A message to whoever waits for it.
public struct SignalRequest: Sendable {
  public var name: String
  /// Nil, for one job alone: whatever key its wait has. Else nil is the empty key.
  public var key: String?
  public var payload: JSON
  /// A second one with the same name and id is dropped and counted, as long as the first is remembered.
  public var messageID: String?
  /// How long it is kept where nobody waits for it.
  public var keep: Duration
  /// Whether it goes to the dead letters after that.
  public var deadLetters: Bool
  /// Such as `local:ana`.
  public var actor: String

  public static let defaultKeep = Duration.seconds(86_400)
  public static let longestKeep = Duration.seconds(366 * 86_400)
  /// Of the payload as JSON text, in bytes.
  public static let longestPayload = 1 << 20
  /// Of name, key and message id, in bytes.
  public static let longestName = 512

  public init(
    name: String, key: String? = nil, payload: JSON, messageID: String? = nil, keep: Duration = defaultKeep,
    deadLetters: Bool = true, actor: String
  ) {
    (self.name, self.key, self.payload, self.messageID) = (name, key, payload, messageID)
    (self.keep, self.deadLetters, self.actor) = (keep, deadLetters, actor)
  }
}

/// What became of a signal, once that is durable.
public struct SignalReceipt: Sendable, Hashable {
  public var id: ID<Signal>
  /// The jobs that were given it.
  public var delivered: [ID<Job>]
  /// Nobody waited for it, so it lies in the inbox.
  public var isKept: Bool
  /// It came before; `id` is that of the first.
  public var isDuplicate: Bool

  public init(id: ID<Signal>, delivered: [ID<Job>], isKept: Bool, isDuplicate: Bool) {
    (self.id, self.delivered, self.isKept, self.isDuplicate) = (id, delivered, isKept, isDuplicate)
  }
}
