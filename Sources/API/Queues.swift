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
  public init(namespace: String? = nil, kind: String? = nil) {
    (self.namespace, self.kind) = (namespace, kind)
  }

  public static let schema = Schema.taken(
    [
      .init("namespace", .text(from: 1, to: 100), required: false),
      .init("kind", .words(["trigger", "jobs", "outbox"]), required: false),
    ], name: "QueuesQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
    (namespace, kind) = (try fields.optionalText("namespace"), try fields.optionalText("kind"))
    if let kind, !["trigger", "jobs", "outbox"].contains(kind) {
      throw WireError(
        "/kind",
        Bilingual("\"kind\" is trigger, jobs or outbox.", pt: "\"kind\" é trigger, jobs ou outbox."))
    }
  }

  public var json: JSON { members(["namespace": namespace?.wire, "kind": kind?.wire]) }
}

public struct QueuePath: Wire, Hashable {
  /// `trigger~namespace~pipeline~trigger`, `jobs~namespace~pipeline` or `outbox~destination`.
  public var name: String
  public init(name: String) { self.name = name }
  public static let schema = Schema.taken(
    [
      .init(
        "name", .text(from: 1, to: 400),
        "`trigger~namespace~pipeline~trigger`, `jobs~namespace~pipeline` or `outbox~destination`.")
    ], name: "QueuePath")
  public init(_ json: JSON) throws(WireError) { name = try Fields.taken(json, Self.schema).text("name") }
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
      .init("namespace", .text, required: false), .init("waiting", .amount),
      .init("oldest_at", .time, required: false, "When the first of them came."),
      .init("failing", .amount, required: false, "Of an outbox: lanes that do not go on."),
    ], name: "QueueItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (name, kind) = (try fields.text("name"), try fields.text("kind"))
    (namespace, waiting) = (try fields.optionalText("namespace"), Int(try fields.integer("waiting")))
    (oldestAt, failing) = (
      try fields.moment("oldest_at"), try fields.optionalInteger("failing").map(Int.init)
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
  public static let schema = Schema.taken([.init("id", .text(from: 1, to: 200))], name: "WorkerPath")
  public init(_ json: JSON) throws(WireError) { id = try Fields.taken(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}
