public import Model

/// Endpoints about schedules. `{id}` is `namespace~pipeline~trigger`; without the trigger it is the only
/// schedule of the pipeline.
public enum ScheduleCalls {
  public static let list = Endpoint<SchedulesQuery, Page<ScheduleItem>>(
    .get, "/schedules", .needs("schedules", "read"),
    "The schedules of the newest revisions by name, with their last and next due times.")
  public static let get = Endpoint<SchedulePath, ScheduleItem>(
    .get, "/schedules/{id}", .needs("schedules", "read"), "A schedule.")
  public static let next = Endpoint<NextQuery, Page<NextItem>>(
    .get, "/schedules/{id}/next", .needs("schedules", "read"),
    "When it is due next, with what clock changes and its calendar do to it.")
  public static let fires = Endpoint<FiresQuery, Page<FireItem>>(
    .get, "/schedules/{id}/fires", .needs("schedules", "read"),
    "What became of its due times, the latest first, missed ones included.")
  public static let allFires = Endpoint<FiresQuery, Page<FireItem>>(
    .get, "/fires", .needs("schedules", "read"), "The same of all schedules of a namespace.")
  public static let pause = Endpoint<SchedulePauseRequest, ScheduleItem>(
    .post, "/schedules/{id}/pause", .needs("schedules", "pause"),
    "Lets its due times be missed until it is resumed.")
  public static let resume = Endpoint<ResumeRequest, ScheduleItem>(
    .post, "/schedules/{id}/resume", .needs("schedules", "pause"),
    "Ends the pause, and makes up for it where that is asked for.")
  public static let trigger = Endpoint<SchedulePath, TriggerResult>(
    .post, "/schedules/{id}/trigger", .needs("schedules", "pause"), "Starts a job now, as if it were due.",
    success: [200, 202])
}

public struct SchedulePath: Wire {
  public static let schema = Schema.request([.scheduleID], name: "SchedulePath")
  public var id: String
  public init(id: String) { self.id = id }
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

/// As of a pipeline.
public struct SchedulePauseRequest: Wire {
  public var id: String
  public var reason: String
  public var until: Timestamp?

  public init(id: String, reason: String, until: Timestamp? = nil) {
    (self.id, self.reason, self.until) = (id, reason, until)
  }

  public static let schema = Schema.request(
    [.scheduleID] + PauseRequest.schema.members.dropFirst(), name: "SchedulePauseRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, reason) = (try fields.text("id"), try fields.text("reason"))
    until = try fields.optionalTime("until")
  }

  public var json: JSON { members(["id": id.wire, "reason": reason.wire, "until": until?.wire]) }
}

public struct NamespaceQuery: Wire {
  public var namespace: String?
  public init(namespace: String? = nil) { self.namespace = namespace }
  public static let schema = Schema.request(
    [.namespace], name: "NamespaceQuery")

  public init(_ json: JSON) throws(WireError) {
    namespace = try Fields(json, Self.schema).optionalText("namespace")
  }
  public var json: JSON { members(["namespace": namespace?.wire]) }
}

public struct SchedulesQuery: Wire {
  public var namespace: String?
  /// Such as `next_at`; nil: by name.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?
  public init(namespace: String? = nil, sort: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.namespace, self.sort, self.limit, self.cursor) = (namespace, sort, limit, cursor)
  }
  public static let schema = Schema.request(
    [.namespace, .sort(by: ["name", "next_at", "last_at"]), .limit(), .cursor], name: "SchedulesQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, cursor) = (try fields.optionalText("namespace"), try fields.optionalText("cursor"))
    (limit, sort) = (try fields.optionalInt("limit"), try fields.optionalText("sort"))
  }
  public var json: JSON {
    members([
      "namespace": namespace?.wire, "sort": sort?.wire, "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

public struct NextQuery: Wire {
  public var id: String
  public var from: Timestamp?
  public var limit: Int?
  public init(id: String, from: Timestamp? = nil, limit: Int? = nil) {
    (self.id, self.from, self.limit) = (id, from, limit)
  }
  public static let schema = Schema.request(
    [
      .scheduleID,
      .optional("from", .time, "Absent: now."),
      .limit(1...1_000, usual: 5),
    ], name: "NextQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, from) = (try fields.text("id"), try fields.optionalTime("from"))
    limit = try fields.optionalInt("limit")
  }
  public var json: JSON { members(["id": id.wire, "from": from?.wire, "limit": limit?.wire]) }
}

public struct FiresQuery: Wire {
  /// Of one schedule.
  public var id: String?
  public var namespace: String?
  /// Such as `missed`; nil: all.
  public var outcome: String?
  public var since: Timestamp?
  public var limit: Int?
  public init(
    id: String? = nil, namespace: String? = nil, outcome: String? = nil, since: Timestamp? = nil,
    limit: Int? = nil
  ) {
    (self.id, self.namespace, self.outcome) = (id, namespace, outcome)
    (self.since, self.limit) = (since, limit)
  }
  public static let schema = Schema.request(
    [
      .optional("id", .text(.scheduleName), "Of one schedule."),
      .namespace,
      .optional("outcome", .words(FireItem.outcomes), "Absent: all."),
      .optional("since", .time),
      .limit(1...1_000),
    ], name: "FiresQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, namespace) = (try fields.optionalText("id"), try fields.optionalText("namespace"))
    (outcome, since) = (try fields.optionalText("outcome"), try fields.optionalTime("since"))
    limit = try fields.optionalInt("limit")
  }
  public var json: JSON {
    members([
      "id": id?.wire, "namespace": namespace?.wire, "outcome": outcome?.wire, "since": since?.wire,
      "limit": limit?.wire,
    ])
  }
}

public struct ResumeRequest: Wire {
  public var id: String
  /// Makes up for what the pause held back, as far as `catch_up` goes.
  public var catchesUp: Bool
  public init(id: String, catchesUp: Bool) { (self.id, self.catchesUp) = (id, catchesUp) }
  public static let schema = Schema.request(
    [
      .scheduleID,
      .optional(
        "catch_up", .flag, "Makes up for what the pause held back, as far as the file's `catch_up` goes."),
    ], name: "ResumeRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, catchesUp) = (try fields.text("id"), try fields.flag("catch_up"))
  }
  public var json: JSON { members(["id": id.wire, "catch_up": catchesUp.wire]) }
}

public struct ScheduleItem: Wire, Hashable {
  /// `namespace~pipeline~trigger`.
  public var id: String
  /// `namespace/name`.
  public var pipeline: String
  public var name: String
  /// `cron, dialect, timezone, overlap, catch_up, jitter, calendar`, as far as the file says them.
  public var spec: JSON
  public var isEnabled: Bool
  public var pause: PauseItem?
  public var lastAt: Timestamp?
  public var lastJob: String?
  public var nextAt: Timestamp?
  /// Due times of the last seven days that were missed.
  public var missed: Int
  /// Why it cannot start anything as it stands.
  public var problem: String?
  /// `file`, or `api` for one that was made by a call.
  public var origin = "file"
  /// Of one that was made by a call: how often it was changed, from 1.
  public var version: Int?
  /// The same: what its jobs are given.
  public var inputs: JSONObject?

  public init(
    id: String, pipeline: String, name: String, spec: JSON, isEnabled: Bool, pause: PauseItem? = nil,
    lastAt: Timestamp? = nil, lastJob: String? = nil, nextAt: Timestamp? = nil, missed: Int = 0,
    problem: String? = nil
  ) {
    (self.id, self.pipeline, self.name, self.spec) = (id, pipeline, name, spec)
    (self.isEnabled, self.pause, self.lastAt, self.lastJob) = (isEnabled, pause, lastAt, lastJob)
    (self.nextAt, self.missed, self.problem) = (nextAt, missed, problem)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text, "`namespace~pipeline~trigger`."),
      .init("pipeline", .text, "`namespace/name`."),
      .init("name", .text),
      .init(
        "spec", .any,
        "`cron`, `dialect`, `timezone`, `overlap`, `catch_up`, `jitter`, `calendar`, as the file has it."
      ),
      .init("enabled", .flag),
      .optional("paused", PauseItem.schema),
      .optional("last_at", .time),
      .optional("last_job", .text),
      .optional("next_at", .time),
      .init("missed", .count, "Due times of the last seven days that were missed."),
      .optional("problem", .text, "Why it cannot start anything as it stands."),
      .init("origin", .words(["file", "api"]), "`api`: it was made by a call."),
      .optional("version", .integer(1...Int.max), "Of one that was made by a call: each change adds one."),
      .optional("inputs", .map, "The same: what its jobs are given."),
    ], name: "ScheduleItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, pipeline, name) = (try fields.text("id"), try fields.text("pipeline"), try fields.text("name"))
    (spec, isEnabled) = (try fields.json("spec"), try fields.flag("enabled"))
    pause = try fields.optionalValue("paused", of: PauseItem.self)
    (lastAt, lastJob) = (try fields.optionalTime("last_at"), try fields.optionalText("last_job"))
    (nextAt, missed) = (try fields.optionalTime("next_at"), try fields.int("missed"))
    problem = try fields.optionalText("problem")
    (origin, version) = (try fields.text("origin"), try fields.optionalInt("version"))
    inputs = fields.object["inputs"]?.object
  }

  public var json: JSON {
    members([
      "id": id.wire, "pipeline": pipeline.wire, "name": name.wire, "spec": spec, "enabled": .bool(isEnabled),
      "paused": pause?.json, "last_at": lastAt?.wire, "last_job": lastJob?.wire, "next_at": nextAt?.wire,
      "missed": missed.wire, "problem": problem?.wire, "origin": origin.wire, "version": version?.wire,
      "inputs": inputs.map { .object($0) },
    ])
  }

  public var cron: String { spec["cron"]?.string ?? "" }
  public var zone: String { spec["timezone"]?.string ?? "UTC" }
}

/// A due time that is to come.
public struct NextItem: Wire, Hashable {
  public var due: Timestamp
  /// Later than `due` where the schedule has a jitter.
  public var startsAt: Timestamp
  /// `moved`, `only_first`, `first` or `second`: what a change of the clocks does to it.
  public var note: String?
  /// Of a moved one: the time of the day that the clock skips, such as `02:30`.
  public var skipped: String?
  /// The holiday on which it starts nothing.
  public var closed: String?

  public init(
    due: Timestamp, startsAt: Timestamp, note: String? = nil, skipped: String? = nil, closed: String? = nil
  ) {
    (self.due, self.startsAt, self.note) = (due, startsAt, note)
    (self.skipped, self.closed) = (skipped, closed)
  }

  public static let schema = Schema.object(
    [
      .init("due", .time),
      .init("starts_at", .time, "Later than `due` where the schedule has a jitter."),
      .optional(
        "note", .words(["moved", "only_first", "first", "second"]), "What a clock change does to it."),
      .optional(
        "skipped", .text, "Of a moved one: the time of the day that the clock skips, such as `02:30`."),
      .optional("closed", .text, "The holiday on which it starts nothing."),
    ], name: "NextItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    due = try fields.time("due")
    startsAt = try fields.time("starts_at")
    (note, skipped) = (try fields.optionalText("note"), try fields.optionalText("skipped"))
    closed = try fields.optionalText("closed")
  }

  public var json: JSON {
    members([
      "due": due.wire, "starts_at": startsAt.wire, "note": note?.wire, "skipped": skipped?.wire,
      "closed": closed?.wire,
    ])
  }
}

/// What became of a due time.
public struct FireItem: Wire, Hashable {
  public var pipeline: String
  public var trigger: String
  public var due: Timestamp
  /// `waiting`, `started`, `delivered`, `skipped`, `missed` or `refused`.
  public var outcome: String
  public var job: String?
  public var reason: String?
  public var detail: String?
  public var decidedAt: Timestamp
  /// Of a row that stands for a stretch: the last due time, and how many there are at least.
  public var last: Timestamp?
  public var count: Int

  public init(
    pipeline: String, trigger: String, due: Timestamp, outcome: String, job: String?, reason: String?,
    detail: String?, decidedAt: Timestamp, last: Timestamp?, count: Int
  ) {
    (self.pipeline, self.trigger, self.due, self.outcome) = (pipeline, trigger, due, outcome)
    (self.job, self.reason, self.detail, self.decidedAt) = (job, reason, detail, decidedAt)
    (self.last, self.count) = (last, count)
  }

  static let outcomes = ["waiting", "started", "delivered", "skipped", "missed", "refused"]

  public static let schema = Schema.object(
    [
      .init("pipeline", .text),
      .init("trigger", .text),
      .init("due", .time),
      .init("outcome", .words(outcomes)),
      .optional("job", .text),
      .optional("reason", .text),
      .optional("detail", .text),
      .init("decided_at", .time),
      .optional("last", .time, "Of a row that stands for a stretch: the last due time."),
      .optional("count", .count, "Of such a row: how many there are at least; absent: 1."),
    ], name: "FireItem", "What became of a due time.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (pipeline, trigger) = (try fields.text("pipeline"), try fields.text("trigger"))
    due = try fields.time("due")
    (outcome, job) = (try fields.text("outcome"), try fields.optionalText("job"))
    (reason, detail) = (try fields.optionalText("reason"), try fields.optionalText("detail"))
    decidedAt = try fields.time("decided_at")
    (last, count) = (try fields.optionalTime("last"), try fields.optionalInt("count") ?? 1)
  }

  public var json: JSON {
    members([
      "pipeline": pipeline.wire, "trigger": trigger.wire, "due": due.wire, "outcome": outcome.wire,
      "job": job?.wire, "reason": reason?.wire, "detail": detail?.wire, "decided_at": decidedAt.wire,
      "last": last?.wire, "count": count == 1 ? nil : count.wire,
    ])
  }
}
