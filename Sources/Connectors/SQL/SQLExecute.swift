import Engine
import Model
import Net

/// `sql.execute`: changes a database, in one transaction.
struct SQLExecute: Connector {
  var description: ConnectorDescription { Self.description }

  private static let statementLimit = 1_000

  private static let outcome: [(String, JSON)] = [
    ("changes", ["type": "integer", "description": "Rows inserted, updated or deleted."]),
    (
      "last_id",
      [
        "type": ["integer", "null"],
        "description": "The rowid of the last row inserted; null but on SQLite: use RETURNING.",
      ]
    ),
    (
      "rows",
      [
        "type": "array", "items": ["type": "object", "additionalProperties": true],
        "description": "What RETURNING or a SELECT gave, of the last statement with rows.",
      ]
    ),
  ]

  static let description = ConnectorDescription(
    name: "sql.execute",
    title: Bilingual("Change a database", pt: "Alterar um banco"),
    summary: Bilingual(
      """
      Runs one statement, or several in one transaction: all of them happen or none. Values go in as \
      parameters. Transactions, ATTACH, settings and extensions are refused. See [SQL](../sql.md).
      """,
      pt: """
        Executa uma instrução, ou várias em uma só transação: ou todas valem, ou nenhuma. Valores entram \
        como parâmetros. Transações, ATTACH, ajustes e extensões são recusados. Veja [SQL](../sql.md).
        """),
    with: WebSchema.object([
      ("statement", ["type": "string", "minLength": 1, "description": "One statement."]),
      ("parameters", SQLQuery.parameters),
      (
        "statements",
        [
          "type": "array", "minItems": 1, "maxItems": .int(Int64(statementLimit)),
          "items": WebSchema.object(
            [
              ("statement", ["type": "string", "minLength": 1]), ("parameters", SQLQuery.parameters),
            ], required: ["statement"]),
          "description": "Several, instead of `statement`.",
        ]
      ),
      ("timeout", SQLQuery.timeout),
    ]),
    output: WebSchema.object(
      outcome + [
        (
          "results",
          [
            "type": "array", "items": WebSchema.object(outcome, required: ["changes", "last_id", "rows"]),
            "description": "With `statements`: the same of each.",
          ]
        )
      ], required: ["changes", "last_id", "rows"]),
    effect: .onceUnlessIdempotent(warns: true), connection: .required(kind: SQLPlace.kinds),
    examples: [
      .init(
        Bilingual("Record a run", pt: "Registrar uma execução"),
        yaml: """
          record:
            uses: sql.execute
            connection: sales_db
            with:
              statement: >-
                INSERT INTO runs (id, status) VALUES (:id, :status)
                ON CONFLICT (id) DO UPDATE SET status = excluded.status
              parameters: {id: "${{ job.key }}", status: done}
          """)
    ],
    failures: SQLNotes.opening + SQLNotes.server + SQLNotes.unknown + SQLNotes.statement + SQLNotes.writing,
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    if (with["statement"] == nil) != (with["statements"] == nil) { return [] }
    return [
      Problem(
        "invalid-with",
        Bilingual("give either statement or statements.", pt: "dê statement ou statements, um dos dois."))
    ]
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let orders = try Self.orders(attempt.with)
    let timeout = try SQLWork.timeout(attempt.with)
    let isList = attempt.with["statements"] != nil
    if PostgresAddress.isMeant(by: attempt) {
      let isRepeatable = attempt.effect != .once
      return try await PostgresWork.run(attempt, writing: true, timeout: timeout) {
        connection throws(Failure) in
        let outcomes = try connection.writing(isRepeatable: isRepeatable) { () throws(Failure) in
          try Self.outcomes(orders, isList) { (order) throws(Failure) in
            let done = try PostgresExecute.run(order.sql, order.parameters, connection)
            return Outcome(changes: done.changes, rows: done.rows)
          }
        }
        return AttemptOutput(Outcome.json(outcomes, isList: isList))
      }
    }
    if ODBCAddress.isMeant(by: attempt) { return try await Self.overODBC(attempt, orders, timeout) }
    return try await SQLWork.run(attempt, writing: true, timeout: timeout) { connection throws(Failure) in
      let outcomes = try connection.transaction { () throws(Failure) in
        try Self.outcomes(orders, isList) { (order) throws(Failure) in try order.run(connection) }
      }
      return AttemptOutput(Outcome.json(outcomes, isList: isList))
    }
  }

  private static func overODBC(
    _ attempt: Attempt, _ orders: [Order], _ timeout: Duration?
  ) async throws(Failure) -> AttemptOutput {
    let (isList, isRepeatable) = (attempt.with["statements"] != nil, attempt.effect != .once)
    return try await ODBCWork.run(attempt, writing: true, timeout: timeout) { connection throws(Failure) in
      let outcomes = try connection.writing(isRepeatable: isRepeatable) { () throws(Failure) in
        try Self.outcomes(orders, isList) { (order) throws(Failure) in
          let done = try ODBCExecute.run(order.sql, order.parameters, connection)
          return Outcome(changes: done.changes, rows: done.rows)
        }
      }
      return AttemptOutput(Outcome.json(outcomes, isList: isList))
    }
  }

  private static func outcomes(
    _ orders: [Order], _ isList: Bool, _ run: (Order) throws(Failure) -> Outcome
  ) throws(Failure) -> [Outcome] {
    var (outcomes, size): ([Outcome], Int) = ([], 0)
    for order in orders {
      let outcome = try run(order)
      outcomes.append(outcome)
      size += JSON.array(outcome.rows ?? []).serialized().count
      if size > SQLRows.limit / (isList ? 2 : 1) { throw .rowsTooLarge(outcomes.count) }
    }
    return outcomes
  }

  private static func orders(_ with: JSON) throws(Failure) -> [Order] {
    switch (with["statement"]?.string, with["statements"]?.array) {
    case (let sql?, nil): return [Order(sql: sql, parameters: SQLParameters(with["parameters"]))]
    case (nil, let list?) where with["parameters"] == nil:
      return list.map {
        Order(sql: $0["statement"]?.string ?? "", parameters: SQLParameters($0["parameters"]))
      }
    case (nil, _?):
      throw Failure(
        .configuration, code: "invalid-with", "With `statements` each statement has its own `parameters`.")
    case (nil, nil), (_?, _?):
      throw Failure(.configuration, code: "invalid-with", "Give either `statement` or `statements`.")
    }
  }

  private struct Order: Sendable {
    var sql: String
    var parameters: SQLParameters

    func run(_ connection: borrowing SQLiteConnection) throws(Failure) -> Outcome {
      let statement = try connection.single(sql, allowing: .writes)
      // VACUUM and its like change the file without a change that the guard could see.
      guard statement.isReadOnly || !statement.actions.changes.isEmpty else {
        throw Failure(.configuration, code: "sql-refused", "The statement may not do this here.")
      }
      let values = try parameters.values(for: statement.parameters)
      try Failure.ofSQL(in: sql) { () throws(SQLFault) in try statement.bind(values) }
      let before = connection.totalChanges
      connection.forgetInsertedID()
      let rows = try SQLRows(statement.columnNames).collect(statement, in: sql).rows
      return Outcome(
        changes: connection.totalChanges == before ? 0 : connection.lastChanges,
        lastID: connection.lastInsertedID, rows: statement.columnCount == 0 ? nil : rows)
    }
  }

  private struct Outcome: Sendable {
    var changes: Int64
    var lastID: Int64?
    /// Nil of a statement that gives no rows.
    var rows: [JSON]?

    var json: JSON {
      ["changes": .int(changes), "last_id": lastID.map { .int($0) } ?? .null, "rows": .array(rows ?? [])]
    }

    static func json(_ outcomes: [Outcome], isList: Bool) -> JSON {
      let whole = Outcome(
        changes: outcomes.reduce(0) { $0 + $1.changes }, lastID: outcomes.last { $0.lastID != nil }?.lastID,
        rows: outcomes.last { $0.rows != nil }?.rows)
      guard isList, case .object(var members) = whole.json else { return whole.json }
      members["results"] = .array(outcomes.map(\.json))
      return .object(members)
    }
  }
}
