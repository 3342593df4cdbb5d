import Model

/// Reads who a job is and what it may use: its limits, its labels, its owner, and what is expected of it.
struct IdentityReader {
  static let privacy: [Shape.Key] = [
    .init("purpose", .text, required: true), .init("legal_basis", .text, required: true),
    .init("data", .texts), .init("contact", .text), .init("retention", .duration),
  ]
  static let expect: [Shape.Key] = [
    .init("success_every", .duration), .init("start_within", .duration),
    .init(
      "finish_by", .map([.init("at", .timeOfDay, required: true), .init("timezone", .zone, required: true)])),
    .init("event_every", .duration), .init("calendar", .text), .init("timezone", .zone),
    .init(
      "volume",
      .map([
        .init("metric", .text, required: true),
        .init("compare", .word(["mean", "median", "same_weekday"]), required: true),
        .init("jobs", .count), .init("minimum", .percent, required: true),
      ])),
  ]

  let draft: Draft
  let top: MapReading
  private var view: View { View(part: .identity) }
  private var report: Report { draft.report }

  func read() {
    let limits = LimitReader(draft: draft, view: view, step: nil)
    var identity = IdentityDraft()
    identity.concurrency = top["concurrency"].flatMap { limits.concurrency($0, path: "concurrency") }
    identity.rate = top["rate_limit"].flatMap { limits.rate($0, path: "rate_limit") }
    identity.priority = top["priority"].flatMap { limits.priority($0, path: "priority") }
    identity.fairKey = text("fair_key")
    identity.correlation = text("correlation")
    identity.labels = labels()
    identity.owner = owner()
    identity.privacy = checked("privacy", Self.privacy)
    identity.expect = checked("expect", Self.expect)
    identity.logFile = logFile()
    draft.head.identity = identity
  }

  private func text(_ key: String) -> TemplateDraft? {
    top[key].flatMap { draft.keyTemplate($0.value, path: key, view: view, step: nil) }
  }

  private func labels() -> [NamedTemplate] {
    guard let entry = top["job_labels"],
      let map = MapReading(entry.value, path: "job_labels", report: report)
    else { return [] }
    return map.entries.compactMap { entry in
      let path = map.place(entry.key)
      if !Names.isName(entry.key) { report.badName(entry.key, at: entry.keySpan, path: path) }
      return draft.keyTemplate(entry.value, path: path, view: view, step: nil).map {
        NamedTemplate(name: entry.key, path: path, value: $0)
      }
    }
  }

  private func owner() -> TemplateDraft? {
    guard let entry = top["access"], let map = MapReading(entry.value, path: "access", report: report)
    else { return nil }
    map.check(.access)
    guard let owner = map["owner"] else {
      report.missingKey("owner", at: entry.keySpan, path: "access")
      return nil
    }
    return draft.keyTemplate(owner.value, path: map.place("owner"), view: view, step: nil)
  }

  private func checked(_ key: String, _ keys: [Shape.Key]) -> JSON {
    guard let entry = top[key] else { return .null }
    ShapeChecker(report: report, zones: draft.zones).check(entry.value, keys, path: key)
    if entry.value.entries?.isEmpty == true {
      report.error(
        "wrong-value", at: entry.value.span, path: key,
        Bilingual("this is empty.", pt: "isto está vazio."))
    }
    return entry.value.json
  }

  private func logFile() -> String? {
    guard let entry = top["log_file"], let path = top.text("log_file") else { return nil }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let isInside = parts.allSatisfy { !["", ".", ".."].contains($0) }
    if isInside, !path.utf8.contains(0), !path.contains("\\") { return path }
    report.error(
      "bad-path", at: entry.value.span, path: "log_file",
      Bilingual(
        "\"\(path)\" is no path below the operator's log folder.",
        pt: "\"\(path)\" não é um caminho dentro da pasta de logs do operador."),
      remedy: Bilingual("Write it like ingest/daily.log.", pt: "Escreva como carga/diaria.log."))
    return nil
  }
}
