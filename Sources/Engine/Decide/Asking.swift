internal import Expressions
internal import Model
internal import Pipelines

// Questions to people (`semantics.md`, S15). The order of events decides, nothing else.
extension Decider {
  mutating func ask(_ node: NodeNumber, _ plan: AskPlan) throws(ExpressionError) {
    let content: JSON
    switch try AskContent(resolver: resolver(at: node), plan: plan, now: now).evaluate() {
    case .success(let json): content = json
    case .failure(let failure): return fail(node, failure)
    }
    if isRerun, let shown = content["shown_sha256"], reuse(node, given: shown) { return }
    if content.isDeeper(than: JSON.storedDepthLimit - 1) { return fail(node, tooDeep("show", node)) }
    let body = body(content)
    if let size = decision.bodies.last?.range.count, size > Self.maxOutput {
      decision.withdrawLastBody()
      let text = "What \(path(node)) shows has \(size) bytes; the most are \(Self.maxOutput)."
      return fail(node, Failure(.outputTooLarge, code: "output-too-large", text))
    }
    let id = AskID.make(job: setting.job, path: path(node), round: state[node].round, at: now)
    emit(.step(node, .asked(id, content: body)))
    guard let ask = state.ask(of: node) else { return }
    decision.effects.append(.ask(.changed(node, ask, .open, choice: nil)))
    for (wake, after) in askWakes(of: node, ask) { self.wake(wake, after: after) }
  }

  mutating func answered(_ node: NodeNumber, _ answer: GivenAnswer) {
    guard Int(node) < state.nodes.count, case .ask(let plan) = step(of: node).kind else { return }
    guard let ask = state.ask(of: node), ask.id == answer.ask else {
      return keep(answer, of: node, counts: false)
    }
    guard ask.refusal(of: answer, plan) == nil else { return }
    keep(answer.normalized(by: plan), of: node, counts: true)
    guard let ask = state.ask(of: node), ask.votes(for: answer.choice) >= ask.quorum else { return }
    decide(node, ask, plan, answer.choice, form: ask.answers.last?.content["form"], by: answer.by)
  }

  /// An answer that comes too late is evidence; it changes nothing.
  private mutating func keep(_ answer: GivenAnswer, of node: NodeNumber, counts: Bool) {
    let body = body(answer.json)
    emit(.step(node, .answered(by: answer.by, counts: counts, answer: body)))
    decision.effects.append(.ask(.answered(answer, counts: counts, place: body.place)))
  }

  /// `by` is nil where nobody answered in time.
  private mutating func decide(
    _ node: NodeNumber, _ ask: OpenAsk, _ plan: AskPlan, _ choice: String, form: JSON?, by: String?
  ) {
    if plan.failing.contains(choice) {
      let who = by.map { " by \($0)" } ?? ": nobody answered in time"
      fail(node, Failure(.data, code: "rejected", "\(path(node)) was rejected\(who)."))
    } else {
      var output = JSONObject([("choice", .string(choice))])
      output["form"] = form
      output["by"] = by.map { .string($0) } ?? .null
      output["at"] = .string(now.rfc3339)
      output["expired"] = .bool(by == nil)
      output["shown_sha256"] = .string(ask.shown)
      finishBody(node, .object(output))
    }
    let state: AskRow.State = by == nil ? .expired : .decided
    decision.effects.append(.ask(.changed(node, ask, state, choice: choice)))
  }

  mutating func askTimer(_ node: NodeNumber, _ wake: Wake) {
    guard let ask = state.ask(of: node), case .ask(let plan) = step(of: node).kind,
      wake.token >> Self.roundShift == state[node].round & Self.numberMask
    else { return }
    switch wake.kind {
    case .expiry: expire(node, ask, plan)
    case .reminder:
      if ask.reminders &+ 1 == wake.token & Self.numberMask { remind(node, ask.id) }
    case .escalation: if !ask.isEscalated { escalate(node, ask) }
    case .retry, .pause, .items, .timeout, .deadline, .queueTimeout, .grace, .wait, .start: break
    }
  }

  /// It can never approve, whatever a plan says.
  private mutating func expire(_ node: NodeNumber, _ ask: OpenAsk, _ plan: AskPlan) {
    if case .choice(let name) = plan.onExpiry,
      let choice = plan.choices.first(where: { ScalarString($0.name) == ScalarString(name) }),
      !choice.approves
    {
      return decide(node, ask, plan, name, form: nil, by: nil)
    }
    if plan.onExpiry == .skip {
      emit(.skipped(first: node, count: 1, .expired))
    } else {
      let text = "Nobody decided \(path(node)) in time."
      fail(node, Failure(.timeout, code: "ask-expired", text))
    }
    decision.effects.append(.ask(.changed(node, ask, .expired, choice: nil)))
  }
}

// Who is asked, and how often.
extension Decider {
  mutating func remind(_ node: NodeNumber, _ id: ID<Ask>) {
    guard Int(node) < state.nodes.count, let ask = state.ask(of: node), ask.id == id,
      ask.reminders < Self.numberMask
    else { return }
    emit(.step(node, .reminded(ask.reminders + 1)))
    guard let every = ask.remindEvery else { return }
    wake(Wake(.reminder, node, token: askToken(node, ask.reminders + 2)), after: every)
  }

  private mutating func escalate(_ node: NodeNumber, _ ask: OpenAsk) {
    guard let more = ask.content["escalate"]?["to"] else { return }
    assign(node, ask.people.joined(AskPeople(more)), cause: "escalated", actor: "esteira")
  }

  mutating func delegated(_ node: NodeNumber, _ handover: Handover) {
    guard Int(node) < state.nodes.count, let ask = state.ask(of: node), ask.id == handover.ask,
      ask.refusal(of: handover) == nil
    else { return }
    let actor = handover.onBehalfOf.map { "\(handover.by) for \($0)" } ?? handover.by
    assign(
      node, ask.people.handedOver(from: handover.person, to: handover.to), cause: "delegated", actor: actor)
  }

  private mutating func assign(_ node: NodeNumber, _ people: AskPeople, cause: String, actor: String) {
    let body = body(people.json)
    emit(.step(node, .assigned(cause: cause, actor: actor, to: body)))
    guard let ask = state.ask(of: node) else { return }
    decision.effects.append(.ask(.changed(node, ask, .open, choice: nil)))
  }

  /// Whatever ends a step that still asks closes its question; a decision's own row follows this one.
  mutating func closeAsk(endedBy fact: Fact) {
    let ended: NodeNumber
    if case .succeeded(let node, _, _) = fact {
      ended = node
    } else if case .failed(let node, _, _, _, _) = fact {
      ended = node
    } else if case .skipped(let node, 1, _) = fact {
      ended = node
    } else if case .aside(let node, .rescue, _, _, _) = fact {
      ended = node
    } else {
      return
    }
    guard let ask = state.ask(of: ended) else { return }
    decision.effects.append(.ask(.changed(ended, ask, .closed, choice: nil)))
  }

  /// What an open ask waits for. An expiry is an instant: one that passed while no node ran fires at once.
  func askWakes(of node: NodeNumber, _ ask: OpenAsk) -> [(Wake, after: Duration)] {
    var wakes: [(Wake, after: Duration)] = []
    func add(_ kind: Wake.Kind, _ number: UInt32, _ due: Timestamp, from start: Timestamp) {
      wakes.append((Wake(kind, node, token: askToken(node, number)), min(max(.zero, due - now), due - start)))
    }
    add(.expiry, 0, ask.expiresAt, from: ask.openedAt)
    if let every = ask.remindEvery {
      let last = ask.remindedAt.orNil ?? ask.openedAt
      add(.reminder, ask.reminders + 1, last + every, from: last)
    }
    if let due = ask.escalatesAt, !ask.isEscalated { add(.escalation, 0, due, from: ask.openedAt) }
    return wakes
  }

  /// So that a timer of an earlier `job retry` of the same step means nothing to a later one.
  private func askToken(_ node: NodeNumber, _ number: UInt32) -> UInt32 {
    (state[node].round & Self.numberMask) << Self.roundShift | number & Self.numberMask
  }

  private static var roundShift: UInt32 { 16 }
  private static var numberMask: UInt32 { 0xFFFF }
}
