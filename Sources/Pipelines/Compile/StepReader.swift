import Model

/// Reads one step: its kind, and what stands beside it.
struct StepReader {
  /// The block of steps inside a group or a `choose`.
  struct Inside {
    var node: Node
    var role: ScopeDraft.Role
  }

  let draft: Draft
  let connectors: ConnectorCatalogue
  let index: Int
  /// What the step is to those beside it.
  let role: ScopeDraft.Role
  var report: Report { draft.report }

  /// The view of what one execution of the body sees.
  var body: View { view(.round) }

  private func view(_ layer: View.Layer) -> View {
    View(part: .body, scope: draft.steps[index].scope, step: index, layer: layer)
  }

  /// Reads all but what sees the inside; gives the block inside, where there is one.
  func read(_ node: Node, into step: inout StepDraft) -> Inside? {
    guard let map = MapReading(node, path: step.keyPath, report: report) else { return nil }
    map.check(table)
    let kind = self.kind(map, step)
    if let kind { EffectChecker(report: report, map: map, kind: kind, role: role).check() }
    step.condition = map["if"].flatMap {
      draft.expression($0.value, path: map.place("if"), view: view(.outside), step: index)
    }
    if let entry = map["needs"] { readNeeds(entry, map, into: &step) }
    readForEach(map, into: &step)
    readTimes(map, into: &step)
    readLimits(map, into: &step)
    if let entry = map["on_kill"] { step.runsOnKill = runsOnKill(entry, path: map.place("on_kill")) }
    guard let kind else { return nil }
    let path = map.place(kind.key)
    switch kind.key {
    case "uses": step.kind = call(kind, map)
    case "value": step.kind = .value(draft.bareTemplate(kind.value, path: path, view: body, step: index))
    case "call": step.kind = subJob(kind, path: path)
    case "ask": step.kind = ask(kind, path: path)
    case "wait": step.kind = wait(kind, path: path)
    case "end": step.kind = end(kind, path: path)
    case "steps": return Inside(node: kind.value, role: .steps)
    case "choose": return Inside(node: kind.value, role: .branches)
    default: break
    }
    return nil
  }

  private var table: KeyTable {
    switch role {
    case .steps, .handler: .step
    case .branches: .branch
    case .rescue: .rescue
    }
  }

  /// `on_kill: run`, of the job's own `finally` alone.
  private func runsOnKill(_ entry: Node.Entry, path: String) -> Bool {
    let scope = draft.scopes[draft.steps[index].scope]
    if scope.home != .finally || scope.owner != nil {
      report.error(
        "key-without-effect", at: entry.keySpan, path: path,
        Bilingual(
          "on_kill has an effect only on the steps of the job's finally.",
          pt: "on_kill só tem efeito nos passos do finally do job."))
    }
    return report.word(entry.value, path: path, among: ["run"]) != nil
  }

  /// Reads what sees the children and the round that just ended; `scope` is the inside of a group.
  func readInside(_ node: Node, scope: Int?, into step: inout StepDraft) {
    guard let map = MapReading(node, path: step.keyPath, report: Report(source: report.source)) else {
      return
    }
    var inside = body
    inside.scope = scope ?? inside.scope
    inside.seesItself = scope == nil
    if let entry = map["output"], scope != nil {
      step.output = draft.template(entry.value, path: map.place("output"), view: inside, step: index)
    }
    guard let entry = map["repeat"],
      let loop = MapReading(entry.value, path: map.place("repeat"), report: report)
    else { return }
    step.loop = readLoop(loop, inside: inside)
  }

  /// Exactly one kind. Nil where there is none of this build.
  private func kind(_ map: MapReading, _ step: StepDraft) -> Node.Entry? {
    let all = map.entries.filter { KeyTable.kinds.contains($0.key) }
    guard let first = all.first else {
      let known = KeyTable.kinds.joined(separator: ", ")
      report.error(
        "no-kind", at: step.nameSpan, path: step.keyPath,
        Bilingual("this step does nothing.", pt: "este passo não faz nada."),
        remedy: Bilingual("Give it one of \(known).", pt: "Dê a ele um destes: \(known)."))
      return nil
    }
    if all.count > 1 {
      report.error(
        "two-kinds", at: all[1].keySpan, path: step.keyPath,
        Bilingual(
          "a step has either \(first.key) or \(all[1].key), not both.",
          pt: "um passo tem \(first.key) ou \(all[1].key), não os dois."),
        remedy: Bilingual("Make two steps.", pt: "Faça dois passos."))
      return nil
    }
    return first
  }

  private func readNeeds(_ entry: Node.Entry, _ map: MapReading, into step: inout StepDraft) {
    let path = map.place("needs")
    guard let items = entry.value.items else {
      report.wrongKind(
        entry.value, path: path, wanted: Bilingual("a list of steps", pt: "uma lista de passos"))
      return
    }
    for (offset, item) in items.enumerated() {
      let place = "\(path)[\(offset)]"
      if let pair = item.entries, pair.count == 1, pair[0].value.string == "ended" {
        step.needs.append(NeedDraft(name: pair[0].key, span: pair[0].keySpan, path: place, strength: .weak))
      } else if let name = item.string {
        guard report.isLiteral(item, path: place) else { continue }
        step.needs.append(NeedDraft(name: name, span: item.span, path: place, strength: .strong))
      } else {
        report.wrongKind(
          item, path: place,
          wanted: Bilingual("a step's name, or {name: ended}", pt: "o nome de um passo, ou {nome: ended}"))
      }
    }
  }

  private func readForEach(_ map: MapReading, into step: inout StepDraft) {
    guard let entry = map["for_each"] else { return }
    var forEach = ForEachDraft(name: "item")
    let path = map.place("for_each")
    if entry.value.entries != nil {
      lines(entry.value, path: path, into: &forEach)
    } else if entry.value.items != nil {
      report.wrongKind(entry.value, path: path, wanted: Bilingual("an expression", pt: "uma expressão"))
    } else {
      forEach.items = draft.expression(entry.value, path: path, view: view(.outside), step: index)
    }
    if let name = map.text("as") {
      if !Names.isName(name) {
        report.badName(name, at: map["as"]?.value.span ?? map.span, path: map.place("as"))
      }
      forEach.name = name
    }
    forEach.key = map["key"].map {
      draft.template($0.value, path: map.place("key"), view: view(.item), step: index)
    }
    if let entry = map["max_parallel"] {
      let place = map.place("max_parallel")
      forEach.maxParallel =
        draft.count(entry.value, path: place, view: view(.outside), step: index, in: 1...10_000, isBare: true)
        ?? forEach.maxParallel
    }
    forEach.batch = map["batch"].flatMap {
      draft.count(
        $0.value, path: map.place("batch"), view: view(.outside), step: index, in: 1...Self.largestBatch)
    }
    if let entry = map["allow_failed"] {
      forEach.allowFailed = draft.allowFailed(entry.value, path: map.place("allow_failed")) ?? .count(0)
    }
    if let entry = map["keep"] {
      forEach.keep = report.word(entry.value, path: map.place("keep"), among: ["failed", "all"])
        .flatMap(ForEachPlan.Keep.init(rawValue:))
    }
    step.forEach = forEach
  }

  private func readTimes(_ map: MapReading, into step: inout StepDraft) {
    func timing(_ key: String, _ layer: View.Layer) -> TimingDraft? {
      map[key].flatMap { draft.timing($0.value, path: map.place(key), view: view(layer), step: index) }
    }
    step.timeout = timing("timeout", .round)
    step.queueTimeout = timing("queue_timeout", .round)
    step.deadline = timing("deadline", .item)
    step.retry = map["retry"].flatMap {
      draft.retry($0.value, path: map.place("retry"), view: body, step: index)
    }
    step.idempotent = map["idempotent"].flatMap { report.bool($0.value, path: map.place("idempotent")) }
  }

  private func readLoop(_ map: MapReading, inside: View) -> LoopDraft {
    map.check(.loop)
    var loop = LoopDraft()
    if let entry = map["max"] {
      let place = map.place("max")
      loop.max =
        draft.count(entry.value, path: place, view: view(.item), step: index, in: 1...10_000) ?? loop.max
    } else {
      report.missingKey("max", at: map.span, path: map.path)
    }
    if let entry = map["carry"], MapReading(entry.value, path: map.place("carry"), report: report) != nil {
      loop.carry = draft.template(entry.value, path: map.place("carry"), view: view(.item), step: index)
    }
    loop.until = map["until"].flatMap {
      draft.expression($0.value, path: map.place("until"), view: inside, step: index)
    }
    loop.nextPath = map.place("next")
    if let entry = map["next"], MapReading(entry.value, path: loop.nextPath, report: report) != nil {
      loop.next = draft.template(entry.value, path: loop.nextPath, view: inside, step: index)
    }
    loop.delay = map["delay"].flatMap {
      draft.timing($0.value, path: map.place("delay"), view: inside, step: index)
    }
    if let entry = map["on_max"] {
      loop.onMax =
        report.word(entry.value, path: map.place("on_max"), among: ["fail", "continue"])
        .flatMap(LoopPlan.OnMax.init(rawValue:)) ?? .fail
    }
    return loop
  }
}
