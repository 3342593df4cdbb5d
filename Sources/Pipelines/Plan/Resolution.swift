public import Expressions
public import Model

/// Knows what the names of a plan mean at one moment of one job. It is asked only for what is needed.
public protocol ReferenceResolver {
  func value(of reference: Reference) throws(ExpressionError) -> Value
}

/// Answers an expression's slots by the references that stand for them.
private struct SlotBindings<Resolver: ReferenceResolver>: Bindings {
  let resolver: Resolver
  let references: [Reference]

  func value(at slot: Int, of name: String) throws(ExpressionError) -> Value {
    try resolver.value(of: references[slot])
  }
}

extension BoundExpression {
  /// `random` is needed where the file allows `random.*`: in `key` and `vars`.
  public func value(
    _ resolver: some ReferenceResolver, random: (any RandomBytes)? = nil
  ) throws(ExpressionError) -> Value {
    try expression.evaluate(SlotBindings(resolver: resolver, references: references), random: random)
  }

  /// The value of a condition. Anything but true or false is an error.
  public func isTrue(_ resolver: some ReferenceResolver) throws(ExpressionError) -> Bool {
    let value = try value(resolver)
    if case .bool(let bool) = value { return bool }
    throw ExpressionError(
      .evaluation,
      Bilingual(
        "a condition gave something else than true or false.",
        pt: "uma condição não resultou em true ou false."),
      at: 0..<expression.source.utf8.count)
  }
}

extension Template {
  /// The value with all its expressions evaluated, in the order in which they stand.
  ///
  /// In a text each gives a string, number, bool or timestamp; elsewhere what it gives must have a JSON form.
  /// A member of a map whose expression gives `optional.none()` is left out.
  public func evaluate(
    _ resolver: some ReferenceResolver, random: (any RandomBytes)? = nil
  ) throws(ExpressionError) -> JSON {
    switch self {
    case .literal(let json): return json
    case .expression(let bound): return try bound.value(resolver, random: random).json()
    case .text(let parts): return .string(try Self.text(of: parts, resolver, random))
    case .array(let items):
      var values: [JSON] = []
      values.reserveCapacity(items.count)
      for item in items { values.append(try item.evaluate(resolver, random: random)) }
      return .array(values)
    case .object(let members):
      var object = JSONObject()
      for (key, value) in members {
        if case .expression(let bound) = value {
          let value = try bound.value(resolver, random: random)
          if case .optional(nil) = value { continue }
          object[key] = try value.json()
        } else {
          object[key] = try value.evaluate(resolver, random: random)
        }
      }
      return .object(object)
    }
  }

  /// The text of a key: a string as it is, a number or bool as JSON writes it.
  public func text(
    _ resolver: some ReferenceResolver, random: (any RandomBytes)? = nil
  ) throws(ExpressionError) -> String {
    switch try evaluate(resolver, random: random) {
    case .string(let text): return text
    case .int(let int): return String(int)
    case .bool(let bool): return bool ? "true" : "false"
    case .double(let double): return JSON.double(double).text
    case .null, .array, .object:
      throw ExpressionError(
        .evaluation, Bilingual("this must give text.", pt: "isto deve resultar em texto."), at: 0..<0)
    }
  }

  private static func text(
    of parts: [Part], _ resolver: some ReferenceResolver, _ random: (any RandomBytes)?
  ) throws(ExpressionError) -> String {
    var text = ""
    for part in parts {
      switch part {
      case .literal(let literal): text += literal
      case .expression(let bound):
        let value = try bound.value(resolver, random: random)
        guard let piece = try Self.printed(value) else {
          throw ExpressionError(
            .evaluation,
            Bilingual(
              "only text, numbers, true, false and times can stand in a text.",
              pt: "só textos, números, true, false e momentos podem estar num texto."),
            at: 0..<bound.expression.source.utf8.count)
        }
        text += piece
      }
    }
    return text
  }

  private static func printed(_ value: Value) throws(ExpressionError) -> String? {
    switch value {
    case .string(let text): return text
    case .bool(let bool): return bool ? "true" : "false"
    case .int(let int): return String(int)
    case .uint(let uint): return String(uint)
    case .double: return try value.json().text
    case .timestamp: return try value.json().string
    case .null, .bytes, .duration, .list, .map, .optional, .type: return nil
    }
  }
}

extension Timing {
  /// An expression gives a duration, or text such as `5m`; a negative one is an error.
  public func duration(_ resolver: some ReferenceResolver) throws(ExpressionError) -> Duration {
    switch self {
    case .fixed(let duration): return duration
    case .computed(let bound):
      switch try bound.value(resolver) {
      case .duration(let seconds, let nanoseconds) where seconds >= 0 && nanoseconds >= 0:
        return .seconds(seconds) + .nanoseconds(Int64(nanoseconds))
      case .string(let text):
        if let duration = Duration(text: text), duration >= .zero { return duration }
      case .duration, .null, .bool, .int, .uint, .double, .bytes, .timestamp, .list, .map, .optional, .type:
        break
      }
      throw ExpressionError(
        .evaluation,
        Bilingual("this must give a duration such as 5m.", pt: "isto deve resultar em uma duração como 5m."),
        at: 0..<bound.expression.source.utf8.count)
    }
  }
}

extension Count {
  /// A whole number; the caller holds it to its limits.
  public func value(_ resolver: some ReferenceResolver) throws(ExpressionError) -> Int {
    switch self {
    case .fixed(let count): return count
    case .computed(let bound):
      switch try bound.value(resolver) {
      case .int(let count): return Int(count)
      case .uint(let count) where count <= UInt64(Int.max): return Int(count)
      case .double(let count):
        if let whole = Int(exactly: count) { return whole }
      case .uint, .null, .bool, .string, .bytes, .timestamp, .duration, .list, .map, .optional, .type: break
      }
      throw ExpressionError(
        .evaluation,
        Bilingual("this must give a whole number.", pt: "isto deve resultar em um número inteiro."),
        at: 0..<bound.expression.source.utf8.count)
    }
  }
}
