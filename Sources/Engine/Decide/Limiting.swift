internal import Expressions
internal import Model
internal import Pipelines

// Limits that are not the node's own: the governors answer (`semantics.md`, S10, S11 and S20).
extension Decider {
  /// What the job itself needs before it starts, as admission pinned it; nil for most jobs.
  var jobClaim: Claim? {
    guard let limits = state.context?.value["limits"] else { return nil }
    var claim = Claim(node: nil)
    if let slot = limits["concurrency"], let key = slot["key"]?.string {
      claim.slots = [SlotClaim(key: key, limit: max(1, Int(slot["limit"]?.int ?? 1)))]
    }
    if let rate = limits["rate"], let key = rate["key"]?.string {
      claim.rate = RateClaim(
        key: key, limit: max(1, Int(rate["limit"]?.int ?? 1)), per: .microseconds(rate["per"]?.int ?? 0))
    }
    claim.priority = jobPriority
    return claim
  }

  var jobPriority: Int {
    state.priority ?? Int(state.context?.value["priority"]?.int ?? Int64(Claim.defaultPriority))
  }

  /// Whether the job waits for its own limits: none of its steps exists yet, or a retry opened it again.
  var isHeldBack: Bool {
    (state.roots.isEmpty || state.status == .queued) && state.outcome == nil && state.phase == .main
      && state.creation != nil && !state.waitsForStart
      && state.context?.value["limits"] != nil
  }

  /// Asks the governors. The step is queued until they answer, which they may do in this very turn.
  mutating func claim(_ node: NodeNumber, _ step: StepPlan) throws(ExpressionError) {
    guard let claim = try self.claim(of: node, step) else { return }
    emit(.queued(node))
    decision.effects.append(.claim(claim))
    try awaitStart(node)
  }

  /// A node that a restart found in the queue asks again.
  mutating func claimAgain(_ node: NodeNumber, _ step: StepPlan) throws(ExpressionError) {
    guard let claim = try self.claim(of: node, step) else { return }
    decision.effects.append(.claim(claim))
    try awaitStart(node)
  }

  /// Nil where a limit makes no sense: then the node has failed.
  private mutating func claim(of node: NodeNumber, _ step: StepPlan) throws(ExpressionError) -> Claim? {
    guard let limits = step.limits else { return nil }
    let keys = LimitKey(namespace: plan.namespace, pipeline: plan.name)
    let resolver = resolver(at: node)
    do throws(LimitError) {
      var claim = Claim(node: node)
      if let concurrency = limits.concurrency {
        let key = keys.step(concurrency.scope, try text(concurrency.key, resolver), step.path)
        claim.slots.append(SlotClaim(key: key, limit: try number(concurrency.limit, resolver)))
      }
      if let exclusive = limits.exclusive, let name = try text(exclusive, resolver) {
        claim.slots.append(SlotClaim(key: keys.named(.namespace, name), limit: 1))
      }
      if let queue = limits.queue, let places = state.context?.value["settings"]?["queue_slots"]?[queue]?.int
      {
        claim.slots.append(SlotClaim(key: keys.queue(queue), limit: max(1, Int(places))))
      }
      claim.slots = claim.slots.withoutDoubles
      if let rate = limits.rate {
        let per = try evaluating { () throws(ExpressionError) in try rate.per.duration(resolver) }
        guard per > .zero else { throw .value("The per of its rate_limit must be longer than nothing.") }
        let key = keys.step(rate.scope, try text(rate.key, resolver), step.path)
        claim.rate = RateClaim(key: key, limit: try number(rate.limit, resolver), per: per)
      }
      claim.circuit = try circuit(limits, step, resolver)
      claim.cacheKey = try text(limits.cache?.key, resolver)
      claim.priority = try priority(limits, resolver)
      if case .connector(let call) = step.kind { claim.place = call.connector.place }
      return claim
    } catch {
      switch error {
      case .expression(let error): throw error
      case .value(let text):
        fail(node, Failure(.configuration, code: "invalid-limit", "\(path(node)) cannot start. \(text)"))
        return nil
      }
    }
  }

  private func circuit(
    _ limits: StepLimits, _ step: StepPlan, _ resolver: Resolver
  ) throws(LimitError) -> CircuitClaim? {
    guard let circuit = limits.circuit else { return nil }
    var name = try text(circuit.key, resolver)
    if name == nil, case .connector(let call) = step.kind { name = call.connection ?? call.connector.name }
    let after = try evaluating { () throws(ExpressionError) in try circuit.recoverAfter.duration(resolver) }
    return CircuitClaim(
      key: LimitKey(namespace: plan.namespace, pipeline: plan.name).named(.namespace, name ?? step.path),
      failures: try number(circuit.failures, resolver), recoverAfter: after)
  }

  private func priority(_ limits: StepLimits, _ resolver: Resolver) throws(LimitError) -> Int {
    guard let own = limits.priority else { return jobPriority }
    let value = try evaluating { () throws(ExpressionError) in try own.value(resolver) }
    guard (0...Ageing.highest).contains(value) else {
      throw .value("Its priority is \(value); it must lie between 0 and \(Ageing.highest).")
    }
    return value
  }

  private enum LimitError: Error {
    case expression(ExpressionError)
    case value(String)
  }

  private func evaluating<Value>(_ body: () throws(ExpressionError) -> Value) throws(LimitError) -> Value {
    do throws(ExpressionError) { return try body() } catch { throw .expression(error) }
  }

  private func text(_ template: Template?, _ resolver: Resolver) throws(LimitError) -> String? {
    guard let template else { return nil }
    let value = try evaluating { () throws(ExpressionError) in try template.evaluate(resolver) }
    let text = value.string ?? value.text
    guard text.unicodeScalars.count <= LimitKey.longest else {
      throw .value("A key of its limits has more than \(LimitKey.longest) characters.")
    }
    return text
  }

  private func number(_ count: Count, _ resolver: Resolver) throws(LimitError) -> Int {
    let value = try evaluating { () throws(ExpressionError) in try count.value(resolver) }
    guard value >= 1 else { throw .value("A limit of it is \(value); it must be at least 1.") }
    return value
  }
}

// What the governors answer.
extension Decider {
  /// All that the node, or with nil the job, asked for is its own.
  mutating func granted(_ node: NodeNumber?) {
    guard let node else { return startJob() }
    guard state[node].status == .queued else { return }
    let step = step(of: node)
    do throws(ExpressionError) {
      if case .connector(let call) = step.kind {
        // The governors took its place, and take it back if nothing starts.
        try perform(node, step, call)
      } else {
        try enterBody(node, step)
      }
    } catch {
      fail(node, Failure(expression: error))
    }
  }

  private mutating func startJob() {
    guard isHeldBack else { return }
    emit(.status(.running))
    guard let root = state.roots.first else { return open(scope: 0, in: nil) }
    resume(root.first..<root.first + root.count)
  }

  mutating func limited(_ node: NodeNumber) {
    guard state[node].status == .queued, !state.isLimited(node) else { return }
    emit(.step(node, .limited))
  }

  /// An open circuit is a failure like any other: `retry` says whether it is tried again.
  mutating func refused(_ node: NodeNumber, _ failure: Failure) {
    guard state[node].status == .queued else { return }
    attemptFailed(node, failure)
  }

  mutating func cached(_ node: NodeNumber, _ output: JSON, from: String) {
    guard state[node].status == .queued else { return }
    let output = body(output)
    emit(.step(node, .reused(.success, from: from, output: output)))
  }

  /// A newer job took its place in the queue (S20).
  mutating func replaced(by newer: ID<Job>) {
    guard isHeldBack else { return }
    endInQueue(
      .cancelled,
      Failure(.cancelled, code: "superseded", "The newer job \(newer) took its place in the queue."))
  }

  /// A job that has not begun has nothing to clean up: its handlers do not run.
  mutating func endInQueue(_ status: JobStatus, _ failure: Failure) {
    decision.effects.append(.leaveQueue(nil))
    stopScope(as: .cancelled)
    conclude(status, failure, nil)
    end(as: status)
  }

  /// Tells the circuit how an attempt ended.
  mutating func tellCircuit(_ node: NodeNumber, _ end: AttemptEnd) {
    let step = step(of: node)
    // A claim that could be evaluated once can be again: its inputs are facts.
    guard let limits = step.limits, let claim = try? circuit(limits, step, resolver(at: node)) else { return }
    let succeeded: Bool?
    switch end {
    case .success: succeeded = true
    case .failure(let failure): succeeded = failure.errorClass.blamesTheOtherSide ? false : nil
    }
    decision.effects.append(.attemptEnded(node, claim, succeeded: succeeded))
  }

  /// Keeps the output of a success for others.
  mutating func keepInCache(_ node: NodeNumber, _ output: JSON) {
    guard let cache = step(of: node).limits?.cache else { return }
    let resolver = resolver(at: node)
    // What cannot be kept costs a later job its saving, and this one nothing.
    guard let key = try? cache.key.evaluate(resolver), let time = try? cache.lifetime.duration(resolver)
    else {
      return
    }
    decision.effects.append(
      .cache(node, CacheEntry(key: key.string ?? key.text, output: output, lifetime: time)))
  }
}

extension ErrorClass {
  /// Whether a failure says that what the step talks to does not work.
  fileprivate var blamesTheOtherSide: Bool {
    switch self {
    case .transient, .timeout, .rateLimited, .lost, .internal, .exit: true
    case .configuration, .credential, .data, .expression, .exhausted, .outputTooLarge, .cancelled,
      .circuitOpen:
      false
    }
  }
}

extension [SlotClaim] {
  /// Two limits of one key are one slot, of the smaller limit.
  fileprivate var withoutDoubles: [SlotClaim] {
    var claims: [SlotClaim] = []
    for claim in self {
      if let known = claims.firstIndex(where: { ScalarString($0.key) == ScalarString(claim.key) }) {
        claims[known].limit = Swift.min(claims[known].limit, claim.limit)
      } else {
        claims.append(claim)
      }
    }
    return claims
  }
}
