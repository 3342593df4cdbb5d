public import Model

/// Endpoints about what waits inside of this installation, and about who works on it.
public enum QueueCalls {
  public static let list = Endpoint<QueuesQuery, Page<QueueItem>>(
    .get, "/queues", .needs("queues", "read"),
    "What waits: before triggers, for a place to run, and to leave. Empty queues are not told.")
  public static let get = Endpoint<QueuePath, QueueItem>(
    .get, "/queues/{name}", .needs("queues", "read"), "One queue, also an empty one.")
  public static let workers = Endpoint<Nothing, Page<WorkerItem>>(
    .get, "/workers", .needs("workers", "read"), "The node that runs steps, and what it does now.")
  public static let worker = Endpoint<WorkerPath, WorkerItem>(
    .get, "/workers/{id}", .needs("workers", "read"), "One worker.")
}

public struct QueuesQuery: Wire, Hashable {
  public var namespace: String?
  public var kind: String?
  public var limit: Int?
  public var cursor: String?
  public init(
    namespace: String? = nil, kind: String? = nil, limit: Int? = nil, cursor: String? = nil
  ) {
    (self.namespace, self.kind, self.limit, self.cursor) = (namespace, kind, limit, cursor)
  }

  public static let schema = Schema.request(
    [
      .namespace,
      .optional("kind", .words(["trigger", "jobs", "outbox"])), .limit(), .cursor,
    ], name: "QueuesQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, kind) = (try fields.optionalText("namespace"), try fields.optionalText("kind"))
    (limit, cursor) = (try fields.optionalInt("limit"), try fields.optionalText("cursor"))
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "kind": kind?.wire, "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

public struct QueuePath: Wire, Hashable {
  /// `trigger~namespace~pipeline~trigger`, `jobs~namespace~pipeline` or `outbox~destination`.
  public var name: String
  public init(name: String) { self.name = name }
  public static let schema = Schema.request(
    [
      .init(
        "name", .text(1...400),
        "`trigger~namespace~pipeline~trigger`, `jobs~namespace~pipeline` or `outbox~destination`.")
    ], name: "QueuePath")
  public init(_ json: JSON) throws(WireError) { name = try Fields(json, Self.schema).text("name") }
  public var json: JSON { members(["name": name.wire]) }
}

public struct QueueItem: Wire, Hashable {
  /// As in `QueuePath`.
  public var name: String
  /// `trigger`, `jobs` or `outbox`.
  public var kind: String
  public var namespace: String?
  public var waiting: Int
  public var oldestAt: Timestamp?
  /// Of those that leave: lanes whose first message was tried in vain or is held.
  public var failing: Int?

  public init(
    name: String, kind: String, namespace: String?, waiting: Int, oldestAt: Timestamp?, failing: Int? = nil
  ) {
    (self.name, self.kind, self.namespace) = (name, kind, namespace)
    (self.waiting, self.oldestAt, self.failing) = (waiting, oldestAt, failing)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("kind", .words(["trigger", "jobs", "outbox"])),
      .optional("namespace", .text), .init("waiting", .count),
      .optional("oldest_at", .time, "When the first of them came."),
      .optional("failing", .count, "Of an outbox: lanes that do not go on."),
    ], name: "QueueItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, kind) = (try fields.text("name"), try fields.text("kind"))
    (namespace, waiting) = (try fields.optionalText("namespace"), try fields.int("waiting"))
    (oldestAt, failing) = (
      try fields.optionalTime("oldest_at"), try fields.optionalInt("failing")
    )
  }

  public var json: JSON {
    members([
      "name": name.wire, "kind": kind.wire, "namespace": namespace?.wire, "waiting": waiting.wire,
      "oldest_at": oldestAt?.wire, "failing": failing?.wire,
    ])
  }
}

public struct WorkerPath: Wire, Hashable {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request([.init("id", .text(1...200))], name: "WorkerPath")
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}
