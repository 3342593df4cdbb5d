import Model
import Watchdog

/// `heartbeats:` and `alerts:` of `esteira.yaml`:
///
///     heartbeats: {nightly-rsync: {every: 1d, grace: 2h}}
///     alerts:
///       to: [ops]
///       remind: 4h
///       escalate: [{after: 30m, to: [boss]}]
///       routes: [{match: mitrarr/*, to: [mitrarr-ops]}]
///       ping: {url: https://watch.example/abc, every: 1m}
struct WatchReader {
  private let config: ConfigFile
  private let file: JSONObject
  private static let mostRoutes = 100

  init(_ config: ConfigFile, _ file: JSONObject) { (self.config, self.file) = (config, file) }

  func all() throws(Problem) -> WatchConfiguration {
    var found = WatchConfiguration(heartbeats: try heartbeats())
    guard let value = file["alerts"] else { return found }
    guard case .object(let alerts) = value,
      alerts.keys.allSatisfy({ (Self.policyKeys + ["routes", "ping"]).contains($0) })
    else { throw wrongAlerts }
    found.policy = try policy(alerts, or: AlertPolicy())
    let routes = alerts["routes"]?.array ?? []
    guard alerts["routes"] == nil || alerts["routes"]?.array != nil, routes.count <= Self.mostRoutes else {
      throw wrongAlerts
    }
    for route in routes {
      guard let map = route.object, let pattern = map["match"]?.string, !pattern.isEmpty,
        map.keys.allSatisfy({ (Self.policyKeys + ["match"]).contains($0) })
      else { throw wrongAlerts }
      found.routes.append(.init(pattern: pattern, policy: try policy(map, or: found.policy)))
    }
    found.ping = try ping(alerts["ping"])
    return found
  }

  private static let policyKeys = ["to", "dedupe", "remind", "escalate"]

  /// What a route does not say is as it is for all.
  private func policy(_ map: JSONObject, or usual: AlertPolicy) throws(Problem) -> AlertPolicy {
    var policy = usual
    if let to = map["to"] { policy.to = try names(to) }
    if let text = map["dedupe"] {
      policy.dedupe = try duration(text, in: .zero ... .seconds(7 * 86_400))
    }
    if let text = map["remind"] {
      policy.remind = try duration(text, in: AlertPolicy.shortestReminder ... .seconds(366 * 86_400))
    }
    if let list = map["escalate"] {
      guard let steps = list.array, steps.count <= AlertPolicy.mostEscalations else { throw wrongAlerts }
      var escalations: [AlertPolicy.Escalation] = []
      for step in steps {
        guard let step = step.object, step.keys.allSatisfy({ ["after", "to"].contains($0) }),
          let after = step["after"], let to = step["to"]
        else { throw wrongAlerts }
        escalations.append(
          .init(after: try duration(after, in: .zero ... .seconds(30 * 86_400)), to: try names(to)))
      }
      policy = AlertPolicy(
        to: policy.to, dedupe: policy.dedupe, remind: policy.remind, escalations: escalations)
    }
    return policy
  }

  private func names(_ json: JSON) throws(Problem) -> [String] {
    let names = json.array?.compactMap(\.string) ?? []
    guard let list = json.array, names.count == list.count, !names.isEmpty else { throw wrongAlerts }
    return names
  }

  private func duration(_ json: JSON, in range: ClosedRange<Duration>) throws(Problem) -> Duration {
    guard let duration = json.string.flatMap({ Duration(text: $0) }), range.contains(duration) else {
      throw config.wrong(
        Bilingual(
          "\(json.string ?? json.text) is no time from \(range.lowerBound.text) to \(range.upperBound.text)",
          pt: "\(json.string ?? json.text) não é um tempo de \(range.lowerBound.text) a "
            + "\(range.upperBound.text)"),
        remedy: Bilingual("Write it like 90s, 5m or 1d.", pt: "Escreva como 90s, 5m ou 1d."))
    }
    return duration
  }

  private func ping(_ json: JSON?) throws(Problem) -> WatchConfiguration.Ping? {
    guard let json else { return nil }
    guard let map = json.object, map.keys.allSatisfy({ ["url", "every", "egress"].contains($0) }),
      let url = map["url"]?.string, url.hasPrefix("https://") || url.hasPrefix("http://"),
      url.utf8.count <= 2_048
    else { throw wrongPing }
    let every = try duration(map["every"] ?? "1m", in: .seconds(10) ... .seconds(86_400))
    let allow = map["egress"]?["allow"]?.array ?? []
    let networks = allow.compactMap(\.string)
    guard map["egress"] == nil || (map["egress"]?["allow"]?.array != nil && networks.count == allow.count)
    else { throw wrongPing }
    return .init(url: url, every: every, egress: networks)
  }

  private func heartbeats() throws(Problem) -> [WatchConfiguration.Beat] {
    guard let value = file["heartbeats"] else { return [] }
    guard case .object(let named) = value, named.count <= Heartbeat.limit else { throw wrongBeats }
    var found: [WatchConfiguration.Beat] = []
    for entry in named {
      guard Heartbeat.isName(entry.key), let map = entry.value.object, let every = map["every"],
        map.keys.allSatisfy({ ["every", "grace"].contains($0) })
      else { throw wrongBeats }
      found.append(
        .init(
          name: entry.key, every: try duration(every, in: Heartbeat.intervals),
          grace: try duration(map["grace"] ?? "0s", in: .zero...Heartbeat.intervals.upperBound)))
    }
    return found
  }

  private var wrongAlerts: Problem {
    let example = "alerts: {to: [ops], remind: 4h, escalate: [{after: 30m, to: [boss]}]}"
    return config.wrong(
      Bilingual(
        "alerts has to, dedupe, remind, escalate, routes and ping",
        pt: "alerts tem to, dedupe, remind, escalate, routes e ping"),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }

  private var wrongPing: Problem {
    let example = "ping: {url: https://watch.example/abc, every: 1m}"
    return config.wrong(
      Bilingual("ping has url, every and egress", pt: "ping tem url, every e egress"),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }

  private var wrongBeats: Problem {
    let example = "heartbeats: {nightly-rsync: {every: 1d, grace: 2h}}"
    return config.wrong(
      Bilingual(
        "heartbeats maps each name to every and grace", pt: "heartbeats liga cada nome a every e grace"),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}
