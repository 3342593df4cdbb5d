import Model

struct UnaryCall: Node {
  let function: Function
  let body: Function.Unary
  let operand: any Node
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try operand.evaluate(&frame)
    frame.range = range
    try frame.charge(1)
    if let result = try body(value, &frame) { return result }
    throw frame.noOverload(of: function, [value])
  }
}

struct BinaryCall: Node {
  let function: Function
  let body: Function.Binary
  let left: any Node
  let right: any Node
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let first = try left.evaluate(&frame)
    let second = try right.evaluate(&frame)
    frame.range = range
    try frame.charge(1)
    if let result = try body(first, second, &frame) { return result }
    throw frame.noOverload(of: function, [first, second])
  }
}

struct VariadicCall: Node {
  let function: Function
  let body: Function.Variadic?
  let arguments: [any Node]
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    var values: [Value] = []
    values.reserveCapacity(arguments.count)
    for argument in arguments { values.append(try argument.evaluate(&frame)) }
    frame.range = range
    try frame.charge(1)
    if let body, let result = try body(values, &frame) { return result }
    throw frame.noOverload(of: function, values)
  }
}

extension Frame {
  func noOverload(of function: Function, _ values: [Value]) -> ExpressionError {
    let types = values.map(\.shortTypeName).joined(separator: ", ")
    return failure(
      "`\(function.title)` does not take (\(types)).", pt: "`\(function.title)` não aceita (\(types)).",
      remedy: function.remedy(for: values.map(\.shortTypeName)))
  }
}

extension Value {
  /// As the types are named in messages.
  var shortTypeName: String {
    switch self {
    case .null: "null"
    case .timestamp: "timestamp"
    case .duration: "duration"
    case .optional: "optional"
    case .bool, .int, .uint, .double, .string, .bytes, .list, .map, .type: typeName
    }
  }
}

/// True if all terms are: one false decides, whatever errors the others have.
struct Conjunction: Node {
  let terms: [any Node]
  let range: Range<Int>
  /// True for `||`, where one true decides.
  let deciding: Bool

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    var failure: ExpressionError?
    for term in terms {
      do throws(ExpressionError) {
        let value = try term.evaluate(&frame)
        guard case .bool(let bool) = value else {
          frame.range = range
          throw frame.notBool(value)
        }
        if bool == deciding { return .bool(deciding) }
      } catch {
        if error.kind == .limit { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return .bool(!deciding)
  }
}

extension Frame {
  func notBool(_ value: Value) -> ExpressionError {
    let type = value.shortTypeName
    return failure(
      "A condition must be true or false, and this is \(type).",
      pt: "Uma condição deve ser true ou false, e isto é \(type).")
  }
}

struct Conditional: Node {
  let condition: any Node
  let first: any Node
  let second: any Node
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try condition.evaluate(&frame)
    guard case .bool(let bool) = value else {
      frame.range = range
      throw frame.notBool(value)
    }
    return try (bool ? first : second).evaluate(&frame)
  }
}

struct ListLiteral: Node {
  let elements: [(node: any Node, isOptional: Bool)]
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for element in elements {
      let value = try element.node.evaluate(&frame)
      if !element.isOptional {
        values.append(value)
      } else if let present = try frame.optional(value, at: range) {
        values.append(present.value)
      }
    }
    frame.range = range
    try frame.charge(1 + values.count)
    return .list(values)
  }
}

extension Frame {
  /// What an entry marked `?` has.
  mutating func optional(_ value: Value, at range: Range<Int>) throws(ExpressionError) -> Value.Boxed? {
    if case .optional(let box) = value { return box }
    self.range = range
    throw failure(
      "An entry marked with `?` must be optional, and this is \(value.shortTypeName).",
      pt: "Uma entrada marcada com `?` deve ser optional, e isto é \(value.shortTypeName).")
  }
}

struct MapLiteral: Node {
  let entries: [(key: any Node, value: any Node, isOptional: Bool)]
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    var builder = MapBuilder()
    for entry in entries {
      let key = try entry.key.evaluate(&frame)
      let value = try entry.value.evaluate(&frame)
      frame.range = range
      if !entry.isOptional {
        try builder.add(key, value, &frame)
      } else if let present = try frame.optional(value, at: range) {
        try builder.add(key, present.value, &frame)
      }
    }
    try frame.charge(1)
    return builder.map
  }
}

/// Collects entries and refuses keys that are no keys, or come twice.
struct MapBuilder {
  private var entries: [(key: Value, value: Value)] = []
  private var seen: Set<MapKey> = []

  mutating func add(_ key: Value, _ value: Value, _ frame: inout Frame) throws(ExpressionError) {
    try frame.charge(1)
    if case .double = key { throw Self.unsuitable(key, frame) }
    guard let hashed = MapKey(key) else { throw Self.unsuitable(key, frame) }
    guard seen.insert(hashed).inserted else {
      throw frame.failure(
        "The key \(key.quoted) comes twice in one map.",
        pt: "A chave \(key.quoted) aparece duas vezes em um mapa.")
    }
    entries.append((key, value))
  }

  static func unsuitable(_ key: Value, _ frame: Frame) -> ExpressionError {
    frame.failure(
      "A key must be a bool, int, uint or string, and this is \(key.shortTypeName).",
      pt: "Uma chave deve ser bool, int, uint ou string, e isto é \(key.shortTypeName).")
  }

  var map: Value { .map(MapValue(entries: entries)) }
}
