import Model

/// Reads `wait:`, for a time or a message.
extension StepReader {
  private static let waits = ["for", "until", "signal"]

  func wait(_ kind: Node.Entry, path: String) -> KindDraft {
    guard let map = MapReading(kind.value, path: path, report: report) else { return .unknown }
    map.check(.wait)
    let all = map.entries.filter { Self.waits.contains($0.key) }
    guard let first = all.first else {
      report.error(
        "missing-key", at: kind.keySpan, path: path,
        Bilingual(
          "a wait needs one of for, until, signal.", pt: "uma espera precisa de for, until ou signal."))
      return .unknown
    }
    if all.count > 1 {
      report.error(
        "two-kinds", at: all[1].keySpan, path: path,
        Bilingual(
          "a wait is either \(first.key) or \(all[1].key), not both.",
          pt: "uma espera é \(first.key) ou \(all[1].key), não as duas."),
        remedy: Bilingual("Make two steps.", pt: "Faça dois passos."))
    }
    return wait(first, path: map.place(first.key)).map(KindDraft.wait) ?? .unknown
  }

  private func wait(_ entry: Node.Entry, path: String) -> WaitDraft? {
    switch entry.key {
    case "for":
      draft.timing(entry.value, path: path, view: body, step: index).map(WaitDraft.pause)
    case "until":
      draft.expression(entry.value, path: path, view: body, step: index).map(WaitDraft.until)
    default: signal(entry, path: path).map(WaitDraft.signal)
    }
  }

  private func signal(_ entry: Node.Entry, path: String) -> SignalDraft? {
    guard let map = MapReading(entry.value, path: path, report: report) else { return nil }
    map.check(.signal)
    let key = map["key"].map {
      draft.template($0.value, path: map.place("key"), view: body, step: index)
    }
    let schema = map["schema"].flatMap { draft.schemaOrFile($0.value, path: map.place("schema")) }
    let broadcast = map["broadcast"].flatMap { report.bool($0.value, path: map.place("broadcast")) }
    guard let name = map["name"] else {
      report.missingKey(
        "name", at: entry.keySpan, path: path,
        remedy: Bilingual(
          "Name the signal, such as name: result_ready.", pt: "Dê o nome do sinal, como name: resultado."))
      return nil
    }
    return SignalDraft(
      name: draft.template(name.value, path: map.place("name"), view: body, step: index),
      span: name.value.span, path: map.place("name"), key: key, schema: schema,
      broadcast: broadcast ?? false)
  }
}
