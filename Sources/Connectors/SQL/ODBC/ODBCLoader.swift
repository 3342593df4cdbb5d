import Engine
import Model
import Net

/// `sql.load` over ODBC: row by row, and how far it came is written in the transaction of its rows. `replace`
/// and `replace_partition` are one transaction, since engines do not agree on how a table is made beside
/// another. Blocks.
struct ODBCLoader {
  let plan: LoadPlan
  let records: ODBCRecords

  private struct Work {
    var part: LoadPlan.Part
    var source: LoadSource
    var table: ODBCTable
    var shape: LoadShape
    var progress: LoadRecords.Progress
    var start: Int

    var loaded: TableLoader.Loaded {
      TableLoader.Loaded(
        table: table.columns.name, shape: shape, rows: progress.rows, start: start, next: progress.nextLine,
        isDone: progress.isDone && start == progress.nextLine)
    }
  }

  func run(
    _ sources: [LoadSource], _ connection: borrowing ODBCConnection
  ) throws(Failure) -> [TableLoader.Loaded] {
    var works: [Work] = []
    try records.prepare(on: connection)
    for (part, source) in zip(plan.parts, sources) { works.append(try begin(part, source, connection)) }
    if plan.mode.isStaged {
      try replace(&works, connection)
    } else {
      for place in works.indices where !works[place].progress.isDone { try load(&works[place], connection) }
    }
    return works.map(\.loaded)
  }

  private func begin(
    _ part: LoadPlan.Part, _ source: LoadSource, _ connection: borrowing ODBCConnection
  ) throws(Failure) -> Work {
    let table = try ODBCTable(part.table, on: connection)
    let shape = try LoadShape(plan, table.columns, header: try source.columns(), source.format)
    if plan.mode == .upsert { try table.checkKeys(plan.keys, on: connection) }
    connection.rollBack()
    let name = table.columns.name
    let start = LoadRecords.Progress(
      sha256: part.file.sha256, mode: plan.mode, nextLine: 1, rows: 0, isDone: false)
    if let found = try records.progress(of: name, on: connection) {
      if found.sha256 == start.sha256, found.mode == plan.mode {
        return Work(
          part: part, source: source, table: table, shape: shape, progress: found, start: found.nextLine)
      }
      guard plan.mode != .append || !found.isSeen else { throw .loadChanged(name) }
    }
    try records.begin(start, of: name, on: connection)
    return Work(part: part, source: source, table: table, shape: shape, progress: start, start: 1)
  }

  /// Batch by batch, each a transaction.
  private func load(_ work: inout Work, _ connection: borrowing ODBCConnection) throws(Failure) {
    do throws(Failure) {
      var from = work.progress.nextLine
      var pending = 0
      var progress = work.progress
      let writer = try ODBCRowWriter(work.shape, work.table, plan, on: connection)
      if !work.shape.columns.isEmpty {
        let name = work.table.columns.name
        try work.source.read(from: progress.nextLine) { record, line, next throws(Failure) in
          try writer.write(record, line: line)
          (progress.rows, progress.nextLine, pending) = (progress.rows + 1, next, pending + 1)
          if pending == plan.batch {
            try records.move(from: from, to: progress, of: name, on: connection)
            try connection.commit(isRepeatable: true)
            (pending, from) = (0, progress.nextLine)
          }
          return true
        }
      }
      progress.isDone = true
      try records.move(from: from, to: progress, of: work.table.columns.name, on: connection)
      try connection.commit(isRepeatable: true)
      work.progress = progress
    } catch {
      connection.rollBack()
      throw error
    }
  }

  /// All rows of all tables in one transaction: readers see the old ones until it is committed.
  private func replace(_ works: inout [Work], _ connection: borrowing ODBCConnection) throws(Failure) {
    let waiting = works.indices.filter { !works[$0].progress.isDone }
    if waiting.isEmpty { return }
    try ODBCTable.checkReferences(works.map(\.table), plan.mode, on: connection)
    connection.rollBack()
    var done = works
    try connection.writing(isRepeatable: true) { () throws(Failure) in
      for place in waiting { try empty(done[place], connection) }
      for place in waiting {
        var progress = done[place].progress
        let from = progress.nextLine
        let writer = try ODBCRowWriter(done[place].shape, done[place].table, plan, on: connection)
        if !done[place].shape.columns.isEmpty {
          try done[place].source.read(from: 1) { record, line, next throws(Failure) in
            try writer.write(record, line: line)
            (progress.rows, progress.nextLine) = (progress.rows + 1, next)
            return true
          }
        }
        progress.isDone = true
        try records.move(from: from, to: progress, of: done[place].table.columns.name, on: connection)
        done[place].progress = progress
      }
    }
    works = done
  }

  private func empty(_ work: Work, _ connection: borrowing ODBCConnection) throws(Failure) {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      guard let partition = work.shape.partition else {
        return try connection.execute("DELETE FROM \(work.table.name)")
      }
      let column = connection.quoted(partition.column)
      if partition.value == .null {
        return try connection.execute("DELETE FROM \(work.table.name) WHERE \(column) IS NULL")
      }
      let delete = try connection.prepare(
        ODBCText("DELETE FROM \(work.table.name) WHERE \(column) = ?", connection.engine))
      let types = work.table.types(of: work.shape.columns.filter { $0.name == partition.column })
      try delete.run([partition.value], as: types)
    }
  }
}

/// Puts records of a file into a table, one at a time.
struct ODBCRowWriter {
  private let shape: LoadShape
  private let types: [Int16]
  private let insert: ODBCStatement?
  private let find: ODBCStatement?
  private let update: ODBCStatement?
  /// Which of the columns are keys of an upsert.
  private let keys: [Int]
  private let others: [Int]
  private let names: [String]

  init(
    _ shape: LoadShape, _ table: ODBCTable, _ plan: LoadPlan, on connection: borrowing ODBCConnection
  ) throws(Failure) {
    (self.shape, types, names) = (shape, table.types(of: shape.columns), plan.keys)
    let wanted = Set(plan.keys.map { $0.lowercased() })
    let keys = shape.columns.indices.filter { wanted.contains(shape.columns[$0].name.lowercased()) }
    let others = shape.columns.indices.filter { !keys.contains($0) }
    (self.keys, self.others) = (keys, others)
    guard !shape.columns.isEmpty else {
      (insert, find, update) = (nil, nil, nil)
      return
    }
    let quoted = shape.columns.map { connection.quoted($0.name) }
    let marks = quoted.map { _ in "?" }.joined(separator: ", ")
    let engine = connection.engine
    let match = keys.map { "\(quoted[$0]) = ?" }.joined(separator: " AND ")
    let sets = others.map { "\(quoted[$0]) = ?" }.joined(separator: ", ")
    let texts = (
      "INSERT INTO \(table.name) (\(quoted.joined(separator: ", "))) VALUES (\(marks))",
      "SELECT 1 FROM \(table.name) WHERE \(match)", "UPDATE \(table.name) SET \(sets) WHERE \(match)"
    )
    do throws(SQLFault) {
      insert = try connection.prepare(ODBCText(texts.0, engine))
      let isUpsert = plan.mode == .upsert
      find = isUpsert ? try connection.prepare(ODBCText(texts.1, engine)) : nil
      update = isUpsert && !others.isEmpty ? try connection.prepare(ODBCText(texts.2, engine)) : nil
    } catch { throw Failure(error) }
  }

  func write(_ record: LoadSource.Record, line: Int) throws(Failure) {
    let given = try shape.values(record, line: line)
    let values = try ODBCTable.checked(given, types, shape.columns, line: line)
    var changed: Int64 = 0
    do throws(SQLFault) {
      if let find, try isThere(values, find) {
        guard let update else { return }
        try update.run(others.map { values[$0] } + keys.map { values[$0] }, as: order(others + keys))
        changed = update.changes
      } else {
        try insert?.run(values, as: types)
      }
    } catch { throw Failure(error, line: line) }
    // What the driver did not tell of the table's keys, its rows do.
    if changed > 1 { throw ODBCTable.wrongKeys(names) }
  }

  private func isThere(_ values: [SQLValue], _ find: ODBCStatement) throws(SQLFault) -> Bool {
    try find.run(keys.map { values[$0] }, as: order(keys))
    defer { find.reset() }
    return try find.next()
  }

  private func order(_ places: [Int]) -> [Int16] { places.map { types[$0] } }
}
