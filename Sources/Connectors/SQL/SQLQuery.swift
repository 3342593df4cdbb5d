import Engine
import Model
import Net

/// `sql.query`: reads rows, into the output or an artifact.
struct SQLQuery: Connector {
  var description: ConnectorDescription { Self.description }

  static let parameters: JSON = [
    "type": ["object", "array"], "additionalProperties": true,
    "description":
      "Values by name (`:name`) or, as a list, by place (`?`). Lists and maps are bound as JSON text.",
  ]
  static let timeout: JSON = [
    "type": "string",
    "description": "How long the database may work, such as `30s`. Without it the step's `timeout`.",
  ]

  static let description = ConnectorDescription(
    name: "sql.query",
    title: Bilingual("Query a database", pt: "Consultar um banco"),
    summary: Bilingual(
      """
      Reads the rows of one statement, which can only read: by the way the file is opened and by what the \
      engine compiles, not by its words. Values go in as parameters. Up to 4 MiB of rows stand in the \
      output; any number goes into an artifact, one row at a time. See [SQL](../sql.md).
      """,
      pt: """
        Lê as linhas de uma única instrução, que só consegue ler: pelo modo como o arquivo é aberto e pelo \
        que o banco compila, não pelas palavras. Valores entram como parâmetros. Até 4 MiB de linhas ficam \
        na saída; qualquer quantidade vai para um artefato, uma linha por vez. Veja [SQL](../sql.md).
        """),
    with: WebSchema.object(
      [
        ("query", ["type": "string", "minLength": 1, "description": "One statement."]),
        ("parameters", parameters),
        (
          "result",
          ["enum": ["rows", "artifact"], "default": "rows", "description": "Where the rows go."]
        ),
        (
          "format",
          [
            "enum": ["ndjson", "csv", "parquet"], "default": "ndjson",
            "description": "Of the artifact. This version writes `ndjson` and `csv`.",
          ]
        ),
        ("max_rows", ["type": "integer", "minimum": 0, "description": "More are left out: `truncated`."]),
        ("timeout", timeout),
      ], required: ["query"]),
    output: [
      "type": "object",
      "properties": [
        "rows": [
          "type": "array", "items": ["type": "object", "additionalProperties": true],
          "description": "Bytes are base64. Empty with `result: artifact`.",
        ],
        "file": ["type": ["artifact", "null"], "description": "Null without `result: artifact`."],
        "row_count": ["type": "integer"],
        "columns": ["type": "array", "items": ["type": "string"]],
        "truncated": ["type": "boolean", "description": "True where `max_rows` left rows out."],
      ],
      "required": ["rows", "file", "row_count", "columns", "truncated"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .required(kind: SQLPlace.kinds),
    examples: [
      .init(
        Bilingual("The day's total", pt: "O total do dia"),
        yaml: """
          total:
            uses: sql.query
            connection: sales_db
            with:
              query: SELECT sum(value) AS total FROM sales WHERE day = :day
              parameters: {day: "2026-01-31"}
          """),
      .init(
        Bilingual("All rows into a file", pt: "Todas as linhas em um arquivo"),
        yaml: """
          export:
            uses: sql.query
            connection: sales_db
            with: {query: SELECT * FROM sales ORDER BY id, result: artifact, format: csv}
          """),
    ],
    failures: SQLNotes.opening + SQLNotes.server + SQLNotes.statement + [
      .init(
        .configuration, code: "not-available", Bilingual("`format` is `parquet`", pt: "`format` é `parquet`"),
        remedy: Bilingual("Choose `ndjson` or `csv`.", pt: "Escolha `ndjson` ou `csv`."))
    ],
    absentValues: [
      .init(
        key: "format", value: "parquet",
        instead: Bilingual(
          "this version writes ndjson and csv", pt: "esta versão grava ndjson e csv"))
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let call = Call(
      sql: with["query"]?.string ?? "", parameters: SQLParameters(with["parameters"]),
      max: with["max_rows"]?.int.map { Int($0) })
    let timeout = try SQLWork.timeout(with)
    if PostgresAddress.isMeant(by: attempt) || ODBCAddress.isMeant(by: attempt) {
      return try await Self.beyondSQLite(attempt, call, timeout)
    }
    guard with["result"]?.string == "artifact" else {
      return try await SQLWork.run(attempt, writing: false, timeout: timeout) { connection throws(Failure) in
        let begun = try call.begin(connection)
        let (found, isTruncated) = try begun.rows.collect(begun.statement, in: call.sql, max: call.max)
        return AttemptOutput(Self.output(found.count, begun.rows, isTruncated, rows: found))
      }
    }
    let format = try Self.format(with["format"]?.string)
    let path = attempt.services.workFolder + "/rows"
    let (count, rows, isTruncated) = try await SQLWork.run(attempt, writing: false, timeout: timeout) {
      connection throws(Failure) in
      let begun = try call.begin(connection)
      var file = try SQLRowFile.open(path, format, begun.rows)
      let isTruncated = try file.write(begun.statement, in: call.sql, max: call.max)
      return (file.count, begun.rows, isTruncated)
    }
    let handle = try await attempt.services.storeArtifact("rows.\(format.rawValue)", path, format.mediaType)
    return AttemptOutput(Self.output(count, rows, isTruncated, file: handle), artifacts: [handle])
  }

  private static func beyondSQLite(
    _ attempt: Attempt, _ call: Call, _ timeout: Duration?
  ) async throws(Failure) -> AttemptOutput {
    let call = PostgresQuery.Call(sql: call.sql, parameters: call.parameters, max: call.max)
    guard attempt.with["result"]?.string == "artifact" else {
      let found = try await found(
        attempt, timeout,
        postgres: { connection throws(Failure) in try PostgresQuery.rows(call, connection) },
        odbc: { connection throws(Failure) in try ODBCQuery.rows(call, connection) })
      let columns = try SQLRows(found.columns)
      return AttemptOutput(output(found.count, columns, found.isTruncated, rows: found.rows))
    }
    let format = try format(attempt.with["format"]?.string)
    let path = attempt.services.workFolder + "/rows"
    let found = try await found(
      attempt, timeout,
      postgres: { connection throws(Failure) in try PostgresQuery.file(call, path, format, connection) },
      odbc: { connection throws(Failure) in try ODBCQuery.file(call, path, format, connection) })
    let handle = try await attempt.services.storeArtifact("rows.\(format.rawValue)", path, format.mediaType)
    let columns = try SQLRows(found.columns)
    return AttemptOutput(output(found.count, columns, found.isTruncated, file: handle), artifacts: [handle])
  }

  private static func found(
    _ attempt: Attempt, _ timeout: Duration?,
    postgres: @escaping @Sendable (borrowing PostgresConnection) throws(Failure) -> PostgresQuery.Found,
    odbc: @escaping @Sendable (borrowing ODBCConnection) throws(Failure) -> PostgresQuery.Found
  ) async throws(Failure) -> PostgresQuery.Found {
    if ODBCAddress.isMeant(by: attempt) {
      return try await ODBCWork.run(attempt, writing: false, timeout: timeout, odbc)
    }
    return try await PostgresWork.run(attempt, writing: false, timeout: timeout, postgres)
  }

  private static func output(
    _ count: Int, _ found: SQLRows, _ isTruncated: Bool, rows: [JSON] = [], file: ArtifactHandle? = nil
  ) -> JSON {
    [
      "rows": .array(rows), "file": file?.json ?? .null, "row_count": .int(Int64(count)),
      "columns": .array(found.columns.map { .string($0) }), "truncated": .bool(isTruncated),
    ]
  }

  private static func format(_ name: String?) throws(Failure) -> SQLRowFile.Format {
    guard let name else { return .ndjson }
    guard let format = SQLRowFile.Format(rawValue: name) else {
      throw Failure(
        .configuration, code: "not-available",
        "This version does not write `\(name.prefix(40))`; choose `ndjson` or `csv`.")
    }
    return format
  }

  private struct Call: Sendable {
    var sql: String
    var parameters: SQLParameters
    var max: Int?

    /// The statement with its values, found to read only.
    func begin(_ connection: borrowing SQLiteConnection) throws(Failure) -> Begun {
      let statement = try connection.single(sql, allowing: .reads)
      guard statement.isReadOnly else {
        throw Failure(.configuration, code: "sql-refused", "The statement would change the database.")
      }
      let values = try parameters.values(for: statement.parameters)
      try Failure.ofSQL(in: sql) { () throws(SQLFault) in try statement.bind(values) }
      return Begun(rows: try SQLRows(statement.columnNames), statement: statement)
    }
  }

  private struct Begun: ~Copyable {
    let rows: SQLRows
    let statement: SQLiteStatement
  }
}
