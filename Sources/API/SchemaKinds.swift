public import Model

/// The schemas that the wire types are put together from.
extension Schema {
  /// Anything: what only the user knows the shape of.
  public static let any = Schema(.object(JSONObject()))
  public static let anyButNull = Schema(["type": ["string", "number", "boolean", "object", "array"]])
  public static let nothing = Schema.request([])

  public static let text = Schema(["type": "string"])
  public static let number = Schema(["type": "number"])
  public static let flag = Schema(["type": "boolean"])
  /// RFC 3339; answers are in UTC.
  public static let time = Schema(["type": "string", "format": "date-time"])
  /// An object of members that only the user knows.
  public static let map = Schema(["type": "object"])
  /// Where numbers of the store are shown that have no other bound.
  public static let integer = integer(Int.min...Int.max)
  /// How many there are of something.
  public static let count = integer(0...Int.max)

  /// Of a pipeline.
  public static let revision = integer(1...mostRevisions)
  /// 0: there is none yet.
  public static let revisionOrNone = integer(0...mostRevisions)
  private static let mostRevisions = 1_000_000_000

  public static func integer(_ range: ClosedRange<Int>) -> Schema {
    Schema([
      "type": "integer", "format": "int64", "minimum": .int(Int64(range.lowerBound)),
      "maximum": .int(Int64(range.upperBound)),
    ])
  }

  /// So many Unicode scalars.
  public static func text(_ length: ClosedRange<Int>) -> Schema {
    Schema([
      "type": "string", "minLength": .int(Int64(length.lowerBound)),
      "maxLength": .int(Int64(length.upperBound)),
    ])
  }

  public static func text(_ form: TextForm) -> Schema {
    Schema([
      "type": "string", "minLength": 1, "maxLength": .int(Int64(form.longest)),
      "pattern": .string(form.rawValue),
    ])
  }

  /// This value alone.
  public static func constant(_ flag: Bool) -> Schema { Schema(["type": "boolean", "enum": [.bool(flag)]]) }

  /// Exactly one of these objects; `shared`: members that all of them have.
  static func oneOf(
    _ schemas: [Schema], shared: [Member], name: String?, _ summary: String? = nil
  ) -> Schema {
    var json: JSONObject = ["oneOf": .array(schemas.map(\.reference))]
    if let summary { json["description"] = .string(summary) }
    return Schema(.object(json), name: name, parts: schemas, members: shared)
  }

  /// One of these words.
  public static func words(_ words: [String]) -> Schema {
    Schema(["type": "string", "enum": .array(words.map { .string($0) })])
  }

  public static func list(of element: Schema, most: Int? = nil, least: Int = 0) -> Schema {
    var json: JSONObject = ["type": "array", "items": element.reference]
    if least > 0 { json["minItems"] = .int(Int64(least)) }
    if let most { json["maxItems"] = .int(Int64(most)) }
    return Schema(.object(json), parts: [element])
  }

  /// An object whose members have names of the user's and values of one kind.
  public static func map(of element: Schema, named form: TextForm? = nil, most: Int? = nil) -> Schema {
    var json: JSONObject = ["type": "object", "additionalProperties": element.reference]
    if let form { json["propertyNames"] = text(form).json }
    if let most { json["maxProperties"] = .int(Int64(most)) }
    return Schema(.object(json), parts: [element])
  }

  /// Or null.
  public var orNull: Schema {
    if name == nil, case .string(let type)? = json["type"], json["enum"] == nil {
      return with("type", [.string(type), "null"])
    }
    return Schema(["anyOf": [reference, ["type": "null"]]], parts: [self])
  }

  /// With values that show what is meant.
  public func examples(_ examples: JSON...) -> Schema { with("examples", .array(examples)) }

  /// A base64 text of RFC 4648 with padding.
  public static func base64(most bytes: Int) -> Schema {
    Schema([
      "type": "string", "contentEncoding": "base64", "pattern": .string(TextForm.base64.rawValue),
      "maxLength": .int(Int64((bytes + 2) / 3 * 4)),
    ])
  }
}

/// Members that many requests have.
extension Schema.Member {
  /// How long an id, a name or a key may be.
  public static let longestName = 500
  /// How long a duration may be.
  public static let shortText = 50
  /// How long a reason or a note may be.
  public static let longestNote = 1_000

  /// `namespace~name`.
  public static let id = Schema.Member(
    "id", Schema.text(.namespacedName).examples("demo~hello"), "`namespace~name`.")
  /// A whole id or any beginning of it that only one has.
  public static let shortID = Schema.Member(
    "id", Schema.text(1...longestName).examples("0199c2f0-7f3a"), "The id, or a beginning that only one has.")
  public static let namespace = Schema.Member.optional(
    "namespace", Schema.text(1...longestName).examples("demo"), "Only of this namespace.")
  public static let cursor = Schema.Member.optional(
    "cursor", Schema.text(1...longestName), "Where the page before ended: its `next_cursor`.")
  public static let scheduleID = Schema.Member(
    "id", Schema.text(.scheduleName).examples("demo~daily~morning"),
    "`namespace~pipeline~trigger`; without the trigger the only schedule of the pipeline.")
  public static let idempotencyKey = Schema.Member.optional(
    "idempotency_key", Schema.text(1...longestName), "A second call with the same key is the same call.")

  /// By what a list can be sorted; `usual`: how it is unless asked, where that is not by the first.
  public static func sort(by names: [String], usual: String? = nil) -> Schema.Member {
    .optional(
      "sort",
      Schema.words(names.flatMap { [$0, "-\($0)"] }).with("default", .string(usual ?? names[0])),
      "A `-` turns the order round; what has no such value comes last.")
  }

  public static func limit(_ range: ClosedRange<Int> = 1...200, usual: Int = 50) -> Schema.Member {
    .optional("limit", Schema.integer(range).with("default", .int(Int64(usual))), "At most so many.")
  }
}
