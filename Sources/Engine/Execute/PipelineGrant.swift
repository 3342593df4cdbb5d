/// What the steps of one pipeline may do to others: its own principal has no right until it is given one.
public struct PipelineGrant: Sendable, Hashable {
  public enum Right: String, Sendable, Hashable, CaseIterable { case pause, resume, export, purge }

  public var principal: PipelineName
  public var rights: [Right]
  /// A name `*` is every pipeline of that namespace.
  public var targets: [PipelineName]

  public init(principal: PipelineName, rights: [Right], targets: [PipelineName]) {
    (self.principal, self.rights, self.targets) = (principal, rights, targets)
  }

  public func allows(_ right: Right, on target: PipelineName) -> Bool {
    rights.contains(right)
      && targets.contains { $0 == target || ($0.name == "*" && $0.namespace == target.namespace) }
  }
}
