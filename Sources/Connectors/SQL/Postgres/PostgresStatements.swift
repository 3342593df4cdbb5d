import Engine
import Model
import Net

/// `sql.query` on PostgreSQL.
enum PostgresQuery {
  /// What is read and what of it is kept.
  struct Call: Sendable {
    var sql: String
    var parameters: SQLParameters
    var max: Int?
  }

  struct Found: Sendable {
    var rows: [JSON] = []
    var columns: [String]
    var count: Int
    var isTruncated: Bool
  }

  static func rows(_ call: Call, _ connection: borrowing PostgresConnection) throws(Failure) -> Found {
    try connection.reading { () throws(Failure) in
      let begun = try begin(call, connection)
      let (rows, isTruncated) = try begun.columns.collect(begun.cursor, in: call.sql, max: call.max)
      return Found(rows: rows, columns: begun.columns.columns, count: rows.count, isTruncated: isTruncated)
    }
  }

  static func file(
    _ call: Call, _ path: String, _ format: SQLRowFile.Format, _ connection: borrowing PostgresConnection
  ) throws(Failure) -> Found {
    try connection.reading { () throws(Failure) in
      let begun = try begin(call, connection)
      var file = try SQLRowFile.open(path, format, begun.columns)
      let isTruncated = try file.write(begun.cursor, in: call.sql, max: call.max)
      return Found(columns: begun.columns.columns, count: file.count, isTruncated: isTruncated)
    }
  }

  private struct Begun: ~Copyable {
    let cursor: PostgresRows
    let columns: SQLRows
  }

  private static func begin(
    _ call: Call, _ connection: borrowing PostgresConnection
  ) throws(Failure) -> Begun {
    let text = PostgresText(call.sql)
    let (shape, values) = try connection.compile(text, call.parameters, in: call.sql)
    // What gives no rows is done for its effect: SET, COPY, LOCK and the like, too.
    guard shape.givesRows else {
      throw Failure(.configuration, code: "sql-refused", "The statement gives no rows; sql.query only reads.")
    }
    let columns = try SQLRows(shape.columns)
    let cursor = try Failure.ofSQL(in: call.sql) { () throws(SQLFault) in try connection.run(text, values) }
    return Begun(cursor: cursor, columns: columns)
  }
}

/// `sql.execute` on PostgreSQL.
enum PostgresExecute {
  struct Done: Sendable {
    var changes: Int64
    /// Nil of a statement that gives no rows.
    var rows: [JSON]?
  }

  /// The first words of what a step may do; each begins statements of one kind only. Transactions, settings,
  /// COPY (files and programs of the server), LISTEN and the like are not among them.
  static let words: Set<String> = PostgresExecute.reading.union(changing).union(defining)
  static let reading: Set<String> = ["SELECT", "VALUES", "TABLE", "WITH", "EXPLAIN", "SHOW"]
  static let changing: Set<String> = ["INSERT", "UPDATE", "DELETE", "MERGE", "CALL", "DO"]
  static let defining: Set<String> = [
    "CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "REFRESH", "ANALYZE",
  ]

  static func run(
    _ sql: String, _ parameters: SQLParameters, _ connection: borrowing PostgresConnection
  ) throws(Failure) -> Done {
    let text = PostgresText(sql)
    guard text.firstWord.isEmpty || words.contains(text.firstWord) else {
      throw Failure(
        .configuration, code: "sql-refused",
        "A step may not run \(text.firstWord.prefix(40)): it is the transaction, and its "
          + "settings stay as they are.")
    }
    let (shape, values) = try connection.compile(text, parameters, in: sql)
    let columns = try SQLRows(shape.columns)
    let cursor = try Failure.ofSQL(in: sql) { () throws(SQLFault) in try connection.run(text, values) }
    let rows = try columns.collect(cursor, in: sql).rows
    return Done(changes: cursor.changes, rows: shape.givesRows ? rows : nil)
  }
}
