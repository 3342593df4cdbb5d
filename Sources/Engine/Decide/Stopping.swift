internal import Model
internal import Pipelines

// Cancel, kill and deadlines.
extension Decider {
  /// The first cancel counts; a second one changes nothing (S16).
  mutating func cancel(_ actor: String, _ reason: String) {
    guard state.cancel == nil, state.phase != .ended else { return }
    let text = body(.string(reason))
    emit(.cancelRequested(actor: actor, reason: text))
    guard state.phase == .main else { return }
    if isHeldBack {
      let text = "The job was cancelled while it was queued."
      return endInQueue(.cancelled, Failure(.cancelled, code: "cancelled", text))
    }
    stopScope(as: .cancelled)
  }

  mutating func jobDeadline() {
    guard state.deadline != .never, state.phase != .ended else { return }
    if !state.isOverdue { emit(.overdue) }
    if isHeldBack {
      let text = "The job did not start before its deadline."
      return endInQueue(.timeout, Failure(.timeout, code: "deadline", text))
    }
    if state.questions == 0 { stopScope(as: .timeout) }
  }

  /// Asks all nodes of the running phase to stop.
  mutating func stopScope(as status: StepStatus) {
    guard let root = state.currentRoot else { return }
    stop(children: root.first..<root.first + root.count, as: status)
  }

  /// Nothing of it starts any more; what runs is asked to stop.
  mutating func stop(_ node: NodeNumber, as status: StepStatus) {
    let current = state[node]
    guard !current.status.hasEnded, current.stopping == .pending else { return }
    switch current.status {
    case .pending: emit(.skipped(first: node, count: 1, .cancelled))
    case .queued:
      decision.effects.append(.leaveQueue(node))
      endNow(node, as: status)
    case .retrying, .waiting, .needsAttention: endNow(node, as: status)
    case .running where state.runsAttempt(node):
      emit(.stopping(node, status))
      decision.effects.append(.cancelAttempt(node, token: current.token))
      awaitStop(node)
    case .running:
      emit(.stopping(node, status))
      stop(children: state.children(of: node), as: status)
    case .success, .partial, .failed, .cancelled, .timeout, .skipped: break
    }
  }

  /// A connector that ignores its cancel holds the job up no longer than this.
  mutating func awaitStop(_ node: NodeNumber) {
    wake(Wake(.grace, node, token: state[node].token), after: setting.cancelGrace + .seconds(10))
  }

  /// Neighbours that are pending are skipped in one fact.
  private mutating func stop(children: Range<NodeNumber>, as status: StepStatus) {
    var node = children.lowerBound
    while node < children.upperBound {
      var end = node
      while end < children.upperBound, state[end].status == .pending { end += 1 }
      if end > node {
        emit(.skipped(first: node, count: end - node, .cancelled))
        node = end
      } else {
        stop(node, as: status)
        node += 1
      }
    }
  }

  private mutating func endNow(_ node: NodeNumber, as status: StepStatus) {
    let wasAsked = state[node].status == .needsAttention
    let failure =
      status == .timeout
      ? Failure(.timeout, code: "deadline", "\(path(node)) did not end in its time.")
      : Failure(.cancelled, code: wasAsked ? "unknown" : "confirmed", "\(path(node)) was cancelled.")
    fail(node, failure, as: status)
  }

  /// Fences every attempt now; no handler runs (S16).
  mutating func kill(_ actor: String, _ reason: String) {
    guard state.phase != .ended else { return }
    let text = body(.string(reason))
    emit(.killed(actor: actor, reason: text))
    if state.quarantine != nil { emit(.quarantined(reason: "")) }
    // From the inside out: a node is numbered after the one that holds it.
    for node in (0..<state.nextNode).reversed() where !state[node].status.hasEnded {
      let current = state[node]
      if current.status == .pending {
        emit(.skipped(first: node, count: 1, .cancelled))
        continue
      }
      if current.status == .queued { decision.effects.append(.leaveQueue(node)) }
      if state.runsAttempt(node) {
        decision.effects.append(.cancelAttempt(node, token: current.token))
      }
      fail(node, Failure(.cancelled, code: "unknown", "\(path(node)) was killed."), as: .cancelled)
    }
    queue.removeAll()
    if isHeldBack { decision.effects.append(.leaveQueue(nil)) }
    if state.outcome == nil {
      conclude(.cancelled, Failure(.cancelled, code: "killed", "The job was killed by \(actor)."), nil)
    }
    end(as: .cancelled)
  }
}
