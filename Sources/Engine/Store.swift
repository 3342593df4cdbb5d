public import Model

/// What the engine asks of a database. Every call but those of `Reader` comes from the engine's thread or
/// from the one that commits for it, perhaps of both at once, and each is one transaction.
/// `Tests/Conformance` says what every implementation does.
public protocol Store: DeadLetterStore, OutboxStore {
  /// Makes the batch durable. Nothing of it counts before this returns; the answer is for each job of it
  /// that was not committed, so an empty one is the usual case.
  func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob]

  /// Copies what the log holds into the database file. Called between commits; a store may do nothing.
  func checkpoint() throws(StoreError)

  /// The jobs that have not ended, in the order of their numbers.
  func liveJobs() throws(StoreError) -> [LiveJob]

  /// The events behind `sequence`, in order.
  func history(of job: JobNumber, after sequence: UInt32) throws(StoreError) -> [StoredEvent]

  /// The newest snapshot of a job, if it has one.
  func snapshot(of job: JobNumber) throws(StoreError) -> StoredSnapshot?

  /// The ciphertext of a body that lies beside the events.
  func body(_ id: BodyID) throws(StoreError) -> [UInt8]?

  /// The job that an idempotency key of a pipeline belongs to.
  func job(ofIdempotencyKey key: String, pipeline: PipelineName) throws(StoreError) -> IdempotentJob?

  /// Adds one to the drive count of each (`semantics.md` S4) and returns the new counts, in order.
  func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int]

  /// A stored revision, the newest where `number` is nil.
  func revision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord?

  func connection(_ name: String, in namespace: String) throws(StoreError) -> Connection?

  /// The sealed newest version of a credential.
  func credential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord?

  /// The signals that nobody has taken and that have not expired, oldest first.
  func waitingSignals() throws(StoreError) -> [SignalRow]

  /// The signal that came with this message id, also one that was taken or has expired; nil once it is
  /// forgotten.
  func signal(messageID: String, name: String, in namespace: String) throws(StoreError) -> SignalRow?

  /// What triggers were given and no commit has settled, oldest first, without the bodies.
  func openTriggerMessages() throws(StoreError) -> [TriggerMessageRow]

  /// Of all triggers of kind `schedule`.
  func schedules() throws(StoreError) -> [ScheduleRow]

  /// Those that have not ended, in the order in which they were made.
  func openBackfills() throws(StoreError) -> [BackfillRow]

  /// The slots that are held, by key and number.
  func heldSlots() throws(StoreError) -> [SlotRow]

  func governors() throws(StoreError) -> [GovernorRow]

  /// A cached output, expired or not.
  func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow?

  /// The jobs that are out of memory, by number.
  func parkedJobs() throws(StoreError) -> [ParkedRow]

  /// A live job by its number; nil where it has ended or never was.
  func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob?

  /// The highest job and body numbers given so far.
  func highestNumbers() throws(StoreError) -> (job: Int64, body: Int64)
}

public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A commit was not stored, since there is no room for it. The same one, and no other before it, may be
  /// tried again.
  case full(String)
  /// The store cannot answer now; the same call may succeed later.
  case unavailable(String)
  /// Whether a commit happened is unknown, or the store breaks its promises: nothing may be acknowledged
  /// and the process ends (architecture D5).
  case broken(String)

  public var description: String {
    switch self {
    case .full(let text), .unavailable(let text), .broken(let text): text
    }
  }
}

/// A job's number inside one store: short, for hot tables. The outside knows only `ID<Job>`.
public struct JobNumber: Hashable, Sendable, Comparable {
  public var value: Int64
  public init(_ value: Int64) { self.value = value }
  /// In a `RefusedJob`: no job, but all catalog writes of the batch. Jobs count from 1.
  public static let catalog = JobNumber(0)
  /// In a `RefusedJob`: no job, but a new signal that nobody took.
  public static let signal = JobNumber(-1)
  public static func < (left: JobNumber, right: JobNumber) -> Bool { left.value < right.value }
}

/// `namespace/name`.
public struct PipelineName: Hashable, Sendable, CustomStringConvertible {
  public var namespace: String
  public var name: String
  public init(namespace: String, name: String) { (self.namespace, self.name) = (namespace, name) }
  public var description: String { "\(namespace)/\(name)" }
}

/// Why a job of a batch was left out, while its neighbours were committed (S3).
public struct RefusedJob: Sendable, Hashable {
  public enum Reason: Sendable, Hashable {
    /// Another owner holds the job.
    case superseded
    /// A row of this job breaks a rule of uniqueness: its sequence number, live key, idempotency key or a
    /// slot that another holds.
    case conflict
    /// The message id of this signal belongs to another signal of its name.
    case repeated(ID<Signal>)
  }
  public var job: JobNumber
  public var reason: Reason
  public init(job: JobNumber, reason: Reason) { (self.job, self.reason) = (job, reason) }
}

/// A job that had not ended when the store was opened.
public struct LiveJob: Sendable {
  public var number: JobNumber
  public var id: ID<Job>
  public var pipeline: PipelineName
  public var revision: Int
  /// The job's data key, wrapped by the master key.
  public var wrappedKey: [UInt8]
  public var driveCount: Int
  public var status: JobStatus
  public var identity: JobIdentity
  public var isParked: Bool
  /// What made it, and the trigger's name: with a backfill behind it, where that made it.
  public var triggerType: String
  public var triggerID: String?
  /// `job.key`, unique among the live jobs of its pipeline.
  public var key: String?

  public init(
    number: JobNumber, id: ID<Job>, pipeline: PipelineName, revision: Int, wrappedKey: [UInt8],
    driveCount: Int, status: JobStatus, identity: JobIdentity = JobIdentity(), isParked: Bool = false,
    key: String? = nil, triggerType: String = "manual", triggerID: String? = nil
  ) {
    (self.triggerType, self.triggerID) = (triggerType, triggerID)
    (self.identity, self.isParked, self.key) = (identity, isParked, key)
    (self.number, self.id, self.pipeline, self.revision) = (number, id, pipeline, revision)
    (self.wrappedKey, self.driveCount, self.status) = (wrappedKey, driveCount, status)
  }
}

public struct StoredEvent: Sendable, Hashable {
  public var sequence: UInt32
  public var at: Timestamp
  public var version: Int
  /// The list of facts, as JSON text.
  public var payload: [UInt8]
  /// The ciphertexts of this decision's small bodies, side by side.
  public var sealed: [UInt8]
  /// SHA-256 over the previous event's chain value, payload and `sealed`.
  public var chain: [UInt8]

  public init(
    sequence: UInt32, at: Timestamp, version: Int, payload: [UInt8], sealed: [UInt8], chain: [UInt8]
  ) {
    (self.sequence, self.at, self.version) = (sequence, at, version)
    (self.payload, self.sealed, self.chain) = (payload, sealed, chain)
  }
}

public struct StoredSnapshot: Sendable, Hashable {
  public var sequence: UInt32
  public var format: Int
  /// The sealed state.
  public var state: [UInt8]
  /// The chain value of the event at `sequence`.
  public var chain: [UInt8]

  public init(sequence: UInt32, format: Int, state: [UInt8], chain: [UInt8]) {
    (self.sequence, self.format, self.state, self.chain) = (sequence, format, state, chain)
  }
}

public struct IdempotentJob: Sendable, Hashable {
  public var job: ID<Job>
  /// Of the request that made it: the same key with another request is a mistake of the caller.
  public var requestHash: [UInt8]
  public init(job: ID<Job>, requestHash: [UInt8]) { (self.job, self.requestHash) = (job, requestHash) }
}

/// One immutable revision of a pipeline.
public struct RevisionRecord: Sendable, Hashable {
  public var pipeline: PipelineName
  public var number: Int
  public var title: String
  public var source: [UInt8]
  /// Over the source and the files.
  public var sha256: [UInt8]
  /// The files beside the pipeline, by their relative paths in order.
  public var files: [File]
  public var createdAt: Timestamp
  public var createdBy: String

  public struct File: Sendable, Hashable {
    public var path: String
    public var bytes: [UInt8]
    public var isExecutable: Bool
    public init(path: String, bytes: [UInt8], isExecutable: Bool) {
      (self.path, self.bytes, self.isExecutable) = (path, bytes, isExecutable)
    }
  }

  public init(
    pipeline: PipelineName, number: Int, title: String, source: [UInt8], sha256: [UInt8], files: [File],
    createdAt: Timestamp, createdBy: String
  ) {
    (self.pipeline, self.number, self.title, self.source) = (pipeline, number, title, source)
    (self.sha256, self.files, self.createdAt, self.createdBy) = (sha256, files, createdAt, createdBy)
  }
}

/// A credential as it is stored: its secrets sealed under the master key.
public struct CredentialRecord: Sendable, Hashable {
  public var namespace: String
  public var name: String
  public var type: String
  public var version: Int
  /// AES-256-GCM over the JSON object of the values; nonce, ciphertext and tag side by side.
  public var sealed: [UInt8]
  public var createdAt: Timestamp
  public var createdBy: String
  /// Of the credential: when it stops working outside, as whoever stored it says.
  public var expiresAt: Timestamp?
  /// Of the credential, within about a minute.
  public var lastUsedAt: Timestamp?
  public var lastUsedBy: String?
  /// Of an older version: how long it may still be used. Nil for the newest.
  public var usableUntil: Timestamp?

  public init(
    namespace: String, name: String, type: String, version: Int, sealed: [UInt8], createdAt: Timestamp,
    createdBy: String, expiresAt: Timestamp? = nil
  ) {
    (self.namespace, self.name, self.type, self.version) = (namespace, name, type, version)
    (self.sealed, self.createdAt, self.createdBy) = (sealed, createdAt, createdBy)
    self.expiresAt = expiresAt
  }
}
