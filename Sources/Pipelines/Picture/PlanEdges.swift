public import Model

/// The steps of a plan and what joins them, for programs that draw.
public struct PlanEdges: Sendable {
  public struct Node: Sendable, Hashable {
    public var path: String
    public var name: String
    /// Such as the connector's name, `steps` or `ask`.
    public var does: String
    /// The path of the step whose inside it is.
    public var parent: String?
    /// `on_failure`, `finally` and so on; nil among the steps.
    public var handler: String?
  }

  public struct Edge: Sendable, Hashable {
    public var from: String
    public var to: String
    /// It waits for the end, however it ends.
    public var isWeak: Bool
    public var reason: Bilingual
  }

  /// In an order in which they could run; what is inside a step follows it.
  public private(set) var nodes: [Node] = []
  public private(set) var edges: [Edge] = []

  public init(_ plan: Plan) {
    for (word, scope) in plan.topScopes { add(scope, of: plan, parent: nil, handler: word) }
    for (index, step) in plan.steps.enumerated() {
      for need in step.needs {
        edges.append(
          Edge(
            from: plan.steps[need.step.position].path, to: step.path, isWeak: need.strength == .weak,
            reason: plan.reason(of: need, to: index)))
      }
    }
  }

  private mutating func add(_ scope: Int, of plan: Plan, parent: String?, handler: String?) {
    for index in plan.order(ofScope: scope) {
      let step = plan.steps[index.position]
      nodes.append(
        Node(path: step.path, name: step.name, does: step.does, parent: parent, handler: handler))
      for (word, inner) in step.scopes { add(inner, of: plan, parent: step.path, handler: word) }
    }
  }
}
