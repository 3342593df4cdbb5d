import Expressions
import Model

/// Types every expression, in the order in which the steps would run, and checks what it is used for.
///
/// What is wrong is said once: whatever reads from an erroneous place takes it to be of any type.
struct Typer {
  let draft: Draft
  let connectors: ConnectorCatalogue
  let graph: NeedGraph

  init(draft: Draft, connectors: ConnectorCatalogue) {
    (self.draft, self.connectors) = (draft, connectors)
    graph = NeedGraph(draft: draft)
  }

  func typeAll() {
    typeHead()
    let tops = [0, draft.head.onFailure, draft.head.onCancel, draft.head.finally, draft.head.afterEach]
      .compactMap(\.self)
    for scope in tops { typeScope(scope) }
    for place in draft.head.outputs.indices {
      draft.head.outputs[place].type = template(draft.head.outputs[place].value)
    }
  }

  private func typeHead() {
    for input in draft.head.inputs {
      if let value = input.defaultValue {
        ValueChecker(typer: self, code: "bad-default").check(
          value, input.schema, path: input.path + ".default")
      }
    }
    for place in draft.head.vars.indices {
      draft.head.vars[place].type = template(draft.head.vars[place].value)
    }
    if let key = draft.head.key { text(key) }
    if let deadline = draft.head.deadline { timing(deadline) }
    type(draft.head.identity)
    for trigger in draft.head.triggers {
      if let enabled = trigger.enabled { condition(enabled) }
      if let deliver = trigger.deliver { type(deliver) }
      if let join = trigger.completion?.join { text(join.key) }
      if let condition = trigger.condition { self.condition(condition) }
      if let key = trigger.idempotencyKey { text(key) }
      if let inputs = trigger.inputs { triggerInputs(inputs, path: trigger.inputsPath) }
    }
  }

  private func triggerInputs(_ inputs: TemplateDraft, path: String) {
    let type = template(inputs)
    guard case .map(let members, _) = inputs else {
      if !Assignability.isMap(type) {
        wrongType(type, Bilingual("a map", pt: "um mapa"), of: inputs, path: path)
      }
      return
    }
    for member in members {
      let place = "\(path).\(member.key)"
      guard let input = draft.head.inputs.first(where: { $0.name == member.key }) else {
        draft.report.error(
          "unknown-input", at: member.keySpan, path: place,
          Bilingual("there is no input \"\(member.key)\".", pt: "não existe a entrada \"\(member.key)\"."),
          remedy: Suggestion.remedy(for: member.key, among: draft.head.inputs.map(\.name)))
        continue
      }
      ValueChecker(typer: self, code: "wrong-value").check(member.value, input.schema, path: place)
    }
  }

  func typeScope(_ scope: Int) {
    for step in graph.order(of: draft.scopes[scope].steps) { typeStep(step) }
  }

  private func typeStep(_ index: Int) {
    let step = draft.steps[index]
    if let condition = step.condition { self.condition(condition) }
    if let forEach = step.forEach {
      draft.steps[index].itemType = item(of: forEach)
      if let key = forEach.key { text(key) }
      count(forEach.maxParallel)
    }
    if let loop = step.loop {
      count(loop.max)
      draft.steps[index].carryType = Self.loosened(template(loop.carry))
    }
    draft.steps[index].type = body(step)
    if let loop = step.loop { round(loop, index) }
    for time in [step.timeout, step.queueTimeout, step.deadline, step.retry?.initial, step.retry?.max] {
      if let time { timing(time) }
    }
    if let retry = step.retry { count(retry.attempts) }
    if let limits = step.limits { type(limits) }
    if let output = step.output { draft.steps[index].type = template(output) }
    asides(of: index)
  }

  private func body(_ step: StepDraft) -> CELType {
    switch step.kind {
    case .unknown: return .dyn
    case .value(let value): return template(value)
    case .call(let call): return subJob(call)
    case .ask(let ask): return self.ask(ask)
    case .wait(let wait): return self.wait(wait)
    case .end(let end): return self.end(end)
    case .connector(let call): return self.call(call, step)
    case .group(let scope):
      typeScope(scope)
      return Self.record(of: draft.scopes[scope].steps, in: draft)
    case .choose(let scope):
      typeScope(scope)
      return Self.commonFields(draft.scopes[scope].steps.map { draft.value(of: $0) })
    }
  }

  private func call(_ call: CallDraft, _ step: StepDraft) -> CELType {
    guard let description = call.description, let schemas = connectors.schemas(of: description.name) else {
      _ = template(call.with)
      return .dyn
    }
    let path = step.keyPath + ".with"
    let errors = draft.report.errorCount
    ValueChecker(typer: self, code: "wrong-value", missingAt: call.withSpan)
      .check(call.with, schemas.with, path: path)
    if draft.report.errorCount == errors, call.with.known.object != nil {
      for problem in description.check(call.with.known) {
        draft.report.error(
          problem.code, at: call.withSpan, path: path, problem.message, remedy: problem.remedy)
      }
    }
    if step.idempotent == true, case .onceUnlessIdempotent(true) = description.effect {
      draft.report.warning(
        "idempotent-once", at: step.nameSpan, path: step.keyPath,
        Bilingual(
          "\(description.name) is started again after a crash because of idempotent: true.",
          pt: "\(description.name) é iniciado de novo depois de uma queda por causa de idempotent: true."),
        remedy: Bilingual(
          "Make sure that repeating it does no harm.", pt: "Confirme que repetir não causa dano."))
    }
    return schemas.output.type
  }

  private func round(_ loop: LoopDraft, _ index: Int) {
    if let until = loop.until { condition(until) }
    if let delay = loop.delay { timing(delay) }
    guard let next = loop.next else { return }
    let type = template(next)
    guard case .record(let carried) = draft.steps[index].carryType, case .map(let members, _) = next,
      case .record(let given) = type
    else { return }
    for member in members {
      let path = "\(loop.nextPath).\(member.key)"
      guard let wanted = carried.fields[member.key] else {
        draft.report.error(
          "unknown-carry", at: member.keySpan, path: path,
          Bilingual("carry has no \"\(member.key)\".", pt: "carry não tem \"\(member.key)\"."),
          remedy: Bilingual("Give it a first value in carry.", pt: "Dê um primeiro valor em carry."))
        continue
      }
      let found = given.fields[member.key]?.type ?? .dyn
      guard !found.assignable(to: wanted.type) else { continue }
      let words = TypeWords.word(wanted.type)
      wrongType(
        found, Bilingual("\(words.english), as in carry", pt: "\(words.portuguese), como em carry"),
        of: member.value, path: path)
    }
  }

  /// Values of the first round that say nothing of later ones: `null` and empty lists.
  private static func loosened(_ type: CELType) -> CELType {
    switch type {
    case .null: return .dyn
    case .record(var record):
      for (name, field) in record.fields {
        record.fields[name] = Record.Field(loosened(field.type), isRequired: field.isRequired)
      }
      return .record(record)
    case .dyn, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .map, .optional:
      return type
    case .list(let element): return .list(loosened(element))
    }
  }

  private static func record(of steps: Range<Int>, in draft: Draft) -> CELType {
    var fields: [String: Record.Field] = [:]
    for step in steps {
      fields[draft.steps[step].name] = Record.Field(
        draft.value(of: step), isRequired: draft.steps[step].absence == nil)
    }
    return .record(Record(fields: fields))
  }

  /// What may be read from whichever branch ran: a field that one lacks needs `.?`.
  static func commonFields(_ types: [CELType]) -> CELType {
    let records = types.compactMap { if case .record(let record) = $0 { record } else { nil } }
    guard records.count == types.count, !records.isEmpty else { return SchemaTypes.common(types) }
    var fields: [String: Record.Field] = [:]
    for name in Set(records.flatMap(\.fields.keys)) {
      let found = records.map { $0.fields[name] }
      let isRequired = found.allSatisfy { $0?.isRequired == true }
      fields[name] = Record.Field(SchemaTypes.common(found.compactMap { $0?.type }), isRequired: isRequired)
    }
    let isOpen = records.contains { $0.additional != nil }
    return .record(Record(fields: fields, additional: isOpen ? .dyn : nil))
  }
}
