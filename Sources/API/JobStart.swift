public import Model

public struct ExecuteRequest: Wire {
  /// `namespace~name`.
  public var id: String
  public var inputs: JSONObject
  /// What a queue would hand over: it becomes `trigger.message`.
  public var message: JSON?
  public var idempotencyKey: String?
  public var key: String?
  public var revision: Int?
  /// Operator values for this job alone.
  public var settings: JSONObject?
  /// 0 to 9; nil: as the file says.
  public var priority: Int?
  /// Beside those of the file; one without a value takes the file's away.
  public var labels: [(name: String, value: String?)]
  /// The job begins then and not before.
  public var runAt: Timestamp?

  public init(
    id: String, inputs: JSONObject = JSONObject(), message: JSON? = nil, idempotencyKey: String? = nil,
    key: String? = nil, revision: Int? = nil, settings: JSONObject? = nil, priority: Int? = nil,
    labels: [(name: String, value: String?)] = []
  ) {
    (self.id, self.inputs, self.message) = (id, inputs, message)
    (self.idempotencyKey, self.key, self.revision) = (idempotencyKey, key, revision)
    (self.settings, self.priority, self.labels) = (settings, priority, labels)
  }

  public static let schema = Schema.request(
    [
      .id,
      .optional("inputs", .map, "As the pipeline's `inputs` ask for."),
      .optional("message", .any, "What a queue would hand over: it becomes `trigger.message`."),
      .idempotencyKey,
      .optional("key", .text(1...Schema.Member.longestName)),
      .optional("revision", .revision),
      .optional("settings", .map, "Operator values for this job alone."),
      .optional("priority", .integer(0...9), "In place of the file's; 9 comes first."),
      .optional(
        "labels", UpdateJobRequest.labels,
        "Beside those of the file's `job_labels`; one whose value is null takes the file's away."),
      .optional(
        "run_at", .time,
        "The job is stored now and begins then, at most 366 days ahead; what has passed is now."),
    ], name: "ExecuteRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, inputs) = (try fields.text("id"), try fields.map("inputs"))
    message = fields.object["message"]
    (idempotencyKey, key) = (try fields.optionalText("idempotency_key"), try fields.optionalText("key"))
    revision = try fields.optionalInt("revision")
    settings = fields.object["settings"] == nil ? nil : try fields.map("settings")
    priority = try fields.optionalInt("priority")
    labels = try fields.map("labels").map { (name: $0.key, value: $0.value.string) }
    runAt = try fields.optionalTime("run_at")
  }

  public var json: JSON {
    members([
      "id": id.wire, "inputs": .object(inputs), "message": message, "idempotency_key": idempotencyKey?.wire,
      "key": key?.wire, "revision": revision?.wire, "settings": settings.map { .object($0) },
      "priority": priority?.wire, "labels": UpdateJobRequest.wire(labels), "run_at": runAt?.wire,
    ])
  }
}

public struct StartedItem: Wire, Hashable {
  public var id: String
  public var pipeline: String
  public var revision: Int
  /// False: a key led to a job that existed already.
  public var isNew: Bool

  public init(id: String, pipeline: String, revision: Int, isNew: Bool) {
    (self.id, self.pipeline, self.revision, self.isNew) = (id, pipeline, revision, isNew)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("pipeline", .text, "`namespace/name`."),
      .init("revision", .integer(1...Int.max)),
      .init("new", .flag, "False: a key led to a job that existed already."),
    ], name: "StartedItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, pipeline) = (try fields.text("id"), try fields.text("pipeline"))
    (revision, isNew) = (try fields.int("revision"), try fields.flag("new"))
  }

  public var json: JSON {
    members(["id": id.wire, "pipeline": pipeline.wire, "revision": revision.wire, "new": .bool(isNew)])
  }
}

public struct ArtifactPath: Wire {
  public var id: String
  /// A name, or the SHA-256 in hex digits.
  public var name: String
  public init(id: String, name: String) { (self.id, self.name) = (id, name) }
  public static let schema = Schema.request(
    [
      .shortID,
      .init(
        "name", .text(1...Schema.Member.longestName).examples("report.csv"),
        "A name, or the SHA-256 in hex digits."),
    ], name: "ArtifactPath")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, name) = (try fields.text("id"), try fields.text("name"))
  }
  public var json: JSON { members(["id": id.wire, "name": name.wire]) }
}

public struct ArtifactItem: Wire, Hashable {
  public var name: String
  /// Of the step that produced it.
  public var path: String
  public var sha256: String
  public var size: Int64
  public var mediaType: String
  /// Where its bytes are; nil where it stands beside them in a file.
  public var href: String?

  public init(
    name: String, path: String, sha256: String, size: Int64, mediaType: String, href: String? = nil
  ) {
    (self.name, self.path, self.sha256) = (name, path, sha256)
    (self.size, self.mediaType, self.href) = (size, mediaType, href)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text),
      .init("path", .text, "Of the step that produced it."),
      .init("sha256", .text(.sha256)),
      .init("size", .count, "In bytes."),
      .init("media_type", .text),
      .optional("href", .text, "Where its bytes are."),
    ], name: "ArtifactItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, path, sha256) = (try fields.text("name"), try fields.text("path"), try fields.text("sha256"))
    (size, mediaType) = (try fields.integer("size"), try fields.text("media_type"))
    href = try fields.optionalText("href")
  }

  public var json: JSON {
    members([
      "name": name.wire, "path": path.wire, "sha256": sha256.wire, "size": .int(size),
      "media_type": mediaType.wire, "href": href?.wire,
    ])
  }
}
