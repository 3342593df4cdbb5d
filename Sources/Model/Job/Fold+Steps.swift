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
    case .sliced(let value): slices[node] = value.value
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
      nodes.append(StepState(step: step + offset, parent: parent, layer: .step, ordinal: 0))
    }
    let aside = Aside(kind: kind, first: first, step: step, count: count, open: count)
    guard kind.blocks else {
      asides[parent, default: []].append(aside)
      openAfters += count
      return
    }
    self.count(parent, by: -1)
    asides[parent, default: []].append(aside)
    nodes[Int(parent)].status = .pending
    change(parent, to: .running, at: time)
  }

  /// Whether the node stands beside its parent; then its end is none of those inside.
  mutating func endBeside(_ node: NodeNumber, _ parent: NodeNumber) -> Bool {
    guard !asides.isEmpty, let index = asides[parent]?.lastIndex(where: { $0.contains(node) }) else {
      return false
    }
    asides[parent]?[index].open -= 1
    if asides[parent]?[index].kind == .afterEach { openAfters -= 1 }
    return true
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
    if !settlements.isEmpty { settlements[node] = nil }
  }

  /// Sets nodes back to pending and those around them back to running; the rest stays as it ended.
  mutating func reopen(_ again: [NodeNumber], round: UInt32, at time: Timestamp) {
    self.round = round
    (phase, outcome, failure, outputs, cancel) = (.main, nil, nil, nil, nil)
    (endedAt, deadline, isOverdue) = (.never, .never, false)
    for node in again {
      revive(node, as: .pending, at: time)
      nodes[Int(node)].round = round
      (nodes[Int(node)].failures, nodes[Int(node)].crashes) = (0, 0)
      (nodes[Int(node)].firstChild, nodes[Int(node)].childCount) = (StepState.none, 0)
      (nodes[Int(node)].childStep, nodes[Int(node)].open, nodes[Int(node)].next) = (StepState.none, 0, 0)
      (nodes[Int(node)].succeeded, nodes[Int(node)].partial) = (0, 0)
      (nodes[Int(node)].failed, nodes[Int(node)].skipped) = (0, 0)
      (fanOuts[node], asides[node], calls[node], sources[node]) = (nil, nil, nil, nil)
      if outputBodies.indices.contains(Int(node)) { outputBodies[Int(node)] = nil }
    }
  }

  /// The node has not ended any more, nor has any that holds it.
  private mutating func revive(_ node: NodeNumber, as status: StepStatus, at time: Timestamp) {
    let old = nodes[Int(node)].status
    guard old.hasEnded else { return }
    nodes[Int(node)].status = status
    (nodes[Int(node)].endedAt, nodes[Int(node)].deadline) = (.never, .never)
    nodes[Int(node)].due = .never
    failures[node] = nil
    let parent = nodes[Int(node)].parent
    if parent == StepState.none {
      if let root = roots.lastIndex(where: { $0.first <= node }) { roots[root].open += 1 }
      return
    }
    if let index = asides[parent]?.lastIndex(where: { $0.contains(node) }) {
      asides[parent]?[index].open += 1
    } else {
      nodes[Int(parent)].open += 1
      switch old {
      case .success: nodes[Int(parent)].succeeded -= 1
      case .partial: nodes[Int(parent)].partial -= 1
      case .failed, .cancelled, .timeout: nodes[Int(parent)].failed -= 1
      case .skipped: nodes[Int(parent)].skipped -= 1
      case .pending, .queued, .running, .waiting, .retrying, .needsAttention: break
      }
    }
    revive(parent, as: .running, at: time)
  }
}

extension Aside {
  func contains(_ node: NodeNumber) -> Bool { node >= first && node - first < count }
}

extension Failure {
  init(_ fact: Fact.FailureFact) {
    self.init(fact.errorClass, code: fact.code, fact.message.value.string ?? "", step: fact.step)
  }
}
