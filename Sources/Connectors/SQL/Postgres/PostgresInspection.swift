import Engine
import Model
import Net

/// What PostgreSQL finds in a text that nobody runs: it is compiled and planned, in a transaction that can
/// only read and is taken back.
struct PostgresInspection {
  private static let name = "esteira_checked"
  /// Lines of the plan that are kept.
  private static let planLimit = 200

  private let allow: Set<String>
  private let plans: Bool
  private var found: SQLInspection
  private let text: PostgresText
  private let sql: String

  init(_ sql: String, allow: [String], plans: Bool) {
    (self.sql, self.allow, self.plans) = (sql, Set(allow), plans)
    (found, text) = (SQLInspection(sql, allow: allow), PostgresText(sql))
  }

  func run(on connection: borrowing PostgresConnection) throws(Failure) -> SQLInspection {
    var inspection = self
    try inspection.inspect(connection)
    return inspection.found
  }

  private mutating func inspect(_ connection: borrowing PostgresConnection) throws(Failure) {
    found.isReadOnly = false
    if let zero = sql.utf8.firstIndex(of: 0) {
      found.isSyntaxValid = false
      let place = sql.utf8.distance(from: sql.startIndex, to: zero)
      return found.fail("zero-byte", "The text has a zero byte, which PostgreSQL does not take.", at: place)
    }
    guard !text.firstWord.isEmpty else { return found.fail("empty", "There is no statement in it.", at: 0) }
    let plan: JSON?
    do throws(SQLFault) {
      try connection.execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
          + "SET LOCAL plan_cache_mode = force_generic_plan; SELECT 1"
      )
      defer { connection.rollBack() }
      let shape = try connection.prepare(text, as: Self.name)
      found.statements = 1
      found.parameters =
        text.names.isEmpty ? (0..<shape.parameters).map { "$\($0 + 1)" } : text.names.map { ":\($0)" }
      plan = try explain("FORMAT JSON, VERBOSE", shape, connection).first.flatMap { try? JSON(parsing: $0) }
      judge(plan, shape)
      if plans, found.isValid {
        let lines = try explain("COSTS", shape, connection)
        found.plan = lines.prefix(Self.planLimit).joined(separator: "\n")
      }
    } catch { try note(error) }
  }

  /// A plan that holds for whatever values the parameters will have.
  private func explain(
    _ options: String, _ shape: PostgresShape, _ connection: borrowing PostgresConnection
  ) throws(SQLFault) -> [String] {
    let nulls = Array(repeating: "NULL", count: shape.parameters).joined(separator: ", ")
    let text = PostgresText(
      "EXPLAIN (\(options)) EXECUTE \(Self.name)" + (nulls.isEmpty ? "" : "(\(nulls))"))
    _ = try connection.prepare(text)
    let rows = try connection.run(text, [])
    var lines: [String] = []
    while try rows.next() {
      switch try rows.value(0) {
      case .text(let line), .document(let line): lines.append(line)
      case .null, .integer, .real, .bytes, .boolean: break
      }
    }
    return lines
  }

  private mutating func judge(_ plan: JSON?, _ shape: PostgresShape) {
    guard let root = plan?.array?.first?["Plan"] else { return judgeUtility(shape) }
    walk(root)
    found.actions.selects = shape.givesRows
    let changed = found.actions.changes.map(\.action)
    for action in changed where !isAllowed(action) { refuse(action) }
    if changed.isEmpty {
      found.isReadOnly = true
      if !allow.contains("select") { refuse("select") }
    }
  }

  /// What has no plan: definitions, and all that is neither reading nor changing rows.
  private mutating func judgeUtility(_ shape: PostgresShape) {
    let word = text.firstWord
    if PostgresExecute.reading.contains(word) {
      found.isReadOnly = shape.givesRows && word != "EXPLAIN"
      if !allow.contains("select") { refuse("select") }
    } else if PostgresExecute.defining.contains(word) {
      found.actions.changes.append(.init("schema", word.lowercased()))
      if !allow.contains("schema") { refuse("schema") }
    } else {
      found.actions.changes.append(.init(word.lowercased(), ""))
      refuse(word.lowercased())
    }
  }

  private func isAllowed(_ action: String) -> Bool {
    action == "merge" ? allow.isSuperset(of: ["insert", "update", "delete"]) : allow.contains(action)
  }

  private mutating func refuse(_ action: String) {
    found.fail("not-allowed", "The statement may not do this here: \(action).", at: 0)
  }

  private mutating func walk(_ node: JSON) {
    let table = Self.table(node)
    if node["Node Type"]?.string == "ModifyTable" {
      let change = SQLActions.Change(node["Operation"]?.string?.lowercased() ?? "change", table ?? "")
      if !found.actions.changes.contains(change) { found.actions.changes.append(change) }
    } else if node["Node Type"]?.string == "LockRows" {
      found.actions.changes.append(.init("lock", ""))
    } else if let table {
      let entry = SQLActions.Column(table: table, column: "")
      if !found.actions.columns.contains(entry) { found.actions.columns.append(entry) }
    }
    if let function = node["Function Name"]?.string, !found.actions.functions.contains(function) {
      found.actions.functions.append(function)
    }
    for below in node["Plans"]?.array ?? [] { walk(below) }
  }

  /// With its schema where that is not the usual one.
  private static func table(_ node: JSON) -> String? {
    guard let name = node["Relation Name"]?.string else { return nil }
    let schema = node["Schema"]?.string ?? "public"
    return schema == "public" ? name : "\(schema).\(name)"
  }

  private mutating func note(_ fault: SQLFault) throws(Failure) {
    found.statements = 1
    let place = fault.offset ?? 0
    switch fault.kind {
    case .statement where fault.message.contains("cannot insert multiple commands"):
      found.statements = 2
      found.fail("several-statements", "Only one statement is allowed, and another follows its `;`.", at: 0)
    case .statement, .other, .tooLarge, .value:
      let isSyntax = ["syntax error", "unterminated", "invalid input syntax for type"].contains {
        fault.message.contains($0)
      }
      if isSyntax { found.isSyntaxValid = false }
      let isName = fault.message.contains("does not exist") || fault.message.contains("ambiguous")
      found.fail(isSyntax ? "syntax" : isName ? "unknown-name" : "invalid", "\(fault.message).", at: place)
    case .denied:
      found.fail("not-allowed", "The statement may not do this here: \(fault.message).", at: place)
    case .cancelled, .timeout, .busy, .unfinished, .constraint, .full, .io, .outOfMemory, .readOnly,
      .cannotOpen, .corrupt, .notADatabase, .unreachable, .egress, .tls, .login, .interrupted, .unknown,
      .driver:
      throw Failure(fault)
    }
  }
}
