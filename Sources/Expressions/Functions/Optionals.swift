import Model

/// Values that may be absent.
enum Optionals {
  static let functions: [Function] = [
    Function("optional.of", "(A) -> optional<A>", unary: { value, _ in .present(value) }),
    Function(
      "optional.ofNonZeroValue", "(A) -> optional<A>",
      unary: { value, _ in value.isZero ? .absent : .present(value) }),
    Function("optional.none", "() -> optional<dyn>", variadic: { _, _ in .absent }),
    Function("optional.unwrap", "(list<optional<A>>) -> list<A>", "(list<dyn>) -> list<dyn>", unary: unwrap),
    Function(".unwrapOpt", "(list<optional<A>>) -> list<A>", "(list<dyn>) -> list<dyn>", unary: unwrap),
    Function(".hasValue", "(optional<A>) -> bool", unary: hasValue),
    Function(".value", "(optional<A>) -> A", unary: value),
    Function(".or", "(optional<A>, optional<A>) -> optional<A>", binary: or),
    Function(".orValue", "(optional<A>, A) -> A", binary: orValue),
  ]

  @Sendable static func hasValue(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    if case .optional(let box) = value { .bool(box != nil) } else { nil }
  }

  @Sendable static func value(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .optional(let box) = value else { return nil }
    if let box { return box.value }
    throw frame.failure(
      "This optional has no value.", pt: "Este optional não tem valor.",
      remedy: Bilingual("Use `.orValue(…)`.", pt: "Use `.orValue(…)`."))
  }

  @Sendable static func or(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .optional(let first) = a, case .optional = b else { return nil }
    return first == nil ? b : a
  }

  @Sendable static func orValue(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard case .optional(let box) = a else { return nil }
    return box?.value ?? b
  }

  @Sendable static func unwrap(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .list(let list) = value else { return nil }
    try frame.charge(list.count)
    var present: [Value] = []
    for element in list {
      guard case .optional(let box) = element else { throw frame.notOptional(element) }
      if let box { present.append(box.value) }
    }
    return .list(present)
  }
}
