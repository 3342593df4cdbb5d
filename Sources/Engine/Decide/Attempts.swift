internal import Expressions
internal import Model
internal import Pipelines

// How attempts end, and what follows.
extension Decider {
  /// A result counts only with the token of the attempt that runs now; any other is kept aside (S18).
  mutating func finish(_ node: NodeNumber, _ token: UInt32, _ end: AttemptEnd) {
    guard Int(node) < state.nodes.count else { return }
    guard state.runsAttempt(node), state[node].token == token else {
      return supersede(node, token, end)
    }
    if step(of: node).limits != nil { tellCircuit(node, end) }
    switch end {
    case .success(let output):
      if !output.artifacts.isEmpty { decision.effects.append(.stored(output.artifacts, node)) }
      finishBody(node, output.value)
      if step(of: node).limits != nil, state[node].status == .success { keepInCache(node, output.value) }
    case .failure(let failure):
      attemptFailed(node, failure)
    }
  }

  private mutating func supersede(_ node: NodeNumber, _ token: UInt32, _ end: AttemptEnd) {
    // A failure that comes late tells nothing; a lost success may be an hour of work.
    guard case .success(let output) = end, state[node].token >= token else { return }
    if !output.artifacts.isEmpty { decision.effects.append(.stored(output.artifacts, node)) }
    let body = body(output.value)
    emit(.superseded(node, token: token, output: body))
  }

  mutating func attemptFailed(_ node: NodeNumber, _ failure: Failure) {
    let stopping = state[node].stopping
    if stopping != .pending {
      return fail(node, failure.errorClass == .cancelled ? failure : failure.asCancelled, as: stopping)
    }
    if failure.errorClass == .lost, state[node].effect == .once || state[node].effect == .reattachable {
      // The connector itself does not know whether it happened: the same question as after a crash.
      return emit(.question(node, reason: failure.code.isEmpty ? "lost" : failure.code))
    }
    do {
      if try retries(node, failure) { return try retry(node, failure) }
      fail(node, failure)
    } catch {
      fail(node, Failure(expression: error))
    }
  }

  private func retries(_ node: NodeNumber, _ failure: Failure) throws(ExpressionError) -> Bool {
    let retry = step(of: node).retry
    guard retry.classes.contains(failure.errorClass) else { return false }
    return try Int(state[node].failures) + 1 < retry.attempts.value(resolver(at: node))
  }

  private mutating func retry(_ node: NodeNumber, _ failure: Failure) throws(ExpressionError) {
    let plan = step(of: node).retry
    let resolver = resolver(at: node)
    let limits = (try plan.initial.duration(resolver), try plan.max.duration(resolver))
    var pause = Backoff(initial: limits.0, factor: plan.factor, max: limits.1, jitter: plan.jitter)
      .pause(after: Int(state[node].failures), seed: setting.job.low ^ UInt64(node) << 32)
    if let asked = failure.retryAfter { pause = max(pause, min(asked, Backoff.longestAsked)) }
    let message = body(.string(failure.message))
    emit(
      .retrying(
        node, failure.errorClass, code: failure.code, message: message, due: now + pause, pause: pause))
    wake(Wake(.retry, node, token: state[node].token), after: pause)
  }

  mutating func fire(_ wake: Wake) {
    guard let node = wake.node else {
      return wake == .start ? startIsDue() : wake == deadline(of: nil) ? jobDeadline() : ()
    }
    guard Int(node) < state.nodes.count, !state[node].status.hasEnded else { return }
    let current = state[node]
    switch wake.kind {
    case .retry: if current.status == .retrying, current.token == wake.token { start(node) }
    case .pause:
      if current.status == .waiting, current.firstChild != StepState.none,
        state[current.firstChild].ordinal == wake.token
      {
        pauseEnded(node)
      }
    case .timeout:
      guard state.runsAttempt(node), current.token == wake.token, current.stopping == .pending else { return }
      decision.effects.append(.cancelAttempt(node, token: current.token))
      let failure = Failure(.timeout, code: "timeout", "\(path(node)) did not end in its time.")
      if step(of: node).limits != nil { tellCircuit(node, .failure(failure)) }
      attemptFailed(node, failure)
    case .items: if state.hasMoreItems(node) { startItems(of: node) }
    case .deadline: if wake == deadline(of: node), current.deadline != .never { deadlinePassed(of: node) }
    case .queueTimeout:
      guard current.status == .queued, current.attempt == wake.token else { return }
      decision.effects.append(.leaveQueue(node))
      fail(node, Failure(.timeout, code: "queue-timeout", "\(path(node)) found no free slot in its time."))
    case .grace:
      guard state.runsAttempt(node), current.token == wake.token else { return }
      let text = "\(path(node)) did not answer the cancel; what it does outside is unknown."
      fail(node, Failure(.cancelled, code: "unknown", text), as: current.stopping)
    case .wait: if current.round == wake.token { waitEnded(node) }
    case .expiry, .reminder, .escalation: askTimer(node, wake)
    case .start: break
    }
  }
}

/// How long to wait before another try.
struct Backoff {
  /// A server may ask for more time than the file's own limit, but not for more than this.
  static let longestAsked = Duration.seconds(3600)

  var initial: Duration
  var factor: Double
  var max: Duration
  var jitter: Double

  /// The same seed and count give the same pause: nothing of chance enters a decision.
  func pause(after failures: Int, seed: UInt64) -> Duration {
    var seconds = initial.seconds
    for _ in 0..<Swift.min(failures, 64) where seconds < max.seconds { seconds *= Swift.max(1, factor) }
    seconds = Swift.min(seconds, max.seconds)
    var mixed = seed &+ UInt64(failures + 1) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    let unit = Double((mixed ^ mixed >> 31) >> 11) / Double(1 << 53)
    return .microseconds(Int64(seconds * (1 + jitter * (2 * unit - 1)) * 1_000_000))
  }
}

extension Duration {
  var seconds: Double { Double(microseconds) / 1_000_000 }
}

extension Failure {
  /// The failure of an attempt that was asked to stop: it did end, and nothing of it goes on.
  fileprivate var asCancelled: Failure {
    Failure(.cancelled, code: "confirmed", message)
  }
}
