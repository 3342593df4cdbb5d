import API
import Engine
import Model
import Watchdog

/// Routes of whom alerts are told: the routes of `esteira.yaml` as they stand there, and the rules beside
/// them.
struct AlertRuleRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    let watch = WatchRoutes(backend: backend)
    return [
      .answer(AlertRuleCalls.list, in: .system) { _, _ in Page(try all(watch)) },
      .answer(AlertRuleCalls.get, in: .system) { path, _ in try one(path.name, watch) },
      .answer(AlertRuleCalls.put, in: .system) { request, caller in try put(request, caller, watch) },
      .answer(AlertRuleCalls.delete, in: .system) { path, caller in
        try refuseConfigured(path.name)
        caller.note.before(try watch.writer().removeRule(path.name).json)
        return Nothing()
      },
      .answer(AlertRuleCalls.mute, in: .system) { request, caller in
        let pattern = try one(request.name, watch).pattern
        return try mute(pattern, request.reason, request.until, caller, watch)
      },
      .answer(AlertRuleCalls.muteAlert, in: watch.place { $0.id }) { request, caller in
        let key = try watch.writer().alert(request.id).key
        return try mute(key, request.reason, request.until, caller, watch)
      },
    ]
  }

  /// That of all others.
  private static let usual = "default"
  private static let configured = "file-"

  private func all(_ watch: WatchRoutes) throws(Problem) -> [AlertRuleItem] {
    let watcher = try watch.watcher()
    let (file, mutes, now) = (watcher.configured, watcher.mutes(), backend.now())
    func item(
      _ name: String, _ pattern: String, _ origin: String, _ policy: AlertPolicy, _ rule: AlertRule? = nil
    ) -> AlertRuleItem {
      AlertRuleItem(
        name: name, pattern: pattern, origin: origin, to: policy.to, dedupe: policy.dedupe.text,
        remind: policy.remind?.text,
        escalations: policy.escalations.map { .init(after: $0.after.text, to: $0.to) },
        mutedUntil: mutes.first { $0.pattern == pattern && $0.until > now }?.until, by: rule?.by,
        at: rule?.at)
    }
    return file.routes.enumerated().map { place, route in
      item("\(Self.configured)\(place + 1)", route.pattern, "file", route.policy)
    } + watcher.rules.map { item($0.name, $0.pattern, "api", $0.policy(or: file.policy), $0) }
      + [item(Self.usual, "*", "file", file.policy)]
  }

  private func one(_ name: String, _ watch: WatchRoutes) throws(Problem) -> AlertRuleItem {
    guard let item = try all(watch).first(where: { ScalarString($0.name) == ScalarString(name) }) else {
      throw .noRule(name)
    }
    return item
  }

  private func put(
    _ request: AlertRuleRequest, _ caller: Caller, _ watch: WatchRoutes
  ) throws(Problem) -> AlertRuleItem {
    try refuseConfigured(request.name)
    var escalations: [AlertPolicy.Escalation]?
    if let wanted = request.escalations {
      escalations = []
      for step in wanted {
        let after = try time(step.after, "after", AlertRule.escalationTimes)
        escalations?.append(.init(after: after, to: step.to))
      }
    }
    let rule = AlertRule(
      name: request.name, pattern: request.pattern, to: request.to,
      dedupe: try request.dedupe.map { (text) throws(Problem) in
        try time(text, "dedupe", AlertRule.dedupes)
      },
      remind: try request.remind.map { (text) throws(Problem) in
        try time(text, "remind", AlertRule.reminders)
      },
      escalations: escalations, by: caller.actor, at: backend.now())
    try checkDestinations((rule.to ?? []) + (escalations ?? []).flatMap(\.to))
    let watcher = try watch.writer()
    caller.note.before(watcher.rules.first { $0.name == rule.name }?.json)
    caller.note.after(rule.json)
    try watcher.put(rule)
    return try one(rule.name, watch)
  }

  private func mute(
    _ pattern: String, _ reason: String, _ until: Timestamp, _ caller: Caller, _ watch: WatchRoutes
  ) throws(Problem) -> MuteItem {
    let mute = Mute(pattern: pattern, by: caller.actor, reason: reason, at: backend.now(), until: until)
    return MuteItem(try watch.writer().mute(mute))
  }

  private func time(
    _ text: String, _ name: String, _ range: ClosedRange<Duration>
  ) throws(Problem) -> Duration {
    guard let duration = Duration(text: text), range.contains(duration) else {
      let (least, most) = (range.lowerBound.text, range.upperBound.text)
      throw Problem(
        "unusable-request",
        Bilingual(
          "\(name) is a time from \(least) to \(most), not \"\(text)\".",
          pt: "\(name) é um tempo de \(least) a \(most), não \"\(text)\"."))
    }
    return duration
  }

  /// An alert that goes nowhere is noticed by nobody.
  private func checkDestinations(_ names: [String]) throws(Problem) {
    let known = Set(try backend.destinations().map { ScalarString($0.name) })
    guard let unknown = names.first(where: { !known.contains(ScalarString($0)) }) else { return }
    throw Problem(
      "unusable-request",
      Bilingual("There is no destination \(unknown).", pt: "Não existe o destino \(unknown)."),
      remedy: Bilingual(
        "`esteira destination ls` names them.", pt: "`esteira destination ls` mostra os nomes."))
  }

  private func refuseConfigured(_ name: String) throws(Problem) {
    guard name == Self.usual || name.hasPrefix(Self.configured) else { return }
    throw Problem(
      "defined-in-file",
      Bilingual(
        "The alert rule \(name) is one of esteira.yaml.",
        pt: "A regra de alertas \(name) é do esteira.yaml."),
      remedy: Bilingual(
        "Change `alerts` there; it is read at the next look.",
        pt: "Mude `alerts` lá; vale na próxima olhada."))
  }
}
