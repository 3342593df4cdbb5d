internal import Model

/// What one fact moved, with nodes as numbers.
struct Move: Sendable {
  var sequence: UInt32
  var what: What

  enum What: Sendable {
    case job(from: JobStatus?, to: JobStatus, cause: String?)
    case step(
      first: NodeNumber, count: UInt32, from: StepStatus, to: StepStatus, attempt: UInt32, cause: String)
    case progress(NodeNumber, done: Int, of: Int)
    case failed(NodeNumber, Failure)
    case ended(JobEnd)
    case ask(NodeNumber, OpenAsk, AskRow.State, choice: String?)
  }
}

/// A look at a job before a fact is folded into it, to be compared with what it is after.
struct Sight {
  private let fact: Fact
  private let job: JobStatus
  private let moved: (first: NodeNumber, count: UInt32)?
  private let status: StepStatus?
  /// Of the fan-out that the node is an item of.
  private let percent: Int?
  private let ask: OpenAsk?

  init(before fact: Fact, _ state: borrowing JobState) {
    (self.fact, job, moved) = (fact, state.status, fact.movedNodes)
    let node = moved.flatMap { Int($0.first) < state.nodes.count ? $0.first : nil }
    status = node.map { state[$0].status }
    percent = node.flatMap { state.share(around: $0)?.percent }
    ask = state.hasAsks ? node.flatMap { state.ask(of: $0) } : nil
  }

  /// In the order in which they are told.
  func moves(to state: borrowing JobState, sequence: UInt32) -> [Move] {
    var found: [Move.What] = []
    if let moved, let status { addStep(moved, from: status, state, &found) }
    if let node = moved?.first, fact.isAboutAsk || ask != nil { addAsk(node, state, &found) }
    if case .created = fact { found.append(.job(from: nil, to: state.status, cause: nil)) }
    if case .status(let status) = fact, status != job {
      found.append(.job(from: job, to: status, cause: status.hasEnded ? state.failure?.code : nil))
      if status.hasEnded { found.append(.ended(JobEnd(of: state))) }
    }
    return found.map { Move(sequence: sequence, what: $0) }
  }

  private func addStep(
    _ moved: (first: NodeNumber, count: UInt32), from: StepStatus, _ state: borrowing JobState,
    _ found: inout [Move.What]
  ) {
    let now = state[moved.first]
    if now.status != from {
      found.append(
        .step(
          first: moved.first, count: moved.count, from: from, to: now.status, attempt: now.attempt,
          cause: fact.cause))
    }
    if let failure = fact.failure { found.append(.failed(moved.first, failure)) }
    if let share = state.share(around: moved.first), share.percent != percent {
      found.append(.progress(now.parent, done: share.done, of: share.all))
    }
  }

  private func addAsk(_ node: NodeNumber, _ state: borrowing JobState, _ found: inout [Move.What]) {
    if let open = state.ask(of: node) {
      if fact.isAboutAsk { found.append(.ask(node, open, .open, choice: nil)) }
    } else if let ask {
      let (state, choice) = ask.end(by: fact)
      found.append(.ask(node, ask, state, choice: choice))
    }
  }
}

extension JobState {
  /// How far the fan-out is that the node is an item of.
  fileprivate func share(around node: NodeNumber) -> (done: Int, all: Int, percent: Int)? {
    let state = self[node]
    guard state.layer == .item, state.hasParent else { return nil }
    let (all, open) = (Int(self[state.parent].childCount), Int(self[state.parent].open))
    return all > 0 ? (all - open, all, (all - open) * 100 / all) : nil
  }
}

extension JobEnd {
  fileprivate init(of state: borrowing JobState) {
    let counts = state.counts
    let count = { (statuses: [StepStatus]) in statuses.reduce(0) { $0 + (counts[$1] ?? 0) } }
    let start = state.startedAt.orNil ?? state.createdAt
    self.init(
      status: state.status, took: state.endedAt - start, steps: state.nodes.count,
      succeeded: count([.success, .partial]), failed: count([.failed, .timeout, .cancelled]),
      skipped: count([.skipped]), outputs: state.outputs.flatMap { $0.place.isShort ? $0.value : nil })
  }
}

extension BodyPlace {
  /// Whether what lies there is short enough to be told.
  var isShort: Bool {
    switch self {
    case .event(_, _, let length): Int(length) <= FeedLimits.value
    case .row: false
    }
  }
}

extension OpenAsk {
  /// What became of the question, by the fact that ended its step.
  fileprivate func end(by fact: Fact) -> (AskRow.State, choice: String?) {
    let voted = answers.compactMap { $0.content["choice"]?.string }.first { votes(for: $0) >= quorum }
    if let voted { return (.decided, voted) }
    switch fact {
    case .succeeded(_, _, let output):
      let isExpired = output?.value["expired"] == .bool(true)
      return (isExpired ? .expired : .closed, output?.value["choice"]?.string)
    case .skipped(_, _, .expired): return (.expired, nil)
    case .failed(_, _, _, let code, _) where code == "ask-expired" || code == "rejected":
      return (.expired, nil)
    case .created, .opened, .items, .round, .entered, .queued, .started, .failed, .skipped, .retrying,
      .delayed, .deadline, .lost, .question, .resolved, .superseded, .adopted, .stopping, .cancelRequested,
      .killed, .overdue, .phase, .outcome, .status, .recovered, .quarantined, .step, .aside, .reopened,
      .updated:
      return (.closed, nil)
    }
  }
}
