import Engine
import Model

/// `object.list`: the objects below a prefix.
struct ObjectList: Connector {
  var description: ConnectorDescription { Self.description }

  private static let standardLimit: Int64 = 1_000

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
    effect: .always(.pure), connection: .optional(kind: "folder"),
    examples: [
      .init(
        Bilingual("What was published", pt: "O que foi publicado"),
        yaml: """
          published:
            uses: object.list
            with: {bucket: gold, prefix: daily/}
          """)
    ], failures: Array(ObjectNotes.writing.prefix(2)))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let folder = try ObjectFolder(attempt, bucket: attempt.with["bucket"]?.string ?? "")
    let prefix = attempt.with["prefix"]?.string ?? ""
    let after = attempt.with["after"]?.string
    let limit = Int(attempt.with["limit"]?.int ?? Self.standardLimit)
    let found = await OwnThread.run { Self.objects(in: folder.folder, prefix: "", matching: prefix) }
      .filter { object in after.map { ScalarString($0) < ScalarString(object.key) } ?? true }
      .sorted { ScalarString($0.key) < ScalarString($1.key) }
    let page = found.prefix(limit).map { object -> JSON in
      ["key": .string(object.key), "size": .int(object.size)]
    }
    return AttemptOutput([
      "objects": .array(page), "count": .int(Int64(page.count)), "truncated": .bool(found.count > limit),
    ])
  }

  /// Folders that can hold nothing of the prefix are not entered; links are left out. Blocks.
  private static func objects(
    in bucket: String, prefix path: String, matching prefix: String
  ) -> [(key: String, size: Int64)] {
    var found: [(key: String, size: Int64)] = []
    for name in Folders.names(in: "\(bucket)/\(path)") where !name.hasPrefix(".#") {
      let key = path + name
      switch Folders.kind(of: "\(bucket)/\(key)") {
      case .file(let size)?:
        let isObject = !key.hasSuffix(ObjectFolder.metadataEnding)
        if isObject, key.utf8.starts(with: prefix.utf8) { found.append((key, size)) }
      case .folder?:
        let inside = key + "/"
        if inside.utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: inside.utf8) {
          found += objects(in: bucket, prefix: inside, matching: prefix)
        }
      case .other?, nil: break
      }
    }
    return found
  }
}
