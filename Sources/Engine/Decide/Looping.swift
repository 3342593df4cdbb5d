internal import Expressions
internal import Model
internal import Pipelines

// Rounds, one after the other, each with what it carries.
extension Decider {
  static let maxRounds = 10_000

  mutating func beginLoop(_ node: NodeNumber, _ loop: LoopPlan) throws(ExpressionError) {
    let max = try loop.max.value(resolver(at: node))
    guard (1...Self.maxRounds).contains(max) else {
      let text = "The max of \(path(node)) is \(max); it must lie between 1 and \(Self.maxRounds)."
      return fail(node, Failure(.configuration, code: "bad-max", text))
    }
    let carry = try loop.carry.evaluate(resolver(at: node))
    beginRound(1, of: node, max: UInt32(max), carry: carry)
  }

  mutating func beginRound(_ number: UInt32, of loop: NodeNumber, max: UInt32, carry: JSON) {
    if carry.isDeeper(than: JSON.depthLimit) { return fail(loop, tooDeep("carry", loop)) }
    let round = state.nextNode
    let body = body(carry)
    emit(.round(parent: loop, node: round, number: number, max: max, carry: body))
    begin(round)
  }

  mutating func roundEnded(_ round: NodeNumber, in loop: NodeNumber) {
    guard !state[loop].status.hasEnded, let plan = step(of: loop).loop else { return }
    if state[loop].stopping != .pending { return endStopped(loop) }
    guard state[round].status.hasOutput else { return endLike(round, loop) }
    do {
      if let until = plan.until, try holds(until, at: round) { return endWell(round, loop) }
      if state[round].ordinal == state[loop].bound {
        if plan.onMax == .continue { return endWell(round, loop) }
        let text = "\(path(loop)) reached its \(state[loop].bound) rounds before until held."
        return fail(loop, Failure(.exhausted, code: "rounds-exhausted", text))
      }
      try goOn(after: round, of: loop, plan)
    } catch {
      fail(loop, Failure(expression: error))
    }
  }

  private mutating func goOn(
    after round: NodeNumber, of loop: NodeNumber, _ plan: LoopPlan
  ) throws(ExpressionError) {
    if let delay = plan.delay {
      let pause = try delay.duration(resolver(at: round))
      if pause > .zero {
        emit(.delayed(loop, due: now + pause, pause: pause))
        return wake(Wake(.pause, loop, token: state[round].ordinal), after: pause)
      }
    }
    if decision.facts > Decision.longEnough {
      emit(.delayed(loop, due: now, pause: .zero))
      return wake(Wake(.pause, loop, token: state[round].ordinal), after: .zero)
    }
    try nextRound(of: loop, plan)
  }

  /// `next` is evaluated when the round begins; names that it leaves out keep their value.
  private mutating func nextRound(of loop: NodeNumber, _ plan: LoopPlan) throws(ExpressionError) {
    let last = state[loop].firstChild
    var carry = state.carry(of: last)?.object ?? JSONObject()
    if let next = plan.next, case .object(let changed) = try next.evaluate(resolver(at: last)) {
      for member in changed { carry[member.key] = member.value }
    }
    beginRound(state[last].ordinal + 1, of: loop, max: state[loop].bound, carry: .object(carry))
  }

  /// The pause between two rounds is over.
  mutating func pauseEnded(_ loop: NodeNumber) {
    guard state[loop].status == .waiting, let plan = step(of: loop).loop else { return }
    do { try nextRound(of: loop, plan) } catch { fail(loop, Failure(expression: error)) }
  }

  private mutating func endWell(_ round: NodeNumber, _ loop: NodeNumber) {
    emit(.succeeded(loop, state[round].status, output: state.body(of: round)))
  }
}
