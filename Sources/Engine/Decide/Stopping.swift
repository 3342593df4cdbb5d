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
    if state.waitsForStart {
      let text = JobSentence.cancelledBefore.english
      return endInQueue(.cancelled, Failure(.cancelled, code: "cancelled", text))
    }
    if isHeldBack {
      let text = JobSentence.cancelledInQueue.english
      return endInQueue(.cancelled, Failure(.cancelled, code: "cancelled", text))
    }
    stopScope(as: .cancelled)
  }

  mutating func jobDeadline() {
    guard state.deadline != .never, state.phase != .ended else { return }
    if !state.isOverdue { emit(.overdue) }
    if isHeldBack {
      let text = JobSentence.neverStarted.english
      return endInQueue(.timeout, Failure(.timeout, code: "deadline", text))
    }
    if state.questions == 0 { stopScope(as: .timeout) }
  }

  /// Asks all nodes of the running phase to stop.
  mutating func stopScope(as status: StepStatus) {
    if state.phase == .afterEach { return stopAfters(as: status) }
    guard let root = state.currentRoot else { return }
    stop(children: root.first..<root.first + root.count, as: status)
  }

  /// The node's time is over: that of its inside, or of the handler that runs now.
  mutating func deadlinePassed(of node: NodeNumber) {
    if let aside = state.openAside(of: node), aside.kind != .rescue {
      stop(children: aside.nodes, as: .timeout)
    } else {
      stop(node, as: .timeout)
    }
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
    case .running where state.isCounting(node): endNow(node, as: status)
    case .running where state.runsAttempt(node):
      emit(.stopping(node, status))
      decision.effects.append(.cancelAttempt(node, token: current.token))
      awaitStop(node)
    case .running:
      if let aside = state.openAside(of: node) { return stopAside(aside, of: node, as: status) }
      if state.subJob(of: node) != nil { return stopCall(node, as: status) }
      emit(.stopping(node, status))
      stop(children: state.children(of: node), as: status)
    case .success, .partial, .failed, .cancelled, .timeout, .skipped: break
    }
  }

  /// A connector that ignores its cancel holds the job up no longer than this.
  mutating func awaitStop(_ node: NodeNumber) {
    wake(Wake(.grace, node, token: state[node].token), after: setting.cancelGrace + .seconds(10))
  }

  /// Handlers are there to be run when something stops: they have their own bound.
  private mutating func stopAside(_ aside: Aside, of node: NodeNumber, as status: StepStatus) {
    guard aside.kind == .rescue else { return }
    emit(.stopping(node, status))
    stop(children: aside.nodes, as: status)
  }

  /// Neighbours that are pending are skipped in one fact.
  mutating func stop(children: Range<NodeNumber>, as status: StepStatus) {
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

  mutating func endNow(_ node: NodeNumber, as status: StepStatus) {
    let wasAsked = state[node].status == .needsAttention
    var failure = stopFailure(node, status)
    if wasAsked, status != .timeout { failure.code = "unknown" }
    fail(node, failure, as: status)
  }
}
