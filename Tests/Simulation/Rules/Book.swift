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
    var losses = 0
    var answer = ""
    var wasAdopted = false
    var isStopping = false
    var awaitsSignal = false
    var signal: String?
    var ask: ID<Ask>?
    var child: ID<Job>?
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
  var wasAskedToCancel = false
  /// A cancel that stops the job's own steps.
  var isCancelled = false
  var wasKilled = false
  var isQuarantined = false
  var wasQuarantined = false
  var hasEnded = false
  /// Signals that it was given.
  var signals: Set<String> = []
  /// Reports of the turn whose facts come next.
  var reports: Set<Report> = []
  /// Successes of earlier attempts among them, which no fact of this commit has kept yet.
  var late: Set<Report> = []

  init(plan: Plan) { self.plan = plan }

  subscript(node: NodeNumber) -> Entry {
    get { entries[Int(node)] }
    set { entries[Int(node)] = newValue }
  }

  mutating func take(_ fact: Fact, sequence: UInt32) throws(Violation) {
    try require(.insideFirst, !hasEnded, "\(fact.name) after the end of the job")
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
    case .step(let node, let fact): try change(node, fact)
    case .delayed, .lost, .question, .resolved, .superseded, .adopted, .stopping: try change(fact)
    case .cancelRequested, .killed, .phase, .status, .quarantined: try changeJob(fact)
    case .created, .deadline, .overdue, .outcome, .recovered, .aside, .reopened, .updated: break
    }
  }

  private mutating func add(
    _ first: NodeNumber, _ count: UInt32, _ parent: NodeNumber?, _ entry: (Int) -> Entry
  ) throws(Violation) {
    try require(.accounts, Int(first) == entries.count, "node \(first) does not come next")
    for offset in 0..<Int(count) { entries.append(entry(offset)) }
    guard let parent else { return }
    try require(.insideFirst, !self[parent].status.hasEnded, "the ended \(parent) opened nodes")
    try require(.stopped, !isStopped(parent), "\(parent) opened nodes although it was asked to stop")
    self[parent].children = Array(first..<first + count)
  }

  /// Whether it, or what holds it, was asked to stop.
  private func isStopped(_ node: NodeNumber) -> Bool {
    if isCancelled && phase == .main { return true }
    if wasKilled { return true }
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
    try require(.needsFirst, entry.status == .pending, "\(node) began as \(entry.status.word)")
    try require(.stopped, !isStopped(node), "\(node) began although it was asked to stop")
    guard entry.isStep else { return }
    for need in plan.steps[entry.step].needs {
      let needed = self[neighbour(node, need)]
      try require(.needsFirst, needed.status.hasEnded, "\(node) began before what it needs had ended")
      try require(
        .needsFirst, isMet(need, by: needed), "\(node) began although what it needs is \(needed.status.word)")
    }
  }

  private func neighbour(_ node: NodeNumber, _ need: Need) -> NodeNumber {
    NodeNumber(Int(node) + need.step.position - self[node].step)
  }

  private func isMet(_ need: Need, by entry: Entry) -> Bool {
    if need.strength == .weak { return true }
    if entry.status == .success || entry.status == .partial { return true }
    return entry.status == .skipped && [.condition, .branch, .expired].contains(entry.skipCause)
  }

  private mutating func start(
    _ node: NodeNumber, _ attempt: UInt32, _ effect: EffectClass, _ sequence: UInt32
  ) throws(Violation) {
    if self[node].status == .pending { try begin(node) }
    try allowsStart(node, of: effect)
    try require(.retries, attempt == self[node].attempts + 1, "\(node) counts its attempts wrongly")
    try require(.stopped, !isStopped(node), "\(node) started although it was asked to stop")
    try require(.fencing, sequence > self[node].token, "the token \(sequence) of \(node) is not a later one")
    self[node].status = .running
    (self[node].attempts, self[node].effect, self[node].token) = (attempt, effect, sequence)
    (self[node].isLost, self[node].answer) = (false, "")
  }

  private func allowsStart(_ node: NodeNumber, of effect: EffectClass) throws(Violation) {
    let entry = self[node]
    switch entry.status {
    case .pending, .retrying, .queued: break
    case .running: try require(.fencing, entry.isLost, "two attempts of \(node) at once")
    case .needsAttention:
      try require(
        .onceAsked, entry.answer == "did_not_happen", "\(node) started with an open question")
    case .waiting, .success, .partial, .failed, .cancelled, .timeout, .skipped:
      throw Violation(.insideFirst, "\(node) started as \(entry.status.word)")
    }
    let isAnswered = entry.answer == "did_not_happen"
    try require(
      .onceAsked, !entry.isLost || effect != .once || isAnswered,
      "\(node) is once and started again unasked")
    try require(
      .retries, entry.losses <= World.crashBudget, "\(node) started after it was lost \(entry.losses) times")
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
    try require(.oneCompletion, !entry.status.hasEnded, "\(node) ended twice")
    if isLeaf(node) {
      let report = Report(node: node, token: entry.token, isSuccess: true)
      let isReported = entry.status == .running && reports.contains(report)
      try require(
        .oneCompletion, isReported || entry.answer == "happened" || entry.wasAdopted,
        "\(node) succeeded by no report with its token")
      try require(.stopped, !wasKilled, "\(node) succeeded after the kill that fenced it")
    } else if entry.status == .pending {
      try begin(node)
    }
    if entry.awaitsSignal {
      try require(.signalOnce, entry.signal != nil, "\(node) was given no signal")
    }
    try endsAround(node)
    self[node].status = status
  }

  private mutating func fail(
    _ node: NodeNumber, _ status: StepStatus, _ errorClass: ErrorClass, _ code: String
  ) throws(Violation) {
    let entry = self[node]
    try require(.oneCompletion, !entry.status.hasEnded, "\(node) ended twice")
    try endsAround(node)
    let isOwn = errorClass == .transient || errorClass == .data || errorClass == .exit
    if isLeaf(node), isOwn {
      let report = Report(node: node, token: entry.token, isSuccess: false)
      try require(
        .oneCompletion, entry.status == .running && reports.contains(report),
        "\(node) failed by no report with its token")
      try require(.retries, !retries(node, errorClass), "\(node) failed although a retry was left")
    }
    self[node].status = status
  }

  private func endsAround(_ node: NodeNumber) throws(Violation) {
    for child in self[node].children where !self[child].status.hasEnded {
      throw Violation(.insideFirst, "\(node) ended before \(child), which lies in it")
    }
  }

  private mutating func skip(_ nodes: Range<NodeNumber>, _ cause: SkipCause) throws(Violation) {
    for node in nodes {
      if cause == .expired {
        try require(.oneCompletion, !self[node].status.hasEnded, "\(node) expired after its end")
        try endsAround(node)
      } else {
        try require(
          .insideFirst, self[node].status == .pending, "\(node) was skipped as \(self[node].status.word)")
      }
      let needs = plan.steps[self[node].step].needs.map { (need: $0, entry: self[neighbour(node, $0)]) }
      switch cause {
      case .upstreamFailed:
        try require(
          .needsFirst, needs.allSatisfy(\.entry.status.hasEnded),
          "\(node) was skipped before its needs had ended")
        try require(
          .needsFirst, !needs.allSatisfy { isMet($0.need, by: $0.entry) }, "\(node) was skipped for no need")
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
    let isRefused = entry.status == .queued && errorClass == .circuitOpen
    try require(
      .retries, entry.status == .running || isRefused, "\(node) retries as \(entry.status.word)")
    try require(.retries, retries(node, errorClass), "\(node) retries once more than it may")
    let isReported = reports.contains(Report(node: node, token: entry.token, isSuccess: false))
    try require(
      .oneCompletion, isReported || errorClass == .timeout || isRefused,
      "\(node) retries by no report with its token")
    self[node].retries += 1
    self[node].status = .retrying
  }
}
