public import Model

/// Endpoints about jobs. `{id}` is the whole id or any beginning of it that only one job has.
public enum JobCalls {
  public static let list = Endpoint<JobsQuery, Page<JobItem>>(
    .get, "/jobs", .needs("jobs", "read"), "Jobs, newest first.")
  public static let get = Endpoint<JobPath, JobDetail>(
    .get, "/jobs/{id}", .needs("jobs", "read"), "A job with its inputs, its outputs and its counts.")
  public static let steps = Endpoint<StepsQuery, Page<StepItem>>(
    .get, "/jobs/{id}/steps", .needs("jobs", "read"),
    "The steps of a job, in the order in which they came to be.")
  public static let step = Endpoint<StepPath, StepItem>(
    .get, "/jobs/{id}/steps/{path}", .needs("jobs", "read"), "One step by its path, with its output.")
  public static let logs = Endpoint<LogsQuery, Page<LogLine>>(
    .get, "/jobs/{id}/logs", .needs("jobs", "read"), "Log lines of a job or of one step.")
  public static let events = Endpoint<EventsQuery, Page<JobEvent>>(
    .get, "/jobs/{id}/events", .needs("jobs", "read"), "The stored decisions behind a sequence number.")
  public static let follow = StreamEndpoint<EventsQuery, JobEvent>(
    "/jobs/{id}/events/stream", .needs("jobs", "read"), "The decisions as they are made, until the job ends.")
  public static let why = Endpoint<JobPath, Blockers>(
    .get, "/jobs/{id}/why", .needs("jobs", "read"),
    "Every reason why the job is not further, with its remedy.")
  public static let cancel = Endpoint<StopRequest, JobItem>(
    .post, "/jobs/{id}/cancel", .needs("jobs", "cancel"), "Stops what runs, then runs the handlers.",
    success: [202])
  public static let kill = Endpoint<KillRequest, KillResult>(
    .post, "/jobs/{id}/kill", .needs("jobs", "kill"), "Ends the job now; nothing runs any more.",
    success: [202])
  public static let update = Endpoint<UpdateJobRequest, JobItem>(
    .patch, "/jobs/{id}", .needs("jobs", "update"), "Gives a live job another priority or other labels.",
    example: UpdateJobRequest(id: "0199c2f0-7f3a", priority: 8, labels: [("team", "tax"), ("note", nil)]))
  public static let adopt = Endpoint<StepPath, Nothing>(
    .post, "/jobs/{id}/steps/{path}/adopt", .needs("jobs", "resolve"), "Takes a result that came too late.")
  public static let resolve = Endpoint<ResolveRequest, Nothing>(
    .post, "/jobs/{id}/steps/{path}/resolve", .needs("jobs", "resolve"), "Answers \"did it happen?\".")
  public static let replay = Endpoint<JobPath, ReplayResult>(
    .get, "/jobs/{id}/replay", .needs("jobs", "read"),
    "Folds the history again and compares it with the store.")
  public static let artifacts = Endpoint<JobPath, Page<ArtifactItem>>(
    .get, "/jobs/{id}/artifacts", .needs("jobs", "read"), "What the steps of a job produced.")
  public static let artifact = BytesEndpoint<ArtifactPath>(
    "/jobs/{id}/artifacts/{name}", .needs("jobs", "read"), "The bytes of an artifact.", audit: .read)
  public static let export = BytesEndpoint<ExportQuery>(
    "/jobs/{id}/export", .needs("jobs", "export"),
    "A signed tar file with the history, the definition, logs, artifacts and their checksums.", audit: .read)
}

public struct JobPath: Wire {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request(
    [.shortID], name: "JobPath")

  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct JobsQuery: Wire {
  public var namespace: String?
  /// `name` or `namespace/name`.
  public var pipeline: String?
  /// Words such as `running`; empty: all.
  public var statuses: [String]
  public var since: Timestamp?
  /// Created before.
  public var until: Timestamp?
  /// Words such as `schedule`; empty: all.
  public var triggers: [String] = []
  /// As people write it, such as `status:failed pipeline:vendas* -owner:me`; beside the other members.
  public var search: String?
  /// `-created_at` (nil too) or `created_at`.
  public var sort: String?
  /// As `error.fingerprint` of a job and dead letters show it.
  public var fingerprint: String?
  public var correlation: String?
  public var labels: [LabelCondition]
  /// The id, or the beginning of it, of the job that called them.
  public var parent: String?
  /// The same of the job that they run again.
  public var rerunOf: String?
  public var limit: Int?
  public var cursor: String?

  public init(
    namespace: String? = nil, pipeline: String? = nil, statuses: [String] = [], since: Timestamp? = nil,
    correlation: String? = nil, labels: [LabelCondition] = [], parent: String? = nil, rerunOf: String? = nil,
    limit: Int? = nil, cursor: String? = nil
  ) {
    (self.correlation, self.labels, self.parent, self.rerunOf) = (correlation, labels, parent, rerunOf)
    (self.namespace, self.pipeline, self.statuses, self.since) = (namespace, pipeline, statuses, since)
    (self.limit, self.cursor) = (limit, cursor)
  }

  static let mostStatuses = 20

  public static let schema = Schema.request(
    [
      .namespace,
      .optional("pipeline", .text(1...Schema.Member.longestName), "`name` or `namespace/name`."),
      .optional(
        "status", .list(of: .words(JobStatus.allCases.map(\.word)), most: mostStatuses), "Absent: all."),
      .optional("since", .time), .optional("until", .time, "Created before."),
      .optional(
        "trigger_type", .list(of: .text(.listed), most: mostStatuses),
        "Kinds such as schedule; absent: all."),
      .optional(
        "q", .text(0...2_000).examples("status:failed pipeline:vendas* -owner:me"),
        "As people write it; beside the other members."),
      .sort(by: ["created_at"], usual: "-created_at"),
      .optional(
        "error_fingerprint",
        .text(.fingerprint).examples("exit-code demo/nightly load.copy"),
        "What failed alike: `CODE NAMESPACE/PIPELINE STEP`, as `error.fingerprint` shows it."),
      .optional("correlation_id", .text(1...Schema.Member.longestName)),
      .optional(
        "labels", .text(.labelConditions).examples("team=x,env!=dev"),
        "`name=value` or `name!=value`, a comma between them, `\\` before a comma in one."),
      .optional(
        "parent", .text(1...Schema.Member.longestName),
        "The id, or the beginning of it, of the job that called them."),
      .optional("rerun_of", .text(1...Schema.Member.longestName), "The same of the job that they run again."),
      .limit(),
      .cursor,
    ], name: "JobsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, pipeline) = (try fields.optionalText("namespace"), try fields.optionalText("pipeline"))
    statuses = try fields.texts("status")
    (since, cursor) = (try fields.optionalTime("since"), try fields.optionalText("cursor"))
    (until, search) = (try fields.optionalTime("until"), try fields.optionalText("q"))
    (triggers, sort) = (try fields.texts("trigger_type"), try fields.optionalText("sort"))
    correlation = try fields.optionalText("correlation_id")
    fingerprint = try fields.optionalText("error_fingerprint")
    labels = try LabelCondition.list(try fields.optionalText("labels") ?? "")
    (parent, rerunOf) = (try fields.optionalText("parent"), try fields.optionalText("rerun_of"))
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "pipeline": pipeline?.wire,
      "status": statuses.isEmpty ? JSON?.none : .array(statuses.map(\.wire)), "since": since?.wire,
      "until": until?.wire,
      "trigger_type": triggers.isEmpty ? JSON?.none : .array(triggers.map(\.wire)), "q": search?.wire,
      "sort": sort?.wire, "error_fingerprint": fingerprint?.wire,
      "correlation_id": correlation?.wire,
      "labels": labels.isEmpty ? JSON?.none : LabelCondition.text(labels).wire,
      "parent": parent?.wire, "rerun_of": rerunOf?.wire, "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

/// A job in a list.
public struct JobItem: Wire, Hashable {
  public var id: String
  /// `namespace/name`.
  public var pipeline: String
  public var revision: Int
  public var key: String?
  public var status: String
  public var triggerType: String
  public var actor: String
  public var createdAt: Timestamp
  public var startedAt: Timestamp?
  public var completedAt: Timestamp?
  public var error: ErrorItem?
  public var lastSequence: Int
  public var identity: IdentityItem

  public init(
    id: String, pipeline: String, revision: Int, key: String?, status: String, triggerType: String,
    actor: String, createdAt: Timestamp, startedAt: Timestamp?, completedAt: Timestamp?, error: ErrorItem?,
    lastSequence: Int, identity: IdentityItem = IdentityItem()
  ) {
    self.identity = identity
    (self.id, self.pipeline, self.revision, self.key) = (id, pipeline, revision, key)
    (self.status, self.triggerType, self.actor) = (status, triggerType, actor)
    (self.createdAt, self.startedAt, self.completedAt) = (createdAt, startedAt, completedAt)
    (self.error, self.lastSequence) = (error, lastSequence)
  }

  public static let schema = Schema.object(
    IdentityItem.schema.members + [
      .init("id", .text),
      .init("pipeline", .text, "`namespace/name`."),
      .init("revision", .integer(1...Int.max)),
      .optional("key", .text),
      .init("status", .words(JobStatus.allCases.map(\.word))),
      .init("trigger_type", .text),
      .init("actor", .text),
      .init("created_at", .time),
      .optional("started_at", .time),
      .optional("completed_at", .time),
      .optional("error", ErrorItem.schema),
      .init("last_sequence", .count),
    ], name: "JobItem", "A job in a list.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, pipeline) = (try fields.text("id"), try fields.text("pipeline"))
    (revision, key) = (try fields.int("revision"), try fields.optionalText("key"))
    (status, actor) = (try fields.text("status"), try fields.optionalText("actor") ?? "")
    triggerType = try fields.optionalText("trigger_type") ?? ""
    createdAt = try fields.time("created_at")
    (startedAt, completedAt) = (
      try fields.optionalTime("started_at"), try fields.optionalTime("completed_at")
    )
    error = try fields.optionalValue("error", of: ErrorItem.self)
    lastSequence = try fields.optionalInt("last_sequence") ?? 0
    identity = try IdentityItem(json)
  }

  public var json: JSON {
    var object = own.object ?? JSONObject()
    for member in identity.json.object ?? JSONObject() { object[member.key] = member.value }
    return .object(object)
  }

  private var own: JSON {
    members([
      "id": id.wire, "pipeline": pipeline.wire, "revision": revision.wire, "key": key?.wire,
      "status": status.wire, "trigger_type": triggerType.wire, "actor": actor.wire,
      "created_at": createdAt.wire, "started_at": startedAt?.wire, "completed_at": completedAt?.wire,
      "error": error?.json, "last_sequence": lastSequence.wire,
    ])
  }
}

public struct ErrorItem: Wire, Hashable {
  public var errorClass: String
  public var code: String
  public var message: String
  public var step: String
  /// Of what failed a job: jobs with the same one failed alike.
  public var fingerprint: String?

  public init(errorClass: String, code: String, message: String, step: String, fingerprint: String? = nil) {
    (self.errorClass, self.code, self.message, self.step) = (errorClass, code, message, step)
    self.fingerprint = fingerprint
  }

  public static let schema = Schema.object(
    [
      .init("class", .words(ErrorClass.allCases.map(\.rawValue))),
      .init("code", .text),
      .init("message", .text),
      .init("step", .text),
      .optional("fingerprint", .text, "Of a job: those with the same one failed alike."),
    ], name: "ErrorItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (errorClass, code) = (try fields.text("class"), try fields.optionalText("code") ?? "")
    (message, step) = (try fields.text("message"), try fields.optionalText("step") ?? "")
    fingerprint = try fields.optionalText("fingerprint")
  }

  public var json: JSON {
    members([
      "class": errorClass.wire, "code": code.wire, "message": message.wire, "step": step.wire,
      "fingerprint": fingerprint?.wire,
    ])
  }
}
