/// How scalars can be written.
enum LayoutScalar {
  static func isLongTemplate(_ text: String) -> Bool {
    text.unicodeScalars.count > LayoutWriter.longTemplate && text.firstRange(ofUTF8: "${{") != nil
  }

  /// Whether the text can stand in a block without quotes, and is read as text there.
  static func isPlain(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, isOneLine(bytes), last != UInt8(ascii: ":") else {
      return false
    }
    guard !"-?:,[]{}#&*!|>'\"%@` ".utf8.contains(first), last > 0x20 else { return false }
    guard text.firstRange(ofUTF8: ": ") == nil, text.firstRange(ofUTF8: " #") == nil else { return false }
    if case .string? = PlainScalar.resolve(text) { return true }
    return false
  }

  /// Whether the text can be the one line of a folded block.
  static func isFoldable(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last else { return false }
    return isOneLine(bytes) && first > 0x20 && last > 0x20
  }

  private static func isOneLine(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

  /// The header of a block scalar, and its lines without their indent.
  static func block(_ raw: String, text: String) -> (header: String, lines: [String]) {
    let all = raw.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var header = String(all[0].prefix { $0 != "#" })
    while header.utf8.last == 0x20 || header.utf8.last == 0x09 || header.utf8.last == 0x0D {
      header.removeLast()
    }
    var body = Array(all.dropFirst())
    let keepsEnd = header.utf8.contains(UInt8(ascii: "+"))
    while let last = body.last, last.allSatisfy({ $0 == " " || $0 == "\t" || $0 == "\r" }),
      !keepsEnd || last != ""
    {
      body.removeLast()
    }
    if keepsEnd, body.last == "" { body.removeLast() }
    guard let first = body.first(where: { !isBlank($0) }) else { return (header, body.map { _ in "" }) }
    let inner = text.split(separator: "\n").first { !isBlank(String($0)) }.map { indent(String($0)) } ?? 0
    let base = max(0, indent(first) - inner)
    header = String(header.filter { !$0.isNumber })
    if inner > 0 { header.insert("2", at: header.index(after: header.startIndex)) }
    return (
      header, body.map { line in isBlank(line) && indent(line) <= base ? "" : String(line.dropFirst(base)) }
    )
  }

  private static func isBlank(_ line: String) -> Bool { line.utf8.allSatisfy { $0 <= 0x20 } }
  private static func indent(_ line: String) -> Int { line.utf8.prefix { $0 == 0x20 }.count }
}
