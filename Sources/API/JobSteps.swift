public import Model

public struct StepsQuery: Wire {
  public var id: String
  public var status: String?
  /// Only its items, its rounds and its inner steps.
  public var parent: String?
  public var limit: Int?
  public var cursor: String?

  public init(
    id: String, status: String? = nil, parent: String? = nil, limit: Int? = nil, cursor: String? = nil
  ) {
    (self.id, self.status, self.parent, self.limit, self.cursor) = (id, status, parent, limit, cursor)
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .optional("status", .words(StepStatus.allCases.map(\.word))),
      .optional(
        "parent", .text(1...Schema.Member.longestName).examples("load"),
        "The path of a step: only its items, its rounds and its inner steps."),
      .limit(),
      .cursor,
    ], name: "StepsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, status) = (try fields.text("id"), try fields.optionalText("status"))
    (parent, limit) = (try fields.optionalText("parent"), try fields.optionalInt("limit"))
    cursor = try fields.optionalText("cursor")
  }

  public var json: JSON {
    members([
      "id": id.wire, "status": status?.wire, "parent": parent?.wire, "limit": limit?.wire,
      "cursor": cursor?.wire,
    ])
  }
}

public struct StepPath: Wire {
  public var id: String
  /// Such as `collect[aneel].csv`.
  public var path: String

  public init(id: String, path: String) { (self.id, self.path) = (id, path) }

  /// Of a step's path, in characters.
  public static let longest = 1_000

  public static let schema = Schema.request(
    [
      .shortID,
      .init("path", .text(1...longest).examples("collect[aneel].csv")),
    ], name: "StepPath")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, path) = (try fields.text("id"), try fields.text("path"))
  }

  public var json: JSON { members(["id": id.wire, "path": path.wire]) }
}

public struct StepItem: Wire, Hashable {
  public var path: String
  /// The name under which the outside knows the step execution; empty from a server that does not tell it.
  public var key: String
  /// `uses`, `group`, `for_each`, `item` …
  public var kind: String
  public var connector: String?
  public var status: String
  public var attempts: Int
  public var crashes: Int
  public var readyAt: Timestamp?
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?
  public var dueAt: Timestamp?
  public var error: ErrorItem?
  public var skipCause: String?
  public var question: String?
  public var output: JSON?
  /// The id of the sub-job of a `call`.
  public var child: String?
  /// What a rescue took over from.
  public var rescued: ErrorItem?

  public init(
    path: String, key: String = "", kind: String, connector: String?, status: String,
    attempts: Int, crashes: Int,
    readyAt: Timestamp?, startedAt: Timestamp?, endedAt: Timestamp?, dueAt: Timestamp?, error: ErrorItem?,
    skipCause: String?, question: String?, output: JSON?, child: String? = nil, rescued: ErrorItem? = nil
  ) {
    (self.child, self.rescued) = (child, rescued)
    (self.path, self.key, self.kind) = (path, key, kind)
    (self.connector, self.status) = (connector, status)
    (self.attempts, self.crashes, self.readyAt, self.startedAt) = (attempts, crashes, readyAt, startedAt)
    (self.endedAt, self.dueAt, self.error) = (endedAt, dueAt, error)
    (self.skipCause, self.question, self.output) = (skipCause, question, output)
  }

  public static let schema = Schema.object(
    [
      .init("path", .text),
      .init("key", .text, "The name under which the outside knows the step execution."),
      .init("kind", .text, "`uses`, `group`, `for_each`, `item` …"),
      .optional("connector", .text),
      .init("status", .words(StepStatus.allCases.map(\.word))),
      .init("attempts", .count),
      .init("crashes", .count),
      .optional("ready_at", .time),
      .optional("started_at", .time),
      .optional("ended_at", .time),
      .optional("due_at", .time),
      .optional("error", ErrorItem.schema),
      .optional("skip_cause", .text),
      .optional("question", .text),
      .optional("output", .any),
      .optional("child", .text, "The id of the sub-job of a `call`."),
      .optional("rescued", ErrorItem.schema, "What a rescue took over from."),
    ], name: "StepItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (path, kind) = (try fields.text("path"), try fields.optionalText("kind") ?? "")
    key = try fields.optionalText("key") ?? ""
    (connector, status) = (try fields.optionalText("connector"), try fields.text("status"))
    attempts = try fields.optionalInt("attempts") ?? 0
    crashes = try fields.optionalInt("crashes") ?? 0
    (readyAt, startedAt) = (try fields.optionalTime("ready_at"), try fields.optionalTime("started_at"))
    (endedAt, dueAt) = (try fields.optionalTime("ended_at"), try fields.optionalTime("due_at"))
    error = try fields.optionalValue("error", of: ErrorItem.self)
    (skipCause, question) = (try fields.optionalText("skip_cause"), try fields.optionalText("question"))
    output = fields.object["output"]
    child = try fields.optionalText("child")
    rescued = try fields.optionalValue("rescued", of: ErrorItem.self)
  }

  public var json: JSON {
    members([
      "path": path.wire, "key": key.wire, "kind": kind.wire, "connector": connector?.wire,
      "status": status.wire,
      "attempts": attempts.wire, "crashes": crashes.wire, "ready_at": readyAt?.wire,
      "started_at": startedAt?.wire, "ended_at": endedAt?.wire, "due_at": dueAt?.wire, "error": error?.json,
      "skip_cause": skipCause?.wire, "question": question?.wire, "output": output,
      "child": child?.wire, "rescued": rescued?.json,
    ])
  }
}

public struct ResolveRequest: Wire {
  public enum Answer: Sendable, Hashable {
    case happened(output: JSON)
    case didNotHappen
    case failed(reason: String)
  }
  public var id: String
  public var path: String
  public var answer: Answer

  public init(id: String, path: String, answer: Answer) {
    (self.id, self.path, self.answer) = (id, path, answer)
  }

  public static let schema = Schema.oneOf(
    [
      .request(place + [.init("happened", .constant(true)), .optional("output", .any, "What it gave.")]),
      .request(place + [.init("happened", .constant(false))]),
      .request(place + [.init("fail", .text(1...Schema.Member.longestNote), "Why it failed.")]),
    ], shared: place, name: "ResolveRequest",
    "Whether the step happened, or that it failed.")

  private static let place = StepPath.schema.members

  public init(_ json: JSON) throws(WireError) {
    guard SchemaCheck.fault(of: json, by: Self.schema.json, at: "") == nil else { throw Self.noAnswer(json) }
    let fields = try Fields(json, Self.schema)
    (id, path) = (try fields.text("id"), try fields.text("path"))
    if let reason = try fields.optionalText("fail") {
      answer = .failed(reason: reason)
    } else {
      answer =
        try fields.flag("happened") ? .happened(output: fields.object["output"] ?? .null) : .didNotHappen
    }
  }

  private static func noAnswer(_ json: JSON) -> WireError {
    WireError(
      "/happened",
      Bilingual(
        "Say either \"happened\": true or false, or \"fail\" with the reason.",
        pt: "Diga \"happened\": true ou false, ou \"fail\" com o motivo."))
  }

  public var json: JSON {
    switch answer {
    case .happened(let output):
      members(["id": id.wire, "path": path.wire, "happened": .bool(true), "output": output])
    case .didNotHappen: members(["id": id.wire, "path": path.wire, "happened": .bool(false)])
    case .failed(let reason): members(["id": id.wire, "path": path.wire, "fail": reason.wire])
    }
  }
}

public struct LogsQuery: Wire {
  public var id: String
  public var path: String?
  public var attempt: Int?
  /// The least level that is shown: `debug`, `info`, `warn` or `error`.
  public var level: String?
  /// Stands in the message; ASCII letters are the same in capitals.
  public var text: String?
  public var since: Timestamp?
  public var limit: Int?
  public var cursor: String?

  public init(
    id: String, path: String? = nil, attempt: Int? = nil, level: String? = nil, limit: Int? = nil,
    cursor: String? = nil
  ) {
    (self.id, self.path, self.attempt, self.level) = (id, path, attempt, level)
    (self.limit, self.cursor) = (limit, cursor)
  }

  static let levels = ["debug", "info", "warn", "error"]

  public static let schema = Schema.request(
    [
      .shortID,
      .optional("path", .text(1...StepPath.longest), "Of one step."),
      .optional("attempt", .integer(0...Int(UInt32.max))),
      .optional("level", .words(levels), "The least level that is shown."),
      .optional("grep", .text(1...1_000), "Stands in the message; ASCII letters are the same in capitals."),
      .optional("since", .time),
      .limit(),
      .cursor,
    ], name: "LogsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, path) = (try fields.text("id"), try fields.optionalText("path"))
    attempt = try fields.optionalInt("attempt")
    level = try fields.optionalText("level")
    (text, since) = (try fields.optionalText("grep"), try fields.optionalTime("since"))
    limit = try fields.optionalInt("limit")
    cursor = try fields.optionalText("cursor")
  }

  public var json: JSON {
    members([
      "id": id.wire, "path": path?.wire, "attempt": attempt?.wire, "level": level?.wire, "grep": text?.wire,
      "since": since?.wire, "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

public struct LogLine: Wire, Hashable {
  public var at: Timestamp
  public var level: String
  public var path: String
  public var attempt: Int
  public var message: String

  public init(at: Timestamp, level: String, path: String, attempt: Int, message: String) {
    (self.at, self.level, self.path, self.attempt, self.message) = (at, level, path, attempt, message)
  }

  public static let schema = Schema.object(
    [
      .init("at", .time),
      .init("level", .words(LogsQuery.levels.map { $0.uppercased() })),
      .init("path", .text),
      .init("attempt", .count),
      .init("message", .text),
    ], name: "LogLine")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    at = try fields.time("at")
    (level, path) = (try fields.text("level"), try fields.text("path"))
    (attempt, message) = (try fields.int("attempt"), try fields.text("message"))
  }

  public var json: JSON {
    members([
      "at": at.wire, "level": level.wire, "path": path.wire, "attempt": attempt.wire, "message": message.wire,
    ])
  }
}
