import Model

/// What of a value a schema does not take. The vocabulary is that which `Schema` writes.
///
/// A `$ref` is not followed: the type that it names judges what it reads itself, and null is never of it.
enum SchemaCheck {
  static func fault(of value: JSON, by schema: JSON, at pointer: String) -> WireError? {
    guard case .object(let rules) = schema else { return nil }
    if rules["$ref"] != nil { return value.isNull ? wrong(pointer, word(of: "object")) : nil }
    if let choices = (rules["anyOf"] ?? rules["oneOf"])?.array {
      let faults = choices.map { fault(of: value, by: $0, at: pointer) }
      return faults.contains(where: { $0 == nil }) ? nil : faults.first ?? nil
    }
    if let types = rules["type"], !isOf(types, value) { return wrong(pointer, expected(types)) }
    if let words = rules["enum"]?.array, !words.contains(value) {
      let list = words.map { $0.string ?? $0.text }.joined(separator: ", ")
      return wrong(pointer, Bilingual("one of: \(list)", pt: "um destes: \(list)"))
    }
    return switch value {
    case .null, .bool: nil
    case .int(let number): faultOf(number: Double(number), rules, at: pointer)
    case .double(let number): faultOf(number: number, rules, at: pointer)
    case .string(let text): fault(ofText: text, rules, at: pointer)
    case .array(let items): fault(ofList: items, rules, at: pointer)
    case .object(let object): fault(ofObject: object, rules, at: pointer)
    }
  }

  private static func isOf(_ types: JSON, _ value: JSON) -> Bool {
    (types.array ?? [types]).contains { type in
      switch (type.string ?? "", value) {
      case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object),
        ("integer", .int), ("number", .int), ("number", .double):
        true
      case ("integer", .double(let number)): Int64(exactly: number) != nil
      case (_, _): false
      }
    }
  }

  private static func faultOf(number: Double, _ rules: JSONObject, at pointer: String) -> WireError? {
    let (least, most) = (rules["minimum"], rules["maximum"])
    if let least = least?.number, number < least { return wrong(pointer, range(rules)) }
    if let most = most?.number, number > most { return wrong(pointer, range(rules)) }
    return nil
  }

  private static func fault(ofText text: String, _ rules: JSONObject, at pointer: String) -> WireError? {
    let length = text.unicodeScalars.count
    if let least = rules["minLength"]?.int, length < least { return wrong(pointer, lengths(rules)) }
    if let most = rules["maxLength"]?.int, length > most { return wrong(pointer, lengths(rules)) }
    if let form = rules["pattern"]?.string.flatMap(TextForm.init(rawValue:)), !form.accepts(text) {
      return wrong(pointer, form.words)
    }
    if rules["format"]?.string == "date-time", Timestamp(rfc3339: text) == nil {
      return wrong(
        pointer, Bilingual("a time such as 2026-11-20T09:00:00Z", pt: "uma hora como 2026-11-20T09:00:00Z"))
    }
    return nil
  }

  private static func fault(ofList items: [JSON], _ rules: JSONObject, at pointer: String) -> WireError? {
    if let least = rules["minItems"]?.int, items.count < least {
      return wrong(pointer, Bilingual("a list of at least \(least)", pt: "uma lista de ao menos \(least)"))
    }
    if let most = rules["maxItems"]?.int, items.count > most {
      return wrong(pointer, Bilingual("a list of at most \(most)", pt: "uma lista de no máximo \(most)"))
    }
    guard let element = rules["items"] else { return nil }
    for (index, item) in items.enumerated() {
      if let fault = fault(of: item, by: element, at: "\(pointer)/\(index)") { return fault }
    }
    return nil
  }

  private static func fault(
    ofObject object: JSONObject, _ rules: JSONObject, at pointer: String
  ) -> WireError? {
    for name in rules["required"]?.array ?? [] {
      if let name = name.string, object[name] == nil {
        return WireError(
          "\(pointer)/\(name)", Bilingual("\"\(name)\" is missing.", pt: "Falta \"\(name)\"."))
      }
    }
    if let most = rules["maxProperties"]?.int, object.count > most {
      return wrong(pointer, Bilingual("at most \(most) members", pt: "no máximo \(most) membros"))
    }
    let properties = rules["properties"]?.object ?? JSONObject()
    for member in object {
      let place = "\(pointer)/\(escaped(member.key))"
      if let names = rules["propertyNames"], fault(of: .string(member.key), by: names, at: place) != nil {
        let form = names["pattern"]?.string.flatMap(TextForm.init(rawValue:))
        return wrong(place, form?.words ?? word(of: "string"))
      }
      guard let schema = properties[member.key] ?? rules["additionalProperties"] else { continue }
      if schema.bool == false { return unknown(member.key, properties.keys, at: place) }
      if let fault = fault(of: member.value, by: schema, at: place) { return fault }
    }
    return nil
  }
}

extension SchemaCheck {
  private static func escaped(_ key: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in key.unicodeScalars {
      switch scalar {
      case "~": text.append(contentsOf: "~0".unicodeScalars)
      case "/": text.append(contentsOf: "~1".unicodeScalars)
      case _: text.append(scalar)
      }
    }
    return String(text)
  }

  private static func unknown(_ name: String, _ known: [String], at pointer: String) -> WireError {
    let list = known.joined(separator: ", ")
    return WireError(
      pointer,
      known.isEmpty
        ? Bilingual("\"\(name)\" is not taken here.", pt: "\"\(name)\" não é aceito aqui.")
        : Bilingual(
          "\"\(name)\" is not taken here. There are: \(list).",
          pt: "\"\(name)\" não é aceito aqui. Existem: \(list)."))
  }

  static func wrong(_ pointer: String, _ expected: Bilingual) -> WireError {
    guard !pointer.isEmpty else {
      return WireError(
        "",
        Bilingual(
          "\(expected.english.sentenceCase) was expected here.",
          pt: "Aqui se esperava \(expected.portuguese)."))
    }
    let parts = pointer.split(separator: "/")
    let name = String(parts.last(where: { Int($0) == nil }) ?? "")
    return WireError(
      pointer,
      Bilingual(
        "\"\(name)\" must be \(expected.english).", pt: "\"\(name)\" deve ser \(expected.portuguese)."))
  }

  private static func expected(_ types: JSON) -> Bilingual {
    let words = (types.array ?? [types]).map { word(of: $0.string ?? "") }
    return Bilingual(
      words.map(\.english).joined(separator: " or "), pt: words.map(\.portuguese).joined(separator: " ou "))
  }

  private static func word(of type: String) -> Bilingual {
    switch type {
    case "string": Bilingual("text", pt: "texto")
    case "integer": Bilingual("a whole number", pt: "um inteiro")
    case "number": Bilingual("a number", pt: "um número")
    case "boolean": Bilingual("true or false", pt: "true ou false")
    case "array": Bilingual("a list", pt: "uma lista")
    case "object": Bilingual("an object", pt: "um objeto")
    case _: Bilingual("null", pt: "null")
    }
  }

  private static func range(_ rules: JSONObject) -> Bilingual {
    guard let most = rules["maximum"]?.int else {
      let least = rules["minimum"]?.int ?? 0
      return Bilingual("at least \(least)", pt: "no mínimo \(least)")
    }
    let least = rules["minimum"]?.int ?? .min
    return Bilingual("from \(least) to \(most)", pt: "de \(least) a \(most)")
  }

  private static func lengths(_ rules: JSONObject) -> Bilingual {
    let (least, most) = (rules["minLength"]?.int ?? 0, rules["maxLength"]?.int ?? .max)
    return most == .max
      ? Bilingual("at least \(least) characters long", pt: "de no mínimo \(least) caracteres")
      : Bilingual("\(least) to \(most) characters long", pt: "de \(least) a \(most) caracteres")
  }
}

extension String {
  /// With a capital at its front.
  fileprivate var sentenceCase: String { prefix(1).uppercased() + dropFirst() }
}
