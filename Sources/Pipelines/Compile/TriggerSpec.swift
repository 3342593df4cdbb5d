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
    "queue": QueueRules.keys,
    "webhook": [
      Key("path", .text, required: true), Key("format", .word(["cloudevents"])),
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
    if entry.key == "queue" { QueueRules(report: report).check(entry, path: path) }
  }
}
