import CSystem
import Engine
import Glibc
import Model

/// How a file of rows is written, and what of it is wanted.
struct TableFormat: Sendable {
  var encoding = TextEncoding.utf8
  /// Nil: what stands most often in the first line of `,` `;` tab and `|`.
  var delimiter: UInt8?
  var quote: UInt8? = UInt8(ascii: "\"")
  var hasHeader = true
  /// Only these, in this order; nil: all.
  var columns: [String]?
  /// No more rows than this; nil: all.
  var limit: Int?
}

struct Table: Sendable, Hashable {
  var rows: [JSON]
  var columns: [String]
  var isTruncated: Bool

  var members: JSONObject {
    JSONObject([
      ("rows", .array(rows)), ("count", .int(Int64(rows.count))),
      ("columns", .array(columns.map { .string($0) })),
    ])
  }
}

/// Reads a file of rows in one pass. Blocks.
struct TableReader: Sendable {
  let format: TableFormat
  static let outputLimit = 4 << 20
  private static let chunk = 1 << 17

  init(_ format: TableFormat) { self.format = format }

  func read(_ path: String) throws(Failure) -> Table {
    let file = esteira_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard file >= 0 else { throw .workFolder(errno) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: Self.chunk)
    var builder = TableBuilder(format)
    var parser: CSVParser?
    do throws(CSVParser.Fault) {
      while true {
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count > 0 else { break }
        var piece = bytes[..<count]
        if parser == nil {
          if piece.starts(with: [0xEF, 0xBB, 0xBF]) { piece = piece.dropFirst(3) }
          parser = CSVParser(delimiter: format.delimiter ?? Self.delimiter(in: piece), quote: format.quote)
        }
        let goesOn = try parser?.feed(piece) { record throws(CSVParser.Fault) in builder.take(record) }
        if goesOn == false { break }
      }
      if !builder.isDone { try parser?.finish { record throws(CSVParser.Fault) in builder.take(record) } }
    } catch { throw Self.failure(error) }
    return try builder.table()
  }

  private static func delimiter(in piece: ArraySlice<UInt8>) -> UInt8 {
    let line = piece.prefix { $0 != UInt8(ascii: "\n") }
    let candidates = Array(",;\t|".utf8).map { candidate in (candidate, line.count { $0 == candidate }) }
    var best = candidates[0]
    for candidate in candidates where candidate.1 > best.1 { best = candidate }
    return best.0
  }

  private static func failure(_ fault: CSVParser.Fault) -> Failure {
    switch fault {
    case .unendedQuote(let line):
      Failure(.data, code: "invalid-csv", "The quote that opens on line \(line) never closes.")
    case .strayQuote(let line):
      Failure(.data, code: "invalid-csv", "On line \(line) something follows a closing quote.")
    case .tooLarge(let line):
      Failure(
        .data, code: "invalid-csv", "The record at line \(line) exceeds 1 MiB: a quote may be left open.")
    }
  }
}

/// Makes rows of records.
private struct TableBuilder {
  private let format: TableFormat
  private var header: [String]?
  /// Which fields are taken, in which order.
  private var places: [Int] = []
  private var columns: [String] = []
  private var rows: [JSON] = []
  private var size = 0
  private(set) var isDone = false
  private var failure: Failure?

  init(_ format: TableFormat) { self.format = format }

  /// False where no more is wanted.
  mutating func take(_ record: [[UInt8]]) -> Bool {
    guard let texts = texts(record) else {
      fail(.data, "invalid-csv", "A row is no text in \(format.encoding.rawValue); name its `encoding`.")
      return false
    }
    if header == nil {
      begin(format.hasHeader ? texts : texts.indices.map { "column_\($0 + 1)" })
      if format.hasHeader || failure != nil { return failure == nil }
    }
    if let limit = format.limit, rows.count >= limit {
      isDone = true
      return false
    }
    guard texts.count <= header?.count ?? 0 else {
      fail(
        .data, "invalid-csv",
        "Row \(rows.count + 1) has \(texts.count) fields, more than the \(header?.count ?? 0) of the header.")
      return false
    }
    var row = JSONObject()
    for (place, column) in zip(places, columns) {
      let text = place < texts.count ? texts[place] : ""
      row[column] = .string(text)
      size += text.utf8.count + column.utf8.count + 6
    }
    rows.append(.object(row))
    if size > TableReader.outputLimit {
      fail(
        .outputTooLarge, "output-too-large",
        "The rows are more than 4 MiB after \(rows.count) of them: choose `columns`, set a `limit`, or keep "
          + "the file as an artifact and read it in a script.")
    }
    return failure == nil
  }

  func table() throws(Failure) -> Table {
    if let failure { throw failure }
    return Table(rows: rows, columns: columns, isTruncated: isDone)
  }

  private mutating func begin(_ names: [String]) {
    header = names
    columns = format.columns ?? names
    for column in columns {
      let found = names.indices.filter { ScalarString(names[$0]) == ScalarString(column) }
      if found.count != 1 {
        let fact = found.isEmpty ? "There is no column" : "There is more than one column"
        let known = names.prefix(50).joined(separator: ", ")
        return fail(.data, "invalid-csv", "\(fact) `\(column)`; the header has: \(known).")
      }
      places.append(found[0])
    }
  }

  private mutating func fail(_ errorClass: ErrorClass, _ code: String, _ message: String) {
    isDone = true
    failure = Failure(errorClass, code: code, message)
  }

  private func texts(_ record: [[UInt8]]) -> [String]? {
    var texts: [String] = []
    for field in record {
      guard let text = String(validating: format.encoding.toUTF8(field[...]), as: UTF8.self) else {
        return nil
      }
      texts.append(text)
    }
    return texts
  }
}
