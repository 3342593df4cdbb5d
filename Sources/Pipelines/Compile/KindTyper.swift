import Expressions
import Model

/// The types of what people, messages and other jobs give.
extension Typer {
  func ask(_ ask: AskDraft) -> CELType {
    text(ask.title)
    map(ask.show, path: "\(ask.path).show")
    people(ask.to)
    count(ask.quorum)
    timing(ask.expires)
    for choice in ask.choices { if let label = choice.label { text(label) } }
    if let remind = ask.remindEvery { timing(remind) }
    if let escalate = ask.escalate {
      timing(escalate.after)
      people(escalate.to)
    }
    return WellKnown.record([
      ("choice", .string), ("form", form(of: ask)), ("by", .dyn), ("at", .string), ("expired", .bool),
      ("shown_sha256", .string),
    ])
  }

  /// What every answer's form has. Where an answer may come without one, by a choice that has none or by
  /// silence, only the value can tell.
  private func form(of ask: AskDraft) -> CELType {
    if case .choice = ask.onExpiry { return .dyn }
    let forms = ask.choices.compactMap { $0.form?.type }
    return forms.count == ask.choices.count ? Self.commonFields(forms) : .dyn
  }

  private func people(_ people: AskDraft.People) {
    for (key, names) in [("users", people.users), ("groups", people.groups)] {
      guard let names else { continue }
      let type = template(names)
      if type.assignable(to: .string) || type.assignable(to: .list(.string)) { continue }
      wrongType(
        type, Bilingual("a name or a list of names", pt: "um nome ou uma lista de nomes"), of: names,
        path: "\(people.path).\(key)")
    }
  }

  /// A value that must be a map.
  private func map(_ value: TemplateDraft, path: String) {
    let type = template(value)
    if !Assignability.isMap(type) {
      wrongType(type, Bilingual("a map", pt: "um mapa"), of: value, path: path)
    }
  }

  /// A time gives `{at}`; a signal its payload.
  func wait(_ wait: WaitDraft) -> CELType {
    switch wait {
    case .pause(let timing): self.timing(timing)
    case .until(let site):
      let type = expression(site)
      if ![.timestamp, .string, .dyn].contains(type) {
        wrongType(type, Bilingual("a moment, or its text", pt: "um momento, ou o texto dele"), site: site)
      }
    case .signal(let signal):
      text(signal.name)
      if let key = signal.key { text(key) }
      return signal.schema?.type ?? .dyn
    }
    return WellKnown.record([("at", .string)])
  }

  /// What another pipeline gives is known to the server alone.
  func subJob(_ call: SubJobDraft) -> CELType {
    map(call.inputs, path: call.inputsPath)
    return .dyn
  }

  func end(_ end: EndDraft) -> CELType {
    if let message = end.message { text(message) }
    if let outputs = end.outputs { map(outputs, path: end.outputsPath) }
    return .null
  }

  /// The steps beside a step: handlers, which see its children, and the rescue, whose output becomes its own.
  func asides(of index: Int) {
    let step = draft.steps[index]
    for scope in [step.handlers.onFailure, step.handlers.onCancel, step.handlers.finally] {
      if let scope { typeScope(scope) }
    }
    guard let rescue = step.rescue else { return }
    typeScope(rescue.scope)
    let other = draft.scopes[rescue.scope].steps.map { draft.value(of: $0) }
    draft.steps[index].type = Self.commonFields([step.type] + other)
  }
}
