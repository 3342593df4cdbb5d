import Model

/// The counters of a state, counted again from its nodes.
enum Recount {
  static func check(_ state: JobState) throws(Violation) {
    let nodes = (0..<state.nextNode).map { state[$0] }
    let active = (0..<state.nextNode).count { isActive($0, of: state) }
    let passive = (0..<state.nextNode).count { isPassive($0, of: state) }
    try require(
      .accounts, active == Int(state.active) && passive == Int(state.passive),
      "\(state.active) nodes are counted as active and \(state.passive) as passive; "
        + "\(active) and \(passive) are"
    )
    let questions = nodes.count { $0.status == .needsAttention }
    try require(
      .accounts,
      questions == Int(state.questions), "\(state.questions) questions are counted, \(questions) are open")
    for node in 0..<state.nextNode {
      try check(node, of: state)
      let asks = state[node].status == .needsAttention
      try require(
        .accounts,
        asks == (state.question(of: node) != nil), "the question of \(node) is not what its status says")
    }
    for root in state.roots {
      let open = (root.first..<root.first + root.count).count { !state[$0].status.hasEnded }
      try require(.accounts, open == Int(root.open), "a scope counts \(root.open) open steps, \(open) are")
    }
    if state.status == .needsAttention, state.quarantine == nil {
      try require(
        .accounts, questions > 0 && active + passive == 0, "the job asks a person and nothing is asked")
    }
    if state.status == .running { try require(.accounts, active > 0, "the job runs and nothing in it does") }
  }

  private static func isActive(_ node: NodeNumber, of state: JobState) -> Bool {
    switch state[node].status {
    case .queued: !state.isLimited(node)
    case .waiting: state[node].firstChild != StepState.none
    case .retrying: true
    case .running: state[node].firstChild == StepState.none
    case .pending, .success, .partial, .failed, .cancelled, .timeout, .skipped, .needsAttention: false
    }
  }

  /// Only people, messages, times and other jobs can move it.
  private static func isPassive(_ node: NodeNumber, of state: JobState) -> Bool {
    switch state[node].status {
    case .queued: state.isLimited(node)
    case .waiting: state[node].firstChild == StepState.none
    case .pending, .running, .retrying, .success, .partial, .failed, .cancelled, .timeout, .skipped,
      .needsAttention:
      false
    }
  }

  private static func check(_ node: NodeNumber, of state: JobState) throws(Violation) {
    let parent = state[node]
    let children = state.children(of: node).map { state[$0] }
    guard !children.isEmpty else { return }
    let open = children.count { !$0.status.hasEnded }
    try require(
      .accounts, open == Int(parent.open), "\(node) counts \(parent.open) open nodes inside, \(open) are")
    if children[0].layer == .item {
      let begun = children.count { $0.status != .pending }
      try require(
        .accounts, begun == Int(parent.next), "\(node) counts \(parent.next) begun items, \(begun) have")
      let live = children.count { $0.status != .pending && !$0.status.hasEnded }
      try require(.accounts, live <= Int(parent.bound), "\(node) runs \(live) items, \(parent.bound) may")
    }
    guard children[0].layer != .round else { return }
    func count(_ statuses: StepStatus...) -> Int { children.count { statuses.contains($0.status) } }
    let counted = [parent.succeeded, parent.partial, parent.failed, parent.skipped].map { Int($0) }
    let found = [count(.success), count(.partial), count(.failed, .cancelled, .timeout), count(.skipped)]
    try require(.accounts, counted == found, "\(node) counts \(counted) ends inside, \(found) are")
  }
}
