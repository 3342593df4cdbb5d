public import Model

/// What a trigger was given: durable from the moment at which its source may forget it, and gone in the
/// commit of the job (or signal, refusal, dead letter) that it led to.
public struct TriggerMessageRow: Sendable, Hashable {
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    /// Its turn comes, or its pipeline rests.
    case waiting
    /// Intent: files that are being moved. It becomes `waiting` once they are where its body says.
    case claiming
    /// Part of a join whose other parts have not come.
    case gathered
  }

  public var id: ID<TriggerMessage>
  public var pipeline: PipelineName
  public var trigger: String
  /// `queue`, `webhook`, `files`, `pipeline`, `schedule` or `backfill`.
  public var kind: String
  public var state: State
  /// A second message of the trigger with the same key, while the first is open, is the same message.
  public var key: String
  /// Of a gathered one: what the join's `key` gave, and the pipeline whose end it is. The group of a
  /// backfill's is the id of the backfill; the part of a schedule's says whether it is caught up.
  public var group: String?
  public var part: String?
  /// Such as `local:ana`, or `job:<id>` where another pipeline's end is the message.
  public var actor: String
  public var receivedAt: Timestamp
  /// Of a gathered one: when the join is given up.
  public var expiresAt: Timestamp?
  /// The message's JSON text, sealed under the namespace's key. Empty in lists.
  public var body: [UInt8]

  public init(
    id: ID<TriggerMessage>, pipeline: PipelineName, trigger: String, kind: String, state: State, key: String,
    group: String? = nil, part: String? = nil, actor: String, receivedAt: Timestamp,
    expiresAt: Timestamp? = nil, body: [UInt8]
  ) {
    (self.id, self.pipeline, self.trigger, self.kind) = (id, pipeline, trigger, kind)
    (self.state, self.key, self.group, self.part) = (state, key, group, part)
    (self.actor, self.receivedAt, self.expiresAt, self.body) = (actor, receivedAt, expiresAt, body)
  }

  static let scheduleKind = "schedule"
  static let hookKind = "webhook"
  static let queueKind = "queue"
  static let backfillKind = "backfill"
  /// The part of a schedule's that is caught up: it waits for its turn, and no later one replaces it.
  static let caughtUp = "caught-up"

  /// The due time that it is about.
  var due: Timestamp? {
    guard kind == Self.scheduleKind || kind == Self.backfillKind else { return nil }
    return key.split(separator: " ").last.flatMap { Timestamp(rfc3339: String($0)) }
  }

  /// Binds the sealed body to its message.
  public var binding: [UInt8] { Array("trigger \(pipeline.namespace) \(id)".utf8) }
}

/// A change of the triggers' rows. None can break a rule of uniqueness.
public enum TriggerChange: Sendable {
  /// New, or in place of the row with its id. An empty body leaves the stored one. With a job: kept or left
  /// out with that job's rows.
  case put(TriggerMessageRow, with: JobNumber?)
  case remove(ID<TriggerMessage>, with: JobNumber?)
  /// Contents of files that the trigger has taken with this batch, by SHA-256: none of them is taken again.
  /// One that was taken before stays with the batch that took it.
  case taken([String], with: ID<TriggerMessage>, by: PipelineName, trigger: String, at: Timestamp)
  /// No job came of this batch: what was taken with it may be taken again.
  case released(by: ID<TriggerMessage>)

  /// Whose rows it goes with.
  public var job: JobNumber? {
    switch self {
    case .put(_, with: let job), .remove(_, with: let job): job
    case .taken, .released: nil
    }
  }
}

/// An event that a step sent to those who follow a room (`event.emit`). The store keeps the last ones of each
/// namespace.
public struct EmittedRow: Sendable, Hashable {
  /// Of a namespace's events the last so many are kept at least.
  public static let kept = 10_000

  /// In the order of commits; 0 before it is stored.
  public var position: Int64
  public var at: Timestamp
  public var namespace: String
  public var type: String
  public var room: String
  public var job: String
  public var path: String
  /// The step's key: the same event is stored once, however often its step is repeated.
  public var key: String
  /// The data's JSON text, sealed under the namespace's key.
  public var body: [UInt8]

  public init(
    position: Int64 = 0, at: Timestamp, namespace: String, type: String, room: String, job: String,
    path: String, key: String, body: [UInt8]
  ) {
    (self.position, self.at, self.namespace, self.type) = (position, at, namespace, type)
    (self.room, self.job, self.path, self.key, self.body) = (room, job, path, key, body)
  }

  /// Binds the sealed data to its event.
  public var binding: [UInt8] { Array("event \(namespace) \(key)".utf8) }
}

/// Which events a reader wants.
public struct EmittedFilter: Sendable, Hashable {
  public var namespace: String
  /// Nil: all.
  public var room: String?
  public var type: String?
  public var isNewestFirst = false
  /// Only those before this position; nil: to the end.
  public var before: Int64?
  public init(namespace: String, room: String? = nil, type: String? = nil) {
    (self.namespace, self.room, self.type) = (namespace, room, type)
  }
}
