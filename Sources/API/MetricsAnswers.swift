public import Model

/// How the jobs of a window went.
public struct JobFigures: Wire, Hashable {
  public var since: Timestamp
  public var until: Timestamp
  /// Jobs that were made in the window.
  public var jobs: Int
  public var perHour: Double
  /// From 0 to 1: those that ended well among those that ended and were not cancelled; nil where none did.
  public var successRate: Double?
  public var duration: DurationSummary
  /// By the hour in a window of up to two days, else by the day.
  public var series: [SeriesItem]
  /// How many failed, by `timeout`, `auth`, `network` and `other`.
  public var errors: JSONObject
  /// Only the newest jobs were looked at, and `since` is when the first of them was made.
  public var isTruncated: Bool

  public init(
    since: Timestamp, until: Timestamp, jobs: Int, perHour: Double, successRate: Double?,
    duration: DurationSummary, series: [SeriesItem], errors: JSONObject, isTruncated: Bool
  ) {
    (self.since, self.until, self.jobs, self.perHour) = (since, until, jobs, perHour)
    (self.successRate, self.duration, self.series) = (successRate, duration, series)
    (self.errors, self.isTruncated) = (errors, isTruncated)
  }

  static let members: [Schema.Member] = [
    .init("since", .time), .init("until", .time),
    .init("jobs", .count, "Jobs that were made in the window."), .init("jobs_per_hour", .number),
    .optional("success_rate", .number, "From 0 to 1; absent where no job ended."),
    .init("duration", DurationSummary.schema),
    .init("series", .list(of: SeriesItem.schema), "By the hour up to two days, else by the day."),
    .init(
      "errors",
      .object(["timeout", "auth", "network", "other"].map { .init($0, .count) })),
    .optional("truncated", .flag, "Only the newest jobs were looked at."),
  ]
  public static let schema = Schema.object(members, name: "JobFigures")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (since, until) = (try fields.time("since"), try fields.time("until"))
    (jobs, perHour) = (try fields.int("jobs"), try fields.number("jobs_per_hour"))
    successRate = try fields.optionalNumber("success_rate")
    duration = try fields.value("duration", of: DurationSummary.self)
    series = try fields.list("series", of: SeriesItem.self)
    (errors, isTruncated) = (try fields.map("errors"), try fields.flag("truncated"))
  }

  public var json: JSON {
    API.members([
      "since": since.wire, "until": until.wire, "jobs": jobs.wire, "jobs_per_hour": .double(perHour),
      "success_rate": successRate.map { .double($0) }, "duration": duration.json, "series": series.wire,
      "errors": .object(errors), "truncated": isTruncated.wire,
    ])
  }
}

extension JSON {
  /// The same with the members of another object behind its own.
  func joined(_ other: JSON) -> JSON {
    guard case .object(var object) = self else { return self }
    for member in other.object ?? JSONObject() { object[member.key] = member.value }
    return .object(object)
  }
}

public struct MetricsSummary: Wire, Hashable {
  /// Nil: of all that the caller sees.
  public var namespace: String?
  public var figures: JobFigures
  /// Jobs that have not begun, now.
  public var queueDepth: Int
  /// Jobs that run, now.
  public var active: Int
  /// Jobs that wait for a person, a signal, a time or a limit, now.
  public var waiting: Int
  /// The queues of brokers that are read.
  public var queues: [QueueReaderItem]

  public init(
    namespace: String?, figures: JobFigures, queueDepth: Int, active: Int, waiting: Int,
    queues: [QueueReaderItem] = []
  ) {
    (self.namespace, self.figures, self.queues) = (namespace, figures, queues)
    (self.queueDepth, self.active, self.waiting) = (queueDepth, active, waiting)
  }

  public static let schema = Schema.object(
    [
      .optional("namespace", .text),
      .init("queue_depth", .count, "Jobs that have not begun, now."),
      .init("active_jobs", .count, "Jobs that run, now."),
      .init("waiting_jobs", .count, "Jobs that wait for a person, a signal, a time or a limit, now."),
      .init("queues", .list(of: QueueReaderItem.schema), "The queues of brokers that are read."),
    ] + JobFigures.members, name: "MetricsSummary")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, figures) = (try fields.optionalText("namespace"), try JobFigures(json))
    queueDepth = try fields.int("queue_depth")
    active = try fields.int("active_jobs")
    waiting = try fields.int("waiting_jobs")
    queues = try fields.list("queues", of: QueueReaderItem.self)
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "queue_depth": queueDepth.wire, "active_jobs": active.wire,
      "waiting_jobs": waiting.wire, "queues": queues.wire,
    ]).joined(figures.json)
  }
}

public struct PipelineMetrics: Wire, Hashable {
  /// `namespace~name`.
  public var id: String
  public var figures: JobFigures
  public init(id: String, figures: JobFigures) { (self.id, self.figures) = (id, figures) }

  public static let schema = Schema.object(
    [.init("id", .text, "`namespace~name`.")] + JobFigures.members, name: "PipelineMetrics")

  public init(_ json: JSON) throws(WireError) {
    (id, figures) = (try Fields(json, Self.schema).text("id"), try JobFigures(json))
  }

  public var json: JSON { members(["id": id.wire]).joined(figures.json) }
}

public struct ConnectorMetrics: Wire, Hashable {
  public var name: String
  public var since: Timestamp
  public var until: Timestamp
  /// The jobs whose steps were looked at: the newest that may use it.
  public var jobs: Int
  /// Step executions of the connector in them.
  public var steps: Int
  public var attempts: Int
  public var duration: DurationSummary
  public var series: [SeriesItem]
  /// Failures by their class, such as `transient`.
  public var errors: JSONObject
  /// There are more jobs in the window.
  public var isTruncated: Bool

  public init(
    name: String, since: Timestamp, until: Timestamp, jobs: Int, steps: Int, attempts: Int,
    duration: DurationSummary, series: [SeriesItem], errors: JSONObject, isTruncated: Bool
  ) {
    (self.name, self.since, self.until) = (name, since, until)
    (self.jobs, self.steps, self.attempts) = (jobs, steps, attempts)
    (self.duration, self.series) = (duration, series)
    (self.errors, self.isTruncated) = (errors, isTruncated)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("since", .time), .init("until", .time),
      .init("jobs", .count, "The newest jobs that may use it, whose steps were looked at."),
      .init("steps", .count), .init("attempts", .count), .init("duration", DurationSummary.schema),
      .init("series", .list(of: SeriesItem.schema)),
      .init("errors", .map, "Failures by their class, such as `transient`."),
      .optional("truncated", .flag, "There are more jobs in the window."),
    ], name: "ConnectorMetrics")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    name = try fields.text("name")
    (since, until) = (try fields.time("since"), try fields.time("until"))
    (jobs, steps) = (try fields.int("jobs"), try fields.int("steps"))
    attempts = try fields.int("attempts")
    duration = try fields.value("duration", of: DurationSummary.self)
    series = try fields.list("series", of: SeriesItem.self)
    (errors, isTruncated) = (try fields.map("errors"), try fields.flag("truncated"))
  }

  public var json: JSON {
    members([
      "name": name.wire, "since": since.wire, "until": until.wire, "jobs": jobs.wire, "steps": steps.wire,
      "attempts": attempts.wire, "duration": duration.json, "series": series.wire,
      "errors": .object(errors), "truncated": isTruncated.wire,
    ])
  }
}
