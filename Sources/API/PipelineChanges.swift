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

  /// Of one pipeline file, in characters, and the files beside it.
  public static let (longestSource, mostFiles) = (4 << 20, 1_000)

  public static let schema = Schema.request(
    [
      .init(
        "name", .text(1...Schema.Member.longestNote).examples("hello.yaml"),
        "As the caller knows it; it stands in messages."),
      .init("source", .text(0...longestSource), "The YAML text."),
      .optional("files", .list(of: AttachedFile.schema, most: mostFiles)),
    ], name: "SourceFile")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, source) = (try fields.text("name"), try fields.text("source"))
    files = try fields.list("files", of: AttachedFile.self)
  }

  public var json: JSON { members(["name": name.wire, "source": source.wire, "files": files.wire]) }
}

extension SourceFile {
  /// A pipeline of one step.
  static let example = SourceFile(
    name: "hello.yaml",
    source: """
      apiVersion: esteira/v1
      id: hello
      namespace: demo
      inputs:
        name: {type: string, default: world}
      steps:
        greet: {value: "${{ 'Hello, ' + inputs.name }}"}
      outputs: {text: "${{ steps.greet.output }}"}
      """)
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

  public static let schema = Schema.request(
    [
      .init("path", .text(1...Schema.Member.longestNote), "Relative to the pipeline file."),
      .optional("executable", .flag),
      .init("base64", .base64(most: totalLimit)),
    ], name: "AttachedFile", "A file beside a pipeline.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (path, isExecutable) = (try fields.text("path"), try fields.flag("executable"))
    bytes = Base64.decode(try fields.text("base64")) ?? []
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
  /// What is in a namespace of the files and not among them is deleted.
  public var prune: Bool

  public init(
    files: [SourceFile], expectedRevision: Int? = nil, isDryRun: Bool = false, prune: Bool = false
  ) {
    (self.files, self.expectedRevision, self.isDryRun) = (files, expectedRevision, isDryRun)
    self.prune = prune
  }

  public static let mostFiles = 200

  public static let schema = Schema.request(
    [
      .init("files", .list(of: SourceFile.schema, most: mostFiles, least: 1)),
      .optional(
        "expected_revision", .revisionOrNone,
        "Fails unless the newest revision is this one; only with one file."),
      .optional("dry_run", .flag, "Only says what it would do."),
      .optional(
        "prune", .flag,
        "What is in a namespace of the files and not among them is deleted, which needs pipelines:delete; "
          + "refused where it has live jobs."),
    ], name: "ApplyRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    files = try fields.list("files", of: SourceFile.self)
    expectedRevision = try fields.optionalInt("expected_revision")
    (isDryRun, prune) = (try fields.flag("dry_run"), try fields.flag("prune"))
  }

  public var json: JSON {
    members([
      "files": files.wire, "expected_revision": expectedRevision?.wire, "dry_run": isDryRun.wire,
      "prune": prune.wire,
    ])
  }
}

public struct ApplyResult: Wire, Hashable {
  public var items: [AppliedPipeline]
  public init(_ items: [AppliedPipeline]) { self.items = items }
  public static let schema = Schema.object(
    [.init("items", .list(of: AppliedPipeline.schema))], name: "ApplyResult")

  public init(_ json: JSON) throws(WireError) {
    items = try Fields(json, Self.schema).list("items", of: AppliedPipeline.self)
  }
  public var json: JSON { members(["items": items.wire]) }
}

public struct AppliedPipeline: Wire, Hashable {
  public var id: String
  /// `created`, `updated`, `unchanged` or, with prune, `deleted`.
  public var change: String
  public var revision: Int
  /// What the user should know although nothing is wrong, in the caller's language.
  public var notes: [String]

  public init(id: String, change: String, revision: Int, notes: [String] = []) {
    (self.id, self.change, self.revision, self.notes) = (id, change, revision, notes)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("change", .words(["created", "updated", "unchanged", "deleted"])),
      .init("revision", .integer(1...Int.max)),
      .optional(
        "notes", .list(of: .text),
        "What the user should know although nothing is wrong, in the caller's language."),
    ], name: "AppliedPipeline")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, change) = (try fields.text("id"), try fields.text("change"))
    revision = try fields.int("revision")
    notes = try fields.texts("notes")
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

  public static let schema = Schema.object(
    [
      .init("valid", .flag),
      .init("findings", .list(of: FindingItem.schema)),
      .init("order", .list(of: .text), "Names of the steps in the order in which they would start."),
    ], name: "ValidationResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (isValid, findings) = (try fields.flag("valid"), try fields.list("findings", of: FindingItem.self))
    order = try fields.texts("order")
  }

  public var json: JSON {
    members([
      "valid": .bool(isValid), "findings": findings.wire, "order": .array(order.map(\.wire)),
    ])
  }
}
