import Model

/// Reads JSON (RFC 8259) with the place of every node. Duplicate keys and lone surrogates are refused.
struct JSONNodeReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func readAll() throws(ReadingError) -> Node {
    let node = try value(depth: 1)
    skipSpace()
    if position < bytes.count {
      throw fault("text goes on after the end of the value", "o texto continua depois do fim do valor")
    }
    return node
  }

  private mutating func value(depth: Int) throws(ReadingError) -> Node {
    skipSpace()
    guard position < bytes.count else {
      throw fault("the text ends too early", "o texto termina cedo demais")
    }
    let start = position
    switch bytes[position] {
    case UInt8(ascii: "{"): return try map(depth: depth)
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "\""):
      let text = try string()
      return Node(content: .string, text: text, style: .escaped, span: start..<position)
    case UInt8(ascii: "-"), 0x30...0x39: return try number()
    default: return try word()
    }
  }

  private mutating func map(depth: Int) throws(ReadingError) -> Node {
    let start = position
    if depth >= SourceReader.maxDepth { throw ReadingFault.tooDeep(at: start..<start + 1) }
    position += 1
    var (entries, keys) = ([Node.Entry](), Set<ScalarString>())
    if take("}") { return collection(.map([]), from: start) }
    while true {
      skipSpace()
      let keyStart = position
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw fault("a key in double quotes is expected", "espera-se uma chave entre aspas duplas")
      }
      let key = try string()
      let keySpan = keyStart..<position
      if !keys.insert(ScalarString(key)).inserted { throw ReadingFault.duplicateKey(key, at: keySpan) }
      if !take(":") { throw fault("':' is expected", "espera-se ':'") }
      entries.append(Node.Entry(key: key, keySpan: keySpan, value: try value(depth: depth + 1)))
      if take("}") { return collection(.map(entries), from: start) }
      if !take(",") { throw fault("',' or '}' is expected", "espera-se ',' ou '}'") }
    }
  }

  private mutating func list(depth: Int) throws(ReadingError) -> Node {
    let start = position
    if depth >= SourceReader.maxDepth { throw ReadingFault.tooDeep(at: start..<start + 1) }
    position += 1
    var items: [Node] = []
    if take("]") { return collection(.list([]), from: start) }
    while true {
      items.append(try value(depth: depth + 1))
      if take("]") { return collection(.list(items), from: start) }
      if !take(",") { throw fault("',' or ']' is expected", "espera-se ',' ou ']'") }
    }
  }

  private func collection(_ content: Node.Content, from start: Int) -> Node {
    Node(content: content, text: "", style: .collection, span: start..<position)
  }

  private mutating func word() throws(ReadingError) -> Node {
    let words: [(String, Node.Content)] = [("true", .bool(true)), ("false", .bool(false)), ("null", .null)]
    for (word, content) in words where bytes[position...].starts(with: word.utf8) {
      let start = position
      position += word.utf8.count
      return Node(content: content, text: word, style: .plain, span: start..<position)
    }
    throw fault("a value is expected", "espera-se um valor")
  }

  private mutating func number() throws(ReadingError) -> Node {
    let start = position
    let letters = Set("+-.eE0123456789".utf8)
    while position < bytes.count, letters.contains(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let hasLeadingZero = digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true
    let isStrict =
      digits.first?.isNumber == true && !hasLeadingZero && !text.contains(".e") && !text.contains(".E")
    guard isStrict, !text.hasSuffix("."), let content = PlainScalar.resolve(text) else {
      throw ReadingFault.noNumber(text, at: start..<position)
    }
    if case .string = content { throw ReadingFault.noNumber(text, at: start..<position) }
    return Node(content: content, text: text, style: .plain, span: start..<position)
  }

  private mutating func string() throws(ReadingError) -> String {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20:
        throw fault("a control character must be escaped", "um caractere de controle precisa de escape")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw fault("the text ends inside a string", "o texto termina dentro de uma string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(ReadingError) {
    let plain: [UInt8: UInt8] = [
      0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]
    let letter = position + 1 < bytes.count ? bytes[position + 1] : 0
    if let byte = plain[letter] {
      text.append(byte)
      position += 2
      return
    }
    guard letter == UInt8(ascii: "u"), let unit = hexadecimal(at: position + 2) else {
      throw fault("this escape is not known", "este escape não é conhecido")
    }
    position += 6
    var scalar = UInt32(unit)
    if (0xD800..<0xDC00).contains(unit) {
      let follows = position + 1 < bytes.count && bytes[position] == 0x5C && bytes[position + 1] == 0x75
      guard follows, let low = hexadecimal(at: position + 2), (0xDC00..<0xE000).contains(low) else {
        throw fault("half of a surrogate pair stands alone", "metade de um par substituto está sozinha")
      }
      scalar = 0x10000 + (scalar - 0xD800) << 10 + UInt32(low) - 0xDC00
      position += 6
    }
    guard let value = Unicode.Scalar(scalar) else {
      throw fault("half of a surrogate pair stands alone", "metade de um par substituto está sozinha")
    }
    text.append(contentsOf: UTF8.encode(value) ?? UTF8.encodedReplacementCharacter)
  }

  private func hexadecimal(at start: Int) -> UInt16? {
    guard start + 4 <= bytes.count else { return nil }
    let digits = bytes[start..<start + 4]
    guard digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
    return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private mutating func take(_ letter: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: letter) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
  }

  private func fault(_ english: String, _ portuguese: String) -> ReadingError {
    ReadingError(
      "bad-json", Bilingual("this is not JSON: \(english).", pt: "isto não é JSON: \(portuguese)."),
      at: position..<position + 1)
  }
}
