import Glibc
import Model

@testable import Connectors

/// The first byte chooses how the rest is written. Pieces do not matter, and records written with quotes are
/// the same records.
enum CSVBody {
  private typealias Records = Result<[[[UInt8]]], CSVParser.Fault>

  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    guard let choice = bytes.first else { return }
    let text = Array(bytes.dropFirst())
    var format = TableFormat()
    format.delimiter = Array(",;\t|".utf8)[Int(choice & 3)]
    format.quote = choice & 4 == 0 ? UInt8(ascii: "\"") : nil
    format.hasHeader = choice & 8 == 0
    format.encoding = TextEncoding.allCases[Int(choice >> 4) % TextEncoding.allCases.count]
    if choice & 64 != 0 { format.delimiter = nil }
    try checkRecords(text, delimiter: format.delimiter ?? UInt8(ascii: ","), quote: format.quote)
    try checkTable(text, format)
  }

  private static func checkRecords(_ text: [UInt8], delimiter: UInt8, quote: UInt8?) throws(Broken) {
    let found = try Pieces.same(text) { pieces throws(Broken) in
      records(pieces, CSVParser(delimiter: delimiter, quote: quote))
    }
    guard case .success(let records) = found else { return }
    let mark = UInt8(ascii: "\"")
    let written = records.flatMap { record in
      let fields = record.map { field in [mark] + field.flatMap { $0 == mark ? [mark, mark] : [$0] } + [mark]
      }
      return Array(fields.joined(separator: [delimiter])) + [UInt8(ascii: "\n")]
    }
    let again = Self.records([written[...]], CSVParser(delimiter: delimiter, quote: mark))
    try promise(again == found, "\(written.decoded) reads as \(again), not as \(found).")
  }

  private static func records(_ pieces: [ArraySlice<UInt8>], _ parser: CSVParser) -> Records {
    var (parser, records) = (parser, [[[UInt8]]]())
    func take(_ record: [[UInt8]]) throws(CSVParser.Fault) -> Bool {
      records.append(record)
      return true
    }
    do throws(CSVParser.Fault) {
      for piece in pieces { _ = try parser.feed(piece, take) }
      try parser.finish(take)
      return .success(records)
    } catch {
      return .failure(error)
    }
  }

  private static func checkTable(_ text: [UInt8], _ format: TableFormat) throws(Broken) {
    guard let table = table(text, format) else { return }
    try promise(
      table.rows.allSatisfy { $0.object?.count == Set(table.columns.map(ScalarString.init)).count },
      "A row of \(table.rows) has not the columns \(table.columns).")
    var fewer = format
    fewer.limit = 1
    let first = Self.table(text, fewer)
    try promise(
      first?.rows == Array(table.rows.prefix(1)) && first?.isTruncated == (table.rows.count > 1),
      "With a limit of one the rows are \(first?.rows ?? []).")
  }

  /// Through a pipe, which holds the longest input, since a table is read from its path.
  private static func table(_ text: [UInt8], _ format: TableFormat) -> Table? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    let written = write(ends[1], text, text.count)
    close(ends[1])
    // A table that is refused is no fault of its reader.
    return written == text.count ? try? TableReader(format).read("/proc/self/fd/\(ends[0])") : nil
  }
}
