internal import Model

/// The alerts that are open or were lately, and what is told of them. Pure: the same observations give the
/// same notices.
struct AlertBook {
  /// By key: the open alert of each, or the last one until `dedupe` has passed.
  private(set) var alerts: [String: Alert]
  var mutes: [Mute]
  private(set) var changed: [Alert] = []
  private(set) var notices: [Notice] = []
  /// Gives an id for what begins at that moment.
  private let newID: @Sendable (Timestamp) -> (high: UInt64, low: UInt64)

  init(alerts: [Alert], mutes: [Mute], newID: @escaping @Sendable (Timestamp) -> (high: UInt64, low: UInt64))
  {
    self.alerts = Dictionary(alerts.map { ($0.key, $0) }) { left, right in left.id < right.id ? right : left }
    (self.mutes, self.newID) = (mutes, newID)
  }

  /// The alert of a key that fires or is acknowledged.
  func open(_ key: String) -> Alert? { alerts[key].flatMap { $0.state == .resolved ? nil : $0 } }

  func mute(of key: String, at now: Timestamp) -> Mute? { mutes.first { $0.covers(key, at: now) } }

  /// What was found of one thing at this moment.
  mutating func observe(_ key: String, _ verdict: Verdict, _ policy: AlertPolicy, at now: Timestamp) {
    if verdict.isLate {
      late(key, verdict.finding, policy, at: now)
      return
    }
    guard var alert = alerts[key] else { return }
    if let resolved = alert.resolvedAt {
      if now - resolved > policy.dedupe { alerts[key] = nil }
    } else if alert.count == 1
      || alert.goodSince.map({ now - $0 >= policy.dedupe }) ?? (policy.dedupe <= .zero)
    {
      resolve(alert, verdict.finding, policy, at: now)
    } else if alert.goodSince == nil {
      // It has come back before: now it must stay well for a while before people hear that it is.
      alert.goodSince = now
      keep(alert)
    }
  }

  /// Resolves what is not watched any more, so that nothing fires for ever.
  mutating func withdraw(except keys: Set<String>, _ policy: (String) -> AlertPolicy, at now: Timestamp) {
    for key in alerts.keys.sorted() where !keys.contains(key) {
      guard let alert = alerts[key], alert.state != .resolved else { continue }
      resolve(alert, Finding(.withdrawn), policy(key), at: now)
    }
  }

  private mutating func late(_ key: String, _ finding: Finding, _ policy: AlertPolicy, at now: Timestamp) {
    guard var alert = alerts[key].flatMap({ reopened($0, finding, policy, at: now) }) else {
      let id = newID(now)
      var alert = Alert(id: ID(high: id.high, low: id.low), key: key, finding: finding, at: now)
      tell(&alert, .firing, policy.to, at: now)
      keep(alert)
      return
    }
    if alert.goodSince != nil {
      alert.goodSince = nil
      alert.count += 1
    }
    (alert.finding, alert.lastAt) = (finding, now)
    if alert.state == .firing { firing(&alert, policy, at: now) }
    var stored = alert
    stored.lastAt = alerts[key]?.lastAt ?? now
    // That it is still so is no news, and not worth a write.
    if stored == alerts[key] { alerts[key] = alert } else { keep(alert) }
  }

  /// An open alert, or one that was resolved lately and comes back; nil where it is another story.
  private func reopened(
    _ alert: Alert, _ finding: Finding, _ policy: AlertPolicy, at now: Timestamp
  ) -> Alert? {
    guard let resolved = alert.resolvedAt else { return alert }
    guard now - resolved <= policy.dedupe else { return nil }
    var alert = alert
    (alert.state, alert.resolvedAt, alert.acknowledged, alert.toldAt) = (.firing, nil, nil, nil)
    alert.count += 1
    return alert
  }

  private mutating func firing(_ alert: inout Alert, _ policy: AlertPolicy, at now: Timestamp) {
    guard let told = alert.toldAt else {
      // It was muted, or has come back.
      tell(&alert, .firing, policy.to, at: now)
      return
    }
    while alert.level < policy.escalations.count, now - alert.firstAt >= policy.escalations[alert.level].after
    {
      guard mute(of: alert.key, at: now) == nil else { return }
      alert.level += 1
      tell(&alert, .escalated, policy.escalations[alert.level - 1].to, at: now)
    }
    if let remind = policy.remind, now - told >= remind, alert.toldAt == told {
      tell(&alert, .reminder, recipients(alert, policy), at: now)
    }
  }

  private mutating func resolve(
    _ alert: Alert, _ finding: Finding, _ policy: AlertPolicy, at now: Timestamp
  ) {
    var alert = alert
    (alert.state, alert.resolvedAt, alert.lastAt, alert.finding) = (.resolved, now, now, finding)
    alert.goodSince = nil
    let told = alert.toldAt
    if told != nil { tell(&alert, .resolved, recipients(alert, policy), at: now) }
    alert.toldAt = told
    keep(alert)
  }

  /// Everybody who has heard of it.
  private func recipients(_ alert: Alert, _ policy: AlertPolicy) -> [String] {
    if policy.to.isEmpty { return [] }
    var seen: Set<String> = []
    return (policy.to + policy.escalations.prefix(alert.level).flatMap(\.to)).filter {
      seen.insert($0).inserted
    }
  }

  private mutating func tell(_ alert: inout Alert, _ kind: Notice.Kind, _ to: [String], at now: Timestamp) {
    guard mute(of: alert.key, at: now) == nil else { return }
    alert.toldAt = now
    let id = newID(now)
    notices.append(Notice(id: ID(high: id.high, low: id.low), kind: kind, alert: alert, at: now, to: to))
  }

  private mutating func keep(_ alert: Alert) {
    alerts[alert.key] = alert
    changed.removeAll { $0.id == alert.id }
    changed.append(alert)
  }
}

// What people do.
extension AlertBook {
  /// False where no such alert is open.
  mutating func acknowledge(
    _ id: ID<Alert>, _ acknowledgement: Alert.Acknowledgement, _ policy: (String) -> AlertPolicy
  ) -> Alert? {
    guard var alert = alerts.values.first(where: { $0.id == id }), alert.state != .resolved else {
      return nil
    }
    (alert.state, alert.acknowledged) = (.acknowledged, acknowledgement)
    let told = alert.toldAt
    if told != nil {
      tell(&alert, .acknowledged, recipients(alert, policy(alert.key)), at: acknowledgement.at)
    }
    alert.toldAt = told
    keep(alert)
    return alert
  }

  /// What has to be stored and told; afterwards there is nothing to.
  mutating func take() -> (changed: [Alert], notices: [Notice]) {
    defer { (changed, notices) = ([], []) }
    return (changed, notices)
  }
}
