internal import Expressions
internal import Model
internal import Pipelines

// What makes a step begin: its condition, then its layers from the outside in.
extension Decider {
  mutating func admit(_ creation: Fact.Creation, _ context: JSON) {
    let body = body(context)
    emit(.created(creation, context: body))
    if let moment = state.runAt { awaitStart(at: moment) } else { begin() }
  }

  /// Opens a scope's steps and lets those begin that need nothing.
  mutating func open(scope number: Int, in parent: NodeNumber?) {
    let steps = plan.scopes[number].steps
    let first = state.nextNode
    emit(.opened(parent: parent, first: first, step: UInt32(steps.lowerBound), count: UInt32(steps.count)))
    for offset in 0..<steps.count where plan.steps[steps.lowerBound + offset].needs.isEmpty {
      queue.append(.ready(first + NodeNumber(offset)))
    }
  }

  /// All needs are satisfied.
  mutating func ready(_ node: NodeNumber) {
    guard state[node].status == .pending else { return }
    do {
      // That of an after_each step was asked when the step that it follows had ended.
      if state[node].beside != .afterEach, let condition = step(of: node).condition,
        try !holds(condition, at: node)
      {
        return emit(.skipped(first: node, count: 1, .condition))
      }
      if let deadline = step(of: node).deadline {
        limit(node, to: try deadline.duration(resolver(at: node)))
      }
    } catch {
      return fail(node, Failure(expression: error))
    }
    begin(node)
  }

  /// Runs the next layer: items of a step, rounds of an item, or the body.
  mutating func begin(_ node: NodeNumber) {
    let (step, layer) = (step(of: node), state[node].layer)
    if layer == .item, state[node].firstChild != StepState.none {
      // Opened again with an inside that is done in part.
      emit(.entered(node))
      return resume(state.children(of: node))
    }
    do {
      if layer == .step, let forEach = step.forEach {
        try beginFanOut(node, forEach)
      } else if layer == .item, step.forEach?.isLines == true, state.slice(of: node) == nil {
        readSlice(node)
      } else if layer != .round, let loop = step.loop {
        try beginLoop(node, loop)
      } else {
        try beginBody(node, step)
      }
    } catch {
      fail(node, Failure(expression: error))
    }
  }

  private mutating func beginBody(_ node: NodeNumber, _ step: StepPlan) throws(ExpressionError) {
    if isRerun, case .connector(let call) = step.kind, reuse(node, given: try value(of: call.with, at: node))
    {
      return
    }
    if step.limits != nil { return try claim(node, step) }
    try enterBody(node, step)
  }

  mutating func enterBody(_ node: NodeNumber, _ step: StepPlan) throws(ExpressionError) {
    switch step.kind {
    case .connector: start(node)
    case .value(let template):
      finishBody(node, try value(of: template, at: node))
    case .group(let scope):
      try limitBody(node, step)
      open(scope: scope, in: node)
      emit(.entered(node))
    case .choose(let scope): try choose(node, step, plan.scopes[scope])
    case .call(let plan): try call(node, plan)
    case .ask(let plan): try ask(node, plan)
    case .wait(let plan): try wait(node, plan)
    case .end(let plan): try close(node, plan)
    }
  }

  private mutating func choose(
    _ node: NodeNumber, _ step: StepPlan, _ scope: Scope
  ) throws(ExpressionError) {
    var chosen: Int?
    for position in scope.steps {
      if let condition = plan.steps[position].condition, try !holds(condition, at: node) { continue }
      chosen = position
      break
    }
    guard let chosen else {
      return fail(
        node, Failure(.data, code: "no-branch", "No branch of \(step.path) holds. Add one with else: true."))
    }
    try limitBody(node, step)
    let limit = try plan.steps[chosen].deadline?.duration(resolver(at: node))
    let branch = state.nextNode
    emit(.opened(parent: node, first: branch, step: UInt32(chosen), count: 1))
    emit(.entered(node))
    if let limit { self.limit(branch, to: limit) }
    begin(branch)
  }

  /// The `timeout` of a group or choice bounds one round of it.
  mutating func limitBody(_ node: NodeNumber, _ step: StepPlan) throws(ExpressionError) {
    guard let timeout = step.timeout else { return }
    let after = try timeout.duration(resolver(at: node))
    guard state[node].deadline == .never || now + after < state[node].deadline else { return }
    limit(node, to: after)
  }

  mutating func limit(_ node: NodeNumber?, to after: Duration) {
    emit(.deadline(node, due: now + after, after: after))
    wake(deadline(of: node), after: after)
  }

  /// The job's own deadline is that of its round and phase, a node's that of its round and its inside,
  /// handler or rescue: an earlier one must not end what came after.
  func deadline(of node: NodeNumber?) -> Wake {
    guard let node else {
      return Wake(.deadline, nil, token: UInt32(state.phase.rawValue) | state.round << 8)
    }
    return Wake(.deadline, node, token: UInt32(state.asides(of: node).count) | state[node].round << 8)
  }

  /// Starts an attempt, or queues it where no slot is free.
  mutating func start(_ node: NodeNumber) {
    let step = step(of: node)
    guard case .connector(let call) = step.kind else { return }
    do throws(ExpressionError) {
      if step.limits != nil { return try claim(node, step) }
      let slot = Int(call.connector.place.rawValue)
      if decision.freeSlots[slot] <= 0 { return try enqueue(node, call) }
      try perform(node, step, call)
      decision.freeSlots[slot] -= 1
    } catch {
      fail(node, Failure(expression: error))
    }
  }

  mutating func perform(
    _ node: NodeNumber, _ step: StepPlan, _ call: CallPlan
  ) throws(ExpressionError) {
    let kept = state.input(of: node)
    let with: JSON
    if let kept { with = kept } else { with = try value(of: call.with, at: node) }
    let timeout = try timeout(of: call, step, at: node)
    launch(node, call, with, isNew: kept == nil && !call.with.isLiteral, timeout)
  }

  private mutating func timeout(
    of call: CallPlan, _ step: StepPlan, at node: NodeNumber
  ) throws(ExpressionError) -> Duration {
    guard let own = step.timeout else { return call.connector.defaultTimeout }
    return try duration(of: own, at: node)
  }

  /// A connector that waits for what its lost attempt began has the attempt's time, and all of it: the node
  /// may have been gone for longer. Whether something happened that must not happen twice is asked without a
  /// limit.
  mutating func limitExamination(_ node: NodeNumber) {
    let step = step(of: node)
    guard state[node].effect != .once, case .connector(let call) = step.kind else { return }
    do throws(ExpressionError) {
      let after = try timeout(of: call, step, at: node)
      wake(Wake(.timeout, node, token: state[node].token), after: after)
    } catch {
      fail(node, Failure(expression: error))
    }
  }

  /// Evaluated inputs are facts: all attempts of a step execution are given the same.
  private mutating func launch(
    _ node: NodeNumber, _ call: CallPlan, _ with: JSON, isNew: Bool, _ timeout: Duration
  ) {
    let number = state[node].attempt + 1
    let effect = call.connector.effectClass(with: with, idempotent: step(of: node).idempotent)
    let cause = state[node].crashes > 0 ? "owner_restarted" : nil
    let input: Body? = isNew ? body(with) : nil
    emit(.started(node, attempt: number, effect: effect, input: input))
    let token = state[node].token
    decision.effects.append(
      .execute(
        AttemptOrder(
          node: node, token: token, number: number, effect: effect, step: state[node].step,
          path: state.path(of: node, in: plan), round: state[node].round, keyJob: state.keyJob(setting.job),
          with: with, previousCause: cause)))
    wake(Wake(.timeout, node, token: token), after: timeout)
  }

  private mutating func enqueue(_ node: NodeNumber, _ call: CallPlan) throws(ExpressionError) {
    emit(.queued(node))
    try awaitSlot(node, call)
  }

  /// The wait is that of the coming attempt: the timer of an earlier one means nothing to it.
  mutating func awaitSlot(_ node: NodeNumber, _ call: CallPlan) throws(ExpressionError) {
    decision.effects.append(.queue(node, call.connector.place))
    try awaitStart(node)
  }

  /// From ready until started: a place and all limits included.
  mutating func awaitStart(_ node: NodeNumber) throws(ExpressionError) {
    guard let limit = step(of: node).queueTimeout else { return }
    let after = try limit.duration(resolver(at: node))
    wake(Wake(.queueTimeout, node, token: state[node].attempt), after: after)
  }

  /// A literal needs no resolver, whose making costs more than all the rest.
  private mutating func value(of template: Template, at node: NodeNumber) throws(ExpressionError) -> JSON {
    if case .literal(let value) = template { return value }
    return try evaluating(at: node) { resolver throws(ExpressionError) in try template.evaluate(resolver) }
  }

  private mutating func duration(
    of timing: Timing, at node: NodeNumber
  ) throws(ExpressionError) -> Duration {
    if case .fixed(let duration) = timing { return duration }
    return try evaluating(at: node) { resolver throws(ExpressionError) in try timing.duration(resolver) }
  }

  mutating func holds(_ condition: BoundExpression, at node: NodeNumber) throws(ExpressionError) -> Bool {
    let value = try evaluating(at: node) { resolver throws(ExpressionError) in
      try condition.value(resolver)
    }
    guard case .bool(let answer) = value else {
      throw ExpressionError(
        .evaluation,
        Bilingual("A condition gave no bool.", pt: "Uma condição não resultou em bool."),
        at: 0..<condition.expression.source.utf8.count)
    }
    return answer
  }
}

extension Template {
  var isLiteral: Bool {
    switch self {
    case .literal: true
    case .expression, .text: false
    case .array(let elements): elements.allSatisfy(\.isLiteral)
    case .object(let members): members.allSatisfy { $0.value.isLiteral }
    }
  }
}

extension Failure {
  init(expression error: ExpressionError) {
    self.init(.expression, code: "expression", error.message.english)
  }
}
