public import Engine
public import Model

/// Where the hub hears and reads what it tells.
public struct HubSources: Sendable {
  public var listen: @Sendable () async throws(Problem) -> Feed
  /// As often as `listen` has returned.
  public var unlisten: @Sendable () -> Void
  /// Nil: there is no such job.
  public var job: @Sendable (ID<Job>) async throws(Problem) -> FeedJob?
  public var snapshot: @Sendable (ID<Job>) async throws(Problem) -> JobSnapshot
  public var changes: @Sendable (ID<Job>) async throws(Problem) -> ChangeReader
  /// Open questions to any of these, or to everybody, newest first.
  public var asks: @Sendable (_ assignees: [String]) async throws(Problem) -> [AskView]
  /// Nil: this node has no logs to read.
  public var logs: HubLogs?
  /// Nil: there are no rows to look at.
  public var rows: HubRowReading?

  public init(
    listen: @escaping @Sendable () async throws(Problem) -> Feed, unlisten: @escaping @Sendable () -> Void,
    job: @escaping @Sendable (ID<Job>) async throws(Problem) -> FeedJob?,
    snapshot: @escaping @Sendable (ID<Job>) async throws(Problem) -> JobSnapshot,
    changes: @escaping @Sendable (ID<Job>) async throws(Problem) -> ChangeReader,
    asks: @escaping @Sendable (_ assignees: [String]) async throws(Problem) -> [AskView], logs: HubLogs?
  ) {
    (self.listen, self.unlisten, self.job, self.snapshot) = (listen, unlisten, job, snapshot)
    (self.changes, self.asks, self.logs) = (changes, asks, logs)
  }

  /// Those of a running node.
  public init(_ node: Node, _ backend: Backend, logs: HubLogs?) {
    self.init(
      listen: { () throws(Problem) in try await node.listen() }, unlisten: { node.unlisten() },
      job: { (id) throws(Problem) in
        let summary = try reading { () throws(StoreError) in try backend.readModel.job(id) }
        return summary.map {
          FeedJob(
            id: id, pipeline: $0.pipeline, labels: $0.identity.labels, owner: $0.identity.owner)
        }
      },
      snapshot: { (id) throws(Problem) in try await node.snapshot(id) },
      changes: { (id) throws(Problem) in ChangeReader(try node.changes(of: id)) },
      asks: { (assignees) throws(Problem) in
        try await backend.asks.list(
          AskFilter(states: [.open], assignees: assignees), nil, HubLimits.asks)
      }, logs: logs)
    rows = HubRowReading(backend)
  }
}
