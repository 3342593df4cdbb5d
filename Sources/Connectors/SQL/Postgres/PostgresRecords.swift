import Crypto
import Engine
import Model
import Net

/// How far loads have come: `LoadRecords`, for PostgreSQL. The table lies in the schema where the user's own
/// statements would make one.
struct PostgresRecords: Sendable {
  static let table = LoadRecords.table
  /// Two loads that make the table at once would be told of each other's.
  private static let lock = 7_305_806_471
  private static let kept = Duration.seconds(90 * 86_400)

  var stepKey: String
  var now: Timestamp

  func prepare(on connection: borrowing PostgresConnection) throws(Failure) {
    try run("SELECT pg_advisory_xact_lock($1)", [.integer(Int64(Self.lock))], on: connection)
    try run(
      """
      CREATE TABLE IF NOT EXISTS \(Self.table) (
        step_key text NOT NULL, "table" text NOT NULL, source_sha256 text NOT NULL, mode text NOT NULL,
        next_line bigint NOT NULL, rows bigint NOT NULL, done_at timestamptz, touched_at timestamptz NOT NULL,
        PRIMARY KEY (step_key, "table"))
      """, [], on: connection)
    try sweep(on: connection)
  }

  /// A load that was cancelled, or whose attempts ran out, never says that it is over.
  private func sweep(on connection: borrowing PostgresConnection) throws(Failure) {
    let oldest = SQLValue.text((now + (.zero - Self.kept)).rfc3339)
    let left = try Self.texts(
      "SELECT step_key, \"table\" FROM \(Self.table) WHERE done_at IS NULL AND touched_at < $1", [oldest],
      on: connection)
    for row in left {
      var other = self
      other.stepKey = row[0]
      try other.forget(row[1], on: connection)
    }
    try run("DELETE FROM \(Self.table) WHERE done_at < $1", [oldest], on: connection)
  }

  func progress(
    of table: String, on connection: borrowing PostgresConnection
  ) throws(Failure) -> LoadRecords.Progress? {
    let found = try Self.texts(
      """
      SELECT source_sha256, next_line::text, rows::text, (done_at IS NOT NULL)::text, mode FROM \(Self.table)
      WHERE step_key = $1 AND "table" = $2
      """, [.text(stepKey), .text(table)], on: connection)
    guard let row = found.first, let next = Int(row[1]), let rows = Int(row[2]),
      let mode = LoadPlan.Mode(rawValue: row[4])
    else { return nil }
    return LoadRecords.Progress(
      sha256: row[0], mode: mode, nextLine: next, rows: rows, isDone: row[3] == "true")
  }

  func set(
    _ progress: LoadRecords.Progress, of table: String, on connection: borrowing PostgresConnection
  ) throws(Failure) {
    try run(
      """
      INSERT INTO \(Self.table) (step_key, "table", source_sha256, mode, next_line, rows, done_at, touched_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      ON CONFLICT (step_key, "table") DO UPDATE SET
        source_sha256 = excluded.source_sha256, mode = excluded.mode,
        next_line = excluded.next_line, rows = excluded.rows, done_at = excluded.done_at,
        touched_at = excluded.touched_at
      """,
      [
        .text(stepKey), .text(table), .text(progress.sha256), .text(progress.mode.rawValue),
        .integer(Int64(progress.nextLine)), .integer(Int64(progress.rows)),
        progress.isDone ? .text(now.rfc3339) : .null, .text(now.rfc3339),
      ], on: connection)
  }

  /// Lets go of a load that cannot go on, with what it gathered.
  func forget(_ table: String, on connection: borrowing PostgresConnection) throws(Failure) {
    try run("DROP TABLE IF EXISTS \(stage(of: table))", [], on: connection)
    try run(
      "DELETE FROM \(Self.table) WHERE step_key = $1 AND \"table\" = $2", [.text(stepKey), .text(table)],
      on: connection)
  }

  /// The table beside a table, in which its new rows are gathered; quoted.
  func stage(of table: String) -> String {
    let name = SHA256.hex(Array("\(stepKey)\n\(table)".utf8)).prefix(24)
    return PostgresConnection.quoted("_esteira_stage_\(name)")
  }

  func run(
    _ sql: String, _ values: [SQLValue], on connection: borrowing PostgresConnection
  ) throws(Failure) {
    let text = PostgresText(sql)
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      _ = try connection.prepare(text)
      try connection.run(text, values).finish()
    }
  }

  /// The rows of a query whose columns are text.
  static func texts(
    _ sql: String, _ values: [SQLValue], on connection: borrowing PostgresConnection
  ) throws(Failure) -> [[String]] {
    let text = PostgresText(sql)
    return try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      let shape = try connection.prepare(text)
      let cursor = try connection.run(text, values)
      var rows: [[String]] = []
      while try cursor.next() {
        var row: [String] = []
        for column in shape.columns.indices {
          if case .text(let text) = try cursor.value(column) { row.append(text) } else { row.append("") }
        }
        rows.append(row)
      }
      return rows
    }
  }
}
