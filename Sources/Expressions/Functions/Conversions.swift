import Model

/// From one type to another, and the questions about types and sizes.
enum Conversions {
  static let functions: [Function] = [
    Function("dyn", "(A) -> dyn", unary: { value, _ in value }),
    Function("type", "(A) -> type", unary: { value, _ in .type(value.typeName) }),
    Function("bool", "(bool) -> bool", "(string) -> bool", unary: bool),
    Function(
      "int", "(int) -> int", "(uint) -> int", "(double) -> int", "(string) -> int", "(timestamp) -> int",
      "(duration) -> int", unary: int),
    Function("uint", "(uint) -> uint", "(int) -> uint", "(double) -> uint", "(string) -> uint", unary: uint),
    Function(
      "double", "(double) -> double", "(int) -> double", "(uint) -> double", "(string) -> double",
      unary: double),
    Function(
      "string", "(string) -> string", "(bool) -> string", "(int) -> string", "(uint) -> string",
      "(double) -> string", "(bytes) -> string", "(timestamp) -> string", "(duration) -> string",
      unary: string),
    Function("bytes", "(bytes) -> bytes", "(string) -> bytes", unary: bytes),
    Function(
      "timestamp", "(timestamp) -> timestamp", "(string) -> timestamp", "(int) -> timestamp", unary: timestamp
    ),
    Function(
      "duration", "(duration) -> duration", "(string) -> duration", "(int) -> duration", unary: duration),
    Function("size", signatures: sizes, unary: size),
    Function(".size", signatures: sizes, unary: size),
  ]

  private static let sizes = [
    "(string) -> int", "(bytes) -> int", "(list<dyn>) -> int", "(map<dyn, dyn>) -> int",
  ]

  @Sendable static func size(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .string(let text):
      try frame.charge(text.utf8.count / 16)
      return .int(Int64(text.unicodeScalars.count))
    case .bytes(let bytes): return .int(Int64(bytes.count))
    case .list(let list): return .int(Int64(list.count))
    case .map(let map): return .int(Int64(map.count))
    case .null, .bool, .int, .uint, .double, .timestamp, .duration, .optional, .type: return nil
    }
  }

  @Sendable static func bool(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .bool = value { return value }
    guard case .string(let text) = value else { return nil }
    switch text {
    case "1", "t", "true", "TRUE", "True", "T": return .bool(true)
    case "0", "f", "false", "FALSE", "False", "F": return .bool(false)
    case _: throw unreadable(value, "bool", frame)
    }
  }

  @Sendable static func int(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .int: return value
    case .uint(let uint):
      guard let int = Int64(exactly: uint) else { throw outside(value, "int", frame) }
      return .int(int)
    case .double(let double):
      guard double > -0x1p63, double < 0x1p63 else { throw outside(value, "int", frame) }
      return .int(Int64(double))
    case .string(let text):
      guard let int = Int64(text), text.first != "+" else { throw unreadable(value, "int", frame) }
      return .int(int)
    case .timestamp(let seconds, _), .duration(let seconds, _): return .int(seconds)
    case .null, .bool, .bytes, .list, .map, .optional, .type: return nil
    }
  }

  @Sendable static func uint(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .uint: return value
    case .int(let int):
      guard let uint = UInt64(exactly: int) else { throw outside(value, "uint", frame) }
      return .uint(uint)
    case .double(let double):
      guard double > -1, double < 0x1p64 else { throw outside(value, "uint", frame) }
      return .uint(UInt64(double))
    case .string(let text):
      guard let uint = UInt64(text), text.first != "+" else { throw unreadable(value, "uint", frame) }
      return .uint(uint)
    case .null, .bool, .bytes, .timestamp, .duration, .list, .map, .optional, .type: return nil
    }
  }

  @Sendable static func double(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .double: return value
    case .int(let int): return .double(Double(int))
    case .uint(let uint): return .double(Double(uint))
    case .string(let text):
      try frame.charge(text.utf8.count / 16)
      guard let double = readDouble(text) else { throw unreadable(value, "double", frame) }
      return .double(double)
    case .null, .bool, .bytes, .timestamp, .duration, .list, .map, .optional, .type: return nil
    }
  }

  /// Decimal digits and the three special values; not the hexadecimal forms that Swift also reads.
  private static func readDouble(_ text: String) -> Double? {
    if let special = ["NaN": Double.nan, "Infinity": .infinity, "-Infinity": -.infinity][text] {
      return special
    }
    let isPlain = text.utf8.allSatisfy { $0.isDigit || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
    guard isPlain, text.utf8.count <= 1_000 else { return nil }
    return Double(text)
  }

  @Sendable static func string(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .string: return value
    case .bool(let bool): return .string(bool ? "true" : "false")
    case .int(let int): return .string(String(int))
    case .uint(let uint): return .string(String(uint))
    case .double(let double): return .string(Numbers.text(double))
    case .bytes(let bytes):
      try frame.charge(bytes.count / 16)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw frame.failure("These bytes are not UTF-8 text.", pt: "Estes bytes não são texto UTF-8.")
      }
      return .string(text)
    case .timestamp(let seconds, let nanoseconds):
      return .string(Times.text(seconds: seconds, nanoseconds: nanoseconds))
    case .duration(let seconds, let nanoseconds):
      return .string(Times.durationText(seconds: seconds, nanoseconds: nanoseconds))
    case .null, .list, .map, .optional, .type: return nil
    }
  }

  @Sendable static func bytes(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .bytes = value { return value }
    guard case .string(let text) = value else { return nil }
    try frame.charge(text.utf8.count / 16)
    return .bytes(Array(text.utf8))
  }

  @Sendable static func timestamp(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .timestamp: return value
    case .int(let seconds): return try Times.timestamp(seconds: seconds, nanoseconds: 0, frame)
    case .string(let text):
      guard let read = RFC3339(text) else {
        throw frame.failure(
          "\(value.quoted) is not a timestamp.", pt: "\(value.quoted) não é um timestamp.",
          remedy: Bilingual("Write 2026-01-31T13:00:00Z.", pt: "Escreva 2026-01-31T13:00:00Z."))
      }
      return try Times.timestamp(seconds: read.seconds, nanoseconds: Int64(read.nanosecond), frame)
    case .null, .bool, .uint, .double, .bytes, .duration, .list, .map, .optional, .type: return nil
    }
  }

  @Sendable static func duration(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch value {
    case .duration: return value
    case .int(let seconds): return try Times.duration(seconds: seconds, nanoseconds: 0, frame)
    case .string(let text):
      guard let read = Duration(text: text) else {
        throw frame.failure(
          "\(value.quoted) is not a duration.", pt: "\(value.quoted) não é uma duração.",
          remedy: Bilingual("Write 90s, 1h30m or 250ms.", pt: "Escreva 90s, 1h30m ou 250ms."))
      }
      return Times.duration(read)
    case .null, .bool, .uint, .double, .bytes, .timestamp, .list, .map, .optional, .type: return nil
    }
  }

  private static func outside(_ value: Value, _ type: String, _ frame: Frame) -> ExpressionError {
    frame.failure("\(value.quoted) does not fit in \(type).", pt: "\(value.quoted) não cabe em \(type).")
  }

  private static func unreadable(_ value: Value, _ type: String, _ frame: Frame) -> ExpressionError {
    frame.failure("\(value.quoted) is not of type \(type).", pt: "\(value.quoted) não é do tipo \(type).")
  }
}

extension Value {
  /// A short form for messages: text in quotes and cut, containers by their type.
  var quoted: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .uint(let value): "\(value)u"
    case .double(let value): Numbers.text(value)
    case .string(let value):
      "'" + String(value.unicodeScalars.prefix(40)) + (value.unicodeScalars.count > 40 ? "…'" : "'")
    case .bytes, .timestamp, .duration, .list, .map, .optional, .type: shortTypeName
    }
  }
}
