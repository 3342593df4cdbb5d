public import Model

/// A pipeline file with the files beside it that it names.
public struct SourceFile: Wire, Hashable {
  /// As the caller knows it; it stands in messages.
  public var name: String
  public var source: String
  public var files: [AttachedFile]

  public init(name: String, source: String, files: [AttachedFile] = []) {
    (self.name, self.source, self.files) = (name, source, files)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (name, source) = (try fields.text("name"), try fields.text("source"))
    files = try fields.list("files", of: AttachedFile.self)
  }

  public var json: JSON { members(["name": name.wire, "source": source.wire, "files": files.wire]) }
}

/// A file beside a pipeline.
public struct AttachedFile: Wire, Hashable {
  /// Relative to the pipeline file.
  public var path: String
  public var bytes: [UInt8]
  public var isExecutable: Bool

  /// All files of a pipeline together.
  public static let totalLimit = 16 << 20

  public init(path: String, bytes: [UInt8], isExecutable: Bool) {
    (self.path, self.bytes, self.isExecutable) = (path, bytes, isExecutable)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (path, isExecutable) = (try fields.text("path"), try fields.flag("executable"))
    guard let bytes = Base64.decode(try fields.text("base64")) else {
      throw WireError("/base64", Bilingual("This is not base64.", pt: "Isto não é base64."))
    }
    self.bytes = bytes
  }

  public var json: JSON {
    members(["path": path.wire, "executable": isExecutable.wire, "base64": Base64.encode(bytes).wire])
  }
}

public struct ApplyRequest: Wire {
  public var files: [SourceFile]
  /// Fails unless the newest revision is this one; only with one file.
  public var expectedRevision: Int?
  /// Only says what it would do.
  public var isDryRun: Bool

  public init(files: [SourceFile], expectedRevision: Int? = nil, isDryRun: Bool = false) {
    (self.files, self.expectedRevision, self.isDryRun) = (files, expectedRevision, isDryRun)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    files = try fields.list("files", of: SourceFile.self)
    expectedRevision = try fields.optionalInteger("expected_revision").map(Int.init)
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON {
    members([
      "files": files.wire, "expected_revision": expectedRevision?.wire, "dry_run": isDryRun.wire,
    ])
  }
}

public struct ApplyResult: Wire, Hashable {
  public var items: [AppliedPipeline]
  public init(_ items: [AppliedPipeline]) { self.items = items }
  public init(_ json: JSON) throws(WireError) {
    items = try Fields(json).list("items", of: AppliedPipeline.self)
  }
  public var json: JSON { members(["items": items.wire]) }
}

public struct AppliedPipeline: Wire, Hashable {
  public var id: String
  /// `created`, `updated` or `unchanged`.
  public var change: String
  public var revision: Int
  /// What the user should know although nothing is wrong, in the caller's language.
  public var notes: [String]

  public init(id: String, change: String, revision: Int, notes: [String] = []) {
    (self.id, self.change, self.revision, self.notes) = (id, change, revision, notes)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, change) = (try fields.text("id"), try fields.text("change"))
    revision = Int(try fields.integer("revision"))
    notes = try fields.list("notes", of: JSON.self).compactMap(\.string)
  }

  public var json: JSON {
    members([
      "id": id.wire, "change": change.wire, "revision": revision.wire,
      "notes": notes.isEmpty ? JSON?.none : .array(notes.map(\.wire)),
    ])
  }
}

public struct ValidationResult: Wire, Hashable {
  public var isValid: Bool
  public var findings: [FindingItem]
  /// Names of the steps in the order in which they would start.
  public var order: [String]

  public init(isValid: Bool, findings: [FindingItem], order: [String]) {
    (self.isValid, self.findings, self.order) = (isValid, findings, order)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (isValid, findings) = (try fields.flag("valid"), try fields.list("findings", of: FindingItem.self))
    order = try fields.list("order", of: JSON.self).compactMap(\.string)
  }

  public var json: JSON {
    members([
      "valid": .bool(isValid), "findings": findings.wire, "order": .array(order.map(\.wire)),
    ])
  }
}
