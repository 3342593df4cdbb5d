import Crypto
import Model

/// `format`, `quote` and `reverse`.
enum StringForms {
  static let functions: [Function] = [
    Function(".format", "(string, list<dyn>) -> string", binary: format),
    Function(".reverse", "(string) -> string", "(list<A>) -> list<A>", unary: reverse),
  ]

  @Sendable static func reverse(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .list(let list) = value {
      try frame.charge(list.count)
      return .list(list.reversed())
    }
    guard case .string(let text) = value else { return nil }
    return .string(Strings.string(Array(try Strings.scalars(text, &frame).reversed())[...]))
  }

  @Sendable static func quote(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .string(let text) = value else { return nil }
    try frame.charge(text.utf8.count / 8)
    let escapes: [Unicode.Scalar: String] = [
      "\u{7}": "\\a", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{B}": "\\v",
      "\\": "\\\\", "\"": "\\\"",
    ]
    return .string("\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\"")
  }

  @Sendable static func format(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value?
  {
    guard case .string(let text) = a, case .list(let arguments) = b else { return nil }
    let scalars = try Strings.scalars(text, &frame)
    var result = String.UnicodeScalarView()
    var position = 0
    var next = 0
    while position < scalars.count {
      let scalar = scalars[position]
      position += 1
      guard scalar == "%" else {
        result.append(scalar)
        continue
      }
      let clause = try clause(scalars, &position, frame)
      if clause.letter == "%" {
        result.append("%")
        continue
      }
      guard next < arguments.count else {
        throw frame.failure(
          "The format asks for more than \(arguments.count) values.",
          pt: "O formato pede mais de \(arguments.count) valores.")
      }
      result.append(contentsOf: try clause.text(of: arguments[next], &frame).unicodeScalars)
      next += 1
    }
    return .string(String(result))
  }

  /// Reads `.3f` after a percent sign.
  private static func clause(
    _ scalars: [Unicode.Scalar], _ position: inout Int, _ frame: Frame
  ) throws(ExpressionError) -> FormatClause {
    var precision: Int?
    if position < scalars.count, scalars[position] == "." {
      position += 1
      var digits = 0
      while position < scalars.count, let digit = Int(String(scalars[position])), digits <= 1_000 {
        digits = digits * 10 + digit
        position += 1
      }
      precision = digits
      guard digits <= ExpressionLimits.precision else {
        throw frame.failure(
          "A format has at most \(ExpressionLimits.precision) digits after the point.",
          pt: "Um formato tem no máximo \(ExpressionLimits.precision) dígitos depois da vírgula.")
      }
    }
    guard position < scalars.count, FormatClause.letters.contains(scalars[position]) else {
      throw frame.failure(
        "The format has `%` and no letter that it knows.", pt: "O formato tem `%` e nenhuma letra conhecida.",
        remedy: Bilingual("Use %s %d %f %e %b %o %x %X or %%.", pt: "Use %s %d %f %e %b %o %x %X ou %%."))
    }
    position += 1
    return FormatClause(letter: scalars[position - 1], precision: precision)
  }
}

/// One `%…` of a format.
struct FormatClause {
  let letter: Unicode.Scalar
  let precision: Int?

  static let letters: Set<Unicode.Scalar> = ["%", "s", "d", "f", "e", "b", "o", "x", "X"]

  func text(of value: Value, _ frame: inout Frame) throws(ExpressionError) -> String {
    try frame.charge(1)
    let text: String?
    switch letter {
    case "s": text = try value.formatted(&frame)
    case "d": text = decimal(value)
    case "f", "e": text = fraction(value)
    case "b": text = integer(value, radix: 2)
    case "o": text = integer(value, radix: 8)
    case "x", "X": text = try hexadecimal(value, &frame)
    case _: text = nil
    }
    if let text { return text }
    let type = value.shortTypeName
    throw frame.failure("`%\(letter)` does not format \(type).", pt: "`%\(letter)` não formata \(type).")
  }

  private func decimal(_ value: Value) -> String? {
    if case .double(let double) = value { return double.isFinite ? nil : Numbers.text(double) }
    return integer(value, radix: 10)
  }

  private func integer(_ value: Value, radix: Int) -> String? {
    switch value {
    case .int(let int): String(int, radix: radix)
    case .uint(let uint): String(uint, radix: radix)
    case .bool(let bool) where radix == 2: bool ? "1" : "0"
    case .null, .bool, .double, .string, .bytes, .timestamp, .duration, .list, .map, .optional, .type: nil
    }
  }

  private func fraction(_ value: Value) -> String? {
    let double: Double
    switch value {
    case .double(let given): double = given
    case .int(let int): double = Double(int)
    case .uint(let uint): double = Double(uint)
    case .null, .bool, .string, .bytes, .timestamp, .duration, .list, .map, .optional, .type: return nil
    }
    guard double.isFinite else { return Numbers.text(double) }
    return Numbers.text(double, format: letter == "f" ? "%.*f" : "%.*e", precision: precision ?? 6)
  }

  private func hexadecimal(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> String? {
    let text: String?
    switch value {
    case .string(let string):
      try frame.charge(string.utf8.count / 8)
      text = Hex.encode(Array(string.utf8))
    case .bytes(let bytes):
      try frame.charge(bytes.count / 8)
      text = Hex.encode(bytes)
    case .null, .bool, .int, .uint, .double, .timestamp, .duration, .list, .map, .optional, .type:
      text = integer(value, radix: 16)
    }
    return letter == "X" ? text?.uppercased() : text
  }
}

extension Value {
  /// As `%s` writes it; nil for what it does not write.
  func formatted(_ frame: inout Frame) throws(ExpressionError) -> String? {
    try frame.charge(1)
    switch self {
    case .null: return "null"
    case .type(let name): return name
    case .list(let list):
      var parts: [String] = []
      for element in list {
        guard let part = try element.formatted(&frame) else { return nil }
        parts.append(part)
      }
      return "[" + parts.joined(separator: ", ") + "]"
    case .map(let map):
      var parts: [(key: String, value: String)] = []
      for entry in map.entries {
        guard let key = try entry.key.formatted(&frame), let value = try entry.value.formatted(&frame) else {
          return nil
        }
        parts.append((key, value))
      }
      parts.sort { $0.key.precedes($1.key) }
      return "{" + parts.map { $0.key + ": " + $0.value }.joined(separator: ", ") + "}"
    case .optional: return nil
    case .string(let text):
      try frame.charge(text.utf8.count / 16)
      return text
    case .bool, .int, .uint, .double, .bytes, .timestamp, .duration:
      guard case .string(let text)? = try Conversions.string(self, &frame) else { return nil }
      return text
    }
  }
}
