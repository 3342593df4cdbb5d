public import Model

/// Where the watcher keeps what it must not forget. It is not the store of the jobs: when that one cannot
/// write, a heartbeat is still taken and an alert still told.
public protocol WatchStore: Sendable {
  func load() throws(WatchFault) -> WatchRecords
  /// All or none, and durable when it returns.
  func save(_ changes: [WatchChange]) throws(WatchFault)
  /// Newest first; `before` is the id that the last page ended with.
  func alerts(_ states: [Alert.State], before: ID<Alert>?, limit: Int) throws(WatchFault) -> [Alert]
  func alerts(withPrefix prefix: String, limit: Int) throws(WatchFault) -> [Alert]
  /// What was told of an alert, newest first.
  func notices(of alert: ID<Alert>, limit: Int) throws(WatchFault) -> [Told]
  /// Of all alerts, those that wait to be sent, oldest first.
  func unsent(limit: Int) throws(WatchFault) -> [Told]
}

/// What the watcher begins with.
public struct WatchRecords: Sendable {
  /// By key: since when an expectation with that text is watched.
  public var begun: [String: Begun]
  public var heartbeats: [Heartbeat]
  /// Those that are open, and those that were resolved within the last day.
  public var alerts: [Alert]
  public var mutes: [Mute]
  /// Those that were made by calls.
  public var rules: [AlertRule] = []
  /// By key of the expectation, oldest first.
  public var samples: [String: [Sample]]

  public init(
    begun: [String: Begun] = [:], heartbeats: [Heartbeat] = [], alerts: [Alert] = [], mutes: [Mute] = [],
    samples: [String: [Sample]] = [:]
  ) {
    (self.begun, self.heartbeats, self.alerts) = (begun, heartbeats, alerts)
    (self.mutes, self.samples) = (mutes, samples)
  }
}

public struct Begun: Sendable, Hashable {
  public var text: String
  public var since: Timestamp
  public init(text: String, since: Timestamp) { (self.text, self.since) = (text, since) }
}

public enum WatchChange: Sendable, Hashable {
  case begun(key: String, Begun?)
  case heartbeat(Heartbeat)
  case forget(heartbeat: String)
  case alert(Alert)
  case mute(Mute)
  case unmute(pattern: String)
  case rule(AlertRule)
  case removeRule(name: String)
  /// Behind those that are there; at most `keep` remain.
  case samples(key: String, [Sample], keep: Int)
  case notice(Told)
  /// Removes resolved alerts, what was told of them, and mutes that have ended before this.
  case prune(before: Timestamp)
}

/// A notice and what has become of it.
public struct Told: Sendable, Hashable {
  public enum State: String, Sendable, Hashable, CaseIterable {
    case waiting
    case sent
    /// Nobody subscribes to it: it stands in the log of the server alone.
    case logged
    case givenUp = "given_up"
  }
  public var notice: Notice
  public var state: State
  public var tries: Int
  public var nextAt: Timestamp?
  /// Destinations that have it already.
  public var sentTo: [String]
  public var error: String?

  public init(
    notice: Notice, state: State = .waiting, tries: Int = 0, nextAt: Timestamp? = nil, sentTo: [String] = [],
    error: String? = nil
  ) {
    (self.notice, self.state, self.tries, self.nextAt) = (notice, state, tries, nextAt)
    (self.sentTo, self.error) = (sentTo, error)
  }
}

extension Told {
  public var json: JSON {
    var object = JSONObject()
    object["notice"] = notice.json
    object["state"] = .string(state.rawValue)
    object["tries"] = .int(Int64(tries))
    object["next_at"] = nextAt.map { .string($0.rfc3339) }
    object["sent_to"] = .array(sentTo.map { .string($0) })
    object["error"] = error.map { .string($0) }
    return .object(object)
  }

  public init?(_ json: JSON) {
    guard let notice = json["notice"].flatMap(Notice.init),
      let state = json["state"]?.string.flatMap(State.init(rawValue:))
    else { return nil }
    self.init(
      notice: notice, state: state, tries: json["tries"]?.int.map { Int($0) } ?? 0,
      nextAt: json["next_at"]?.string.flatMap(Timestamp.init(rfc3339:)),
      sentTo: json["sent_to"]?.array?.compactMap(\.string) ?? [], error: json["error"]?.string)
  }
}
