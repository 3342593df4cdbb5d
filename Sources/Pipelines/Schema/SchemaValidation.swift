import Model

/// Judges one value. Its work is bounded: a schema that would take too long refuses the value.
struct SchemaValidation {
  static let maxVisits = 1_000_000
  static let maxViolations = 100

  let rules: [SchemaRules]
  private var found: [SchemaViolation] = []
  private var visits = 0
  private var path: [String] = []

  init(rules: [SchemaRules]) { self.rules = rules }

  mutating func violations(of value: JSON, from place: Int = 0) -> [SchemaViolation] {
    check(value, place)
    if visits > Self.maxVisits {
      return [
        SchemaViolation(at: [], Bilingual("judging this takes too long.", pt: "avaliar isto demora demais."))
      ]
    }
    return found
  }

  private mutating func report(_ english: String, pt portuguese: String) {
    report(.other, english, pt: portuguese)
  }

  private mutating func report(_ kind: SchemaViolation.Kind, _ english: String, pt portuguese: String) {
    guard found.count < Self.maxViolations else { return }
    found.append(SchemaViolation(kind, at: path, Bilingual(english, pt: portuguese)))
  }

  /// Whether the value is valid, without a word about why not.
  private mutating func isValid(_ value: JSON, _ place: Int) -> Bool {
    let before = found
    found = []
    defer { found = before }
    check(value, place)
    return found.isEmpty
  }

  private mutating func check(_ value: JSON, at key: String, _ place: Int) {
    path.append(key)
    check(value, place)
    path.removeLast()
  }

  private mutating func check(_ value: JSON, _ place: Int) {
    visits += 1
    guard visits <= Self.maxVisits else {
      if found.isEmpty { report("judging this takes too long.", pt: "avaliar isto demora demais.") }
      return
    }
    let rules = rules[place]
    if rules.refusesAll { return report("nothing is allowed here.", pt: "nada é permitido aqui.") }
    guard checkKind(value, rules) else { return }
    checkListed(value, rules)
    switch value {
    case .string(let text): checkText(text, rules)
    case .int, .double: checkNumber(value, rules)
    case .array(let items): checkItems(items, rules)
    case .object(let object): checkMembers(object, rules)
    case .null, .bool: break
    }
    checkCombinations(value, rules)
  }

  private mutating func checkKind(_ value: JSON, _ rules: SchemaRules) -> Bool {
    guard let kinds = rules.kinds else { return true }
    if kinds.contains(where: { SchemaKinds.matches(value, $0) }) {
      if kinds.contains(.artifact), let object = value.object, !kinds.contains(.object) {
        checkArtifact(object, mediaType: rules.mediaType)
      }
      return true
    }
    let (wanted, given) = (SchemaKinds.words(kinds), SchemaKinds.word(of: value))
    report(
      "this must be \(wanted.english), not \(given.english).",
      pt: "isto deve ser \(wanted.portuguese), não \(given.portuguese).")
    return false
  }

  private mutating func checkArtifact(_ object: JSONObject, mediaType: String?) {
    let hash = object["artifact"]?.string ?? ""
    let isHash = hash.utf8.count == 64 && hash.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    let hasAll =
      object["name"]?.string != nil && (object["size"]?.int ?? -1) >= 0
      && object["media_type"]?.string != nil
    guard isHash, hasAll else {
      return report(
        "this must be the handle of an artifact: artifact (its SHA-256), name, size and media_type.",
        pt: "isto deve ser a referência de um artefato: artifact (o SHA-256), name, size e media_type.")
    }
    if let mediaType, let given = object["media_type"]?.string, given != mediaType {
      report(
        "the artifact must be \(mediaType), not \(given).",
        pt: "o artefato deve ser \(mediaType), não \(given).")
    }
  }

  private mutating func checkListed(_ value: JSON, _ rules: SchemaRules) {
    if rules.constant == nil && rules.enumeration == nil { return }
    let plain = SchemaKinds.canonical(value)
    if let constant = rules.constant, SchemaKinds.canonical(constant) != plain {
      report("this must be \(constant.text).", pt: "isto deve ser \(constant.text).")
    }
    if let values = rules.enumeration, !values.contains(where: { SchemaKinds.canonical($0) == plain }) {
      let list = values.prefix(20).map(\.text).joined(separator: ", ") + (values.count > 20 ? ", …" : "")
      report("this must be one of \(list).", pt: "isto deve ser um destes: \(list).")
    }
  }

  private mutating func checkText(_ text: String, _ rules: SchemaRules) {
    if rules.minLength != nil || rules.maxLength != nil {
      let length = text.unicodeScalars.count
      if let least = rules.minLength, length < least {
        report(
          "the text needs at least \(least) characters.",
          pt: "o texto precisa de pelo menos \(least) caracteres.")
      }
      if let most = rules.maxLength, length > most {
        report("the text has at most \(most) characters.", pt: "o texto tem no máximo \(most) caracteres.")
      }
    }
    if let pattern = rules.pattern, !pattern.isFound(in: text) {
      report("the text must match \(pattern.source).", pt: "o texto deve corresponder a \(pattern.source).")
    }
    if let format = rules.format, !format.accepts(text) {
      report(
        "the text is not valid as \(format.rawValue).", pt: "o texto não é válido como \(format.rawValue).")
    }
  }

  private mutating func checkNumber(_ value: JSON, _ rules: SchemaRules) {
    guard let number = value.number else { return }
    if let bound = rules.minimum, SchemaKinds.isLess(value, bound.json) {
      report(
        "the number must be at least \(bound.json.text).",
        pt: "o número deve ser pelo menos \(bound.json.text).")
    }
    if let bound = rules.maximum, SchemaKinds.isLess(bound.json, value) {
      report(
        "the number must be at most \(bound.json.text).",
        pt: "o número deve ser no máximo \(bound.json.text).")
    }
    if let bound = rules.exclusiveMinimum, !SchemaKinds.isLess(bound.json, value) {
      report(
        "the number must be above \(bound.json.text).", pt: "o número deve ser maior que \(bound.json.text).")
    }
    if let bound = rules.exclusiveMaximum, !SchemaKinds.isLess(value, bound.json) {
      report(
        "the number must be below \(bound.json.text).", pt: "o número deve ser menor que \(bound.json.text).")
    }
    if let bound = rules.multipleOf, !SchemaKinds.isMultiple(value, number, of: bound) {
      report(
        "the number must be a multiple of \(bound.json.text).",
        pt: "o número deve ser múltiplo de \(bound.json.text).")
    }
  }

  private mutating func checkItems(_ items: [JSON], _ rules: SchemaRules) {
    if let least = rules.minItems, items.count < least {
      report("the list needs at least \(least) items.", pt: "a lista precisa de pelo menos \(least) itens.")
    }
    if let most = rules.maxItems, items.count > most {
      report("the list has at most \(most) items.", pt: "a lista tem no máximo \(most) itens.")
    }
    if rules.uniqueItems, Set(items.map(SchemaKinds.canonical)).count < items.count {
      report("the items of the list must differ.", pt: "os itens da lista devem ser diferentes.")
    }
    for (index, item) in items.enumerated() {
      let place = index < rules.prefixItems.count ? rules.prefixItems[index] : rules.items
      if let place { check(item, at: String(index), place) }
    }
  }

  private mutating func checkMembers(_ object: JSONObject, _ rules: SchemaRules) {
    for name in rules.required where object[name] == nil {
      report(.missing(name), "\"\(name)\" is missing.", pt: "falta \"\(name)\".")
    }
    if let least = rules.minProperties, object.count < least {
      report("at least \(least) members are needed.", pt: "são necessários pelo menos \(least) membros.")
    }
    if let most = rules.maxProperties, object.count > most {
      report("at most \(most) members are allowed.", pt: "são permitidos no máximo \(most) membros.")
    }
    for member in object {
      if let names = rules.propertyNames { check(.string(member.key), at: member.key, names) }
      let matching = rules.patternProperties.filter { $0.pattern.isFound(in: member.key) }.map(\.rules)
      let places = (rules.property(member.key).map { [$0] } ?? []) + matching
      for place in places { check(member.value, at: member.key, place) }
      guard places.isEmpty, let additional = rules.additionalProperties else { continue }
      if self.rules[additional].refusesAll {
        path.append(member.key)
        report(
          .unknown(member.key), "the key \"\(member.key)\" is not known here.",
          pt: "a chave \"\(member.key)\" não é conhecida aqui.")
        path.removeLast()
      } else {
        check(member.value, at: member.key, additional)
      }
    }
  }

  private mutating func checkCombinations(_ value: JSON, _ rules: SchemaRules) {
    if let reference = rules.reference { check(value, reference) }
    for place in rules.allOf { check(value, place) }
    if !rules.anyOf.isEmpty, !rules.anyOf.contains(where: { isValid(value, $0) }) {
      report(
        "this fits none of the allowed forms.", pt: "isto não corresponde a nenhuma das formas permitidas.")
    }
    if !rules.oneOf.isEmpty {
      let count = rules.oneOf.count { isValid(value, $0) }
      if count == 0 {
        report(
          "this fits none of the allowed forms.", pt: "isto não corresponde a nenhuma das formas permitidas.")
      }
      if count > 1 {
        report(
          "this fits \(count) forms; it must fit one.",
          pt: "isto corresponde a \(count) formas; deve corresponder a uma.")
      }
    }
    if let place = rules.not, isValid(value, place) {
      report("this form is not allowed.", pt: "esta forma não é permitida.")
    }
    if let condition = rules.condition {
      let next = isValid(value, condition.condition) ? condition.then : condition.otherwise
      if let next { check(value, next) }
    }
  }
}
