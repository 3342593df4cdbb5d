public import Model

/// What one turn asks of the store: rows as flat arrays, and all their bytes in one arena.
///
/// Ranges of `Int` are places in `bytes`. Rows of one job stand in the order in which they were decided.
public struct Batch: Sendable {
  /// Every event row keeps it, so that a commit whose result is unknown can be found again (S2).
  public var commit: Int64 = 0
  public var bytes: [UInt8] = []
  public var newJobs: [NewJob] = []
  public var events: [EventRow] = []
  public var steps: [StepRow] = []
  public var jobs: [JobRow] = []
  public var bodies: [BodyRow] = []
  public var snapshots: [SnapshotRow] = []
  public var artifacts: [ArtifactRow] = []
  /// Of jobs that a person changed, in the order in which it happened.
  public var identities: [IdentityRow] = []
  public var writes: [CatalogWrite] = []
  public var asks: [AskRow] = []
  public var answers: [AskAnswerRow] = []
  /// New and changed signals. One that a job takes is written with that job's part, or not at all; one
  /// that is taken as it comes has two rows, so that it waits where its taker is refused.
  public var signals: [SignalRow] = []
  /// Signals that are not waiting any more and expired before this moment are deleted.
  public var signalsForgotten: Timestamp?
  /// Cached outputs that expired before this moment are deleted.
  public var cachesForgotten: Timestamp?
  /// In the order in which they happened: a slot may pass from one holder to the next in one batch.
  public var slots: [SlotChange] = []
  public var governors: [GovernorRow] = []
  public var caches: [CacheRow] = []
  public var refusals: [RefusalRow] = []
  /// In the order in which they happened.
  public var deadLetters: [DeadLetterChange] = []
  public var parked: [ParkedRow] = []
  /// Jobs that are in memory again.
  public var unparked: [JobNumber] = []
  /// In the order in which they happened.
  public var triggers: [TriggerChange] = []
  public var emitted: [EmittedRow] = []
  /// In the order in which they happened.
  public var schedules: [ScheduleChange] = []
  /// Messages that are to leave, and what became of them, in the order in which they happened.
  public var outbox: [OutboxChange] = []
  /// What rules of retention give up. Jobs of it have no other row here.
  public var deletions: [Deletion] = []

  /// Jobs that the commit before this one refused: none of their rows is written, and the answer names them.
  public var withheld: [RefusedJob] = []

  public init() {}

  /// Rows that one turn may make room for because the last one had them.
  static let mostExpected = 4_096

  /// With room for as much as the last one holds: turns that follow each other are alike.
  init(expecting last: borrowing Batch) {
    bytes.reserveCapacity(min(last.bytes.count, Self.mostExpected * 1_024))
    events.reserveCapacity(min(last.events.count, Self.mostExpected))
    steps.reserveCapacity(min(last.steps.count, Self.mostExpected))
  }

  public var isEmpty: Bool { events.isEmpty && outbox.isEmpty && !hasOthers }

  /// Whether jobs only go on in it. No decision looks for such rows among what is not stored yet.
  var isProgressAlone: Bool { withheld.isEmpty && !hasOthers }

  private var hasOthers: Bool {
    signalsForgotten != nil || cachesForgotten != nil
      || !(newJobs.isEmpty && writes.isEmpty && asks.isEmpty && answers.isEmpty && signals.isEmpty
        && slots.isEmpty && governors.isEmpty && caches.isEmpty && refusals.isEmpty && deadLetters.isEmpty
        && parked.isEmpty && unparked.isEmpty && triggers.isEmpty && emitted.isEmpty && schedules.isEmpty
        && deletions.isEmpty && identities.isEmpty)
  }
}

/// A row of `job_executions`, with the job's data key.
public struct NewJob: Sendable {
  public var number: JobNumber
  public var id: ID<Job>
  public var pipeline: PipelineName
  public var revision: Int
  /// `job.key`: unique among the live jobs of its pipeline; nil where the file has no `key:`.
  public var key: String?
  public var triggerType: String
  public var triggerID: String?
  public var actor: String
  public var idempotencyKey: String?
  public var requestHash: [UInt8]
  public var wrappedKey: [UInt8]
  public var createdAt: Timestamp
  public var identity: JobIdentity
  /// Whom it is about. A store adds whom its caller in the same namespace, and the job that it repeats, are
  /// about.
  public var subjects: [SubjectUse]

  public init(
    number: JobNumber, id: ID<Job>, pipeline: PipelineName, revision: Int, key: String?,
    triggerType: String, triggerID: String?, actor: String, idempotencyKey: String?,
    requestHash: [UInt8], wrappedKey: [UInt8], createdAt: Timestamp, identity: JobIdentity = JobIdentity(),
    subjects: [SubjectUse] = []
  ) {
    (self.identity, self.subjects) = (identity, subjects)
    (self.number, self.id, self.pipeline, self.revision) = (number, id, pipeline, revision)
    (self.key, self.triggerType, self.triggerID, self.actor) = (key, triggerType, triggerID, actor)
    (self.idempotencyKey, self.requestHash) = (idempotencyKey, requestHash)
    (self.wrappedKey, self.createdAt) = (wrappedKey, createdAt)
  }
}

/// One decision: its facts and its sealed bodies.
public struct EventRow: Sendable {
  public var job: JobNumber
  public var sequence: UInt32
  public var at: Timestamp
  public var version: Int
  public var payload: Range<Int>
  public var sealed: Range<Int>
  public var chain: Range<Int>

  public init(
    job: JobNumber, sequence: UInt32, at: Timestamp, version: Int, payload: Range<Int>,
    sealed: Range<Int>, chain: Range<Int>
  ) {
    (self.job, self.sequence, self.at, self.version) = (job, sequence, at, version)
    (self.payload, self.sealed, self.chain) = (payload, sealed, chain)
  }
}

/// The projection of one step execution; a later row of the same node replaces the earlier one.
///
/// A node is the number of a step execution in its job. A start has no row of its own: it follows from the
/// events.
public struct StepRow: Sendable, Hashable {
  public var job: JobNumber
  public var node: UInt32
  /// The step's place in the plan.
  public var step: UInt32
  public var status: StepStatus
  public var attempts: Int
  public var crashes: Int
  /// The sequence number of the event that started the current attempt.
  public var token: UInt32
  /// Of the last change.
  public var at: Timestamp
  /// Where the sealed output lies; nil for none.
  public var output: BodyPlace?

  public init(
    job: JobNumber, node: UInt32, step: UInt32, status: StepStatus, attempts: Int, crashes: Int,
    token: UInt32, at: Timestamp, output: BodyPlace?
  ) {
    (self.job, self.node, self.step, self.status) = (job, node, step, status)
    (self.attempts, self.crashes, self.token) = (attempts, crashes, token)
    (self.at, self.output) = (at, output)
  }
}

/// The changed part of a row of `job_executions`.
public struct JobRow: Sendable, Hashable {
  public var job: JobNumber
  public var status: JobStatus
  public var sequence: UInt32
  public var at: Timestamp
  public var startedAt: Timestamp?
  /// Set when the job has ended.
  public var completedAt: Timestamp?
  public var errorClass: ErrorClass?
  public var errorCode: String
  /// Masked, at most 1,000 characters.
  public var errorMessage: String
  public var errorStep: String
  public var outputs: BodyPlace?

  public init(
    job: JobNumber, status: JobStatus, sequence: UInt32, at: Timestamp, startedAt: Timestamp?,
    completedAt: Timestamp?, failure: Failure?, outputs: BodyPlace?
  ) {
    (self.job, self.status, self.sequence, self.at) = (job, status, sequence, at)
    (self.startedAt, self.completedAt, self.outputs) = (startedAt, completedAt, outputs)
    errorClass = failure?.errorClass
    (errorCode, errorMessage, errorStep) = (failure?.code ?? "", failure?.message ?? "", failure?.step ?? "")
  }
}

public struct BodyRow: Sendable {
  public var id: BodyID
  public var job: JobNumber
  public var sealed: Range<Int>
  public init(id: BodyID, job: JobNumber, sealed: Range<Int>) {
    (self.id, self.job, self.sealed) = (id, job, sealed)
  }
}

/// A snapshot of a job's state; the store keeps the last two of a job.
public struct SnapshotRow: Sendable {
  public var job: JobNumber
  public var sequence: UInt32
  public var format: Int
  public var state: Range<Int>
  public var chain: Range<Int>
  public init(job: JobNumber, sequence: UInt32, format: Int, state: Range<Int>, chain: Range<Int>) {
    (self.job, self.sequence, self.format) = (job, sequence, format)
    (self.state, self.chain) = (state, chain)
  }
}

/// A reference from a step execution to an artifact whose bytes are already stored and durable.
public struct ArtifactRow: Sendable, Hashable {
  public var job: JobNumber
  public var node: UInt32
  public var namespace: String
  public var path: String
  public var handle: ArtifactHandle
  public var at: Timestamp
  public init(
    job: JobNumber, node: UInt32, namespace: String, path: String, handle: ArtifactHandle, at: Timestamp
  ) {
    (self.job, self.node, self.namespace) = (job, node, namespace)
    (self.path, self.handle, self.at) = (path, handle, at)
  }
}

/// A change of what is not a job. It shares the one writer and its commits with the jobs.
public enum CatalogWrite: Sendable {
  case revision(RevisionRecord)
  case connection(Connection, at: Timestamp, by: String)
  case removeConnection(name: String, namespace: String)
  case credential(CredentialRecord)
  case removeCredential(name: String, namespace: String)
  /// The wrapped key of a namespace, under which its artifacts are sealed; kept if one exists already.
  case namespaceKey(namespace: String, wrapped: [UInt8])
  /// The same of the key under which identifiers of persons are indexed.
  case subjectKey(namespace: String, wrapped: [UInt8])
  case setting(namespace: String, name: String, value: JSON?, by: String, at: Timestamp)
  /// Triggers and admission of the pipeline rest until `resume`.
  case pause(PauseRecord)
  case resume(PipelineName)
  /// The pipeline takes no new jobs and is listed no more; its revisions stay, and a new one brings it back
  /// under the next number (S30).
  case deletePipeline(PipelineName, at: Timestamp, by: String)
  case retention(RetentionRule)
  /// Takes the rule away.
  case keepForEver(Retained, namespace: String)
  case hold(Hold)
  case releaseHold(ID<Hold>)
  /// New, or in place of the one of that id.
  case erasure(Erasure)
  /// New, or in place of the one of that name.
  case namespace(NamespaceRecord)
  case masterKey(MasterKeyRow)
  case keyRotation(KeyRotationRow)
  case rewrap([Rewrap])
  /// The versions before this one are of no use from then on, unless it was sooner already.
  case retireVersions(name: String, namespace: String, before: Int, until: Timestamp)
  /// Removes the versions whose use ended until then.
  case forgetVersions(until: Timestamp)
  case credentialUses([CredentialUse])
  /// New with version 1; else in place of the version before it, or the writes are refused.
  case addedSchedule(AddedSchedule)
  case removeAddedSchedule(PipelineName, name: String)
  /// New with version 1; else in place of the version before it, or the writes are refused.
  case addedDestination(AddedDestination)
  case removeAddedDestination(name: String)
}
