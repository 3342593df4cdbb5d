import Engine
import Model
import Net

/// `http.download`: a file of the web as an artifact.
struct HTTPDownload: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let sizeLimit: Int64 = 5 << 30

  static let description = ConnectorDescription(
    name: "http.download",
    title: Bilingual("Download a file", pt: "Baixar um arquivo"),
    summary: Bilingual(
      """
      Streams a file into an artifact. A connection that breaks goes on where it was, up to four times, if \
      the server's `ETag` or `Last-Modified` says that it is the same file. With `parse` the output also \
      holds its content, up to 4 MiB.
      """,
      pt: """
        Grava um arquivo em um artefato, por partes. Uma conexão que cai continua de onde estava, até quatro \
        vezes, se o `ETag` ou o `Last-Modified` do servidor diz que é o mesmo arquivo. Com `parse` a saída \
        traz também o conteúdo, até 4 MiB.
        """),
    with: WebSchema.object(
      WebSchema.address + [
        (
          "name",
          ["type": "string", "minLength": 1, "description": "Of the artifact; else from the address."]
        ),
        (
          "max_size",
          [
            "type": "integer", "minimum": 1, "maximum": 5_368_709_120,
            "description": "In bytes; 5 GiB if missing.",
          ]
        ),
        (
          "sha256",
          [
            "type": "string", "pattern": "^[0-9a-fA-F]{64}$",
            "description": "What its bytes have to hash to.",
          ]
        ),
        ("parse", ["enum": ["csv", "json"], "description": "Also reads the content."]),
        WebSchema.expect,
      ]),
    output: [
      "type": "object",
      "properties": [
        "artifact": ["type": "artifact"], "sha256": ["type": "string"],
        "size": ["type": "integer", "description": "In bytes."], "media_type": ["type": "string"],
        "status": ["type": "integer"], "url": ["type": "string"],
        "rows": ["type": "array", "items": ["type": "object", "additionalProperties": true]],
        "count": ["type": "integer"], "columns": ["type": "array", "items": ["type": "string"]],
        "value": ["description": "With `parse: json`."],
      ],
      "required": ["artifact", "sha256", "size", "media_type", "status", "url"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .optional(kind: "http"), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Fetch a table", pt: "Buscar uma tabela"),
        yaml: """
          table:
            uses: http.download
            with: {url: "https://example.com/companies.csv", parse: csv}
          """)
    ],
    failures: WebNotes.calling + [
      WebNotes.checksum, WebNotes.invalidJSON, TableNotes.invalid, TableNotes.tooLarge,
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let path = attempt.services.workFolder + "/download"
    let limit = Int(attempt.with["max_size"]?.int ?? Self.sizeLimit)
    let (response, call) = try await Download(client: client, attempt: attempt).fetch(to: path, limit: limit)
    let type = ContentType(response.headers["content-type"] ?? "")
    let name = attempt.with["name"]?.string ?? Self.name(of: response.url)
    let mediaType = type.type.isEmpty ? MediaType.of(name) : type.type
    let handle = try await attempt.services.storeArtifact(name, path, mediaType)
    if let wanted = attempt.with["sha256"]?.string?.lowercased(), wanted != handle.sha256 {
      throw Failure(
        .data, code: "checksum",
        "\(call.shown) answered \(handle.size) bytes with the SHA-256 \(handle.sha256), and not \(wanted).")
    }
    var value = JSONObject([
      ("artifact", handle.json), ("sha256", .string(handle.sha256)), ("size", .int(handle.size)),
      ("media_type", .string(mediaType)), ("status", .int(Int64(response.status))),
      ("url", .string(response.url)),
    ])
    switch attempt.with["parse"]?.string {
    case "csv":
      let table = try await OwnThread.run { () throws(Failure) in
        try TableReader(TableFormat(encoding: TextEncoding(named: type.charset ?? "") ?? .utf8)).read(path)
      }
      for member in table.members { value[member.key] = member.value }
    case "json":
      value["value"] = try await OwnThread.run { () throws(Failure) in try Self.json(path, call) }
    case _: break
    }
    return AttemptOutput(.object(value), artifacts: [handle])
  }

  private static func json(_ path: String, _ call: WebCall) throws(Failure) -> JSON {
    guard let bytes = SmallFile.read(path, limit: TableReader.outputLimit) else {
      throw Failure(
        .outputTooLarge, code: "output-too-large",
        "\(call.shown) answered more than 4 MiB of JSON; use the artifact without `parse`.")
    }
    do throws(JSONError) { return try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-json",
        "\(call.shown) answered no JSON: line \(error.line), column \(error.column): \(error.message.english)"
      )
    }
  }

  private static func name(of url: String) -> String {
    let path = url.prefix { $0 != "?" && $0 != "#" }
    let last = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3).last ?? ""
    let name = PercentEncoding.decode(last) ?? String(last)
    return RelativePath.isSafe(name) ? String(name.prefix(200)) : "download"
  }
}
