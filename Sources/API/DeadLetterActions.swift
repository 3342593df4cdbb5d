public import Model

/// Which letters are to be replayed or discarded.
public struct LettersRequest: Wire {
  public var ids: [Int64]
  /// The open letters that it names, in place of ids.
  public var filter: LetterSelection
  /// At most so many, those that failed longest ago first: 1 to 1,000, and 100 unless said.
  public var limit: Int?
  /// Sent in place of what the one letter holds.
  public var edit: JSON?
  /// Why they are discarded.
  public var reason: String?
  /// Says what would happen, and changes nothing.
  public var isDry: Bool

  public init(
    ids: [Int64] = [], filter: LetterSelection = LetterSelection(), limit: Int? = nil, edit: JSON? = nil,
    reason: String? = nil, isDry: Bool = false
  ) {
    (self.ids, self.filter, self.limit, self.edit) = (ids, filter, limit, edit)
    (self.reason, self.isDry) = (reason, isDry)
  }

  /// Replayed or discarded by one call.
  public static let mostLetters = 1_000

  public static let schema = Schema.request(
    [
      .optional("ids", .list(of: .integer(1...Int.max), most: mostLetters)),
      .optional("filter", LetterSelection.schema, "The open letters that it names, in place of ids."),
      .optional(
        "limit", .integer(1...mostLetters).with("default", 100),
        "At most so many, those that failed longest ago first."),
      .optional("edit", .any, "Sent in place of what the one letter holds."),
      .optional("reason", .text(0...Schema.Member.longestNote), "Why they are discarded."),
      .optional("dry_run", .flag, "Says what would happen, and changes nothing."),
    ], name: "LettersRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    ids = try fields.integers("ids")
    filter = try fields.optionalValue("filter", of: LetterSelection.self) ?? LetterSelection()
    limit = try fields.optionalInt("limit")
    (edit, reason) = (fields.object["edit"], try fields.optionalText("reason"))
    isDry = try fields.flag("dry_run")
  }

  public var json: JSON {
    members([
      "ids": ids.isEmpty ? nil : .array(ids.map { .int($0) }), "filter": filter.isEmpty ? nil : filter.json,
      "limit": limit?.wire, "edit": edit, "reason": reason?.wire, "dry_run": isDry.wire,
    ])
  }
}

/// What became of one letter.
public struct LetterResult: Wire, Hashable {
  public var id: Int64
  /// As of a message that is handed to a trigger; also `queued`, `retried`, `discarded`, `would_replay`,
  /// `would_discard`, and `failed` with a code.
  public var outcome: String
  /// The jobs that were started, were there already, were given the signal or go on.
  public var jobs: [String]
  public var code: String?
  /// Why it is stored, refused, dead again or failed.
  public var reason: String?

  public init(id: Int64, outcome: String, jobs: [String] = [], code: String? = nil, reason: String? = nil) {
    (self.id, self.outcome, self.jobs, self.code) = (id, outcome, jobs, code)
    self.reason = reason
  }

  private static let outcomes =
    TriggerResult.outcomes + ["queued", "retried", "discarded", "would_replay", "would_discard", "failed"]

  public static let schema = Schema.object(
    [
      .init("id", .integer),
      .init("outcome", .words(outcomes)),
      .init(
        "jobs", .list(of: .text),
        "Jobs that were started, were there already, were given the signal or go on."),
      .optional("code", .text),
      .optional("reason", .text),
    ], name: "LetterResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, outcome) = (try fields.integer("id"), try fields.text("outcome"))
    jobs = try fields.texts("jobs")
    (code, reason) = (try fields.optionalText("code"), try fields.optionalText("reason"))
  }

  public var json: JSON {
    members([
      "id": .int(id), "outcome": outcome.wire, "jobs": .array(jobs.map { .string($0) }), "code": code?.wire,
      "reason": reason?.wire,
    ])
  }
}

public struct LettersResult: Wire, Hashable {
  /// In the order in which they were taken up.
  public var items: [LetterResult]
  /// More letters fit the filter than the limit let through.
  public var isCut: Bool

  public init(items: [LetterResult], isCut: Bool) { (self.items, self.isCut) = (items, isCut) }

  public static let schema = Schema.object(
    [
      .init("items", .list(of: LetterResult.schema), "In the order in which they were taken up."),
      .init("cut", .flag, "More letters fit the filter than the limit let through."),
    ], name: "LettersResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (items, isCut) = (try fields.list("items", of: LetterResult.self), try fields.flag("cut"))
  }

  public var json: JSON { members(["items": items.wire, "cut": .bool(isCut)]) }
}
