import Crypto
import Engine
import Model
import Net

/// How far loads have come: a table in the database that they load into, written in the transaction of the
/// rows, so that the two can never disagree.
struct LoadRecords: Sendable {
  struct Progress: Sendable, Hashable {
    var sha256: String
    var mode: LoadPlan.Mode
    /// The line that is loaded next: never one that was loaded already.
    var nextLine: Int
    var rows: Int
    var isDone: Bool

    /// Whether rows of it are in the table by now.
    var isSeen: Bool { rows > 0 && (isDone || !mode.isStaged) }
  }

  static let table = "_esteira_loads"
  /// What our own statements may do. They name only our tables, and the user's to read.
  static let allowance: SQLAllowance = [.insert, .update, .delete, .schema, .records]
  /// What a statement on the user's table may do. Its triggers come with it, and none of them may touch our
  /// records.
  static let userAllowance: SQLAllowance = [.insert, .update, .delete]
  /// Records are kept so long, and what was gathered with them: no attempt of a step comes later.
  private static let kept = Duration.seconds(90 * 86_400)

  var stepKey: String
  var now: Timestamp

  /// Makes the table where it is missing, and lets go of loads that were given up or ended long ago.
  func prepare(on connection: borrowing SQLiteConnection) throws(Failure) {
    try run(
      """
      CREATE TABLE IF NOT EXISTS \(Self.table) (
        step_key TEXT NOT NULL, "table" TEXT NOT NULL, source_sha256 TEXT NOT NULL, mode TEXT NOT NULL,
        next_line INTEGER NOT NULL, rows INTEGER NOT NULL, done_at TEXT, touched_at TEXT,
        PRIMARY KEY (step_key, "table"))
      """, [], on: connection)
    try addTouched(on: connection)
    try sweep(on: connection)
  }

  /// Tables of earlier versions do not say when a load was last at work: theirs count from now on.
  private func addTouched(on connection: borrowing SQLiteConnection) throws(Failure) {
    let known = try texts(
      "SELECT name FROM pragma_table_info('\(Self.table)') WHERE name = 'touched_at'", [], on: connection)
    guard known.isEmpty else { return }
    try run("ALTER TABLE \(Self.table) ADD COLUMN touched_at TEXT", [], on: connection)
    try run("UPDATE \(Self.table) SET touched_at = ?", [.text(now.rfc3339)], on: connection)
  }

  /// A load that was cancelled, or whose attempts ran out, never says that it is over: its stage is a whole
  /// copy of what it gathered.
  private func sweep(on connection: borrowing SQLiteConnection) throws(Failure) {
    let oldest = SQLValue.text((now + (.zero - Self.kept)).rfc3339)
    let left = try texts(
      "SELECT step_key, \"table\" FROM \(Self.table) WHERE done_at IS NULL AND touched_at < ?", [oldest],
      on: connection)
    // Whoever made the file may have put other values there.
    for row in left where row.count == 2 {
      var other = self
      other.stepKey = row[0]
      try other.forget(row[1], on: connection)
    }
    try run("DELETE FROM \(Self.table) WHERE done_at < ?", [oldest], on: connection)
  }

  func progress(of table: String, on connection: borrowing SQLiteConnection) throws(Failure) -> Progress? {
    let sql = """
      SELECT source_sha256, next_line, rows, done_at IS NOT NULL, mode FROM \(Self.table)
      WHERE step_key = ? AND "table" = ?
      """
    return try Failure.ofSQL(in: sql) { () throws(SQLFault) in
      let statement = try connection.prepare(sql, allowing: Self.allowance)
      try statement.bind([.text(stepKey), .text(table)])
      guard try statement.next(), case .text(let sha256) = try statement.value(0),
        case .integer(let next) = try statement.value(1), case .integer(let rows) = try statement.value(2),
        case .integer(let done) = try statement.value(3), case .text(let word) = try statement.value(4),
        let mode = LoadPlan.Mode(rawValue: word)
      else { return nil }
      return Progress(
        sha256: sha256, mode: mode, nextLine: Int(next), rows: Int(rows), isDone: done != 0)
    }
  }

  func set(
    _ progress: Progress, of table: String, on connection: borrowing SQLiteConnection
  ) throws(Failure) {
    let sql = """
      INSERT OR REPLACE INTO \(Self.table)
        (step_key, "table", source_sha256, mode, next_line, rows, done_at, touched_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """
    try run(
      sql,
      [
        .text(stepKey), .text(table), .text(progress.sha256), .text(progress.mode.rawValue),
        .integer(Int64(progress.nextLine)), .integer(Int64(progress.rows)),
        progress.isDone ? .text(now.rfc3339) : .null, .text(now.rfc3339),
      ], on: connection)
  }

  /// Lets go of a load that cannot go on, with what it gathered.
  func forget(_ table: String, on connection: borrowing SQLiteConnection) throws(Failure) {
    try run("DROP TABLE IF EXISTS \(stage(of: table))", [], on: connection)
    try run(
      "DELETE FROM \(Self.table) WHERE step_key = ? AND \"table\" = ?", [.text(stepKey), .text(table)],
      on: connection)
  }

  /// The table beside a table, in which its new rows are gathered; quoted.
  func stage(of table: String) -> String {
    let name = SHA256.hex(Array("\(stepKey)\n\(table)".utf8)).prefix(24)
    return SQLiteConnection.quoted("_esteira_stage_\(name)")
  }

  func run(
    _ sql: String, _ values: [SQLValue], allowing allowance: SQLAllowance = LoadRecords.allowance,
    on connection: borrowing SQLiteConnection
  ) throws(Failure) {
    try Failure.ofSQL(in: sql) { () throws(SQLFault) in
      try connection.prepare(sql, allowing: allowance).run(values)
    }
  }

  /// The rows of a query, of each the columns that are text.
  func texts(
    _ sql: String, _ values: [SQLValue], on connection: borrowing SQLiteConnection
  ) throws(Failure) -> [[String]] {
    try Failure.ofSQL(in: sql) { () throws(SQLFault) in
      let statement = try connection.prepare(sql, allowing: Self.allowance)
      try statement.bind(values)
      var rows: [[String]] = []
      while try statement.next() {
        var row: [String] = []
        for column in 0..<statement.columnCount {
          guard case .text(let text) = try statement.value(column) else { continue }
          row.append(text)
        }
        rows.append(row)
      }
      return rows
    }
  }
}
