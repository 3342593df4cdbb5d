public import Model

/// Endpoints that make and change schedules beside those of files, and that pause many of them.
public enum ScheduleChangeCalls {
  public static let create = Endpoint<ScheduleRequest, MadeSchedule>(
    .post, "/schedules", .needs("schedules", "create"),
    "Makes a schedule beside those of the pipeline's file, which no apply takes away.", success: [200, 201],
    dryRun: true)
  public static let update = Endpoint<ScheduleReplacement, ScheduleItem>(
    .put, "/schedules/{id}", .needs("schedules", "update"),
    "Replaces a schedule that was made by a call, in the state that If-Match names.", precondition: true,
    dryRun: true)
  public static let change = Endpoint<ScheduleChange, ScheduleItem>(
    .patch, "/schedules/{id}", .needs("schedules", "update"),
    "Changes parts of a schedule that was made by a call, in the state that If-Match names.",
    precondition: true, dryRun: true)
  public static let delete = Endpoint<SchedulePath, Nothing>(
    .delete, "/schedules/{id}", .needs("schedules", "delete"),
    "Removes a schedule that was made by a call; its jobs go on. With If-Match only as it was seen.",
    problems: [412], dryRun: true)
  public static let preview = Endpoint<PreviewRequest, SchedulePreview>(
    .post, "/schedules:preview", .needs("schedules", "read"),
    "When a line would be due, what clock changes do to it, and what to watch out for.", audit: .nothing)
  public static let pauseAll = Endpoint<ManyPauses, ManySchedules>(
    .post, "/schedules:pause-all", .needs("schedules", "pause"),
    "Pauses the schedules of a namespace, or all that the caller may pause.")
  public static let resumeAll = Endpoint<ManyResumes, ManySchedules>(
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
    .init("cron", .text(1...200), "The line, such as `0 6 * * 1-5`."),
    .optional("timezone", .text(1...100), "Its IANA name; UTC without it."),
    .optional("dialect", .words(["unix", "seconds", "quartz"])),
    .optional(
      "overlap", .words(["skip", "queue", "buffer_one", "buffer_all", "cancel_running", "allow"]),
      "What becomes of a due time while a job of the schedule is live."),
    .optional("catch_up", .any, "`none`, `all`, or `{last, within}`."),
    .optional("jitter", .text(1...50), "A duration such as `30s`."),
    .optional(
      "calendar", .text(1...100), "A setting with days on which nothing starts."),
    .optional("inputs", .map, "Given to each job as they are."),
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
    object["inputs"] = .object(inputs)
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

  public static let schema = Schema.request(
    [
      .init("pipeline", .text(.namespacedName).examples("demo~daily"), "`namespace~name`."),
      .init("name", .text(1...63), "Small letters, digits and _, a letter first."),
    ] + ScheduleRule.members, name: "ScheduleRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
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

  public static let schema = Schema.request(
    [.scheduleID] + ScheduleRule.members,
    name: "ScheduleReplacement")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, rule) = (try fields.text("id"), try ScheduleRule(fields))
  }

  public var json: JSON { rule.added(to: members(["id": id.wire])) }
}

/// What is not named stays, and what is null is taken away.
public struct ScheduleChange: Wire, Hashable {
  /// `namespace~pipeline~name`.
  public var id: String
  /// The members that are to change.
  public var change: JSONObject
  public init(id: String, change: JSONObject) { (self.id, self.change) = (id, change) }

  public static let schema = Schema.request(
    [.scheduleID]
      + ScheduleRule.members.map { member in
        // A schedule has a line in any case.
        .optional(
          member.name, member.isRequired || member.schema == .any ? member.schema : member.schema.orNull,
          member.summary)
      }, name: "ScheduleChange", "What is not named stays, and what is null is taken away.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, change) = (try fields.text("id"), fields.object)
    change["id"] = nil
  }

  public var json: JSON {
    var object: JSONObject = ["id": id.wire]
    for member in change { object[member.key] = member.value }
    return .object(object)
  }

  /// The rule with the change in it.
  public func applied(to spec: JSON, inputs: JSONObject) throws(WireError) -> ScheduleRule {
    var object = spec.object ?? JSONObject()
    object["inputs"] = .object(inputs)
    for member in change { object[member.key] = member.value.isNull ? nil : member.value }
    return try ScheduleRule(Fields(.object(object), Schema.request(ScheduleRule.members)))
  }
}

extension ScheduleItem: Tagged {
  /// What of it a change is made on: a pause and a due time are no other definition.
  public var state: DefinitionTag {
    let definition: JSON = [spec, .object(inputs ?? JSONObject())]
    return DefinitionTag(
      revision: version ?? 0, sha256: DefinitionTag.checksum(definition.serialized()))
  }
  public var tag: String { state.text(shownAs: json.serialized()) }
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

  public static let schema = Schema.request(
    [
      .namespace, .init("reason", .text(1...Schema.Member.longestNote), "For those who find them paused."),
      .optional("until", .time, "When the pauses end by themselves."),
    ], name: "ManyPauses")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, reason) = (try fields.optionalText("namespace"), try fields.text("reason"))
    until = try fields.optionalTime("until")
  }

  public var json: JSON {
    members(["namespace": namespace?.wire, "reason": reason.wire, "until": until?.wire])
  }
}

/// As of `ManyPauses`; what was missed meanwhile stays missed.
public struct ManyResumes: Wire, Hashable {
  public var namespace: String?
  public init(namespace: String? = nil) { self.namespace = namespace }
  public static let schema = Schema.request([.namespace], name: "ManyResumes")
  public init(_ json: JSON) throws(WireError) {
    namespace = try Fields(json, Self.schema).optionalText("namespace")
  }
  public var json: JSON { members(["namespace": namespace?.wire]) }
}

/// The schedules that were changed.
public struct ManySchedules: Wire, Hashable {
  public var count: Int
  /// `namespace~pipeline~trigger`, in order.
  public var schedules: [String]
  public init(schedules: [String]) { (count, self.schedules) = (schedules.count, schedules) }

  public static let schema = Schema.object(
    [
      .init("count", .count), .init("schedules", .list(of: .text), "Their ids."),
    ], name: "ManySchedules")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (count, schedules) = (try fields.int("count"), try fields.texts("schedules"))
  }

  public var json: JSON {
    members(["count": count.wire, "schedules": .array(schedules.map { .string($0) })])
  }
}
