/// The bytes of a file, and what people call their places.
struct SourceText: Sendable {
  let bytes: [UInt8]
  private let lineStarts: [Int]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
    lineStarts = starts
  }

  /// Line and column from 1; the column counts Unicode scalars.
  func position(of offset: Int) -> (line: Int, column: Int) {
    let offset = min(max(0, offset), bytes.count)
    let line = lineIndex(of: offset)
    return (line + 1, scalars(in: lineStarts[line]..<offset) + 1)
  }

  /// More of a line than this many bytes before and after a place is not kept.
  static let longestLine = 1_000

  /// The line in which `range` begins, and the columns from 0 of the range's part in that line. Of a very
  /// long line only what is near is given, and the columns count from there.
  func line(showing range: Range<Int>) -> (text: String, caret: Range<Int>) {
    let first = min(max(0, range.lowerBound), bytes.count)
    let index = lineIndex(of: first)
    let start = min(first, boundary(max(lineStarts[index], first - Self.longestLine)))
    var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    end = min(end, boundary(first + Self.longestLine))
    let text = String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
    end = max(start, end)
    let from = scalars(in: start..<min(first, end))
    let to = scalars(in: start..<min(max(first, range.upperBound), end))
    return (text, from..<max(from + 1, to))
  }

  /// The end of the character that an offset stands in.
  private func boundary(_ offset: Int) -> Int {
    var offset = min(offset, bytes.count)
    while offset < bytes.count, bytes[offset] & 0b1100_0000 == 0b1000_0000 { offset += 1 }
    return offset
  }

  private func lineIndex(of offset: Int) -> Int {
    var (low, high) = (0, lineStarts.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private func scalars(in range: Range<Int>) -> Int {
    bytes[range].count { $0 & 0b1100_0000 != 0b1000_0000 }
  }
}

extension SourceText {
  /// Where a part of a scalar's text stands in the source. Quotes, escapes, folded lines and indents are
  /// skipped; where a place cannot be told exactly, the nearest one before it is meant.
  func span(of part: Range<Int>, in node: Node) -> Range<Int> {
    let text = Array(node.text.utf8)
    var walk = TextWalk(source: bytes, position: contentStart(of: node), end: node.span.upperBound)
    walk.readsEscapes = node.style == .escaped
    walk.doublesQuotes = node.style == .quoted
    var (start, end) = (node.span.lowerBound, node.span.lowerBound)
    for offset in 0..<min(part.upperBound, text.count) {
      let found = walk.find(text[offset])
      if offset == part.lowerBound { start = found.lowerBound }
      end = found.upperBound
    }
    if part.isEmpty || part.lowerBound >= text.count {
      start = walk.position
      end = start + 1
    }
    return start..<max(start + 1, end)
  }

  private func contentStart(of node: Node) -> Int {
    switch node.style {
    case .plain, .collection: return node.span.lowerBound
    case .quoted, .escaped: return min(node.span.lowerBound + 1, node.span.upperBound)
    case .block:
      let rest = bytes[node.span]
      return rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? node.span.lowerBound
    }
  }
}

/// Goes through the source of one scalar beside its text.
private struct TextWalk {
  let source: [UInt8]
  var position: Int
  let end: Int
  var readsEscapes = false
  var doublesQuotes = false
  /// Bytes of the text that the last escape still stands for.
  private var pending = 0
  private var escape = 0..<0

  init(source: [UInt8], position: Int, end: Int) {
    (self.source, self.position, self.end) = (source, position, min(end, source.count))
  }

  /// The source of the next byte of the text.
  mutating func find(_ byte: UInt8) -> Range<Int> {
    if pending > 0 {
      pending -= 1
      return escape
    }
    while position < end {
      let here = source[position]
      if readsEscapes, here == UInt8(ascii: "\\") {
        if let range = takeEscape() { return range } else { continue }
      }
      let isFold = byte == UInt8(ascii: " ") && here == UInt8(ascii: "\n")
      if here == byte || isFold {
        position += 1
        if doublesQuotes, here == UInt8(ascii: "'"), position < end, source[position] == here {
          position += 1
        }
        return position - 1..<position
      }
      guard here == UInt8(ascii: " ") || here == UInt8(ascii: "\n") || here == UInt8(ascii: "\r") || here == 9
      else { return position..<position + 1 }
      position += 1
    }
    return max(0, end - 1)..<end
  }

  /// Takes one escape; nil for an escaped end of line, which stands for nothing.
  private mutating func takeEscape() -> Range<Int>? {
    let start = position
    let letter = position + 1 < end ? source[position + 1] : 0
    let digits = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8][letter] ?? 0
    var value = number(at: position + 2, digits: digits)
    position = min(end, position + 2 + digits)
    if letter == UInt8(ascii: "\n") || letter == UInt8(ascii: "\r") { return nil }
    if letter == UInt8(ascii: "u"), (0xD800..<0xDC00).contains(value) {
      position = min(end, position + 6)
      value = 0x10000
    }
    let wide: Set<UInt8> = [UInt8(ascii: "N"), UInt8(ascii: "_")]
    let widest: Set<UInt8> = [UInt8(ascii: "L"), UInt8(ascii: "P")]
    let length = widest.contains(letter) ? 3 : wide.contains(letter) ? 2 : digits == 0 ? 1 : utf8Length(value)
    (pending, escape) = (length - 1, start..<position)
    return escape
  }

  private func number(at start: Int, digits: Int) -> Int {
    guard start + digits <= end else { return 0 }
    return Int(String(decoding: source[start..<start + digits], as: UTF8.self), radix: 16) ?? 0
  }

  private func utf8Length(_ scalar: Int) -> Int {
    scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
  }
}
