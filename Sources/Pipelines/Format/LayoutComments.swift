/// The comments of a text, and the entries that they belong to.
struct LayoutComments {
  struct Comment {
    /// From `#` to the end of the line.
    var text: String
    var column: Int
    /// A blank line stands before it.
    var isApart: Bool
  }

  /// On lines of their own, before the entry.
  private(set) var leading: [Int: [Comment]] = [:]
  /// At the end of the entry's first line.
  private(set) var trailing: [Int: Comment] = [:]
  /// After the last entry.
  private(set) var last: [Comment] = []
  /// Offsets where comments begin: a collection in brackets around one is written in block style.
  private(set) var offsets: [Int] = []
  private let source: SourceText

  init(_ source: SourceText, _ layout: Layout) {
    self.source = source
    for offset in Self.offsets(in: source.bytes, outside: layout.scalars) {
      offsets.append(offset)
      attach(offset, layout.places, isInBrackets: layout.brackets.contains { $0.contains(offset) })
    }
  }

  /// Whether a blank line stands before the line of an offset.
  func isApart(_ offset: Int) -> Bool {
    var place = lineStart(offset)
    guard place > 0 else { return false }
    place -= 1
    while place > 0, source.bytes[place - 1] != UInt8(ascii: "\n") {
      place -= 1
      if source.bytes[place] > 0x20 { return false }
    }
    return true
  }

  private mutating func attach(_ offset: Int, _ places: [Layout.Place], isInBrackets: Bool) {
    let position = source.position(of: offset)
    let comment = Comment(text: text(at: offset), column: position.column, isApart: isApart(offset))
    let start = lineStart(offset)
    if source.bytes[start..<offset].allSatisfy({ $0 <= 0x20 }) {
      let next = places.indices.filter { places[$0].start > offset }
        .min { (places[$0].start, $0) < (places[$1].start, $1) }
      if let next { leading[next, default: []].append(comment) } else { last.append(comment) }
      return
    }
    let onLine = places.indices.filter { places[$0].line == position.line && places[$0].start < offset }
    let owner =
      onLine.last { places[$0].isInBrackets == isInBrackets } ?? onLine.last
      ?? places.indices.filter { places[$0].start < offset && places[$0].end <= offset }
      .max { (places[$0].end, -$0) < (places[$1].end, -$1) }
    guard let owner else { return last.append(comment) }
    if trailing[owner] == nil {
      trailing[owner] = comment
    } else {
      leading[owner, default: []].append(comment)
    }
  }

  private func lineStart(_ offset: Int) -> Int {
    var start = offset
    while start > 0, source.bytes[start - 1] != UInt8(ascii: "\n") { start -= 1 }
    return start
  }

  private func text(at offset: Int) -> String {
    var rest = source.bytes[offset...].prefix { $0 != UInt8(ascii: "\n") }
    while let last = rest.last, last <= 0x20 { rest.removeLast() }
    return String(decoding: rest, as: UTF8.self)
  }

  /// A comment begins at the start of a line or after a space, and in no scalar.
  private static func offsets(in bytes: [UInt8], outside scalars: [Range<Int>]) -> [Int] {
    var (found, position, next) = ([Int](), 0, 0)
    let scalars = scalars.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
    while position < bytes.count {
      while next < scalars.count, scalars[next].upperBound <= position { next += 1 }
      if next < scalars.count, scalars[next].contains(position) {
        position = scalars[next].upperBound
        continue
      }
      if bytes[position] == UInt8(ascii: "#"), position == 0 || bytes[position - 1] <= 0x20 {
        found.append(position)
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      } else {
        position += 1
      }
    }
    return found
  }
}
