internal import Expressions
internal import Model
internal import Pipelines

// How a job goes from its own steps to its handlers and to its end.
extension Decider {
  mutating func settle() {
    while state.phase != .ended, state.quarantine == nil, !isHeldBack, !state.waitsForStart,
      state.currentRoot.map({ $0.open == 0 }) ?? true,
      state.creation != nil
    {
      switch state.phase {
      case .main:
        if state.outcome == nil { concludeMain() }
        enterHandler()
      case .onFailure, .onCancel: enterFinally()
      case .finally: waitForAfters(finalStatus())
      case .afterEach:
        if state.openAfters > 0 { return updateStatus() }
        end(as: state.kill == nil ? state.outcome ?? .success : .cancelled)
      case .ended: break
      }
      drainQueue()
    }
    updateStatus()
  }

  private mutating func drainQueue() {
    var position = 0
    while position < queue.count {
      switch queue[position] {
      case .ready(let node): ready(node)
      case .ended(let node): propagate(node)
      }
      position += 1
    }
    queue.removeAll(keepingCapacity: true)
  }

  private mutating func concludeMain() {
    guard let root = state.roots.first else { return conclude(.success, nil, nil) }
    let nodes = root.first..<root.first + root.count
    let failed = nodes.first { state[$0].status.isFailure }
    let failure = failed.flatMap { node in
      state.failure(of: node).map { Failure($0.errorClass, code: $0.code, $0.message, step: path(node)) }
    }
    if state.cancel != nil {
      let text = JobSentence.cancelled.english
      return conclude(.cancelled, Failure(.cancelled, code: "cancelled", text), nil)
    }
    if state.isOverdue, nodes.contains(where: { state[$0].wasStopped }) {
      return conclude(.timeout, Failure(.timeout, code: "deadline", JobSentence.late.english), nil)
    }
    if let failure { return conclude(.failed, failure, nil) }
    do {
      let outputs = try outputs()
      let isPartial = nodes.contains { state[$0].status == .partial }
      conclude(isPartial ? .partial : .success, nil, outputs)
    } catch {
      conclude(.failed, Failure(expression: error), nil)
    }
  }

  private func outputs() throws(ExpressionError) -> JSON? {
    if plan.outputs.isEmpty { return nil }
    let resolver = resolver(at: nil)
    var outputs = JSONObject()
    for (name, template) in plan.outputs { outputs[name] = try template.evaluate(resolver) }
    return .object(outputs)
  }

  mutating func conclude(_ status: JobStatus, _ failure: Failure?, _ outputs: JSON?) {
    var fact: Fact.FailureFact?
    if let failure {
      let message = body(.string(failure.message))
      fact = Fact.FailureFact(
        errorClass: failure.errorClass, code: failure.code, message: message, step: failure.step)
    }
    var stored: Body?
    if let outputs { stored = body(outputs) }
    emit(.outcome(status, failure: fact, outputs: stored))
  }

  private mutating func enterHandler() {
    switch state.outcome {
    case .failed, .timeout: enter(.onFailure, plan.onFailure)
    case .cancelled: enter(.onCancel, plan.onCancel)
    case .success, .partial, .pending, .queued, .running, .waiting, .needsAttention, nil: enterFinally()
    }
  }

  private mutating func enterFinally() {
    guard let scope = plan.finally else { return waitForAfters(finalStatus()) }
    enter(.finally, scope)
  }

  /// What follows each step holds up nothing but the end.
  private mutating func waitForAfters(_ status: JobStatus) {
    if state.openAfters == 0 { return end(as: status) }
    emit(.phase(.afterEach))
    limit(nil, to: setting.handlersTimeout)
  }

  /// A handler's own deadline takes the place of the job's.
  private mutating func enter(_ phase: JobPhase, _ scope: Int?) {
    guard let scope else { return enterFinally() }
    emit(.phase(phase))
    limit(nil, to: setting.handlersTimeout)
    open(scope: scope, in: nil)
  }

  /// A job that went well fails when what must always run did not.
  private mutating func finalStatus() -> JobStatus {
    if state.kill != nil { return .cancelled }
    let outcome = state.outcome ?? .success
    guard outcome == .success || outcome == .partial, state.phase == .finally, let root = state.roots.last,
      let failed = (root.first..<root.first + root.count).first(where: { state[$0].status.isFailure }),
      let failure = state.failure(of: failed)
    else { return outcome }
    conclude(
      .failed, Failure(failure.errorClass, code: failure.code, failure.message, step: path(failed)), nil)
    return .failed
  }

  mutating func end(as status: JobStatus) {
    emit(.phase(.ended))
    emit(.status(status))
    // Not before its handlers have ended: whoever comes next finds nothing of this job at work.
    if state.context?.value["limits"] != nil { decision.effects.append(.unclaim(nil)) }
  }

  private mutating func updateStatus() {
    guard state.phase != .ended, state.creation != nil else { return }
    let status: JobStatus =
      if state.quarantine != nil {
        .needsAttention
      } else if state.waitsForStart {
        .waiting
      } else if isHeldBack {
        .queued
      } else if state.active > 0 {
        .running
      } else if state.passive > 0 {
        .waiting
      } else if state.questions == 0 {
        .running
      } else {
        .needsAttention
      }
    if status != state.status { emit(.status(status)) }
  }
}

extension StepState {
  /// Whether a deadline or a cancel from outside kept it from its own end.
  fileprivate var wasStopped: Bool { status == .timeout || (status == .skipped && skipCause == .cancelled) }
}
