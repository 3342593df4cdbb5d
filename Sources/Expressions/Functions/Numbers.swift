import Glibc
import Model

/// The extension `math`, and how numbers are written.
enum Numbers {
  static let functions: [Function] = [
    Function(
      "math.greatest", "(int...) -> int", "(uint...) -> uint", "(double...) -> double", "(number...) -> dyn",
      "(list<int>) -> int", "(list<uint>) -> uint", "(list<double>) -> double", "(list<number>) -> dyn",
      variadic: { values, frame throws(ExpressionError) in try extreme(values, .more, &frame) }),
    Function(
      "math.least", "(int...) -> int", "(uint...) -> uint", "(double...) -> double", "(number...) -> dyn",
      "(list<int>) -> int", "(list<uint>) -> uint", "(list<double>) -> double", "(list<number>) -> dyn",
      variadic: { values, frame throws(ExpressionError) in try extreme(values, .less, &frame) }),
    rounding("ceil", .up), rounding("floor", .down), rounding("trunc", .towardZero),
    rounding("round", .toNearestOrAwayFromZero),
    Function("math.abs", "(int) -> int", "(uint) -> uint", "(double) -> double", unary: magnitude),
    Function("math.sign", "(int) -> int", "(uint) -> uint", "(double) -> double", unary: sign),
    Function("math.sqrt", "(double) -> double", "(int) -> double", "(uint) -> double", unary: squareRoot),
    question("isNaN") { $0.isNaN }, question("isInf") { $0.isInfinite }, question("isFinite") { $0.isFinite },
    bits("bitAnd", { $0 & $1 }, { $0 & $1 }), bits("bitOr", { $0 | $1 }, { $0 | $1 }),
    bits("bitXor", { $0 ^ $1 }, { $0 ^ $1 }),
    Function("math.bitNot", "(int) -> int", "(uint) -> uint", unary: bitNot),
    Function("math.bitShiftLeft", "(int, int) -> int", "(uint, int) -> uint", binary: shiftLeft),
    Function("math.bitShiftRight", "(int, int) -> int", "(uint, int) -> uint", binary: shiftRight),
  ]

  private static func rounding(_ name: String, _ rule: FloatingPointRoundingRule) -> Function {
    Function(
      "math." + name, "(double) -> double",
      unary: { value, _ in if case .double(let x) = value { .double(x.rounded(rule)) } else { nil } })
  }

  private static func question(_ name: String, _ holds: @escaping @Sendable (Double) -> Bool) -> Function {
    Function(
      "math." + name, "(double) -> bool",
      unary: { value, _ in if case .double(let x) = value { .bool(holds(x)) } else { nil } })
  }

  private static func bits(
    _ name: String, _ signed: @escaping @Sendable (Int64, Int64) -> Int64,
    _ unsigned: @escaping @Sendable (UInt64, UInt64) -> UInt64
  ) -> Function {
    Function(
      "math." + name, "(int, int) -> int", "(uint, uint) -> uint",
      binary: { a, b, _ in
        if case (.int(let x), .int(let y)) = (a, b) { return .int(signed(x, y)) }
        if case (.uint(let x), .uint(let y)) = (a, b) { return .uint(unsigned(x, y)) }
        return nil
      })
  }

  /// Of the arguments, or of the elements of one list.
  private static func extreme(
    _ values: [Value], _ wanted: Order, _ frame: inout Frame
  ) throws(ExpressionError) -> Value? {
    var values = values
    if values.count == 1, case .list(let list) = values[0] { values = list }
    try frame.charge(values.count)
    guard var best = values.first else {
      throw frame.failure(
        "An empty list has no greatest or least.", pt: "Uma lista vazia não tem maior nem menor.")
    }
    for value in values {
      guard value.isNumber else { return nil }
      if value.numericOrder(to: best) == wanted { best = value }
    }
    return best
  }

  @Sendable static func magnitude(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .double(let x) = value { return .double(x.magnitude) }
    if case .uint = value { return value }
    if case .int(let x) = value, x >= 0 { return value }
    return try Operators.negate(value, &frame)
  }

  @Sendable static func sign(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .int(let x) = value { return .int(x.signum()) }
    if case .uint(let x) = value { return .uint(x == 0 ? 0 : 1) }
    guard case .double(let x) = value else { return nil }
    return .double(x.isNaN || x == 0 ? x : x < 0 ? -1 : 1)
  }

  @Sendable static func squareRoot(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .double(let x)? = try Conversions.double(value, &frame), value.isNumber else { return nil }
    return .double(x.squareRoot())
  }

  @Sendable static func bitNot(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .int(let x) = value { return .int(~x) }
    if case .uint(let x) = value { return .uint(~x) }
    return nil
  }

  @Sendable static func shiftLeft(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard case .int(let count) = b else { return nil }
    guard count >= 0 else { throw negativeShift(frame) }
    if case .int(let x) = a { return .int(count > 63 ? 0 : x << count) }
    if case .uint(let x) = a { return .uint(count > 63 ? 0 : x << UInt64(count)) }
    return nil
  }

  /// Fills with zeros, also for negative numbers.
  @Sendable static func shiftRight(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard case .int(let count) = b else { return nil }
    guard count >= 0 else { throw negativeShift(frame) }
    if case .int(let x) = a {
      return .int(count > 63 ? 0 : Int64(bitPattern: UInt64(bitPattern: x) >> UInt64(count)))
    }
    if case .uint(let x) = a { return .uint(count > 63 ? 0 : x >> UInt64(count)) }
    return nil
  }

  private static func negativeShift(_ frame: Frame) -> ExpressionError {
    frame.failure("A shift cannot be negative.", pt: "Um deslocamento não pode ser negativo.")
  }

  /// The shortest text that reads back as the same double: `1`, `0.1`, `1e+21`, `NaN`, `-Infinity`.
  static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    if value.magnitude < 1e21, value == value.rounded(.towardZero) {
      if let whole = Int64(exactly: value) {
        return value == 0 && value.sign == .minus ? "-0" : String(whole)
      }
    }
    if value.magnitude >= 1e-5, value.magnitude < 1e16 { return "\(value)".decimalDigits }
    return "\(value)".replacing(".0e", with: "e")
  }

  /// With so many digits after the point, rounded half to even on the exact value, as C's `printf` does.
  static func text(_ value: Double, format: String, precision: Int) -> String {
    withVaList([Int32(precision), value]) { arguments in
      var buffer = [CChar](repeating: 0, count: 512 + precision)
      let count = vsnprintf(&buffer, buffer.count, format, arguments)
      return String(decoding: buffer.prefix(Int(max(0, count))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}

extension String {
  /// `4.5e-05` as `0.000045`: Swift writes small numbers with an exponent.
  fileprivate var decimalDigits: String {
    guard let e = firstIndex(of: "e"), let exponent = Int(self[index(after: e)...]), exponent < 0 else {
      return self
    }
    let sign = hasPrefix("-") ? "-" : ""
    var digits = self[..<e].filter(\.isNumber)
    if digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
  }
}
