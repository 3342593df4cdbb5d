import Model

/// `operand.field`, and `operand.?field`. An optional operand is looked into, and the result is optional too.
struct Selection: Node {
  let operand: any Node
  let field: String
  let isOptional: Bool
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try operand.evaluate(&frame)
    frame.range = range
    try frame.charge(1)
    switch value {
    case .map(let map):
      if let found = map[field] { return isOptional ? .present(found) : found }
      if isOptional { return .absent }
      throw frame.noField(field, in: map)
    case .optional(nil): return .absent
    case .optional(let box?):
      guard case .map(let map) = box.value else { throw frame.noFields(box.value, field) }
      return map[field].map(Value.present) ?? .absent
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .list, .type:
      throw frame.noFields(value, field)
    }
  }
}

/// `has(operand.field)`.
struct Presence: Node {
  let operand: any Node
  let field: String
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try operand.evaluate(&frame)
    frame.range = range
    try frame.charge(1)
    switch value {
    case .map(let map): return .bool(map[field] != nil)
    case .optional(nil): return .bool(false)
    case .optional(let box?):
      guard case .map(let map) = box.value else { throw frame.noFields(box.value, field) }
      return .bool(map[field] != nil)
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .list, .type:
      throw frame.noFields(value, field)
    }
  }
}

extension Frame {
  func noField(_ field: String, in map: MapValue) -> ExpressionError {
    let known = map.entries.compactMap { entry -> String? in
      if case .string(let name) = entry.key { name } else { nil }
    }
    return failure(
      "There is no field `\(field)` here.", pt: "Não há campo `\(field)` aqui.",
      remedy: Suggestion.remedy(for: field, among: known)
        ?? Bilingual("Read it with `.?\(field)`.", pt: "Leia com `.?\(field)`."))
  }

  func noFields(_ value: Value, _ field: String) -> ExpressionError {
    let type = value.shortTypeName
    return failure(
      "A value of type \(type) has no field `\(field)`.",
      pt: "Um valor do tipo \(type) não tem campo `\(field)`.")
  }
}

/// `operand[key]`, and `operand[?key]`.
struct Indexing: Node {
  let operand: any Node
  let key: any Node
  let isOptional: Bool
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try operand.evaluate(&frame)
    let key = try self.key.evaluate(&frame)
    frame.range = range
    try frame.charge(1)
    switch value {
    case .list(let list):
      if let found = try element(of: list, at: key, frame) { return isOptional ? .present(found) : found }
      if isOptional { return .absent }
      throw frame.failure(
        "The list has \(list.count) elements and none at \(key.quoted).",
        pt: "A lista tem \(list.count) elementos e nenhum em \(key.quoted).",
        remedy: Bilingual("Read it with `[?…]`.", pt: "Leia com `[?…]`."))
    case .map(let map):
      if let found = map[key] { return isOptional ? .present(found) : found }
      if isOptional { return .absent }
      throw frame.failure(
        "There is no key \(key.quoted) here.", pt: "Não há chave \(key.quoted) aqui.",
        remedy: Bilingual("Read it with `[?…]`.", pt: "Leia com `[?…]`."))
    case .optional(nil): return .absent
    case .optional(let box?):
      switch box.value {
      case .list(let list): return try element(of: list, at: key, frame).map(Value.present) ?? .absent
      case .map(let map): return map[key].map(Value.present) ?? .absent
      case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .optional, .type:
        throw frame.noElements(box.value)
      }
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type:
      throw frame.noElements(value)
    }
  }

  private func element(of list: [Value], at key: Value, _ frame: Frame) throws(ExpressionError) -> Value? {
    guard
      case .int(let index)? = MapKey(key).flatMap({ if case .int(let i) = $0 { Value.int(i) } else { nil } })
    else {
      throw frame.failure(
        "A list is asked by whole numbers, not by \(key.quoted).",
        pt: "Uma lista se indexa por números inteiros, não por \(key.quoted).")
    }
    return index >= 0 && index < list.count ? list[Int(index)] : nil
  }
}

extension Frame {
  func noElements(_ value: Value) -> ExpressionError {
    let type = value.shortTypeName
    return failure(
      "A value of type \(type) has no elements.", pt: "Um valor do tipo \(type) não tem elementos.")
  }
}
