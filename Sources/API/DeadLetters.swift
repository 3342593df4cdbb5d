public import Model

/// Endpoints about what ran out: messages, signals, jobs, steps and deliveries.
public enum DeadLetterCalls {
  /// Before `get`, whose path would take it for an id.
  public static let groups = Endpoint<LetterGroupsQuery, Page<LetterGroupItem>>(
    .get, "/dead-letters/groups", .needs("deadletters", "read"),
    "Dead letters that failed in the same way, counted; those that failed last come first.")
  public static let list = Endpoint<LettersQuery, Page<LetterItem>>(
    .get, "/dead-letters", .needs("deadletters", "read"),
    "Dead letters; those that failed last come first unless asked.")
  public static let get = Endpoint<LetterPath, LetterDetail>(
    .get, "/dead-letters/{id}", .needs("deadletters", "read"),
    "A dead letter with what it holds and what people did with it.", audit: .read)
  public static let replay = Endpoint<LettersRequest, LettersResult>(
    .post, "/dead-letters:replay", .needs("deadletters", "replay"),
    "Sends dead letters again, each once; those that failed longest ago go first.", success: [202])
  public static let discard = Endpoint<LettersRequest, LettersResult>(
    .post, "/dead-letters:discard", .needs("deadletters", "replay"),
    "Puts dead letters away, with a reason.", success: [202])
}

public struct LetterPath: Wire {
  public var id: Int64
  public init(id: Int64) { self.id = id }
  public static let schema = Schema.request(
    [.init("id", .integer(1...Int.max))], name: "LetterPath")

  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).integer("id") }
  public var json: JSON { members(["id": .int(id)]) }
}

/// Which letters are meant.
public struct LetterSelection: Wire, Hashable {
  public var namespace: String?
  /// `message`, `signal`, `job`, `step` or `delivery`.
  public var kind: String?
  /// `namespace~name`.
  public var pipeline: String?
  public var fingerprint: String?

  public init(
    namespace: String? = nil, kind: String? = nil, pipeline: String? = nil, fingerprint: String? = nil
  ) {
    (self.namespace, self.kind, self.pipeline) = (namespace, kind, pipeline)
    self.fingerprint = fingerprint
  }

  static let kinds = ["message", "signal", "job", "step", "delivery"]

  public static let schema = Schema.request(
    [
      .namespace,
      .optional("kind", .words(kinds)),
      .optional("pipeline", .text(.namespacedName), "`namespace~name`."),
      .optional("fingerprint", .text(1...Schema.Member.longestNote)),
    ], name: "LetterSelection")

  public init(_ json: JSON) throws(WireError) { try self.init(Fields(json, Self.schema)) }

  /// From an object that may have other members, too.
  init(_ fields: Fields) throws(WireError) {
    (namespace, kind) = (try fields.optionalText("namespace"), try fields.optionalText("kind"))
    (pipeline, fingerprint) = (try fields.optionalText("pipeline"), try fields.optionalText("fingerprint"))
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "kind": kind?.wire, "pipeline": pipeline?.wire,
      "fingerprint": fingerprint?.wire,
    ])
  }

  public var isEmpty: Bool { self == LetterSelection() }
}

public struct LettersQuery: Wire {
  public var selection: LetterSelection
  /// `open` unless said; `replayed`, `discarded` or `all`.
  public var state: String?
  /// `-last_at` (nil too) or `last_at`.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?

  public init(_ selection: LetterSelection, state: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.selection, self.state, self.limit, self.cursor) = (selection, state, limit, cursor)
  }

  public static let schema = Schema.request(
    LetterSelection.schema.members + [
      state, .sort(by: ["last_at"], usual: "-last_at"), .limit(), .cursor,
    ], name: "LettersQuery")

  static let state = Schema.Member.optional(
    "state", .words(["open", "replayed", "discarded", "all"]).with("default", "open"))

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (selection, state) = (try LetterSelection(fields), try fields.optionalText("state"))
    (limit, sort) = (try fields.optionalInt("limit"), try fields.optionalText("sort"))
    cursor = try fields.optionalText("cursor")
  }

  public var json: JSON {
    var object = selection.json.object ?? JSONObject()
    if let state { object["state"] = state.wire }
    if let sort { object["sort"] = sort.wire }
    if let limit { object["limit"] = limit.wire }
    if let cursor { object["cursor"] = cursor.wire }
    return .object(object)
  }
}

/// Of the groups there is one page, in one order.
public struct LetterGroupsQuery: Wire {
  public var selection: LetterSelection
  /// `open` unless said; `replayed`, `discarded` or `all`.
  public var state: String?
  public var limit: Int?

  public init(_ selection: LetterSelection, state: String? = nil, limit: Int? = nil) {
    (self.selection, self.state, self.limit) = (selection, state, limit)
  }

  public static let schema = Schema.request(
    LetterSelection.schema.members + [LettersQuery.state, .limit()], name: "LetterGroupsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (selection, state) = (try LetterSelection(fields), try fields.optionalText("state"))
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON {
    var object = selection.json.object ?? JSONObject()
    if let state { object["state"] = state.wire }
    if let limit { object["limit"] = limit.wire }
    return .object(object)
  }
}

public struct LetterItem: Wire, Hashable {
  public var id: Int64
  public var namespace: String
  public var kind: String
  /// `open`, `replayed` or `discarded`.
  public var state: String
  public var pipeline: String?
  public var job: String?
  /// Where it comes from; the members differ by the kind.
  public var source: JSON
  public var fingerprint: String
  /// `{code, message, class?, step?}`.
  public var error: JSON
  public var firstAt: Timestamp
  public var lastAt: Timestamp
  /// How often it ran out.
  public var tries: Int
  public var isEdited: Bool
  public var handledBy: String?
  public var handledAt: Timestamp?
  /// Why it was discarded.
  public var note: String?
  /// What a replayed one led to: `{outcome, jobs?, signal?}`.
  public var became: JSON?

  public init(
    id: Int64, namespace: String, kind: String, state: String, pipeline: String?, job: String?, source: JSON,
    fingerprint: String, error: JSON, firstAt: Timestamp, lastAt: Timestamp, tries: Int, isEdited: Bool,
    handledBy: String?, handledAt: Timestamp?, note: String?, became: JSON?
  ) {
    (self.id, self.namespace, self.kind, self.state) = (id, namespace, kind, state)
    (self.pipeline, self.job, self.source, self.fingerprint) = (pipeline, job, source, fingerprint)
    (self.error, self.firstAt, self.lastAt, self.tries) = (error, firstAt, lastAt, tries)
    (self.isEdited, self.handledBy, self.handledAt) = (isEdited, handledBy, handledAt)
    (self.note, self.became) = (note, became)
  }

  public static let schema = Schema.object(
    [
      .init("id", .integer),
      .init("namespace", .text),
      .init("kind", .words(LetterSelection.kinds)),
      .init("state", .words(["open", "replayed", "discarded"])),
      .optional("pipeline", .text),
      .optional("job", .text),
      .init("source", .any, "Where it comes from; the members differ by the kind."),
      .init("fingerprint", .text),
      .init("error", .any, "`{code, message, class?, step?}`."),
      .init("first_at", .time),
      .init("last_at", .time),
      .init("tries", .count, "How often it ran out."),
      .init("edited", .flag),
      .optional("handled_by", .text),
      .optional("handled_at", .time),
      .optional("note", .text, "Why it was discarded."),
      .optional("became", .any, "What a replayed one led to: `{outcome, jobs?, signal?}`."),
    ], name: "LetterItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, namespace) = (try fields.integer("id"), try fields.text("namespace"))
    (kind, state) = (try fields.text("kind"), try fields.text("state"))
    (pipeline, job) = (try fields.optionalText("pipeline"), try fields.optionalText("job"))
    (source, error) = (try fields.json("source"), try fields.json("error"))
    (fingerprint, tries) = (try fields.text("fingerprint"), try fields.int("tries"))
    firstAt = try fields.time("first_at")
    lastAt = try fields.time("last_at")
    (isEdited, handledBy) = (try fields.flag("edited"), try fields.optionalText("handled_by"))
    (handledAt, note) = (try fields.optionalTime("handled_at"), try fields.optionalText("note"))
    became = fields.object["became"]
  }

  public var json: JSON {
    members([
      "id": .int(id), "namespace": namespace.wire, "kind": kind.wire, "state": state.wire,
      "pipeline": pipeline?.wire, "job": job?.wire, "source": source, "fingerprint": fingerprint.wire,
      "error": error, "first_at": firstAt.wire, "last_at": lastAt.wire, "tries": tries.wire,
      "edited": .bool(isEdited), "handled_by": handledBy?.wire, "handled_at": handledAt?.wire,
      "note": note?.wire, "became": became,
    ])
  }
}

/// What a person did with a letter.
public struct LetterActItem: Wire, Hashable {
  public var at: Timestamp
  public var by: String
  /// `edited`, `replayed` or `discarded`.
  public var act: String
  public var note: String?

  public init(at: Timestamp, by: String, act: String, note: String?) {
    (self.at, self.by, self.act, self.note) = (at, by, act, note)
  }

  public static let schema = Schema.object(
    [
      .init("at", .time),
      .init("by", .text),
      .init("act", .words(["edited", "replayed", "discarded"])),
      .optional("note", .text),
    ], name: "LetterActItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    at = try fields.time("at")
    (by, act, note) = (try fields.text("by"), try fields.text("act"), try fields.optionalText("note"))
  }

  public var json: JSON {
    members(["at": at.wire, "by": by.wire, "act": act.wire, "note": note?.wire])
  }
}

public struct LetterDetail: Wire, Hashable {
  public var letter: LetterItem
  /// As it came; nil for a job and a step.
  public var original: JSON?
  /// What a person put in place of it.
  public var edited: JSON?
  public var acts: [LetterActItem]

  public init(letter: LetterItem, original: JSON?, edited: JSON?, acts: [LetterActItem]) {
    (self.letter, self.original, self.edited, self.acts) = (letter, original, edited, acts)
  }

  public static let schema = Schema.object(
    LetterItem.schema.members + [
      .optional("content", .any, "As it came; absent for a job and a step."),
      .optional("edited_content", .any, "What a person put in place of it."),
      .init("acts", .list(of: LetterActItem.schema)),
    ], name: "LetterDetail")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    letter = try LetterItem(json)
    (original, edited) = (fields.object["content"], fields.object["edited_content"])
    acts = try fields.list("acts", of: LetterActItem.self)
  }

  public var json: JSON {
    var object = letter.json.object ?? JSONObject()
    if let original { object["content"] = original }
    if let edited { object["edited_content"] = edited }
    object["acts"] = acts.wire
    return .object(object)
  }
}

public struct LetterGroupItem: Wire, Hashable {
  public var namespace: String
  public var kind: String
  public var fingerprint: String
  public var count: Int
  public var tries: Int
  public var firstAt: Timestamp
  public var lastAt: Timestamp
  /// The newest of them.
  public var example: Int64
  public var error: JSON

  public init(
    namespace: String, kind: String, fingerprint: String, count: Int, tries: Int, firstAt: Timestamp,
    lastAt: Timestamp, example: Int64, error: JSON
  ) {
    (self.namespace, self.kind, self.fingerprint, self.count) = (namespace, kind, fingerprint, count)
    (self.tries, self.firstAt, self.lastAt) = (tries, firstAt, lastAt)
    (self.example, self.error) = (example, error)
  }

  public static let schema = Schema.object(
    [
      .init("namespace", .text),
      .init("kind", .words(LetterSelection.kinds)),
      .init("fingerprint", .text),
      .init("count", .count),
      .init("tries", .count),
      .init("first_at", .time),
      .init("last_at", .time),
      .init("example", .integer, "The id of the newest of them."),
      .init("error", .any),
    ], name: "LetterGroupItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, kind) = (try fields.text("namespace"), try fields.text("kind"))
    (fingerprint, count) = (try fields.text("fingerprint"), try fields.int("count"))
    tries = try fields.int("tries")
    firstAt = try fields.time("first_at")
    lastAt = try fields.time("last_at")
    (example, error) = (try fields.integer("example"), try fields.json("error"))
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "kind": kind.wire, "fingerprint": fingerprint.wire, "count": count.wire,
      "tries": tries.wire, "first_at": firstAt.wire, "last_at": lastAt.wire, "example": .int(example),
      "error": error,
    ])
  }
}
