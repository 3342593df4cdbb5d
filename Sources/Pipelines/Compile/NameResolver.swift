import Expressions
import Model

/// Binds the names in every expression to what they mean, and finds out who waits for whom.
struct NameResolver {
  let draft: Draft
  private var report: Report { draft.report }

  init(draft: Draft) { self.draft = draft }

  func resolveAll() {
    draft.indexNames()
    draft.edges = Array(repeating: [], count: draft.steps.count)
    for index in draft.steps.indices { readNeeds(of: index) }
    for index in draft.sites.indices {
      for mention in draft.mentions(of: index) { resolve(mention, in: index) }
    }
  }

  private func readNeeds(of index: Int) {
    let step = draft.steps[index]
    for need in step.needs {
      guard let target = draft.step(need.name, from: step.scope) else {
        unknownStep(need.name, from: step.scope, at: .span(need.span), path: need.path)
        continue
      }
      addEdge(from: index, to: target, need.strength, Need.byHand, at: .span(need.span), path: need.path)
    }
  }

  private func resolve(_ mention: Mention, in index: Int) {
    let site = draft.sites[index]
    if site.view.part == .enabled, mention.head.text != "settings" {
      return invisible(
        mention, in: index,
        Bilingual("enabled sees only the settings", pt: "enabled só vê as configurações (settings)"))
    }
    switch mention.head.text {
    case "steps": resolveStep(mention, in: index)
    case "inputs": resolveInput(mention, in: index)
    case "vars": resolveVariable(mention, in: index)
    case "settings": bind("settings", .known(.dyn), .settings, in: index)
    case "trigger": bind("trigger", .known(WellKnown.trigger), .trigger, in: index)
    case "job": bind("job", .known(WellKnown.job(in: site.view, home: home(of: site))), .job, in: index)
    case "now": bind("now", .known(.timestamp), .now, in: index)
    default: resolveInside(mention, in: index)
    }
  }

  private func home(of site: Site) -> ScopeDraft.Home {
    site.view.scope.map { draft.scopes[$0].home } ?? .job
  }

  private func bind(_ name: String, _ type: VariableType, _ reference: Reference, in index: Int) {
    if draft.sites[index].variables.contains(where: { $0.name == name }) { return }
    draft.sites[index].variables.append((name, type, reference))
  }

  private func say(
    _ code: String, _ range: Range<Int>, in site: Site, _ message: Bilingual,
    remedy: @autoclosure () -> Bilingual? = nil
  ) {
    let range = range.lowerBound + site.offset..<range.upperBound + site.offset
    report.error(
      code, at: report.source.span(of: range, in: site.node), path: site.path, message, remedy: remedy())
  }

  private func resolveInput(_ mention: Mention, in index: Int) {
    let site = draft.sites[index]
    if site.view.part == .inputDefault || site.view.part == .trigger {
      invisible(
        mention, in: index,
        Bilingual("inputs are not known here yet", pt: "as entradas ainda não são conhecidas aqui"))
      return
    }
    guard let name = mention.plain(1) else {
      bind("inputs", .known(inputsType), .inputs, in: index)
      return
    }
    guard let input = draft.head.inputs.first(where: { ScalarString($0.name) == ScalarString(name.text) })
    else {
      say(
        "unknown-input", mention.range(to: 1), in: site,
        Bilingual("there is no input \"\(name.text)\".", pt: "não existe a entrada \"\(name.text)\"."),
        remedy: Suggestion.remedy(for: name.text, among: draft.head.inputs.map(\.name)))
      bind("inputs.\(name.text)", .known(.dyn), .input(name.text), in: index)
      return
    }
    bind("inputs.\(name.text)", .known(input.schema.type), .input(name.text), in: index)
  }

  private var inputsType: CELType {
    let fields = draft.head.inputs.map { ($0.name, Record.Field($0.schema.type)) }
    return .record(Record(fields: Dictionary(fields, uniquingKeysWith: { first, _ in first })))
  }

  private func resolveVariable(_ mention: Mention, in index: Int) {
    let site = draft.sites[index]
    let seen: Int
    switch site.view.part {
    case .inputDefault, .key, .trigger, .enabled:
      invisible(
        mention, in: index,
        Bilingual("variables are not known here yet", pt: "as variáveis ainda não são conhecidas aqui"))
      return
    case .variable(let count): seen = count
    case .body, .outputs, .identity: seen = draft.head.vars.count
    }
    guard let name = mention.plain(1) else {
      bind("vars", .known(.map(.string, .dyn)), .vars, in: index)
      return
    }
    let place = draft.head.vars.firstIndex { ScalarString($0.name) == ScalarString(name.text) }
    if let place, place < seen {
      bind("vars.\(name.text)", .variable(place), .variable(name.text), in: index)
      return
    }
    let message =
      place == nil
      ? Bilingual("there is no variable \"\(name.text)\".", pt: "não existe a variável \"\(name.text)\".")
      : Bilingual(
        "the variable \"\(name.text)\" is set only later.",
        pt: "a variável \"\(name.text)\" só é definida depois.")
    let remedy = place == nil ? Suggestion.remedy(for: name.text, among: draft.head.vars.map(\.name)) : nil
    say("unknown-variable", mention.range(to: 1), in: site, message, remedy: remedy)
    bind("vars.\(name.text)", .known(.dyn), .variable(name.text), in: index)
  }

  private func invisible(_ mention: Mention, in index: Int, _ why: Bilingual) {
    say(
      "not-visible", mention.head.range, in: draft.sites[index],
      Bilingual(why.english + ".", pt: why.portuguese + "."))
    bind(mention.head.text, .known(.dyn), .now, in: index)
  }

  /// Names of the surroundings: items, rounds, the step itself. What is none of these is left to the checker.
  private func resolveInside(_ mention: Mention, in index: Int) {
    let (site, name) = (draft.sites[index], mention.head.text)
    if let owner = draft.surrounding(
      site.view, where: { draft.steps[$0].forEach?.name == name }, layer: .item)
    {
      return bind(name, .item(owner), .item(owner.stepIndex), in: index)
    }
    switch name {
    case "item_index":
      if let owner = draft.surrounding(site.view, where: { draft.steps[$0].forEach != nil }, layer: .item) {
        return bind(name, .known(.int), .itemIndex(owner.stepIndex), in: index)
      }
      invisible(
        mention, in: index,
        Bilingual(
          "item_index is known only inside a step with for_each",
          pt: "item_index só é conhecido dentro de um passo com for_each"))
    case "item":
      invisible(
        mention, in: index,
        Bilingual(
          "item is known only inside a step with for_each and without as",
          pt: "item só é conhecido dentro de um passo com for_each e sem as"))
    case "carry", "iteration", "last_iteration": resolveRound(mention, in: index)
    case "step" where home(of: site) == .afterEach:
      bind("step", .known(WellKnown.ended), .this, in: index)
    case "step":
      guard site.view.part == .body, site.step != nil, site.view.layer != .outside else {
        return invisible(
          mention, in: index,
          Bilingual("step is known only inside a step", pt: "step só é conhecido dentro de um passo"))
      }
      bind("step", .known(WellKnown.step), .this, in: index)
    default: break
    }
  }

  private func resolveRound(_ mention: Mention, in index: Int) {
    let (site, name) = (draft.sites[index], mention.head.text)
    guard let owner = draft.surrounding(site.view, where: { draft.steps[$0].loop != nil }, layer: .round)
    else {
      return invisible(
        mention, in: index,
        Bilingual(
          "\(name) is known only inside a step with repeat",
          pt: "\(name) só é conhecido dentro de um passo com repeat"))
    }
    switch name {
    case "carry": bind(name, .carry(owner), .carry(owner.stepIndex), in: index)
    case "iteration": bind(name, .known(.int), .iteration(owner.stepIndex), in: index)
    default: bind(name, .known(.bool), .lastIteration(owner.stepIndex), in: index)
    }
  }
}

extension Int {
  var stepIndex: StepIndex { StepIndex(self) }
}

extension NameResolver {
  private static let fields: [(name: String, field: StepField, strength: Need.Strength)] = [
    ("output", .output, .strong), ("outputs", .outputs, .strong), ("results", .results, .weak),
    ("errors", .errors, .weak), ("counts", .counts, .weak), ("status", .status, .weak),
    ("error", .error, .weak), ("branch", .branch, .weak),
  ]

  private func resolveStep(_ mention: Mention, in index: Int) {
    let site = draft.sites[index]
    guard let scope = site.view.scope else {
      return invisible(
        mention, in: index, Bilingual("steps are not known here", pt: "os passos não são conhecidos aqui"))
    }
    guard let name = mention.plain(1) else {
      say(
        "literal-step", mention.head.range, in: site,
        Bilingual("a step is named by a literal name.", pt: "um passo é citado por um nome literal."),
        remedy: Bilingual(
          "Write steps.name.output: so the order of the steps is known before they run.",
          pt: "Escreva steps.nome.output: assim a ordem dos passos é conhecida antes da execução."))
      return bind("steps", .known(.dyn), .now, in: index)
    }
    guard let target = draft.step(name.text, from: scope) else {
      unknownStep(
        name.text, from: scope, at: .mention(mention.range(to: 1), site: index), path: site.path)
      return bind("steps.\(name.text)", .known(.dyn), .now, in: index)
    }
    let variable = "steps.\(name.text)"
    if draft.isBeside(target, from: scope) {
      return resolveOwner(mention, target, in: index)
    }
    guard let field = mention.plain(2) else {
      bind(variable, .step(target, .whole), .step(target.stepIndex, .whole), in: index)
      return edge(mention, to: target, .weak, in: index)
    }
    guard let known = Self.fields.first(where: { $0.name == field.text }), has(target, known.field) else {
      wrongField(mention, target, in: site)
      return bind("\(variable).\(field.text)", .known(.dyn), .now, in: index)
    }
    if known.strength == .strong { refuseUncertain(mention, target, in: site) }
    bind(
      "\(variable).\(field.text)", .step(target, known.field), .step(target.stepIndex, known.field), in: index
    )
    edge(mention, to: target, known.strength, in: index)
  }

  private func unknownStep(_ name: String, from scope: Int, at place: Edge.Place, path: String) {
    report.error(
      "unknown-step", at: draft.span(of: place), path: path,
      Bilingual("there is no step \"\(name)\" here.", pt: "não existe o passo \"\(name)\" aqui."),
      remedy: draft.outerStep(name, from: scope) ?? draft.hiddenStep(name)
        ?? Suggestion.remedy(for: name, among: draft.visibleSteps(from: scope)))
  }

  private func has(_ step: Int, _ field: StepField) -> Bool {
    let isFanOut = draft.steps[step].forEach != nil
    switch field {
    case .whole, .status, .error: return true
    case .output: if case .end = draft.steps[step].kind { return false } else { return !isFanOut }
    case .outputs, .results, .errors, .counts: return isFanOut
    case .branch: if case .choose = draft.steps[step].kind { return !isFanOut } else { return false }
    }
  }

  /// From its rescue or handler a step is seen as it ended, without an edge: nothing waits for it.
  private func resolveOwner(_ mention: Mention, _ target: Int, in index: Int) {
    let variable = "steps.\(mention.names[1].text)"
    guard let field = mention.plain(2) else {
      return bind(variable, .step(target, .whole), .step(target.stepIndex, .whole), in: index)
    }
    guard let known = Self.fields.first(where: { $0.name == field.text }),
      [.status, .error].contains(known.field)
    else {
      wrongField(mention, target, ["status", "error"], in: draft.sites[index])
      return bind("\(variable).\(field.text)", .known(.dyn), .now, in: index)
    }
    bind(
      "\(variable).\(field.text)", .step(target, known.field), .step(target.stepIndex, known.field), in: index
    )
  }

  private func wrongField(_ mention: Mention, _ target: Int, _ some: [String]? = nil, in site: Site) {
    let known = some ?? Self.fields.filter { has(target, $0.field) }.map(\.name)
    let (name, field) = (mention.names[1].text, mention.names[2].text)
    var remedy = Suggestion.remedy(for: field, among: known)
    let isFanOut = draft.steps[target].forEach != nil
    if field == "output", isFanOut {
      remedy = Bilingual(
        "It has items: read .outputs or .results.", pt: "Ele tem itens: leia .outputs ou .results.")
    }
    if !isFanOut, field == "outputs" {
      remedy = Bilingual("It has no for_each: read .output.", pt: "Ele não tem for_each: leia .output.")
    }
    let list = known.joined(separator: ", ")
    say(
      "unknown-field", mention.range(to: 2), in: site,
      Bilingual(
        "the step \"\(name)\" has no \"\(field)\" (only \(list)).",
        pt: "o passo \"\(name)\" não tem \"\(field)\" (só \(list))."),
      remedy: remedy)
  }

  /// The output of a step that may not have run must be asked for with `.?`.
  private func refuseUncertain(_ mention: Mention, _ target: Int, in site: Site) {
    let (name, field) = (mention.names[1].text, mention.names[2].text)
    let absence = draft.steps[target].absence
    let isHandled = site.view.scope.map { draft.isHandled(target, from: $0) } ?? false
    guard absence != nil || isHandled else { return }
    let fallback = field == "outputs" ? "[]" : "…"
    let message =
      absence.map {
        Bilingual(
          "the step \"\(name)\" \($0.english), so it may have no \(field).",
          pt: "o passo \"\(name)\" \($0.portuguese), então pode não ter \(field).")
      }
      ?? Bilingual(
        "the step \"\(name)\" may not have run when this handler does.",
        pt: "o passo \"\(name)\" pode não ter rodado quando este tratador roda.")
    say(
      "conditional-output", mention.range(to: 2), in: site, message,
      remedy: Bilingual(
        "Write steps.\(name).?\(field).orValue(\(fallback)).",
        pt: "Escreva steps.\(name).?\(field).orValue(\(fallback))."))
  }

  private func edge(_ mention: Mention, to target: Int, _ strength: Need.Strength, in index: Int) {
    let site = draft.sites[index]
    guard let step = site.step else { return }
    let reason = mention.text(to: 2)
    if site.view.seesItself, target == step { return }
    addEdge(
      from: step, to: target, strength, reason, at: .mention(mention.range(to: 1), site: index),
      path: site.path)
  }

  /// An edge of a step inside a group is an edge of the group, as far out as the other end stands.
  private func addEdge(
    from step: Int, to target: Int, _ strength: Need.Strength, _ reason: String,
    at place: Edge.Place, path: String
  ) {
    var waiting: Int? = step
    while let inner = waiting, draft.steps[inner].scope != draft.steps[target].scope {
      waiting = draft.scopes[draft.steps[inner].scope].owner
    }
    guard let waiting else { return }
    draft.edges[waiting].append(
      Edge(step: target, strength: strength, reason: reason, place: place, path: path))
  }
}
