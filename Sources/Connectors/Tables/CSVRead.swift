import Engine
import Model
import Net

/// `csv.read`: a file of rows as a list of objects.
struct CSVRead: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "csv.read",
    title: Bilingual("Read a CSV", pt: "Ler um CSV"),
    summary: Bilingual(
      """
      Reads rows from the web, an artifact, a file beside the pipeline or a text (RFC 4180). Every field is \
      text. More than 4 MiB of rows is `output_too_large`: choose columns, set a limit, or use a script.
      """,
      pt: """
        Lê linhas da web, de um artefato, de um arquivo ao lado do pipeline ou de um texto (RFC 4180). Todo \
        campo é texto. Mais de 4 MiB de linhas é `output_too_large`: escolha colunas, limite ou use um script.
        """),
    with: WebSchema.object(
      ReaderSource.members + [
        (
          "encoding",
          [
            "enum": ["utf-8", "latin-1", "windows-1252"],
            "description": "What the server names if missing, else utf-8.",
          ]
        ),
        (
          "delimiter",
          ["enum": [",", ";", "\t", "|"], "description": "The most frequent of the first line if missing."]
        ),
        ("quoting", ["type": "boolean", "default": true, "description": "False: a quote is a letter."]),
        ("header", ["type": "boolean", "default": true, "description": "False: column_1, column_2, …"]),
        (
          "columns",
          ["type": "array", "items": ["type": "string"], "description": "Only these, in this order."]
        ),
        ("limit", ["type": "integer", "minimum": 0, "description": "No more rows than this."]),
      ]),
    output: [
      "type": "object",
      "properties": [
        "rows": ["type": "array", "items": ["type": "object", "additionalProperties": ["type": "string"]]],
        "count": ["type": "integer"],
        "columns": ["type": "array", "items": ["type": "string"]],
        "truncated": ["type": "boolean", "description": "True where `limit` left rows out."],
      ],
      "required": ["rows", "count", "columns", "truncated"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .optional(kind: "http"), fileKeys: ["file"],
    defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Companies of the regulator", pt: "Empresas do regulador"),
        yaml: """
          companies:
            uses: csv.read
            with:
              url: https://example.com/companies.csv
              encoding: latin-1
              delimiter: ";"
              columns: [CNPJ_CIA, DENOM_SOCIAL]
          """)
    ], failures: WebNotes.reading + [TableNotes.invalid, TableNotes.tooLarge])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let source = try await ReaderSource(client: client, attempt: attempt).file()
    var format = TableFormat()
    format.encoding = TextEncoding(named: with["encoding"]?.string ?? source.charset ?? "") ?? .utf8
    format.delimiter = with["delimiter"]?.string?.utf8.first
    if with["quoting"]?.bool == false { format.quote = nil }
    format.hasHeader = with["header"]?.bool ?? true
    format.columns = with["columns"]?.array?.compactMap(\.string)
    format.limit = with["limit"]?.int.map { Int($0) }
    let chosen = format
    let table = try await OwnThread.run { () throws(Failure) in try TableReader(chosen).read(source.path) }
    var members = table.members
    members["truncated"] = .bool(table.isTruncated)
    return AttemptOutput(.object(members))
  }
}
