import CSystem
import Crypto
import Engine
import Glibc
import Model

/// `object.get`: reads one object.
struct ObjectGet: Connector {
  var description: ConnectorDescription { Self.description }

  /// What may stand in an output as text or value.
  private static let inlineLimit = 4 << 20
  /// How often an object that changes while it is read is read anew, and the microseconds between.
  private static let readLimit = 4
  private static let readPause: UInt32 = 10_000

  static let description = ConnectorDescription(
    name: "object.get",
    title: Bilingual("Get an object", pt: "Ler um objeto"),
    summary: Bilingual(
      "Reads what `object.put` wrote: as an artifact, or up to 4 MiB as text or as a JSON value.",
      pt: "Lê o que `object.put` gravou: como artefato ou, até 4 MiB, como texto ou valor JSON."),
    with: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string", "minLength": 1],
        "key": ["type": "string", "minLength": 1, "maxLength": 1024],
        "as": [
          "enum": ["artifact", "text", "json"], "default": "artifact",
          "description": "How it is handed over.",
        ],
      ],
      "required": ["bucket", "key"],
      "additionalProperties": false,
    ],
    output: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string"], "key": ["type": "string"], "sha256": ["type": "string"],
        "size": ["type": "integer", "description": "In bytes."],
        "content_type": ["type": "string"], "metadata": ["type": "object", "additionalProperties": true],
        "artifact": ["type": "artifact", "description": "With `as: artifact`."],
        "text": ["type": "string", "description": "With `as: text`."],
        "value": ["description": "With `as: json`."],
      ],
      "required": ["bucket", "key", "sha256", "size", "content_type", "metadata"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .optional(kind: "folder"),
    examples: [
      .init(
        Bilingual("Read a value back", pt: "Reler um valor"),
        yaml: """
          before:
            uses: object.get
            with: {bucket: gold, key: daily/latest.json, as: json}
          """)
    ], failures: ObjectNotes.reading)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (bucket, key) = (attempt.with["bucket"]?.string ?? "", attempt.with["key"]?.string ?? "")
    let folder = try ObjectFolder(attempt, bucket: bucket)
    let path = try folder.path(of: key)
    let form = attempt.with["as"]?.string ?? "artifact"
    for _ in 0..<Self.readLimit {
      let found = try await OwnThread.run { () throws(Failure) in
        try folder.refuseLinks(key)
        return try Self.facts(of: path, bucket: bucket, key: key)
      }
      var value = JSONObject([
        ("bucket", .string(bucket)), ("key", .string(key)), ("sha256", .string(found.sha256)),
        ("size", .int(found.size)), ("content_type", .string(found.contentType)),
        ("metadata", .object(found.metadata)),
      ])
      if form == "artifact" {
        let name = String(key.split(separator: "/").last ?? "object")
        let handle = try await attempt.services.storeArtifact(name, path, found.contentType)
        guard handle.sha256 == found.sha256 else { continue }
        value["artifact"] = handle.json
        return AttemptOutput(.object(value), artifacts: [handle])
      }
      let bytes = try await OwnThread.run { () throws(Failure) in try Self.read(path, key: key) }
      guard SHA256.hex(bytes) == found.sha256 else { continue }
      if form == "text" { value["text"] = .string(String(decoding: bytes, as: UTF8.self)) }
      if form == "json" { value["value"] = try Self.parse(bytes, key: key) }
      return AttemptOutput(.object(value))
    }
    throw Failure(
      .transient, code: "object-store",
      "The object `\(key)` was written anew each of \(Self.readLimit) times that it was read; try later.")
  }

  /// The hash is of what is there now; metadata of another content, as a put that broke off leaves them, are
  /// none. Blocks.
  static func facts(of path: String, bucket: String, key: String) throws(Failure) -> ObjectMetadata {
    var hashed = try hash(of: path, bucket: bucket, key: key)
    for _ in 1..<readLimit {
      guard let kept = ObjectMetadata.read(besides: path) else { break }
      if kept.sha256 == hashed.sha256 { return kept }
      // A put may be between its two files; a moment later both are there.
      usleep(readPause)
      hashed = try hash(of: path, bucket: bucket, key: key)
    }
    return ObjectMetadata(
      sha256: hashed.sha256, size: hashed.size, contentType: MediaType.of(key), metadata: JSONObject())
  }

  private static func hash(
    of path: String, bucket: String, key: String
  ) throws(Failure) -> (sha256: String, size: Int64) {
    let file = esteira_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0)
    guard file >= 0, case .file? = Folders.kind(of: path) else {
      if file >= 0 { close(file) }
      throw Failure(.data, code: "object-not-found", "There is no object `\(key)` in the bucket `\(bucket)`.")
    }
    defer { close(file) }
    guard let hashed = FileHash.read(file) else { throw .objectFolder(errno) }
    return hashed
  }

  private static func read(_ path: String, key: String) throws(Failure) -> [UInt8] {
    guard let bytes = SmallFile.read(path, limit: inlineLimit) else {
      throw Failure(
        .outputTooLarge, code: "output-too-large",
        "The object `\(key)` is larger than 4 MiB: read it with `as: artifact`.")
    }
    return bytes
  }

  private static func parse(_ bytes: [UInt8], key: String) throws(Failure) -> JSON {
    do throws(JSONError) { return try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-json",
        "The object `\(key)` is not JSON: line \(error.line), column \(error.column): "
          + "\(error.message.english)"
      )
    }
  }
}
