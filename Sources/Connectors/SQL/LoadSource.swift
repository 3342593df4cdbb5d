import CSystem
import Engine
import Glibc
import Model

/// Reads a file of rows, one record at a time. Blocks.
struct LoadSource: Sendable {
  enum Format: String, Sendable {
    case csv, ndjson

    /// As it is said, or by the artifact's type and name.
    init(_ said: String?, of handle: ArtifactHandle) throws(Failure) {
      let ending = handle.name.split(separator: ".").last?.lowercased() ?? ""
      let word = said ?? Self.byType[handle.mediaType] ?? Self.byEnding[ending] ?? ending
      guard let format = Format(rawValue: word) else {
        throw Failure(
          .configuration, code: "not-available",
          "`\(handle.name.prefix(80))` is neither csv nor ndjson, which this version loads; say `format` if "
            + "the name does not tell, or convert it.")
      }
      self = format
    }

    private static let byType = [
      "text/csv": "csv", "application/x-ndjson": "ndjson", "application/jsonl": "ndjson",
      "application/ndjson": "ndjson",
    ]
    private static let byEnding = ["csv": "csv", "ndjson": "ndjson", "jsonl": "ndjson"]
  }

  enum Record: Sendable {
    /// Of CSV, without its header.
    case fields([String])
    case object(JSONObject)
  }

  /// Of one line of JSON.
  static let lineLimit = 16 << 20
  private static let chunk = 1 << 17
  private static let newline = UInt8(ascii: "\n")

  var path: String
  var format: Format
  var delimiter: UInt8

  /// The names in a CSV's header, or the keys of the first object; nil of a file without a record. Blocks.
  func columns() throws(Failure) -> [String]? {
    var columns: [String]?
    switch format {
    case .csv:
      try records(.csv) { record, line, _ throws(Failure) in
        columns = try Self.texts(record, line: line)
        return false
      }
    case .ndjson:
      try read(from: 1) { record, _, _ throws(Failure) in
        if case .object(let object) = record { columns = object.keys }
        return false
      }
    }
    return columns
  }

  /// Calls `take` with each record that begins on the line `start` or later, that line and the one after the
  /// record, until it says false. Lines count from 1. Blocks.
  func read(
    from start: Int, _ take: (Record, _ line: Int, _ next: Int) throws(Failure) -> Bool
  ) throws(Failure) {
    var isHeader = format == .csv
    try records(format) { record, line, next throws(Failure) in
      if isHeader || line < start {
        isHeader = false
        return true
      }
      switch format {
      case .csv: return try take(.fields(try Self.texts(record, line: line)), line, next)
      case .ndjson: return try take(.object(try Self.object(record[0], line: line)), line, next)
      }
    }
  }

  private typealias Taker = (_ record: [[UInt8]], _ line: Int, _ next: Int) throws(Failure) -> Bool

  private func records(_ format: Format, _ take: Taker) throws(Failure) {
    let file = esteira_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard file >= 0 else { throw .workFolder(errno) }
    defer { close(file) }
    switch format {
    case .csv: try csv(file, take)
    case .ndjson: try ndjson(file, take)
    }
  }

  private func csv(_ file: Int32, _ take: Taker) throws(Failure) {
    var parser = CSVParser(delimiter: delimiter, quote: UInt8(ascii: "\""))
    var (line, begin, isStopped) = (1, 1, false)
    var record: [[UInt8]]?
    func hand(_ next: Int) throws(Failure) -> Bool {
      defer { (record, begin) = (nil, next) }
      guard let record else { return true }
      isStopped = try !take(record, begin, next)
      return !isStopped
    }
    try pieces(of: file) { piece throws(Failure) in
      do throws(CSVParser.Fault) {
        _ = try parser.feed(piece) { whole in
          record = whole
          return true
        }
      } catch { throw Self.failure(error) }
      guard piece.last == Self.newline else { return true }
      line += 1
      return parser.isBetweenRecords ? try hand(line) : true
    }
    if isStopped { return }
    do throws(CSVParser.Fault) {
      try parser.finish { whole in
        record = whole
        return true
      }
    } catch { throw Self.failure(error) }
    _ = try hand(line + 1)
  }

  /// A record is its line.
  private func ndjson(_ file: Int32, _ take: Taker) throws(Failure) {
    var (line, isStopped, bytes) = (1, false, [UInt8]())
    func hand() throws(Failure) -> Bool {
      defer {
        bytes.removeAll(keepingCapacity: true)
        line += 1
      }
      guard bytes.contains(where: { ![0x20, 0x09, 0x0D, 0x0A].contains($0) }) else { return true }
      isStopped = try !take([bytes], line, line + 1)
      return !isStopped
    }
    try pieces(of: file) { piece throws(Failure) in
      bytes.append(contentsOf: piece)
      guard bytes.count <= Self.lineLimit else {
        throw Failure(.data, code: "line-too-long", "Line \(line) is longer than 16 MiB.")
      }
      return piece.last == Self.newline ? try hand() : true
    }
    if !isStopped { _ = try hand() }
  }

  /// Pieces that end with a line or in the middle of one, without a byte order mark, until `take` says false.
  private func pieces(
    of file: Int32, _ take: (ArraySlice<UInt8>) throws(Failure) -> Bool
  ) throws(Failure) {
    var bytes = [UInt8](repeating: 0, count: Self.chunk)
    var isFirst = true
    while true {
      let count = Glibc.read(file, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .workFolder(errno) }
      if count == 0 { return }
      var rest = bytes[..<count]
      if isFirst, rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
      isFirst = false
      while let end = rest.firstIndex(of: Self.newline) {
        guard try take(rest[...end]) else { return }
        rest = rest[(end + 1)...]
      }
      if !rest.isEmpty, try !take(rest) { return }
    }
  }

  private static func texts(_ record: [[UInt8]], line: Int) throws(Failure) -> [String] {
    var texts: [String] = []
    for (place, field) in record.enumerated() {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw Failure(
          .data, code: "invalid-csv", "Line \(line), field \(place + 1) is not UTF-8; convert the file first."
        )
      }
      texts.append(text)
    }
    return texts
  }

  private static func object(_ bytes: [UInt8], line: Int) throws(Failure) -> JSONObject {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-json", "Line \(line), column \(error.column): \(error.message.english)")
    }
    guard let object = json.object else {
      throw Failure(.data, code: "invalid-json", "Line \(line) is \(json.kind) and not an object.")
    }
    return object
  }

  private static func failure(_ fault: CSVParser.Fault) -> Failure {
    switch fault {
    case .unendedQuote(let line):
      Failure(.data, code: "invalid-csv", "The quote that opens on line \(line) never closes.")
    case .strayQuote(let line):
      Failure(.data, code: "invalid-csv", "On line \(line) something follows a closing quote.")
    case .tooLarge(let line):
      Failure(
        .data, code: "invalid-csv", "The record at line \(line) is larger than 1 MiB; is a quote left open?")
    }
  }
}
