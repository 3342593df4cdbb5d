public import Model

/// Endpoints about backfills.
public enum BackfillCalls {
  public static let list = Endpoint<SignalsQuery, Page<BackfillItem>>(
    .get, "/backfills", .needs("schedules", "backfill"), "Backfills, newest first.")
  public static let create = Endpoint<BackfillRequest, BackfillItem>(
    .post, "/backfills", .needs("schedules", "backfill"),
    "Makes jobs for due times of the past, a few at a time.", success: [200, 201])
  public static let get = Endpoint<BackfillPath, BackfillItem>(
    .get, "/backfills/{id}", .needs("schedules", "backfill"), "A backfill and how far it has come.")
  public static let pause = Endpoint<BackfillPath, BackfillItem>(
    .post, "/backfills/{id}/pause", .needs("schedules", "backfill"), "Starts no further job for now.")
  public static let resume = Endpoint<BackfillPath, BackfillItem>(
    .post, "/backfills/{id}/resume", .needs("schedules", "backfill"), "Goes on.")
  public static let cancel = Endpoint<BackfillPath, BackfillItem>(
    .post, "/backfills/{id}/cancel", .needs("schedules", "backfill"),
    "Starts no further job for good; live ones go on.")
}

public struct BackfillPath: Wire {
  public static let schema = Schema.request([.shortID], name: "BackfillPath")
  public var id: String
  public init(id: String) { self.id = id }
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct BackfillRequest: Wire {
  /// Of the schedule: `namespace~pipeline~trigger`, or without the trigger.
  public var schedule: String
  public var from: Timestamp
  public var to: Timestamp
  public var onlyMissing: Bool
  public var concurrency: Int?
  /// Says what it would fill, and keeps nothing.
  public var isDryRun: Bool

  public init(
    schedule: String, from: Timestamp, to: Timestamp, onlyMissing: Bool = false, concurrency: Int? = nil,
    isDryRun: Bool = false
  ) {
    (self.schedule, self.from, self.to) = (schedule, from, to)
    (self.onlyMissing, self.concurrency, self.isDryRun) = (onlyMissing, concurrency, isDryRun)
  }

  /// Jobs at once.
  public static let concurrencyRange = 1...256

  public static let schema = Schema.request(
    [
      .init(
        "schedule", .text(.scheduleName).examples("demo~daily~morning"),
        "`namespace~pipeline~trigger`, or without the trigger."),
      .init("from", .time),
      .init("to", .time),
      .optional("only_missing", .flag),
      .optional("concurrency", .integer(concurrencyRange).with("default", 1), "Jobs at once."),
      .optional("dry_run", .flag, "Says what it would fill, and keeps nothing."),
    ], name: "BackfillRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    schedule = try fields.text("schedule")
    (from, to) = (try fields.time("from"), try fields.time("to"))
    onlyMissing = try fields.flag("only_missing")
    concurrency = try fields.optionalInt("concurrency")
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON {
    members([
      "schedule": schedule.wire, "from": from.wire, "to": to.wire, "only_missing": onlyMissing.wire,
      "concurrency": concurrency?.wire, "dry_run": isDryRun.wire,
    ])
  }
}

public struct BackfillItem: Wire, Hashable {
  public var id: String
  public var pipeline: String
  public var trigger: String
  public var from: Timestamp
  public var to: Timestamp
  /// `running`, `paused`, `cancelled`, `done`, or `planned` of a dry run.
  public var state: String
  public var concurrency: Int
  /// Due times to fill, and what became of those that were begun.
  public var total: Int
  public var begun: Int
  public var existing: Int
  public var refused: Int
  public var succeeded: Int
  public var failed: Int
  public var createdBy: String
  public var createdAt: Timestamp
  public var endedAt: Timestamp?
  /// Only of a dry run.
  public var dues: [Timestamp]

  public init(
    id: String, pipeline: String, trigger: String, from: Timestamp, to: Timestamp, state: String,
    concurrency: Int, total: Int, begun: Int, existing: Int, refused: Int, succeeded: Int, failed: Int,
    createdBy: String, createdAt: Timestamp, endedAt: Timestamp?, dues: [Timestamp] = []
  ) {
    (self.id, self.pipeline, self.trigger, self.from, self.to) = (id, pipeline, trigger, from, to)
    (self.state, self.concurrency, self.total, self.begun) = (state, concurrency, total, begun)
    (self.existing, self.refused) = (existing, refused)
    (self.succeeded, self.failed) = (succeeded, failed)
    (self.createdBy, self.createdAt, self.endedAt, self.dues) = (createdBy, createdAt, endedAt, dues)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("pipeline", .text),
      .init("trigger", .text),
      .init("from", .time),
      .init("to", .time),
      .init(
        "state", .words(["running", "paused", "cancelled", "done", "planned"]), "`planned`: of a dry run."),
      .init("concurrency", .count),
      .init("total", .count, "Due times to fill."),
      .init("begun", .count),
      .init("existing", .count),
      .init("refused", .count),
      .init("succeeded", .count),
      .init("failed", .count),
      .init("created_by", .text),
      .init("created_at", .time),
      .optional("ended_at", .time),
      .optional("dues", .list(of: .time), "Only of a dry run."),
    ], name: "BackfillItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, pipeline, trigger) = (try fields.text("id"), try fields.text("pipeline"), try fields.text("trigger"))
    from = try fields.time("from")
    to = try fields.time("to")
    (state, concurrency) = (try fields.text("state"), try fields.int("concurrency"))
    (total, begun) = (try fields.int("total"), try fields.int("begun"))
    (existing, refused) = (try fields.int("existing"), try fields.int("refused"))
    (succeeded, failed) = (try fields.int("succeeded"), try fields.int("failed"))
    createdBy = try fields.text("created_by")
    createdAt = try fields.time("created_at")
    endedAt = try fields.optionalTime("ended_at")
    dues = try fields.texts("dues").compactMap { Timestamp(rfc3339: $0) }
  }

  public var json: JSON {
    members([
      "id": id.wire, "pipeline": pipeline.wire, "trigger": trigger.wire, "from": from.wire, "to": to.wire,
      "state": state.wire, "concurrency": concurrency.wire, "total": total.wire, "begun": begun.wire,
      "existing": existing.wire, "refused": refused.wire, "succeeded": succeeded.wire, "failed": failed.wire,
      "created_by": createdBy.wire, "created_at": createdAt.wire, "ended_at": endedAt?.wire,
      "dues": dues.isEmpty ? nil : .array(dues.map(\.wire)),
    ])
  }
}
