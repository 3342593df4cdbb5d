import API
import Engine
import Model
import Pipelines

/// Finds who names a credential: steps and webhooks of pipelines, and connections, through which
/// destinations and other steps come to it.
struct CredentialUseFinder: Sendable {
  var backend: Backend
  var desk: VaultDesk

  func usage(of name: NamespacedName) throws(Problem) -> CredentialUsage {
    let wanted = ScalarString(name.name)
    let connections = try reading { () throws(StoreError) in
      try backend.readModel.connections(in: name.namespace)
    }.filter { $0.credential.map { ScalarString($0) } == wanted }.map(\.name)
    let through = Set(connections.map { ScalarString($0) })
    var pipelines: [String] = []
    let all = try reading { () throws(StoreError) in try backend.readModel.pipelines(in: name.namespace) }
    for pipeline in all {
      let revision = try reading { () throws(StoreError) in
        try backend.readModel.readRevision(of: pipeline.pipeline, number: pipeline.revision)
      }
      guard let plan = revision.flatMap({ backend.compiler.compile($0.source).plan }) else { continue }
      if plan.uses(wanted, through) { pipelines.append(pipeline.pipeline.id) }
    }
    let places = connections.map { "\(name.namespace)/\($0)" }
    let destinations = try backend.destinations().filter { destination in
      if let added = destination.added, added.owner == name.namespace, added.secretName == name.name {
        return true
      }
      return places.contains { destination.address == $0 || destination.address.hasPrefix($0 + "/") }
    }.map(\.name)
    return CredentialUsage(
      pipelines: pipelines, connections: connections.map { "\(name.namespace)~\($0)" },
      destinations: destinations, leases: desk.leases(name.name, name.namespace).map(CredentialLeaseItem.init)
    )
  }
}

extension Plan {
  fileprivate func uses(_ credential: ScalarString, _ connections: Set<ScalarString>) -> Bool {
    let isInStep = steps.contains { step in
      guard case .connector(let call) = step.kind else { return false }
      return call.credential.map { ScalarString($0) } == credential
        || call.connection.map { connections.contains(ScalarString($0)) } == true
    }
    if isInStep { return true }
    return triggers.contains { trigger in
      trigger.spec["verify"]?["credential"]?.string.map { ScalarString($0) } == credential
        || trigger.spec["connection"]?.string.map { connections.contains(ScalarString($0)) } == true
    }
  }
}

extension CredentialLeaseItem {
  init(_ lease: CredentialLease) {
    self.init(
      pipeline: "\(lease.attempt.pipeline)", job: "\(lease.attempt.job)", step: lease.path,
      attempt: lease.attempt.number, version: lease.version, since: lease.at)
  }
}
