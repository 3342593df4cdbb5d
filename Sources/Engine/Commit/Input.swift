internal import Crypto
internal import Model
internal import Pipelines

/// What comes to the engine's thread.
enum Input: Sendable {
  case admit(PreparedJob, Reply<StartedJob>)
  /// From people: checked against the job as it stands when its turn comes.
  case command(ID<Job>, Command, Reply<[String]>)
  case ask(AskOrder, Reply<AskProgress>)
  /// From timers, attempts and recovery.
  case event(JobNumber, Event)
  /// An attempt's task is over and its place is free.
  case attemptEnded(JobNumber, NodeNumber, token: UInt32, AttemptEnd, ConnectorDescription.Place)
  case examined(JobNumber, NodeNumber, token: UInt32, AttemptEnd?)
  /// The sub-job of a node is ready to be admitted, or is refused.
  case childPrepared(Callers.Caller, Result<PreparedJob, Problem>)
  case signal(IncomingSignal, Reply<SignalReceipt>)
  /// A trigger was given something.
  case arrive(TriggerArrival, accepted: Reply<ID<TriggerMessage>>?, outcome: Reply<TriggerOutcome>?)
  /// A queue delivered these, in this order.
  case queued([QueueRoute], Reply<[QueueReceipt]>)
  /// How many messages wait at each of these places.
  case waiting([TriggerLines.Place], Reply<[Int]>)
  case claimed(ClaimedFiles, Reply<Void>)
  case fired(FiredTrigger)
  /// The triggers of these pipelines are from now on these.
  case triggers(TriggerBook.Reading, Reply<Void>)
  case wakeTriggers(of: PipelineName)
  /// Takes undelivered messages of the pipeline away; the reply says which were there.
  case withdraw([ID<TriggerMessage>], of: PipelineName, by: String, Reply<[ID<TriggerMessage>]>)
  case emit(Emission, Reply<Void>)
  /// From people, about a schedule or a backfill.
  case schedule(ScheduleOrder)
  /// What a person does with a dead letter.
  case letter(LetterOrder, Reply<LetterOutcome>)
  /// About messages that leave.
  case outbox(OutboxInput)
  /// A row of something that a trigger turned away.
  case refused(RefusalRow, Reply<Void>)
  /// Gives a copy of the job's state where it is in memory. A parked job stays where it is.
  case read(ID<Job>, @Sendable (Sighting) -> Void)
  case follow(ID<Job>, Follower, Reply<Bool>)
  case unfollow(ID<Job>, follower: Int)
  /// Somebody begins to listen to the feed, or does so no more.
  case listen(Bool, Reply<Void>)
  case write([CatalogWrite], Reply<Void>)
  /// The reply is the pause that holds from then on: this one, or one that stood before.
  case pauseUnlessPaused(PauseRecord, Reply<PauseRecord>)
  /// With a job only a pause that one of its steps made. False where there is no such pause.
  case endPause(of: PipelineName, by: ID<Job>?, Reply<Bool>)
  /// Of what rules of retention give up.
  case delete(Deletion, Reply<Void>)
  case restored(Restored)
  case reopen(Restored, paths: [String], actor: String, Reply<Void>)
  /// From the thread that writes: what became of the turn that it was given.
  case landed(Result<[RefusedJob], StoreError>)
  /// No attempt starts any more (S7), or some do again.
  case drain(Bool)
  case stop(@Sendable () -> Void)
}

/// What a node knows of a job without going to the store.
struct Sighting: Sendable {
  /// Nil: the node does not drive the job, or has it out of memory.
  var live: LiveView?
  var isParked: Bool
  /// By node, the other jobs that wait for the same signal.
  var rivals: [NodeNumber: [ID<Job>]]
  var waits: Waits
}

/// A copy of a job that a node drives.
struct LiveView: Sendable {
  var state: JobState
  var plan: Plan
}

/// What a job and its steps stand in line for; nil is the job itself.
typealias Waits = [NodeNumber?: Wait]

struct Wait: Sendable {
  var standing: Standing
  /// The jobs that hold all there is.
  var holders: [String]
  /// One of them that was cancelled and has not ended in the time that it had (S20).
  var overdue: String?
}

/// What people order of a running job.
enum Command: Sendable {
  case cancel(actor: String, reason: String)
  case kill(actor: String, reason: String)
  case resolve(path: String, Resolution, actor: String)
  case adopt(path: String, actor: String)
  /// Cancels a job of the pipeline of which nothing has begun, and no other.
  case withdraw(of: PipelineName, actor: String, reason: String)
  case update(JobUpdate, actor: String)
}

/// What of a job's identity is to be different, while it lives or from its start.
public struct JobUpdate: Sendable {
  /// 0 to 9; nil: as it is.
  public var priority: Int?
  /// By name; of one that is to go there is no value. Labels that are not named stay.
  public var labels: [(name: String, value: String?)]
  public init(priority: Int? = nil, labels: [(name: String, value: String?)] = []) {
    (self.priority, self.labels) = (priority, labels)
  }

  var isEmpty: Bool { priority == nil && labels.isEmpty }

  /// How many labels a job has at most once somebody changed them.
  public static let mostLabels = 64

  /// All labels of the job afterwards, by name; nil where they are those that it has.
  func labels(of identity: JobIdentity) -> [JobIdentity.Label]? {
    let before = identity.labels.sorted { $0.name < $1.name }
    var after = Dictionary(before.map { ($0.name, $0.value) }) { first, _ in first }
    for label in labels { after[label.name] = label.value }
    let sorted = after.map { JobIdentity.Label(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
    return sorted == before ? nil : sorted
  }
}

/// Called once, on the engine's thread, after the commit.
typealias Reply<Value> = @Sendable (Result<Value, Problem>) -> Void

/// A job that has been checked and needs only its place in the store.
struct PreparedJob: Sendable {
  var id: ID<Job>
  var pipeline: PipelineName
  var revision: Int
  var plan: Plan
  var key: String?
  /// `{inputs, vars, settings, trigger}`.
  var context: JSON
  var triggerType: String
  var triggerID: String?
  var actor: String
  var idempotencyKey: String?
  var requestHash: [UInt8]
  var dataKey: SymmetricKey
  var wrappedKey: [UInt8]
  var identity = JobIdentity()
  /// Whom its inputs name.
  var subjects: [NamedSubject] = []
  /// The idempotency key alone says that two requests are one.
  var isKeyTrusted = false
  /// The pipeline rests: only a job that exists already is answered (S31).
  var pause: PauseRecord?
}

/// A live job as the store gave it back.
struct Restored: Sendable {
  var number: JobNumber
  var id: ID<Job>
  var pipeline: PipelineName
  var revision: Int
  var plan: Plan
  var key: SymmetricKey
  var state: JobState
  var chain: [UInt8]
  /// Set where the job must not be driven (S4).
  var quarantine: String?
  var identity = JobIdentity()
}
