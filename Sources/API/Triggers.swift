public import Model

/// Endpoints about triggers and what they were given. `{id}` is `namespace~name`.
public enum TriggerCalls {
  public static let list = Endpoint<NamePath, Page<TriggerItem>>(
    .get, "/pipelines/{id}/triggers", .needs("pipelines", "read"),
    "The triggers of a pipeline's newest revision, and how much waits for each.")
  public static let messages = Endpoint<NamePath, Page<TriggerMessageItem>>(
    .get, "/pipelines/{id}/messages", .needs("pipelines", "read"),
    "What triggers of a pipeline were given and no job was made of yet, oldest first.")
  public static let send = Endpoint<TriggerMessageRequest, TriggerResult>(
    .post, "/pipelines/{id}/triggers/{name}/messages", .needs("pipelines", "execute"),
    "Hands a message to a trigger of kind queue, as its queue would.", success: [200, 202])
  public static let refusals = Endpoint<SignalsQuery, Page<RefusalItem>>(
    .get, "/refusals", .needs("jobs", "read"), "What limits and triggers turned away, newest first.")
}

public struct TriggerItem: Wire, Hashable {
  public var name: String
  /// `schedule`, `queue`, `webhook`, `files` or `pipeline`.
  public var kind: String
  public var isEnabled: Bool
  /// Messages that no job was made of yet.
  public var waiting: Int
  /// The map of its kind, as the file says.
  public var spec: JSON
  /// Of an enabled trigger of kind `queue`, where a server runs: who reads the queue.
  public var reader: QueueReaderItem?

  public init(
    name: String, kind: String, isEnabled: Bool, waiting: Int, spec: JSON, reader: QueueReaderItem? = nil
  ) {
    (self.name, self.kind, self.isEnabled) = (name, kind, isEnabled)
    (self.waiting, self.spec, self.reader) = (waiting, spec, reader)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text),
      .init("kind", .text, "`schedule`, `queue`, `webhook`, `files` or `pipeline`."),
      .init("enabled", .flag),
      .init("waiting", .count, "Messages that no job was made of yet."),
      .init("spec", .any, "The map of its kind, as the file says."),
      .optional("reader", QueueReaderItem.schema, "Of kind `queue`, where it is read: who reads the queue."),
    ], name: "TriggerItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, kind) = (try fields.text("name"), try fields.text("kind"))
    (isEnabled, waiting) = (try fields.flag("enabled"), try fields.int("waiting"))
    spec = try fields.json("spec")
    reader = try fields.optionalValue("reader", of: QueueReaderItem.self)
  }

  public var json: JSON {
    members([
      "name": name.wire, "kind": kind.wire, "enabled": .bool(isEnabled), "waiting": waiting.wire,
      "spec": spec, "reader": reader?.json,
    ])
  }
}

/// A message in a list; what it carries stays sealed.
public struct TriggerMessageItem: Wire, Hashable {
  public var id: String
  public var trigger: String
  public var kind: String
  /// `waiting`, `claiming` (files that are being moved) or `gathered` (part of a join).
  public var state: String
  public var key: String
  /// Of a gathered one: what the join's key gave, and whose end it is.
  public var group: String?
  public var part: String?
  public var actor: String
  public var receivedAt: Timestamp
  public var expiresAt: Timestamp?

  public init(
    id: String, trigger: String, kind: String, state: String, key: String, group: String?, part: String?,
    actor: String, receivedAt: Timestamp, expiresAt: Timestamp?
  ) {
    (self.id, self.trigger, self.kind, self.state, self.key) = (id, trigger, kind, state, key)
    (self.group, self.part, self.actor) = (group, part, actor)
    (self.receivedAt, self.expiresAt) = (receivedAt, expiresAt)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("trigger", .text),
      .init("kind", .text),
      .init("state", .words(["waiting", "claiming", "gathered"])),
      .init("key", .text),
      .optional("group", .text, "Of a gathered one: what the join's key gave."),
      .optional("part", .text, "Of a gathered one: whose end it is."),
      .init("actor", .text),
      .init("received_at", .time),
      .optional("expires_at", .time),
    ], name: "TriggerMessageItem", "A message in a list; what it carries stays sealed.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, trigger, kind) = (try fields.text("id"), try fields.text("trigger"), try fields.text("kind"))
    (state, key) = (try fields.text("state"), try fields.text("key"))
    (group, part) = (try fields.optionalText("group"), try fields.optionalText("part"))
    actor = try fields.text("actor")
    receivedAt = try fields.time("received_at")
    expiresAt = try fields.optionalTime("expires_at")
  }

  public var json: JSON {
    members([
      "id": id.wire, "trigger": trigger.wire, "kind": kind.wire, "state": state.wire, "key": key.wire,
      "group": group?.wire, "part": part?.wire, "actor": actor.wire, "received_at": receivedAt.wire,
      "expires_at": expiresAt?.wire,
    ])
  }
}

public struct TriggerMessageRequest: Wire {
  public var id: String
  public var name: String
  public var message: JSON
  /// A second message with the same key is the same message.
  public var idempotencyKey: String?

  public init(id: String, name: String, message: JSON, idempotencyKey: String? = nil) {
    (self.id, self.name, self.message) = (id, name, message)
    self.idempotencyKey = idempotencyKey
  }

  public static let schema = Schema.request(
    [
      .id,
      .init("name", .text(1...Schema.Member.longestName).examples("inbox")),
      .optional("message", .any),
      .idempotencyKey,
    ], name: "TriggerMessageRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, name) = (try fields.text("id"), try fields.text("name"))
    message = fields.object["message"] ?? .null
    idempotencyKey = try fields.optionalText("idempotency_key")
  }

  public var json: JSON {
    members([
      "id": id.wire, "name": name.wire, "message": message, "idempotency_key": idempotencyKey?.wire,
    ])
  }
}

/// What became of a message.
public struct TriggerResult: Wire, Hashable {
  /// `started`, `existing`, `delivered`, `kept`, `duplicate`, `filtered`, `stored`, `refused` or
  /// `dead_letter`.
  public var outcome: String
  /// The job that was started or there already, or those that were given the signal.
  public var jobs: [String]
  /// Why it is stored, refused or dead.
  public var reason: String?

  public init(outcome: String, jobs: [String] = [], reason: String? = nil) {
    (self.outcome, self.jobs, self.reason) = (outcome, jobs, reason)
  }

  static let outcomes = [
    "started", "existing", "delivered", "kept", "duplicate", "filtered", "stored", "refused", "dead_letter",
  ]

  public static let schema = Schema.object(
    [
      .init("outcome", .words(outcomes)),
      .init(
        "jobs", .list(of: .text),
        "The job that was started or there already, or those that were given the signal."),
      .optional("reason", .text, "Why it is stored, refused or dead."),
    ], name: "TriggerResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    outcome = try fields.text("outcome")
    jobs = try fields.texts("jobs")
    reason = try fields.optionalText("reason")
  }

  public var json: JSON {
    members([
      "outcome": outcome.wire, "jobs": .array(jobs.map { .string($0) }), "reason": reason?.wire,
    ])
  }
}

public struct RefusalItem: Wire, Hashable {
  public var at: Timestamp
  public var pipeline: String
  public var trigger: String?
  public var actor: String
  public var reason: String
  /// Of the limit or the message, or a file's name.
  public var key: String

  public init(
    at: Timestamp, pipeline: String, trigger: String?, actor: String, reason: String, key: String
  ) {
    (self.at, self.pipeline, self.trigger) = (at, pipeline, trigger)
    (self.actor, self.reason, self.key) = (actor, reason, key)
  }

  public static let schema = Schema.object(
    [
      .init("at", .time),
      .init("pipeline", .text),
      .optional("trigger", .text),
      .init("actor", .text),
      .init("reason", .text),
      .init("key", .text, "Of the limit or the message, or a file's name."),
    ], name: "RefusalItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    at = try fields.time("at")
    (pipeline, trigger) = (try fields.text("pipeline"), try fields.optionalText("trigger"))
    (actor, reason, key) = (try fields.text("actor"), try fields.text("reason"), try fields.text("key"))
  }

  public var json: JSON {
    members([
      "at": at.wire, "pipeline": pipeline.wire, "trigger": trigger?.wire, "actor": actor.wire,
      "reason": reason.wire, "key": key.wire,
    ])
  }
}
