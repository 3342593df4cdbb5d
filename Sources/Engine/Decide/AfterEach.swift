internal import Expressions
internal import Model
internal import Pipelines

// `after_each`: steps that run after every step execution of the job's own part, and hold nothing up.
extension Decider {
  /// Opens those whose `if` holds for the step execution that has just ended. One that was skipped never ran.
  mutating func record(_ node: NodeNumber) {
    guard let scope = plan.afterEach.map({ plan.scopes[$0] }), state.phase == .main,
      state[node].status != .skipped, isOwn(node)
    else { return }
    for position in scope.steps {
      do throws(ExpressionError) {
        if try holds(plan.steps[position].condition, after: node) { open(after: node, position) }
      } catch {
        fail(open(after: node, position), Failure(expression: error))
      }
    }
  }

  /// Neither a handler's step nor one of `after_each` itself.
  private func isOwn(_ node: NodeNumber) -> Bool {
    var current = node
    while state[current].hasParent {
      switch state[current].beside {
      case .onFailure, .onCancel, .finally, .afterEach: return false
      case .rescue, nil: current = state[current].parent
      }
    }
    return true
  }

  private func holds(
    _ condition: BoundExpression?, after node: NodeNumber
  ) throws(ExpressionError) -> Bool {
    guard let condition else { return true }
    let resolver = resolver(at: node)
    resolver.followed = node
    return try condition.isTrue(resolver)
  }

  /// The executions of one `after_each` step run one after the other.
  @discardableResult
  private mutating func open(after node: NodeNumber, _ position: Int) -> NodeNumber {
    let first = state.nextNode
    emit(.aside(parent: node, .afterEach, first: first, step: UInt32(position), count: 1))
    startNext(ofLane: UInt32(position))
    return first
  }

  mutating func startNext(ofLane step: UInt32) {
    guard let next = state.lane(of: step).first, state[next].status == .pending else { return }
    queue.append(.ready(next))
  }

  mutating func stopAfters(as status: StepStatus) {
    guard let scope = plan.afterEach.map({ plan.scopes[$0] }) else { return }
    for position in scope.steps {
      for node in state.lane(of: UInt32(position)).all.reversed() { stop(node, as: status) }
    }
  }
}
