import Engine
import Model
import Net

/// Loads one file into one table, batch by batch; each batch and how far it came are one transaction. Blocks.
struct TableLoader: Sendable {
  let plan: LoadPlan
  let part: LoadPlan.Part
  let source: LoadSource
  let records: LoadRecords

  /// What was loaded: all rows of the file, also those of earlier attempts.
  struct Loaded: Sendable {
    var table: String
    var shape: LoadShape
    var rows: Int
    /// The line that this attempt began with, and the one after the last.
    var start: Int
    var next: Int
    /// Whether an earlier attempt had done all.
    var isDone: Bool
  }

  /// Goes on where an earlier attempt of the step came to. Staged rows are not in their table yet.
  func load(on connection: borrowing SQLiteConnection) throws(Failure) -> Loaded {
    let table = try LoadTable(part.table, on: connection)
    let shape = try LoadShape(plan, table, header: try source.columns(), source.format)
    let progress = try connection.transaction { () throws(Failure) in
      try begin(table, shape, connection)
    }
    var loaded = Loaded(
      table: table.name, shape: shape, rows: progress.rows, start: progress.nextLine, next: progress.nextLine,
      isDone: progress.isDone)
    if progress.isDone { return loaded }
    do throws(Failure) {
      let end = try load(shape, from: progress, into: table, connection)
      (loaded.rows, loaded.next) = (end.rows, end.nextLine)
    } catch {
      connection.rollBack()
      if plan.mode.isStaged, error.errorClass == .data { dropStage(of: table.name, connection) }
      throw error
    }
    return loaded
  }

  private func begin(
    _ table: LoadTable, _ shape: LoadShape, _ connection: borrowing SQLiteConnection
  ) throws(Failure) -> LoadRecords.Progress {
    try records.prepare(on: connection)
    if let found = try records.progress(of: table.name, on: connection) {
      if found.sha256 == part.file.sha256, found.mode == plan.mode { return found }
      guard plan.mode != .append || !found.isSeen else { throw .loadChanged(table.name) }
    }
    try records.forget(table.name, on: connection)
    let start = LoadRecords.Progress(
      sha256: part.file.sha256, mode: plan.mode, nextLine: 1, rows: 0, isDone: false)
    try records.set(start, of: table.name, on: connection)
    if plan.mode.isStaged, !shape.columns.isEmpty {
      try records.run(
        """
        CREATE TABLE \(records.stage(of: table.name)) AS
        SELECT 0 AS \(LoadShape.lineColumn), \(shape.list) FROM \(SQLiteConnection.quoted(table.name)) WHERE 0
        """, [], on: connection)
    }
    return start
  }

  private func load(
    _ shape: LoadShape, from progress: LoadRecords.Progress, into table: LoadTable,
    _ connection: borrowing SQLiteConnection
  ) throws(Failure) -> LoadRecords.Progress {
    if shape.columns.isEmpty { return try finish(progress, table, connection, isOpen: false) }
    let sql = shape.insert(into: plan.mode.isStaged ? records.stage(of: table.name) : nil)
    let insert = try prepare(sql, connection)
    var progress = progress
    var (pending, isOpen) = (0, false)
    try source.read(from: progress.nextLine) { record, line, next throws(Failure) in
      let values = try shape.values(record, line: line)
      if !isOpen {
        try begin(connection)
        isOpen = true
      }
      do throws(SQLFault) {
        try insert.run(plan.mode.isStaged ? [.integer(Int64(line))] + values : values)
      } catch { throw Failure(error, line: line) }
      (progress.rows, progress.nextLine, pending) = (progress.rows + 1, next, pending + 1)
      if pending == plan.batch {
        try commit(progress, table, connection)
        (pending, isOpen) = (0, false)
      }
      return true
    }
    return try finish(progress, table, connection, isOpen: isOpen)
  }

  private func finish(
    _ progress: LoadRecords.Progress, _ table: LoadTable, _ connection: borrowing SQLiteConnection,
    isOpen: Bool
  ) throws(Failure) -> LoadRecords.Progress {
    var progress = progress
    progress.isDone = !plan.mode.isStaged
    if !isOpen { try begin(connection) }
    try commit(progress, table, connection)
    return progress
  }

  private func begin(_ connection: borrowing SQLiteConnection) throws(Failure) {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in try connection.execute("BEGIN IMMEDIATE") }
  }

  private func prepare(_ sql: String, _ connection: borrowing SQLiteConnection) throws(Failure)
    -> SQLiteStatement
  {
    do throws(SQLFault) {
      // A stage is ours and has no triggers.
      return try connection.prepare(
        sql, allowing: plan.mode.isStaged ? LoadRecords.allowance : LoadRecords.userAllowance)
    } catch {
      guard plan.mode == .upsert, error.message.contains("ON CONFLICT clause does not match") else {
        throw Failure(error, in: sql)
      }
      throw Failure(
        .configuration, code: "load-keys",
        "No primary key or unique index of the table is just the `keys` "
          + "\(plan.keys.joined(separator: ", "))."
      )
    }
  }

  private func commit(
    _ progress: LoadRecords.Progress, _ table: LoadTable, _ connection: borrowing SQLiteConnection
  ) throws(Failure) {
    try records.set(progress, of: table.name, on: connection)
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in try connection.execute("COMMIT") }
  }

  /// A file whose rows do not fit will not fit next time; what it left is only in the way.
  private func dropStage(of table: String, _ connection: borrowing SQLiteConnection) {
    // The first failure is the one to tell: what stays then is found by the next attempt.
    try? connection.transaction { () throws(Failure) in try records.forget(table, on: connection) }
  }
}

extension Failure {
  static func loadChanged(_ table: String) -> Failure {
    Failure(
      .data, code: "load-changed",
      "An earlier attempt of this step loaded other lines, or otherwise, into `\(table)`; see what is there, "
        + "then start a new job, or use `replace`.")
  }

  /// A row of a file that the database refuses.
  init(_ fault: SQLFault, line: Int) {
    self.init(fault)
    if errorClass == .data { message = "Line \(line): \(message)" }
  }
}
