public import Model

public struct AlertQuery: Wire {
  /// `open` (the usual), `resolved` or `all`.
  public var state: String?
  public var cursor: String?
  public var limit: Int?
  public init(state: String? = nil, cursor: String? = nil, limit: Int? = nil) {
    (self.state, self.cursor, self.limit) = (state, cursor, limit)
  }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (state, cursor) = (try fields.optionalText("state"), try fields.optionalText("cursor"))
    limit = try fields.optionalInteger("limit").map(Int.init)
  }
  public var json: JSON { members(["state": state?.wire, "cursor": cursor?.wire, "limit": limit?.wire]) }
}

public struct AcknowledgeRequest: Wire {
  public var id: String
  public var note: String?
  public init(id: String, note: String? = nil) { (self.id, self.note) = (id, note) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, key, state) = (try fields.text("id"), try fields.text("key"), try fields.text("state"))
    firstAt = try fields.time("first_at") ?? Timestamp(microseconds: 0)
    lastAt = try fields.time("last_at") ?? firstAt
    (count, message) = (Int(try fields.integer("count")), try fields.text("message"))
    (acknowledgedBy, note) = (try fields.optionalText("acknowledged_by"), try fields.optionalText("note"))
    (mutedUntil, resolvedAt) = (try fields.time("muted_until"), try fields.time("resolved_at"))
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (kind, state) = (try fields.text("kind"), try fields.text("state"))
    at = try fields.time("at") ?? Timestamp(microseconds: 0)
    to = try fields.list("to", of: JSON.self).compactMap(\.string)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (pattern, reason) = (try fields.text("pattern"), try fields.text("reason"))
    guard let until = try fields.time("until") else {
      throw WireError("/until", Bilingual("\"until\" is missing.", pt: "Falta \"until\"."))
    }
    self.until = until
    (by, at) = (try fields.optionalText("by"), try fields.time("at"))
  }

  public var json: JSON {
    members([
      "pattern": pattern.wire, "reason": reason.wire, "until": until.wire, "by": by?.wire, "at": at?.wire,
    ])
  }
}
