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
      question: question(of: node), output: output(of: node), child: subJob(of: node)?.id,
      rescued: asides(of: node).last?.kind == .rescue ? settlement(of: node)?.failure : nil)
  }

  /// As many warnings as a job shows.
  private static let warningsShown = 100

  /// The executions of `after_each` steps that failed.
  func warnings(_ plan: Plan) -> [JobView.Warning] {
    if plan.afterEach == nil { return [] }
    return (0..<nextNode).lazy.filter { self[$0].beside == .afterEach && self[$0].status.isFailure }
      .prefix(Self.warningsShown).compactMap { node in
        failure(of: node).map { JobView.Warning(path: path(of: node, in: plan), failure: $0) }
      }
  }

  private func kind(of node: NodeNumber, _ step: StepPlan) -> String {
    switch self[node].layer {
    case .item: return "item"
    case .round: return "round"
    case .step: return step.forEach != nil ? "for_each" : step.loop != nil ? "repeat" : step.kind.word
    }
  }
}

extension JobState {
  var counts: [StepStatus: Int] {
    var counts = [Int](repeating: 0, count: StepStatus.allCases.count)
    for node in nodes { counts[Int(node.status.rawValue)] += 1 }
    return Dictionary(
      uniqueKeysWithValues: StepStatus.allCases.filter { counts[Int($0.rawValue)] > 0 }.map {
        ($0, counts[Int($0.rawValue)])
      })
  }
}

extension Loading {
  /// Reads what left memory: values and messages that no expression can ask for, and people can.
  mutating func fill(_ views: inout [StepView], of state: JobState) throws(FactError) {
    for index in views.indices {
      let node = views[index].node
      if views[index].output == nil, let place = state.place(of: node) {
        views[index].output = try value(at: place)
      }
      if let place = state.messagePlace(of: node) {
        views[index].failure?.message = try value(at: place).string ?? ""
      }
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
