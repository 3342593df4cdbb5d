import Model

/// `deliver:` of a trigger.
struct DeliverReader {
  let draft: Draft
  private var report: Report { draft.report }

  func read(_ entry: Node.Entry, _ trigger: MapReading) -> DeliverDraft? {
    let path = trigger.place("deliver")
    refuseInputs(trigger)
    guard let map = MapReading(entry.value, path: path, report: report) else { return nil }
    map.check(.deliver)
    let view = View(part: .trigger)
    if map["signal"] == nil { report.missingKey("signal", at: entry.keySpan, path: path) }
    func text(_ key: String) -> TemplateDraft? {
      map[key].flatMap { draft.keyTemplate($0.value, path: map.place(key), view: view, step: nil) }
    }
    let (signal, key) = (text("signal"), text("key"))
    let payload = map["payload"].map {
      draft.template($0.value, path: map.place("payload"), view: view, step: nil)
    }
    let (keep, then) = unmatched(map)
    guard let signal else { return nil }
    return DeliverDraft(
      signal: signal, key: key, payload: payload ?? .literal(.null, entry.keySpan), keep: keep, then: then)
  }

  /// A message that is delivered starts no job, so that nothing takes its inputs.
  private func refuseInputs(_ trigger: MapReading) {
    guard let inputs = trigger["inputs"] else { return }
    report.error(
      "key-without-effect", at: inputs.keySpan, path: trigger.place("inputs"),
      Bilingual(
        "a trigger with deliver starts no job, so nothing takes these inputs.",
        pt: "um gatilho com deliver não inicia nenhum job, então nada recebe estas entradas."),
      remedy: Bilingual("Write payload in deliver.", pt: "Escreva payload em deliver."))
  }

  private func unmatched(_ map: MapReading) -> (keep: Duration, then: DeliverPlan.Unmatched) {
    let standard = (DeliverPlan.defaultKeep, DeliverPlan.Unmatched.deadLetter)
    guard let entry = map["unmatched"],
      let unmatched = MapReading(entry.value, path: map.place("unmatched"), report: report)
    else { return standard }
    unmatched.check(.unmatched)
    let keep = unmatched["keep"].flatMap { report.duration($0.value, path: unmatched.place("keep")) }
    let then = unmatched["then"].flatMap {
      report.word($0.value, path: unmatched.place("then"), among: ["dead_letter", "drop"])
    }
    return (keep ?? standard.0, then.flatMap(DeliverPlan.Unmatched.init(rawValue:)) ?? standard.1)
  }
}

extension Draft {
  /// True, false, or an expression.
  func condition(_ node: Node, path: String, view: View) -> Int? {
    expression(node, path: path, view: view, step: nil)
  }
}
