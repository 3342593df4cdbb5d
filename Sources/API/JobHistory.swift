public import Model

public struct EventsQuery: Wire {
  public var id: String
  /// Only what lies behind this sequence number.
  public var after: Int
  public var limit: Int?

  public init(id: String, after: Int = 0, limit: Int? = nil) {
    (self.id, self.after, self.limit) = (id, after, limit)
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .optional("after_seq", .integer(0...Int(UInt32.max)), "Only what lies behind this sequence number."),
      .limit(),
    ], name: "EventsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, after) = (try fields.text("id"), try fields.optionalInt("after_seq") ?? 0)
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON { members(["id": id.wire, "after_seq": after.wire, "limit": limit?.wire]) }
}

/// One decision: its facts as `{"fact": "ended", "path": "greet", "status": "success"}`.
public struct JobEvent: Wire, Hashable {
  public var sequence: Int
  public var at: Timestamp
  public var facts: [JSON]

  public init(sequence: Int, at: Timestamp, facts: [JSON]) {
    (self.sequence, self.at, self.facts) = (sequence, at, facts)
  }

  public static let schema = Schema.object(
    [
      .init("seq", .count),
      .init("at", .time),
      .init(
        "facts", .list(of: .map),
        "Such as `{\"fact\": \"ended\", \"path\": \"greet\", \"status\": \"success\"}`."),
    ], name: "JobEvent")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    sequence = try fields.int("seq")
    at = try fields.time("at")
    facts = try fields.list("facts", of: JSON.self)
  }

  public var json: JSON { members(["seq": sequence.wire, "at": at.wire, "facts": .array(facts)]) }
}

public struct Blockers: Wire, Hashable {
  public var items: [BlockerItem]
  public init(_ items: [BlockerItem]) { self.items = items }
  public static let schema = Schema.object(
    [.init("blockers", .list(of: BlockerItem.schema))], name: "Blockers")

  public init(_ json: JSON) throws(WireError) {
    items = try Fields(json, Self.schema).list("blockers", of: BlockerItem.self)
  }
  public var json: JSON { members(["blockers": items.wire]) }
}

public struct BlockerItem: Wire, Hashable {
  public var kind: String
  public var path: String
  /// In the caller's language.
  public var text: String
  public var since: Timestamp?
  public var until: Timestamp?
  public var remedy: String?

  public init(kind: String, path: String, text: String, since: Timestamp?, until: Timestamp?, remedy: String?)
  {
    (self.kind, self.path, self.text) = (kind, path, text)
    (self.since, self.until, self.remedy) = (since, until, remedy)
  }

  public static let schema = Schema.object(
    [
      .init("kind", .text),
      .init("path", .text),
      .init("text", .text, "In the caller's language."),
      .optional("since", .time),
      .optional("until", .time),
      .optional("remedy", .text),
    ], name: "BlockerItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (kind, path) = (try fields.text("kind"), try fields.optionalText("path") ?? "")
    (text, remedy) = (try fields.text("text"), try fields.optionalText("remedy"))
    (since, until) = (try fields.optionalTime("since"), try fields.optionalTime("until"))
  }

  public var json: JSON {
    members([
      "kind": kind.wire, "path": path.wire, "text": text.wire, "since": since?.wire, "until": until?.wire,
      "remedy": remedy?.wire,
    ])
  }
}

public struct StopRequest: Wire {
  public var id: String
  public var reason: String
  public init(id: String, reason: String) { (self.id, self.reason) = (id, reason) }
  public static let schema = Schema.request(
    [
      .shortID,
      .optional("reason", .text(0...Schema.Member.longestNote)),
    ], name: "StopRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, reason) = (try fields.text("id"), try fields.optionalText("reason") ?? "")
  }
  public var json: JSON { members(["id": id.wire, "reason": reason.wire]) }
}

public struct KillRequest: Wire {
  public var id: String
  /// Why nobody waits for an orderly end.
  public var reason: String
  public init(id: String, reason: String) { (self.id, self.reason) = (id, reason) }
  public static let schema = Schema.request(
    [.shortID, .init("reason", .text(1...Schema.Member.longestNote))], name: "KillRequest")
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, reason) = (try fields.text("id"), try fields.text("reason"))
  }
  public var json: JSON { members(["id": id.wire, "reason": reason.wire]) }
}

public struct KillResult: Wire, Hashable {
  public var job: JobItem
  /// Paths of steps whose work may go on outside.
  public var mayStillRun: [String]
  public init(job: JobItem, mayStillRun: [String]) { (self.job, self.mayStillRun) = (job, mayStillRun) }
  public static let schema = Schema.object(
    JobItem.schema.members + [
      .init("may_still_run", .list(of: .text), "Paths of steps whose work may go on outside.")
    ], name: "KillResult")

  public init(_ json: JSON) throws(WireError) {
    job = try JobItem(json)
    mayStillRun = try Fields(json, Self.schema).list("may_still_run", of: JSON.self).compactMap(\.string)
  }
  public var json: JSON {
    var object = job.json.object ?? JSONObject()
    object["may_still_run"] = .array(mayStillRun.map(\.wire))
    return .object(object)
  }
}

public struct ReplayResult: Wire, Hashable {
  public var events: Int
  public var facts: Int
  /// The status that the fold ends in.
  public var status: String
  /// Each says what differs and where, in the caller's language; empty where history and store agree.
  public var differences: [String]

  public init(events: Int, facts: Int, status: String, differences: [String]) {
    (self.events, self.facts, self.status, self.differences) = (events, facts, status, differences)
  }

  public static let schema = Schema.object(
    [
      .init("events", .count),
      .init("facts", .count),
      .init("status", .words(JobStatus.allCases.map(\.word))),
      .init("differences", .list(of: .text), "What differs and where; empty where history and store agree."),
    ], name: "ReplayResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (events, facts) = (try fields.int("events"), try fields.int("facts"))
    status = try fields.text("status")
    differences = try fields.texts("differences")
  }

  public var json: JSON {
    members([
      "events": events.wire, "facts": facts.wire, "status": status.wire,
      "differences": .array(differences.map(\.wire)),
    ])
  }
}
