import API
import Access
import Model
import Watchdog

/// Routes of expectations, heartbeats and alerts. None asks the engine: they answer while it is stuck.
struct WatchRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(WatchCalls.expectations, in: .list { $0.namespace }) { query, caller in
        try expectations(query, caller)
      },
      .answer(WatchCalls.ping, in: .system) { request, caller in try ping(request, caller) },
      .answer(WatchCalls.forget, in: .system) { path, _ in
        HeartbeatItem(try writer().forget(path.name), at: backend.now())
      },
      .answer(WatchCalls.alerts, in: .granted) { query, caller in try alerts(query, caller) },
      .answer(WatchCalls.alert, in: place { $0.id }) { path, caller in try alert(path.id, caller) },
      .answer(WatchCalls.acknowledge, in: place { $0.id }) { request, caller in
        let watcher = try writer()
        let known = try watcher.alert(request.id)
        let alert = try watcher.acknowledge(known.id, by: caller.actor, note: request.note)
        return AlertItem(alert, caller.language, mutes: watcher.mutes(), at: backend.now())
      },
      .answer(WatchCalls.mutes, in: .system) { _, _ in Page(try watcher().mutes().map(MuteItem.init)) },
      .answer(WatchCalls.mute, in: .system) { item, caller in
        let mute = Mute(
          pattern: item.pattern, by: caller.actor, reason: item.reason, at: backend.now(),
          until: item.until)
        return MuteItem(try writer().mute(mute))
      },
      .answer(WatchCalls.unmute, in: .system) { request, _ in MuteItem(try writer().unmute(request.pattern))
      },
    ]
  }

  private static let mostNotices = 200

  private func expectations(
    _ query: NamespaceQuery, _ caller: Caller
  ) throws(Problem) -> Page<ExpectationItem> {
    let watcher = try watcher()
    let standings: [Standing]
    do throws(WatchFault) { standings = try watcher.standings() } catch { throw Self.unreadable(error) }
    let wanted = Set(caller.namespaces(query.namespace))
    let items = standings.filter { standing in
      let namespace = Self.namespace(standing.subject, standing.rule)
      return wanted.contains(nil) || namespace.map { wanted.contains($0) } == true
    }.map { ExpectationItem($0, caller.language) }
    return Page(items)
  }

  /// Of the subject of a rule; nil: a heartbeat, or the node itself.
  private static func namespace(_ subject: String, _ rule: String) -> String? {
    if ["heartbeat", "node"].contains(rule) { return nil }
    return subject.cut(at: "/", most: 2)[0]
  }

  /// Of an alert's key, such as `atlasreg/daily success_every`.
  static func namespace(of alert: Alert) -> String? {
    let parts = alert.key.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].contains("/") else { return nil }
    return parts[0].split(separator: "/").first.map(String.init)
  }

  func place<Input: Wire>(_ id: @escaping @Sendable (Input) -> String) -> Scope<Input> {
    .placed { (input) throws(Problem) in
      let text = id(input)
      let alert = try watcher().alert(text)
      guard let namespace = Self.namespace(of: alert) else { return .system }
      return .namespace(namespace, missing: .noAlert(text))
    }
  }

  private func ping(_ request: PingRequest, _ caller: Caller) throws(Problem) -> HeartbeatItem {
    let (watcher, now) = (try writer(), backend.now())
    let ping = Heartbeat.Ping(
      at: now, by: caller.actor, hasFailed: request.hasFailed, message: request.message,
      took: try duration(request.took, "duration"))
    let beat = try watcher.ping(
      request.name, ping, every: try duration(request.every, "every"),
      grace: try duration(request.grace, "grace"))
    return HeartbeatItem(beat, at: now)
  }

  private func duration(_ text: String?, _ name: String) throws(Problem) -> Duration? {
    guard let text else { return nil }
    guard let duration = Duration(text: text), duration >= .zero else {
      throw Problem(
        "invalid-request",
        Bilingual(
          "\(name) takes a duration such as 90s or 1d, not \"\(text)\".",
          pt: "\(name) aceita uma duração como 90s ou 1d, não \"\(text)\"."))
    }
    return duration
  }

  private func alerts(_ query: AlertQuery, _ caller: Caller) throws(Problem) -> Page<AlertItem> {
    let states = try Self.states(query.state ?? "open")
    let before = try query.cursor.map { (text) throws(Problem) -> ID<Alert> in
      guard let id = ID<Alert>(text) else { throw PageBounds.wrongCursor(text) }
      return id
    }
    let limit = try PageBounds(cursor: nil, limit: query.limit).limit
    let watcher = try watcher()
    let (found, mutes) = (try alerts(watcher, states, before, limit, caller), watcher.mutes())
    let items = found.map { AlertItem($0, caller.language, mutes: mutes, at: backend.now()) }
    return Page(items, nextCursor: found.count == limit ? found.last?.id.description : nil)
  }

  /// Those that the caller may see.
  private func alerts(
    _ watcher: Watcher, _ states: [Alert.State], _ before: ID<Alert>?, _ limit: Int, _ caller: Caller
  ) throws(Problem) -> [Alert] {
    var (found, place): ([Alert], ID<Alert>?) = ([], before)
    while found.count < limit {
      let page = try watcher.alerts(states, before: place, limit: limit)
      found += page.filter { alert in
        caller.reach == .everywhere || Self.namespace(of: alert).map(caller.reach.contains) == true
      }
      guard page.count == limit, let last = page.last else { break }
      place = last.id
    }
    return Array(found.prefix(limit))
  }

  /// Of all states; none where nothing is watched.
  func newest(_ limit: Int) throws(Problem) -> [Alert] {
    try backend.watcher?.alerts(Alert.State.allCases, before: nil, limit: limit) ?? []
  }

  private static func states(_ word: String) throws(Problem) -> [Alert.State] {
    switch word {
    case "open": return [.firing, .acknowledged]
    case "resolved": return [.resolved]
    case "all": return Alert.State.allCases
    case _:
      throw Problem(
        "invalid-request",
        Bilingual("There is no state \"\(word)\".", pt: "Não existe o estado \"\(word)\"."),
        remedy: Bilingual("There are: open, resolved, all.", pt: "Existem: open, resolved, all."))
    }
  }

  private func alert(_ id: String, _ caller: Caller) throws(Problem) -> AlertItem {
    let watcher = try watcher()
    let alert = try watcher.alert(id)
    var item = AlertItem(alert, caller.language, mutes: watcher.mutes(), at: backend.now())
    item.notices = try watcher.notices(of: alert.id, limit: Self.mostNotices).map { told in
      NoticeItem(
        kind: told.notice.kind.rawValue, at: told.notice.at, to: told.notice.to,
        state: told.state.rawValue, error: told.error)
    }
    return item
  }

  func watcher() throws(Problem) -> Watcher {
    guard let watcher = backend.watcher else { throw Self.unreadable(WatchFault("there is no watcher")) }
    return watcher
  }

  /// Only a running server takes what people say.
  func writer() throws(Problem) -> Watcher {
    _ = try backend.writer()
    return try watcher()
  }

  private static func unreadable(_ fault: WatchFault) -> Problem {
    Problem(
      "store-unavailable",
      Bilingual(
        "What is expected cannot be read: \(fault)", pt: "Não foi possível ler o que é esperado: \(fault)"))
  }
}

extension ExpectationItem {
  init(_ standing: Standing, _ language: Language) {
    let verdict = standing.verdict
    self.init(
      subject: standing.subject, rule: standing.rule, wanted: standing.wanted[language],
      state: verdict.isLate ? "late" : verdict.finding.code == .learning ? "learning" : "ok",
      deadline: verdict.deadline, lastAt: standing.last, message: verdict.finding.text[language],
      mutedUntil: standing.mute?.until, alert: standing.alert?.id.description)
  }
}

extension HeartbeatItem {
  init(_ beat: Heartbeat, at now: Timestamp) {
    self.init(
      name: beat.name, every: beat.every?.text, grace: beat.grace.text, lastAt: beat.last?.at,
      deadline: beat.verdict(at: now).deadline)
  }
}

extension AlertItem {
  init(_ alert: Alert, _ language: Language, mutes: [Mute], at now: Timestamp) {
    self.init(
      id: alert.id.description, key: alert.key, state: alert.state.rawValue, firstAt: alert.firstAt,
      lastAt: alert.lastAt, count: alert.count, message: alert.finding.text[language],
      acknowledgedBy: alert.acknowledged?.by, note: alert.acknowledged?.note,
      mutedUntil: mutes.first { $0.covers(alert.key, at: now) }?.until, resolvedAt: alert.resolvedAt,
      notices: [])
  }
}

extension MuteItem {
  init(_ mute: Mute) {
    self.init(pattern: mute.pattern, reason: mute.reason, until: mute.until, by: mute.by, at: mute.at)
  }
}
