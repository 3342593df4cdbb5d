public import Model

public struct PreviewRequest: Wire, Hashable {
  public var cron: String
  public var timezone: String?
  public var dialect: String?
  /// Behind this moment; nil: now.
  public var from: Timestamp?
  /// So many; nil: 5.
  public var count: Int?

  public init(
    cron: String, timezone: String? = nil, dialect: String? = nil, from: Timestamp? = nil, count: Int? = nil
  ) {
    (self.cron, self.timezone, self.dialect) = (cron, timezone, dialect)
    (self.from, self.count) = (from, count)
  }

  public static let counts = 1...1_000

  public static let schema = Schema.request(
    [
      .init("cron", .text(1...200)),
      .optional("timezone", .text(1...100), "Its IANA name; UTC without it."),
      .optional("dialect", .words(["unix", "seconds", "quartz"])),
      .optional("from", .time, "Behind this moment; now without it."),
      .optional("n", .integer(counts), "5 without it."),
    ], name: "PreviewRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (cron, timezone) = (try fields.text("cron"), try fields.optionalText("timezone"))
    (dialect, from) = (try fields.optionalText("dialect"), try fields.optionalTime("from"))
    count = try fields.optionalInt("n")
  }

  public var json: JSON {
    members([
      "cron": cron.wire, "timezone": timezone?.wire, "dialect": dialect?.wire, "from": from?.wire,
      "n": count?.wire,
    ])
  }
}

public struct SchedulePreview: Wire, Hashable {
  public var times: [NextItem]
  /// Sentences in the caller's language.
  public var warnings: [String]
  public init(times: [NextItem], warnings: [String]) { (self.times, self.warnings) = (times, warnings) }

  public static let schema = Schema.object(
    [
      .init("times", .list(of: NextItem.schema)),
      .init("warnings", .list(of: .text), "What to watch out for, in the caller's language."),
    ], name: "SchedulePreview")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (times, warnings) = (try fields.list("times", of: NextItem.self), try fields.texts("warnings"))
  }

  public var json: JSON {
    members(["times": times.wire, "warnings": .array(warnings.map { .string($0) })])
  }
}
