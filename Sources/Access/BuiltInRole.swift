/// The three roles that every installation has. They cannot be changed, but for what `operators_may_retry`
/// says; others can be made beside them.
///
/// Of the source system are: an operator reads and executes pipelines, reads and cancels jobs, reads
/// credentials (masked); a viewer reads pipelines and jobs. The rest follows for what that system does not
/// have: a viewer reads what shows how work goes, an operator also keeps it going, and only an admin changes
/// what is defined.
public enum BuiltInRole: String, Sendable, Hashable, CaseIterable {
  case admin, `operator`, viewer

  /// As an installation has them whose operators may not retry.
  public var permissions: Permissions { permissions(operatorsMayRetry: false) }

  public func permissions(operatorsMayRetry: Bool) -> Permissions {
    switch self {
    case .admin: .all
    case .operator: operatorsMayRetry ? Self.ofRetryingOperators : Self.ofOperators
    case .viewer: Self.ofViewers
    }
  }

  // Made once, since each request asks.
  private static let ofViewers = Permissions(reading) ?? .none
  private static let ofOperators = Permissions(reading + operating) ?? .none
  private static let ofRetryingOperators = Permissions(reading + operating + retrying) ?? .none

  /// Of operators where the installation says so: what failed is done again, of jobs and of dead letters.
  private static let retrying = ["jobs:retry", "deadletters:replay"]

  private static let reading = [
    "pipelines:read", "jobs:read", "connectors:read", "schedules:read", "metrics:read", "asks:read",
    "queues:read", "workers:read", "events:read", "alerts:read", "namespaces:read",
  ]

  private static let operating = [
    "pipelines:execute", "pipelines:pause", "jobs:cancel", "jobs:update", "jobs:signal", "credentials:read",
    "schedules:pause", "asks:answer", "asks:manage", "deadletters:read", "destinations:read",
    "destinations:redeliver", "connections:read", "alerts:update", "heartbeats:write", "signals:read",
    "queues:pause",
  ]
}
