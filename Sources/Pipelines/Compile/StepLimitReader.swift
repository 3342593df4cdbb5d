import Model

/// Reads what a step must be given before an attempt of it starts, and where that attempt runs.
extension StepReader {
  static let largestBatch = 100_000

  func readLimits(_ map: MapReading, into step: inout StepDraft) {
    let body = View(part: .body, scope: draft.steps[index].scope, step: index, layer: .round)
    let reader = LimitReader(draft: draft, view: body, step: index)
    var limits = StepLimitsDraft()
    func read<Part>(_ key: String, _ part: (Node.Entry, String) -> Part?) -> Part? {
      map[key].flatMap { part($0, map.place(key)) }
    }
    limits.concurrency = read("concurrency", reader.concurrency)
    limits.rate = read("rate_limit", reader.rate)
    limits.circuit = read("circuit", reader.circuit)
    limits.cache = read("cache", reader.cache)
    limits.priority = read("priority", reader.priority)
    limits.exclusive = map["exclusive"].flatMap {
      draft.keyTemplate($0.value, path: map.place("exclusive"), view: body, step: index)
    }
    limits.queue = queue(map)
    if map.entries.contains(where: { KeyTable.ofAttempts.contains($0.key) && $0.key != "isolation" }) {
      step.limits = limits
    }
    step.isolation = map["isolation"].flatMap {
      IsolationReader(report: draft.report).read($0.value, path: map.place("isolation"))
    }
  }

  private func queue(_ map: MapReading) -> String? {
    guard let entry = map["queue"], let name = map.text("queue") else { return nil }
    if Names.isQueue(name) { return name }
    draft.report.error(
      "bad-name", at: entry.value.span, path: map.place("queue"),
      Bilingual("\"\(name)\" cannot be a name.", pt: "\"\(name)\" não pode ser um nome."),
      remedy: Bilingual(
        "Use up to 63 of a-z, 0-9, _ and -.", pt: "Use até 63 caracteres entre a-z, 0-9, _ e -."))
    return nil
  }

  /// `for_each: {lines: …}`: the items are the lines of an artifact.
  func lines(_ node: Node, path: String, into forEach: inout ForEachDraft) {
    forEach.isLines = true
    guard let map = MapReading(node, path: path, report: draft.report) else { return }
    map.check(.forEach)
    guard let entry = map["lines"] else {
      return draft.report.missingKey("lines", at: node.span, path: path)
    }
    let place = map.place("lines")
    let outside = View(part: .body, scope: draft.steps[index].scope, step: index, layer: .outside)
    guard entry.value.isScalar else {
      return draft.report.wrongKind(
        entry.value, path: place,
        wanted: Bilingual(
          "an expression that gives an artifact", pt: "uma expressão que resulte em um artefato"))
    }
    forEach.items = draft.expression(entry.value, path: place, view: outside, step: index)
  }
}

/// `isolation:` of a step or of `defaults`.
struct IsolationReader {
  static let places = ["node", "process", "container", "kubernetes"]
  private static let resources = Shape.map([.init("cpu", .quantity), .init("memory", .quantity)])
  static let keys: [Shape.Key] = [
    .init("where", .word(places), required: true), .init("image", .text), .init("requests", resources),
    .init("limits", resources), .init("workspace", .quantity), .init("network", .network),
  ]

  let report: Report

  func read(_ node: Node, path: String) -> IsolationPlan? {
    guard let map = MapReading(node, path: path, report: report) else { return nil }
    ShapeChecker(report: report, zones: nil).check(node, Self.keys, path: path)
    guard let place = map["where"]?.value.string, Self.places.contains(place) else { return nil }
    let isImage = place == "container" || place == "kubernetes"
    if isImage, map["image"] == nil { report.missingKey("image", at: node.span, path: path) }
    for entry in map.entries where !isImage && entry.key != "where" {
      report.error(
        "key-without-effect", at: entry.keySpan, path: map.place(entry.key),
        Bilingual(
          "\"\(entry.key)\" has no effect with where: \(place).",
          pt: "\"\(entry.key)\" não tem efeito com where: \(place)."))
    }
    if let entry = map["where"] {
      report.tellForeign(place: place, at: entry.value.span, path: map.place("where"))
    }
    return IsolationPlan(place: place, spec: node.json)
  }
}
