internal import Expressions
internal import Model
internal import Pipelines

// `rescue`: another step takes over where one would fail after its last try.
extension Decider {
  /// The rescue that is for this failure, if the node may still have one. Of a `for_each` each item has its
  /// own; of a `repeat` it stands around all rounds.
  func rescue(of node: NodeNumber, from failure: Failure) -> RescuePlan? {
    guard let rescue = step(of: node).rescue, rescue.classes.contains(failure.errorClass) else { return nil }
    switch state[node].layer {
    case .round: return nil
    case .item: break
    case .step: if step(of: node).forEach != nil { return nil }
    }
    if asidesOfThisRound(node).last?.kind == .rescue || isToStop(node) { return nil }
    if let left = ownTimeLeft(node), left <= .zero { return nil }
    return rescue
  }

  /// What remains until the step's own `deadline`, which covers its rescue; nil: it has none.
  private func ownTimeLeft(_ node: NodeNumber) -> Duration? {
    guard state[node].layer == .step, let deadline = step(of: node).deadline,
      let ready = state[node].readyAt.orNil,
      // Its expression gave a value when the step became ready, from the same facts.
      let after = try? deadline.duration(resolver(at: node))
    else { return nil }
    return ready + after - now
  }

  mutating func open(
    _ rescue: RescuePlan, for failure: Failure, as status: StepStatus, of node: NodeNumber
  ) {
    let left = ownTimeLeft(node)
    if step(of: node).limits != nil { decision.effects.append(.unclaim(node)) }
    keep(failure, as: status, of: node)
    let steps = plan.scopes[rescue.scope].steps
    let first = state.nextNode
    emit(
      .aside(
        parent: node, .rescue, first: first, step: UInt32(steps.lowerBound), count: UInt32(steps.count)))
    if let left {
      limit(node, to: left)
    } else if state[node].deadline != .never {
      emit(.deadline(node, due: .never, after: .zero))
    }
    queue.append(.ready(first))
  }

  /// What the node would have ended with, while others still run for it.
  mutating func keep(_ failure: Failure, as status: StepStatus, of node: NodeNumber) {
    let message = body(.string(failure.message))
    let fact = Fact.FailureFact(
      errorClass: failure.errorClass, code: failure.code, message: message, step: failure.step)
    emit(.step(node, .settled(status, output: nil, failure: fact)))
  }

  /// The rescue's output becomes the step's, and so does its failure. One that was skipped rescued nothing.
  mutating func rescueEnded(_ rescue: NodeNumber, of node: NodeNumber) {
    guard !state[node].status.hasEnded else { return }
    let status = state[rescue].status
    if status.hasOutput {
      let output = keeps(outputOf: node) ? state.body(of: rescue) : nil
      return emit(.succeeded(node, status, output: output))
    }
    if state[node].stopping != .pending {
      return failForGood(node, stopFailure(node, state[node].stopping), as: state[node].stopping)
    }
    if status != .skipped, let failure = state.failure(of: rescue) {
      return failForGood(node, failure, as: status)
    }
    let first = state.settlement(of: node)
    let failure = first?.failure ?? Failure(.internal, "\(path(rescue)) was skipped.")
    failForGood(node, failure, as: first?.status ?? .failed)
  }

  /// Whether what holds the node was asked to stop, so that nothing new may begin for it. A handler is not
  /// stopped by what it handles.
  func isToStop(_ node: NodeNumber) -> Bool {
    if state.kill != nil || (state.isOverdue && state.questions == 0) { return true }
    var current = node
    while state[current].hasParent {
      switch state[current].beside {
      case .onFailure, .onCancel, .finally, .afterEach: return false
      case .rescue, nil: current = state[current].parent
      }
      if state[current].stopping != .pending { return true }
    }
    return state.phase == .main && (state.cancel != nil || state.outcome != nil)
  }
}
