internal import Model

/// Whom an alert is told, and how often. One for all, or the first whose pattern names the alert.
public struct AlertPolicy: Sendable, Hashable {
  public struct Escalation: Sendable, Hashable {
    /// So long after it began, while nobody has acknowledged it.
    public var after: Duration
    public var to: [String]
    public init(after: Duration, to: [String]) { (self.after, self.to) = (after, to) }
  }

  /// Names of destinations; empty: all that subscribe to alerts.
  public var to: [String]
  /// What comes back within this time is the same alert. From the second time on it must be well for so long
  /// before people are told that it is, so that one that comes and goes is told of twice and not a hundred
  /// times.
  public var dedupe: Duration
  /// So long after the last telling it is told again while it fires; nil: never.
  public var remind: Duration?
  /// In the order of `after`.
  public var escalations: [Escalation]

  public init(
    to: [String] = [], dedupe: Duration = AlertPolicy.usualDedupe, remind: Duration? = nil,
    escalations: [Escalation] = []
  ) {
    (self.to, self.dedupe, self.remind) = (to, dedupe, remind)
    self.escalations = escalations.sorted { $0.after < $1.after }
  }

  public static let usualDedupe = Duration.seconds(600)
  public static let mostEscalations = 10
  /// Reminders at most so often.
  public static let shortestReminder = Duration.seconds(60)
}

/// What the operator says of watching, in `esteira.yaml`.
public struct WatchConfiguration: Sendable, Hashable {
  public struct Route: Sendable, Hashable {
    public var pattern: String
    public var policy: AlertPolicy
    public init(pattern: String, policy: AlertPolicy) { (self.pattern, self.policy) = (pattern, policy) }
  }

  public struct Beat: Sendable, Hashable {
    public var name: String
    public var every: Duration
    public var grace: Duration
    public init(name: String, every: Duration, grace: Duration) {
      (self.name, self.every, self.grace) = (name, every, grace)
    }
  }

  /// An address that is called while all is well, so that its owner notices a silence of this node.
  public struct Ping: Sendable, Hashable {
    public var url: String
    public var every: Duration
    /// Networks that it may lead to besides public ones.
    public var egress: [String]
    public init(url: String, every: Duration, egress: [String]) {
      (self.url, self.every, self.egress) = (url, every, egress)
    }
  }

  public var policy: AlertPolicy
  /// The first that matches counts.
  public var routes: [Route]
  public var heartbeats: [Beat]
  public var ping: Ping?

  public init(
    policy: AlertPolicy = AlertPolicy(), routes: [Route] = [], heartbeats: [Beat] = [], ping: Ping? = nil
  ) {
    (self.policy, self.routes, self.heartbeats, self.ping) = (policy, routes, heartbeats, ping)
  }

  public func policy(for key: String) -> AlertPolicy {
    routes.first { WatchPattern.matches($0.pattern, key) }?.policy ?? policy
  }
}
