// `job retry`: what had ended is pending again, and nothing of the past is lost.
extension JobState {
  /// Sets nodes back to pending and those around them back to running; the rest stays as it ended.
  mutating func reopen(_ nodes: [NodeNumber], round: UInt32, at time: Timestamp) {
    self.round = round
    (phase, outcome, failure, outputs, cancel, kill) = (.main, nil, nil, nil, nil, nil)
    (endedAt, deadline, isOverdue) = (.never, .never, false)
    for node in nodes {
      revive(node, as: .pending)
      empty(node, round: round)
    }
    // The first one last: it is taken from the end.
    for fanOut in again.keys { again[fanOut]?.sort(by: >) }
  }

  /// As it was before it began; its attempts go on counting.
  private mutating func empty(_ node: NodeNumber, round: UInt32) {
    var fresh = StepState(
      step: nodes[Int(node)].step, parent: nodes[Int(node)].parent, layer: nodes[Int(node)].layer,
      ordinal: nodes[Int(node)].ordinal)
    (fresh.round, fresh.attempt, fresh.token) = (round, nodes[Int(node)].attempt, nodes[Int(node)].token)
    fresh.beside = nodes[Int(node)].beside
    fresh.isShown = nodes[Int(node)].isShown
    nodes[Int(node)] = fresh
    (fanOuts[node], asides[node], calls[node], sources[node]) = (nil, nil, nil, nil)
    (lateResults[node], again[node]) = (nil, nil)
  }

  /// The node has not ended any more, nor has any that holds it. Items become pending, so that no more of
  /// them begin than have a place.
  private mutating func revive(_ node: NodeNumber, as status: StepStatus) {
    let old = nodes[Int(node)].status
    guard old.hasEnded else { return }
    nodes[Int(node)].status = status
    (nodes[Int(node)].endedAt, nodes[Int(node)].deadline, nodes[Int(node)].due) = (.never, .never, .never)
    (failures[node], settlements[node]) = (nil, nil)
    if kept.indices.contains(Int(node)) { kept[Int(node)] = nil }
    let parent = nodes[Int(node)].parent
    if nodes[Int(node)].layer == .item {
      nodes[Int(parent)].next -= 1
      again[parent, default: []].append(node)
      let ordinal = nodes[Int(node)].ordinal
      fanOuts[parent]?.shown.removeAll { $0 == ordinal }
    }
    if parent == StepState.none {
      if let root = roots.lastIndex(where: { $0.first <= node }) { roots[root].open += 1 }
      return
    }
    if let index = asides[parent]?.lastIndex(where: { $0.contains(node) }) {
      asides[parent]?[index].open += 1
    } else {
      uncount(old, in: parent)
    }
    revive(parent, as: nodes[Int(parent)].layer == .item ? .pending : .running)
  }

  private mutating func uncount(_ old: StepStatus, in parent: NodeNumber) {
    nodes[Int(parent)].open += 1
    switch old {
    case .success: nodes[Int(parent)].succeeded -= 1
    case .partial: nodes[Int(parent)].partial -= 1
    case .failed, .cancelled, .timeout: nodes[Int(parent)].failed -= 1
    case .skipped: nodes[Int(parent)].skipped -= 1
    case .pending, .queued, .running, .waiting, .retrying, .needsAttention: break
    }
  }

  /// An item that was opened again has begun.
  mutating func leaveAgain(_ item: NodeNumber, of fanOut: NodeNumber) {
    guard !again.isEmpty, let next = again[fanOut]?.last else { return }
    if next == item {
      again[fanOut]?.removeLast()
    } else {
      again[fanOut]?.removeAll { $0 == item }
    }
    if again[fanOut]?.isEmpty == true { again[fanOut] = nil }
  }
}
