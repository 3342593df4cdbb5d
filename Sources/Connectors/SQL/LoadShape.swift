import Engine
import Model
import Net

/// Which columns of a table the records of a file fill, and how.
struct LoadShape: Sendable {
  static let lineColumn = "_esteira_line"

  private let plan: LoadPlan
  private let table: LoadTable
  /// The fields of a CSV's record, or nil of objects.
  private let header: [String]?
  /// By the names in the file, in the order of `columns`; without the partition that the file does not have.
  private let names: [String]
  /// For CSV: which field each name is.
  private var places: [Int] = []
  private(set) var columns: [LoadTable.Column] = []
  private(set) var partition: (column: String, value: SQLValue, isInFile: Bool)?

  /// `header`: see `LoadSource.columns`.
  init(
    _ plan: LoadPlan, _ table: LoadTable, header: [String]?, _ format: LoadSource.Format
  ) throws(Failure) {
    (self.plan, self.table) = (plan, table)
    guard let header else {
      guard format == .ndjson else {
        throw Failure(
          .data, code: "load-columns", "The file for `\(table.name)` is empty; a CSV begins with a header.")
      }
      (self.header, names) = (nil, [])
      try addPartition()
      columns = []
      return
    }
    self.header = format == .csv ? header : nil
    names = plan.columns ?? header
    for name in names { try add(name, header, format) }
    try addPartition()
    try checkKeys()
  }

  private mutating func add(_ name: String, _ header: [String], _ format: LoadSource.Format) throws(Failure) {
    let column = try table.column(name)
    guard !columns.contains(where: { ScalarString($0.name) == ScalarString(column.name) }) else {
      throw Failure(
        .data, code: "load-columns",
        "The column `\(column.name)` stands twice in the file for `\(table.name)`.")
    }
    if format == .csv {
      guard let place = header.firstIndex(where: { ScalarString($0) == ScalarString(name) }) else {
        let known = header.prefix(50).joined(separator: ", ")
        throw Failure(
          .data, code: "load-columns",
          "The file has no column `\(name.prefix(80))`; its header has: \(known).")
      }
      places.append(place)
    }
    columns.append(column)
  }

  private mutating func addPartition() throws(Failure) {
    guard let wanted = plan.partition else { return }
    let column = try table.column(wanted.column)
    let isInFile = columns.contains { ScalarString($0.name) == ScalarString(column.name) }
    do throws(LoadComplaint) {
      partition = (column.name, try column.value(wanted.value), isInFile)
    } catch {
      throw Failure(
        .data, code: "load-row", "The partition's value does not fit in `\(column.name)`: \(error.text).")
    }
    if !isInFile { columns.append(column) }
  }

  private func checkKeys() throws(Failure) {
    for key in plan.keys {
      let column = try table.column(key)
      guard columns.contains(where: { ScalarString($0.name) == ScalarString(column.name) }) else {
        throw Failure(
          .configuration, code: "load-keys", "The key `\(key.prefix(80))` is no column of the file.")
      }
    }
  }

  /// The columns as SQL.
  var list: String { columns.map { SQLiteConnection.quoted($0.name) }.joined(separator: ", ") }

  /// Into the table, or into its stage, which has the line first.
  func insert(into stage: String?) -> String {
    let count = columns.count + (stage == nil ? 0 : 1)
    let values = Array(repeating: "?", count: count).joined(separator: ", ")
    if let stage { return "INSERT INTO \(stage) VALUES (\(values))" }
    let plain = "INSERT INTO \(SQLiteConnection.quoted(table.name)) (\(list)) VALUES (\(values))"
    guard plan.mode == .upsert else { return plain }
    let keys = plan.keys.map { SQLiteConnection.quoted($0) }.joined(separator: ", ")
    let isKey = { (column: LoadTable.Column) in
      plan.keys.contains { $0.lowercased() == column.name.lowercased() }
    }
    let changed = columns.filter { !isKey($0) }.map { SQLiteConnection.quoted($0.name) }
    if changed.isEmpty { return "\(plain) ON CONFLICT (\(keys)) DO NOTHING" }
    let sets = changed.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return "\(plain) ON CONFLICT (\(keys)) DO UPDATE SET \(sets)"
  }

  /// `WHERE` of the rows that a replacement takes the place of, with its value.
  var replaced: (clause: String, values: [SQLValue]) {
    guard let partition else { return ("", []) }
    return (" WHERE \(SQLiteConnection.quoted(partition.column)) IS ?", [partition.value])
  }

  /// The values of a record, one for each of `columns`.
  func values(_ record: LoadSource.Record, line: Int) throws(Failure) -> [SQLValue] {
    var values: [SQLValue] = []
    values.reserveCapacity(columns.count)
    if case .object(let object) = record { try checkKeys(of: object, line: line) }
    if case .fields(let fields) = record, fields.count != header?.count {
      throw Failure(
        .data, code: "load-row",
        "Line \(line) has \(fields.count) fields, and the header has \(header?.count ?? 0).")
    }
    for (place, name) in names.enumerated() {
      do throws(LoadComplaint) {
        switch record {
        case .fields(let fields):
          values.append(try columns[place].value(field: fields[places[place]], nullText: plan.nullText))
        case .object(let object): values.append(try columns[place].value(object[name] ?? .null))
        }
      } catch {
        throw Failure(.data, code: "load-row", "Line \(line), column `\(name)`: \(error.text).")
      }
    }
    try addPartition(to: &values, line: line)
    return values
  }

  /// A member that no column takes would be lost in silence.
  private func checkKeys(of object: JSONObject, line: Int) throws(Failure) {
    guard plan.columns == nil, object.count > names.count || !object.keys.allSatisfy(isNamed) else { return }
    let extra = object.keys.first { !isNamed($0) } ?? ""
    throw Failure(
      .data, code: "load-row",
      "Line \(line) has the member `\(extra.prefix(80))`, which the first line has not; name the `columns`."
    )
  }

  private func isNamed(_ key: String) -> Bool { names.contains { ScalarString($0) == ScalarString(key) } }

  private func addPartition(to values: inout [SQLValue], line: Int) throws(Failure) {
    guard let partition else { return }
    guard partition.isInFile else {
      values.append(partition.value)
      return
    }
    let place = columns.firstIndex { ScalarString($0.name) == ScalarString(partition.column) }
    guard let place, values[place] == partition.value else {
      throw Failure(
        .data, code: "load-row", "Line \(line) lies outside of the partition of `\(partition.column)`.")
    }
  }
}
