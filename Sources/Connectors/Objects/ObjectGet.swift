import Crypto
import Engine
import Glibc
import Model
import Net

/// `object.get`: reads one object.
struct ObjectGet: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

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
    effect: .always(.pure), connection: .optional(kind: "folder|s3"),
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
    if S3Store.isNamed(by: attempt) { return try await S3Store(attempt, client).get() }
    let (bucket, key) = (attempt.with["bucket"]?.string ?? "", attempt.with["key"]?.string ?? "")
    let object = try ObjectFolder(attempt, bucket: bucket).object(key)
    let form = attempt.with["as"]?.string ?? "artifact"
    let copy = attempt.services.workFolder + "/object"
    let reader = ObjectReader(object: object, copy: form == "artifact" ? copy : nil)
    let (found, bytes) = try await OwnThread.cancellable { flag throws(Failure) in try reader.read(flag) }
    var value = JSONObject([
      ("bucket", .string(bucket)), ("key", .string(key)), ("sha256", .string(found.sha256)),
      ("size", .int(found.size)), ("content_type", .string(found.contentType)),
      ("metadata", .object(found.metadata)),
    ])
    if form == "text" { value["text"] = .string(String(decoding: bytes, as: UTF8.self)) }
    if form == "json" { value["value"] = try Self.parse(bytes, key: key) }
    guard form == "artifact" else { return AttemptOutput(.object(value)) }
    let handle = try await attempt.services.storeArtifact(object.name, copy, found.contentType)
    value["artifact"] = handle.json
    return AttemptOutput(.object(value), artifacts: [handle])
  }

  static func parse(_ bytes: [UInt8], key: String) throws(Failure) -> JSON {
    do throws(JSONError) { return try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-json",
        "The object `\(key)` is not JSON: line \(error.line), column \(error.column): "
          + "\(error.message.english)"
      )
    }
  }
}

/// Reads one object with the metadata that belong to what was read. Blocks.
private struct ObjectReader: Sendable {
  let object: StoredObject
  /// Where the bytes go; without it they are given back, up to the limit of an output.
  let copy: String?

  /// How often an object that changes while it is read is read anew, and the microseconds between.
  private static let readLimit = 4
  private static let readPause: UInt32 = 10_000

  /// Metadata of another content, as a put that broke off leaves them, are none.
  func read(_ flag: CancelFlag) throws(Failure) -> (ObjectMetadata, [UInt8]) {
    for turn in 1...Self.readLimit {
      // A put may be between its two files, or another program may write; a moment later all is there.
      if turn > 1 { usleep(Self.readPause) }
      guard let folder = try object.parent() else { throw notFound }
      guard let (digest, bytes) = try content(in: folder, flag) else { continue }
      let kept = ObjectMetadata.read(object, in: folder, flag)
      if let kept, kept.sha256 == digest.sha256 { return (kept, bytes) }
      if kept != nil, turn < Self.readLimit { continue }
      let type = MediaType.of(object.key)
      return (
        ObjectMetadata(
          sha256: digest.sha256, size: digest.size, contentType: type, metadata: JSONObject()), bytes
      )
    }
    throw Failure(
      .transient, code: "object-store",
      "The object `\(object.key)` was written each of \(Self.readLimit) times that it was read; try later.")
  }

  /// Nil where it changed meanwhile.
  private func content(
    in folder: borrowing OpenFolder, _ flag: CancelFlag
  ) throws(Failure) -> (Digest, [UInt8])? {
    let file: OpenFile
    do throws(SystemError.Number) { file = try folder.file(object.name) } catch {
      if [ENOENT, EISDIR].contains(error.value) { throw notFound }
      if error.value == ELOOP { throw .unsafeKey(object.key) }
      throw .objectFolder(error.value)
    }
    do throws(Failure) {
      if let copy { return (try WorkCopy.make(of: file, object.key, at: copy, flag).digest, []) }
      var bytes: [UInt8] = []
      try file.forEachUnchanged(object.key, flag) { piece, count throws(Failure) in
        guard bytes.count + count <= FileSchema.inlineLimit else { throw tooLarge }
        bytes += piece[..<count]
      }
      return (Digest(sha256: SHA256.hex(bytes), size: Int64(bytes.count)), bytes)
    } catch {
      if error.code == "file-changed" { return nil }
      throw error
    }
  }

  private var tooLarge: Failure {
    .tooLargeInline("The object `\(object.key)`", "read it with `as: artifact`")
  }

  private var notFound: Failure {
    Failure(
      .data, code: "object-not-found",
      "There is no object `\(object.key)` in the bucket `\(object.folder.bucket)`.")
  }
}
