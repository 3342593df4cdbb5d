internal import Expressions
internal import Model
internal import Pipelines

// Times and signals (`semantics.md`, S13 and S14).
extension Decider {
  /// No step waits longer by its own `wait:`.
  static let longestWait = Duration.seconds(3_660 * 86_400)
  /// Of the name and of the key of a signal, in bytes.
  static let longestSignalName = 512

  mutating func wait(_ node: NodeNumber, _ plan: WaitPlan) throws(ExpressionError) {
    switch plan {
    case .pause(let timing):
      let pause = try timing.duration(resolver(at: node))
      rest(node, until: now + pause, isInstant: false)
    case .until(let expression):
      guard let instant = try expression.value(resolver(at: node)).moment else {
        let text = "The until of \(path(node)) gave no moment such as 2026-03-01T08:00:00Z."
        return fail(node, Failure(.data, code: "not-a-moment", text))
      }
      rest(node, until: instant, isInstant: true)
    case .signal(let signal): try awaitMessage(node, signal)
    }
  }

  private mutating func rest(_ node: NodeNumber, until due: Timestamp, isInstant: Bool) {
    let pause = due - now
    if pause <= .zero { return endRest(node) }
    guard pause <= Self.longestWait else {
      let days = Self.longestWait.components.seconds / 86_400
      let text = "\(path(node)) would wait until \(due.rfc3339); the longest wait is \(days) days."
      return fail(node, Failure(.data, code: "wait-too-long", text))
    }
    emit(.delayed(node, due: due, pause: pause))
    let wake = Wake(.wait, node, token: state[node].round)
    if isInstant { decision.effects.append(.wakeAt(wake, due)) } else { self.wake(wake, after: pause) }
  }

  private mutating func endRest(_ node: NodeNumber) {
    finishBody(node, ["at": .string(now.rfc3339)])
  }

  /// The time of a wait has come, unless the wall was set back before an instant.
  mutating func waitEnded(_ node: NodeNumber) {
    guard state[node].status == .waiting, state[node].due != .never else { return }
    if waitsForInstant(node), now < state[node].due {
      return decision.effects.append(.wakeAt(Wake(.wait, node, token: state[node].round), state[node].due))
    }
    endRest(node)
  }

  /// Whether the node's `due` is a moment of the wall and no pause.
  func waitsForInstant(_ node: NodeNumber) -> Bool {
    if case .wait(.until) = step(of: node).kind { true } else { false }
  }
}

// Signals.
extension Decider {
  private mutating func awaitMessage(_ node: NodeNumber, _ plan: SignalPlan) throws(ExpressionError) {
    let resolver = resolver(at: node)
    let name = try plan.name.text(resolver)
    let key = try plan.key?.text(resolver) ?? ""
    guard !name.isEmpty, max(name.utf8.count, key.utf8.count) <= Self.longestSignalName else {
      let text = "The signal of \(path(node)) needs a name, and name and key of \(Self.longestSignalName) "
      return fail(node, Failure(.data, code: "bad-signal-name", text + "bytes at most."))
    }
    let wait = body(["name": .string(name), "key": .string(key), "broadcast": .bool(plan.broadcast)])
    emit(.step(node, .awaiting(wait)))
    awaitSignal(node)
  }

  /// Tells the shell what the node waits for: also anew, after the owner's death.
  mutating func awaitSignal(_ node: NodeNumber) {
    guard let wait = state.wait(of: node) else { return }
    decision.effects.append(
      .awaitSignal(
        node, name: wait["name"]?.string ?? "", key: wait["key"]?.string ?? "",
        broadcast: wait["broadcast"]?.bool ?? false))
  }

  mutating func signalled(_ node: NodeNumber, _ id: String, _ payload: JSON) {
    guard Int(node) < state.nodes.count, state.wait(of: node) != nil,
      case .wait(.signal(let plan)) = step(of: node).kind
    else { return }
    let violation = plan.schema?.violations(in: payload).first
    let value = violation == nil ? plan.schema?.normalized(payload) ?? payload : payload
    let output = body(value)
    emit(.step(node, .signalled(id: id, payload: output)))
    if value.isDeeper(than: JSON.depthLimit) { return fail(node, tooDeep("signal", node)) }
    if let violation {
      let place = violation.pointer.isEmpty ? "" : " at \(violation.pointer)"
      let text = "The signal of \(path(node)) does not agree with its schema\(place): "
      return fail(node, Failure(.data, code: "signal-payload", text + violation.message.english))
    }
    emit(.succeeded(node, .success, output: keeps(outputOf: node) ? output : nil))
  }

  /// Whoever ends for another reason is not to be given a signal.
  mutating func leaveSignal(_ node: NodeNumber) {
    if state.wait(of: node) != nil { decision.effects.append(.leaveSignal(node)) }
  }
}

extension Fact {
  /// The step execution that it ends, though it may have been at work.
  var endedNode: NodeNumber? {
    if case .succeeded(let node, _, _) = self { return node }
    if case .failed(let node, _, _, _, _) = self { return node }
    if case .step(let node, .reused) = self { return node }
    return nil
  }
}

extension Value {
  /// A moment, or its RFC 3339 text.
  fileprivate var moment: Timestamp? {
    switch self {
    case .timestamp(let seconds, let nanoseconds):
      let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
      return overflow ? nil : Timestamp(microseconds: scaled + Int64(nanoseconds) / 1_000)
    case .string(let text): return Timestamp(rfc3339: text)
    case .null, .bool, .int, .uint, .double, .bytes, .duration, .list, .map, .optional, .type: return nil
    }
  }
}
