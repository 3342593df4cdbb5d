import Model

/// Reads and checks `triggers`. They are stored with the revision.
struct TriggerReader {
  let draft: Draft
  private var report: Report { draft.report }

  init(draft: Draft) { self.draft = draft }

  func read(_ node: Node, path: String) {
    guard let map = MapReading(node, path: path, report: report) else { return }
    for entry in map.entries {
      let place = map.place(entry.key)
      if !Names.isName(entry.key) { report.badName(entry.key, at: entry.keySpan, path: place) }
      if let trigger = MapReading(entry.value, path: place, report: report) { read(trigger, entry) }
    }
  }

  private func read(_ map: MapReading, _ entry: Node.Entry) {
    map.check(.trigger)
    let kinds = map.entries.filter { KeyTable.triggerKinds.contains($0.key) }
    guard let kind = kinds.first else {
      let list = KeyTable.triggerKinds.joined(separator: ", ")
      report.error(
        "missing-key", at: entry.keySpan, path: map.path,
        Bilingual("a trigger needs one of \(list).", pt: "um gatilho precisa de um destes: \(list)."))
      return
    }
    if kinds.count > 1 {
      report.error(
        "two-kinds", at: kinds[1].keySpan, path: map.path,
        Bilingual(
          "a trigger is either \(kinds[0].key) or \(kinds[1].key), not both.",
          pt: "um gatilho é \(kinds[0].key) ou \(kinds[1].key), não os dois."),
        remedy: Bilingual("Make two triggers.", pt: "Faça dois gatilhos."))
    }
    TriggerSpec(draft: draft).check(kind, path: map.place(kind.key))
    let view = View(part: .trigger)
    var trigger = TriggerDraft(
      name: entry.key, kind: kind.key, spec: kind.value.json, inputsPath: map.place("inputs"))
    trigger.condition = map["if"].flatMap {
      draft.expression($0.value, path: map.place("if"), view: view, step: nil)
    }
    trigger.inputs = map["inputs"].map {
      draft.template($0.value, path: map.place("inputs"), view: view, step: nil)
    }
    trigger.idempotencyKey = map["idempotency_key"].map {
      draft.template($0.value, path: map.place("idempotency_key"), view: view, step: nil)
    }
    trigger.enabled = map["enabled"].flatMap {
      draft.condition($0.value, path: map.place("enabled"), view: View(part: .enabled))
    }
    if kind.key == "pipeline" {
      trigger.completion = CompletionReader(draft: draft).read(kind, path: map.place(kind.key))
    }
    if kind.key == "queue", let schema = kind.value["schema"] {
      trigger.schema = draft.schemaOrFile(schema, path: "\(map.place(kind.key)).schema")
    }
    trigger.deliver = map["deliver"].flatMap { DeliverReader(draft: draft).read($0, map) }
    draft.head.triggers.append(trigger)
  }
}
