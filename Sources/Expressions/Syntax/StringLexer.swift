import Model

/// How a string literal begins: `r`, `b`, its quote, and whether there are three of them.
struct StringPrefix {
  var isRaw = false
  var isBytes = false
  var quote: UInt8
  var isTriple = false
  /// Letters and quotes before the content.
  var length: Int
}

extension Lexer {
  /// Nil where no string begins here.
  func stringPrefix() -> StringPrefix? {
    var offset = 0
    var isBytes = false
    var isRaw = false
    if let letter = byte(offset), letter | 0x20 == UInt8(ascii: "b") {
      (isBytes, offset) = (true, offset + 1)
    }
    if let letter = byte(offset), letter | 0x20 == UInt8(ascii: "r") { (isRaw, offset) = (true, offset + 1) }
    guard let quote = byte(offset), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      return nil
    }
    let isTriple = byte(offset + 1) == quote && byte(offset + 2) == quote
    return StringPrefix(
      isRaw: isRaw, isBytes: isBytes, quote: quote, isTriple: isTriple, length: offset + (isTriple ? 3 : 1))
  }

  mutating func string(_ prefix: StringPrefix) throws(ExpressionError) -> Token {
    let start = position
    position += prefix.length
    var content: [UInt8] = []
    while true {
      guard let byte = byte(), prefix.isTriple || (byte != 0x0A && byte != 0x0D) else {
        throw failure("This string does not end.", pt: "Este texto não termina.", from: start)
      }
      if endsString(prefix) { break }
      if byte == UInt8(ascii: "\\"), !prefix.isRaw {
        try escape(isBytes: prefix.isBytes, into: &content)
      } else {
        content.append(byte)
        position += 1
      }
    }
    position += prefix.isTriple ? 3 : 1
    let value: Value = prefix.isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
    return Token(kind: .literal(value), range: start..<position)
  }

  private func endsString(_ prefix: StringPrefix) -> Bool {
    guard byte() == prefix.quote else { return false }
    return !prefix.isTriple || (byte(1) == prefix.quote && byte(2) == prefix.quote)
  }

  private static let simpleEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
    UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 92,
    UInt8(ascii: "?"): 63, UInt8(ascii: "\""): 34, UInt8(ascii: "'"): 39, UInt8(ascii: "`"): 96,
  ]

  private mutating func escape(isBytes: Bool, into content: inout [UInt8]) throws(ExpressionError) {
    let start = position
    guard let letter = byte(1) else {
      position = bytes.count
      throw failure("This string does not end.", pt: "Este texto não termina.", from: start)
    }
    position += 2
    if let simple = Self.simpleEscapes[letter] { return content.append(simple) }
    switch letter {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): try coded(2, 16, isBytes: isBytes, from: start, into: &content)
    case UInt8(ascii: "u") where !isBytes: try coded(4, 16, isBytes: false, from: start, into: &content)
    case UInt8(ascii: "U") where !isBytes: try coded(8, 16, isBytes: false, from: start, into: &content)
    case UInt8(ascii: "0")...UInt8(ascii: "3"):
      position -= 1
      try coded(3, 8, isBytes: isBytes, from: start, into: &content)
    case _:
      throw failure(
        "There is no such escape in a string.", pt: "Não existe este escape em um texto.", from: start)
    }
  }

  /// Reads so many digits as one code point, or in bytes as one byte.
  private mutating func coded(
    _ digits: Int, _ radix: UInt32, isBytes: Bool, from start: Int, into content: inout [UInt8]
  ) throws(ExpressionError) {
    var code: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = byte()?.hexDigit, digit < radix else {
        throw failure("This escape lacks digits.", pt: "Faltam dígitos neste escape.", from: start)
      }
      code = code << (radix == 16 ? 4 : 3) | digit
      position += 1
    }
    if isBytes { return content.append(UInt8(truncatingIfNeeded: code)) }
    guard let scalar = Unicode.Scalar(code) else {
      throw failure("No character has this code.", pt: "Nenhum caractere tem este código.", from: start)
    }
    content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }
}
