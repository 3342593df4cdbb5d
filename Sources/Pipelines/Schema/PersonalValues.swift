public import Model

// What is about a person.
extension JSONSchema {
  /// The texts and numbers of a value that stand below `x-personal-data: true`, wherever the schema says it:
  /// in the order of the value, and each as often as it stands there. Names of members are none of them.
  public func personalValues(in value: JSON) -> [JSON] {
    var reading = PersonalReading(root: json)
    reading.read(value, by: json, depth: 0)
    return reading.found
  }

  /// Whether the mark stands anywhere in it.
  public var marksPersonalData: Bool { PersonalReading.isMarked(json) }
}

/// Goes through a value and its schema together.
private struct PersonalReading {
  let root: JSON
  var found: [JSON] = []

  /// Steps into a schema, those through `$ref` included.
  private static let deepest = 512
  private static let sameValue = ["allOf", "anyOf", "oneOf"]

  init(root: JSON) { self.root = root }

  static func isMarked(_ schema: JSON) -> Bool {
    switch schema {
    case .object(let object):
      object["x-personal-data"]?.bool == true || object.contains { isMarked($0.value) }
    case .array(let items): items.contains { isMarked($0) }
    case .null, .bool, .int, .double, .string: false
    }
  }

  mutating func read(_ value: JSON, by schema: JSON, depth: Int) {
    guard depth < Self.deepest, let rules = schema.object else { return }
    if rules["x-personal-data"]?.bool == true { return collect(value) }
    if let target = rules["$ref"]?.string.flatMap({ place(of: $0) }) {
      read(value, by: target, depth: depth + 1)
    }
    for keyword in Self.sameValue {
      for choice in rules[keyword]?.array ?? [] { read(value, by: choice, depth: depth + 1) }
    }
    for keyword in ["then", "else"] {
      if let rule = rules[keyword] { read(value, by: rule, depth: depth + 1) }
    }
    switch value {
    case .object(let object): read(object, rules, depth)
    case .array(let items): read(items, rules, depth)
    case .null, .bool, .int, .double, .string: break
    }
  }

  private mutating func read(_ object: JSONObject, _ rules: JSONObject, _ depth: Int) {
    for member in object {
      if let rule = rules["properties"]?[member.key] ?? rules["additionalProperties"] {
        read(member.value, by: rule, depth: depth + 1)
      }
      // Whether the pattern fits is not asked: too much is marked rather than too little.
      for pattern in rules["patternProperties"]?.object ?? JSONObject() {
        read(member.value, by: pattern.value, depth: depth + 1)
      }
    }
  }

  private mutating func read(_ items: [JSON], _ rules: JSONObject, _ depth: Int) {
    let first = rules["prefixItems"]?.array ?? []
    for (place, item) in items.enumerated() {
      let rule = place < first.count ? first[place] : rules["items"]
      if let rule { read(item, by: rule, depth: depth + 1) }
    }
  }

  private func place(of reference: String) -> JSON? {
    guard var keys = JSONPointer.keys(ofFragment: reference)?[...] else { return nil }
    var schema = root
    while let key = keys.popFirst() {
      let next = schema.array.flatMap { items in
        Int(key).flatMap { items.indices.contains($0) ? items[$0] : nil }
      }
      guard let found = next ?? schema[key] else { return nil }
      schema = found
    }
    return schema
  }

  private mutating func collect(_ value: JSON) {
    switch value {
    case .string, .int, .double: found.append(value)
    case .array(let items): for item in items { collect(item) }
    case .object(let object): for member in object { collect(member.value) }
    case .null, .bool: break
    }
  }
}
