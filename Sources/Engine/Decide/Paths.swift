public import Model
public import Pipelines

extension JobState {
  /// How people name a node: `collect[aneel].csv`, `poll#3.check`, `on_failure.tell`.
  public func path(of node: NodeNumber, in plan: Plan) -> String {
    let current = self[node]
    switch current.layer {
    case .step:
      guard current.hasParent else { return plan.steps[Int(current.step)].path }
      let name = plan.steps[Int(current.step)].name
      let outer = path(of: current.parent, in: plan) + "."
      guard let kind = current.beside, kind != .rescue else { return outer + name }
      return outer + kind.word + "." + name
    case .item:
      let key = items(of: current.parent)?.key(at: current.ordinal) ?? String(current.ordinal)
      return path(of: current.parent, in: plan) + "[" + key + "]"
    case .round: return path(of: current.parent, in: plan) + "#" + String(current.ordinal)
    }
  }

  /// The node that a path names, if there is one now.
  public func node(at path: String, in plan: Plan) -> NodeNumber? {
    // From the newest: of a step that a handler repeats, the newer one is meant.
    (0..<nextNode).reversed().first { ScalarString(self.path(of: $0, in: plan)) == ScalarString(path) }
  }
}
