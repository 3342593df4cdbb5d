import Engine
import Model
import Net

/// `sql.query` over ODBC.
enum ODBCQuery {
  /// The first words of what gives rows. Whether it only reads is the engine's to say, where it has such
  /// transactions; nothing is ever committed here.
  static let words: Set<String> = PostgresExecute.reading.union(["DESCRIBE", "DESC"])

  static func rows(
    _ call: PostgresQuery.Call, _ connection: borrowing ODBCConnection
  ) throws(Failure) -> PostgresQuery.Found {
    try connection.reading { () throws(Failure) in
      let begun = try begin(call, connection)
      let (rows, isTruncated) = try begun.columns.collect(begun.statement, in: call.sql, max: call.max)
      return PostgresQuery.Found(
        rows: rows, columns: begun.columns.columns, count: rows.count, isTruncated: isTruncated)
    }
  }

  static func file(
    _ call: PostgresQuery.Call, _ path: String, _ format: SQLRowFile.Format,
    _ connection: borrowing ODBCConnection
  ) throws(Failure) -> PostgresQuery.Found {
    try connection.reading { () throws(Failure) in
      let begun = try begin(call, connection)
      var file = try SQLRowFile.open(path, format, begun.columns)
      let isTruncated = try file.write(begun.statement, in: call.sql, max: call.max)
      return PostgresQuery.Found(
        columns: begun.columns.columns, count: file.count, isTruncated: isTruncated)
    }
  }

  private struct Begun {
    let statement: ODBCStatement
    let columns: SQLRows
  }

  private static func begin(
    _ call: PostgresQuery.Call, _ connection: borrowing ODBCConnection
  ) throws(Failure) -> Begun {
    let (statement, values) = try connection.compile(call.sql, call.parameters, words: words)
    try Failure.ofSQL(in: call.sql) { () throws(SQLFault) in try statement.run(values) }
    guard !statement.columnNames.isEmpty else {
      throw Failure(.configuration, code: "sql-refused", "The statement gives no rows; sql.query only reads.")
    }
    return Begun(statement: statement, columns: try SQLRows(statement.columnNames))
  }
}

/// `sql.execute` over ODBC.
enum ODBCExecute {
  /// Transactions, settings, and what reads files of the server are not among them.
  static let words: Set<String> = PostgresExecute.words.union(["REPLACE", "UPSERT", "EXEC", "EXECUTE"])

  static func run(
    _ sql: String, _ parameters: SQLParameters, _ connection: borrowing ODBCConnection
  ) throws(Failure) -> PostgresExecute.Done {
    let (statement, values) = try connection.compile(sql, parameters, words: words)
    try Failure.ofSQL(in: sql) { () throws(SQLFault) in try statement.run(values) }
    let columns = try SQLRows(statement.columnNames)
    if columns.columns.isEmpty { return PostgresExecute.Done(changes: statement.changes, rows: nil) }
    let rows = try columns.collect(statement, in: sql).rows
    // Of a SELECT some drivers tell how many rows it gave, which changed nothing.
    let isReading = PostgresExecute.reading.contains(ODBCText(sql, connection.engine).firstWord)
    return PostgresExecute.Done(changes: isReading ? 0 : statement.changes, rows: rows)
  }
}

/// What an ODBC driver finds in a text that nobody runs: as much as its own compiling tells.
struct ODBCInspection {
  private static let plain: Set<String> = ["SELECT", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC"]

  private let allow: Set<String>
  private let plans: Bool
  private let sql: String
  private var found: SQLInspection

  init(_ sql: String, allow: [String], plans: Bool) {
    (self.sql, self.allow, self.plans) = (sql, Set(allow), plans)
    found = SQLInspection(sql, allow: allow)
  }

  func run(on connection: borrowing ODBCConnection) throws(Failure) -> SQLInspection {
    var inspection = self
    try inspection.inspect(connection)
    return inspection.found
  }

  private mutating func inspect(_ connection: borrowing ODBCConnection) throws(Failure) {
    found.isReadOnly = false
    if let zero = sql.utf8.firstIndex(of: 0) {
      found.isSyntaxValid = false
      let place = sql.utf8.distance(from: sql.startIndex, to: zero)
      return found.fail(
        "zero-byte", "The text has a zero byte, behind which an engine reads nothing.", at: place)
    }
    let text = ODBCText(sql, connection.engine)
    guard !text.firstWord.isEmpty else { return found.fail("empty", "There is no statement in it.", at: 0) }
    found.statements = text.hasSeveral ? 2 : 1
    found.parameters = text.parameters.enumerated().map { $1.map { ":\($0)" } ?? "?\($0 + 1)" }
    if text.hasSeveral {
      return found.fail(
        "several-statements", "Only one statement is allowed, and another follows its `;`.", at: 0)
    }
    judge(text.firstWord)
    found.warn(
      "not-checked",
      "An ODBC driver does not tell which tables and functions a statement uses, nor what they change.")
    do throws(SQLFault) {
      defer { connection.rollBack() }
      let statement = try connection.prepare(text)
      // Many drivers ask the server only now.
      if !PostgresExecute.defining.contains(text.firstWord) { _ = try statement.columns() }
    } catch { try note(error) }
    if plans { found.warn("not-checked", "An ODBC driver has no plan to tell.") }
  }

  /// By the first word: no driver tells more.
  private mutating func judge(_ word: String) {
    if ODBCQuery.words.contains(word) {
      found.isReadOnly = Self.plain.contains(word)
      found.actions.selects = true
      if !allow.contains("select") { refuse("select") }
    } else if ["INSERT", "UPDATE", "DELETE"].contains(word) {
      found.actions.changes.append(.init(word.lowercased(), ""))
      if !allow.contains(word.lowercased()) { refuse(word.lowercased()) }
    } else if PostgresExecute.defining.contains(word) {
      found.actions.changes.append(.init("schema", word.lowercased()))
      if !allow.contains("schema") { refuse("schema") }
    } else {
      found.actions.changes.append(.init(word.lowercased(), ""))
      refuse(word.lowercased())
    }
  }

  private mutating func refuse(_ action: String) {
    found.fail("not-allowed", "The statement may not do this here: \(action).", at: 0)
  }

  private mutating func note(_ fault: SQLFault) throws(Failure) {
    switch fault.kind {
    case .statement, .other, .tooLarge, .value:
      let isSyntax = ["syntax error", "incomplete input", "unrecognized token", "unterminated"].contains {
        fault.message.contains($0)
      }
      if isSyntax { found.isSyntaxValid = false }
      let isName = ["does not exist", "no such ", "ambiguous"].contains { fault.message.contains($0) }
      found.isReadOnly = false
      found.fail(isSyntax ? "syntax" : isName ? "unknown-name" : "invalid", "\(fault.message).", at: 0)
    case .denied:
      found.fail("not-allowed", "The statement may not do this here: \(fault.message).", at: 0)
    case .cancelled, .timeout, .busy, .unfinished, .constraint, .full, .io, .outOfMemory, .readOnly,
      .cannotOpen, .corrupt, .notADatabase, .unreachable, .egress, .tls, .login, .interrupted, .unknown,
      .driver:
      throw Failure(fault)
    }
  }
}
