public import Model

/// Endpoints about questions to people. `{id}` is the whole id or any beginning of it that only one has.
public enum AskCalls {
  public static let list = Endpoint<AsksQuery, Page<AskItem>>(
    .get, "/asks", .needs("asks", "read"), "Questions to people, newest first; the open ones unless asked.")
  public static let get = Endpoint<AskPath, AskDetail>(
    .get, "/asks/{id}", .needs("asks", "read"), "A question with what it shows and its answers so far.")
  public static let answer = Endpoint<AnswerRequest, AskResult>(
    .post, "/asks/{id}/answer", .needs("asks", "answer"), "Answers a question.")
  public static let delegate = Endpoint<HandoverRequest, AskResult>(
    .post, "/asks/{id}/delegate", .needs("asks", "answer"), "Lets another person answer.")
  public static let remind = Endpoint<AskPath, AskResult>(
    .post, "/asks/{id}/remind", .needs("asks", "manage"), "Leaves a reminder in the job's history.")
}

public struct AskPath: Wire {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request(
    [.shortID], name: "AskPath")

  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct AsksQuery: Wire {
  public var namespace: String?
  /// `open`, `decided`, `expired`, `closed`, or `all`; nil: `open`.
  public var state: String?
  /// Only those that ask the caller, by name or by a group.
  public var mine: Bool
  /// `-opened_at` (nil too) or `opened_at`.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?

  public init(
    namespace: String? = nil, state: String? = nil, mine: Bool = false, limit: Int? = nil,
    cursor: String? = nil
  ) {
    (self.namespace, self.state, self.mine) = (namespace, state, mine)
    (self.limit, self.cursor) = (limit, cursor)
  }

  public static let schema = Schema.request(
    [
      .namespace,
      .optional("state", .words(["open", "decided", "expired", "closed", "all"]).with("default", "open")),
      .optional("mine", .flag, "Only those that ask the caller, by name or by a group."),
      .sort(by: ["opened_at"], usual: "-opened_at"),
      .limit(),
      .cursor,
    ], name: "AsksQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, state) = (try fields.optionalText("namespace"), try fields.optionalText("state"))
    (mine, cursor) = (try fields.flag("mine"), try fields.optionalText("cursor"))
    (limit, sort) = (try fields.optionalInt("limit"), try fields.optionalText("sort"))
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "state": state?.wire, "mine": mine.wire, "sort": sort?.wire,
      "limit": limit?.wire,
      "cursor": cursor?.wire,
    ])
  }
}

/// A question in a list.
public struct AskItem: Wire, Hashable {
  public var id: String
  public var job: String
  /// `namespace/name`.
  public var pipeline: String
  public var path: String
  public var title: String
  /// `open`, `decided`, `expired` or `closed`.
  public var state: String
  /// `user:ana`, `group:compliance`; empty: everybody.
  public var assignees: [String]
  public var quorum: Int
  public var openedAt: Timestamp
  public var expiresAt: Timestamp?
  public var choice: String?
  public var closedAt: Timestamp?

  public init(
    id: String, job: String, pipeline: String, path: String, title: String, state: String,
    assignees: [String], quorum: Int, openedAt: Timestamp, expiresAt: Timestamp?, choice: String?,
    closedAt: Timestamp?
  ) {
    (self.id, self.job, self.pipeline, self.path, self.title) = (id, job, pipeline, path, title)
    (self.state, self.assignees, self.quorum, self.openedAt) = (state, assignees, quorum, openedAt)
    (self.expiresAt, self.choice, self.closedAt) = (expiresAt, choice, closedAt)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("job", .text),
      .init("pipeline", .text, "`namespace/name`."),
      .init("path", .text),
      .init("title", .text),
      .init("state", .words(["open", "decided", "expired", "closed"])),
      .init("to", .list(of: .text), "Such as `user:ana` or `group:compliance`; empty: everybody."),
      .init("quorum", .count),
      .init("opened_at", .time),
      .optional("expires_at", .time),
      .optional("choice", .text),
      .optional("closed_at", .time),
    ], name: "AskItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, job) = (try fields.text("id"), try fields.text("job"))
    (pipeline, path) = (try fields.text("pipeline"), try fields.text("path"))
    (title, state) = (try fields.text("title"), try fields.text("state"))
    assignees = try fields.texts("to")
    quorum = try fields.int("quorum")
    openedAt = try fields.time("opened_at")
    (expiresAt, closedAt) = (try fields.optionalTime("expires_at"), try fields.optionalTime("closed_at"))
    choice = try fields.optionalText("choice")
  }

  public var json: JSON {
    members([
      "id": id.wire, "job": job.wire, "pipeline": pipeline.wire, "path": path.wire, "title": title.wire,
      "state": state.wire, "to": .array(assignees.map(\.wire)), "quorum": quorum.wire,
      "opened_at": openedAt.wire, "expires_at": expiresAt?.wire, "choice": choice?.wire,
      "closed_at": closedAt?.wire,
    ])
  }
}

/// A question with what it shows.
public struct AskDetail: Wire, Hashable {
  public var ask: AskItem
  public var show: JSON
  /// Each `{name, label, approves, form?}`; `form` is a JSON Schema.
  public var choices: [JSON]
  /// The hash of what is shown: an answer names it.
  public var shown: String
  public var onExpiry: String
  public var requesterMayAnswer: Bool
  /// Each `{by, on_behalf_of?, choice, form?, comment?, at, counts}`.
  public var answers: [JSON]

  public init(
    ask: AskItem, show: JSON, choices: [JSON], shown: String, onExpiry: String, requesterMayAnswer: Bool,
    answers: [JSON]
  ) {
    (self.ask, self.show, self.choices, self.shown) = (ask, show, choices, shown)
    (self.onExpiry, self.requesterMayAnswer, self.answers) = (onExpiry, requesterMayAnswer, answers)
  }

  public static let schema = Schema.object(
    AskItem.schema.members + [
      .init("show", .any),
      .init(
        "choices",
        .list(
          of: .object([
            .init("name", .text), .optional("label", .text), .optional("approves", .flag),
            .optional("form", .any, "A JSON Schema."),
          ]))),
      .init("shown_sha256", .text, "The hash of what is shown: an answer names it."),
      .init("on_expiry", .text),
      .init("requester_may_answer", .flag),
      .init(
        "answers",
        .list(
          of: .object([
            .init("by", .text), .optional("on_behalf_of", .text), .init("choice", .text),
            .optional("form", .any), .optional("comment", .any), .init("at", .time), .init("counts", .flag),
          ]))),
    ], name: "AskDetail")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (ask, show) = (try AskItem(json), try fields.json("show"))
    choices = try fields.list("choices", of: JSON.self)
    (shown, onExpiry) = (try fields.text("shown_sha256"), try fields.optionalText("on_expiry") ?? "")
    requesterMayAnswer = try fields.flag("requester_may_answer")
    answers = try fields.list("answers", of: JSON.self)
  }

  public var json: JSON {
    var object = ask.json.object ?? JSONObject()
    object["show"] = show
    object["choices"] = .array(choices)
    object["shown_sha256"] = shown.wire
    object["on_expiry"] = onExpiry.wire
    object["requester_may_answer"] = .bool(requesterMayAnswer)
    object["answers"] = .array(answers)
    return .object(object)
  }
}
