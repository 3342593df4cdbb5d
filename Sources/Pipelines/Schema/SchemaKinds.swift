import Model

/// How JSON values are told apart and compared by a schema, for which 1 and 1.0 are one number.
enum SchemaKinds {
  static func matches(_ value: JSON, _ kind: SchemaRules.Kind) -> Bool {
    switch (kind, value) {
    case (.null, .null), (.boolean, .bool), (.string, .string), (.array, .array), (.object, .object): true
    case (.artifact, .object), (.number, .int), (.number, .double), (.integer, .int): true
    case (.integer, .double(let double)): double.isFinite && double.rounded() == double
    case (.null, _), (.boolean, _), (.string, _), (.array, _), (.object, _), (.artifact, _), (.number, _),
      (.integer, _):
      false
    }
  }

  static func words(_ kinds: [SchemaRules.Kind]) -> Bilingual {
    let words = kinds.map(word)
    return Bilingual(
      words.map(\.english).joined(separator: " or "), pt: words.map(\.portuguese).joined(separator: " ou "))
  }

  static func word(of value: JSON) -> Bilingual {
    switch value {
    case .null: word(.null)
    case .bool: word(.boolean)
    case .int: word(.integer)
    case .double: word(.number)
    case .string: word(.string)
    case .array: word(.array)
    case .object: word(.object)
    }
  }

  private static func word(_ kind: SchemaRules.Kind) -> Bilingual {
    switch kind {
    case .null: Bilingual("null", pt: "null")
    case .boolean: Bilingual("true or false", pt: "true ou false")
    case .integer: Bilingual("a whole number", pt: "um número inteiro")
    case .number: Bilingual("a number", pt: "um número")
    case .string: Bilingual("text", pt: "um texto")
    case .array: Bilingual("a list", pt: "uma lista")
    case .object: Bilingual("a map", pt: "um mapa")
    case .artifact: Bilingual("an artifact", pt: "um artefato")
    }
  }

  /// The same value with every whole `double` that fits written as `int`.
  static func canonical(_ value: JSON) -> JSON {
    switch value {
    case .double(let double): Int64(exactly: double).map(JSON.int) ?? value
    case .array(let items): .array(items.map(canonical))
    case .object(let object): .object(JSONObject(object.map { ($0.key, canonical($0.value)) }))
    case .null, .bool, .int, .string: value
    }
  }

  /// Exact for two integers, which lose digits as doubles.
  static func isLess(_ left: JSON, _ right: JSON) -> Bool {
    if case .int(let a) = left, case .int(let b) = right { return a < b }
    return (left.number ?? 0) < (right.number ?? 0)
  }

  static func isMultiple(_ value: JSON, _ number: Double, of bound: SchemaRules.Bound) -> Bool {
    if case .int(let a) = value, case .int(let b) = bound.json { return a % b == 0 }
    let quotient = number / bound.value
    guard quotient.isFinite else { return false }
    // 0.3 is a multiple of 0.1 for people, though not for doubles.
    return abs(quotient - quotient.rounded()) <= abs(quotient).ulp * 4
  }
}
