public import Model

/// Endpoints about where messages go and what waits for it.
public enum DestinationCalls {
  public static let list = Endpoint<Nothing, Page<DestinationItem>>(
    .get, "/destinations", .needs("destinations", "read"), "Where messages go, and what waits for each.")
  public static let get = Endpoint<DestinationPath, DestinationItem>(
    .get, "/destinations/{name}", .needs("destinations", "read"), "One destination.")
  public static let deliveries = Endpoint<DeliveriesQuery, Page<DeliveryItem>>(
    .get, "/destinations/{name}/deliveries", .needs("destinations", "read"),
    "The tries of a destination, newest first.")
  public static let enable = Endpoint<DestinationPath, DestinationItem>(
    .post, "/destinations/{name}/enable", .needs("destinations", "update"),
    "Sends to it again after it said that it wants nothing any more.")
  public static let test = Endpoint<DestinationPath, DeliveryItem>(
    .post, "/destinations/{name}/test", .needs("destinations", "test"),
    "Sends one message past the outbox and says how that went.")
  public static let outbox = Endpoint<Nothing, Page<OutboxItem>>(
    .get, "/outbox", .needs("destinations", "read"), "What waits to leave, by destination.")
  public static let redeliver = Endpoint<DeliveryPath, Nothing>(
    .post, "/deliveries/{id}/redeliver", .needs("destinations", "redeliver"),
    "Sends the message of a delivery again, under the same id.", success: [202])
}

public struct DestinationPath: Wire {
  public var name: String
  public init(name: String) { self.name = name }
  public static let schema = Schema.request(
    [.init("name", .text(1...Schema.Member.longestName).examples("ops"))], name: "DestinationPath")

  public init(_ json: JSON) throws(WireError) { name = try Fields(json, Self.schema).text("name") }
  public var json: JSON { members(["name": name.wire]) }
}

public struct DeliveryPath: Wire {
  public var id: Int64
  public init(id: Int64) { self.id = id }
  public static let schema = Schema.request(
    [.init("id", .integer(1...Int.max))], name: "DeliveryPath")

  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).integer("id") }
  public var json: JSON { members(["id": .int(id)]) }
}

public struct DeliveriesQuery: Wire {
  public var name: String
  /// `-at` (nil too) or `at`.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?

  public init(name: String, sort: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.name, self.sort, self.limit, self.cursor) = (name, sort, limit, cursor)
  }

  public static let schema = Schema.request(
    [
      .init("name", .text(1...Schema.Member.longestName)),
      .sort(by: ["at"], usual: "-at"),
      .limit(),
      .cursor,
    ], name: "DeliveriesQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, sort) = (try fields.text("name"), try fields.optionalText("sort"))
    limit = try fields.optionalInt("limit")
    cursor = try fields.optionalText("cursor")
  }

  public var json: JSON {
    members(["name": name.wire, "sort": sort?.wire, "limit": limit?.wire, "cursor": cursor?.wire])
  }
}

/// What waits to leave for one destination.
public struct OutboxItem: Wire, Hashable {
  public var destination: String
  public var waiting: Int
  public var oldestAt: Timestamp?
  /// Lanes whose first message was tried in vain.
  public var failing: Int
  /// Lanes that are closed until a person opens them.
  public var held: Int

  public init(destination: String, waiting: Int, oldestAt: Timestamp?, failing: Int, held: Int) {
    (self.destination, self.waiting, self.oldestAt) = (destination, waiting, oldestAt)
    (self.failing, self.held) = (failing, held)
  }

  public static let schema = Schema.object(
    [
      .init("destination", .text),
      .init("waiting", .count),
      .optional("oldest_at", .time),
      .init("failing", .count, "Lanes whose first message was tried in vain."),
      .init("held", .count, "Lanes that are closed until a person opens them."),
    ], name: "OutboxItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (destination, waiting) = (try fields.text("destination"), try fields.int("waiting"))
    oldestAt = try fields.optionalTime("oldest_at")
    (failing, held) = (try fields.int("failing"), try fields.int("held"))
  }

  public var json: JSON {
    members([
      "destination": destination.wire, "waiting": waiting.wire, "oldest_at": oldestAt?.wire,
      "failing": failing.wire, "held": held.wire,
    ])
  }
}

public struct DestinationItem: Wire, Hashable {
  public var name: String
  /// `active`, `disabled`, or `unknown` where it is not set up any more.
  public var state: String
  public var disabledReason: String?
  public var disabledAt: Timestamp?
  /// Nil: of all.
  public var namespace: String?
  public var kind: String
  public var address: String
  public var events: [String]
  /// Empty: of all.
  public var pipelines: [String]
  /// `lane` or `strict`.
  public var ordering: String
  public var tries: Int
  public var outbox: OutboxItem

  public init(
    name: String, state: String, disabledReason: String?, disabledAt: Timestamp?, namespace: String?,
    kind: String, address: String, events: [String], pipelines: [String], ordering: String, tries: Int,
    outbox: OutboxItem
  ) {
    (self.name, self.state, self.disabledReason) = (name, state, disabledReason)
    (self.disabledAt, self.namespace, self.kind) = (disabledAt, namespace, kind)
    (self.address, self.events, self.pipelines) = (address, events, pipelines)
    (self.ordering, self.tries, self.outbox) = (ordering, tries, outbox)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text),
      .init("state", .words(["active", "disabled", "unknown"]), "`unknown`: it is not set up any more."),
      .optional("disabled_reason", .text),
      .optional("disabled_at", .time),
      .optional("namespace", .text, "Absent: of all."),
      .init("kind", .text),
      .init("address", .text),
      .init("events", .list(of: .text)),
      .init("pipelines", .list(of: .text), "Empty: of all."),
      .init("ordering", .words(["lane", "strict"])),
      .init("tries", .count),
      .init("outbox", OutboxItem.schema),
    ], name: "DestinationItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, state) = (try fields.text("name"), try fields.text("state"))
    disabledReason = try fields.optionalText("disabled_reason")
    (disabledAt, namespace) = (try fields.optionalTime("disabled_at"), try fields.optionalText("namespace"))
    (kind, address) = (try fields.text("kind"), try fields.text("address"))
    events = try fields.texts("events")
    pipelines = try fields.texts("pipelines")
    (ordering, tries) = (try fields.text("ordering"), try fields.int("tries"))
    outbox = try fields.value("outbox", of: OutboxItem.self)
  }

  public var json: JSON {
    members([
      "name": name.wire, "state": state.wire, "disabled_reason": disabledReason?.wire,
      "disabled_at": disabledAt?.wire, "namespace": namespace?.wire, "kind": kind.wire,
      "address": address.wire, "events": .array(events.map { .string($0) }),
      "pipelines": .array(pipelines.map { .string($0) }), "ordering": ordering.wire, "tries": tries.wire,
      "outbox": outbox.json,
    ])
  }
}

/// One try of one message.
public struct DeliveryItem: Wire, Hashable {
  public var id: Int64
  public var destination: String
  public var event: String
  public var type: String
  public var pipeline: String?
  public var job: String?
  public var attempt: Int
  /// `delivered`, `failed`, `refused` or `gone`.
  public var outcome: String
  /// What the receiver answered.
  public var status: Int?
  public var durationMS: Int
  public var code: String?
  public var message: String?
  public var at: Timestamp

  public init(
    id: Int64, destination: String, event: String, type: String, pipeline: String?, job: String?,
    attempt: Int, outcome: String, status: Int?, durationMS: Int, code: String?, message: String?,
    at: Timestamp
  ) {
    (self.id, self.destination, self.event, self.type) = (id, destination, event, type)
    (self.pipeline, self.job, self.attempt, self.outcome) = (pipeline, job, attempt, outcome)
    (self.status, self.durationMS, self.code) = (status, durationMS, code)
    (self.message, self.at) = (message, at)
  }

  public static let schema = Schema.object(
    [
      .init("id", .integer),
      .init("destination", .text),
      .init("event", .text),
      .init("type", .text),
      .optional("pipeline", .text),
      .optional("job", .text),
      .init("attempt", .count),
      .init("outcome", .words(["delivered", "failed", "refused", "gone"])),
      .optional("status", .integer, "What the receiver answered."),
      .init("duration_ms", .count),
      .optional("code", .text),
      .optional("message", .text),
      .init("at", .time),
    ], name: "DeliveryItem", "One try of one message.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, destination) = (try fields.integer("id"), try fields.text("destination"))
    (event, type) = (try fields.text("event"), try fields.text("type"))
    (pipeline, job) = (try fields.optionalText("pipeline"), try fields.optionalText("job"))
    (attempt, outcome) = (try fields.int("attempt"), try fields.text("outcome"))
    status = try fields.optionalInt("status")
    durationMS = try fields.int("duration_ms")
    (code, message) = (try fields.optionalText("code"), try fields.optionalText("message"))
    at = try fields.time("at")
  }

  public var json: JSON {
    members([
      "id": .int(id), "destination": destination.wire, "event": event.wire, "type": type.wire,
      "pipeline": pipeline?.wire, "job": job?.wire, "attempt": attempt.wire, "outcome": outcome.wire,
      "status": status?.wire, "duration_ms": durationMS.wire, "code": code?.wire, "message": message?.wire,
      "at": at.wire,
    ])
  }
}
