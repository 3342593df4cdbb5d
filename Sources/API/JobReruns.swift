public import Model

/// What follows a job that has ended.
extension JobCalls {
  public static let retry = Endpoint<RetryRequest, JobItem>(
    .post, "/jobs/{id}/retry", .needs("jobs", "retry"),
    "Lets an ended job go on in place: what failed runs again.", success: [202])
  public static let rerun = Endpoint<RerunWish, RerunAnswer>(
    .post, "/jobs/{id}/rerun", .needs("pipelines", "execute"),
    "Repeats an ended job as a new one, or with dry_run shows what that would do.", success: [200, 202])
}

public struct RetryRequest: Wire {
  public var id: String
  /// Only these of the failed steps; empty: all of them.
  public var steps: [String]

  public init(id: String, steps: [String] = []) { (self.id, self.steps) = (id, steps) }

  public static let mostSteps = 1_000

  public static let schema = Schema.request(
    [
      .shortID,
      .optional(
        "steps", .list(of: .text(1...StepPath.longest), most: mostSteps),
        "Only these of the failed steps; empty: all of them."),
    ], name: "RetryRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, steps) = (try fields.text("id"), try fields.texts("steps"))
  }

  public var json: JSON { members(["id": id.wire, "steps": .array(steps.map(\.wire))]) }
}

public struct RerunWish: Wire {
  public var id: String
  /// `start`, `failed` or a step's path; nil: `failed` with `latest`, else `start`.
  public var from: String?
  public var latest: Bool
  public var inputs: JSONObject
  public var sameKeys: Bool
  public var dryRun: Bool
  public var idempotencyKey: String?
  /// 0 to 9; nil: that of the job.
  public var priority: Int?
  /// Beside those of the job; one without a value takes the job's away.
  public var labels: [(name: String, value: String?)] = []

  public init(
    id: String, from: String? = nil, latest: Bool = false, inputs: JSONObject = JSONObject(),
    sameKeys: Bool = false, dryRun: Bool = false, idempotencyKey: String? = nil
  ) {
    (self.id, self.from, self.latest, self.inputs) = (id, from, latest, inputs)
    (self.sameKeys, self.dryRun, self.idempotencyKey) = (sameKeys, dryRun, idempotencyKey)
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .optional("from", .text(1...StepPath.longest), "`start`, `failed` or a step's path."),
      .optional("latest", .flag, "With the newest revision."),
      .optional("inputs", .map),
      .optional("same_keys", .flag),
      .optional("dry_run", .flag, "Shows the plan, and starts nothing."),
      .optional("priority", .integer(0...9), "In place of that of the job."),
      .optional(
        "labels", UpdateJobRequest.labels,
        "Beside those of the job; one whose value is null takes the job's away."),
      .idempotencyKey,
    ], name: "RerunWish")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, from) = (try fields.text("id"), try fields.optionalText("from"))
    (latest, inputs) = (try fields.flag("latest"), try fields.map("inputs"))
    (sameKeys, dryRun) = (try fields.flag("same_keys"), try fields.flag("dry_run"))
    idempotencyKey = try fields.optionalText("idempotency_key")
    priority = try fields.optionalInt("priority")
    labels = try fields.map("labels").map { (name: $0.key, value: $0.value.string) }
  }

  public var json: JSON {
    members([
      "id": id.wire, "from": from?.wire, "latest": .bool(latest), "inputs": .object(inputs),
      "same_keys": .bool(sameKeys), "dry_run": .bool(dryRun), "idempotency_key": idempotencyKey?.wire,
      "priority": priority?.wire, "labels": UpdateJobRequest.wire(labels),
    ])
  }
}

/// The plan, and without `dry_run` the new job.
public struct RerunAnswer: Wire, Hashable {
  public var job: StartedItem?
  public var pipeline: String
  public var revision: Int
  public var earlierRevision: Int
  public var steps: [RerunStep]

  public init(
    job: StartedItem?, pipeline: String, revision: Int, earlierRevision: Int, steps: [RerunStep]
  ) {
    (self.job, self.pipeline, self.revision) = (job, pipeline, revision)
    (self.earlierRevision, self.steps) = (earlierRevision, steps)
  }

  public static let schema = Schema.object(
    [
      .optional("job", StartedItem.schema, "Absent from a dry run."),
      .init("pipeline", .text),
      .init("revision", .integer(1...Int.max)),
      .init("earlier_revision", .integer(1...Int.max)),
      .init("steps", .list(of: RerunStep.schema)),
    ], name: "RerunAnswer")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    job = try fields.optionalValue("job", of: StartedItem.self)
    (pipeline, revision) = (try fields.text("pipeline"), try fields.int("revision"))
    earlierRevision = try fields.int("earlier_revision")
    steps = try fields.list("steps", of: RerunStep.self)
  }

  public var json: JSON {
    members([
      "job": job?.json, "pipeline": pipeline.wire, "revision": revision.wire,
      "earlier_revision": earlierRevision.wire, "steps": steps.wire,
    ])
  }
}

public struct RerunStep: Wire, Hashable {
  public var path: String
  /// `reuse`, `rerun`, `invalidated`, `skip` or `removed`.
  public var action: String
  public var reason: String
  /// What may have happened outside already would happen again.
  public var repeatsEffect: Bool

  public init(path: String, action: String, reason: String, repeatsEffect: Bool) {
    (self.path, self.action, self.reason, self.repeatsEffect) = (path, action, reason, repeatsEffect)
  }

  public static let schema = Schema.object(
    [
      .init("path", .text),
      .init("action", .words(["reuse", "rerun", "invalidated", "skip", "removed"])),
      .init("reason", .text),
      .init("repeats_effect", .flag, "What may have happened outside already would happen again."),
    ], name: "RerunStep")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (path, action) = (try fields.text("path"), try fields.text("action"))
    (reason, repeatsEffect) = (try fields.text("reason"), try fields.flag("repeats_effect"))
  }

  public var json: JSON {
    members([
      "path": path.wire, "action": action.wire, "reason": reason.wire, "repeats_effect": .bool(repeatsEffect),
    ])
  }
}
