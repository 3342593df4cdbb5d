public import Model

/// Endpoints about definitions. `{id}` is `namespace~name`.
public enum PipelineCalls {
  public static let list = Endpoint<PipelinesQuery, Page<PipelineItem>>(
    .get, "/pipelines", .needs("pipelines", "read"), "The pipelines, by namespace and name.")
  public static let get = Endpoint<PipelineQuery, PipelineDetail>(
    .get, "/pipelines/{id}", .needs("pipelines", "read"), "A pipeline with its source and its plan.")
  public static let revisions = Endpoint<RevisionsQuery, Page<RevisionItem>>(
    .get, "/pipelines/{id}/revisions", .needs("pipelines", "read"),
    "The revisions of a pipeline, newest first.")
  public static let rollback = Endpoint<RollbackRequest, AppliedPipeline>(
    .post, "/pipelines/{id}/rollback", .needs("pipelines", "update"),
    "Makes a new revision with the content of an older one.")
  public static let delete = Endpoint<DeleteRequest, DeletedPipeline>(
    .delete, "/pipelines/{id}", .needs("pipelines", "delete"),
    "Takes a pipeline away; its revisions stay for the jobs that refer to them.")
  public static let pause = Endpoint<PauseRequest, PipelineItem>(
    .post, "/pipelines/{id}/pause", .needs("pipelines", "pause"),
    "New jobs are refused from now on; live jobs go on.",
    example: PauseRequest(id: "demo~hello", reason: "the site is down"))
  public static let resume = Endpoint<NamePath, PipelineItem>(
    .post, "/pipelines/{id}/resume", .needs("pipelines", "pause"), "Ends the pause of a pipeline.")
  public static let apply = Endpoint<ApplyRequest, ApplyResult>(
    .post, "/pipelines:apply", .needs("pipelines", "update"),
    "Makes new revisions of what changed: all files or none.", problems: [412],
    example: ApplyRequest(files: [.example]))
  public static let plan = Endpoint<ApplyRequest, ApplyResult>(
    .post, "/pipelines:plan", .needs("pipelines", "read"), "What apply would change.", audit: .nothing,
    problems: [412])
  public static let validate = Endpoint<SourceFile, ValidationResult>(
    .post, "/pipelines:validate", .needs("pipelines", "read"), "Everything that is wrong with a file.",
    audit: .nothing, example: .example)
  public static let execute = Endpoint<ExecuteRequest, StartedItem>(
    .post, "/pipelines/{id}/execute", .needs("pipelines", "execute"),
    "Starts a job: 202, or 200 with the job that the keys led to.", success: [200, 202],
    example: ExecuteRequest(id: "demo~hello", inputs: ["name": "Ana"]))
  public static let schema = Endpoint<Nothing, PublishedSchema>(
    .get, "/schema/pipeline", .open, "The JSON Schema of pipeline files.")
}

/// What most lists take.
public struct ListQuery: Wire {
  public var namespace: String?
  public var limit: Int?
  public var cursor: String?

  public init(namespace: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.namespace, self.limit, self.cursor) = (namespace, limit, cursor)
  }

  public static let schema = Schema.request(
    [
      .namespace,
      .limit(),
      .cursor,
    ], name: "ListQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, cursor) = (try fields.optionalText("namespace"), try fields.optionalText("cursor"))
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON {
    members(["namespace": namespace?.wire, "limit": limit?.wire, "cursor": cursor?.wire])
  }
}

public struct PipelineQuery: Wire {
  /// `namespace~name`.
  public var id: String
  /// Nil: the newest.
  public var revision: Int?

  public init(id: String, revision: Int? = nil) { (self.id, self.revision) = (id, revision) }

  public static let schema = Schema.request(
    [
      .id,
      .optional("revision", .revision, "Absent: the newest."),
    ], name: "PipelineQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, revision) = (try fields.text("id"), try fields.optionalInt("revision"))
  }

  public var json: JSON { members(["id": id.wire, "revision": revision?.wire]) }
}

public struct PipelineItem: Wire, Hashable {
  public var id: String
  public var namespace: String
  public var name: String
  public var title: String
  public var revision: Int
  public var createdAt: Timestamp
  public var updatedAt: Timestamp
  /// Nil: it takes new jobs.
  public var pause: PauseItem?
  /// Only in lists; nil where it never had one.
  public var lastJob: LastJobItem?
  /// Only in lists: when its schedules start the next job.
  public var nextAt: Timestamp?

  public init(
    id: String, namespace: String, name: String, title: String, revision: Int, createdAt: Timestamp,
    updatedAt: Timestamp, pause: PauseItem? = nil
  ) {
    self.pause = pause
    (self.id, self.namespace, self.name, self.title) = (id, namespace, name, title)
    (self.revision, self.createdAt, self.updatedAt) = (revision, createdAt, updatedAt)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("namespace", .text),
      .init("name", .text),
      .init("title", .text),
      .init("revision", .integer(1...Int.max)),
      .init("created_at", .time),
      .init("updated_at", .time),
      .optional("paused", PauseItem.schema, "Absent: it takes new jobs."),
      .optional("last_job", LastJobItem.schema), .optional("next_at", .time),
    ], name: "PipelineItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, namespace, name) = (try fields.text("id"), try fields.text("namespace"), try fields.text("name"))
    (title, revision) = (try fields.optionalText("title") ?? "", try fields.int("revision"))
    createdAt = try fields.time("created_at")
    updatedAt = try fields.time("updated_at")
    pause = try fields.optionalValue("paused", of: PauseItem.self)
    lastJob = try fields.optionalValue("last_job", of: LastJobItem.self)
    nextAt = try fields.optionalTime("next_at")
  }

  public var json: JSON {
    members([
      "id": id.wire, "namespace": namespace.wire, "name": name.wire, "title": title.wire,
      "revision": revision.wire, "created_at": createdAt.wire, "updated_at": updatedAt.wire,
      "paused": pause?.json, "last_job": lastJob?.json, "next_at": nextAt?.wire,
    ])
  }
}

public struct PipelineDetail: Wire, Hashable {
  public var id: String
  public var revision: Int
  public var title: String
  public var source: String
  /// Paths of the files beside the pipeline that this revision holds.
  public var files: [String]
  /// Hex digits over source and files.
  public var sha256: String
  public var createdAt: Timestamp
  public var createdBy: String
  /// Order and reasons, in the caller's language.
  public var explanation: String
  /// Of the pipeline, whatever the revision; nil: it takes new jobs.
  public var pause: PauseItem?

  public init(
    id: String, revision: Int, title: String, source: String, files: [String], sha256: String,
    createdAt: Timestamp, createdBy: String, explanation: String, pause: PauseItem? = nil
  ) {
    self.pause = pause
    (self.id, self.revision, self.title, self.source) = (id, revision, title, source)
    (self.files, self.sha256, self.createdAt) = (files, sha256, createdAt)
    (self.createdBy, self.explanation) = (createdBy, explanation)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("revision", .integer(1...Int.max)),
      .init("title", .text),
      .init("source", .text),
      .init("files", .list(of: .text), "Paths of the files beside the pipeline that this revision holds."),
      .init("sha256", .text(.sha256), "Over source and files."),
      .init("created_at", .time),
      .init("created_by", .text),
      .init("explanation", .text, "Order and reasons, in the caller's language."),
      .optional("paused", PauseItem.schema, "Absent: it takes new jobs."),
    ], name: "PipelineDetail")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, revision) = (try fields.text("id"), try fields.int("revision"))
    (title, source) = (try fields.text("title"), try fields.text("source"))
    files = try fields.texts("files")
    (sha256, createdBy) = (try fields.text("sha256"), try fields.text("created_by"))
    createdAt = try fields.time("created_at")
    explanation = try fields.text("explanation")
    pause = try fields.optionalValue("paused", of: PauseItem.self)
  }

  public var json: JSON {
    members([
      "id": id.wire, "revision": revision.wire, "title": title.wire, "source": source.wire,
      "files": .array(files.map(\.wire)), "sha256": sha256.wire, "created_at": createdAt.wire,
      "created_by": createdBy.wire, "explanation": explanation.wire, "paused": pause?.json,
    ])
  }
}

public struct RevisionItem: Wire, Hashable {
  public var revision: Int
  public var sha256: String
  public var createdAt: Timestamp
  public var createdBy: String

  public init(revision: Int, sha256: String, createdAt: Timestamp, createdBy: String) {
    (self.revision, self.sha256, self.createdAt, self.createdBy) = (revision, sha256, createdAt, createdBy)
  }

  public static let schema = Schema.object(
    [
      .init("revision", .integer(1...Int.max)),
      .init("sha256", .text(.sha256)),
      .init("created_at", .time),
      .init("created_by", .text),
    ], name: "RevisionItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (revision, sha256) = (try fields.int("revision"), try fields.text("sha256"))
    createdAt = try fields.time("created_at")
    createdBy = try fields.text("created_by")
  }

  public var json: JSON {
    members([
      "revision": revision.wire, "sha256": sha256.wire, "created_at": createdAt.wire,
      "created_by": createdBy.wire,
    ])
  }
}
