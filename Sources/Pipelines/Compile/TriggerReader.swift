import Model

/// Reads and checks `triggers`. They are stored with the revision; which kinds fire is said by `apply`.
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
    TriggerSpec(report: report, zones: draft.zones).check(kind, path: map.place(kind.key))
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
    draft.head.triggers.append(trigger)
  }
}

/// The shape of each kind of trigger.
struct TriggerSpec {
  enum Shape: Sendable {
    case text, connection, duration, count, bool, cron, zone, path, any
    case word([String])
    indirect case map([Key])
  }
  struct Key: Sendable {
    var name: String
    var shape: Shape
    var isRequired = false
    init(_ name: String, _ shape: Shape, required: Bool = false) {
      (self.name, self.shape, isRequired) = (name, shape, required)
    }
  }

  static let kinds: [String: [Key]] = [
    "schedule": [
      Key("cron", .cron, required: true), Key("timezone", .zone),
      Key("overlap", .word(["skip", "queue", "buffer_one", "allow", "cancel_running"])),
      Key("catch_up", .map([Key("last", .count), Key("within", .duration)])), Key("jitter", .duration),
      Key("calendar", .text),
    ],
    "queue": [
      Key("connection", .connection, required: true), Key("list", .text), Key("queue", .text),
      Key("dead_letter", .text), Key("prefetch", .count), Key("batch_size", .count),
      Key("visibility", .duration), Key("schema", .path),
      Key("when_full", .word(["skip", "dead_letter", "requeue"])),
    ],
    "webhook": [
      Key("path", .path, required: true),
      Key(
        "verify",
        .map([
          Key(
            "scheme", .word(["standard-webhooks", "github", "stripe", "atlasreg", "bearer"]), required: true),
          Key("credential", .text, required: true),
        ])),
    ],
    "files": [
      Key("path", .text, required: true), Key("match", .text), Key("stable_for", .duration),
      Key("batch", .map([Key("max", .count), Key("wait", .duration)])),
      Key("claim", .word(["move", "delete", "mark"])), Key("to", .text),
    ],
    "pipeline": [
      Key("pipeline", .text, required: true), Key("status", .any), Key("on", .any),
    ],
  ]

  let report: Report
  let zones: ZoneDatabase

  func check(_ entry: Node.Entry, path: String) {
    guard let keys = Self.kinds[entry.key] else { return }
    check(entry.value, keys, path: path)
    guard entry.key == "queue", let map = entry.value.entries else { return }
    let names = map.filter { $0.key == "list" || $0.key == "queue" }
    if names.count == 1 { return }
    report.error(
      names.isEmpty ? "missing-key" : "two-kinds", at: names.last?.keySpan ?? entry.keySpan, path: path,
      Bilingual("a queue is named by either list or queue.", pt: "uma fila é indicada por list ou por queue.")
    )
  }

  private func check(_ node: Node, _ keys: [Key], path: String) {
    guard let map = MapReading(node, path: path, report: report) else { return }
    map.check(KeyTable(known: keys.map(\.name)))
    for key in keys {
      guard let entry = map[key.name] else {
        if key.isRequired { report.missingKey(key.name, at: node.span, path: path) }
        continue
      }
      check(entry.value, key.shape, path: map.place(key.name))
    }
  }

  private func check(_ node: Node, _ shape: Shape, path: String) {
    switch shape {
    case .any: break
    case .text, .path: _ = report.text(node, path: path)
    case .bool: _ = report.bool(node, path: path)
    case .word(let words): _ = report.word(node, path: path, among: words)
    case .map(let keys): check(node, keys, path: path)
    case .count:
      if case .int(let value) = node.content, value > 0 { return }
      report.wrongKind(
        node, path: path, wanted: Bilingual("a whole number above 0", pt: "um número inteiro acima de 0"))
    case .duration: _ = Draft(report: report, zones: zones).duration(node, path: path)
    case .connection:
      guard let text = report.text(node, path: path), !Names.isConnection(text) else { return }
      report.badName(text, at: node.span, path: path)
    case .cron:
      guard let text = report.text(node, path: path), let fault = CronSyntax.fault(in: text) else { return }
      report.error("bad-cron", at: node.span, path: path, fault, remedy: CronSyntax.remedy)
    case .zone:
      guard let text = report.text(node, path: path), zones.zone(text) == nil else { return }
      report.error(
        "unknown-zone", at: node.span, path: path,
        Bilingual("there is no time zone \"\(text)\".", pt: "não existe o fuso horário \"\(text)\"."),
        remedy: Bilingual(
          "Write it like America/Sao_Paulo or UTC.", pt: "Escreva como America/Sao_Paulo ou UTC."))
    }
  }
}

/// Five fields: minute, hour, day of the month, month, day of the week.
enum CronSyntax {
  static let remedy = Bilingual(
    "Write five fields: minute, hour, day, month and weekday, such as 0 6 * * 1-5.",
    pt: "Escreva cinco campos: minuto, hora, dia, mês e dia da semana, como 0 6 * * 1-5.")

  private static let fields: [(name: Bilingual, range: ClosedRange<Int>, words: [String])] = [
    (Bilingual("minute", pt: "minuto"), 0...59, []), (Bilingual("hour", pt: "hora"), 0...23, []),
    (Bilingual("day", pt: "dia"), 1...31, []),
    (
      Bilingual("month", pt: "mês"), 1...12,
      ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    ),
    (Bilingual("weekday", pt: "dia da semana"), 0...7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
  ]

  static func fault(in text: String) -> Bilingual? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == fields.count else {
      return Bilingual(
        "a cron line has five fields, not \(parts.count).",
        pt: "uma linha cron tem cinco campos, não \(parts.count).")
    }
    for (part, field) in zip(parts, fields) where !isValid(part, field.range, field.words) {
      return Bilingual(
        "\"\(part)\" is no valid \(field.name.english) in a cron line.",
        pt: "\"\(part)\" não vale como \(field.name.portuguese) numa linha cron.")
    }
    return nil
  }

  /// A list of `*`, `a`, `a-b`, each with `/step`.
  private static func isValid(_ field: Substring, _ range: ClosedRange<Int>, _ words: [String]) -> Bool {
    field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { item in
      let halves = item.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(halves.count) else { return false }
      if halves.count == 2, (Int(halves[1]) ?? 0) < 1 { return false }
      if halves[0] == "*" { return true }
      let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { end in
        words.firstIndex(of: end.lowercased()).map { $0 + range.lowerBound } ?? Int(end)
      }
      guard (1...2).contains(ends.count), let first = ends[0], range.contains(first) else { return false }
      guard ends.count == 2 else { return true }
      guard let last = ends[1] else { return false }
      return range.contains(last) && first <= last
    }
  }
}
