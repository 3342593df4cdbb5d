import CSystem
import Engine
import Glibc
import Model

/// The rows of a result, as values of JSON.
struct AthenaColumns: Sendable {
  let names: [String]
  private let types: [String]

  init(_ info: JSON) throws(Failure) {
    let columns = info.array ?? []
    names = columns.map { $0["Name"]?.string ?? "" }
    types = columns.map { $0["Type"]?.string ?? "varchar" }
    var seen = Set<ScalarString>()
    if let double = names.first(where: { !seen.insert(ScalarString($0)).inserted }) {
      throw Failure(
        .data, code: "duplicate-column",
        "Two columns have the name `\(double.prefix(80))`: name them with AS.")
    }
  }

  /// Athena repeats the names as the first row of a SELECT.
  func isHeader(_ row: JSON) -> Bool {
    let cells = row["Data"]?.array ?? []
    return cells.count == names.count && zip(cells, names).allSatisfy { $0["VarCharValue"]?.string == $1 }
  }

  func values(_ row: JSON) throws(Failure) -> [JSON] {
    let cells = row["Data"]?.array ?? []
    guard cells.count == names.count else { throw AthenaWork.strange }
    return zip(cells, types).map { cell, type in
      guard let text = cell["VarCharValue"]?.string else { return .null }
      return Self.value(text, type)
    }
  }

  func object(_ values: [JSON]) -> JSON { .object(JSONObject(zip(names, values))) }

  /// Decimals and times stay as they are written: a number of JSON would be another.
  private static func value(_ text: String, _ type: String) -> JSON {
    switch type {
    case "tinyint", "smallint", "integer", "int", "bigint": Int64(text).map { .int($0) } ?? .string(text)
    case "double", "float", "real":
      Double(text).flatMap { $0.isFinite ? .double($0) : nil } ?? .string(text)
    case "boolean": text == "true" ? true : text == "false" ? false : .string(text)
    default: .string(text)
    }
  }
}

/// What was taken of a result so far: rows for the output, or their number where a file has them.
struct AthenaTaken: Sendable {
  private(set) var rows: [JSON] = []
  private(set) var count: Int64 = 0
  private(set) var columns: AthenaColumns?
  private(set) var isTruncated = false
  let file: AthenaFile?
  private let most: Int64
  private let isUtility: Bool
  private var bytes = 0

  private static let outputLimit = 4 << 20

  init(_ attempt: Attempt, isUtility: Bool, file: AthenaFile?) {
    most = attempt.with["max_rows"]?.int ?? .max
    (self.isUtility, self.file) = (isUtility, file)
  }

  /// One page, and whether another follows.
  mutating func add(_ page: [JSON], _ meta: JSON, hasMore: Bool) async throws(Failure) {
    var lines = page[...]
    let columns: AthenaColumns
    if let known = self.columns {
      columns = known
    } else {
      columns = try AthenaColumns(meta)
      self.columns = columns
      if let file { try await OwnThread.run { () throws(Failure) in try file.begin(columns) } }
      if !isUtility, let first = lines.first, columns.isHeader(first) { lines = lines.dropFirst() }
    }
    if Int64(lines.count) > most - count {
      isTruncated = true
      lines = lines.prefix(Int(most - count))
    }
    var values: [[JSON]] = []
    for line in lines { values.append(try columns.values(line)) }
    count += Int64(values.count)
    if hasMore, count >= most { isTruncated = true }
    if let file {
      let part = values
      return try await OwnThread.run { () throws(Failure) in try file.add(part, columns) }
    }
    let objects = values.map { columns.object($0) }
    bytes += objects.reduce(0) { $0 + $1.serialized().count }
    guard bytes <= Self.outputLimit else {
      throw Failure(
        .outputTooLarge, code: "output-too-large",
        "The rows have more than 4 MiB: say `result: artifact`, or `max_rows`.")
    }
    rows += objects
  }
}

/// Writes rows into a file, a page at a time. Blocks.
struct AthenaFile: Sendable {
  let path: String
  let isCSV: Bool

  var mediaType: String { isCSV ? "text/csv" : "application/x-ndjson" }
  var name: String { isCSV ? "rows.csv" : "rows.ndjson" }

  func begin(_ columns: AthenaColumns) throws(Failure) {
    try write(isCSV ? Self.line(columns.names.map { Self.field($0) }) : [], flags: O_TRUNC)
  }

  func add(_ rows: [[JSON]], _ columns: AthenaColumns) throws(Failure) {
    var bytes: [UInt8] = []
    for row in rows {
      if isCSV {
        bytes += Self.line(row.map { $0.isNull ? "" : Self.field($0.string ?? $0.text) })
      } else {
        bytes += columns.object(row).serialized() + [10]
      }
    }
    try write(bytes, flags: O_APPEND)
  }

  private func write(_ bytes: [UInt8], flags: Int32) throws(Failure) {
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o600)
    guard file >= 0 else { throw .workFolder(errno) }
    defer { close(file) }
    guard AtomicFile.writeAll(bytes, to: file) else { throw .workFolder(errno) }
  }

  /// A line with one empty field would be an empty line, which is no record.
  private static func line(_ fields: [String]) -> [UInt8] {
    let text = fields.count == 1 && fields[0].isEmpty ? "\"\"" : fields.joined(separator: ",")
    return Array("\(text)\r\n".utf8)
  }

  private static func field(_ text: String) -> String {
    let needsQuotes = text.isEmpty || text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return needsQuotes ? "\"" + text.spelling(["\"": "\"\""]) + "\"" : text
  }
}
