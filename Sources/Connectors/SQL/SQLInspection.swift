import Engine
import Model
import Net

/// What the engine's own parser finds in a text that nobody runs.
struct SQLInspection: Sendable {
  struct Issue: Sendable, Hashable {
    enum Severity: String, Sendable { case error, warning }
    var severity = Severity.error
    var word: String
    var message: String
    var position: SQLPosition?

    var json: JSON {
      [
        "severity": .string(severity.rawValue), "code": .string(word), "message": .string(message),
        "position": position?.json ?? .null,
      ]
    }
  }

  private static let statementLimit = 100
  /// Lines of the plan that are kept.
  private static let planLimit = 200

  var issues: [Issue] = []
  var isSyntaxValid = true
  var isReadOnly = true
  var statements = 0
  var actions = SQLActions()
  var parameters: [String] = []
  var plan: String?

  var isValid: Bool { issues.allSatisfy { $0.severity == .warning } }

  let sql: String
  private let allowance: SQLAllowance
  let allowsSelect: Bool

  /// Of a text that another engine looks at.
  init(_ sql: String, allow: [String]) {
    (self.sql, allowsSelect, allowance) = (sql, allow.contains("select"), .reads)
  }

  /// Compiles every statement of the text under the guard; nothing is run but the explanation of the plan.
  init(
    _ sql: String, allow: [String], plans: Bool, on connection: borrowing SQLiteConnection
  ) throws(Failure) {
    self.sql = sql
    allowsSelect = allow.contains("select")
    allowance = allow.reduce(into: SQLAllowance.reads) { $0.formUnion(Self.allowances[$1] ?? .reads) }
    if SQLiteStatement.hasNull(sql) {
      let place = sql.utf8.firstIndex(of: 0).map { sql.utf8.distance(from: sql.startIndex, to: $0) }
      fail("zero-byte", "The text has a zero byte, behind which an engine reads nothing.", at: place ?? 0)
      isSyntaxValid = false
    } else {
      try inspect(connection)
    }
    if statements == 0, issues.isEmpty { fail("empty", "There is no statement in it.", at: 0) }
    if statements == 0 || !isSyntaxValid { isReadOnly = false }
    if plans, isValid { plan = explanation(connection) }
  }

  private static let allowances: [String: SQLAllowance] = [
    "insert": .insert, "update": .update, "delete": .delete, "schema": .schema,
  ]

  private mutating func inspect(_ connection: borrowing SQLiteConnection) throws(Failure) {
    var rest = sql
    while !rest.isEmpty {
      let start = sql.utf8.count - rest.utf8.count
      do throws(SQLFault) {
        let statement = try connection.prepare(rest, allowing: allowance)
        guard statement.rest.utf8.count < rest.utf8.count else { return }
        if !statement.isEmpty { note(statement, at: start) }
        rest = statement.rest
      } catch {
        try note(error, connection.actions, at: start)
        return
      }
      if statements > Self.statementLimit { return }
    }
  }

  private mutating func note(_ statement: borrowing SQLiteStatement, at start: Int) {
    let found = statement.actions
    statements += 1
    if statements == 2 {
      fail("several-statements", "Only one statement is allowed, and a second one begins here.", at: start)
    }
    if !statement.isReadOnly || !found.changes.isEmpty { isReadOnly = false }
    if !statement.isReadOnly, found.changes.isEmpty {
      fail("not-allowed", "The statement would change the database.", at: start)
    }
    let onlyReads = found.changes.isEmpty
    if onlyReads, !found.selects || !allowsSelect {
      let word = found.selects ? "select" : "pragma"
      fail("not-allowed", "The statement may not do this here: \(word).", at: start)
    }
    guard statements == 1 else { return }
    actions = found
    parameters = statement.parameters.enumerated().map { $1 ?? "?\($0 + 1)" }
  }

  /// A statement that cannot be compiled is an issue; a database that cannot be read is a failure.
  private mutating func note(_ fault: SQLFault, _ found: SQLActions, at start: Int) throws(Failure) {
    statements += 1
    if statements == 1 { actions = found }
    let place = start + (fault.offset ?? 0)
    if statements == 2 {
      fail("several-statements", "Only one statement is allowed, and a second one begins here.", at: start)
    }
    switch fault.kind {
    case .denied:
      isReadOnly = false
      fail("not-allowed", "The statement may not do this here: \(fault.message).", at: place)
    case .statement, .other, .tooLarge:
      isReadOnly = false
      let isSyntax = Self.isSyntax(fault)
      if isSyntax { isSyntaxValid = false }
      fail(isSyntax ? "syntax" : Self.word(fault), "\(fault.message).", at: place)
    case .cancelled, .timeout, .busy, .unfinished, .constraint, .value, .full, .io, .outOfMemory, .readOnly,
      .cannotOpen, .corrupt, .notADatabase, .unreachable, .egress, .tls, .login, .interrupted, .unknown,
      .driver:
      throw Failure(fault)
    }
  }

  mutating func fail(_ word: String, _ message: String, at place: Int) {
    issues.append(Issue(word: word, message: message, position: SQLPosition(byte: place, of: sql)))
  }

  mutating func warn(_ word: String, _ message: String) {
    issues.append(Issue(severity: .warning, word: word, message: message))
  }

  /// By the words that the parser has for what it cannot read; all else it says of names and types.
  private static func isSyntax(_ fault: SQLFault) -> Bool {
    ["syntax error", "incomplete input", "unrecognized token", "parser stack overflow"]
      .contains { fault.message.contains($0) }
  }

  private static func word(_ fault: SQLFault) -> String {
    if fault.kind == .tooLarge { return "too-large" }
    let isName = ["no such ", "ambiguous column", "no tables specified"].contains {
      fault.message.hasPrefix($0)
    }
    return isName ? "unknown-name" : "invalid"
  }

  /// How the engine would find the rows, one line a step, deeper ones indented. It estimates no price.
  private func explanation(_ connection: borrowing SQLiteConnection) -> String? {
    // Without a plan the statement is no less valid.
    guard let statement = try? connection.prepare("EXPLAIN QUERY PLAN \(sql)", allowing: allowance),
      !statement.isEmpty, statement.columnCount == 4
    else { return nil }
    var (lines, depths): ([String], [Int64: Int]) = ([], [:])
    while lines.count < Self.planLimit, (try? statement.next()) == true {
      guard case .integer(let id)? = try? statement.value(0),
        case .integer(let parent)? = try? statement.value(1),
        case .text(let detail)? = try? statement.value(3)
      else { break }
      let depth = depths[parent].map { $0 + 1 } ?? 0
      depths[id] = depth
      lines.append(String(repeating: "  ", count: depth) + detail)
    }
    return lines.joined(separator: "\n")
  }
}
