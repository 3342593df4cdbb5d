import Model
import Pipelines

@testable import Engine

/// All that was stored, read commit by commit, and the rules that lie between jobs.
struct Ledger {
  let plans: [PipelineName: Plan]
  private(set) var books: [JobNumber: Book] = [:]
  private(set) var ids: [JobNumber: ID<Job>] = [:]
  private(set) var numbers: [ID<Job>: JobNumber] = [:]
  private(set) var pipelines: [JobNumber: PipelineName] = [:]
  /// The jobs of requests, messages and calls, by pipeline and key.
  private(set) var keys: [String: ID<Job>] = [:]
  var asks = AskLedger()
  var signals = SignalLedger()
  var messages = MessageLedger()
  var schedules = ScheduleLedger()
  var slots = SlotLedger()
  /// The facts of all jobs, in order.
  private(set) var trace: [[UInt8]] = []

  init(plans: [PipelineName: Plan]) { self.plans = plans }

  /// In the order of their admission.
  var jobs: [JobNumber] { ids.keys.sorted() }

  mutating func take(_ batch: Batch, refused: [RefusedJob], at moment: Duration) throws(Violation) {
    try require(.accepted, refused.isEmpty, "it refused \(refused)")
    for row in batch.newJobs { try admit(row) }
    try slots.take(batch.slots)
    try asks.take(batch)
    try signals.take(batch)
    try messages.take(batch, keys)
    try schedules.take(batch, messages)
    for row in batch.events { try read(row, batch, at: moment) }
    for row in batch.jobs where row.status.hasEnded {
      try messages.ended(ids[row.job], pipelines[row.job], batch)
    }
    slots.settle()
  }

  private mutating func admit(_ row: NewJob) throws(Violation) {
    (ids[row.number], numbers[row.id], pipelines[row.number]) = (row.id, row.number, row.pipeline)
    guard let plan = plans[row.pipeline] else {
      throw Violation(.accepted, "a job of the unknown \(row.pipeline)")
    }
    books[row.number] = Book(plan: plan)
    guard let key = row.idempotencyKey else { return }
    let name = Self.key(row.pipeline, key)
    try require(.oneJobPerKey, keys[name] == nil, "a second job for the key \(name)")
    keys[name] = row.id
  }

  static func key(_ pipeline: PipelineName, _ key: String) -> String { "\(pipeline) \(key)" }

  private mutating func read(_ row: EventRow, _ batch: Batch, at moment: Duration) throws(Violation) {
    let payload = Array(batch.bytes[row.payload])
    trace.append(payload)
    guard let list = try? JSON(parsing: payload).array else {
      throw Violation(.replayed, "event \(row.sequence) is no list of facts")
    }
    for json in list {
      guard let fact = try? Fact(json, body: { (_) throws(FactError) in .null }) else {
        throw Violation(.replayed, "a fact of event \(row.sequence) cannot be read: \(json.text)")
      }
      try books[row.job]?.take(fact, sequence: row.sequence)
      try check(fact, of: row.job, at: moment)
    }
  }

  /// What a fact needs to be true elsewhere.
  private mutating func check(_ fact: Fact, of job: JobNumber, at moment: Duration) throws(Violation) {
    guard let book = books[job] else { return }
    if case .started(let node, _, _, _) = fact {
      try slots.started(job, node, book.plan.steps[book[node].step].limits, at: moment)
    }
    guard case .succeeded(let node, _, _) = fact else { return }
    let entry = book[node]
    if let ask = entry.ask {
      try require(
        .approvalsFinal, asks.isDecided(ask), "\(node) succeeded and its question was not decided")
    }
    if let child = entry.child, !isDetached(entry, book.plan) {
      let hasEnded = numbers[child].flatMap { books[$0]?.hasEnded } ?? false
      try require(.callEnds, hasEnded, "\(node) succeeded before its sub-job had ended")
    }
    if let signal = entry.signal, !isBroadcast(entry, book.plan) { try signals.ended(job, node, signal) }
  }

  private func isBroadcast(_ entry: Book.Entry, _ plan: Plan) -> Bool {
    if case .wait(.signal(let signal)) = plan.steps[entry.step].kind { signal.broadcast } else { false }
  }

  private func isDetached(_ entry: Book.Entry, _ plan: Plan) -> Bool {
    if case .call(let call) = plan.steps[entry.step].kind { call.detach } else { false }
  }

  /// Whether an attempt is there to be performed: its start is stored.
  func holdsStart(of node: NodeNumber, _ token: UInt32, of job: JobNumber) -> Bool {
    guard let book = books[job], Int(node) < book.entries.count else { return false }
    return book[node].token >= token && token > 0
  }

  /// An attempt's end, or what became of a lost one, is about to be told to the engine.
  mutating func expect(
    _ job: JobNumber, _ node: NodeNumber, _ token: UInt32, _ end: AttemptEnd, isLateKept: Bool = true
  ) {
    guard case .success = end else {
      return books[job]?.expect(node, token, isSuccess: false, isLateKept) ?? ()
    }
    books[job]?.expect(node, token, isSuccess: true, isLateKept)
  }

  /// The turn is over; the reports that came with it count no more.
  mutating func settle(isKept: Bool) throws(Violation) {
    for job in jobs { try books[job]?.settle(isKept: isKept) }
  }
}
