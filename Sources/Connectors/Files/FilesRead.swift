import Crypto
import Engine
import Model

/// `files.read`: one file below a root.
struct FilesRead: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "files.read",
    title: Bilingual("Read a file", pt: "Ler um arquivo"),
    summary: Bilingual(
      """
      Reads a plain file in the namespace's own folder or a granted root: as an artifact, or up to 4 MiB as \
      text or as a JSON value. Links are not followed. A file that changes meanwhile is read again by `retry`.
      """,
      pt: """
        Lê um arquivo comum na pasta do namespace ou em uma raiz concedida: como artefato ou, até 4 MiB, \
        como texto ou valor JSON. Ligações não são seguidas. Um arquivo que muda durante a leitura é relido \
        com `retry`.
        """),
    with: WebSchema.object(
      [
        ("path", FileSchema.path("The file.")),
        (
          "as",
          [
            "enum": ["artifact", "text", "json"], "default": "artifact",
            "description": "How it is handed over.",
          ]
        ),
        (
          "encoding",
          [
            "enum": ["utf-8", "latin-1", "windows-1252"], "default": "utf-8", "description": "Of `as: text`.",
          ]
        ),
        (
          "name",
          ["type": "string", "minLength": 1, "description": "Of the artifact; the file's own if missing."]
        ),
        (
          "media_type",
          ["type": "string", "description": "Of the artifact; by the name's ending if missing."]
        ),
      ], required: ["path"]),
    output: FileSchema.output(
      [
        ("path", ["type": "string"]), ("sha256", FileSchema.sha256), ("size", FileSchema.size),
        ("modified", FileSchema.modified),
      ],
      optional: [
        ("file", ["type": "artifact", "description": "With `as: artifact`."]),
        ("text", ["type": "string", "description": "With `as: text`."]),
        ("value", ["description": "With `as: json`."]),
      ]),
    effect: .always(.pure),
    examples: [
      .init(
        Bilingual("Read a table of rates", pt: "Ler uma tabela de taxas"),
        yaml: """
          rates:
            uses: files.read
            with: {path: reference/rates.json, as: json}
          """)
    ],
    failures: FileSchema.reading + [
      FileSchema.changing, FileSchema.inline, FileSchema.large, FileSchema.notText, FileSchema.invalidJSON,
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let path = try RootedPath(with["path"]?.string ?? "", in: attempt.services.roots)
    let isArtifact = (with["as"]?.string ?? "artifact") == "artifact"
    let copy = attempt.services.workFolder + "/file"
    let read = try await OwnThread.cancellable {
      flag throws(Failure) -> (facts: FileFacts, bytes: [UInt8]) in
      if isArtifact { return (try WorkCopy.make(of: path, at: copy, flag), []) }
      return try Self.inline(path, flag)
    }
    var value = JSONObject([
      ("path", .string(path.shown)), ("sha256", .string(read.facts.digest.sha256)),
      ("size", .int(read.facts.digest.size)), ("modified", read.facts.status.modifiedText),
    ])
    switch with["as"]?.string {
    case "text": value["text"] = .string(try Self.text(read.bytes, with["encoding"]?.string ?? "", path))
    case "json": value["value"] = try Self.json(read.bytes, path)
    case _:
      let own = try path.fileName()
      let name = with["name"]?.string ?? own
      let type = with["media_type"]?.string ?? MediaType.of(name)
      let handle = try await attempt.services.storeArtifact(name, copy, type)
      value["file"] = handle.json
      return AttemptOutput(.object(value), artifacts: [handle])
    }
    return AttemptOutput(.object(value))
  }

  private static func inline(_ path: RootedPath, _ flag: CancelFlag) throws(Failure) -> (
    facts: FileFacts, bytes: [UInt8]
  ) {
    var bytes: [UInt8] = []
    let status = try path.file().forEachUnchanged(path.shown, flag) { piece, count throws(Failure) in
      guard bytes.count + count <= FileSchema.inlineLimit else {
        throw .tooLargeInline("`\(path.shown)`", "read it with `as: artifact`")
      }
      bytes += piece[..<count]
    }
    return (FileFacts(digest: Digest(sha256: SHA256.hex(bytes), size: status.size), status: status), bytes)
  }

  private static func text(_ bytes: [UInt8], _ encoding: String, _ path: RootedPath) throws(Failure) -> String
  {
    let encoding = TextEncoding(named: encoding) ?? .utf8
    guard let text = encoding.decode(bytes) else {
      throw Failure(.data, code: "not-utf8", "`\(path.shown)` is no text in \(encoding.rawValue).")
    }
    return text
  }

  private static func json(_ bytes: [UInt8], _ path: RootedPath) throws(Failure) -> JSON {
    do throws(JSONError) { return try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-json",
        "`\(path.shown)` is not JSON: line \(error.line), column \(error.column): \(error.message.english)")
    }
  }
}
