/// RFC 4180, byte by byte: feed it pieces of any size, take whole records. LF and CRLF both end a record.
struct CSVParser: Sendable {
  enum Fault: Error, Hashable, Sendable {
    /// A field or record larger than its limit, or a quote that never ends or stands where none may.
    case unendedQuote(line: Int)
    case strayQuote(line: Int)
    case tooLarge(line: Int)
  }

  private enum Place { case start, plain, quoted, afterQuote }

  static let recordLimit = 1 << 20

  private let delimiter: UInt8
  /// Nil: quotes are letters like all others.
  private let quote: UInt8?
  private var place = Place.start
  private var field: [UInt8] = []
  private var record: [[UInt8]] = []
  private var size = 0
  private var line = 1
  private var openedAt = 1
  private var sawReturn = false
  /// Whether a quote opened in the record: then an empty line is a record with an empty field.
  private var sawQuote = false

  init(delimiter: UInt8, quote: UInt8?) { (self.delimiter, self.quote) = (delimiter, quote) }

  /// Whether what was fed so far ends with a record, and no quote is open.
  var isBetweenRecords: Bool { place == .start && record.isEmpty }

  /// Calls `taken` with each record that is whole now and the line it began on; false from it stops.
  mutating func feed(
    _ bytes: ArraySlice<UInt8>, _ taken: ([[UInt8]]) throws(Fault) -> Bool
  ) throws(Fault) -> Bool {
    for byte in bytes {
      if try step(byte), !(try emit(taken)) { return false }
    }
    return true
  }

  /// The record without a line end that the text may close with.
  mutating func finish(_ taken: ([[UInt8]]) throws(Fault) -> Bool) throws(Fault) {
    if place == .quoted { throw .unendedQuote(line: openedAt) }
    if place != .start || !record.isEmpty {
      endField()
      _ = try emit(taken)
    }
  }

  /// True where a record has ended.
  private mutating func step(_ byte: UInt8) throws(Fault) -> Bool {
    let newline = UInt8(ascii: "\n")
    if byte == newline { line += 1 }
    switch place {
    case .quoted:
      if byte == quote { place = .afterQuote } else { try append(byte) }
      return false
    case .afterQuote where byte == quote:
      place = .quoted
      try append(byte)
      return false
    case .start where byte == quote:
      (place, openedAt, sawQuote) = (.quoted, line, true)
      return false
    case .start, .plain, .afterQuote: break
    }
    if byte == delimiter {
      endField()
      size += 1
      return false
    }
    if byte == newline {
      if sawReturn, place == .plain { field.removeLast() }
      endField()
      return true
    }
    sawReturn = byte == UInt8(ascii: "\r")
    if place == .afterQuote {
      if sawReturn { return false }
      throw .strayQuote(line: line)
    }
    place = .plain
    try append(byte)
    return false
  }

  private mutating func append(_ byte: UInt8) throws(Fault) {
    field.append(byte)
    size += 1
    if size > Self.recordLimit { throw .tooLarge(line: line) }
  }

  private mutating func endField() {
    record.append(field)
    field.removeAll(keepingCapacity: true)
    (place, sawReturn) = (.start, false)
  }

  private mutating func emit(_ taken: ([[UInt8]]) throws(Fault) -> Bool) throws(Fault) -> Bool {
    defer { (record, size, sawQuote) = ([], 0, false) }
    // An empty line is no record.
    if record.count == 1, record[0].isEmpty, !sawQuote { return true }
    return try taken(record)
  }
}
