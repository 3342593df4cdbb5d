public import Model

/// A job with what is too long for a list.
public struct JobDetail: Wire, Hashable {
  public var job: JobItem
  public var inputs: JSON
  public var outputs: JSON?
  /// Steps by status, in the order of the statuses.
  public var counts: JSONObject
  /// What failed beside the job and did not fail it; its `step` says where.
  public var warnings: [ErrorItem]
  /// Before this moment nothing of it begins, as its start said.
  public var runAt: Timestamp?
  /// The trace that it belongs to and that its steps give on: 32 hex digits.
  public var traceID: String?
  /// Why it is not further: as `/jobs/{id}/why` says it, without what runs.
  public var waitingFor: [BlockerItem]
  public var links: JobLinks?

  public init(
    job: JobItem, inputs: JSON, outputs: JSON?, counts: JSONObject, warnings: [ErrorItem] = [],
    runAt: Timestamp? = nil, traceID: String? = nil, waitingFor: [BlockerItem] = [], links: JobLinks? = nil
  ) {
    (self.warnings, self.runAt, self.traceID) = (warnings, runAt, traceID)
    (self.waitingFor, self.links) = (waitingFor, links)
    (self.job, self.inputs, self.outputs, self.counts) = (job, inputs, outputs, counts)
  }

  public static let schema = Schema.object(
    JobItem.schema.members + [
      .init("inputs", .any),
      .optional("outputs", .any),
      .init("counts", .map(of: .count), "Steps by status."),
      .optional("warnings", .list(of: ErrorItem.schema), "What failed beside the job and did not fail it."),
      .optional("run_at", .time, "Before this moment nothing of it begins, as its start said."),
      .optional(
        "trace_id", .text, "The trace that it belongs to and that its steps give on: 32 hex digits."),
      .optional(
        "waiting_for", .list(of: BlockerItem.schema),
        "Why it is not further: as `/jobs/{id}/why` says it, without what runs. Absent once it has ended."),
      .optional("links", JobLinks.schema),
    ], name: "JobDetail")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (job, inputs) = (try JobItem(json), try fields.json("inputs"))
    (outputs, counts) = (fields.object["outputs"], try fields.map("counts"))
    warnings = try fields.list("warnings", of: ErrorItem.self)
    (runAt, traceID) = (try fields.optionalTime("run_at"), try fields.optionalText("trace_id"))
    waitingFor = try fields.list("waiting_for", of: BlockerItem.self)
    links = try fields.optionalValue("links", of: JobLinks.self)
  }

  public var json: JSON {
    var object = job.json.object ?? JSONObject()
    object["inputs"] = inputs
    object["outputs"] = outputs
    object["counts"] = .object(counts)
    if !warnings.isEmpty { object["warnings"] = .array(warnings.map(\.json)) }
    object["run_at"] = runAt?.wire
    object["trace_id"] = traceID?.wire
    if !waitingFor.isEmpty { object["waiting_for"] = .array(waitingFor.map(\.json)) }
    object["links"] = links?.json
    return .object(object)
  }
}

/// Where the rest of a job is: paths on the server that answered.
public struct JobLinks: Wire, Hashable {
  /// By the name of what is there.
  public var paths: [String: String]

  /// Of a job with these ids; `pipeline` is `namespace/name`, `parent` the job that called it.
  public init(job: String, pipeline: String, parent: String? = nil, rerunOf: String? = nil) {
    let (own, pipeline) = (Self.path(job), pipeline.cut(at: "/", most: 2).joined(separator: "~"))
    paths = Dictionary(uniqueKeysWithValues: Self.parts.map { ($0, "\(own)/\($0)") })
    (paths["self"], paths["pipeline"]) = (own, "/api/v1/pipelines/\(Percent.encode(pipeline))")
    (paths["parent"], paths["rerun_of"]) = (parent.map(Self.path), rerunOf.map(Self.path))
  }

  private static func path(_ job: String) -> String { "/api/v1/jobs/\(Percent.encode(job))" }

  /// What lies below the job itself.
  private static let parts = ["steps", "logs", "events", "timeline", "artifacts", "why"]

  public static let schema = Schema.object(
    [.init("self", .text)] + parts.map { .init($0, .text) } + [
      .init("pipeline", .text),
      .optional("parent", .text, "The job that called it."),
      .optional("rerun_of", .text, "The job that it runs again."),
    ], name: "JobLinks", "Paths on this server.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    paths = [:]
    for member in Self.schema.members { paths[member.name] = try fields.optionalText(member.name) }
  }

  public var json: JSON {
    .object(
      JSONObject(
        Self.schema.members.compactMap { member in paths[member.name].map { (member.name, $0.wire) } })
    )
  }
}
