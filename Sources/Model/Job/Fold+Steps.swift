// What the wider language changes in a job.
extension JobState {
  mutating func apply(_ fact: StepFact, to node: NodeNumber, at time: Timestamp) {
    switch fact {
    case .limited:
      leavePending(node)
      count(node, by: -1)
      limited.insert(node)
      nodes[Int(node)].status = .pending
      change(node, to: .queued, at: time)
    case .awaiting(let wait):
      leavePending(node)
      waits[node] = wait.value
      change(node, to: .waiting, at: time)
    case .signalled: waits[node] = nil
    case .asked(let id, let content):
      leavePending(node)
      asks[node] = OpenAsk(id: id, content, openedAt: time)
      change(node, to: .waiting, at: time)
    case .answered(let by, let counts, let answer): take(answer.value, by, counts, of: node, at: time)
    case .assigned(let cause, _, let to): assign(to.value, cause, of: node)
    case .reminded(let number):
      asks[node]?.reminders = number
      asks[node]?.remindedAt = time
    case .calling(let pipeline, let revision, let inputs):
      leavePending(node)
      calls[node] = SubJob(pipeline: pipeline, revision: revision, inputs: inputs.value, id: nil)
      change(node, to: .running, at: time)
    case .called(let child): calls[node]?.id = child
    case .settled(let status, let output, let failure):
      settlements[node] = Settlement(status: status, output: output, failure: failure.map(Failure.init))
    case .reused(let status, _, let output):
      leavePending(node)
      if let output { keep(output, of: node) }
      end(node, status, at: time)
    case .counting(let source):
      leavePending(node)
      sources[node] = source.value
      change(node, to: .running, at: time)
    case .sliced(let value): slices[node] = value
    }
  }

  /// A change of mind before the decision replaces: each person counts once.
  private mutating func take(
    _ answer: JSON, _ by: String, _ counts: Bool, of node: NodeNumber, at time: Timestamp
  ) {
    guard counts, var ask = asks[node] else { return }
    let taken = OpenAsk.Answer(by: by, content: answer, at: time)
    ask.answers.removeAll { ScalarString($0.person) == ScalarString(taken.person) }
    ask.answers.append(taken)
    asks[node] = ask
  }

  private mutating func assign(_ to: JSON, _ cause: String, of node: NodeNumber) {
    guard var ask = asks[node], var content = ask.content.object else { return }
    content["to"] = to
    ask.content = .object(content)
    if cause == "escalated" { ask.isEscalated = true }
    asks[node] = ask
  }

  mutating func open(
    _ kind: AsideKind, beside parent: NodeNumber, first: NodeNumber, step: UInt32, count: UInt32,
    at time: Timestamp
  ) {
    for offset in 0..<count {
      nodes.append(StepState(step: step + offset, parent: parent, layer: .step, ordinal: 0, round: round))
      nodes[nodes.count - 1].beside = kind
      if !kind.blocks { lanes[step + offset, default: AfterLane()].append(first + offset) }
    }
    guard kind.blocks else {
      openAfters += count
      afters[parent] = Aside(kind: kind, first: first, step: step, count: count, open: count)
      return
    }
    leavePending(parent)
    self.count(parent, by: -1)
    let aside = Aside(kind: kind, first: first, step: step, count: count, open: count)
    asides[parent, default: []].append(aside)
    nodes[Int(parent)].due = .never
    // A rescue begins where the node's own time was over; what stops the node after that stops the rescue.
    if kind == .rescue {
      nodes[Int(parent)].stopping = .pending
      let settlement = settlements[parent]
      forgetWaits(of: parent)
      settlements[parent] = settlement
    }
    nodes[Int(parent)].status = .pending
    change(parent, to: .running, at: time)
  }

  /// Whether the node stands beside its parent; then its end is none of those inside.
  mutating func endBeside(_ node: NodeNumber, _ parent: NodeNumber) -> Bool {
    guard let kind = nodes[Int(node)].beside else { return false }
    guard kind.blocks else {
      openAfters &-= 1
      lanes[nodes[Int(node)].step]?.remove(node)
      leaveAfters(of: parent)
      return true
    }
    if let index = asides[parent]?.lastIndex(where: { $0.contains(node) }) {
      asides[parent]?[index].open &-= 1
    }
    return true
  }

  /// A snapshot holds the nodes alone.
  mutating func restoreLanes() {
    for index in nodes.indices where nodes[index].beside == .afterEach {
      let (node, hasEnded) = (NodeNumber(index), nodes[index].status.hasEnded)
      if !hasEnded { lanes[nodes[index].step, default: AfterLane()].append(node) }
      var aside = afters[nodes[index].parent]
      if aside?.nodes.upperBound != node {
        aside = Aside(kind: .afterEach, first: node, step: nodes[index].step, count: 0, open: 0)
      }
      aside?.count += 1
      if !hasEnded { aside?.open += 1 }
      afters[nodes[index].parent] = aside
    }
    afters = afters.filter { $0.value.open > 0 }
  }

  /// It started, or waits for something else: whoever is limited again says so anew. Where the node is still
  /// counted as limited it must be so until its status has changed.
  mutating func notLimited(_ node: NodeNumber) {
    if !limited.isEmpty, nodes[Int(node)].status != .queued { limited.remove(node) }
  }

  mutating func forgetWaits(of node: NodeNumber) {
    // Most jobs have none of these, and this runs at the end of every node.
    if !limited.isEmpty { limited.remove(node) }
    if !waits.isEmpty { waits[node] = nil }
    if !asks.isEmpty { asks[node] = nil }
    if !slices.isEmpty { slices[node] = nil }
    // What a rescue took over from stays to be seen.
    if !settlements.isEmpty, asides[node]?.last?.kind != .rescue { settlements[node] = nil }
    if !lateResults.isEmpty { lateResults[node]?.output = nil }
  }
}

extension Aside {
  public var nodes: Range<NodeNumber> { first..<first + count }
  public func contains(_ node: NodeNumber) -> Bool { node >= first && node - first < count }
}

extension Failure {
  init(_ fact: Fact.FailureFact) {
    self.init(fact.errorClass, code: fact.code, fact.message.value.string ?? "", step: fact.step)
  }
}
