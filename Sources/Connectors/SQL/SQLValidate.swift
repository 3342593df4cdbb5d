import Engine
import Model
import Net

/// `sql.validate`: has a statement parsed by the engine that would run it.
struct SQLValidate: Connector {
  var description: ConnectorDescription { Self.description }

  private static let dialects: [JSON] = [
    "sqlite", "postgresql", "mysql", "sqlserver", "oracle", "athena", "trino",
  ]
  private static let position: JSON = [
    "type": ["object", "null"],
    "properties": ["line": ["type": "integer"], "column": ["type": "integer"]],
    "required": ["line", "column"], "additionalProperties": false,
  ]
  private static let texts: JSON = ["type": "array", "items": ["type": "string"]]

  static let description = ConnectorDescription(
    name: "sql.validate",
    title: Bilingual("Check a statement", pt: "Conferir uma instrução"),
    summary: Bilingual(
      """
      Has one statement compiled by the database that would run it, and never runs it: names, types and what \
      it would do come from the engine, not from its words. A dialect without a parser here is told as not \
      checked. An invalid statement is no failure: `valid` is false. See [SQL](../sql.md).
      """,
      pt: """
        Faz o banco que executaria a instrução compilá-la, sem nunca executá-la: nomes, tipos e o que ela \
        faria vêm do banco, não das palavras. Um dialeto sem analisador aqui é informado como não conferido. \
        Uma instrução inválida não é falha: `valid` é falso. Veja [SQL](../sql.md).
        """),
    with: WebSchema.object(
      [
        ("query", ["type": "string", "description": "The text to check."]),
        (
          "dialects",
          [
            "type": "array", "items": ["enum": .array(dialects)],
            "description": "Where it is to run too. Only the connection's own is parsed.",
          ]
        ),
        (
          "allow",
          [
            "type": "array", "minItems": 1,
            "items": ["enum": ["select", "insert", "update", "delete", "schema"]],
            "description": "What the statement may do; `[select]` where missing.",
          ]
        ),
        ("estimate_cost", ["type": "boolean", "default": false, "description": "Adds the engine's plan."]),
      ], required: ["query"]),
    output: WebSchema.object(
      [
        ("valid", ["type": "boolean", "description": "No issue is an error."]),
        ("syntax_valid", ["type": "boolean"]),
        ("read_only", ["type": "boolean", "description": "By what it was compiled into."]),
        ("statements", ["type": "integer"]),
        (
          "issues",
          [
            "type": "array",
            "items": WebSchema.object(
              [
                ("severity", ["enum": ["error", "warning"]]), ("code", ["type": "string"]),
                ("message", ["type": "string"]), ("position", position),
              ], required: ["severity", "code", "message", "position"]),
          ]
        ),
        ("tables_read", texts), ("columns_read", texts), ("functions", texts), ("parameters", texts),
        ("changes", texts),
        ("estimated_cost", ["type": ["string", "null"], "description": "The engine's plan, as text."]),
        (
          "dialects",
          [
            "type": "object", "additionalProperties": ["enum": ["valid", "invalid", "not_checked"]],
            "description": "The connection's own, and those asked for.",
          ]
        ),
      ],
      required: [
        "valid", "syntax_valid", "read_only", "statements", "issues", "tables_read", "columns_read",
        "functions",
        "parameters", "changes", "estimated_cost", "dialects",
      ]),
    effect: .always(.pure), connection: .required(kind: SQLPlace.kinds), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Refuse what is no plain reading", pt: "Recusar o que não for leitura"),
        yaml: """
          check:
            uses: sql.validate
            connection: sales_db
            with: {query: "SELECT id, value FROM sales", allow: [select], estimate_cost: true}
          """)
    ],
    failures: SQLNotes.opening + SQLNotes.server)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let sql = with["query"]?.string ?? ""
    let allow = with["allow"]?.array?.compactMap(\.string) ?? ["select"]
    let asked = with["dialects"]?.array?.compactMap(\.string) ?? []
    let plans = with["estimate_cost"]?.bool ?? false
    if PostgresAddress.isMeant(by: attempt) {
      return try await PostgresWork.run(attempt, writing: false) { connection throws(Failure) in
        let found = try PostgresInspection(sql, allow: allow, plans: plans).run(on: connection)
        return AttemptOutput(Self.output(found, as: PostgresAddress.kind, asked))
      }
    }
    if ODBCAddress.isMeant(by: attempt) {
      return try await ODBCWork.run(attempt, writing: false) { connection throws(Failure) in
        let found = try ODBCInspection(sql, allow: allow, plans: plans).run(on: connection)
        return AttemptOutput(Self.output(found, as: connection.engine.rawValue, asked))
      }
    }
    return try await SQLWork.run(attempt, writing: false) { connection throws(Failure) in
      let found = try SQLInspection(sql, allow: allow, plans: plans, on: connection)
      return AttemptOutput(Self.output(found, as: SQLPlace.kind, asked))
    }
  }

  private static func output(_ found: SQLInspection, as own: String, _ asked: [String]) -> JSON {
    var found = found
    var dialects = JSONObject([(own, .string(found.isValid ? "valid" : "invalid"))])
    for dialect in asked where dialect != own && dialects[dialect] == nil {
      dialects[dialect] = "not_checked"
      found.warn("not-checked", "This connection has no parser of \(dialect): nothing is known of it there.")
    }
    return output(found, dialects)
  }

  private static func output(_ found: SQLInspection, _ dialects: JSONObject) -> JSON {
    let columns = found.actions.columns.filter { !$0.column.isEmpty }.map { "\($0.table).\($0.column)" }
    return [
      "valid": .bool(found.isValid), "syntax_valid": .bool(found.isSyntaxValid),
      "read_only": .bool(found.isReadOnly), "statements": .int(Int64(found.statements)),
      "issues": .array(found.issues.map(\.json)), "tables_read": list(found.actions.tables),
      "columns_read": list(columns), "functions": list(found.actions.functions),
      "parameters": list(found.parameters),
      "changes": list(found.actions.changes.map { "\($0.action) \($0.object)" }),
      "estimated_cost": found.plan.map { .string($0) } ?? .null, "dialects": .object(dialects),
    ]
  }

  private static func list(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
}
