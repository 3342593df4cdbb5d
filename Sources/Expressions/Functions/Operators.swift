import Model

/// Arithmetic, negation and membership.
enum Operators {
  static let functions: [Function] = [
    Function(
      "+", "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double",
      "(string, string) -> string",
      "(bytes, bytes) -> bytes", "(list<A>, list<A>) -> list<A>", "(timestamp, duration) -> timestamp",
      "(duration, timestamp) -> timestamp", "(duration, duration) -> duration", binary: add),
    Function(
      "-", "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double",
      "(timestamp, duration) -> timestamp", "(timestamp, timestamp) -> duration",
      "(duration, duration) -> duration", binary: subtract),
    Function(
      "*", "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double", binary: multiply),
    Function("/", "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double", binary: divide),
    Function("%", "(int, int) -> int", "(uint, uint) -> uint", binary: remainder),
    Function("-_", "(int) -> int", "(double) -> double", unary: negate),
    Function("!_", "(bool) -> bool", unary: not),
    Function("in", "(A, list<A>) -> bool", "(A, map<A, B>) -> bool", binary: contains),
  ]

  @Sendable static func add(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    switch (a, b) {
    case (.int(let x), .int(let y)): return .int(try exact(x.addingReportingOverflow(y), frame))
    case (.uint(let x), .uint(let y)): return .uint(try exact(x.addingReportingOverflow(y), frame))
    case (.double(let x), .double(let y)): return .double(x + y)
    case (.string(let x), .string(let y)):
      try frame.charge((x.utf8.count + y.utf8.count) / 16)
      return .string(x + y)
    case (.bytes(let x), .bytes(let y)):
      try frame.charge((x.count + y.count) / 16)
      return .bytes(x + y)
    case (.list(let x), .list(let y)):
      try frame.charge(x.count + y.count)
      return .list(x + y)
    case (.timestamp, .duration): return try Times.moved(a, by: b, forward: true, frame)
    case (.duration, .timestamp): return try Times.moved(b, by: a, forward: true, frame)
    case (.duration, .duration): return try Times.sum(a, b, negated: false, frame)
    case (_, _): return nil
    }
  }

  @Sendable static func subtract(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    switch (a, b) {
    case (.int(let x), .int(let y)): .int(try exact(x.subtractingReportingOverflow(y), frame))
    case (.uint(let x), .uint(let y)): .uint(try exact(x.subtractingReportingOverflow(y), frame))
    case (.double(let x), .double(let y)): .double(x - y)
    case (.timestamp, .duration): try Times.moved(a, by: b, forward: false, frame)
    case (.timestamp(let s, let n), .timestamp(let t, let m)):
      try Times.duration(seconds: s - t, nanoseconds: Int64(n) - Int64(m), frame)
    case (.duration, .duration): try Times.sum(a, b, negated: true, frame)
    case (_, _): nil
    }
  }

  @Sendable static func multiply(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    switch (a, b) {
    case (.int(let x), .int(let y)): .int(try exact(x.multipliedReportingOverflow(by: y), frame))
    case (.uint(let x), .uint(let y)): .uint(try exact(x.multipliedReportingOverflow(by: y), frame))
    case (.double(let x), .double(let y)): .double(x * y)
    case (_, _): nil
    }
  }

  @Sendable static func divide(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value?
  {
    switch (a, b) {
    case (.int(_), .int(0)), (.uint(_), .uint(0)): throw divisionByZero(frame)
    case (.int(let x), .int(let y)): .int(try exact(x.dividedReportingOverflow(by: y), frame))
    case (.uint(let x), .uint(let y)): .uint(x / y)
    case (.double(let x), .double(let y)): .double(x / y)
    case (_, _): nil
    }
  }

  @Sendable static func remainder(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    switch (a, b) {
    case (.int(_), .int(0)), (.uint(_), .uint(0)): throw divisionByZero(frame)
    case (.int(let x), .int(let y)): .int(try exact(x.remainderReportingOverflow(dividingBy: y), frame))
    case (.uint(let x), .uint(let y)): .uint(x % y)
    case (_, _): nil
    }
  }

  @Sendable static func negate(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .int(let x) = value { return .int(try exact(Int64(0).subtractingReportingOverflow(x), frame)) }
    if case .double(let x) = value { return .double(-x) }
    return nil
  }

  @Sendable static func not(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .bool(let x) = value { .bool(!x) } else { nil }
  }

  @Sendable static func contains(
    _ element: Value, _ whole: Value, _ frame: inout Frame
  ) throws(ExpressionError) -> Value? {
    if case .map(let map) = whole { return .bool(map[element] != nil) }
    guard case .list(let list) = whole else { return nil }
    for other in list {
      try frame.charge(1)
      if try frame.equal(element, other) { return .bool(true) }
    }
    return .bool(false)
  }

  private static func exact<Number>(
    _ result: (partialValue: Number, overflow: Bool), _ frame: Frame
  ) throws(ExpressionError) -> Number {
    guard !result.overflow else {
      throw frame.failure(
        "The result does not fit in 64 bits.", pt: "O resultado não cabe em 64 bits.",
        remedy: Bilingual("Compute with `double(…)`.", pt: "Calcule com `double(…)`."))
    }
    return result.partialValue
  }

  private static func divisionByZero(_ frame: Frame) -> ExpressionError {
    frame.failure("This divides by zero.", pt: "Isto divide por zero.")
  }
}

/// Equality and order.
enum Orders {
  static let functions: [Function] = [
    Function("==", "(A, A) -> bool", binary: equal),
    Function("!=", "(A, A) -> bool", binary: unequal),
    Function("<", pairs: comparable, binary: less),
    Function("<=", pairs: comparable, binary: lessOrSame),
    Function(">", pairs: comparable, binary: more),
    Function(">=", pairs: comparable, binary: moreOrSame),
  ]

  private static let comparable = [
    "(bool, bool) -> bool", "(number, number) -> bool", "(string, string) -> bool", "(bytes, bytes) -> bool",
    "(timestamp, timestamp) -> bool", "(duration, duration) -> bool",
  ]

  @Sendable static func equal(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value?
  {
    .bool(try frame.equal(a, b))
  }

  @Sendable static func unequal(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    .bool(try !frame.equal(a, b))
  }

  @Sendable static func less(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    try order(a, b, &frame) { $0 == .less }
  }

  @Sendable static func lessOrSame(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    try order(a, b, &frame) { $0 == .less || $0 == .same }
  }

  @Sendable static func more(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    try order(a, b, &frame) { $0 == .more }
  }

  @Sendable static func moreOrSame(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    try order(a, b, &frame) { $0 == .more || $0 == .same }
  }

  /// Not a number has no order: every comparison with it is false.
  private static func order(
    _ a: Value, _ b: Value, _ frame: inout Frame, _ holds: (Order) -> Bool
  ) throws(ExpressionError) -> Value? {
    if case .string(let text) = a { try frame.charge(text.utf8.count / 16) }
    if let order = a.order(to: b) { return .bool(holds(order)) }
    return a.isNotANumber(beside: b) || b.isNotANumber(beside: a) ? .bool(false) : nil
  }
}

extension Value {
  fileprivate func isNotANumber(beside other: Value) -> Bool {
    guard case .double(let double) = self, double.isNaN else { return false }
    return other.isNumber
  }

  var isNumber: Bool {
    switch self {
    case .int, .uint, .double: true
    case .null, .bool, .string, .bytes, .timestamp, .duration, .list, .map, .optional, .type: false
    }
  }
}

extension Function {
  fileprivate init(_ name: String, pairs: [String], binary: @escaping Binary) {
    self.init(name, signatures: pairs, binary: binary)
  }
}
