extension JobState {
  /// Adds one fact. The only code that changes a job; total, so that every history folds.
  ///
  /// `sequence` and `time` are those of the event that holds the fact.
  public mutating func apply(_ fact: Fact, sequence: UInt32, at time: Timestamp) {
    self.sequence = sequence
    if let node = fact.shownNode { nodes[Int(node)].isShown = true }
    switch fact {
    case .created(let creation, let context):
      (self.creation, self.context, createdAt) = (creation, context, time)
    case .opened(let parent, let first, let step, let count):
      open(parent: parent, first: first, step: step, count: count, at: time)
    case .items(let parent, let first, let count, let parallel, let body, let isWindow):
      let items = Items(body, isWindow: isWindow)
      make(items: items, of: parent, first: first, count: count, parallel: parallel, at: time)
    case .round(let parent, let node, let number, let max, let carry):
      make(round: number, of: parent, node: node, max: max, carry: carry, at: time)
    case .entered(let node):
      leavePending(node)
      change(node, to: .running, at: time)
      notLimited(node)
    case .queued(let node):
      leavePending(node)
      notLimited(node)
      change(node, to: .queued, at: time)
    case .started(let node, let attempt, let effect, let input):
      leavePending(node)
      change(node, to: .running, at: time)
      notLimited(node)
      nodes[Int(node)].attempt = attempt
      nodes[Int(node)].effect = effect
      nodes[Int(node)].token = sequence
      if let input { inputs[node] = input }
      nodes[Int(node)].due = .never
    case .succeeded(let node, let status, let output):
      leavePending(node)
      if let output { keep(output, of: node) }
      end(node, status, at: time)
    case .failed(let node, let status, let errorClass, let code, let message):
      leavePending(node)
      failures[node] = KeptFailure(errorClass, code: code, message)
      end(node, status, at: time)
    case .skipped(let first, let count, let cause):
      for node in first..<first + count {
        leavePending(node)
        nodes[Int(node)].skipCause = cause
        end(node, .skipped, at: time)
      }
    case .retrying(let node, let errorClass, let code, let message, let due, let pause):
      failures[node] = KeptFailure(errorClass, code: code, message)
      nodes[Int(node)].failures += 1
      nodes[Int(node)].due = due
      nodes[Int(node)].pause = pause
      change(node, to: .retrying, at: time)
      notLimited(node)
    case .delayed(let node, let due, let pause):
      leavePending(node)
      nodes[Int(node)].due = due
      nodes[Int(node)].pause = pause
      change(node, to: .waiting, at: time)
    case .lost(let node, _):
      nodes[Int(node)].crashes += 1
    case .deadline, .question, .resolved, .superseded, .adopted, .stopping:
      applyToNode(fact, at: time)
    case .step(let node, let fact): apply(fact, to: node, at: time)
    case .aside(let parent, let kind, let first, let step, let count):
      open(kind, beside: parent, first: first, step: step, count: count, at: time)
    case .reopened(_, let round, let nodes): reopen(nodes, round: round, at: time)
    case .cancelRequested, .killed, .overdue, .phase, .outcome, .status, .recovered, .quarantined, .updated:
      applyToJob(fact, at: time)
    }
  }

  private mutating func applyToNode(_ fact: Fact, at time: Timestamp) {
    switch fact {
    case .deadline(let node?, let due, let after):
      nodes[Int(node)].deadline = due
      nodes[Int(node)].deadlineAfter = after
    case .deadline(nil, let due, let after): (deadline, deadlineAfter) = (due, after)
    case .question(let node, let reason):
      asked[node] = reason
      change(node, to: .needsAttention, at: time)
    case .resolved(let node, _, _):
      asked[node] = nil
      // Whoever says "try again" gives a new crash budget with it.
      nodes[Int(node)].crashes = 0
    case .superseded(let node, let token, let output):
      let isOver = nodes[Int(node)].status.hasEnded
      lateResults[node] = LateResult(token: token, output: isOver ? nil : output)
    case .adopted(let node, _): lateResults[node] = nil
    case .stopping(let node, let status): nodes[Int(node)].stopping = status
    case .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .failed, .skipped,
      .retrying, .delayed, .lost, .cancelRequested, .killed, .overdue, .phase, .outcome, .status, .recovered,
      .quarantined, .step, .aside, .reopened, .updated:
      break
    }
  }

  private mutating func applyToJob(_ fact: Fact, at time: Timestamp) {
    switch fact {
    case .cancelRequested(let actor, let reason):
      cancel = Request(actor: actor, reason: reason.value.string ?? "", at: time)
    case .killed(let actor, let reason):
      kill = Request(actor: actor, reason: reason.value.string ?? "", at: time)
    case .overdue: isOverdue = true
    case .phase(let phase): (self.phase, isOverdue) = (phase, false)
    case .outcome(let status, let failure, let outputs):
      outcome = status
      self.failure = failure.map {
        Failure($0.errorClass, code: $0.code, $0.message.value.string ?? "", step: $0.step)
      }
      self.outputs = outputs
    case .status(let status):
      self.status = status
      if status == .running, startedAt == .never { startedAt = time }
      if status.hasEnded { endedAt = time }
    case .quarantined(let reason): quarantine = reason.isEmpty ? nil : reason
    case .updated(_, let priority, let labels):
      self.priority = priority ?? self.priority
      self.labels = labels ?? self.labels
    case .recovered: break
    case .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .failed, .skipped,
      .retrying, .delayed, .deadline, .lost, .question, .resolved, .superseded, .adopted, .stopping, .step,
      .aside, .reopened:
      break
    }
  }
}

// The parts of `apply`.
extension JobState {
  private mutating func open(
    parent: NodeNumber?, first: NodeNumber, step: UInt32, count: UInt32, at time: Timestamp
  ) {
    for offset in 0..<count {
      nodes.append(
        StepState(
          step: step + offset, parent: parent ?? StepState.none, layer: .step, ordinal: 0, round: self.round))
    }
    guard let parent else {
      roots.append(Root(step: step, first: first, count: count, open: count))
      return
    }
    nodes[Int(parent)].firstChild = first
    nodes[Int(parent)].childCount = count
    nodes[Int(parent)].childStep = step
    nodes[Int(parent)].open = count
  }

  private mutating func make(
    items: Items, of parent: NodeNumber, first: NodeNumber, count: UInt32, parallel: UInt32,
    at time: Timestamp
  ) {
    let step = nodes[Int(parent)].step
    nodes.reserveCapacity(nodes.count + Int(count))
    for ordinal in 0..<count {
      nodes.append(StepState(step: step, parent: parent, layer: .item, ordinal: ordinal, round: round))
    }
    fanOuts[parent] = items
    // While its lines were counted it was active by itself; it holds others from now on.
    self.count(parent, by: -1)
    nodes[Int(parent)].status = .pending
    nodes[Int(parent)].firstChild = first
    nodes[Int(parent)].childCount = count
    nodes[Int(parent)].open = count
    nodes[Int(parent)].bound = parallel
  }

  private mutating func make(
    round number: UInt32, of parent: NodeNumber, node: NodeNumber, max: UInt32, carry: Body,
    at time: Timestamp
  ) {
    let last = nodes[Int(parent)].firstChild
    nodes.append(
      StepState(step: nodes[Int(parent)].step, parent: parent, layer: .round, ordinal: number, round: round))
    if last != StepState.none { forget(last) }
    carries[node] = carry
    leavePending(parent)
    // It leaves its old status as what it was, and is a holder of others from now on.
    count(parent, by: -1)
    nodes[Int(parent)].status = .pending
    nodes[Int(parent)].firstChild = node
    change(parent, to: .running, at: time)
    nodes[Int(parent)].due = .never
    nodes[Int(parent)].childCount = 1
    nodes[Int(parent)].open = 1
    nodes[Int(parent)].bound = max
  }

  /// Items leave `pending` in order, so a count of them says which is next.
  mutating func leavePending(_ node: NodeNumber) {
    let state = nodes[Int(node)]
    guard state.status == .pending, state.layer == .item else { return }
    nodes[Int(state.parent)].next += 1
    leaveAgain(node, of: state.parent)
  }

  mutating func change(_ node: NodeNumber, to status: StepStatus, at time: Timestamp) {
    count(node, by: -1)
    nodes[Int(node)].status = status
    count(node, by: 1)
    if nodes[Int(node)].readyAt == .never { nodes[Int(node)].readyAt = time }
    if status == .running, nodes[Int(node)].startedAt == .never { nodes[Int(node)].startedAt = time }
  }

  /// A node that only holds others is not active by itself: those inside are.
  mutating func count(_ node: NodeNumber, by change: Int32) {
    switch nodes[Int(node)].status {
    case .running where holdsOthers(node): break
    case .queued where limited.contains(node), .waiting where nodes[Int(node)].firstChild == StepState.none:
      passive = UInt32(truncatingIfNeeded: Int64(passive) + Int64(change))
    case .queued, .running, .waiting, .retrying:
      active = UInt32(truncatingIfNeeded: Int64(active) + Int64(change))
    case .needsAttention: questions = UInt32(truncatingIfNeeded: Int64(questions) + Int64(change))
    case .pending, .success, .partial, .failed, .cancelled, .timeout, .skipped: break
    }
  }

  /// Of so many nodes the outputs get their room at once.
  private static let reserved = 64

  mutating func keep(_ output: Body, of node: NodeNumber) {
    if kept.isEmpty { kept.reserveCapacity(min(nodes.count, Self.reserved)) }
    while kept.count <= Int(node) { kept.append(nil) }
    kept[Int(node)] = KeptOutput(place: output.place, value: output.value)
  }

  mutating func end(_ node: NodeNumber, _ status: StepStatus, at time: Timestamp) {
    change(node, to: status, at: time)
    forgetWaits(of: node)
    nodes[Int(node)].endedAt = time
    nodes[Int(node)].stopping = .pending
    // Most nodes have none of these, and to take nothing out of a dictionary costs a hash.
    if !inputs.isEmpty { inputs[node] = nil }
    if !asked.isEmpty { asked[node] = nil }
    if status.hasOutput, !failures.isEmpty { failures[node] = nil }
    forgetInside(of: node)
    let parent = nodes[Int(node)].parent
    if endBeside(node, parent) { return }
    if parent == StepState.none {
      guard let root = roots.lastIndex(where: { $0.first <= node }) else { return }
      roots[root].open &-= 1
      return
    }
    nodes[Int(parent)].open &-= 1
    if nodes[Int(node)].layer == .item { leaveWindow(node, of: parent, status) }
    switch status {
    case .success: nodes[Int(parent)].succeeded += 1
    case .partial: nodes[Int(parent)].partial += 1
    case .failed, .cancelled, .timeout: nodes[Int(parent)].failed += 1
    case .skipped: nodes[Int(parent)].skipped += 1
    case .pending, .queued, .running, .waiting, .retrying, .needsAttention: break
    }
  }
}
