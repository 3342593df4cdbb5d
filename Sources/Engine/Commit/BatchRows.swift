public import Model

// Rows of people, messages and limits, as part of a batch.

/// The row of an ask; a later row of the same id replaces the earlier one.
public struct AskRow: Sendable, Hashable {
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    case open, decided, expired, closed
    public var word: String { "\(self)" }
  }
  public var id: ID<Ask>
  public var job: JobNumber
  public var node: UInt32
  public var namespace: String
  public var path: String
  public var state: State
  /// Where the sealed `OpenAsk.content` lies, as it was asked.
  public var content: BodyPlace
  /// `user:ana`, `group:compliance`: the inbox. No personal data beyond the names of staff.
  public var assignees: [String]
  public var quorum: Int
  public var openedAt: Timestamp
  public var expiresAt: Timestamp?
  public var decidedChoice: String?
  public var decidedAt: Timestamp?

  public init(
    id: ID<Ask>, job: JobNumber, node: UInt32, namespace: String, path: String, state: State,
    content: BodyPlace, assignees: [String], quorum: Int, openedAt: Timestamp, expiresAt: Timestamp?,
    decidedChoice: String? = nil, decidedAt: Timestamp? = nil
  ) {
    (self.id, self.job, self.node, self.namespace, self.path) = (id, job, node, namespace, path)
    (self.state, self.content, self.assignees, self.quorum) = (state, content, assignees, quorum)
    (self.openedAt, self.expiresAt) = (openedAt, expiresAt)
    (self.decidedChoice, self.decidedAt) = (decidedChoice, decidedAt)
  }
}

/// One answer, also one that came too late and does not count.
public struct AskAnswerRow: Sendable, Hashable {
  public var ask: ID<Ask>
  public var job: JobNumber
  public var by: String
  public var onBehalfOf: String?
  public var choice: String
  public var counts: Bool
  public var at: Timestamp
  /// Where the sealed answer lies; nil for one that the job's history does not hold.
  public var content: BodyPlace?

  public init(
    ask: ID<Ask>, job: JobNumber, by: String, onBehalfOf: String?, choice: String, counts: Bool,
    at: Timestamp, content: BodyPlace?
  ) {
    (self.ask, self.job, self.by, self.onBehalfOf, self.choice) = (ask, job, by, onBehalfOf, choice)
    (self.counts, self.at, self.content) = (counts, at, content)
  }
}

/// A message to waiting jobs. One row from its arrival until it is taken, expires, or a day after.
public struct SignalRow: Sendable, Hashable {
  public enum State: UInt8, Sendable, Hashable, CaseIterable { case waiting, taken, expired }
  public var id: ID<Signal>
  public var namespace: String
  public var name: String
  public var key: String
  /// Of the sender: a second one with the same id is dropped and counted.
  public var messageID: String?
  /// The payload's JSON text, sealed under the namespace's key.
  public var payload: [UInt8]
  /// Such as `local:ana`, or the trigger that delivered it.
  public var source: String
  public var receivedAt: Timestamp
  public var expiresAt: Timestamp
  /// Whether it goes to the dead letters when it expires.
  public var deadLetters: Bool
  public var state: State
  public var takenBy: JobNumber?
  public var duplicates: Int

  public init(
    id: ID<Signal>, namespace: String, name: String, key: String, messageID: String?, payload: [UInt8],
    source: String, receivedAt: Timestamp, expiresAt: Timestamp, deadLetters: Bool, state: State = .waiting,
    takenBy: JobNumber? = nil, duplicates: Int = 0
  ) {
    (self.id, self.namespace, self.name, self.key) = (id, namespace, name, key)
    (self.messageID, self.payload, self.source) = (messageID, payload, source)
    (self.receivedAt, self.expiresAt, self.deadLetters) = (receivedAt, expiresAt, deadLetters)
    (self.state, self.takenBy, self.duplicates) = (state, takenBy, duplicates)
  }
}

/// One slot of a limit: it exists while its holder holds it, and its key and number are unique (S10).
public struct SlotRow: Sendable, Hashable {
  public var key: String
  public var number: Int
  public var job: JobNumber
  /// Nil: held by the job itself.
  public var node: UInt32?
  public var takenAt: Timestamp
  public init(key: String, number: Int, job: JobNumber, node: UInt32?, takenAt: Timestamp) {
    (self.key, self.number, self.job, self.node, self.takenAt) = (key, number, job, node, takenAt)
  }
}

public enum SlotChange: Sendable, Hashable {
  /// Refused for the whole job as a conflict where the slot is held.
  case take(SlotRow)
  case free(key: String, number: Int, job: JobNumber)
}

/// The small state of a rate limit; one row a key.
public struct GovernorRow: Sendable, Hashable {
  public var key: String
  /// `rate` or `circuit`.
  public var kind: String
  public var state: JSON
  public var updatedAt: Timestamp
  public init(key: String, kind: String, state: JSON, updatedAt: Timestamp) {
    (self.key, self.kind, self.state, self.updatedAt) = (key, kind, state, updatedAt)
  }
}

/// A cached output, sealed under the namespace's key.
public struct CacheRow: Sendable, Hashable {
  public var namespace: String
  public var key: String
  public var job: String
  public var output: [UInt8]
  public var expiresAt: Timestamp
  public init(namespace: String, key: String, job: String, output: [UInt8], expiresAt: Timestamp) {
    (self.namespace, self.key, self.job) = (namespace, key, job)
    (self.output, self.expiresAt) = (output, expiresAt)
  }
}

/// What was turned away, so that nothing disappears without a row (S25).
public struct RefusalRow: Sendable, Hashable {
  public var at: Timestamp
  public var namespace: String
  public var pipeline: String
  public var trigger: String?
  public var actor: String
  /// `queue_full`, `skipped` …
  public var reason: String
  /// Of the limit that turned it away; of a purged message its id.
  public var key: String
  public var idempotencyKey: String?
  public init(
    at: Timestamp, namespace: String, pipeline: String, trigger: String?, actor: String, reason: String,
    key: String, idempotencyKey: String?
  ) {
    (self.at, self.namespace, self.pipeline, self.trigger) = (at, namespace, pipeline, trigger)
    (self.actor, self.reason, self.key, self.idempotencyKey) = (actor, reason, key, idempotencyKey)
  }

  /// The reason of a message that somebody took away.
  static let purged = "purged"
}

/// A job that waits long with nothing running: out of memory, to be loaded when `due` or a message comes.
public struct ParkedRow: Sendable, Hashable {
  public var job: JobNumber
  /// Nil: only a message or a person wakes it.
  public var due: Timestamp?
  /// What remained of its shortest pause when it was parked: after a restart never more is waited (S12). Nil
  /// where it waits for instants of the wall alone.
  public var after: Duration?
  /// The signals that it waits for, oldest first.
  public var waits: [Wait]

  public struct Wait: Sendable, Hashable {
    public var node: UInt32
    public var namespace: String
    public var name: String
    public var key: String
    public var since: Timestamp
    /// It is given copies of what comes, and takes nothing.
    public var broadcast: Bool
    public init(
      node: UInt32, namespace: String, name: String, key: String, since: Timestamp, broadcast: Bool = false
    ) {
      (self.node, self.namespace, self.name, self.key) = (node, namespace, name, key)
      (self.since, self.broadcast) = (since, broadcast)
    }
  }
  public init(job: JobNumber, due: Timestamp?, after: Duration? = nil, waits: [Wait]) {
    (self.job, self.due, self.after, self.waits) = (job, due, after, waits)
  }
}

/// Who a job is beyond its pipeline: what lists filter by.
public struct JobIdentity: Sendable, Hashable {
  public var correlation: String?
  /// A store gives them in the order of their names.
  public var labels: [Label]
  public var owner: String?
  public var priority: Int
  public var fairKey: String?
  /// The job and node that called it.
  public var parent: JobNumber?
  public var parentNode: UInt32?
  public var rerunOf: ID<Job>?

  public struct Label: Sendable, Hashable {
    public var name: String
    public var value: String
    public init(name: String, value: String) { (self.name, self.value) = (name, value) }
  }

  public init(
    correlation: String? = nil, labels: [Label] = [], owner: String? = nil, priority: Int = 5,
    fairKey: String? = nil, parent: JobNumber? = nil, parentNode: UInt32? = nil, rerunOf: ID<Job>? = nil
  ) {
    (self.correlation, self.labels, self.owner) = (correlation, labels, owner)
    (self.priority, self.fairKey) = (priority, fairKey)
    (self.parent, self.parentNode, self.rerunOf) = (parent, parentNode, rerunOf)
  }
}

/// What lists find a job by from now on.
public struct IdentityRow: Sendable, Hashable {
  public var job: JobNumber
  /// Nil: as it is.
  public var priority: Int?
  /// In place of all that it has; nil: as they are.
  public var labels: [JobIdentity.Label]?
  public init(job: JobNumber, priority: Int?, labels: [JobIdentity.Label]?) {
    (self.job, self.priority, self.labels) = (job, priority, labels)
  }
}

/// A pause of a pipeline: a state of the running system, which `apply` never touches (S31).
public struct PauseRecord: Sendable, Hashable {
  public var pipeline: PipelineName
  public var by: String
  public var reason: String
  public var at: Timestamp
  public var until: Timestamp?
  public init(pipeline: PipelineName, by: String, reason: String, at: Timestamp, until: Timestamp?) {
    (self.pipeline, self.by, self.reason, self.at, self.until) = (pipeline, by, reason, at, until)
  }

  /// False once its end has come.
  public func holds(at moment: Timestamp) -> Bool { until.map { moment < $0 } ?? true }
}
