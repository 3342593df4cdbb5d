extension JSON {
  /// The value as UTF-8 without white space, members in their order.
  ///
  /// A `double` keeps its point or exponent (`1.0`), so that reading gives the same value back. NaN and
  /// the infinities do not exist in JSON: whoever makes a `double` by arithmetic asks `nonFinitePath` first.
  public func serialized() -> [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  /// The same as text.
  public var text: String { String(decoding: serialized(), as: UTF8.self) }

  /// One member or element a line, two spaces a level, and no newline at the end.
  public var prettyText: String {
    var bytes: [UInt8] = []
    writePretty(to: &bytes, indent: 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  public func write(to bytes: inout [UInt8]) {
    switch self {
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        JSONText.write(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .null, .bool, .int, .double, .string: writeScalar(to: &bytes)
    }
  }

  private func writeScalar(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(text: "null")
    case .bool(let value): bytes.append(text: value ? "true" : "false")
    case .int(let value): JSONText.write(value, to: &bytes)
    case .double(let value):
      precondition(value.isFinite, "NaN and infinities are refused before a value is written as JSON.")
      bytes.append(contentsOf: value.description.utf8)
    case .string(let value): JSONText.write(value, to: &bytes)
    case .array, .object: break
    }
  }

  private func writePretty(to bytes: inout [UInt8], indent: Int) {
    switch self {
    case .array(let elements) where !elements.isEmpty:
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        JSONText.newLine(indent + 1, comma: index > 0, to: &bytes)
        element.writePretty(to: &bytes, indent: indent + 1)
      }
      JSONText.newLine(indent, comma: false, to: &bytes)
      bytes.append(UInt8(ascii: "]"))
    case .object(let object) where !object.isEmpty:
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        JSONText.newLine(indent + 1, comma: index > 0, to: &bytes)
        JSONText.write(member.key, to: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        member.value.writePretty(to: &bytes, indent: indent + 1)
      }
      JSONText.newLine(indent, comma: false, to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    case .null, .bool, .int, .double, .string, .array, .object: write(to: &bytes)
    }
  }

  /// The JSON Pointer of the first NaN or infinity inside, or nil where the value can be written.
  public var nonFinitePath: String? {
    switch self {
    case .double(let value): return value.isFinite ? nil : ""
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        if let path = element.nonFinitePath { return "/\(index)" + path }
      }
      return nil
    case .object(let object):
      for member in object {
        if let path = member.value.nonFinitePath { return "/" + JSONText.pointer(member.key) + path }
      }
      return nil
    case .null, .bool, .int, .string: return nil
    }
  }
}

/// Text inside quotes.
enum JSONText {
  static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if isPlain(text) {
      bytes.append(text: text)
    } else {
      for byte in text.utf8 { write(byte, to: &bytes) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Whether JSON writes the text as it is.
  private static func isPlain(_ text: String) -> Bool {
    let span = text.utf8Span.span
    for place in span.indices {
      let byte = span[place]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
    }
    return true
  }

  /// The decimal digits of a number, without a `String` in between.
  static func write(_ value: Int64, to bytes: inout [UInt8]) {
    // Most are numbers of nodes and places.
    if value >= 0, value < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(value)) }
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var digits = [20 of UInt8](repeating: 0)
    var (magnitude, first) = (value.magnitude, 20)
    repeat {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(magnitude % 10)
      magnitude /= 10
    } while magnitude > 0
    for place in first..<20 { bytes.append(digits[place]) }
  }

  /// One byte of UTF-8, escaped where JSON asks for it and nowhere else.
  static func write(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
    case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
    case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
    case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
    case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
    case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
    case 0..<0x20: escape(UInt16(byte), to: &bytes)
    case _: bytes.append(byte)
    }
  }

  /// `\uXXXX` with lower-case digits.
  static func escape(_ unit: UInt16, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: #"\u"#.utf8)
    for shift in [12, 8, 4, 0] {
      let digit = UInt8(unit >> UInt16(shift) & 0xF)
      bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }

  static func newLine(_ indent: Int, comma: Bool, to bytes: inout [UInt8]) {
    if comma { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indent))
  }

  /// A key as RFC 6901 writes it in a pointer.
  static func pointer(_ key: String) -> String {
    key.unicodeScalars.reduce(into: "") { path, scalar in
      switch scalar {
      case "~": path += "~0"
      case "/": path += "~1"
      case _: path.unicodeScalars.append(scalar)
      }
    }
  }
}
