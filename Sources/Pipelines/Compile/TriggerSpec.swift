import Model

/// The shape of each kind of trigger.
struct TriggerSpec {
  typealias Key = Shape.Key

  static let kinds: [String: [Key]] = [
    "schedule": [
      Key("cron", .text, required: true), Key("dialect", .word(Cron.Dialect.allCases.map(\.rawValue))),
      Key("timezone", .zone),
      Key("overlap", .word(["skip", "queue", "buffer_one", "buffer_all", "allow", "cancel_running"])),
      Key("catch_up", .any), Key("jitter", .duration),
      Key("calendar", .text),
    ],
    "queue": [
      Key("connection", .connection, required: true), Key("list", .text), Key("queue", .text),
      Key("dead_letter", .text), Key("prefetch", .count), Key("batch_size", .count),
      Key("visibility", .duration), Key("schema", .file),
      Key("when_full", .word(["skip", "dead_letter", "requeue"])),
    ],
    "webhook": [
      Key("path", .text, required: true),
      Key(
        "verify",
        .map([
          Key(
            "scheme", .word(["standard-webhooks", "github", "stripe", "atlasreg", "bearer"]), required: true),
          Key("credential", .text, required: true),
        ]), required: true),
    ],
    "files": [
      Key("path", .text, required: true), Key("match", .text), Key("stable_for", .duration),
      Key("batch", .map([Key("max", .count), Key("wait", .duration)])),
      Key("claim", .word(["move", "mark"])), Key("to", .text),
    ],
    "pipeline": CompletionReader.keys,
  ]

  let draft: Draft
  private var report: Report { draft.report }

  func check(_ entry: Node.Entry, path: String) {
    guard let keys = Self.kinds[entry.key] else { return }
    let checker = ShapeChecker(report: report, zones: draft.zones) { name, span, path in
      draft.mentionFile(name, at: span, path: path)
    }
    checker.check(entry.value, keys, path: path)
    if entry.key == "schedule" {
      ScheduleRules(report: report, shapes: checker).check(entry.value, path: path)
    }
    if entry.key == "files" { FilesTriggerRules(report: report).check(entry.value, path: path) }
    if entry.key == "webhook" { HookRules(report: report).check(entry.value, path: path) }
    guard entry.key == "queue", let map = entry.value.entries else { return }
    let names = map.filter { $0.key == "list" || $0.key == "queue" }
    if names.count == 1 { return }
    report.error(
      names.isEmpty ? "missing-key" : "two-kinds", at: names.last?.keySpan ?? entry.keySpan, path: path,
      Bilingual("a queue is named by either list or queue.", pt: "uma fila é indicada por list ou por queue.")
    )
  }
}
