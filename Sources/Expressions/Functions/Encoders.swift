import Crypto
import Model

/// Bytes as text, digests, and chance.
enum Encoders {
  static let functions: [Function] = [
    Function("base64.encode", "(bytes) -> string", unary: encode),
    Function("base64.decode", "(string) -> bytes", unary: decode),
    Function("hash.sha256", "(string) -> string", "(bytes) -> string", unary: sha256),
    Function("random.hex", "(int) -> string", unary: randomHex),
    Function("random.uuid", "() -> string", variadic: randomUUID),
  ]

  /// The most digits that one call of `random.hex` gives.
  static let longestRandom = 1_024

  @Sendable static func encode(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .bytes(let bytes) = value else { return nil }
    try frame.charge(bytes.count / 8)
    return .string(Base64.encode(bytes))
  }

  @Sendable static func decode(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .string(let text) = value else { return nil }
    try frame.charge(text.utf8.count / 8)
    // Padding may be left out.
    let padded = text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let bytes = Base64.decode(padded) else {
      throw frame.failure("This text is not Base64.", pt: "Este texto não é Base64.")
    }
    return .bytes(bytes)
  }

  @Sendable static func sha256(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    let bytes: [UInt8]
    switch value {
    case .string(let text): bytes = Array(text.utf8)
    case .bytes(let content): bytes = content
    case .null, .bool, .int, .uint, .double, .timestamp, .duration, .list, .map, .optional, .type: return nil
    }
    try frame.charge(bytes.count / 8)
    return .string(SHA256.hex(bytes))
  }

  @Sendable static func randomHex(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .int(let digits) = value else { return nil }
    guard digits >= 1, digits <= longestRandom else {
      throw frame.failure(
        "`random.hex` gives 1 to \(longestRandom) digits, not \(digits).",
        pt: "`random.hex` dá de 1 a \(longestRandom) dígitos, não \(digits).")
    }
    return .string(String(Hex.encode(try random((Int(digits) + 1) / 2, frame)).prefix(Int(digits))))
  }

  @Sendable static func randomUUID(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value?
  {
    guard values.isEmpty else { return nil }
    var bytes = try random(16, frame)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = Array(Hex.encode(bytes))
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
    return .string(groups.joined(separator: "-"))
  }

  private static func random(_ count: Int, _ frame: Frame) throws(ExpressionError) -> [UInt8] {
    guard let source = frame.random else {
      throw frame.failure("There is no chance here.", pt: "Aqui não há sorteio.")
    }
    let bytes = source.bytes(count)
    precondition(bytes.count == count, "A source of random bytes gives as many as it is asked for.")
    return bytes
  }
}
