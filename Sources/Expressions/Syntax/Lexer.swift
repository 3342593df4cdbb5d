import Model

struct Token: Sendable {
  enum Kind: Sendable {
    case name(String)
    /// A field name between backticks.
    case quoted(String)
    /// Without its sign, so that the smallest int can be written.
    case integer(UInt64)
    case literal(Value)
    case symbol(String)
    case end
  }
  var kind: Kind
  var range: Range<Int>

  func isSymbol(_ text: String) -> Bool { if case .symbol(text) = kind { true } else { false } }
  var symbol: String? { if case .symbol(let text) = kind { text } else { nil } }
}

/// Cuts a source into tokens. Bytes above 127 may only stand in strings and comments.
struct Lexer {
  let bytes: [UInt8]
  var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func tokens(of bytes: [UInt8]) throws(ExpressionError) -> [Token] {
    var lexer = Lexer(bytes)
    var tokens: [Token] = []
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if case .end = token.kind { return tokens }
    }
  }

  func byte(_ offset: Int = 0) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  private mutating func next() throws(ExpressionError) -> Token {
    skipBlank()
    let start = position
    guard let first = byte() else { return Token(kind: .end, range: start..<start) }
    if let prefix = stringPrefix() { return try string(prefix) }
    if first.isNameStart { return name() }
    if first == UInt8(ascii: "`") { return try quotedName() }
    if first.isDigit || (first == UInt8(ascii: ".") && byte(1)?.isDigit == true) { return try number() }
    return try symbol()
  }

  private mutating func skipBlank() {
    while let byte = byte() {
      if byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B {
        position += 1
      } else if byte == UInt8(ascii: "/"), self.byte(1) == UInt8(ascii: "/") {
        while let rest = self.byte(), rest != UInt8(ascii: "\n") { position += 1 }
      } else {
        return
      }
    }
  }

  private mutating func name() -> Token {
    let start = position
    while let byte = byte(), byte.isNameStart || byte.isDigit { position += 1 }
    return Token(kind: .name(text(start..<position)), range: start..<position)
  }

  private mutating func quotedName() throws(ExpressionError) -> Token {
    let start = position
    position += 1
    while let byte = byte(), byte != UInt8(ascii: "`"), byte.isQuotable { position += 1 }
    guard byte() == UInt8(ascii: "`"), position > start + 1 else {
      throw failure("This quoted name does not end.", pt: "Este nome entre crases não termina.", from: start)
    }
    position += 1
    return Token(kind: .quoted(text(start + 1..<position - 1)), range: start..<position)
  }

  private mutating func symbol() throws(ExpressionError) -> Token {
    let start = position
    for length in [2, 1] where start + length <= bytes.count {
      let candidate = text(start..<start + length)
      guard Self.symbols.contains(candidate) else { continue }
      position += length
      return Token(kind: .symbol(candidate), range: start..<position)
    }
    var end = start + 1
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    position = end
    let found = text(start..<end)
    throw ExpressionError(
      .syntax, Bilingual("`\(found)` has no meaning here.", pt: "`\(found)` não tem sentido aqui."),
      remedy: Self.remedies[found], at: start..<end)
  }

  private static let symbols: Set<String> = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}",
  ]

  private static let remedies: [String: Bilingual] = [
    "=": Bilingual("Compare with `==`.", pt: "Compare com `==`."),
    "&": Bilingual("Write `&&`.", pt: "Escreva `&&`."),
    "|": Bilingual("Write `||`.", pt: "Escreva `||`."),
    "“": Bilingual("Use straight quotes.", pt: "Use aspas retas."),
    "”": Bilingual("Use straight quotes.", pt: "Use aspas retas."),
  ]

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  func failure(_ english: String, pt portuguese: String, from start: Int) -> ExpressionError {
    ExpressionError(.syntax, Bilingual(english, pt: portuguese), at: start..<max(position, start + 1))
  }
}

extension UInt8 {
  var isDigit: Bool { (0x30...0x39).contains(self) }
  var isNameStart: Bool { (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) || self == 0x5F }
  /// What may stand between backticks: letters, digits and `_ . - / space`.
  var isQuotable: Bool { isNameStart || isDigit || [0x20, 0x2D, 0x2E, 0x2F].contains(self) }
  var hexDigit: UInt32? {
    switch self {
    case 0x30...0x39: UInt32(self) - 0x30
    case 0x41...0x46: UInt32(self) - 0x37
    case 0x61...0x66: UInt32(self) - 0x57
    case _: nil
    }
  }
}
