public import Model

/// Endpoints that take one definition by its name, as programs do; `apply` takes many.
extension PipelineCalls {
  public static let create = Endpoint<DefinitionRequest, DefinitionResult>(
    .post, "/pipelines", .needs("pipelines", "create"),
    "Makes a pipeline out of one file, sent as YAML or as the member `source` of JSON; with dry_run "
      + "says what it would do.",
    success: [200, 201])
  public static let replace = Endpoint<DefinitionReplacement, DefinitionResult>(
    .put, "/pipelines/{id}", .needs("pipelines", "update"),
    "Makes a new revision of a pipeline; If-Match names the one that was seen. Nothing is made where "
      + "nothing changed.",
    precondition: true, problems: [412, 428])
  public static let revision = Endpoint<RevisionPath, PipelineDetail>(
    .get, "/pipelines/{id}/revisions/{revision}", .needs("pipelines", "read"),
    "One revision of a pipeline with its source and its plan.")
  public static let diff = Endpoint<DiffQuery, DefinitionDiff>(
    .get, "/pipelines/{id}/diff", .needs("pipelines", "read"),
    "What differs between two revisions, by its meaning and line by line.")
  public static let graph = Endpoint<PipelineQuery, PipelineGraphItem>(
    .get, "/pipelines/{id}/graph", .needs("pipelines", "read"),
    "The steps, what each waits for, and why.")
  public static let check = Endpoint<CheckRequest, DefinitionCheck>(
    .post, "/pipelines/{id}/validate", .needs("pipelines", "read"),
    "Everything that is wrong with a file, or with what is stored, and the credentials that are missing.",
    audit: .nothing)
}

/// One file of a definition, and those beside it that it names.
public struct DefinitionRequest: Wire {
  /// YAML or JSON. It may also be the whole body, with a Content-Type that says so.
  public var source: String
  public var files: [AttachedFile]
  /// As the caller knows the file; it stands in messages.
  public var name: String
  public var dryRun: Bool

  public init(
    source: String, files: [AttachedFile] = [], name: String = "pipeline.yaml", dryRun: Bool = false
  ) {
    (self.source, self.files, self.name, self.dryRun) = (source, files, name, dryRun)
  }

  public init(_ json: JSON) throws(WireError) {
    try self.init(try Fields(json, Self.schema))
  }

  fileprivate init(_ fields: Fields) throws(WireError) {
    source = try fields.text("source")
    files = try fields.list("files", of: AttachedFile.self)
    (name, dryRun) = (try fields.optionalText("name") ?? "pipeline.yaml", try fields.flag("dry_run"))
  }

  public var json: JSON { .object(wire) }

  fileprivate var wire: JSONObject {
    var object: JSONObject = ["source": source.wire]
    if !files.isEmpty { object["files"] = files.wire }
    (object["name"], object["dry_run"]) = (name.wire, dryRun.wire)
    return object
  }

  fileprivate static let members: [Schema.Member] = [
    .init("source", .text, "YAML or JSON."),
    .init("files", .list(of: AttachedFile.schema), required: false, "Those beside it that it names."),
    .init("name", .text, required: false, "Of the file; it stands in messages."),
    .init("dry_run", .flag, required: false, "Only says what it would do."),
  ]
  public static let schema = Schema.request(members, name: "DefinitionRequest")
}

/// The definition that a pipeline is to have from now on.
public struct DefinitionReplacement: Wire {
  /// `namespace~name`.
  public var id: String
  public var definition: DefinitionRequest

  public init(id: String, definition: DefinitionRequest) { (self.id, self.definition) = (id, definition) }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, definition) = (try fields.text("id"), try DefinitionRequest(fields))
  }

  public var json: JSON {
    var object = definition.wire
    object["id"] = id.wire
    return .object(object)
  }

  public static let schema = Schema.request([.id] + DefinitionRequest.members, name: "DefinitionReplacement")
}

/// What became, or would become, of a definition.
public struct DefinitionResult: Wire, Hashable {
  public var id: String
  /// `created`, `updated` or `unchanged`.
  public var change: String
  public var revision: Int
  /// Hex digits over source and files.
  public var sha256: String
  public var notes: [String]
  public var isDryRun: Bool

  public init(id: String, change: String, revision: Int, sha256: String, notes: [String], isDryRun: Bool) {
    (self.id, self.change, self.revision, self.sha256) = (id, change, revision, sha256)
    (self.notes, self.isDryRun) = (notes, isDryRun)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, change) = (try fields.text("id"), try fields.text("change"))
    (revision, sha256) = (try fields.int("revision"), try fields.text("sha256"))
    notes = try fields.texts("notes")
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON {
    members([
      "id": id.wire, "change": change.wire, "revision": revision.wire, "sha256": sha256.wire,
      "notes": .array(notes.map(\.wire)), "dry_run": .bool(isDryRun),
    ])
  }

  public static let schema = Schema.object(
    [
      .id,
      .init("change", .words(["created", "updated", "unchanged"])),
      .init("revision", .integer), .init("sha256", .text, "Hex digits over source and files."),
      .init("notes", .list(of: .text), "What to know although nothing is wrong."),
      .init("dry_run", .flag, "Nothing was made."),
    ], name: "DefinitionResult")
}

public struct RevisionPath: Wire {
  /// `namespace~name`.
  public var id: String
  public var revision: Int

  public init(id: String, revision: Int) { (self.id, self.revision) = (id, revision) }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, revision) = (try fields.text("id"), try fields.int("revision"))
  }

  public var json: JSON { members(["id": id.wire, "revision": revision.wire]) }

  public static let schema = Schema.request([
    .id, .init("revision", .integer),
  ])
}

public struct DiffQuery: Wire {
  /// `namespace~name`.
  public var id: String
  /// Nil: the one before `to`.
  public var from: Int?
  /// Nil: the newest.
  public var to: Int?

  public init(id: String, from: Int? = nil, to: Int? = nil) { (self.id, self.from, self.to) = (id, from, to) }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    id = try fields.text("id")
    from = try fields.optionalInt("from")
    to = try fields.optionalInt("to")
  }

  public var json: JSON { members(["id": id.wire, "from": from?.wire, "to": to?.wire]) }

  public static let schema = Schema.request([
    .id,
    .init("from", .integer, required: false, "A revision; absent: the one before `to`."),
    .init("to", .integer, required: false, "A revision; absent: the newest."),
  ])
}

public struct CheckRequest: Wire {
  /// `namespace~name`.
  public var id: String
  /// Nil: what is stored.
  public var source: String?
  public var files: [AttachedFile]

  public init(id: String, source: String? = nil, files: [AttachedFile] = []) {
    (self.id, self.source, self.files) = (id, source, files)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, source) = (try fields.text("id"), try fields.optionalText("source"))
    files = try fields.list("files", of: AttachedFile.self)
  }

  public var json: JSON {
    members(["id": id.wire, "source": source?.wire, "files": files.isEmpty ? JSON?.none : files.wire])
  }

  public static let schema = Schema.request(
    [
      .id,
      .init("source", .text, required: false, "YAML or JSON; absent: what is stored."),
      .init("files", .list(of: AttachedFile.schema), required: false),
    ], name: "CheckRequest")
}
