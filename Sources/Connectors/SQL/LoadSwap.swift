import Engine
import Model
import Net

/// Puts gathered rows in the place of old ones: all tables of a step in one transaction. Blocks.
struct LoadSwap: Sendable {
  struct Table: Sendable {
    var name: String
    var stage: String
    var shape: LoadShape
    var done: LoadRecords.Progress
  }

  let records: LoadRecords
  let mode: LoadPlan.Mode

  func run(_ tables: [Table], on connection: borrowing SQLiteConnection) throws(Failure) {
    do throws(Failure) {
      try connection.transaction { () throws(Failure) in
        // The schema may have changed since the load began.
        try LoadReferences.check(tables.map(\.name), mode, on: connection)
        try deferReferences(true, connection)
        for table in tables { try empty(table, connection) }
        for table in tables { try fill(table, connection) }
      }
    } catch {
      guard error.code == "sql-constraint" else { throw error }
      let named = locate(tables, error, connection) ?? error
      // The first failure is the one to tell: what stays then is found by the next attempt.
      try? connection.transaction { () throws(Failure) in
        for table in tables { try records.forget(table.name, on: connection) }
      }
      throw named
    }
  }

  /// Rows of other tables that refer to these find their keys again at the end of the transaction, not
  /// before.
  private func deferReferences(
    _ isOn: Bool, _ connection: borrowing SQLiteConnection
  ) throws(Failure) {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      try connection.execute("PRAGMA defer_foreign_keys=\(isOn ? 1 : 0)")
    }
  }

  private func fill(_ table: Table, _ connection: borrowing SQLiteConnection) throws(Failure) {
    if !table.shape.columns.isEmpty {
      let list = table.shape.list
      try records.run(
        "INSERT INTO \(SQLiteConnection.quoted(table.name)) (\(list)) SELECT \(list) FROM \(table.stage) "
          + "ORDER BY rowid", [], allowing: LoadRecords.userAllowance, on: connection)
      try records.run("DROP TABLE \(table.stage)", [], on: connection)
    }
    try records.set(table.done, of: table.name, on: connection)
  }

  private func empty(_ table: Table, _ connection: borrowing SQLiteConnection) throws(Failure) {
    let (clause, values) = table.shape.replaced
    try records.run(
      "DELETE FROM \(SQLiteConnection.quoted(table.name))\(clause)", values,
      allowing: LoadRecords.userAllowance, on: connection)
  }

  /// The database names the broken rule, but of which row only one insertion at a time tells.
  private func locate(
    _ tables: [Table], _ failure: Failure, _ connection: borrowing SQLiteConnection
  ) -> Failure? {
    do throws(Failure) {
      let names = tables.map(\.name)
      let isReference = failure.message.contains("FOREIGN KEY")
      // Rows that refer to each other have no order in which each is right when it comes.
      if isReference, try LoadReferences.areWithin(names, on: connection) { return nil }
      try connection.transaction { () throws(Failure) in
        try deferReferences(true, connection)
        for table in tables { try empty(table, connection) }
        if isReference { try deferReferences(false, connection) }
        for table in tables where !table.shape.columns.isEmpty { try insert(table, connection) }
        // Nothing of this trial may stay.
        throw Failure(.internal, "The rows fit one by one.")
      }
      return nil
    } catch { return error.errorClass == .data ? error : nil }
  }

  private func insert(_ table: Table, _ connection: borrowing SQLiteConnection) throws(Failure) {
    var line = 0
    do throws(SQLFault) {
      let rows = try connection.prepare(
        "SELECT \(LoadShape.lineColumn), \(table.shape.list) FROM \(table.stage) ORDER BY rowid",
        allowing: LoadRecords.allowance)
      let insert = try connection.prepare(
        table.shape.insert(into: nil), allowing: LoadRecords.userAllowance)
      while try rows.next() {
        if case .integer(let number) = try rows.value(0) { line = Int(number) }
        var values: [SQLValue] = []
        for column in 1..<rows.columnCount { values.append(try rows.value(column)) }
        try insert.run(values)
      }
    } catch { throw Failure(error, line: line) }
  }
}
