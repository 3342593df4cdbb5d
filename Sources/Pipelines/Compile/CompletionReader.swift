import Model

/// `pipeline:` of a trigger: the end of one other pipeline, or a join of several.
struct CompletionReader {
  let draft: Draft
  private var report: Report { draft.report }

  static let keys: [Shape.Key] = [
    Shape.Key("pipeline", .text), Shape.Key("all", .texts),
    Shape.Key("status", .words(statuses.map(\.word))), Shape.Key("key", .any),
    Shape.Key("within", .duration),
  ]
  private static let statuses: [JobStatus] = [.success, .partial, .failed, .cancelled, .timeout]

  func read(_ entry: Node.Entry, path: String) -> CompletionDraft? {
    guard let map = MapReading(entry.value, path: path, report: report) else { return nil }
    let (one, all) = (map["pipeline"], map["all"])
    guard (one == nil) != (all == nil) else {
      report.error(
        one == nil ? "missing-key" : "two-kinds", at: (all ?? entry).keySpan, path: path,
        Bilingual(
          "a pipeline trigger names either pipeline or all.",
          pt: "um gatilho de pipeline indica pipeline ou all."),
        remedy: Bilingual(
          "Write pipeline: NAME, or all: [NAME, NAME] with key.",
          pt: "Escreva pipeline: NOME, ou all: [NOME, NOME] com key."))
      return nil
    }
    let statuses = read(statuses: map["status"])
    if let one {
      for key in ["key", "within"] { refuse(key, map) }
      guard let name = name(one.value, path: map.place("pipeline")) else { return nil }
      return CompletionDraft(sources: [name], statuses: statuses)
    }
    guard let all, let sources = names(all, path: map.place("all")), let join = join(map, all) else {
      return nil
    }
    return CompletionDraft(sources: sources, statuses: statuses, join: join)
  }

  private func join(_ map: MapReading, _ all: Node.Entry) -> CompletionDraft.Join? {
    guard let key = map["key"] else {
      report.missingKey(
        "key", at: all.keySpan, path: map.path,
        remedy: Bilingual(
          "Say which ends belong together, such as key: ${{ trigger.job.outputs.date }}.",
          pt: "Diga quais fins pertencem juntos, como key: ${{ trigger.job.outputs.date }}."))
      return nil
    }
    let template = draft.keyTemplate(
      key.value, path: map.place("key"), view: View(part: .trigger), step: nil)
    let within = map["within"].flatMap { longest($0, path: map.place("within")) }
    guard let template else { return nil }
    return CompletionDraft.Join(key: template, within: within ?? CompletionPlan.defaultWithin)
  }

  private func longest(_ entry: Node.Entry, path: String) -> Duration? {
    guard let within = report.duration(entry.value, path: path) else { return nil }
    if within > .zero, within <= CompletionPlan.longestWithin { return within }
    report.error(
      "wrong-value", at: entry.value.span, path: path,
      Bilingual(
        "within must be more than 0s and at most 366d.", pt: "within deve ser mais que 0s e no máximo 366d."))
    return nil
  }

  private func names(_ all: Node.Entry, path: String) -> [String]? {
    guard let items = all.value.items else { return nil }
    var names: [String] = []
    for (index, item) in items.enumerated() {
      guard let name = name(item, path: "\(path)[\(index)]") else { return nil }
      names.append(name)
    }
    guard (2...CompletionPlan.mostSources).contains(names.count), Set(names).count == names.count else {
      let most = CompletionPlan.mostSources
      report.error(
        "wrong-value", at: all.value.span, path: path,
        Bilingual(
          "a join needs 2 to \(most) different pipelines.",
          pt: "uma junção precisa de 2 a \(most) pipelines diferentes."
        ))
      return nil
    }
    return names
  }

  /// A namespace is the border of a tenant: what ends beyond it starts nothing here.
  private func name(_ node: Node, path: String) -> String? {
    guard let text = report.text(node, path: path) else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), parts.allSatisfy(Names.isID) else {
      report.error(
        "bad-name", at: node.span, path: path,
        Bilingual("\"\(text)\" names no pipeline.", pt: "\"\(text)\" não é o nome de um pipeline."),
        remedy: Bilingual(
          "Write the name of a pipeline of this namespace.",
          pt: "Escreva o nome de um pipeline deste namespace."))
      return nil
    }
    guard parts.count == 1 || parts[0] == draft.head.namespace else {
      report.error(
        "foreign-pipeline", at: node.span, path: path,
        Bilingual(
          "\(text) is in another namespace, and its ends start nothing here.",
          pt: "\(text) está em outro namespace, e seus fins não iniciam nada aqui."),
        remedy: Bilingual(
          "Let a step of it call this pipeline, or send a signal.",
          pt: "Faça um passo dele chamar este pipeline, ou enviar um sinal."))
      return nil
    }
    return parts[parts.count - 1]
  }

  private func read(statuses entry: Node.Entry?) -> [JobStatus] {
    guard let entry else { return CompletionPlan.defaultStatuses }
    let words = entry.value.items?.compactMap(\.string) ?? [entry.value.string].compactMap(\.self)
    return words.compactMap { JobStatus(word: $0) }
  }

  private func refuse(_ key: String, _ map: MapReading) {
    guard let entry = map[key] else { return }
    report.error(
      "key-without-effect", at: entry.keySpan, path: map.place(key),
      Bilingual("\(key) belongs to a join.", pt: "\(key) pertence a uma junção."),
      remedy: Bilingual(
        "Write all: [NAME, NAME], or leave it out.", pt: "Escreva all: [NOME, NOME], ou retire-a."))
  }
}

struct CompletionDraft {
  var sources: [String]
  var statuses: [JobStatus]
  var join: Join?

  struct Join {
    var key: TemplateDraft
    var within: Duration
  }
}
