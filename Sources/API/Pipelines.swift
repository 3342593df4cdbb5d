public import Model

/// Endpoints about definitions. `{id}` is `namespace~name`.
public enum PipelineCalls {
  public static let list = Endpoint<ListQuery, Page<PipelineItem>>(
    .get, "/pipelines", .needs("pipelines", "read"), "The pipelines, by namespace and name.")
  public static let get = Endpoint<PipelineQuery, PipelineDetail>(
    .get, "/pipelines/{id}", .needs("pipelines", "read"), "A pipeline with its source and its plan.")
  public static let revisions = Endpoint<PipelineQuery, Page<RevisionItem>>(
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
    "New jobs are refused from now on; live jobs go on.")
  public static let resume = Endpoint<NamePath, PipelineItem>(
    .post, "/pipelines/{id}/resume", .needs("pipelines", "pause"), "Ends the pause of a pipeline.")
  public static let apply = Endpoint<ApplyRequest, ApplyResult>(
    .post, "/pipelines:apply", .needs("pipelines", "update"),
    "Makes new revisions of what changed: all files or none.")
  public static let plan = Endpoint<ApplyRequest, ApplyResult>(
    .post, "/pipelines:plan", .needs("pipelines", "read"), "What apply would change.", audit: .nothing)
  public static let validate = Endpoint<SourceFile, ValidationResult>(
    .post, "/pipelines:validate", .needs("pipelines", "read"), "Everything that is wrong with a file.",
    audit: .nothing)
  public static let execute = Endpoint<ExecuteRequest, StartedItem>(
    .post, "/pipelines/{id}/execute", .needs("pipelines", "execute"),
    "Starts a job: 202, or 200 with the job that the keys led to.", success: [200, 202])
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (namespace, cursor) = (try fields.optionalText("namespace"), try fields.optionalText("cursor"))
    limit = try fields.optionalInteger("limit").map(Int.init)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, revision) = (try fields.text("id"), try fields.optionalInteger("revision").map(Int.init))
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

  public init(
    id: String, namespace: String, name: String, title: String, revision: Int, createdAt: Timestamp,
    updatedAt: Timestamp, pause: PauseItem? = nil
  ) {
    self.pause = pause
    (self.id, self.namespace, self.name, self.title) = (id, namespace, name, title)
    (self.revision, self.createdAt, self.updatedAt) = (revision, createdAt, updatedAt)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, namespace, name) = (try fields.text("id"), try fields.text("namespace"), try fields.text("name"))
    (title, revision) = (try fields.optionalText("title") ?? "", Int(try fields.integer("revision")))
    createdAt = try fields.time("created_at") ?? Timestamp(microseconds: 0)
    updatedAt = try fields.time("updated_at") ?? Timestamp(microseconds: 0)
    pause = try fields.object["paused"].map(PauseItem.init)
  }

  public var json: JSON {
    members([
      "id": id.wire, "namespace": namespace.wire, "name": name.wire, "title": title.wire,
      "revision": revision.wire, "created_at": createdAt.wire, "updated_at": updatedAt.wire,
      "paused": pause?.json,
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, revision) = (try fields.text("id"), Int(try fields.integer("revision")))
    (title, source) = (try fields.text("title"), try fields.text("source"))
    files = try fields.list("files", of: JSON.self).compactMap(\.string)
    (sha256, createdBy) = (try fields.text("sha256"), try fields.text("created_by"))
    createdAt = try fields.time("created_at") ?? Timestamp(microseconds: 0)
    explanation = try fields.text("explanation")
    pause = try fields.object["paused"].map(PauseItem.init)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (revision, sha256) = (Int(try fields.integer("revision")), try fields.text("sha256"))
    createdAt = try fields.time("created_at") ?? Timestamp(microseconds: 0)
    createdBy = try fields.text("created_by")
  }

  public var json: JSON {
    members([
      "revision": revision.wire, "sha256": sha256.wire, "created_at": createdAt.wire,
      "created_by": createdBy.wire,
    ])
  }
}
