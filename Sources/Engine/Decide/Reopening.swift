internal import Expressions
internal import Model
internal import Pipelines

// `job retry`: an ended job goes on in place, from what did not succeed (`semantics.md`, S29).
extension Decider {
  /// What failed is pending again, with all that waited for it. `paths`: only these of the failed ones;
  /// empty: all of them.
  mutating func retried(_ actor: String, _ paths: [String]) {
    guard state.phase == .ended, let root = state.roots.first else { return }
    var found = Reopened(state: state, plan: plan)
    for node in root.first..<root.first + root.count { found.collect(node) }
    let wanted = Set(paths.map { ScalarString($0) })
    let chosen = found.failed.filter { wanted.isEmpty || wanted.contains(ScalarString(path($0))) }
    guard !chosen.isEmpty else { return }
    let nodes = found.closure(of: chosen)
    emit(.reopened(actor: actor, round: state.round + 1, nodes: nodes))
    do {
      if let deadline = plan.deadline { limit(nil, to: try deadline.duration(resolver(at: nil))) }
    } catch {
      return conclude(.failed, Failure(expression: error), nil)
    }
    if let claim = jobClaim {
      emit(.status(.queued))
      return decision.effects.append(.claim(claim))
    }
    emit(.status(.running))
    resume(root.first..<root.first + root.count)
  }

  /// Lets begin what is pending again and has what it needs, from the outside in.
  mutating func resume(_ nodes: Range<NodeNumber>) {
    for node in nodes {
      switch (state[node].status, state[node].layer) {
      case (.pending, .item): return startItems(of: state[node].parent)
      case (.pending, .round): begin(node)
      case (.pending, .step): if needsAreMet(node) { queue.append(.ready(node)) }
      case (.running, _):
        limitAgain(node)
        resume(state.children(of: node))
      case (.success, _), (.partial, _), (.failed, _), (.cancelled, _), (.timeout, _), (.skipped, _),
        (.queued, _), (.waiting, _), (.retrying, _), (.needsAttention, _):
        break
      }
    }
  }

  /// The time of what holds others begins anew with the retry.
  private mutating func limitAgain(_ node: NodeNumber) {
    do {
      if let deadline = step(of: node).deadline, state[node].layer == .step {
        limit(node, to: try deadline.duration(resolver(at: node)))
      }
      if state[node].layer != .step || step(of: node).forEach == nil { try limitBody(node, step(of: node)) }
    } catch {
      stop(node, as: .failed)
    }
  }
}

/// Finds what a retry runs again.
struct Reopened {
  let state: JobState
  let plan: Plan
  /// The innermost nodes that did not succeed, in order.
  private(set) var failed: [NodeNumber] = []

  init(state: JobState, plan: Plan) { (self.state, self.plan) = (state, plan) }

  /// Looks for what failed at a node and inside it: a holder fails because of those that it holds.
  mutating func collect(_ node: NodeNumber) {
    let current = state[node]
    switch current.status {
    case .failed, .timeout, .cancelled, .partial:
      let before = failed.count
      for child in state.children(of: node) { collect(child) }
      // Nothing inside is to blame: it is the node itself, such as a loop that used up its rounds.
      if failed.count == before, current.status != .partial { failed.append(node) }
    case .skipped where !current.skipCause.satisfiesStrongNeeds: failed.append(node)
    case .skipped, .success, .pending, .queued, .running, .waiting, .retrying, .needsAttention: break
    }
  }

  /// These nodes, with every step that waited for one of them or for what holds it: its inputs may change.
  /// Those inside one that runs again as a whole are left out.
  func closure(of chosen: [NodeNumber]) -> [NodeNumber] {
    var again = Set(chosen)
    var work = chosen
    while let node = work.popLast() {
      for follower in followers(of: node) where again.insert(follower).inserted { work.append(follower) }
      let parent = state[node].parent
      if parent != StepState.none, !again.contains(parent) {
        for follower in followers(of: parent) where again.insert(follower).inserted { work.append(follower) }
        work.append(contentsOf: outer(of: parent, again))
      }
    }
    return again.filter { !isInside($0, again) }.sorted()
  }

  /// The holders around a node: those that wait for them run again, too.
  private func outer(of node: NodeNumber, _ again: Set<NodeNumber>) -> [NodeNumber] {
    let parent = state[node].parent
    return parent == StepState.none || again.contains(parent) ? [] : [node]
  }

  private func followers(of node: NodeNumber) -> [NodeNumber] {
    guard state[node].layer == .step, state.sibling(of: node) != nil else { return [] }
    return plan.steps[Int(state[node].step)].successors.map {
      NodeNumber(Int64(node) + Int64($0.step.value) - Int64(state[node].step))
    }
  }

  private func isInside(_ node: NodeNumber, _ again: Set<NodeNumber>) -> Bool {
    var current = state[node].parent
    while current != StepState.none {
      if again.contains(current) { return true }
      current = state[current].parent
    }
    return false
  }
}
