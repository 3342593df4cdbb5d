import API
import Access
import Engine
import Model

/// Who works. There is one node, which is the one worker and the whole cluster, and this says so.
struct WorkerRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(WorkerCalls.list, in: .granted) { _, caller in Page(workers(seeing: caller.reach)) },
      .answer(WorkerCalls.get, in: .granted) { path, caller in try worker(path.id, caller) },
      .answer(WorkerCalls.drain, in: .system) { request, caller in
        try drain(request, caller)
        return try worker(request.id, caller)
      },
      .answer(WorkerCalls.undrain, in: .system) { path, caller in
        try undrain(path.id)
        return try worker(path.id, caller)
      },
      .answer(WorkerCalls.cluster, in: .system) { _, _ in ClusterItem(nodes: node.map { [$0] } ?? []) },
      .answer(WorkerCalls.drainNode, in: .system) { request, caller in
        try drain(request, caller)
        return try node(request.id)
      },
      .answer(WorkerCalls.undrainNode, in: .system) { path, _ in
        try undrain(path.id)
        return try node(path.id)
      },
    ]
  }

  private func worker(_ id: String, _ caller: Caller) throws(Problem) -> WorkerItem {
    guard let worker = workers(seeing: caller.reach).first(where: { ScalarString($0.id) == ScalarString(id) })
    else { throw Self.noWorker(id) }
    return worker
  }

  private func node(_ id: String) throws(Problem) -> NodeItem {
    guard let node, ScalarString(node.id) == ScalarString(id) else { throw Self.noWorker(id) }
    return node
  }

  private func drain(_ request: DrainRequest, _ caller: Caller) throws(Problem) {
    let writer = try backend.writer()
    _ = try node(request.id)
    let order = writer.drain(by: caller.actor, reason: request.reason)
    caller.note.after(DrainItem(order).json)
  }

  private func undrain(_ id: String) throws(Problem) {
    let writer = try backend.writer()
    _ = try node(id)
    writer.undrain()
  }

  /// With the attempts of those namespaces. None beside a store that is only read.
  func workers(seeing reach: Reach) -> [WorkerItem] {
    guard let usage = backend.node?.usage, let node else { return [] }
    let seen = usage.attempts.filter { reach.contains($0.pipeline.namespace) }
      .sorted { ($0.job, $0.connector) < ($1.job, $1.connector) }
    return [
      WorkerItem(
        id: node.id, version: node.version, state: node.state,
        places: ConnectorDescription.Place.allCases.map { place in
          PlaceItem(place: "\(place)", slots: usage.slots[place] ?? 0, used: usage.used(place))
        },
        attempts: seen.map {
          RunningItem(
            job: $0.job.description, pipeline: $0.pipeline.description, connector: $0.connector,
            place: "\($0.place)")
        }, drain: node.drain)
    ]
  }

  private var node: NodeItem? {
    guard let node = backend.node else { return nil }
    let (usage, drain) = (node.usage, node.drained)
    let state: WorkState = drain == nil ? .running : usage.attempts.isEmpty ? .drained : .draining
    return NodeItem(
      id: usage.name, version: usage.version, state: state, attempts: usage.attempts.count,
      drain: drain.map { DrainItem($0) })
  }

  private static func noWorker(_ id: String) -> Problem {
    Problem(
      "no-worker", Bilingual("There is no worker \(id).", pt: "Não existe o worker \(id)."),
      remedy: Bilingual("`esteira worker ls` names them.", pt: "`esteira worker ls` mostra os nomes."))
  }
}

extension DrainItem {
  init(_ order: NodeDrain) { self.init(by: order.by, reason: order.reason, since: order.since) }
}
