import CSystem
import Crypto
import Engine
import Glibc
import Model
import Net

/// Writes the rows of a query into a file, one at a time: the memory does not grow with them. Blocks.
struct SQLRowFile: ~Copyable {
  enum Format: String, Sendable {
    case ndjson, csv
    var mediaType: String { self == .csv ? "text/csv" : "application/x-ndjson" }
  }

  private static let buffer = 1 << 18

  private let file: Int32
  private let format: Format
  private let rows: SQLRows
  /// `"name":` of each column.
  private let keys: [[UInt8]]
  private var bytes: [UInt8] = []
  private(set) var count = 0

  private init(file: Int32, format: Format, rows: SQLRows) {
    (self.file, self.format, self.rows) = (file, format, rows)
    keys = rows.columns.map { JSON.string($0).serialized() + Array(":".utf8) }
  }

  deinit { close(file) }

  static func open(_ path: String, _ format: Format, _ rows: SQLRows) throws(Failure) -> SQLRowFile {
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .workFolder(errno) }
    var written = SQLRowFile(file: file, format: format, rows: rows)
    if format == .csv { written.line(rows.columns.map { Self.field($0) }) }
    return written
  }

  /// Writes all rows, at most `max`; true where there were more.
  mutating func write<Cursor: SQLCursor & ~Copyable>(
    _ statement: borrowing Cursor, in sql: String, max: Int?
  ) throws(Failure) -> Bool {
    while try Failure.ofSQL(in: sql, { () throws(SQLFault) in try statement.next() }) {
      if let max, count >= max {
        statement.reset()
        try flush()
        return true
      }
      count += 1
      switch format {
      case .ndjson: try object(statement)
      case .csv: try fields(statement)
      }
      if bytes.count >= Self.buffer { try flush() }
    }
    try flush()
    return false
  }

  private mutating func object<Cursor: SQLCursor & ~Copyable>(
    _ statement: borrowing Cursor
  ) throws(Failure) {
    bytes.append(UInt8(ascii: "{"))
    for (place, key) in keys.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: key)
      try rows.json(statement, place, row: count).write(to: &bytes)
    }
    bytes.append(contentsOf: "}\n".utf8)
  }

  /// Null is an empty field, an empty text a pair of quotes.
  private mutating func fields<Cursor: SQLCursor & ~Copyable>(
    _ statement: borrowing Cursor
  ) throws(Failure) {
    var texts: [String] = []
    for place in rows.columns.indices {
      switch try rows.json(statement, place, row: count) {
      case .null: texts.append("")
      case .string(let text): texts.append(Self.field(text))
      case let other: texts.append(other.text)
      }
    }
    line(texts)
  }

  private mutating func line(_ fields: [String]) {
    for (place, field) in fields.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: field.utf8)
    }
    // A line with one empty field would be an empty line, which is no record.
    if fields.count == 1, fields[0].isEmpty { bytes.append(contentsOf: "\"\"".utf8) }
    bytes.append(contentsOf: "\r\n".utf8)
  }

  private static let doubled: [Unicode.Scalar: String] = ["\"": "\"\""]

  private static func field(_ text: String) -> String {
    let needsQuotes = text.isEmpty || text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return needsQuotes ? "\"" + text.spelling(doubled) + "\"" : text
  }

  private mutating func flush() throws(Failure) {
    guard AtomicFile.writeAll(bytes, to: file) else { throw .workFolder(errno) }
    bytes.removeAll(keepingCapacity: true)
  }
}
