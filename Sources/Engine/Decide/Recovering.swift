internal import Expressions
internal import Model
internal import Pipelines

// After the owner's death, and what people decide about it.
extension Decider {
  /// Every attempt that the dead owner performed is asked for; nothing is assumed about it yet.
  mutating func recover(_ name: String) {
    emit(.recovered(node: name))
    if isHeldBack, let claim = jobClaim { decision.effects.append(.claim(claim)) }
    for node in 0..<state.nextNode {
      let current = state[node]
      switch current.status {
      case .running where state.runsAttempt(node):
        decision.effects.append(.examine(order(for: node, cause: nil)))
        if current.stopping != .pending { awaitStop(node) } else { limitExamination(node) }
      case .running where state.subJob(of: node) != nil: recoverCall(node)
      case .queued where state.isReading(node): readSlice(node)
      case .running where state.isCounting(node):
        if let handle = state.source(of: node).flatMap({ ArtifactHandle($0) }) {
          decision.effects.append(.countLines(node, handle))
        }
      case .queued:
        do throws(ExpressionError) { try queueAgain(node, step(of: node)) } catch {
          fail(node, Failure(expression: error))
        }
      case .waiting: awaitSignal(node)
      case .pending, .running, .retrying, .success, .partial, .failed, .cancelled, .timeout, .skipped,
        .needsAttention:
        break
      }
    }
  }

  private mutating func queueAgain(_ node: NodeNumber, _ step: StepPlan) throws(ExpressionError) {
    if step.limits != nil { return try claimAgain(node, step) }
    guard case .connector(let call) = step.kind else { return }
    try awaitSlot(node, call)
  }

  /// What a state that was loaded waits for. A remaining time is never more than the whole one was (S12).
  public func pendingWakes() -> [(Wake, after: Duration)] {
    var wakes: [(Wake, after: Duration)] = []
    func add(_ wake: Wake, _ due: Timestamp, _ whole: Duration) {
      wakes.append((wake, after: min(max(.zero, due - now), whole)))
    }
    if state.deadline != .never { add(deadline(of: nil), state.deadline, state.deadlineAfter) }
    for node in 0..<state.nextNode where !state[node].status.hasEnded {
      let current = state[node]
      if current.deadline != .never { add(deadline(of: node), current.deadline, current.deadlineAfter) }
      // Items for which there is no room begin when another ends, and wait for no time.
      if state.hasMoreItems(node), current.live < current.bound { wakes.append((Wake(.items, node), .zero)) }
      if current.status == .retrying {
        add(Wake(.retry, node, token: current.token), current.due, current.pause)
      }
      if let ask = state.ask(of: node) { wakes += askWakes(of: node, ask) }
      guard current.status == .waiting, current.due != .never else { continue }
      if current.firstChild != StepState.none {
        add(Wake(.pause, node, token: state[current.firstChild].ordinal), current.due, current.pause)
      } else if !waitsForInstant(node) {
        add(Wake(.wait, node, token: current.round), current.due, current.pause)
      }
    }
    return wakes
  }

  /// The instants of the wall among them.
  func pendingInstants() -> [(Wake, at: Timestamp)] {
    if state.waitsForStart { return state.runAt.map { [(.start, at: $0)] } ?? [] }
    return (0..<state.nextNode).compactMap { node in
      let current = state[node]
      guard current.status == .waiting, current.due != .never, current.firstChild == StepState.none,
        waitsForInstant(node)
      else { return nil }
      return (Wake(.wait, node, token: current.round), at: current.due)
    }
  }

  mutating func examine(_ node: NodeNumber, _ token: UInt32, _ end: AttemptEnd?) {
    guard state.runsAttempt(node), state[node].token == token else { return }
    if let end { return finish(node, token, end) }
    emit(.lost(node, cause: "owner_restarted"))
    if state[node].stopping != .pending {
      let text = "\(path(node)) was lost with its node while it stopped; what it does outside is unknown."
      return fail(node, Failure(.cancelled, code: "unknown", text), as: state[node].stopping)
    }
    if Int(state[node].crashes) > setting.crashBudget {
      let text = "\(path(node)) was lost \(state[node].crashes) times with the process that performed it."
      return fail(node, Failure(.lost, code: "crash-budget", text))
    }
    switch state[node].effect {
    case .pure, .keyed, .reattachable: start(node)
    case .once: emit(.question(node, reason: "owner_restarted"))
    }
  }

  mutating func resolve(_ node: NodeNumber, _ resolution: Resolution, _ actor: String) {
    guard state[node].status == .needsAttention else { return }
    let isLast = state.questions == 1
    switch resolution {
    case .happened(let output):
      emit(.resolved(node, answer: "happened", actor: actor))
      finishBody(node, output)
    case .didNotHappen:
      emit(.resolved(node, answer: "did_not_happen", actor: actor))
      // The deadline waited for this answer alone: nothing starts behind it.
      if state.isOverdue, isLast { return stopScope(as: .timeout) }
      start(node)
    case .failed(let reason):
      emit(.resolved(node, answer: "failed", actor: actor))
      fail(node, Failure(.lost, code: "resolved-failed", reason))
    }
    if state.isOverdue, state.questions == 0 { jobDeadline() }
  }

  /// Takes a result that came after its attempt had lost; the step must not have ended otherwise meanwhile.
  mutating func adopt(_ node: NodeNumber, _ actor: String) {
    // Once its rescue runs the step has another way to its end.
    guard let late = state.lateResult(of: node), !state[node].status.hasEnded, !state.holdsOthers(node)
    else { return }
    switch state[node].status {
    case .running: decision.effects.append(.cancelAttempt(node, token: state[node].token))
    case .queued: decision.effects.append(.leaveQueue(node))
    case .pending, .waiting, .retrying, .success, .partial, .failed, .cancelled, .timeout, .skipped,
      .needsAttention:
      break
    }
    emit(.adopted(node, actor: actor))
    emit(.succeeded(node, .success, output: late.output))
  }

  mutating func release() {
    guard state.quarantine != nil else { return }
    emit(.quarantined(reason: ""))
    // Those that came meanwhile were not heard.
    for (wake, after) in pendingWakes() { self.wake(wake, after: after) }
    for (wake, instant) in pendingInstants() { decision.effects.append(.wakeAt(wake, instant)) }
    recover("released")
  }

  func order(for node: NodeNumber, cause: String?) -> AttemptOrder {
    var with = JSON.null
    if case .connector(let call) = step(of: node).kind {
      // Nothing is evaluated here: an input without a body is a literal, which cannot fail.
      with = state.input(of: node) ?? (try? call.with.evaluate(resolver(at: node))) ?? .null
    }
    return AttemptOrder(
      node: node, token: state[node].token, number: state[node].attempt, effect: state[node].effect,
      step: state[node].step, path: path(node), round: state[node].round,
      keyJob: state.keyJob(setting.job), with: with, previousCause: cause)
  }
}
