public import Model

/// Endpoints about what waits inside of this installation, and about who works on it.
public enum QueueCalls {
  public static let list = Endpoint<QueuesQuery, Page<QueueItem>>(
    .get, "/queues", .needs("queues", "read"),
    "What waits: before triggers, for a place to run, and to leave. Empty queues are not told.")
  public static let get = Endpoint<QueuePath, QueueItem>(
    .get, "/queues/{name}", .needs("queues", "read"), "One queue, also an empty one.")
  public static let pause = Endpoint<QueuePauseRequest, QueueItem>(
    .post, "/queues/{name}/pause", .needs("queues", "pause"),
    "Pauses the pipeline whose queue it is: its triggers keep what comes, and new jobs are refused.")
  public static let resume = Endpoint<QueuePath, QueueItem>(
    .post, "/queues/{name}/resume", .needs("queues", "pause"), "Ends that pause.")
  public static let backup = BytesEndpoint<QueuePath>(
    "/queues/{name}/backup", .needs("queues", "export"),
    "What waits, in plain, a line of JSON each. The SHA-256 of all lines is the id that a purge asks for.",
    type: "application/x-ndjson", audit: .read)
  public static let purge = Endpoint<PurgeRequest, StartedWork>(
    .post, "/queues/{name}/purge", .needs("queues", "purge"),
    "Takes away what waits, where there is a backup of exactly that.", success: [202])
}

extension Schema.Member {
  static let queueName = Schema.Member(
    "name", .text(1...400),
    "`trigger~namespace~pipeline~trigger`, `jobs~namespace~pipeline` or `outbox~destination`.")
}

public struct QueuePauseRequest: Wire, Hashable {
  /// As in `QueuePath`.
  public var name: String
  public var reason: String
  /// When it ends by itself; nil: only by a resume.
  public var until: Timestamp?

  public init(name: String, reason: String, until: Timestamp? = nil) {
    (self.name, self.reason, self.until) = (name, reason, until)
  }

  public static let schema = Schema.request(
    [
      .queueName, .init("reason", .text(1...Schema.Member.longestNote), "For those who find it paused."),
      .optional("until", .time, "When it ends by itself; absent: only by a resume."),
    ], name: "QueuePauseRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, reason) = (try fields.text("name"), try fields.text("reason"))
    until = try fields.optionalTime("until")
  }

  public var json: JSON { members(["name": name.wire, "reason": reason.wire, "until": until?.wire]) }
}

public struct PurgeRequest: Wire, Hashable {
  /// As in `QueuePath`.
  public var name: String
  /// The SHA-256 of the lines of a backup.
  public var backupID: String
  /// Stands in the history of each job.
  public var reason: String

  public init(name: String, backupID: String, reason: String) {
    (self.name, self.backupID, self.reason) = (name, backupID, reason)
  }

  public static let schema = Schema.request(
    [
      .queueName,
      .init(
        "backup_id", .text(.sha256),
        "The SHA-256 of what GET /queues/{name}/backup gave, or of the file of `esteira.export_queue`."),
      .init("reason", .text(1...Schema.Member.longestNote), "Stands in the history of each job."),
    ], name: "PurgeRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, backupID) = (try fields.text("name"), try fields.text("backup_id"))
    reason = try fields.text("reason")
  }

  public var json: JSON {
    members(["name": name.wire, "backup_id": backupID.wire, "reason": reason.wire])
  }
}

public struct QueuesQuery: Wire, Hashable {
  public var namespace: String?
  public var kind: String?
  /// Such as `-waiting`; nil: by name.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?
  public init(
    namespace: String? = nil, kind: String? = nil, sort: String? = nil, limit: Int? = nil,
    cursor: String? = nil
  ) {
    (self.namespace, self.kind, self.sort) = (namespace, kind, sort)
    (self.limit, self.cursor) = (limit, cursor)
  }

  public static let schema = Schema.request(
    [
      .namespace,
      .optional("kind", .words(["trigger", "jobs", "outbox"])),
      .sort(by: ["name", "waiting", "oldest_at"]), .limit(), .cursor,
    ], name: "QueuesQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, kind) = (try fields.optionalText("namespace"), try fields.optionalText("kind"))
    (limit, cursor) = (try fields.optionalInt("limit"), try fields.optionalText("cursor"))
    sort = try fields.optionalText("sort")
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "kind": kind?.wire, "sort": sort?.wire,
      "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

public struct QueuePath: Wire, Hashable {
  /// `trigger~namespace~pipeline~trigger`, `jobs~namespace~pipeline` or `outbox~destination`.
  public var name: String
  public init(name: String) { self.name = name }
  public static let schema = Schema.request([.queueName], name: "QueuePath")
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
  /// Of the pipeline whose queue it is, while it rests.
  public var pause: PauseItem?

  public init(
    name: String, kind: String, namespace: String?, waiting: Int, oldestAt: Timestamp?, failing: Int? = nil,
    pause: PauseItem? = nil
  ) {
    (self.name, self.kind, self.namespace) = (name, kind, namespace)
    (self.waiting, self.oldestAt, self.failing) = (waiting, oldestAt, failing)
    self.pause = pause
  }

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("kind", .words(["trigger", "jobs", "outbox"])),
      .optional("namespace", .text), .init("waiting", .count),
      .optional("oldest_at", .time, "When the first of them came."),
      .optional("failing", .count, "Of an outbox: lanes that do not go on."),
      .optional("pause", PauseItem.schema, "Of its pipeline, while that rests."),
    ], name: "QueueItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, kind) = (try fields.text("name"), try fields.text("kind"))
    (namespace, waiting) = (try fields.optionalText("namespace"), try fields.int("waiting"))
    (oldestAt, failing) = (
      try fields.optionalTime("oldest_at"), try fields.optionalInt("failing")
    )
    pause = try fields.optionalValue("pause", of: PauseItem.self)
  }

  public var json: JSON {
    members([
      "name": name.wire, "kind": kind.wire, "namespace": namespace?.wire, "waiting": waiting.wire,
      "oldest_at": oldestAt?.wire, "failing": failing?.wire, "pause": pause?.json,
    ])
  }
}
