import Engine
import Model
import Net

/// `sql.load`: loads files into tables, and goes on where a killed attempt came to.
struct SQLLoad: Connector {
  var description: ConnectorDescription { Self.description }

  private static let value: JSON = ["type": ["string", "number", "boolean", "null"]]

  static let description = ConnectorDescription(
    name: "sql.load",
    title: Bilingual("Load files into tables", pt: "Carregar arquivos em tabelas"),
    summary: Bilingual(
      """
      Loads CSV or NDJSON artifacts into tables that exist. Each batch and the line that comes next are one \
      transaction of the database, so that a step that was killed goes on there and loads no line twice, \
      whatever keys the table has. `replace` and `replace_partition` show the new rows all at once. See \
      [SQL](../sql.md).
      """,
      pt: """
        Carrega artefatos CSV ou NDJSON em tabelas que já existem. Cada lote e a próxima linha são uma só \
        transação do banco, de modo que um passo interrompido continua dali e não carrega nenhuma linha duas \
        vezes, quaisquer que sejam as chaves da tabela. `replace` e `replace_partition` mostram as linhas \
        novas de uma vez. Veja [SQL](../sql.md).
        """),
    with: WebSchema.object([
      ("table", ["type": "string", "minLength": 1, "description": "Where `file` goes."]),
      ("file", ["type": "artifact", "description": "CSV with a header, or NDJSON."]),
      (
        "tables",
        [
          "type": "object", "additionalProperties": ["type": "artifact"],
          "description": "Several: a file by its table's name, instead of `table` and `file`.",
        ]
      ),
      ("format", ["enum": ["csv", "ndjson"], "description": "By the file's type and name where missing."]),
      (
        "mode",
        ["enum": .array(LoadPlan.Mode.allCases.map { .string($0.rawValue) }), "default": "append"]
      ),
      (
        "keys",
        [
          "type": "array", "minItems": 1, "items": ["type": "string"],
          "description": "Of `upsert`: the columns of a primary key or unique index.",
        ]
      ),
      (
        "partition",
        [
          "type": ["object", "string", "number", "boolean", "null"],
          "properties": ["column": ["type": "string"], "value": value],
          "required": ["column", "value"], "additionalProperties": false,
          "description":
            "Of `replace_partition`: `{column, value}`, or only the value for the column `partition`.",
        ]
      ),
      (
        "columns",
        [
          "type": "array", "minItems": 1, "items": ["type": "string"],
          "description": "Only these of the file; all where missing.",
        ]
      ),
      (
        "batch",
        [
          "type": "integer", "minimum": 1, "maximum": 1_000_000,
          "default": .int(Int64(LoadPlan.defaultBatch)), "description": "Rows a transaction.",
        ]
      ),
      ("delimiter", ["enum": [",", ";", "\t", "|"], "default": ",", "description": "Of CSV."]),
      ("null_text", ["type": "string", "default": "", "description": "The field of a CSV that means null."]),
    ]),
    output: WebSchema.object(
      [
        ("rows", ["type": "integer", "description": "Of all files, with those of earlier attempts."]),
        (
          "tables",
          ["type": "object", "additionalProperties": ["type": "integer"], "description": "Rows by table."]
        ),
        ("resumed", ["type": "boolean", "description": "Whether an earlier attempt had begun."]),
      ], required: ["rows", "tables", "resumed"]),
    effect: .always(.keyed), connection: .required(kind: SQLPlace.kinds),
    examples: [
      .init(
        Bilingual("Load a day's orders", pt: "Carregar os pedidos do dia"),
        yaml: """
          read:
            uses: http.download
            with: {url: https://example.com/orders.csv}
          load:
            uses: sql.load
            connection: sales_db
            with: {table: orders, file: "${{ steps.read.output.artifact }}", mode: upsert, keys: [order_id]}
          """)
    ], failures: SQLNotes.opening + SQLNotes.server + SQLNotes.writing + SQLNotes.loading,
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    LoadPlan.complaint(with).map { [Problem("invalid-with", $0)] } ?? []
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let plan = try LoadPlan(attempt.with)
    let isPostgres = PostgresAddress.isMeant(by: attempt)
    if isPostgres {
      _ = try PostgresAddress.place(attempt, writing: true)
    } else if ODBCAddress.isMeant(by: attempt) {
      _ = try ODBCAddress.place(attempt, writing: true)
    } else {
      _ = try SQLPlace(attempt)
    }
    var sources: [LoadSource] = []
    for (place, part) in plan.parts.enumerated() {
      let path = "\(attempt.services.workFolder)/source-\(place)"
      try await attempt.services.fetchArtifact(part.file.sha256, path)
      sources.append(LoadSource(path: path, format: part.format, delimiter: plan.delimiter))
    }
    let records = LoadRecords(stepKey: attempt.stepKey, now: attempt.services.now())
    let (ready, log) = (sources, attempt.services.log)
    if isPostgres {
      let records = PostgresRecords(stepKey: attempt.stepKey, now: attempt.services.now())
      return try await PostgresWork.run(attempt, writing: true) { connection throws(Failure) in
        let loaded = try PostgresLoad.run(plan, ready, records, connection)
        for one in loaded where one.start > 1 { log(.info, "\(one.table): goes on at line \(one.start)") }
        return AttemptOutput(Self.output(loaded))
      }
    }
    if ODBCAddress.isMeant(by: attempt) {
      let records = ODBCRecords(stepKey: attempt.stepKey, now: attempt.services.now())
      return try await ODBCWork.run(attempt, writing: true) { connection throws(Failure) in
        let loaded = try ODBCLoader(plan: plan, records: records).run(ready, connection)
        for one in loaded where one.start > 1 { log(.info, "\(one.table): goes on at line \(one.start)") }
        return AttemptOutput(Self.output(loaded))
      }
    }
    return try await SQLWork.run(attempt, writing: true) { connection throws(Failure) in
      if plan.mode.isStaged {
        let names = try plan.parts.map { part throws(Failure) in
          try LoadTable(part.table, on: connection).name
        }
        try LoadReferences.check(names, plan.mode, on: connection)
      }
      var loaded: [TableLoader.Loaded] = []
      for (part, source) in zip(plan.parts, ready) {
        let loader = TableLoader(plan: plan, part: part, source: source, records: records)
        let one = try loader.load(on: connection)
        if one.start > 1 { log(.info, "\(one.table): goes on at line \(one.start)") }
        loaded.append(one)
      }
      if plan.mode.isStaged { try Self.swap(loaded, plan, records, connection) }
      return AttemptOutput(Self.output(loaded))
    }
  }

  private static func swap(
    _ loaded: [TableLoader.Loaded], _ plan: LoadPlan, _ records: LoadRecords,
    _ connection: borrowing SQLiteConnection
  ) throws(Failure) {
    var tables: [LoadSwap.Table] = []
    for (one, part) in zip(loaded, plan.parts) where !one.isDone {
      let done = LoadRecords.Progress(
        sha256: part.file.sha256, mode: plan.mode, nextLine: one.next, rows: one.rows, isDone: true)
      tables.append(
        LoadSwap.Table(name: one.table, stage: records.stage(of: one.table), shape: one.shape, done: done))
    }
    if !tables.isEmpty { try LoadSwap(records: records, mode: plan.mode).run(tables, on: connection) }
  }

  private static func output(_ loaded: [TableLoader.Loaded]) -> JSON {
    var tables = JSONObject()
    for one in loaded { tables[one.table] = .int(Int64(one.rows)) }
    return [
      "rows": .int(loaded.reduce(0) { $0 + Int64($1.rows) }), "tables": .object(tables),
      "resumed": .bool(loaded.contains { $0.start > 1 || $0.isDone }),
    ]
  }
}
