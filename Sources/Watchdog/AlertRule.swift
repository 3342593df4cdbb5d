public import Model
internal import Synchronization

/// Whom the alerts of a pattern are told, made by a call beside the routes of `esteira.yaml`. What it does
/// not say is as for all.
public struct AlertRule: Sendable, Hashable {
  public var name: String
  /// A key, or one with `*` in it, such as `mitrarr/*`.
  public var pattern: String
  /// Names of destinations; nil: as for all.
  public var to: [String]?
  public var dedupe: Duration?
  public var remind: Duration?
  public var escalations: [AlertPolicy.Escalation]?
  public var by: String
  public var at: Timestamp

  public init(
    name: String, pattern: String, to: [String]? = nil, dedupe: Duration? = nil, remind: Duration? = nil,
    escalations: [AlertPolicy.Escalation]? = nil, by: String, at: Timestamp
  ) {
    (self.name, self.pattern, self.to, self.dedupe, self.remind) = (name, pattern, to, dedupe, remind)
    (self.escalations, self.by, self.at) = (escalations, by, at)
  }

  public static let limit = 100
  public static let dedupes: ClosedRange<Duration> = .zero ... .seconds(7 * 86_400)
  public static let reminders: ClosedRange<Duration> =
    AlertPolicy.shortestReminder ... .seconds(366 * 86_400)
  public static let escalationTimes: ClosedRange<Duration> = .zero ... .seconds(30 * 86_400)

  /// `usual`: that for all.
  public func policy(or usual: AlertPolicy) -> AlertPolicy {
    AlertPolicy(
      to: to ?? usual.to, dedupe: dedupe ?? usual.dedupe, remind: remind ?? usual.remind,
      escalations: escalations ?? usual.escalations)
  }
}

extension AlertRule {
  public var json: JSON {
    var object = JSONObject([("name", .string(name)), ("match", .string(pattern))])
    object["to"] = to.map { .array($0.map { .string($0) }) }
    object["dedupe"] = dedupe.map { .string($0.text) }
    object["remind"] = remind.map { .string($0.text) }
    object["escalate"] = escalations.map { steps in
      .array(
        steps.map { ["after": .string($0.after.text), "to": .array($0.to.map { .string($0) })] })
    }
    object["by"] = .string(by)
    object["at"] = .string(at.rfc3339)
    return .object(object)
  }

  public init?(_ json: JSON) {
    func texts(_ json: JSON?) -> [String]? { json?.array?.compactMap(\.string) }
    func duration(_ name: String) -> Duration? { json[name]?.string.flatMap { Duration(text: $0) } }
    guard let name = json["name"]?.string, let pattern = json["match"]?.string,
      let at = json["at"]?.string.flatMap(Timestamp.init(rfc3339:))
    else { return nil }
    let steps = json["escalate"]?.array?.compactMap { step -> AlertPolicy.Escalation? in
      guard let after = step["after"]?.string.flatMap({ Duration(text: $0) }), let to = texts(step["to"])
      else { return nil }
      return .init(after: after, to: to)
    }
    self.init(
      name: name, pattern: pattern, to: texts(json["to"]), dedupe: duration("dedupe"),
      remind: duration("remind"), escalations: steps, by: json["by"]?.string ?? "", at: at)
  }
}

// Rules made by calls. Each method returns when it is durable.
extension Watcher {
  /// By name, which is the order in which they are asked, behind the routes of `esteira.yaml`.
  public var rules: [AlertRule] { state.withLock { $0.sortedRules } }

  /// What `esteira.yaml` says alone.
  public var configured: WatchConfiguration { configuration() }

  /// Makes it, or puts it in the place of the one of that name. It counts from the next look on.
  public func put(_ rule: AlertRule) throws(Problem) {
    try change { (state) throws(Problem) in
      guard state.rules[rule.name] != nil || state.rules.count < AlertRule.limit else { throw .tooManyRules }
      return ((), [.rule(rule)], { $0.rules[rule.name] = rule })
    }
  }

  public func removeRule(_ name: String) throws(Problem) -> AlertRule {
    try change { (state) throws(Problem) in
      guard let rule = state.rules[name] else { throw .noRule(name) }
      return (rule, [.removeRule(name: name)], { $0.rules[name] = nil })
    }
  }

  /// With the rules that were made by calls: what counts.
  var effective: WatchConfiguration {
    var effective = configured
    let usual = effective.policy
    effective.routes += rules.map { .init(pattern: $0.pattern, policy: $0.policy(or: usual)) }
    return effective
  }
}

extension Watcher.State {
  fileprivate var sortedRules: [AlertRule] {
    rules.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

extension Problem {
  public static func noRule(_ name: String) -> Problem {
    Problem(
      "no-alert-rule",
      Bilingual("There is no alert rule \(name).", pt: "Não existe a regra de alertas \(name)."),
      remedy: Bilingual(
        "`esteira alert rules ls` names them.", pt: "`esteira alert rules ls` mostra os nomes."))
  }

  fileprivate static let tooManyRules = Problem(
    "too-many-alert-rules",
    Bilingual(
      "There are \(AlertRule.limit) alert rules already.",
      pt: "Já existem \(AlertRule.limit) regras de alertas."),
    remedy: Bilingual(
      "Remove one with `esteira alert rules delete NAME`.",
      pt: "Remova uma com `esteira alert rules delete NOME`."))
}
