import Expressions
import Model

/// The types of the parts: single expressions, templates, times and counts.
extension Typer {
  func condition(_ site: Int) {
    let type = expression(site)
    if type != .bool, type != .dyn {
      wrongType(type, Bilingual("true or false", pt: "true ou false"), site: site)
    }
  }

  func timing(_ timing: TimingDraft) {
    guard case .computed(let site) = timing else { return }
    let type = expression(site)
    if ![.duration, .string, .dyn].contains(type) {
      wrongType(
        type, Bilingual("a duration, or text such as 5m", pt: "uma duração, ou um texto como 5m"), site: site)
    }
  }

  func count(_ count: CountDraft) {
    guard case .computed(let site) = count else { return }
    let type = expression(site)
    if ![.int, .uint, .dyn].contains(type) {
      wrongType(type, Bilingual("a whole number", pt: "um número inteiro"), site: site)
    }
  }

  /// A key: text, or what turns into it.
  func text(_ template: TemplateDraft) {
    let type = self.template(template)
    guard case .expression(let site, _) = template else { return }
    if !Assignability.isPrintable(type) { wrongType(type, Bilingual("text", pt: "um texto"), site: site) }
  }

  func template(_ template: TemplateDraft) -> CELType {
    switch template {
    case .literal(let json, _): return SchemaTypes.type(ofValue: json)
    case .expression(let site, _):
      let type = expression(site)
      if case .optional = type {
        wrongType(type, Bilingual("a value", pt: "um valor"), site: site, remedy: Self.orValue)
        return .dyn
      }
      return type
    case .text(let parts, _):
      for case .expression(let site) in parts {
        let type = expression(site)
        guard !Assignability.isPrintable(type) else { continue }
        wrongType(
          type,
          Bilingual(
            "text, a number, true or false, or a time, to stand in a text",
            pt: "um texto, um número, true ou false, ou um momento, para estar num texto"),
          site: site, remedy: { if case .optional = type { Self.orValue } else { nil } }())
      }
      return .string
    case .list(let items, _):
      let types = items.map { self.template($0) }
      return .list(types.isEmpty ? .dyn : SchemaTypes.common(types))
    case .map(let members, _):
      let fields = members.map { ($0.key, Record.Field(self.template($0.value))) }
      return .record(Record(fields: Dictionary(fields, uniquingKeysWith: { first, _ in first })))
    }
  }

  private static let orValue = Bilingual(
    "Add .orValue(…) to say what stands there when it is absent.",
    pt: "Acrescente .orValue(…) para dizer o que vale quando estiver ausente.")

  /// Types one expression, once.
  func expression(_ index: Int) -> CELType {
    let site = draft.sites[index]
    if site.bound != nil { return site.type }
    guard let parsed = site.parsed else { return .dyn }
    var (types, references) = ([String: CELType](), [String: Reference]())
    for (name, type, reference) in site.variables {
      types[name] = draft.type(type)
      references[name] = reference
    }
    let allowsRandom: Bool
    switch site.view.part {
    case .key, .variable: allowsRandom = true
    case .inputDefault, .body, .outputs, .trigger, .identity, .enabled: allowsRandom = false
    }
    do throws(ExpressionErrors) {
      let expression = try parsed.compile(
        in: Environment(variables: types, zones: draft.zones, allowsRandom: allowsRandom))
      draft.sites[index].type = expression.type
      draft.sites[index].bound = BoundExpression(
        expression: expression, references: expression.variables.map { references[$0] ?? .now })
      return expression.type
    } catch {
      for fault in error.all { tell(fault, of: site) }
      draft.sites[index].parsed = nil
      return .dyn
    }
  }

  private func tell(_ fault: ExpressionError, of site: Site) {
    var remedy: Bilingual?
    if fault.kind == .unknownName, !draft.report.isFull {
      let source = Array(site.node.text.utf8)
      let range = fault.range.lowerBound + site.offset..<fault.range.upperBound + site.offset
      if range.upperBound <= source.count {
        let name = String(decoding: source[range], as: UTF8.self)
        remedy =
          Self.namesOfSecrets.contains(name)
          ? Self.secretsAreNoValues : Suggestion.remedy(for: name, among: draft.visibleNames(site.view))
      }
    }
    draft.tell(fault, of: site, remedy: remedy)
  }

  /// What other systems call them.
  private static let namesOfSecrets: Set = ["credential", "credentials", "secret", "secrets", "connections"]
  private static let secretsAreNoValues = Bilingual(
    "A secret is no value of an expression. Write `credential: NAME` on the step; see docs/credentials.md.",
    pt: "Um segredo não é valor de expressão. Ponha `credential: NOME` no passo: docs/credentials.pt-BR.md.")

  func wrongType(_ type: CELType, _ wanted: Bilingual, of template: TemplateDraft, path: String) {
    if case .expression(let site, _) = template { return wrongType(type, wanted, site: site) }
    let given = TypeWords.word(type)
    draft.report.error(
      "type-error", at: template.span, path: path,
      Bilingual(
        "this must be \(wanted.english), not \(given.english).",
        pt: "isto deve ser \(wanted.portuguese), não \(given.portuguese)."))
  }

  func wrongType(_ type: CELType, _ wanted: Bilingual, site index: Int, remedy: Bilingual? = nil) {
    let (site, given) = (draft.sites[index], TypeWords.word(type))
    let length = draft.sites[index].sourceLength
    draft.report.error(
      "type-error", at: draft.report.source.span(of: site.offset..<site.offset + length, in: site.node),
      path: site.path,
      Bilingual(
        "this must be \(wanted.english), not \(given.english).",
        pt: "isto deve ser \(wanted.portuguese), não \(given.portuguese)."),
      remedy: remedy)
  }
}

extension Draft {
  /// What `steps.x` holds of one field, once the step is typed.
  func type(_ type: VariableType) -> CELType {
    switch type {
    case .known(let known): known
    case .item(let step): steps[step].itemType
    case .carry(let step): steps[step].carryType
    case .variable(let place): head.vars[place].type
    case .step(let step, let field): self.type(of: field, of: step)
    }
  }

  /// `output`, or of a fan-out `outputs`: what a group's map holds of a child.
  func value(of step: Int) -> CELType {
    steps[step].forEach == nil ? steps[step].type : .list(steps[step].type)
  }

  private func type(of field: StepField, of index: Int) -> CELType {
    let step = steps[index]
    switch field {
    case .output: return step.type
    case .outputs: return .list(step.type)
    case .results:
      return .list(
        .record(
          Record(fields: [
            "key": Record.Field(.string), "item": Record.Field(step.itemType),
            "status": Record.Field(.string),
            "output": Record.Field(step.type, isRequired: false),
            "error": Record.Field(WellKnown.error, isRequired: false),
          ])))
    case .errors:
      guard case .record(var record) = WellKnown.error else { return .dyn }
      record.fields["key"] = Record.Field(.string)
      record.fields["item"] = Record.Field(step.itemType)
      return .list(.record(record))
    case .counts: return WellKnown.counts
    case .status, .branch: return .string
    case .error: return WellKnown.error
    case .whole: return whole(index)
    }
  }

  private func whole(_ index: Int) -> CELType {
    let isFanOut = steps[index].forEach != nil
    var fields = ["status": Record.Field(.string), "error": Record.Field(WellKnown.error, isRequired: false)]
    let names: [(String, StepField)] =
      isFanOut
      ? [("outputs", .outputs), ("results", .results), ("errors", .errors), ("counts", .counts)]
      : [("output", .output)]
    for (name, field) in names { fields[name] = Record.Field(type(of: field, of: index), isRequired: false) }
    if !isFanOut, case .choose = steps[index].kind {
      fields["branch"] = Record.Field(.string, isRequired: false)
    }
    return .record(Record(fields: fields))
  }

  func visibleNames(_ view: View) -> [String] {
    if view.part == .enabled { return ["settings"] }
    var names = ["trigger", "job", "now"]
    if view.scope != nil { names.append("steps") }
    if view.part != .inputDefault, view.part != .trigger { names.append("inputs") }
    if [.body, .outputs, .identity].contains(view.part) { names.append("vars") }
    var step = view.step
    while let current = step {
      if let forEach = steps[current].forEach { names += [forEach.name, "item_index"] }
      if steps[current].loop != nil { names += ["carry", "iteration", "last_iteration"] }
      step = scopes[steps[current].scope].owner
    }
    return names
  }
}

extension Site {
  /// Of the expression's source, in UTF-8.
  var sourceLength: Int { max(1, parsed?.source.utf8.count ?? node.text.utf8.count - offset) }
}
