internal import Model
internal import Pipelines

// A kill, and the steps of `finally` that run in spite of it.
extension Decider {
  /// Fences every attempt now (S16). Only steps of `finally` with `on_kill: run` still run; a second
  /// kill ends them too.
  mutating func kill(_ actor: String, _ reason: String) {
    guard state.phase != .ended else { return }
    let isFirst = state.kill == nil
    let text = body(.string(reason))
    emit(.killed(actor: actor, reason: text))
    if state.quarantine != nil { emit(.quarantined(reason: "")) }
    // From the inside out: a node is numbered after the one that holds it.
    for node in (0..<state.nextNode).reversed() where !state[node].status.hasEnded {
      if !isFirst || !runsOnKill(node) { killNode(node, reason) }
    }
    queue.removeAll()
    let hasNotBegun = isHeldBack || state.waitsForStart
    if hasNotBegun { decision.effects.append(.leaveQueue(nil)) }
    if state.outcome == nil {
      conclude(.cancelled, Failure(.cancelled, code: "killed", JobSentence.killed(by: actor).english), nil)
    }
    // What never began has nothing to tidy up.
    if isFirst, !hasNotBegun, openOnKill() { return }
    end(as: .cancelled)
  }

  private mutating func killNode(_ node: NodeNumber, _ reason: String) {
    let current = state[node]
    if current.status == .pending { return emit(.skipped(first: node, count: 1, .cancelled)) }
    if current.status == .queued { decision.effects.append(.leaveQueue(node)) }
    if state.runsAttempt(node) { decision.effects.append(.cancelAttempt(node, token: current.token)) }
    if let child = state.subJob(of: node)?.id {
      decision.effects.append(.cancelChild(child, kills: true, reason: reason))
    }
    fail(node, Failure(.cancelled, code: "unknown", "\(path(node)) was killed."), as: .cancelled)
  }

  /// Whether it is, or lies in, a step of the running `finally` that a kill spares.
  private func runsOnKill(_ node: NodeNumber) -> Bool {
    guard state.phase == .finally, let root = state.roots.last else { return false }
    var top = node
    while state[top].hasParent {
      if state[top].beside == .afterEach { return false }
      top = state[top].parent
    }
    return top >= root.first && step(of: top).runsOnKill
  }

  /// Whether steps are left that run after the kill.
  private mutating func openOnKill() -> Bool {
    guard let scope = plan.finally.map({ plan.scopes[$0] }),
      scope.steps.contains(where: { plan.steps[$0].runsOnKill })
    else { return false }
    switch state.phase {
    case .finally:
      guard let root = state.roots.last, root.open > 0 else { return false }
      wakeSpared(root.first..<root.first + root.count)
    case .main, .onFailure, .onCancel:
      emit(.phase(.finally))
      limit(nil, to: setting.handlersTimeout)
      openSpared(scope)
    case .afterEach, .ended: return false
    }
    return true
  }

  private mutating func openSpared(_ scope: Scope) {
    let first = state.nextNode
    emit(
      .opened(
        parent: nil, first: first, step: UInt32(scope.steps.lowerBound), count: UInt32(scope.steps.count)))
    for node in first..<state.nextNode where !step(of: node).runsOnKill {
      emit(.skipped(first: node, count: 1, .cancelled))
    }
    wakeSpared(first..<state.nextNode)
  }

  /// Those that wait for a step which was killed are skipped, for no event of that step follows.
  private mutating func wakeSpared(_ nodes: Range<NodeNumber>) {
    for node in nodes where state[node].status == .pending {
      switch verdict(on: node, nodes.lowerBound) {
      case .wait: break
      case .run: queue.append(.ready(node))
      case .skip: emit(.skipped(first: node, count: 1, .upstreamFailed))
      }
    }
  }
}
