public import Model

/// Endpoints that make and change schedules beside those of files, and that pause many of them.
public enum ScheduleChangeCalls {
  public static let create = Endpoint<ScheduleRequest, MadeSchedule>(
    .post, "/schedules", .needs("schedules", "create"),
    "Makes a schedule beside those of the pipeline's file, which no apply takes away.", success: [201])
  public static let update = Endpoint<ScheduleReplacement, ScheduleItem>(
    .put, "/schedules/{id}", .needs("schedules", "update"),
    "Replaces a schedule that was made by a call. With If-Match.")
  public static let delete = Endpoint<NamePath, Nothing>(
    .delete, "/schedules/{id}", .needs("schedules", "delete"),
    "Removes a schedule that was made by a call; its jobs go on.")
  public static let preview = Endpoint<PreviewRequest, SchedulePreview>(
    .post, "/schedules:preview", .needs("schedules", "read"),
    "When a line would be due, what clock changes do to it, and what to watch out for.", audit: .nothing)
  public static let pauseAll = Endpoint<ManyPauses, ManySchedules>(
    .post, "/schedules:pause-all", .needs("schedules", "pause"),
    "Pauses the schedules of a namespace, or all that the caller may pause.")
  public static let resumeAll = Endpoint<ManyPauses, ManySchedules>(
    .post, "/schedules:resume-all", .needs("schedules", "pause"),
    "Ends the pauses of the schedules of a namespace, or of all that the caller may pause.")
}

/// When something is due and how it starts: the keys of a file's `schedule:`, and the inputs of its jobs.
public struct ScheduleRule: Sendable, Hashable {
  public var cron: String
  public var timezone: String?
  public var dialect: String?
  public var overlap: String?
  /// `none`, `all`, or `{last, within}`.
  public var catchUp: JSON?
  public var jitter: String?
  public var calendar: String?
  /// Given to each job as they stand here; expressions are of files.
  public var inputs: JSONObject

  public init(
    cron: String, timezone: String? = nil, dialect: String? = nil, overlap: String? = nil,
    catchUp: JSON? = nil, jitter: String? = nil, calendar: String? = nil, inputs: JSONObject = JSONObject()
  ) {
    (self.cron, self.timezone, self.dialect, self.overlap) = (cron, timezone, dialect, overlap)
    (self.catchUp, self.jitter, self.calendar, self.inputs) = (catchUp, jitter, calendar, inputs)
  }

  init(_ fields: Fields) throws(WireError) {
    (cron, timezone) = (try fields.text("cron"), try fields.optionalText("timezone"))
    (dialect, overlap) = (try fields.optionalText("dialect"), try fields.optionalText("overlap"))
    catchUp = fields.object["catch_up"]
    (jitter, calendar) = (try fields.optionalText("jitter"), try fields.optionalText("calendar"))
    inputs = try fields.map("inputs")
  }

  static let members: [Schema.Member] = [
    .init("cron", .text(from: 1, to: 200), "The line, such as `0 6 * * 1-5`."),
    .init("timezone", .text(from: 1, to: 100), required: false, "Its IANA name; UTC without it."),
    .init("dialect", .words(["unix", "seconds", "quartz"]), required: false),
    .init(
      "overlap", .words(["skip", "queue", "buffer_one", "buffer_all", "cancel_running", "allow"]),
      required: false, "What becomes of a due time while a job of the schedule is live."),
    .init("catch_up", .any, required: false, "`none`, `all`, or `{last, within}`."),
    .init("jitter", .text(from: 1, to: 50), required: false, "A duration such as `30s`."),
    .init(
      "calendar", .text(from: 1, to: 100), required: false, "A setting with days on which nothing starts."),
    .init("inputs", .map, required: false, "Given to each job as they are."),
  ]

  /// The map that a file would have.
  public var spec: JSON {
    API.members([
      "cron": cron.wire, "timezone": timezone?.wire, "dialect": dialect?.wire, "overlap": overlap?.wire,
      "catch_up": catchUp, "jitter": jitter?.wire, "calendar": calendar?.wire,
    ])
  }

  func added(to json: JSON) -> JSON {
    guard case .object(var object) = json else { return json }
    for member in spec.object ?? JSONObject() { object[member.key] = member.value }
    if !inputs.members.isEmpty { object["inputs"] = .object(inputs) }
    return .object(object)
  }
}

public struct ScheduleRequest: Wire, Hashable {
  /// `namespace~name`.
  public var pipeline: String
  public var name: String
  public var rule: ScheduleRule

  public init(pipeline: String, name: String, rule: ScheduleRule) {
    (self.pipeline, self.name, self.rule) = (pipeline, name, rule)
  }

  public static let schema = Schema.taken(
    [
      .init("pipeline", .text(from: 3, to: 200), "`namespace~name`."),
      .init("name", .text(from: 1, to: 63), "Small letters, digits and _, a letter first."),
    ] + ScheduleRule.members, name: "ScheduleRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
    (pipeline, name) = (try fields.text("pipeline"), try fields.text("name"))
    rule = try ScheduleRule(fields)
  }

  public var json: JSON { rule.added(to: members(["pipeline": pipeline.wire, "name": name.wire])) }
}

public struct ScheduleReplacement: Wire, Hashable {
  /// `namespace~pipeline~name`.
  public var id: String
  public var rule: ScheduleRule
  public init(id: String, rule: ScheduleRule) { (self.id, self.rule) = (id, rule) }

  public static let schema = Schema.taken(
    [.init("id", .text(from: 5, to: 300), "`namespace~pipeline~name`.")] + ScheduleRule.members,
    name: "ScheduleReplacement")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
    (id, rule) = (try fields.text("id"), try ScheduleRule(fields))
  }

  public var json: JSON { rule.added(to: members(["id": id.wire])) }
}

extension ScheduleItem: Tagged {
  /// Of its definition: a pause and a due time change nothing about it.
  public var tag: String { version.map { "v\($0)" } ?? "file" }
}

/// A schedule that was just made, with where it is.
public struct MadeSchedule: Wire, Hashable, Tagged, Located {
  public var item: ScheduleItem
  public init(item: ScheduleItem) { self.item = item }
  public static var schema: Schema { ScheduleItem.schema }
  public init(_ json: JSON) throws(WireError) { item = try ScheduleItem(json) }
  public var json: JSON { item.json }
  public var tag: String { item.tag }
  public var location: String? { "/api/v1/schedules/\(Percent.encode(item.id))" }
}

public struct ManyPauses: Wire, Hashable {
  /// Nil: all in which the caller may pause schedules.
  public var namespace: String?
  /// For those who find them paused.
  public var reason: String
  /// When the pauses end by themselves.
  public var until: Timestamp?

  public init(namespace: String? = nil, reason: String, until: Timestamp? = nil) {
    (self.namespace, self.reason, self.until) = (namespace, reason, until)
  }

  public static let schema = Schema.taken(
    [
      .init("namespace", .text(from: 1, to: 100), required: false),
      .init("reason", .text(from: 1, to: 1_000), "Why."),
      .init("until", .time, required: false, "When the pauses end by themselves."),
    ], name: "ManyPauses")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
    (namespace, reason) = (try fields.optionalText("namespace"), try fields.text("reason"))
    until = try fields.moment("until")
  }

  public var json: JSON {
    members(["namespace": namespace?.wire, "reason": reason.wire, "until": until?.wire])
  }
}

/// The schedules that were changed.
public struct ManySchedules: Wire, Hashable {
  public var count: Int
  /// `namespace~pipeline~trigger`, in order.
  public var schedules: [String]
  public init(schedules: [String]) { (count, self.schedules) = (schedules.count, schedules) }

  public static let schema = Schema.object(
    [
      .init("count", .amount), .init("schedules", .list(of: .text), "Their ids."),
    ], name: "ManySchedules")

  public init(_ json: JSON) throws(WireError) {
    self.init(schedules: try Fields(json).texts(of: "schedules"))
  }

  public var json: JSON {
    members(["count": count.wire, "schedules": .array(schedules.map { .string($0) })])
  }
}
