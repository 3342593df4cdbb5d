public import Model

/// What lists and pages read. It never writes, may lag behind the journal by one commit, and is called from
/// any thread; a store answers from read-only connections of its own.
public protocol ReadModel: DeadLetterReader, OutboxReader, VaultReader, AddedScheduleReader,
  AddedDestinationReader, MeasureReader, PrivacyReader
{
  /// Differs once anything was committed since it was asked last, so that an answer can be kept as long as it
  /// is the same; nil where the store does not know.
  func version() throws(StoreError) -> Int64?
  /// Newest first. `before` is the id that the last page ended with.
  func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(StoreError) -> [JobSummary]
  func job(_ id: ID<Job>) throws(StoreError) -> JobSummary?
  /// The ids that begin with these characters, at most `limit`.
  func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Job>]
  func stepRows(of job: JobNumber) throws(StoreError) -> [StepRow]
  func artifacts(of job: JobNumber) throws(StoreError) -> [ArtifactRow]
  func pipelines(in namespace: String?) throws(StoreError) -> [PipelineSummary]
  func connections(in namespace: String?) throws(StoreError) -> [Connection]
  func readConnection(_ name: String, in namespace: String) throws(StoreError) -> Connection?
  /// Names and versions; the sealed values stay where they are.
  func credentials(in namespace: String?) throws(StoreError) -> [CredentialRecord]
  /// Its newest version, with the sealed values.
  func readCredential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord?
  func namespaceKey(_ namespace: String) throws(StoreError) -> [UInt8]?
  func settings(of namespace: String) throws(StoreError) -> JSONObject
  func events(of job: JobNumber, after sequence: UInt32, limit: Int) throws(StoreError) -> [StoredEvent]
  func readBody(_ id: BodyID) throws(StoreError) -> [UInt8]?
  /// Newest first unless the filter says otherwise; `before` is the id that the last page ended with.
  func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(StoreError) -> [AskRow]
  func ask(_ id: ID<Ask>) throws(StoreError) -> AskRow?
  func asks(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Ask>]
  /// In the order in which they came.
  func answers(of ask: ID<Ask>) throws(StoreError) -> [AskAnswerRow]
  func job(number: JobNumber) throws(StoreError) -> JobSummary?
  /// Newest first.
  func signals(in namespace: String?, limit: Int) throws(StoreError) -> [SignalRow]
  func refusals(in namespace: String?, limit: Int) throws(StoreError) -> [RefusalRow]
  /// Oldest first, without the bodies.
  func triggerMessages(of pipeline: PipelineName, limit: Int) throws(StoreError) -> [TriggerMessageRow]
  /// Whole; nil once it is settled.
  func triggerMessage(_ id: ID<TriggerMessage>) throws(StoreError) -> TriggerMessageRow?
  /// Those of these contents (SHA-256) that the trigger has taken.
  func takenContents(
    _ contents: [String], by pipeline: PipelineName, trigger: String
  ) throws(StoreError) -> Set<String>
  /// Oldest first unless the filter says otherwise, those behind `position`.
  func emitted(_ filter: EmittedFilter, after position: Int64, limit: Int) throws(StoreError) -> [EmittedRow]
  func readSchedules(in namespace: String?) throws(StoreError) -> [ScheduleRow]
  /// The latest due times first.
  func fires(_ filter: FireFilter, limit: Int) throws(StoreError) -> [ScheduleFireRow]
  /// How many due times the matching rows stand for.
  func fireCount(_ filter: FireFilter) throws(StoreError) -> Int
  /// Newest first, also ended ones.
  func backfills(in namespace: String?, limit: Int) throws(StoreError) -> [BackfillRow]
  func backfill(_ id: ID<Backfill>) throws(StoreError) -> BackfillRow?
  func pauses(in namespace: String?) throws(StoreError) -> [PauseRecord]
  func pause(of pipeline: PipelineName) throws(StoreError) -> PauseRecord?
  func readSlots() throws(StoreError) -> [SlotRow]
  /// All revisions of a pipeline, newest first, without their files.
  func revisions(of pipeline: PipelineName) throws(StoreError) -> [RevisionRecord]
  func retentionRules() throws(StoreError) -> [RetentionRule]
  /// In the order in which they were placed.
  func holds() throws(StoreError) -> [Hold]
  /// What people said of it; nil where nobody said anything.
  func namespaceRecord(_ name: String) throws(StoreError) -> NamespaceRecord?
  /// The proofs of deletions, newest first.
  func deletions(in namespace: String?, limit: Int) throws(StoreError) -> [DeletionRow]
  /// Ended jobs that nothing needs: no rerun of them is there, no live job called them or was called by them,
  /// and no dead letter names them. In the order of their numbers.
  func expiredJobs(
    in namespace: String, before: Timestamp, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [ExpiredJob]
  /// Of history, events and refusals; of the others the files know.
  func expired(_ retained: Retained, in namespace: String, before: Timestamp) throws(StoreError) -> Expired
  /// The rows of due times that were decided before that moment and whose job, where they have one, is gone.
  func expiredFires(in namespace: String, before: Timestamp) throws(StoreError) -> Expired
  /// Those of these artifacts that a job refers to.
  func referenced(_ sha256s: [String], in namespace: String) throws(StoreError) -> Set<String>
  func readRevision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord?
  /// The SHA-256 of a revision that has files beside its source; nil where it has none, or is not there.
  func fileSet(of pipeline: PipelineName, number: Int) throws(StoreError) -> [UInt8]?
}

public struct JobFilter: Sendable, Hashable {
  public var namespace: String?
  public var pipeline: String?
  public var statuses: [JobStatus]
  public var since: Timestamp?
  public var correlation: String?
  /// All of them must stand on the job.
  public var labels: [JobIdentity.Label]
  /// None of them may stand on the job.
  public var withoutLabels: [JobIdentity.Label]
  public var parent: JobNumber?
  public var rerunOf: ID<Job>?
  /// All of them must hold.
  public var terms: [JobTerm]
  public var isOldestFirst = false
  public init(
    namespace: String? = nil, pipeline: String? = nil, statuses: [JobStatus] = [], since: Timestamp? = nil,
    correlation: String? = nil, labels: [JobIdentity.Label] = [], withoutLabels: [JobIdentity.Label] = [],
    parent: JobNumber? = nil, rerunOf: ID<Job>? = nil, terms: [JobTerm] = []
  ) {
    self.terms = terms
    self.withoutLabels = withoutLabels
    (self.namespace, self.pipeline, self.statuses, self.since) = (namespace, pipeline, statuses, since)
    (self.correlation, self.labels, self.parent, self.rerunOf) = (correlation, labels, parent, rerunOf)
  }
}

public struct AskFilter: Sendable, Hashable {
  public var namespace: String?
  public var states: [AskRow.State]
  /// Any of these principals, such as `user:ana`; empty: everybody's.
  public var assignees: [String]
  public var job: JobNumber?
  public var isOldestFirst = false
  public init(
    namespace: String? = nil, states: [AskRow.State] = [], assignees: [String] = [], job: JobNumber? = nil
  ) {
    (self.namespace, self.states, self.assignees, self.job) = (namespace, states, assignees, job)
  }
}

/// One row of `job_executions`.
public struct JobSummary: Sendable, Hashable {
  public var number: JobNumber
  public var id: ID<Job>
  public var pipeline: PipelineName
  public var revision: Int
  public var key: String?
  public var status: JobStatus
  public var triggerType: String
  public var actor: String
  public var createdAt: Timestamp
  public var startedAt: Timestamp?
  public var completedAt: Timestamp?
  public var failure: Failure?
  public var outputs: BodyPlace?
  public var lastSequence: UInt32
  public var wrappedKey: [UInt8]
  public var identity: JobIdentity

  public init(
    number: JobNumber, id: ID<Job>, pipeline: PipelineName, revision: Int, key: String?,
    status: JobStatus, triggerType: String, actor: String, createdAt: Timestamp,
    startedAt: Timestamp?, completedAt: Timestamp?, failure: Failure?, outputs: BodyPlace?,
    lastSequence: UInt32, wrappedKey: [UInt8], identity: JobIdentity = JobIdentity()
  ) {
    self.identity = identity
    (self.number, self.id, self.pipeline, self.revision) = (number, id, pipeline, revision)
    (self.key, self.status, self.triggerType, self.actor) = (key, status, triggerType, actor)
    (self.createdAt, self.startedAt, self.completedAt) = (createdAt, startedAt, completedAt)
    (self.failure, self.outputs, self.lastSequence) = (failure, outputs, lastSequence)
    self.wrappedKey = wrappedKey
  }
}

public struct PipelineSummary: Sendable, Hashable {
  public var pipeline: PipelineName
  public var title: String
  public var revision: Int
  public var createdAt: Timestamp
  public var updatedAt: Timestamp
  public init(
    pipeline: PipelineName, title: String, revision: Int, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    (self.pipeline, self.title, self.revision) = (pipeline, title, revision)
    (self.createdAt, self.updatedAt) = (createdAt, updatedAt)
  }
}
