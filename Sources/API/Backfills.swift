public import Model

/// Endpoints about backfills.
public enum BackfillCalls {
  public static let list = Endpoint<SignalsQuery, Page<BackfillItem>>(
    .get, "/backfills", .needs("schedules", "backfill"), "Backfills, newest first.")
  public static let create = Endpoint<BackfillRequest, BackfillItem>(
    .post, "/backfills", .needs("schedules", "backfill"),
    "Makes jobs for due times of the past, a few at a time.", success: [200, 201])
  public static let get = Endpoint<NamePath, BackfillItem>(
    .get, "/backfills/{id}", .needs("schedules", "backfill"), "A backfill and how far it has come.")
  public static let pause = Endpoint<NamePath, BackfillItem>(
    .post, "/backfills/{id}/pause", .needs("schedules", "backfill"), "Starts no further job for now.")
  public static let resume = Endpoint<NamePath, BackfillItem>(
    .post, "/backfills/{id}/resume", .needs("schedules", "backfill"), "Goes on.")
  public static let cancel = Endpoint<NamePath, BackfillItem>(
    .post, "/backfills/{id}/cancel", .needs("schedules", "backfill"),
    "Starts no further job for good; live ones go on.")
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    schedule = try fields.text("schedule")
    guard let from = try fields.time("from") else {
      throw WireError("/from", Bilingual("\"from\" is missing.", pt: "Falta \"from\"."))
    }
    guard let to = try fields.time("to") else {
      throw WireError("/to", Bilingual("\"to\" is missing.", pt: "Falta \"to\"."))
    }
    (self.from, self.to, onlyMissing) = (from, to, try fields.flag("only_missing"))
    concurrency = try fields.optionalInteger("concurrency").map(Int.init)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, pipeline, trigger) = (try fields.text("id"), try fields.text("pipeline"), try fields.text("trigger"))
    from = try fields.time("from") ?? Timestamp(microseconds: 0)
    to = try fields.time("to") ?? from
    (state, concurrency) = (try fields.text("state"), Int(try fields.integer("concurrency")))
    (total, begun) = (Int(try fields.integer("total")), Int(try fields.integer("begun")))
    (existing, refused) = (Int(try fields.integer("existing")), Int(try fields.integer("refused")))
    (succeeded, failed) = (Int(try fields.integer("succeeded")), Int(try fields.integer("failed")))
    createdBy = try fields.text("created_by")
    createdAt = try fields.time("created_at") ?? from
    endedAt = try fields.time("ended_at")
    dues = try fields.list("dues", of: JSON.self).compactMap(\.string).compactMap { Timestamp(rfc3339: $0) }
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
