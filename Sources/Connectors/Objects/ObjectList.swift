import Engine
import Glibc
import Model
import Net

/// `object.list`: the objects below a prefix.
struct ObjectList: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let standardLimit: Int64 = 1_000

  static let description = ConnectorDescription(
    name: "object.list",
    title: Bilingual("List objects", pt: "Listar objetos"),
    summary: Bilingual(
      "Lists the objects whose keys begin with a prefix, in the order of their bytes. No bucket: no objects.",
      pt: "Lista os objetos cujas chaves começam com um prefixo, na ordem dos bytes. Sem bucket: sem objetos."
    ),
    with: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string", "minLength": 1],
        "prefix": ["type": "string", "default": ""],
        "after": [
          "type": "string", "description": "Only keys behind this one: the last of the page before.",
        ],
        "limit": ["type": "integer", "minimum": 1, "maximum": 10000, "default": 1000],
      ],
      "required": ["bucket"],
      "additionalProperties": false,
    ],
    output: [
      "type": "object",
      "properties": [
        "objects": [
          "type": "array",
          "items": [
            "type": "object",
            "properties": ["key": ["type": "string"], "size": ["type": "integer"]],
            "required": ["key", "size"],
            "additionalProperties": false,
          ],
        ],
        "count": ["type": "integer"],
        "truncated": ["type": "boolean", "description": "True where more follow."],
      ],
      "required": ["objects", "count", "truncated"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .optional(kind: "folder|s3"),
    examples: [
      .init(
        Bilingual("What was published", pt: "O que foi publicado"),
        yaml: """
          published:
            uses: object.list
            with: {bucket: gold, prefix: daily/}
          """)
    ], failures: ObjectNotes.writing)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    if S3Store.isNamed(by: attempt) { return try await S3Store(attempt, client).list() }
    let folder = try ObjectFolder(attempt, bucket: attempt.with["bucket"]?.string ?? "")
    let prefix = attempt.with["prefix"]?.string ?? ""
    let after = attempt.with["after"]?.string
    let limit = Int(attempt.with["limit"]?.int ?? Self.standardLimit)
    let found = try await OwnThread.cancellable { flag throws(Failure) in
      guard let opened = try folder.open(for: folder.bucket) else { return [Entry]() }
      var listing = ObjectListing(prefix, after: after, flag)
      try listing.visit(opened, "")
      return listing.found.sorted { ScalarString($0.key) < ScalarString($1.key) }
    }
    let page = found.prefix(limit).map { object -> JSON in
      ["key": .string(object.key), "size": .int(object.size)]
    }
    return AttemptOutput([
      "objects": .array(page), "count": .int(Int64(page.count)), "truncated": .bool(found.count > limit),
    ])
  }

  struct Entry: Sendable {
    var key: String
    var size: Int64
  }
}

/// The objects of a bucket. Folders that can hold nothing of the prefix are not entered; links are left out.
/// Blocks.
private struct ObjectListing {
  private let prefix: String
  private let after: ScalarString?
  private let flag: CancelFlag
  private(set) var found: [ObjectList.Entry] = []

  init(_ prefix: String, after: String?, _ flag: CancelFlag) {
    (self.prefix, self.after, self.flag) = (prefix, after.map { ScalarString($0) }, flag)
  }

  mutating func visit(_ folder: borrowing OpenFolder, _ path: String) throws(Failure) {
    // The folder is read to its end before another is opened, so one stream is open at a time.
    for name in try inner(folder, path) {
      let next: OpenFolder
      do throws(SystemError.Number) { next = try folder.folder(name) } catch {
        // It went, or became another thing, since it was read.
        if [ENOENT, ENOTDIR, ELOOP].contains(error.value) { continue }
        throw .objectFolder(error.value)
      }
      try visit(next, "\(path)\(name)/")
    }
  }

  /// Takes the objects of one folder, and gives the folders in it.
  private mutating func inner(_ folder: borrowing OpenFolder, _ path: String) throws(Failure) -> [String] {
    var folders: [String] = []
    try folder.forEachName { name throws(Failure) in
      try flag.check()
      // No key is longer, and none has another encoding.
      guard let name, !IncomingFile.isUnderWay(name) else { return true }
      let key = path + name
      guard key.utf8.count <= ObjectFolder.keyLimit else { return true }
      let status: FileStatus?
      do throws(SystemError.Number) { status = try folder.status(of: name) } catch {
        throw .objectFolder(error.value)
      }
      switch status?.kind {
      case .file?:
        let isObject = !ObjectFolder.isMetadata(key) && key.utf8.starts(with: prefix.utf8)
        if isObject, isBehind(key) { found.append(.init(key: key, size: status?.size ?? 0)) }
      case .folder?: if mayHold("\(key)/") { folders.append(name) }
      case .link?, .other?, nil: break
      }
      return true
    } failing: {
      .objectFolder($0.value)
    }
    return folders
  }

  private func isBehind(_ key: String) -> Bool { after.map { $0 < ScalarString(key) } ?? true }

  private func mayHold(_ inside: String) -> Bool {
    inside.utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: inside.utf8)
  }
}
