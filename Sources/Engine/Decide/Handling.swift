internal import Expressions
internal import Model
internal import Pipelines

// `on_failure`, `on_cancel` and `finally` of groups: for each item and each round those of its own inside.
extension Decider {
  /// Whether the inside of the node has run and its handlers have not.
  func hasHandlersToRun(_ node: NodeNumber) -> Bool {
    state[node].childStep != StepState.none && state.settlement(of: node) == nil && state.kill == nil
      && step(of: node).handlers != .none && step(of: node).isGroup
  }

  mutating func settle(_ node: NodeNumber, _ failure: Failure, as status: StepStatus) {
    keep(failure, as: status, of: node)
    runHandlers(of: node)
  }

  /// Opens the next handler, or ends the node where none is left.
  mutating func runHandlers(of node: NodeNumber) {
    guard let settlement = state.settlement(of: node) else { return }
    let handlers = step(of: node).handlers
    let opened = asidesOfThisRound(node).map(\.kind)
    if opened.isEmpty {
      switch settlement.status {
      case .failed, .timeout: if let scope = handlers.onFailure { return open(.onFailure, scope, of: node) }
      case .cancelled: if let scope = handlers.onCancel { return open(.onCancel, scope, of: node) }
      case .success, .partial, .pending, .queued, .running, .waiting, .retrying, .skipped, .needsAttention:
        break
      }
    }
    if !opened.contains(.finally), let scope = handlers.finally { return open(.finally, scope, of: node) }
    end(node, settlement)
  }

  /// A retry of the job runs what stands beside a node anew.
  func asidesOfThisRound(_ node: NodeNumber) -> [Aside] {
    state.asides(of: node).filter { state[$0.first].round == state.round }
  }

  private mutating func open(_ kind: AsideKind, _ number: Int, of node: NodeNumber) {
    let steps = plan.scopes[number].steps
    let first = state.nextNode
    emit(
      .aside(parent: node, kind, first: first, step: UInt32(steps.lowerBound), count: UInt32(steps.count)))
    limit(node, to: setting.handlersTimeout)
    for offset in 0..<steps.count where plan.steps[steps.lowerBound + offset].needs.isEmpty {
      queue.append(.ready(first + NodeNumber(offset)))
    }
  }

  /// A node that went well fails when what must always run did not.
  private mutating func end(_ node: NodeNumber, _ settlement: Settlement) {
    if let failure = settlement.failure { return fail(node, failure, as: settlement.status) }
    if let aside = asidesOfThisRound(node).last(where: { $0.kind == .finally }),
      let failed = aside.nodes.first(where: { state[$0].status.isFailure }),
      var failure = state.failure(of: failed)
    {
      failure.step = path(failed)
      return fail(node, failure, as: .failed)
    }
    emit(.succeeded(node, settlement.status, output: settlement.output))
  }
}

extension StepPlan {
  fileprivate var isGroup: Bool {
    switch kind {
    case .group: true
    case .connector, .choose, .value, .call, .ask, .wait, .end: false
    }
  }
}
