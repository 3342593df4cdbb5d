import Model

/// What an unquoted YAML scalar means: the core schema of YAML 1.2, so `yes` and `on` are text.
enum PlainScalar {
  /// Nil for `.inf` and `.nan`, which JSON does not have, and for numbers too large for a `Double`.
  static func resolve(_ text: String) -> Node.Content? {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    let bytes = Array(text.utf8)
    guard bytes.count <= 400, let first = bytes.first, first < 0x3A else { return .string }
    if isInfinityOrNaN(text) { return nil }
    if bytes.starts(with: "0o".utf8) { return integer(bytes.dropFirst(2), radix: 8) }
    if bytes.starts(with: "0x".utf8) { return integer(bytes.dropFirst(2), radix: 16) }
    return decimal(bytes, text: text)
  }

  private static func isInfinityOrNaN(_ text: String) -> Bool {
    let words: Set<String> = [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"]
    let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.dropFirst()) : text
    return words.contains(unsigned)
  }

  private static func integer(_ digits: ArraySlice<UInt8>, radix: Int) -> Node.Content? {
    let text = String(decoding: digits, as: UTF8.self)
    let isNumber =
      !digits.isEmpty && digits.allSatisfy { Character(UnicodeScalar($0)).hexDigitValue ?? 99 < radix }
    guard isNumber else { return .string }
    if let value = Int64(text, radix: radix) { return .int(value) }
    let value = digits.reduce(0.0) {
      $0 * Double(radix) + Double(Character(UnicodeScalar($1)).hexDigitValue ?? 0)
    }
    return value.isFinite ? .double(value) : nil
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  private static func decimal(_ bytes: [UInt8], text: String) -> Node.Content? {
    var rest = bytes[...]
    func digits() -> Int {
      let count = rest.prefix { (0x30...0x39).contains($0) }.count
      rest = rest.dropFirst(count)
      return count
    }
    func take(_ letters: String) -> Bool {
      guard let next = rest.first, letters.utf8.contains(next) else { return false }
      rest = rest.dropFirst()
      return true
    }
    _ = take("+-")
    let whole = digits()
    let hasPoint = take(".")
    let fraction = hasPoint ? digits() : 0
    guard whole + fraction > 0 else { return .string }
    let hasExponent = take("eE")
    if hasExponent {
      _ = take("+-")
      if digits() == 0 { return .string }
    }
    guard rest.isEmpty else { return .string }
    if !hasPoint, !hasExponent, let value = Int64(text) { return .int(value) }
    guard let value = number(text), value.isFinite else { return nil }
    return .double(value)
  }

  /// Swift reads neither `5.` nor a leading plus sign before a point everywhere.
  private static func number(_ text: String) -> Double? {
    var text = text.hasPrefix("+") ? String(text.dropFirst()) : text
    if let point = text.firstIndex(of: ".") {
      let next = text.index(after: point)
      if next == text.endIndex || !text[next].isNumber { text.insert("0", at: next) }
    }
    return Double(text)
  }
}
