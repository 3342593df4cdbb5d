import Crypto
import Engine
import Model
import Net

/// How far loads have come: `LoadRecords`, over ODBC. Every column is text, which every engine has.
struct ODBCRecords: Sendable {
  static let table = "_esteira_odbc_loads"
  private static let kept = Duration.seconds(90 * 86_400)
  /// Of what is not done; an empty text is null to some engines.
  private static let open = "-"
  private static let shownLength = 200

  var stepKey: String
  var now: Timestamp

  /// Makes the table where it is missing, and lets go of loads that are over for long.
  func prepare(on connection: borrowing ODBCConnection) throws(Failure) {
    let name = connection.quoted(Self.table)
    if !isThere(connection) {
      connection.rollBack()
      do throws(SQLFault) {
        try connection.execute(
          """
          CREATE TABLE \(name) (load_key VARCHAR(64) NOT NULL PRIMARY KEY, table_name VARCHAR(200) NOT NULL,
            source_sha256 VARCHAR(64) NOT NULL, load_mode VARCHAR(20) NOT NULL,
            next_line VARCHAR(20) NOT NULL, row_count VARCHAR(20) NOT NULL,
            done_at VARCHAR(40) NOT NULL, touched_at VARCHAR(40) NOT NULL)
          """)
        try connection.commit()
      } catch {
        connection.rollBack()
        // Another load may have made it just now.
        guard isThere(connection) else { throw Failure(error) }
      }
    }
    try writing(connection) { () throws(SQLFault) in
      try connection.execute(
        "DELETE FROM \(name) WHERE touched_at < ?", [.text((now + (.zero - Self.kept)).rfc3339)])
    }
  }

  private func isThere(_ connection: borrowing ODBCConnection) -> Bool {
    (try? connection.execute("SELECT load_key FROM \(connection.quoted(Self.table)) WHERE 1 = 0")) != nil
  }

  private func writing(
    _ connection: borrowing ODBCConnection, _ work: () throws(SQLFault) -> Void
  ) throws(Failure) {
    try connection.writing(isRepeatable: true) { () throws(Failure) in try Failure.ofSQL(in: nil, work) }
  }

  private func key(_ table: String) -> SQLValue { .text(SHA256.hex(Array("\(stepKey)\n\(table)".utf8))) }

  func progress(
    of table: String, on connection: borrowing ODBCConnection
  ) throws(Failure) -> LoadRecords.Progress? {
    let sql =
      "SELECT source_sha256, load_mode, next_line, row_count, done_at FROM "
      + "\(connection.quoted(Self.table)) WHERE load_key = ?"
    let row = try Failure.ofSQL(in: nil) { () throws(SQLFault) -> [String]? in
      let statement = try connection.prepare(ODBCText(sql, connection.engine))
      try statement.run([key(table)])
      guard try statement.next() else { return nil }
      var row: [String] = []
      for column in 0..<5 {
        if case .text(let text) = try statement.value(column) { row.append(text) } else { row.append("") }
      }
      return row
    }
    guard let row, let mode = LoadPlan.Mode(rawValue: row[1]), let next = Int(row[2]), let rows = Int(row[3])
    else { return nil }
    return LoadRecords.Progress(
      sha256: row[0], mode: mode, nextLine: next, rows: rows, isDone: row[4] != Self.open)
  }

  /// Begins a load at its first line, in place of what is known of an earlier one.
  func begin(
    _ progress: LoadRecords.Progress, of table: String, on connection: borrowing ODBCConnection
  ) throws(Failure) {
    let name = connection.quoted(Self.table)
    try writing(connection) { () throws(SQLFault) in
      try connection.execute("DELETE FROM \(name) WHERE load_key = ?", [key(table)])
      try connection.execute(
        "INSERT INTO \(name) (load_key, table_name, source_sha256, load_mode, next_line, row_count, done_at, "
          + "touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
          key(table), .text(String(table.prefix(Self.shownLength))), .text(progress.sha256),
          .text(progress.mode.rawValue), .text("\(progress.nextLine)"), .text("\(progress.rows)"),
          .text(Self.open), .text(now.rfc3339),
        ])
    }
  }

  /// In the transaction of the rows. An attempt that was given up and works on after all finds that another
  /// one has moved the line, and leaves nothing.
  func move(
    from line: Int, to progress: LoadRecords.Progress, of table: String,
    on connection: borrowing ODBCConnection
  ) throws(Failure) {
    let sql =
      "UPDATE \(connection.quoted(Self.table)) SET next_line = ?, row_count = ?, done_at = ?, touched_at = ? "
      + "WHERE load_key = ? AND next_line = ? AND done_at = ?"
    let moved = try Failure.ofSQL(in: nil) { () throws(SQLFault) -> Int64 in
      let statement = try connection.prepare(ODBCText(sql, connection.engine))
      try statement.run([
        .text("\(progress.nextLine)"), .text("\(progress.rows)"),
        .text(progress.isDone ? now.rfc3339 : Self.open), .text(now.rfc3339), key(table), .text("\(line)"),
        .text(Self.open),
      ])
      return statement.changes
    }
    guard moved == 1 else {
      throw Failure(
        .transient, code: "interrupted",
        "Another attempt of this step loads into `\(table)` at the same time.")
    }
  }
}
