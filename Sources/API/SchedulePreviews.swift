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

  public static let schema = Schema.taken(
    [
      .init("cron", .text(from: 1, to: 200)),
      .init("timezone", .text(from: 1, to: 100), required: false, "Its IANA name; UTC without it."),
      .init("dialect", .words(["unix", "seconds", "quartz"]), required: false),
      .init("from", .time, required: false, "Behind this moment; now without it."),
      .init("n", .number(from: counts.lowerBound, to: counts.upperBound), required: false, "5 without it."),
    ], name: "PreviewRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
    (cron, timezone) = (try fields.text("cron"), try fields.optionalText("timezone"))
    (dialect, from) = (try fields.optionalText("dialect"), try fields.moment("from"))
    count = try fields.number("n", in: Self.counts)
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
    let fields = try Fields(json)
    (times, warnings) = (try fields.list("times", of: NextItem.self), try fields.texts(of: "warnings"))
  }

  public var json: JSON {
    members(["times": times.wire, "warnings": .array(warnings.map { .string($0) })])
  }
}
