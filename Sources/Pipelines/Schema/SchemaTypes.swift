import Expressions
import Model

/// What an expression may count on in a value that its schema accepts.
struct SchemaTypes {
  private static let maxDepth = 24

  let rules: [SchemaRules]

  func type(of place: Int) -> CELType { type(of: place, depth: 0) }

  private func type(of place: Int, depth: Int) -> CELType {
    guard depth < Self.maxDepth else { return .dyn }
    let rules = rules[place]
    if let kinds = rules.kinds {
      return kinds.count == 1 ? type(kinds[0], rules, depth) : .dyn
    }
    if let values = rules.enumeration ?? rules.constant.map({ [$0] }) {
      return Self.common(values.map(Self.type(ofValue:)))
    }
    if let reference = rules.reference { return type(of: reference, depth: depth + 1) }
    if !rules.properties.isEmpty || !rules.required.isEmpty { return .dyn }
    let choices = rules.oneOf.isEmpty ? rules.anyOf : rules.oneOf
    return choices.isEmpty ? .dyn : Self.common(choices.map { type(of: $0, depth: depth + 1) })
  }

  private func type(_ kind: SchemaRules.Kind, _ rules: SchemaRules, _ depth: Int) -> CELType {
    switch kind {
    case .null: .null
    case .boolean: .bool
    case .integer: .int
    case .number: .double
    case .string: .string
    case .array:
      .list(rules.prefixItems.isEmpty ? rules.items.map { type(of: $0, depth: depth + 1) } ?? .dyn : .dyn)
    case .object: object(rules, depth)
    case .artifact: Self.artifact
    }
  }

  private func object(_ rules: SchemaRules, _ depth: Int) -> CELType {
    var additional: CELType? = .dyn
    if let place = rules.additionalProperties {
      additional = self.rules[place].refusesAll ? nil : type(of: place, depth: depth + 1)
    }
    if !rules.patternProperties.isEmpty { additional = .dyn }
    let mayHaveMore = rules.reference != nil || !rules.inPlace.isEmpty
    if mayHaveMore { additional = .dyn }
    if rules.properties.isEmpty, rules.required.isEmpty, let additional { return .map(.string, additional) }
    var fields: [String: Record.Field] = [:]
    for (name, place) in rules.properties where !self.rules[place].refusesAll {
      let isRequired = rules.required.contains { ScalarString($0) == ScalarString(name) }
      fields[name] = Record.Field(type(of: place, depth: depth + 1), isRequired: isRequired)
    }
    for name in rules.required where fields[name] == nil { fields[name] = Record.Field(.dyn) }
    return .record(Record(fields: fields, additional: additional))
  }

  /// The handle of an artifact.
  static let artifact = CELType.record(
    Record(fields: [
      "artifact": Record.Field(.string), "name": Record.Field(.string), "size": Record.Field(.int),
      "media_type": Record.Field(.string),
    ]))

  static func common(_ types: [CELType]) -> CELType {
    guard let first = types.first, types.allSatisfy({ $0 == first }) else { return .dyn }
    return first
  }

  /// The type of a value that stands in the file.
  static func type(ofValue json: JSON) -> CELType {
    switch json {
    case .null: .null
    case .bool: .bool
    case .int: .int
    case .double: .double
    case .string: .string
    case .array(let items): .list(items.isEmpty ? .dyn : common(items.map(type(ofValue:))))
    case .object(let object):
      .record(
        Record(
          fields: Dictionary(
            object.map { ($0.key, Record.Field(type(ofValue: $0.value))) },
            uniquingKeysWith: { first, _ in first })))
    }
  }
}

/// Writes a valid value as its schema means it.
struct SchemaNormalizing {
  let rules: [SchemaRules]

  func normalized(_ value: JSON, by place: Int, depth: Int) -> JSON {
    guard depth < 128 else { return value }
    let rules = rules[place]
    var value = value
    if let reference = rules.reference { value = normalized(value, by: reference, depth: depth + 1) }
    for part in rules.allOf { value = normalized(value, by: part, depth: depth + 1) }
    switch value {
    case .int(let int):
      guard let kinds = rules.kinds, kinds.contains(.number), !kinds.contains(.integer) else { return value }
      return .double(Double(int))
    case .double(let double):
      guard let kinds = rules.kinds, kinds.contains(.integer), !kinds.contains(.number) else { return value }
      return Int64(exactly: double).map(JSON.int) ?? value
    case .array(let items):
      return .array(
        items.enumerated().map { index, item in
          let place = index < rules.prefixItems.count ? rules.prefixItems[index] : rules.items
          return place.map { normalized(item, by: $0, depth: depth + 1) } ?? item
        })
    case .object(let object): return .object(members(object, rules, depth: depth))
    case .null, .bool, .string: return value
    }
  }

  private func members(_ object: JSONObject, _ rules: SchemaRules, depth: Int) -> JSONObject {
    var result = object
    for (name, place) in rules.properties {
      if let value = object[name] {
        result[name] = normalized(value, by: place, depth: depth + 1)
      } else if let value = self.rules[place].defaultValue {
        result[name] = normalized(value, by: place, depth: depth + 1)
      }
    }
    guard let additional = rules.additionalProperties else { return result }
    for member in object where rules.property(member.key) == nil {
      let isMatched = rules.patternProperties.contains { $0.pattern.isFound(in: member.key) }
      if !isMatched { result[member.key] = normalized(member.value, by: additional, depth: depth + 1) }
    }
    return result
  }
}
