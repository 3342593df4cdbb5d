import Engine
import Model
import Net

/// Loads one file into one table of PostgreSQL: each batch streams in by COPY, and how far it came is written
/// in the transaction of its rows. Blocks.
struct PostgresLoader {
  /// Rows are sent on when they are so many bytes.
  private static let chunk = 1 << 18

  let plan: LoadPlan
  let part: LoadPlan.Part
  let source: LoadSource
  let records: PostgresRecords

  /// What was loaded, as `TableLoader.Loaded` says it, and the table.
  struct Done {
    var loaded: TableLoader.Loaded
    var table: PostgresTable
  }

  func load(on connection: borrowing PostgresConnection) throws(Failure) -> Done {
    let table = try PostgresTable(part.table, on: connection)
    let shape = try LoadShape(plan, table.columns, header: try source.columns(), source.format)
    let progress = try connection.writing(isRepeatable: true) { () throws(Failure) in
      try begin(table, shape, connection)
    }
    var loaded = TableLoader.Loaded(
      table: table.columns.name, shape: shape, rows: progress.rows, start: progress.nextLine,
      next: progress.nextLine, isDone: progress.isDone)
    if progress.isDone { return Done(loaded: loaded, table: table) }
    do throws(Failure) {
      let end = try load(shape, from: progress, into: table, connection)
      (loaded.rows, loaded.next) = (end.rows, end.nextLine)
    } catch {
      connection.rollBack()
      if plan.mode.isStaged, error.errorClass == .data { dropStage(of: loaded.table, connection) }
      throw error
    }
    return Done(loaded: loaded, table: table)
  }

  private func begin(
    _ table: PostgresTable, _ shape: LoadShape, _ connection: borrowing PostgresConnection
  ) throws(Failure) -> LoadRecords.Progress {
    let name = table.columns.name
    try records.prepare(on: connection)
    if let found = try records.progress(of: name, on: connection) {
      if found.sha256 == part.file.sha256, found.mode == plan.mode { return found }
      guard plan.mode != .append || !found.isSeen else { throw .loadChanged(name) }
    }
    try records.forget(name, on: connection)
    let start = LoadRecords.Progress(
      sha256: part.file.sha256, mode: plan.mode, nextLine: 1, rows: 0, isDone: false)
    try records.set(start, of: name, on: connection)
    if plan.mode.isStaged, !shape.columns.isEmpty {
      try records.run(
        "CREATE TABLE \(records.stage(of: name)) AS \(Self.empty(table, shape))", [], on: connection)
    }
    return start
  }

  /// No rows, with the types that the columns have, and the line of the file.
  private static func empty(_ table: PostgresTable, _ shape: LoadShape) -> String {
    "SELECT 0::bigint AS \(LoadShape.lineColumn), \(shape.list) FROM \(table.name) WHERE false"
  }

  private static let batchTable = "_esteira_batch"

  /// Where the rows of a batch go.
  private func target(_ table: PostgresTable) -> (name: String, hasLine: Bool) {
    if plan.mode.isStaged { return (records.stage(of: table.columns.name), true) }
    return plan.mode == .upsert ? (Self.batchTable, true) : (table.name, false)
  }

  private func load(
    _ shape: LoadShape, from progress: LoadRecords.Progress, into table: PostgresTable,
    _ connection: borrowing PostgresConnection
  ) throws(Failure) -> LoadRecords.Progress {
    var (progress, lines, bytes): (LoadRecords.Progress, [Int], [UInt8]) = (progress, [], [])
    let hasLine = target(table).hasLine
    if !shape.columns.isEmpty {
      try source.read(from: progress.nextLine) { record, line, next throws(Failure) in
        let values = try shape.values(record, line: line)
        if lines.isEmpty { try beginBatch(table, shape, connection) }
        PostgresConnection.copyRow(hasLine ? [.integer(Int64(line))] + values : values, to: &bytes)
        lines.append(line)
        (progress.rows, progress.nextLine) = (progress.rows + 1, next)
        if bytes.count >= Self.chunk {
          try send(bytes, lines, connection)
          bytes.removeAll(keepingCapacity: true)
        }
        if lines.count == plan.batch {
          try endBatch(bytes, lines, table, shape, connection)
          try commit(progress, table, connection)
          lines.removeAll(keepingCapacity: true)
          bytes.removeAll(keepingCapacity: true)
        }
        return true
      }
    }
    progress.isDone = !plan.mode.isStaged
    if lines.isEmpty {
      try Failure.ofSQL(in: nil) { () throws(SQLFault) in try connection.execute("BEGIN") }
    } else {
      try endBatch(bytes, lines, table, shape, connection)
    }
    try commit(progress, table, connection)
    return progress
  }

  private func beginBatch(
    _ table: PostgresTable, _ shape: LoadShape, _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    let (name, hasLine) = target(table)
    let columns = shape.columns.map { PostgresConnection.quoted($0.name) }
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      try connection.execute("BEGIN")
      if plan.mode == .upsert {
        try connection.execute(
          "CREATE TEMP TABLE \(Self.batchTable) ON COMMIT DROP AS \(Self.empty(table, shape))")
      }
      try connection.beginCopy(into: name, columns: hasLine ? [LoadShape.lineColumn] + columns : columns)
    }
  }

  private func send(
    _ bytes: [UInt8], _ lines: [Int], _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    do throws(SQLFault) { try connection.copy(bytes) } catch { throw Self.failure(error, lines) }
  }

  private func endBatch(
    _ bytes: [UInt8], _ lines: [Int], _ table: PostgresTable, _ shape: LoadShape,
    _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    do throws(SQLFault) {
      if !bytes.isEmpty { try connection.copy(bytes) }
      try connection.endCopy()
    } catch { throw Self.failure(error, lines) }
    if plan.mode == .upsert { try upsert(table, shape, connection) }
  }

  /// Of two lines of a batch with one key the later one counts, as it does where they lie in two batches.
  private func upsert(
    _ table: PostgresTable, _ shape: LoadShape, _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    let keys = plan.keys.map { PostgresConnection.quoted($0) }.joined(separator: ", ")
    let isKey = { (name: String) in plan.keys.contains { ScalarString($0) == ScalarString(name) } }
    let changed = shape.columns.map(\.name).filter { !isKey($0) }.map { PostgresConnection.quoted($0) }
    let sets = changed.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    let sql = """
      INSERT INTO \(table.name) (\(shape.list))
      SELECT \(shape.list) FROM (
        SELECT DISTINCT ON (\(keys)) * FROM \(Self.batchTable) ORDER BY \(keys), \(LoadShape.lineColumn) DESC
      ) AS last ORDER BY \(LoadShape.lineColumn)
      ON CONFLICT (\(keys)) DO \(changed.isEmpty ? "NOTHING" : "UPDATE SET \(sets)")
      """
    do throws(SQLFault) { try connection.execute(sql) } catch {
      guard error.message.contains("no unique or exclusion constraint") else { throw Failure(error) }
      throw Failure(
        .configuration, code: "load-keys",
        "No primary key or unique index of the table is just the `keys` \(plan.keys.joined(separator: ", "))."
      )
    }
  }

  private func commit(
    _ progress: LoadRecords.Progress, _ table: PostgresTable, _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    try records.set(progress, of: table.columns.name, on: connection)
    try connection.commit(isRepeatable: true)
  }

  /// A file whose rows do not fit will not fit next time; what it left is only in the way.
  private func dropStage(of table: String, _ connection: borrowing PostgresConnection) {
    // The first failure is the one to tell: what stays then is found by the next attempt.
    try? connection.writing(isRepeatable: true) { () throws(Failure) in
      try records.forget(table, on: connection)
    }
  }

  /// The server names the row of the copy, and often its column: `COPY orders, line 3, column qty: "x"`.
  private static func failure(_ fault: SQLFault, _ lines: [Int]) -> Failure {
    let parts = (fault.context ?? "").utf8.split(separator: UInt8(ascii: ","), maxSplits: 2)
    let digits = parts.count > 1 ? parts[1].drop { !isDigit($0) }.prefix(while: isDigit) : ""[...].utf8
    guard let number = Int(String(decoding: digits, as: UTF8.self)), lines.indices.contains(number - 1)
    else { return Failure(fault) }
    var fault = fault
    if parts.count == 3, let column = column(String(decoding: parts[2], as: UTF8.self)) {
      fault.message = "column `\(column)`: \(fault.message)"
    }
    return Failure(fault, line: lines[number - 1])
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Of ` column qty: "x"`.
  private static func column(_ text: String) -> String? {
    let words = text.utf8.prefix { $0 != UInt8(ascii: ":") }.split(separator: UInt8(ascii: " "), maxSplits: 1)
    return words.count == 2 ? String(decoding: words[1], as: UTF8.self) : nil
  }
}

/// `sql.load` on PostgreSQL.
enum PostgresLoad {
  static func run(
    _ plan: LoadPlan, _ sources: [LoadSource], _ records: PostgresRecords,
    _ connection: borrowing PostgresConnection
  ) throws(Failure) -> [TableLoader.Loaded] {
    if plan.mode.isStaged {
      let tables = try plan.parts.map { part throws(Failure) in try PostgresTable(part.table, on: connection)
      }
      try PostgresTable.checkReferences(tables, plan.mode, on: connection)
    }
    var done: [PostgresLoader.Done] = []
    for (part, source) in zip(plan.parts, sources) {
      done.append(
        try PostgresLoader(plan: plan, part: part, source: source, records: records).load(on: connection))
    }
    if plan.mode.isStaged { try swap(done, plan, records, connection) }
    return done.map(\.loaded)
  }

  /// All tables change in one transaction.
  private static func swap(
    _ done: [PostgresLoader.Done], _ plan: LoadPlan, _ records: PostgresRecords,
    _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    let waiting = zip(done, plan.parts).filter { !$0.0.loaded.isDone }
    if waiting.isEmpty { return }
    try connection.writing(isRepeatable: true) { () throws(Failure) in
      try PostgresTable.checkReferences(waiting.map(\.0.table), plan.mode, on: connection)
      try records.run("SET CONSTRAINTS ALL DEFERRED", [], on: connection)
      for (one, _) in waiting { try empty(one, records, connection) }
      for (one, part) in waiting {
        let (shape, name) = (one.loaded.shape, one.loaded.table)
        if !shape.columns.isEmpty {
          let stage = records.stage(of: name)
          try records.run(
            "INSERT INTO \(one.table.name) (\(shape.list)) SELECT \(shape.list) FROM \(stage) "
              + "ORDER BY \(LoadShape.lineColumn)", [], on: connection)
          try records.run("DROP TABLE \(stage)", [], on: connection)
        }
        let progress = LoadRecords.Progress(
          sha256: part.file.sha256, mode: plan.mode, nextLine: one.loaded.next, rows: one.loaded.rows,
          isDone: true)
        try records.set(progress, of: name, on: connection)
      }
    }
  }

  private static func empty(
    _ one: PostgresLoader.Done, _ records: PostgresRecords, _ connection: borrowing PostgresConnection
  ) throws(Failure) {
    guard let partition = one.loaded.shape.partition else {
      return try records.run("DELETE FROM \(one.table.name)", [], on: connection)
    }
    let column = PostgresConnection.quoted(partition.column)
    if partition.value == .null {
      return try records.run("DELETE FROM \(one.table.name) WHERE \(column) IS NULL", [], on: connection)
    }
    try records.run(
      "DELETE FROM \(one.table.name) WHERE \(column) = $1", [partition.value], on: connection)
  }
}
