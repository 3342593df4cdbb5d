import Model

/// Reads the keywords of one subschema.
struct SchemaKeywords {
  /// The whole vocabulary; anything else is an error.
  static let vocabulary: [String] = [
    "type", "enum", "const", "properties", "patternProperties", "additionalProperties", "propertyNames",
    "required", "minProperties", "maxProperties", "items", "prefixItems", "minItems", "maxItems",
    "uniqueItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "format", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref",
    "$defs", "$schema", "$comment", "default", "title", "description", "examples", "deprecated",
    "media_type", "x-personal-data",
  ]

  let members: JSONObject
  let path: [String]
  var rules = SchemaRules()
  var reference: [String]?

  init(members: JSONObject, path: [String]) { (self.members, self.path) = (members, path) }

  mutating func read(with compiler: inout SchemaCompiler) {
    for member in members {
      let place = path + [member.key]
      switch readKeyword(member, at: place, with: &compiler) {
      case .done: break
      case .bad(let message): compiler.fault(place, message.english, pt: message.portuguese)
      case .unknown:
        let remedy = Suggestion.remedy(for: member.key, among: Self.vocabulary)
        compiler.fault(
          place,
          "\"\(member.key)\" is no keyword of our JSON Schema." + (remedy.map { " " + $0.english } ?? ""),
          pt: "\"\(member.key)\" não é uma palavra do nosso JSON Schema."
            + (remedy.map { " " + $0.portuguese } ?? ""))
      }
    }
    if rules.condition == nil, members["then"] != nil || members["else"] != nil {
      compiler.fault(path, "then and else need an if.", pt: "then e else precisam de um if.")
    }
    if let kinds = rules.kinds, rules.mediaType != nil, !kinds.contains(.artifact) {
      compiler.fault(path, "media_type goes with type: artifact.", pt: "media_type acompanha type: artifact.")
    }
  }

  private enum Outcome {
    case done
    case bad(Bilingual)
    case unknown
  }

  private mutating func readKeyword(
    _ member: JSONObject.Member, at place: [String], with compiler: inout SchemaCompiler
  ) -> Outcome {
    let value = member.value
    switch member.key {
    case "type": return readType(value)
    case "enum":
      guard let values = value.array, !values.isEmpty else {
        return .bad(Self.needs("a list of values", "uma lista de valores"))
      }
      rules.enumeration = values
    case "const": rules.constant = value
    case "default": rules.defaultValue = value
    case "$ref":
      reference = value.string.flatMap(JSONPointer.keys(ofFragment:))
      if reference == nil {
        return .bad(
          Self.needs(
            "a place in this schema such as #/$defs/name", "um lugar neste schema, como #/$defs/nome"))
      }
    case "media_type":
      guard let text = value.string else { return .bad(Self.text) }
      rules.mediaType = text
    case "title", "description", "$comment": return value.string == nil ? .bad(Self.text) : .done
    case "examples": return value.array == nil ? .bad(Self.list) : .done
    case "deprecated", "x-personal-data": return value.bool == nil ? .bad(Self.flag) : .done
    case "$schema":
      let draft = "https://json-schema.org/draft/2020-12/schema"
      return value.string == draft ? .done : .bad(Self.needs("\"\(draft)\"", "\"\(draft)\""))
    case "properties", "patternProperties", "additionalProperties", "propertyNames", "required",
      "minProperties", "maxProperties":
      return readObjectKeyword(member.key, value, at: place, with: &compiler)
    case "items", "prefixItems", "minItems", "maxItems", "uniqueItems":
      return readListKeyword(member.key, value, at: place, with: &compiler)
    case "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$defs":
      return readCombination(member.key, value, at: place, with: &compiler)
    default: return readScalarKeyword(member.key, value)
    }
    return .done
  }

  private mutating func readType(_ value: JSON) -> Outcome {
    let names = value.string.map { [$0] } ?? value.array?.map { $0.string ?? "" } ?? []
    let kinds = names.compactMap(SchemaRules.Kind.init(rawValue:))
    guard !kinds.isEmpty, kinds.count == names.count else {
      let known = SchemaRules.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      return .bad(Self.needs("one of \(known), or a list of them", "um entre \(known), ou uma lista deles"))
    }
    rules.kinds = kinds
    return .done
  }

  private mutating func readObjectKeyword(
    _ key: String, _ value: JSON, at place: [String], with compiler: inout SchemaCompiler
  ) -> Outcome {
    switch key {
    case "additionalProperties": rules.additionalProperties = compiler.add(value, at: place)
    case "propertyNames": rules.propertyNames = compiler.add(value, at: place)
    case "required":
      guard let names = value.array, names.allSatisfy({ $0.string != nil }) else { return .bad(Self.names) }
      rules.required = names.compactMap(\.string)
    case "minProperties", "maxProperties":
      guard let count = Self.count(value) else { return .bad(Self.counting) }
      if key == "minProperties" { rules.minProperties = count } else { rules.maxProperties = count }
    default:
      guard let object = value.object else { return .bad(Self.map) }
      for member in object {
        let rules = compiler.add(member.value, at: place + [member.key])
        if key == "properties" {
          self.rules.properties.append((member.key, rules))
        } else if let pattern = SchemaPattern(member.key) {
          self.rules.patternProperties.append((pattern, rules))
        } else {
          compiler.fault(
            place + [member.key], "this is not a regular expression of RE2.",
            pt: "isto não é uma expressão regular do RE2.")
        }
      }
    }
    return .done
  }

  private mutating func readListKeyword(
    _ key: String, _ value: JSON, at place: [String], with compiler: inout SchemaCompiler
  ) -> Outcome {
    switch key {
    case "items": rules.items = compiler.add(value, at: place)
    case "prefixItems":
      guard let list = value.array else { return .bad(Self.list) }
      for (index, item) in list.enumerated() {
        rules.prefixItems.append(compiler.add(item, at: place + [String(index)]))
      }
    case "uniqueItems":
      guard let flag = value.bool else { return .bad(Self.flag) }
      rules.uniqueItems = flag
    default:
      guard let count = Self.count(value) else { return .bad(Self.counting) }
      if key == "minItems" { rules.minItems = count } else { rules.maxItems = count }
    }
    return .done
  }

  private mutating func readCombination(
    _ key: String, _ value: JSON, at place: [String], with compiler: inout SchemaCompiler
  ) -> Outcome {
    switch key {
    case "not": rules.not = compiler.add(value, at: place)
    case "if":
      let condition = compiler.add(value, at: place)
      let then = members["then"].map { compiler.add($0, at: path + ["then"]) }
      let otherwise = members["else"].map { compiler.add($0, at: path + ["else"]) }
      rules.condition = SchemaRules.Condition(condition: condition, then: then, otherwise: otherwise)
    case "then", "else": break
    case "$defs":
      guard let object = value.object else { return .bad(Self.map) }
      for member in object { _ = compiler.add(member.value, at: place + [member.key]) }
    default:
      guard let list = value.array, !list.isEmpty else { return .bad(Self.list) }
      var all: [Int] = []
      for (index, item) in list.enumerated() { all.append(compiler.add(item, at: place + [String(index)])) }
      if key == "allOf" {
        rules.allOf = all
      } else if key == "anyOf" {
        rules.anyOf = all
      } else {
        rules.oneOf = all
      }
    }
    return .done
  }

  private mutating func readScalarKeyword(_ key: String, _ value: JSON) -> Outcome {
    switch key {
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
      guard let number = value.number else { return .bad(Self.needs("a number", "um número")) }
      if key == "multipleOf", number <= 0 {
        return .bad(Self.needs("a number above 0", "um número acima de 0"))
      }
      let bound = SchemaRules.Bound(value: number, json: value)
      switch key {
      case "minimum": rules.minimum = bound
      case "maximum": rules.maximum = bound
      case "exclusiveMinimum": rules.exclusiveMinimum = bound
      case "exclusiveMaximum": rules.exclusiveMaximum = bound
      default: rules.multipleOf = bound
      }
    case "minLength", "maxLength":
      guard let count = Self.count(value) else { return .bad(Self.counting) }
      if key == "minLength" { rules.minLength = count } else { rules.maxLength = count }
    case "pattern":
      guard let pattern = value.string.flatMap(SchemaPattern.init) else {
        return .bad(Self.needs("a regular expression of RE2", "uma expressão regular do RE2"))
      }
      rules.pattern = pattern
    case "format":
      guard let format = value.string.flatMap(SchemaFormat.init(rawValue:)) else {
        let known = SchemaFormat.allCases.map(\.rawValue).joined(separator: ", ")
        return .bad(Self.needs("one of \(known)", "um entre \(known)"))
      }
      rules.format = format
    default: return .unknown
    }
    return .done
  }

  private static func count(_ value: JSON) -> Int? { value.int.flatMap { $0 >= 0 ? Int($0) : nil } }

  private static func needs(_ english: String, _ portuguese: String) -> Bilingual {
    Bilingual("this must be \(english).", pt: "isto deve ser \(portuguese).")
  }
  private static let text = needs("text", "um texto")
  private static let list = needs("a list", "uma lista")
  private static let map = needs("a map", "um mapa")
  private static let flag = needs("true or false", "true ou false")
  private static let names = needs("a list of names", "uma lista de nomes")
  private static let counting = needs("a whole number from 0 up", "um número inteiro a partir de 0")
}
