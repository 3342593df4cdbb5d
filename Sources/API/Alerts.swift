public import Model

public struct AlertPath: Wire {
  public static let schema = Schema.request([.shortID], name: "AlertPath")
  public var id: String
  public init(id: String) { self.id = id }
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct AlertQuery: Wire {
  /// `open` (the usual), `resolved` or `all`.
  public var state: String?
  public var cursor: String?
  public var limit: Int?
  public init(state: String? = nil, cursor: String? = nil, limit: Int? = nil) {
    (self.state, self.cursor, self.limit) = (state, cursor, limit)
  }
  public static let schema = Schema.request(
    [
      .optional("state", .words(["open", "resolved", "all"]).with("default", "open")),
      .cursor,
      .limit(),
    ], name: "AlertQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (state, cursor) = (try fields.optionalText("state"), try fields.optionalText("cursor"))
    limit = try fields.optionalInt("limit")
  }
  public var json: JSON { members(["state": state?.wire, "cursor": cursor?.wire, "limit": limit?.wire]) }
}

public struct AcknowledgeRequest: Wire {
  public var id: String
  public var note: String?
  public init(id: String, note: String? = nil) { (self.id, self.note) = (id, note) }
  public static let schema = Schema.request(
    [
      .shortID,
      .optional("note", .text(0...Schema.Member.longestNote)),
    ], name: "AcknowledgeRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, note) = (try fields.text("id"), try fields.optionalText("note"))
  }
  public var json: JSON { members(["id": id.wire, "note": note?.wire]) }
}

public struct AlertItem: Wire, Hashable {
  public var id: String
  /// Such as `atlasreg/daily success_every` or `heartbeat nightly-rsync`.
  public var key: String
  /// `firing`, `acknowledged` or `resolved`.
  public var state: String
  public var firstAt: Timestamp
  public var lastAt: Timestamp
  /// How often it came back.
  public var count: Int
  public var message: String
  public var acknowledgedBy: String?
  public var note: String?
  public var mutedUntil: Timestamp?
  public var resolvedAt: Timestamp?
  /// Of a single alert: what was told, newest first.
  public var notices: [NoticeItem]

  public init(
    id: String, key: String, state: String, firstAt: Timestamp, lastAt: Timestamp, count: Int,
    message: String, acknowledgedBy: String?, note: String?, mutedUntil: Timestamp?, resolvedAt: Timestamp?,
    notices: [NoticeItem]
  ) {
    (self.id, self.key, self.state, self.firstAt, self.lastAt) = (id, key, state, firstAt, lastAt)
    (self.count, self.message, self.acknowledgedBy, self.note) = (count, message, acknowledgedBy, note)
    (self.mutedUntil, self.resolvedAt, self.notices) = (mutedUntil, resolvedAt, notices)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("key", .text, "Such as `atlasreg/daily success_every` or `heartbeat nightly-rsync`."),
      .init("state", .words(["firing", "acknowledged", "resolved"])),
      .init("first_at", .time),
      .init("last_at", .time),
      .init("count", .count, "How often it came back."),
      .init("message", .text),
      .optional("acknowledged_by", .text),
      .optional("note", .text),
      .optional("muted_until", .time),
      .optional("resolved_at", .time),
      .optional("notices", .list(of: NoticeItem.schema), "Of a single alert: what was told, newest first."),
    ], name: "AlertItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, key, state) = (try fields.text("id"), try fields.text("key"), try fields.text("state"))
    firstAt = try fields.time("first_at")
    lastAt = try fields.time("last_at")
    (count, message) = (try fields.int("count"), try fields.text("message"))
    (acknowledgedBy, note) = (try fields.optionalText("acknowledged_by"), try fields.optionalText("note"))
    (mutedUntil, resolvedAt) = (
      try fields.optionalTime("muted_until"), try fields.optionalTime("resolved_at")
    )
    notices = try fields.list("notices", of: NoticeItem.self)
  }

  public var json: JSON {
    members([
      "id": id.wire, "key": key.wire, "state": state.wire, "first_at": firstAt.wire, "last_at": lastAt.wire,
      "count": count.wire, "message": message.wire, "acknowledged_by": acknowledgedBy?.wire,
      "note": note?.wire, "muted_until": mutedUntil?.wire, "resolved_at": resolvedAt?.wire,
      "notices": notices.isEmpty ? nil : notices.wire,
    ])
  }
}

public struct NoticeItem: Wire, Hashable {
  /// `firing`, `reminder`, `escalated`, `acknowledged` or `resolved`.
  public var kind: String
  public var at: Timestamp
  /// Destinations; empty: all that subscribe.
  public var to: [String]
  /// `waiting`, `sent`, `logged` or `given_up`.
  public var state: String
  public var error: String?

  public init(kind: String, at: Timestamp, to: [String], state: String, error: String?) {
    (self.kind, self.at, self.to, self.state, self.error) = (kind, at, to, state, error)
  }

  public static let schema = Schema.object(
    [
      .init("kind", .words(["firing", "reminder", "escalated", "acknowledged", "resolved"])),
      .init("at", .time),
      .init("to", .list(of: .text), "Destinations; empty: all that subscribe."),
      .init("state", .words(["waiting", "sent", "logged", "given_up"])),
      .optional("error", .text),
    ], name: "NoticeItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (kind, state) = (try fields.text("kind"), try fields.text("state"))
    at = try fields.time("at")
    to = try fields.texts("to")
    error = try fields.optionalText("error")
  }

  public var json: JSON {
    members([
      "kind": kind.wire, "at": at.wire, "to": .array(to.map(\.wire)), "state": state.wire,
      "error": error?.wire,
    ])
  }
}

public struct MuteItem: Wire, Hashable {
  /// Such as `mitrarr/*`, `demo/hello success_every` or `heartbeat nightly-rsync`.
  public var pattern: String
  public var reason: String
  public var until: Timestamp
  public var by: String?
  public var at: Timestamp?

  public init(pattern: String, reason: String, until: Timestamp, by: String? = nil, at: Timestamp? = nil) {
    (self.pattern, self.reason, self.until, self.by, self.at) = (pattern, reason, until, by, at)
  }

  public static let schema = Schema.request(
    [
      .init(
        "pattern", .text(1...Schema.Member.longestName).examples("demo/hello"),
        "A name, or one with `*` in it, such as `mitrarr/*`."),
      .init("reason", .text(1...Schema.Member.longestNote)),
      .init("until", .time, "At most 30 days from now."),
      .optional("by", Schema.text.with("readOnly", true)),
      .optional("at", Schema.time.with("readOnly", true)),
    ], name: "MuteItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (pattern, reason) = (try fields.text("pattern"), try fields.text("reason"))
    until = try fields.time("until")
    (by, at) = (try fields.optionalText("by"), try fields.optionalTime("at"))
  }

  public var json: JSON {
    members([
      "pattern": pattern.wire, "reason": reason.wire, "until": until.wire, "by": by?.wire, "at": at?.wire,
    ])
  }
}
