import Model

/// Reads the tar files that `Tar` writes, piece by piece.
struct TarReader: Sendable {
  enum Piece: Sendable, Hashable {
    /// A file begins; its whole path.
    case file(String)
    case bytes(ArraySlice<UInt8>)
    case endOfFile
  }

  private enum Part: Sendable, Hashable { case header, file, pax }

  private var buffer: [UInt8] = []
  private var part = Part.header
  private var rest: Int64 = 0
  private var padding: Int64 = 0
  private var pax: [UInt8] = []
  private var longName: String?
  private var emptyBlocks = 0

  /// Of a name that needs a record of its own, in bytes.
  static let longestRecord: Int64 = 64 * 1024

  /// Both empty blocks have come, and nothing is open.
  var isOver: Bool { emptyBlocks >= 2 && part == .header && longName == nil }

  mutating func take(_ bytes: [UInt8]) throws(Problem) -> [Piece] {
    buffer += bytes
    var (pieces, place): ([Piece], Int) = ([], 0)
    defer { buffer.removeFirst(place) }
    while true {
      if part != .header, rest > 0 {
        let count = Int(min(rest, Int64(buffer.count - place)))
        if count == 0 { return pieces }
        let slice = buffer[place..<place + count]
        if part == .pax { pax += slice } else { pieces.append(.bytes(slice)) }
        (place, rest) = (place + count, rest - Int64(count))
        continue
      }
      if part != .header {
        guard buffer.count - place >= Int(padding) else { return pieces }
        place += Int(padding)
        if part == .pax { longName = try path(of: pax) } else { pieces.append(.endOfFile) }
        (part, pax) = (.header, [])
        continue
      }
      guard buffer.count - place >= Tar.block else { return pieces }
      let block = Array(buffer[place..<place + Tar.block])
      place += Tar.block
      if let path = try header(block) { pieces.append(.file(path)) }
    }
  }

  /// The path of the file that begins, where one does.
  private mutating func header(_ block: [UInt8]) throws(Problem) -> String? {
    if block.allSatisfy({ $0 == 0 }) {
      emptyBlocks += 1
      return nil
    }
    guard emptyBlocks == 0, let size = Self.number(block[124..<136]),
      Self.number(block[148..<156]) == Self.sum(of: block)
    else { throw .noExport }
    (rest, padding) = (size, Int64(Tar.padding(after: size).count))
    switch block[156] {
    case UInt8(ascii: "x") where longName == nil && size <= Self.longestRecord:
      part = .pax
      return nil
    case UInt8(ascii: "0"):
      part = .file
      defer { longName = nil }
      return longName ?? String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self)
    case _: throw .noExport
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    let text = String(decoding: digits.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }, as: UTF8.self)
    return Int64(text, radix: 8).flatMap { $0 >= 0 ? $0 : nil }
  }

  /// With spaces in place of the sum itself.
  private static func sum(of block: [UInt8]) -> Int64 {
    block.enumerated().reduce(0) { sum, byte in
      sum + ((148..<156).contains(byte.offset) ? 32 : Int64(byte.element))
    }
  }

  /// Of `length path=VALUE` and a line feed.
  private func path(of record: [UInt8]) throws(Problem) -> String {
    guard let space = record.firstIndex(of: UInt8(ascii: " ")), record.last == UInt8(ascii: "\n"),
      Int(String(decoding: record[..<space], as: UTF8.self)) == record.count,
      record[(space + 1)...].starts(with: "path=".utf8),
      let path = String(validating: record[(space + 6)...].dropLast(), as: UTF8.self)
    else { throw .noExport }
    return path
  }
}
