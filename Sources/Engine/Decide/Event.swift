public import Model

/// What happened. The only thing that changes a job.
public enum Event: Sendable {
  case admitted(Fact.Creation, context: JSON)
  case finished(NodeNumber, token: UInt32, AttemptEnd)
  case fired(Wake)
  /// A slot is free for a queued node, and counted as its own.
  case slotFreed(NodeNumber)
  case cancelled(actor: String, reason: String)
  case killed(actor: String, reason: String)
  /// The owner died and this one took over.
  case recovered(node: String)
  /// What became of an attempt of the dead owner; nil: its end is unknown.
  case examined(NodeNumber, token: UInt32, AttemptEnd?)
  case resolved(NodeNumber, Resolution, actor: String)
  case adopted(NodeNumber, actor: String)
  /// The job could not be driven (S4).
  case quarantined(reason: String)
  /// A person lets a quarantined job go on.
  case released(actor: String)
  /// The governors let the node start, or with nil the job: its slots are taken in the same commit.
  case granted(NodeNumber?)
  /// The node waits for a limit that is not the node's own.
  case limited(NodeNumber)
  /// A governor refuses the node: its circuit is open.
  case refused(NodeNumber, Failure)
  /// The cache has the node's output. `from` is the job that gave it.
  case cached(NodeNumber, JSON, from: String)
  case signalled(NodeNumber, id: String, payload: JSON)
  case answered(NodeNumber, GivenAnswer)
  case delegated(NodeNumber, Handover)
  /// A person asks for a reminder now.
  case reminded(NodeNumber, ID<Ask>)
  /// The sub-job of the node was admitted, or was refused.
  case childAdmitted(NodeNumber, ID<Job>)
  case childRefused(NodeNumber, Failure)
  case childEnded(NodeNumber, ID<Job>, JobStatus, Failure?, outputs: JSON?)
  /// The artifact of a fan-out has so many lines, or cannot be read.
  case counted(NodeNumber, Result<Int, Failure>)
  /// The item's lines were read.
  case sliced(NodeNumber, Result<JSON, Failure>)
  /// A newer job took this one's place in the queue (S20).
  case replaced(by: ID<Job>)
  /// An ended job goes on in place: all that failed, or what lies at these paths.
  case retried(actor: String, paths: [String])
  /// A person gives the job another priority, or these labels in place of all that it has.
  case updated(actor: String, priority: Int?, labels: [JobIdentity.Label]?)
}

/// What a person answers to an ask.
public struct GivenAnswer: Sendable, Hashable {
  public var ask: ID<Ask>
  /// Such as `local:ana`.
  public var by: String
  /// Of the person who counts, as the server knows them.
  public var groups: [String]
  public var choice: String
  public var form: JSON?
  public var comment: String?
  /// The person who counts in place of `by`.
  public var onBehalfOf: String?
  /// The hash of what the person saw.
  public var shown: String
  public init(
    ask: ID<Ask>, by: String, groups: [String] = [], choice: String, form: JSON? = nil,
    comment: String? = nil, onBehalfOf: String? = nil, shown: String
  ) {
    (self.ask, self.by, self.groups, self.choice, self.form) = (ask, Person(by).actor, groups, choice, form)
    (self.comment, self.onBehalfOf, self.shown) = (comment, onBehalfOf.map { Person($0).actor }, shown)
  }

  public var person: String { onBehalfOf ?? by }
}

/// Somebody who may answer lets another person do it.
public struct Handover: Sendable, Hashable {
  public var ask: ID<Ask>
  public var by: String
  /// Of the person who hands over.
  public var groups: [String]
  /// The person who hands over, where `by` acts for them.
  public var onBehalfOf: String?
  public var to: String
  public init(ask: ID<Ask>, by: String, groups: [String] = [], onBehalfOf: String? = nil, to: String) {
    (self.ask, self.by, self.groups, self.to) = (ask, Person(by).actor, groups, to)
    self.onBehalfOf = onBehalfOf.map { Person($0).actor }
  }

  public var person: String { onBehalfOf ?? by }
}

/// How an attempt ended.
public enum AttemptEnd: Sendable, Hashable {
  case success(AttemptOutput)
  case failure(Failure)
}

/// A moment that a job waits for. One that no longer means anything is ignored when it comes.
public struct Wake: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case retry, pause, timeout, deadline, queueTimeout, grace
    /// A long decision was cut: more items of a fan-out can begin.
    case items
    /// A `wait` step's time, an ask's expiry, reminder and escalation.
    case wait, expiry, reminder, escalation
    /// The moment that the job was started for.
    case start
  }
  public var kind: Kind
  /// Nil: the job itself.
  public var node: NodeNumber?
  public var token: UInt32

  public init(_ kind: Kind, _ node: NodeNumber?, token: UInt32 = 0) {
    (self.kind, self.node, self.token) = (kind, node, token)
  }
}

/// What is to be done once the facts are durable.
public enum Effect: Sendable {
  case execute(AttemptOrder)
  /// Ask what became of a lost attempt.
  case examine(AttemptOrder)
  case wake(Wake, after: Duration)
  /// At an instant of the wall, which a jump of the clock may bring nearer (S12).
  case wakeAt(Wake, Timestamp)
  case queue(NodeNumber, ConnectorDescription.Place)
  /// The node left the queue without a start.
  case leaveQueue(NodeNumber?)
  case cancelAttempt(NodeNumber, token: UInt32)
  case stored([ArtifactHandle], NodeNumber)
  /// Ask the governors; `granted`, `refused` or `cached` answers, in this turn or a later one.
  case claim(Claim)
  /// The node, or with nil the job, has ended or left the queue: what it held is free.
  case unclaim(NodeNumber?)
  /// Tell the circuit how an attempt ended.
  /// Nil: it says nothing about the other side.
  case attemptEnded(NodeNumber, CircuitClaim, succeeded: Bool?)
  /// Keep an output for others.
  case cache(NodeNumber, CacheEntry)
  /// The node waits for a signal: take one from the inbox, or be told of the next.
  case awaitSignal(NodeNumber, name: String, key: String, broadcast: Bool)
  case leaveSignal(NodeNumber)
  /// The ask's row changed.
  case ask(AskChange)
  case startChild(ChildOrder)
  /// The node is to hear of its sub-job's end, also of one that came while nobody listened.
  case awaitChild(NodeNumber, ID<Job>)
  /// In the commit of this decision.
  case cancelChild(ID<Job>, kills: Bool, reason: String)
  case countLines(NodeNumber, ArtifactHandle)
  /// Read lines `first..<first + count` of the artifact for an item.
  case slice(NodeNumber, ArtifactHandle, first: Int, count: Int, isBatch: Bool)
  /// Lists find the job by these from now on, and what it waits for gives it its new place.
  case identify(priority: Int?, labels: [JobIdentity.Label]?)
}

/// What a node, or a job, needs from the governors before it starts.
public struct Claim: Sendable, Hashable {
  /// Nil: the job itself.
  public var node: NodeNumber?
  /// Keys already carry their scope: see `LimitKey`.
  public var slots: [SlotClaim] = []
  public var rate: RateClaim?
  public var circuit: CircuitClaim?
  /// The key of a cached output that would do.
  public var cacheKey: String?
  /// 0 to 9.
  public var priority = Claim.defaultPriority
  public var fairKey = ""
  /// Nil for a job, which takes none of the node's places.
  public var place: ConnectorDescription.Place?

  public static let defaultPriority = 5
  public init(node: NodeNumber?) { self.node = node }
}

public struct SlotClaim: Sendable, Hashable {
  public var key: String
  public var limit: Int
  public init(key: String, limit: Int) { (self.key, self.limit) = (key, limit) }
}

public struct RateClaim: Sendable, Hashable {
  public var key: String
  public var limit: Int
  public var per: Duration
  public init(key: String, limit: Int, per: Duration) { (self.key, self.limit, self.per) = (key, limit, per) }
}

public struct CircuitClaim: Sendable, Hashable {
  public var key: String
  public var failures: Int
  public var recoverAfter: Duration
  public init(key: String, failures: Int, recoverAfter: Duration) {
    (self.key, self.failures, self.recoverAfter) = (key, failures, recoverAfter)
  }
}

public struct CacheEntry: Sendable, Hashable {
  public var key: String
  public var output: JSON
  public var lifetime: Duration
  public init(key: String, output: JSON, lifetime: Duration) {
    (self.key, self.output, self.lifetime) = (key, output, lifetime)
  }
}

/// How the rows of an ask change.
public enum AskChange: Sendable, Hashable {
  /// `closed`: the job went on without an answer, because it was cancelled, killed or ended.
  case changed(NodeNumber, OpenAsk, AskRow.State, choice: String?)
  case answered(GivenAnswer, counts: Bool, place: BodyPlace)
}

/// A sub-job to admit.
public struct ChildOrder: Sendable, Hashable {
  public var node: NodeNumber
  public var pipeline: PipelineName
  public var revision: Int?
  public var inputs: JSONObject
  /// The same for every try: a sub-job is admitted once.
  public var idempotencyKey: String
  /// Of the calling step.
  public var path: String
  /// How many calls lie between the sub-job and the job that nobody called.
  public var depth: Int
  public init(
    node: NodeNumber, pipeline: PipelineName, revision: Int?, inputs: JSONObject, idempotencyKey: String,
    path: String, depth: Int
  ) {
    (self.node, self.pipeline, self.revision, self.inputs) = (node, pipeline, revision, inputs)
    (self.idempotencyKey, self.path, self.depth) = (idempotencyKey, path, depth)
  }
}

/// One attempt to perform. An object: it passes through several lists on its way.
public final class AttemptOrder: Sendable {
  public let node: NodeNumber
  public let token: UInt32
  public let number: UInt32
  public let effect: EffectClass
  public let step: StepIndexNumber
  public let path: String
  /// Of the step, and under whose name it goes outside.
  public let round: UInt32
  public let keyJob: ID<Job>
  public let with: JSON
  /// The cause of the loss, where an attempt before this one was lost.
  public let previousCause: String?

  init(
    node: NodeNumber, token: UInt32, number: UInt32, effect: EffectClass, step: StepIndexNumber, path: String,
    round: UInt32, keyJob: ID<Job>, with: JSON, previousCause: String?
  ) {
    (self.node, self.token, self.number, self.effect) = (node, token, number, effect)
    (self.step, self.path, self.round, self.keyJob) = (step, path, round, keyJob)
    (self.with, self.previousCause) = (with, previousCause)
  }
}

/// A step's place in the plan.
public typealias StepIndexNumber = UInt32
