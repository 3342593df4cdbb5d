internal import Model
internal import Pipelines

extension JobState {
  /// The step executions as people see them, `range` of them.
  func views(of plan: Plan, job: ID<Job>, _ range: Range<Int>) -> [StepView] {
    range.clamped(to: 0..<nodes.count).map { view(of: NodeNumber($0), plan, job) }
  }

  private func view(of node: NodeNumber, _ plan: Plan, _ job: ID<Job>) -> StepView {
    let state = self[node]
    let step = plan.steps[Int(state.step)]
    let path = path(of: node, in: plan)
    return StepView(
      node: node, parent: state.hasParent ? state.parent : nil, path: path,
      key: stepKey(of: node, at: path, job: job),
      kind: kind(of: node, step), connector: step.connectorName, status: state.status,
      attempts: Int(state.attempt), crashes: Int(state.crashes), readyAt: state.readyAt.orNil,
      startedAt: state.startedAt.orNil, endedAt: state.endedAt.orNil, dueAt: state.due.orNil,
      failure: failure(of: node), skipCause: state.status == .skipped ? state.skipCause.word : nil,
      question: question(of: node), output: output(of: node))
  }

  private func kind(of node: NodeNumber, _ step: StepPlan) -> String {
    switch self[node].layer {
    case .item: return "item"
    case .round: return "round"
    case .step: return step.forEach != nil ? "for_each" : step.loop != nil ? "repeat" : step.kind.word
    }
  }
}

extension StepPlan {
  var connectorName: String? {
    switch kind {
    case .connector(let call): call.connector.name
    case .group, .choose, .value, .call, .ask, .wait, .end: nil
    }
  }
}
