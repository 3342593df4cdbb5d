import Model
import Pipelines

// The rules of what lies between a node's beginning and its end, and of the job itself.
extension Book {
  mutating func change(_ fact: Fact) throws(Violation) {
    switch fact {
    case .delayed(let node, _, _):
      try require(.stopped, !isStopping(node), "\(node) pauses although it was asked to stop")
      self[node].status = .waiting
    case .lost(let node, _):
      try require(
        .oneCompletion, self[node].status == .running, "\(node) was lost as \(self[node].status.word)")
      self[node].isLost = true
      self[node].losses += 1
    case .question(let node, _):
      let report = Report(node: node, token: self[node].token, isSuccess: false)
      // Of an attempt that was lost only where it cannot be found again; one that says itself that it does
      // not know is asked about in both cases.
      let (isLost, knowsNot) = (self[node].isLost, reports.contains(report))
      let isReason =
        switch self[node].effect {
        case .once: isLost || knowsNot
        case .reattachable: knowsNot
        case _: false
        }
      try require(.onceAsked, isReason, "\(node) asks without a reason")
      self[node].status = .needsAttention
    case .resolved(let node, let answer, _):
      try require(
        .onceAsked, self[node].status == .needsAttention, "\(node) was answered without a question")
      (self[node].answer, self[node].losses) = (answer, 0)
    case .superseded(let node, let token, _):
      let report = Report(node: node, token: token, isSuccess: true)
      try require(.oneCompletion, reports.contains(report), "\(node) has a late result of nobody")
      try require(
        .oneCompletion, self[node].status != .running || self[node].token != token,
        "\(node) lost a result that counts")
      late.remove(report)
    case .adopted(let node, _): self[node].wasAdopted = true
    case .stopping(let node, _): self[node].isStopping = true
    case _: break
    }
  }

  private func isStopping(_ node: NodeNumber) -> Bool {
    var current: NodeNumber? = node
    while let at = current {
      if self[at].isStopping { return true }
      current = self[at].parent
    }
    return wasKilled
  }

  mutating func change(_ node: NodeNumber, _ fact: StepFact) throws(Violation) {
    switch fact {
    case .limited:
      try require(.accounts, self[node].status == .queued, "\(node) is limited and not queued")
    case .awaiting:
      try enter(node, as: .waiting)
      self[node].awaitsSignal = true
    case .signalled(let id, _):
      let isOpen = self[node].status == .waiting && self[node].awaitsSignal && self[node].signal == nil
      try require(.signalOnce, isOpen, "\(node) was given the signal \(id) and waits for none")
      self[node].signal = id
      signals.insert(id)
    case .asked(let ask, _):
      try enter(node, as: .waiting)
      self[node].ask = ask
    case .calling: try enter(node, as: .running)
    case .called(let child):
      try require(.callEnds, self[node].child == nil, "\(node) has a second sub-job")
      self[node].child = child
    case .reused(let status, _, _):
      try require(.oneCompletion, !self[node].status.hasEnded, "\(node) ended twice")
      self[node].status = status
    case .answered, .assigned, .reminded, .settled, .counting, .sliced: break
    }
  }

  /// It begins, unless it did so when it was queued.
  private mutating func enter(_ node: NodeNumber, as status: StepStatus) throws(Violation) {
    try take(.entered(node), sequence: 0)
    self[node].status = status
  }

  mutating func changeJob(_ fact: Fact) throws(Violation) {
    switch fact {
    case .cancelRequested:
      try require(.stopped, !wasAskedToCancel, "a second cancel counted")
      (wasAskedToCancel, isCancelled) = (true, phase == .main)
    case .killed: wasKilled = true
    case .quarantined(let reason): (isQuarantined, wasQuarantined) = (!reason.isEmpty, true)
    case .phase(let next):
      try require(.insideFirst, next.rawValue > phase.rawValue, "\(next.word) came after \(phase.word)")
      let open = entries.indices.first { !entries[$0].status.hasEnded }
      try require(.insideFirst, open == nil, "\(next.word) began before \(open ?? 0) had ended")
      phase = next
    case .status(let status): hasEnded = status.hasEnded
    case _: break
    }
  }

  mutating func expect(_ node: NodeNumber, _ token: UInt32, isSuccess: Bool, _ isLateKept: Bool) {
    let report = Report(node: node, token: token, isSuccess: isSuccess)
    reports.insert(report)
    guard isSuccess, isLateKept, !hasEnded, Int(node) < entries.count else { return }
    // An attempt that was there, and runs no more.
    let entry = self[node]
    if token < entry.token || (token == entry.token && entry.status != .running) { late.insert(report) }
  }

  /// The facts of the commit are read.
  mutating func settle(isKept: Bool) throws(Violation) {
    if isKept, !hasEnded, !wasQuarantined, let lost = late.first {
      throw Violation(.lateKept, "the success of \(lost.node) with the token \(lost.token) is gone")
    }
    (reports, late) = ([], [])
  }

  var openNode: NodeNumber? { entries.firstIndex { !$0.status.hasEnded }.map { NodeNumber($0) } }
  /// A step of which a person must say whether it happened.
  var question: NodeNumber? {
    entries.firstIndex { $0.status == .needsAttention }.map { NodeNumber($0) }
  }
  var awaitsSignal: Bool { entries.contains { $0.status == .waiting && $0.awaitsSignal } }
}
