import Model

/// Reads questions to people: `ask:`, and `uses: human.approve`.
extension StepReader {
  static let approval = "human.approve"

  func ask(_ kind: Node.Entry, path: String) -> KindDraft {
    guard let map = MapReading(kind.value, path: path, report: report) else { return .unknown }
    map.check(.ask)
    var ask = question(map)
    if let entry = map["choices"] {
      ask.choices = choices(entry.value, path: map.place("choices"))
    } else {
      report.missingKey("choices", at: kind.keySpan, path: path)
    }
    readExpiry(map, into: &ask)
    return .ask(ask)
  }

  /// `uses: human.approve`: the choices are approve, and reject, which fails the step.
  func approve(_ kind: Node.Entry, _ step: MapReading) -> KindDraft {
    guard let entry = step["with"] else {
      report.missingKey("with", at: kind.value.span, path: step.path)
      return .unknown
    }
    guard let map = MapReading(entry.value, path: step.place("with"), report: report) else {
      return .unknown
    }
    map.check(.approval)
    var ask = question(map)
    ask.choices = [
      AskDraft.Choice(name: "approve", approves: true), AskDraft.Choice(name: "reject"),
    ]
    ask.failing = ["reject"]
    readExpiry(map, into: &ask)
    return .ask(ask)
  }

  private func question(_ map: MapReading) -> AskDraft {
    var ask = AskDraft(path: map.path, to: AskDraft.People(path: map.place("to")))
    if let entry = map["title"] {
      ask.title = draft.template(entry.value, path: map.place("title"), view: body, step: index)
    } else {
      report.missingKey("title", at: map.span, path: map.path)
    }
    if let entry = map["show"] {
      ask.show = draft.template(entry.value, path: map.place("show"), view: body, step: index)
    }
    if let entry = map["to"] {
      ask.to = people(entry.value, path: map.place("to"))
    }
    if let entry = map["requester_may_answer"] {
      ask.requesterMayAnswer = report.bool(entry.value, path: map.place("requester_may_answer")) ?? true
    }
    if let entry = map["quorum"] {
      ask.quorum =
        draft.count(entry.value, path: map.place("quorum"), view: body, step: index, in: 1...100)
        ?? ask.quorum
    }
    ask.remindEvery = map["remind"].flatMap {
      draft.timing($0.value, path: map.place("remind"), view: body, step: index)
    }
    ask.escalate = map["escalate"].flatMap { escalation($0.value, path: map.place("escalate")) }
    return ask
  }

  private func people(_ node: Node, path: String) -> AskDraft.People {
    var people = AskDraft.People(path: path)
    guard let map = MapReading(node, path: path, report: report) else { return people }
    map.check(.people)
    people.users = map["users"].map {
      draft.template($0.value, path: map.place("users"), view: body, step: index)
    }
    people.groups = map["groups"].map {
      draft.template($0.value, path: map.place("groups"), view: body, step: index)
    }
    if map["users"] == nil, map["groups"] == nil {
      report.error(
        "missing-key", at: map.span, path: path,
        Bilingual("this needs users or groups.", pt: "isto precisa de users ou groups."))
    }
    return people
  }

  private func escalation(_ node: Node, path: String) -> AskDraft.Escalation? {
    guard let map = MapReading(node, path: path, report: report) else { return nil }
    map.check(.escalation)
    for key in ["after", "to"] where map[key] == nil { report.missingKey(key, at: map.span, path: path) }
    guard let after = map["after"], let to = map["to"],
      let timing = draft.timing(after.value, path: map.place("after"), view: body, step: index)
    else { return nil }
    return AskDraft.Escalation(after: timing, to: people(to.value, path: map.place("to")))
  }

  private func choices(_ node: Node, path: String) -> [AskDraft.Choice] {
    guard let map = MapReading(node, path: path, report: report) else { return [] }
    if map.entries.isEmpty {
      report.error(
        "wrong-value", at: map.span, path: path,
        Bilingual("a question needs at least one choice.", pt: "uma pergunta precisa de ao menos uma opção."))
    }
    return map.entries.map { choice($0, path: map.place($0.key)) }
  }

  private func choice(_ entry: Node.Entry, path: String) -> AskDraft.Choice {
    var choice = AskDraft.Choice(name: entry.key)
    if !Names.isName(entry.key) { report.badName(entry.key, at: entry.keySpan, path: path) }
    guard let map = MapReading(entry.value, path: path, report: report) else { return choice }
    map.check(.choice)
    choice.label = map["label"].map {
      draft.template($0.value, path: map.place("label"), view: body, step: index)
    }
    if let entry = map["approves"] {
      choice.approves = report.bool(entry.value, path: map.place("approves")) ?? false
    }
    choice.form = map["form"].flatMap { draft.schema($0.value, path: map.place("form")) }
    return choice
  }

  /// What silence means: never a choice that approves.
  private func readExpiry(_ map: MapReading, into ask: inout AskDraft) {
    if let entry = map["expires"] {
      ask.expires =
        draft.timing(entry.value, path: map.place("expires"), view: body, step: index) ?? ask.expires
    }
    let path = map.place("on_expiry")
    guard let entry = map["on_expiry"], let word = report.text(entry.value, path: path) else { return }
    switch word {
    case "fail": ask.onExpiry = .fail
    case "skip": ask.onExpiry = .skip
    default: ask.onExpiry = .choice(word)
    }
    guard case .choice = ask.onExpiry else { return }
    let silent = ["fail", "skip"] + ask.choices.filter { !$0.approves }.map(\.name)
    guard let choice = ask.choices.first(where: { ScalarString($0.name) == ScalarString(word) }) else {
      report.error(
        "unknown-choice", at: entry.value.span, path: path,
        Bilingual("there is no choice \"\(word)\".", pt: "não existe a opção \"\(word)\"."),
        remedy: Suggestion.remedy(for: word, among: silent))
      return
    }
    guard choice.approves else { return }
    let list = silent.joined(separator: ", ")
    report.error(
      "expiry-approves", at: entry.value.span, path: path,
      Bilingual(
        "\"\(word)\" approves, and silence must never approve.",
        pt: "\"\(word)\" aprova, e o silêncio nunca pode aprovar."),
      remedy: Bilingual("Write one of \(list).", pt: "Escreva um destes: \(list)."))
  }
}
