import Model
import Pipelines

/// What one job's history says, kept beside the engine and by other code: it knows each fact only in the
/// order in which it was stored, and refuses those that break a rule.
struct Book {
  struct Entry {
    var step: Int
    var parent: NodeNumber?
    var isStep: Bool
    var status = StepStatus.pending
    var skipCause: SkipCause?
    var children: [NodeNumber] = []
    var token: UInt32 = 0
    var attempts: UInt32 = 0
    var retries = 0
    var effect = EffectClass.pure
    /// The attempt died with its node and nobody has said yet what follows.
    var isLost = false
    var answer = ""
    var wasAdopted = false
    var isStopping = false
  }

  /// What the world reported of an attempt in this turn.
  struct Report: Hashable {
    var node: NodeNumber
    var token: UInt32
    var isSuccess: Bool
  }

  let plan: Plan
  var entries: [Entry] = []
  var phase = JobPhase.main
  var isCancelled = false
  var wasKilled = false
  var hasEnded = false
  /// Reports of the turn whose facts come next.
  var reports: Set<Report> = []

  init(plan: Plan) { self.plan = plan }

  subscript(node: NodeNumber) -> Entry {
    get { entries[Int(node)] }
    set { entries[Int(node)] = newValue }
  }

  mutating func take(_ fact: Fact, sequence: UInt32) throws(Violation) {
    try require(!hasEnded, "\(fact.name) after the end of the job")
    switch fact {
    case .opened(let parent, let first, let step, let count):
      try add(first, count, parent) { offset in Entry(step: Int(step) + offset, parent: parent, isStep: true)
      }
    case .items(let parent, let first, let count, _, _, _):
      try begin(parent)
      let step = self[parent].step
      try add(first, count, parent) { _ in Entry(step: step, parent: parent, isStep: false) }
    case .round(let parent, let node, _, _, _):
      if self[parent].status == .pending { try begin(parent) }
      let step = self[parent].step
      try add(node, 1, parent) { _ in Entry(step: step, parent: parent, isStep: false) }
      self[parent].status = .running
    case .entered(let node):
      try begin(node)
      self[node].status = .running
    case .queued(let node):
      if self[node].status == .pending { try begin(node) }
      try allowsStart(node, of: self[node].effect)
      self[node].status = .queued
    case .started(let node, let attempt, let effect, _): try start(node, attempt, effect, sequence)
    case .succeeded(let node, let status, _): try succeed(node, status)
    case .failed(let node, let status, let errorClass, let code, _): try fail(node, status, errorClass, code)
    case .skipped(let first, let count, let cause): try skip(first..<first + count, cause)
    case .retrying(let node, let errorClass, _, _, _, _): try retry(node, errorClass)
    case .delayed, .lost, .question, .resolved, .superseded, .adopted, .stopping: try change(fact)
    case .cancelRequested, .killed, .phase, .status: try changeJob(fact)
    case .created, .deadline, .overdue, .outcome, .recovered, .quarantined, .step, .aside, .reopened: break
    }
  }

  private mutating func add(
    _ first: NodeNumber, _ count: UInt32, _ parent: NodeNumber?, _ entry: (Int) -> Entry
  ) throws(Violation) {
    try require(Int(first) == entries.count, "node \(first) does not come next")
    for offset in 0..<Int(count) { entries.append(entry(offset)) }
    guard let parent else { return }
    try require(!self[parent].status.hasEnded, "the ended \(parent) opened nodes")
    try require(!isStopped(parent), "\(parent) opened nodes although it was asked to stop")
    self[parent].children = Array(first..<first + count)
  }

  /// Whether it, or what holds it, was asked to stop.
  private func isStopped(_ node: NodeNumber) -> Bool {
    if isCancelled && phase == .main { return true }
    var current: NodeNumber? = node
    while let at = current {
      if self[at].isStopping { return true }
      current = self[at].parent
    }
    return false
  }
}

// The rules of a node's beginning.
extension Book {
  private mutating func begin(_ node: NodeNumber) throws(Violation) {
    let entry = self[node]
    try require(entry.status == .pending, "\(node) began as \(entry.status.word)")
    try require(!isStopped(node), "\(node) began although it was asked to stop")
    guard entry.isStep else { return }
    for need in plan.steps[entry.step].needs {
      let needed = self[neighbour(node, need)]
      try require(needed.status.hasEnded, "\(node) began before what it needs had ended")
      try require(isMet(need, by: needed), "\(node) began although what it needs is \(needed.status.word)")
    }
  }

  private func neighbour(_ node: NodeNumber, _ need: Need) -> NodeNumber {
    NodeNumber(Int(node) + need.step.position - self[node].step)
  }

  private func isMet(_ need: Need, by entry: Entry) -> Bool {
    if need.strength == .weak { return true }
    if entry.status == .success || entry.status == .partial { return true }
    return entry.status == .skipped && [.condition, .branch].contains(entry.skipCause)
  }

  private mutating func start(
    _ node: NodeNumber, _ attempt: UInt32, _ effect: EffectClass, _ sequence: UInt32
  ) throws(Violation) {
    if self[node].status == .pending { try begin(node) }
    try allowsStart(node, of: effect)
    try require(attempt == self[node].attempts + 1, "\(node) counts its attempts wrongly")
    try require(!isStopped(node), "\(node) started although it was asked to stop")
    self[node].status = .running
    (self[node].attempts, self[node].effect, self[node].token) = (attempt, effect, sequence)
    (self[node].isLost, self[node].answer) = (false, "")
  }

  private func allowsStart(_ node: NodeNumber, of effect: EffectClass) throws(Violation) {
    let entry = self[node]
    switch entry.status {
    case .pending, .retrying, .queued: break
    case .running: try require(entry.isLost, "two attempts of \(node) at once")
    case .needsAttention:
      try require(entry.answer == "did_not_happen", "\(node) started with an open question")
    case .waiting, .success, .partial, .failed, .cancelled, .timeout, .skipped:
      throw Violation("\(node) started as \(entry.status.word)")
    }
    let isAnswered = entry.answer == "did_not_happen"
    try require(!entry.isLost || effect != .once || isAnswered, "\(node) is once and started again unasked")
  }
}

// The rules of a node's end.
extension Book {
  private func isLeaf(_ node: NodeNumber) -> Bool {
    guard case .connector = plan.steps[self[node].step].kind else { return false }
    return self[node].attempts > 0
  }

  private mutating func succeed(_ node: NodeNumber, _ status: StepStatus) throws(Violation) {
    let entry = self[node]
    try require(!entry.status.hasEnded, "\(node) ended twice")
    if isLeaf(node) {
      let report = Report(node: node, token: entry.token, isSuccess: true)
      let isReported = entry.status == .running && reports.contains(report)
      try require(
        isReported || entry.answer == "happened" || entry.wasAdopted,
        "\(node) succeeded by no report with its token")
    } else if entry.status == .pending {
      try begin(node)
    }
    try endsAround(node)
    self[node].status = status
  }

  private mutating func fail(
    _ node: NodeNumber, _ status: StepStatus, _ errorClass: ErrorClass, _ code: String
  ) throws(Violation) {
    let entry = self[node]
    try require(!entry.status.hasEnded, "\(node) ended twice")
    try endsAround(node)
    let isOwn = errorClass == .transient || errorClass == .data || errorClass == .exit
    if isLeaf(node), isOwn {
      let report = Report(node: node, token: entry.token, isSuccess: false)
      try require(
        entry.status == .running && reports.contains(report), "\(node) failed by no report with its token")
      try require(!retries(node, errorClass), "\(node) failed although a retry was left")
    }
    self[node].status = status
  }

  private func endsAround(_ node: NodeNumber) throws(Violation) {
    for child in self[node].children where !self[child].status.hasEnded {
      throw Violation("\(node) ended before \(child), which lies in it")
    }
  }

  private mutating func skip(_ nodes: Range<NodeNumber>, _ cause: SkipCause) throws(Violation) {
    for node in nodes {
      try require(self[node].status == .pending, "\(node) was skipped as \(self[node].status.word)")
      let needs = plan.steps[self[node].step].needs.map { (need: $0, entry: self[neighbour(node, $0)]) }
      switch cause {
      case .upstreamFailed:
        try require(
          needs.allSatisfy(\.entry.status.hasEnded), "\(node) was skipped before its needs had ended")
        try require(!needs.allSatisfy { isMet($0.need, by: $0.entry) }, "\(node) was skipped for no need")
      case .condition: try begin(node)
      case .branch, .cancelled, .limit, .expired: break
      }
      (self[node].status, self[node].skipCause) = (.skipped, cause)
    }
  }

  private func retries(_ node: NodeNumber, _ errorClass: ErrorClass) -> Bool {
    let retry = plan.steps[self[node].step].retry
    guard case .fixed(let attempts) = retry.attempts, !isStopped(node) else { return false }
    return retry.classes.contains(errorClass) && self[node].retries + 1 < attempts
  }

  private mutating func retry(_ node: NodeNumber, _ errorClass: ErrorClass) throws(Violation) {
    let entry = self[node]
    try require(entry.status == .running, "\(node) retries as \(entry.status.word)")
    try require(retries(node, errorClass), "\(node) retries once more than it may")
    let isReported = reports.contains(Report(node: node, token: entry.token, isSuccess: false))
    try require(isReported || errorClass == .timeout, "\(node) retries by no report with its token")
    self[node].retries += 1
    self[node].status = .retrying
  }

  private mutating func change(_ fact: Fact) throws(Violation) {
    switch fact {
    case .delayed(let node, _, _):
      try require(!isStopped(node), "\(node) pauses although it was asked to stop")
      self[node].status = .waiting
    case .lost(let node, _):
      try require(self[node].status == .running, "\(node) was lost as \(self[node].status.word)")
      self[node].isLost = true
    case .question(let node, _):
      let report = Report(node: node, token: self[node].token, isSuccess: false)
      let isLost = self[node].isLost || reports.contains(report)
      try require(isLost && self[node].effect == .once, "\(node) asks without a reason")
      self[node].status = .needsAttention
    case .resolved(let node, let answer, _):
      try require(self[node].status == .needsAttention, "\(node) was answered without a question")
      self[node].answer = answer
    case .superseded(let node, let token, _):
      try require(
        reports.contains(Report(node: node, token: token, isSuccess: true)),
        "\(node) has a late result of nobody")
      try require(
        self[node].status != .running || self[node].token != token, "\(node) lost a result that counts")
    case .adopted(let node, _): self[node].wasAdopted = true
    case .stopping(let node, _): self[node].isStopping = true
    case _: break
    }
  }

  private mutating func changeJob(_ fact: Fact) throws(Violation) {
    switch fact {
    case .cancelRequested:
      try require(!isCancelled, "a second cancel counted")
      isCancelled = phase == .main
    case .killed: wasKilled = true
    case .phase(let next):
      try require(next.rawValue > phase.rawValue, "\(next.word) came after \(phase.word)")
      let open = entries.indices.first { !entries[$0].status.hasEnded }
      try require(open == nil, "\(next.word) began before \(open ?? 0) had ended")
      phase = next
    case .status(let status): hasEnded = status.hasEnded
    case _: break
    }
  }
}
