import Expressions
import Model

/// Holds a value of the file to a schema: its literal parts by value, its expressions by type.
struct ValueChecker {
  let typer: Typer
  /// The code of a literal that does not fit.
  let code: String
  /// Where a missing member is reported; nil: at the map that lacks it.
  var missingAt: Range<Int>?

  private var report: Report { typer.draft.report }

  init(typer: Typer, code: String, missingAt: Range<Int>? = nil) {
    (self.typer, self.code, self.missingAt) = (typer, code, missingAt)
  }

  func check(_ value: TemplateDraft, _ schema: JSONSchema, path: String) {
    check(value, schema, 0, path: path, depth: 0)
  }

  private func check(_ value: TemplateDraft, _ schema: JSONSchema, _ place: Int, path: String, depth: Int) {
    if let json = value.json {
      _ = typer.template(value)
      for violation in schema.violations(in: json, from: place) {
        tell(violation, in: value, schema, place, path)
      }
      return
    }
    let rules = schema.rules[place]
    if let reference = rules.reference, depth < 64 {
      return check(value, schema, reference, path: path, depth: depth + 1)
    }
    switch value {
    case .map(let members, let span):
      checkKind(.object, rules, value, path)
      checkMembers(members, span, schema, rules, path: path, depth: depth)
    case .list(let items, _):
      checkKind(.array, rules, value, path)
      for (index, item) in items.enumerated() {
        let next = index < rules.prefixItems.count ? rules.prefixItems[index] : rules.items
        let place = "\(path)[\(index)]"
        if let next {
          check(item, schema, next, path: place, depth: depth + 1)
        } else {
          _ = typer.template(item)
        }
      }
    case .expression(let site, _):
      let type = typer.template(value)
      let wanted = SchemaTypes(rules: schema.rules).type(of: place)
      if case .optional = type { return }
      if !fits(type, rules, wanted) { typer.wrongType(type, wantedWord(rules, wanted), site: site) }
    case .text:
      _ = typer.template(value)
      checkKind(.string, rules, value, path)
    case .literal: break
    }
  }

  private func fits(_ type: CELType, _ rules: SchemaRules, _ wanted: CELType) -> Bool {
    guard let kinds = rules.kinds, kinds.count > 1 else { return type.assignable(to: wanted) }
    return kinds.contains { kind in
      switch kind {
      case .null: type == .null || type == .dyn
      case .boolean: type.assignable(to: .bool)
      case .integer: type.assignable(to: .int)
      case .number: type.assignable(to: .double)
      case .string: type.assignable(to: .string)
      case .array: type.assignable(to: .list(.dyn))
      case .object, .artifact: Assignability.isMap(type)
      }
    }
  }

  private func wantedWord(_ rules: SchemaRules, _ wanted: CELType) -> Bilingual {
    rules.kinds.map(SchemaKinds.words) ?? TypeWords.word(wanted)
  }

  private func checkKind(
    _ kind: SchemaRules.Kind, _ rules: SchemaRules, _ value: TemplateDraft, _ path: String
  ) {
    guard let kinds = rules.kinds, !kinds.contains(kind) else { return }
    if kind == .object, kinds.contains(.artifact) { return }
    let (wanted, given) = (SchemaKinds.words(kinds), SchemaKinds.words([kind]))
    report.error(
      code, at: value.span, path: path,
      Bilingual(
        "this must be \(wanted.english), not \(given.english).",
        pt: "isto deve ser \(wanted.portuguese), não \(given.portuguese)."))
  }

  private func checkMembers(
    _ members: [TemplateDraft.Member], _ span: Range<Int>, _ schema: JSONSchema, _ rules: SchemaRules,
    path: String, depth: Int
  ) {
    for name in rules.required where !members.contains(where: { ScalarString($0.key) == ScalarString(name) })
    {
      report.missingKey(name, at: depth == 0 ? missingAt ?? span : span, path: path)
    }
    for member in members {
      let place = "\(path).\(member.key)"
      let patterns = rules.patternProperties.filter { $0.pattern.isFound(in: member.key) }.map(\.rules)
      let next = rules.property(member.key) ?? patterns.first ?? rules.additionalProperties
      guard let next else {
        _ = typer.template(member.value)
        continue
      }
      if schema.rules[next].refusesAll {
        report.unknownKey(member.key, at: member.keySpan, path: place, among: rules.properties.map(\.name))
        _ = typer.template(member.value)
      } else {
        check(member.value, schema, next, path: place, depth: depth + 1)
      }
    }
  }

  private func tell(
    _ violation: SchemaViolation, in value: TemplateDraft, _ schema: JSONSchema, _ place: Int, _ path: String
  ) {
    let found = value.following(violation.path)
    let steps = violation.path.map { Int($0) == nil ? "." + $0 : "[\($0)]" }.joined()
    switch violation.kind {
    case .missing(let name):
      let isTop = violation.path.isEmpty
      report.missingKey(name, at: isTop ? missingAt ?? found.span : found.span, path: path + steps)
    case .unknown(let name):
      let names = schema.propertyNames(at: Array(violation.path.dropLast()), from: place)
      report.unknownKey(name, at: found.keySpan ?? found.span, path: path + steps, among: names)
    case .other: report.error(code, at: found.span, path: path + steps, violation.message)
    }
  }
}

extension TemplateDraft {
  /// The part that a path leads to, with the key that names it.
  func following(_ path: [String]) -> (span: Range<Int>, keySpan: Range<Int>?) {
    var (current, keySpan) = (self, Range<Int>?.none)
    for step in path {
      switch current {
      case .map(let members, _):
        guard let member = members.first(where: { ScalarString($0.key) == ScalarString(step) }) else {
          return (current.span, nil)
        }
        (current, keySpan) = (member.value, member.keySpan)
      case .list(let items, _):
        guard let index = Int(step), items.indices.contains(index) else { return (current.span, nil) }
        (current, keySpan) = (items[index], nil)
      case .literal, .expression, .text: return (current.span, nil)
      }
    }
    return (current.span, keySpan)
  }
}

extension JSONSchema {
  /// What a part of the schema says of a value.
  func violations(in value: JSON, from place: Int) -> [SchemaViolation] {
    var validation = SchemaValidation(rules: rules)
    return validation.violations(of: value, from: place)
  }

  /// The names of the properties that may stand in a map, for suggestions.
  func propertyNames(at path: [String], from place: Int) -> [String] {
    var rules = self.rules[place]
    for step in path {
      if let reference = rules.reference { rules = self.rules[reference] }
      guard let next = rules.property(step) ?? rules.items ?? rules.additionalProperties else { return [] }
      rules = self.rules[next]
    }
    if let reference = rules.reference { rules = self.rules[reference] }
    return rules.properties.map(\.name)
  }
}
