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
  /// What a load may do: the user's tables, and our records.
  static let allowance: SQLAllowance = [.insert, .update, .delete, .schema, .records]
  /// Records of finished loads are kept so long: no attempt of a step comes later.
  private static let kept = Duration.seconds(90 * 86_400)

  var stepKey: String
  var now: Timestamp

  /// Makes the table where it is missing.
  func prepare(on connection: borrowing SQLiteConnection) throws(Failure) {
    try run(
      """
      CREATE TABLE IF NOT EXISTS \(Self.table) (
        step_key TEXT NOT NULL, "table" TEXT NOT NULL, source_sha256 TEXT NOT NULL, mode TEXT NOT NULL,
        next_line INTEGER NOT NULL, rows INTEGER NOT NULL, done_at TEXT, PRIMARY KEY (step_key, "table"))
      """, [], on: connection)
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
    try run(
      "INSERT OR REPLACE INTO \(Self.table) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [
        .text(stepKey), .text(table), .text(progress.sha256), .text(progress.mode.rawValue),
        .integer(Int64(progress.nextLine)), .integer(Int64(progress.rows)),
        progress.isDone ? .text(now.rfc3339) : .null,
      ], on: connection)
    guard progress.isDone else { return }
    let oldest = (now + (.zero - Self.kept)).rfc3339
    try run("DELETE FROM \(Self.table) WHERE done_at < ?", [.text(oldest)], on: connection)
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
    _ sql: String, _ values: [SQLValue], on connection: borrowing SQLiteConnection
  ) throws(Failure) {
    try Failure.ofSQL(in: sql) { () throws(SQLFault) in
      try connection.prepare(sql, allowing: Self.allowance).run(values)
    }
  }
}
