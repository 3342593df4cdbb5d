extension JSONReader {
  /// From the opening quote past the closing one.
  mutating func string() throws(JSONFault) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return try text(start..<(position - 1))
      }
      if byte == UInt8(ascii: "\\") { return try escaped(from: start) }
      if byte < 0x20 { throw controlCharacter() }
      position += 1
    }
    throw unclosed()
  }

  /// The slow way, taken from the first backslash on.
  private mutating func escaped(from start: Int) throws(JSONFault) -> String {
    var result = try text(start..<position)
    var run = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        result += try text(run..<position)
        position += 1
        return result
      }
      if byte == UInt8(ascii: "\\") {
        result += try text(run..<position)
        result.unicodeScalars.append(try escape())
        run = position
      } else if byte < 0x20 {
        throw controlCharacter()
      } else {
        position += 1
      }
    }
    throw unclosed()
  }

  private func text(_ range: Range<Int>) throws(JSONFault) -> String {
    let span: UTF8Span
    do {
      span = try UTF8Span(validating: bytes.span.extracting(range))
    } catch {
      throw fault(
        "The text is not UTF-8 here.", pt: "O texto não é UTF-8 neste ponto.",
        at: range.lowerBound + error.byteOffsets.lowerBound)
    }
    return String(copying: span)
  }

  private mutating func escape() throws(JSONFault) -> Unicode.Scalar {
    let start = position
    position += 1
    let letter = next
    if letter == UInt8(ascii: "u") { return try unicodeEscape(from: start) }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case _:
      throw fault("This escape is unknown in JSON.", pt: "Este escape não existe em JSON.", at: start)
    }
  }

  private mutating func unicodeEscape(from start: Int) throws(JSONFault) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, next == UInt8(ascii: "\\"), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: "u")
    {
      position += 1
      let second = try hexadecimal()
      let combined = 0x10000 + (UInt32(first) - 0xD800) << 10 + UInt32(second &- 0xDC00)
      if 0xDC00..<0xE000 ~= second, let scalar = Unicode.Scalar(combined) { return scalar }
    }
    throw fault(
      "Half of a surrogate pair stands alone.", pt: "Metade de um par substituto está sozinha.", at: start)
  }

  /// Four digits after the `u` that stands here.
  private mutating func hexadecimal() throws(JSONFault) -> UInt16 {
    position += 1
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = next
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      case _:
        throw fault(
          "Four hexadecimal digits are expected after \\u.",
          pt: "Depois de \\u se esperam quatro dígitos hexadecimais.")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  private func controlCharacter() -> JSONFault {
    fault(
      "A control character in a text must be written as an escape, such as \\n.",
      pt: "Um caractere de controle dentro de um texto deve ser escrito como escape, tal como \\n.")
  }

  private func unclosed() -> JSONFault {
    fault("The text ends inside a string.", pt: "O texto acaba dentro de uma string.")
  }
}
