import Model

extension Lexer {
  mutating func number() throws(ExpressionError) -> Token {
    let start = position
    if byte() == UInt8(ascii: "0"), byte(1).map({ $0 | 0x20 }) == UInt8(ascii: "x") {
      position += 2
      skip { $0.hexDigit != nil }
      return try integer(text(start + 2..<position), radix: 16, from: start)
    }
    skip { $0.isDigit }
    var isWhole = true
    if byte() == UInt8(ascii: "."), byte(1)?.isDigit == true {
      isWhole = false
      position += 1
      skip { $0.isDigit }
    }
    if takesExponent() { isWhole = false }
    if isWhole { return try integer(text(start..<position), radix: 10, from: start) }
    guard let value = Double(text(start..<position)), value.isFinite, try endsNumber(from: start) else {
      throw failure(
        "This number is too large for a double.", pt: "Este número é grande demais para um double.",
        from: start)
    }
    return Token(kind: .literal(.double(value)), range: start..<position)
  }

  private mutating func skip(while holds: (UInt8) -> Bool) {
    while let byte = byte(), holds(byte) { position += 1 }
  }

  private mutating func takesExponent() -> Bool {
    guard let letter = byte(), letter | 0x20 == UInt8(ascii: "e") else { return false }
    let sign = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-") ? 1 : 0
    guard byte(1 + sign)?.isDigit == true else { return false }
    position += 1 + sign
    skip { $0.isDigit }
    return true
  }

  private mutating func integer(_ digits: String, radix: Int, from start: Int) throws(ExpressionError)
    -> Token
  {
    let magnitude = UInt64(digits, radix: radix)
    let isUnsigned = byte().map { $0 | 0x20 == UInt8(ascii: "u") } ?? false
    if isUnsigned { position += 1 }
    guard try endsNumber(from: start), let magnitude else {
      throw failure("This number has too many digits.", pt: "Este número tem dígitos demais.", from: start)
    }
    return Token(kind: isUnsigned ? .literal(.uint(magnitude)) : .integer(magnitude), range: start..<position)
  }

  /// A letter or digit right after a number is a typing mistake, not the next token.
  private mutating func endsNumber(from start: Int) throws(ExpressionError) -> Bool {
    guard let next = byte(), next.isNameStart || next.isDigit else { return true }
    skip { $0.isNameStart || $0.isDigit }
    throw failure("This is not a number.", pt: "Isto não é um número.", from: start)
  }
}
