public import Access
import Model

/// The client's end of a connection, as the hub sees it.
public struct HubPeer: Sendable {
  /// Never waits; false where there is no room, or the connection is over.
  public var trySend: @Sendable (String) -> Bool
  /// Waits for room; false where the connection is over.
  public var send: @Sendable (String) async -> Bool
  /// The next message; nil at the end.
  public var receive: @Sendable () async -> String?
  /// Ends the connection behind what was sent.
  public var close: @Sendable (_ code: UInt16, _ reason: String) -> Void

  public init(
    trySend: @escaping @Sendable (String) -> Bool, send: @escaping @Sendable (String) async -> Bool,
    receive: @escaping @Sendable () async -> String?,
    close: @escaping @Sendable (_ code: UInt16, _ reason: String) -> Void
  ) { (self.trySend, self.send, self.receive, self.close) = (trySend, send, receive, close) }
}

/// Who clients are, and what they may do by now.
public struct HubAccess: Sendable {
  /// The same principal as it stands now; nil where its session, token or account is gone.
  public var refresh: @Sendable (Principal) async -> Principal?
  /// Takes a ticket, which is then used up; nil for one that is not valid.
  public var redeem: @Sendable (_ ticket: String) async -> Principal?
  /// The groups of people that an actor is in, as questions name them.
  public var groups: @Sendable (_ actor: String) async -> [String]

  public init(
    refresh: @escaping @Sendable (Principal) async -> Principal?,
    redeem: @escaping @Sendable (_ ticket: String) async -> Principal?,
    groups: @escaping @Sendable (_ actor: String) async -> [String]
  ) { (self.refresh, self.redeem, self.groups) = (refresh, redeem, groups) }
}

/// What a principal may hear, worked out once until it is asked again.
struct HubView: Sendable {
  var principal: Principal
  var jobs: Reach
  var asks: Reach
  /// As assignees are named: `user:ana`, `group:compliance`.
  var names: Set<ScalarString>

  init(_ principal: Principal, groups: [String]) {
    self.principal = principal
    (jobs, asks) = (principal.reach("read", "jobs"), principal.reach("read", "asks"))
    let local = "local:"
    let name =
      principal.actor.hasPrefix(local) ? String(principal.actor.dropFirst(local.count)) : principal.actor
    names = Set((["user:\(name)"] + groups.map { "group:\($0)" }).map { ScalarString($0) })
  }

  /// Whether the topic may be heard. `namespace`: of the job that it names; of an operation who began it.
  func refusal(of topic: HubTopic, in namespace: String?) -> HubFault? {
    switch topic {
    case .job, .logs, .lines: maySee(namespace) ? nil : .notFound
    case .pipeline(let namespace, _), .namespace(let namespace): maySee(namespace.string) ? nil : .notFound
    case .global, .labels: jobs == .only([]) ? .notAllowed : nil
    case .asks: principal.kind == .anonymous ? .notAllowed : nil
    case .rows(let rows): refusal(of: rows, owner: namespace)
    }
  }

  private func maySee(_ namespace: String?) -> Bool {
    guard let namespace else { return false }
    return principal.may("read", "jobs", in: namespace)
  }

  /// Whether a message of a channel that is heard is for this client.
  func hears(_ entry: HubEntry, on topic: HubTopic) -> Bool {
    switch topic {
    case .logs, .lines, .job, .pipeline, .namespace: break
    case .global, .labels: if !jobs.contains(entry.namespace) { return false }
    case .rows(let rows): return hears(entry.namespace.isEmpty ? nil : entry.namespace, of: rows)
    case .asks: break
    }
    guard case .ask(let assignees) = entry.kind else { return true }
    if assignees.contains(where: { names.contains(ScalarString($0)) }) { return true }
    // The inbox has what asks this person, or everybody who may see it.
    if case .asks = topic { return assignees.isEmpty && asks.contains(entry.namespace) }
    return asks.contains(entry.namespace)
  }
}
