import Crypto
import Model
import Pipelines
import Stores

@testable import Engine

/// A store that outlives the nodes over it.
enum Disk: String, CaseIterable, Sendable { case memory, sqlite }

/// Two jobs of one random pipeline on one node, in a world that follows from a seed: results, failures, lost
/// attempts, crashes at every place of a turn, jumps of time, and people who cancel, kill, answer and adopt.
///
/// It stands in the place of the engine's thread and its executor, so one seed gives one history.
final class World {
  /// An attempt under way outside, or the question what became of a lost one.
  struct Attempt {
    var job: JobNumber
    var order: AttemptOrder
    /// Nil where it only examines, which takes no slot.
    var place: ConnectorDescription.Place?
    var isCancelled = false
  }

  static let connectorNames = ["once", "keyed", "pure", "reattachable", "child"]
  static let nodeSlots = 3
  static let processSlots = 1

  var random: Seeded
  let clock = SimulatedClock()
  let store: any Store
  let configuration: NodeConfiguration
  let plan: Plan
  var jobs: Jobs
  var attempts: [Attempt] = []
  var books: [JobNumber: Book] = [:]
  private(set) var ids: [(number: JobNumber, id: ID<Job>)] = []
  /// The stored facts of all jobs, in order.
  private(set) var trace: [[UInt8]] = []
  /// The states as of the last commit, which a restart must give back.
  private var committed: [JobNumber: [UInt8]] = [:]
  private var commits: Int64 = 0
  private(set) var crashes = 0
  /// Attempts that were reported before and may be reported again.
  var past: [Attempt] = []
  /// Nothing goes wrong any more: every job must come to its end.
  var isCalm = false

  init(seed: UInt64, _ store: any Store, _ reader: any ReadModel) throws {
    random = Seeded(seed)
    self.store = store
    let (plan, source) = try Self.plan(seed)
    self.plan = plan
    configuration = Self.configuration(store, reader, clock, plan)
    jobs = Self.jobs(configuration, try store.highestNumbers())
    try admit(source, seed)
  }

  private static func jobs(_ configuration: NodeConfiguration, _ numbers: (job: Int64, body: Int64)) -> Jobs {
    Jobs(configuration, numbers: numbers)
  }

  /// The pipeline of a seed. A file that `validate` refuses makes room for the next one.
  private static func plan(_ seed: UInt64) throws -> (Plan, [UInt8]) {
    let compiler = PipelineCompiler(
      connectors: connectorNames.map(description), zones: ZoneDatabase { _ in nil })
    var findings = ""
    for attempt in 0..<100 {
      var maker = PipelineMaker(seed: seed &* 1_000 &+ UInt64(attempt))
      let source = maker.source()
      let compilation = compiler.compile(source)
      if let plan = compilation.plan { return (plan, source) }
      findings = compilation.findings.map { $0.rendered(file: "made.yaml", language: .english) }.joined(
        separator: "\n")
    }
    throw Violation("no pipeline of 100 was valid: \(findings)")
  }

  private static func description(_ name: String) -> ConnectorDescription {
    ConnectorDescription(
      name: "test.\(name)", title: Bilingual("Test", pt: "Teste"), summary: Bilingual("Test.", pt: "Teste."),
      with: ["type": "object"], output: true, effect: .always(EffectClass(rawValue: name) ?? .keyed),
      place: name == "child" ? .process : .node)
  }

  private static func configuration(
    _ store: any Store, _ reader: any ReadModel, _ clock: SimulatedClock, _ plan: Plan
  ) -> NodeConfiguration {
    var setting = NodeSetting(name: "simulated", version: "test", cores: 1)
    (setting.nodeSlots, setting.processSlots) = (nodeSlots, processSlots)
    (setting.cancelGrace, setting.handlersTimeout) = (.seconds(5), .seconds(60))
    return NodeConfiguration(
      setting: setting, store: store, readModel: reader, clock: clock, connectors: [], environment: .none,
      plan: { _ in plan }, wrap: { $0.reveal() },
      unwrap: { (bytes) throws(Problem) in
        guard let key = SymmetricKey(bytes) else {
          throw Problem("test", Bilingual("No key.", pt: "Sem chave."))
        }
        return key
      }, broken: { _ in })
  }

  private func admit(_ source: [UInt8], _ seed: UInt64) throws {
    let name = PipelineName(namespace: "demo", name: "simulated")
    let record = RevisionRecord(
      pipeline: name, number: 1, title: "", source: source, sha256: SHA256.digest(source), files: [],
      createdAt: clock.now, createdBy: "local:test")
    jobs.add([.revision(record)])
    for number in 0..<2 {
      let id = ID<Job>(high: 0x7000 | UInt64(number), low: 0x8000_0000_0000_0000 | seed >> 2)
      let key = SymmetricKey.generate()
      let job = jobs.admit(
        PreparedJob(
          id: id, pipeline: name, revision: 1, plan: plan, key: nil,
          context: ["inputs": [:], "vars": [:], "settings": [:], "trigger": [:]], triggerType: "manual",
          triggerID: nil, actor: "local:test", idempotencyKey: nil, requestHash: [], dataKey: key,
          wrappedKey: key.reveal()), at: clock.now)
      ids.append((job.number, id))
      books[job.number] = Book(plan: plan)
    }
    try commit(mayCrash: false)
  }
}

// Turns, commits and crashes.
extension World {
  /// One turn of the engine: timers, what the world does, the queue, the commit.
  func turn(_ acts: Int) throws {
    let now = clock.now
    jobs.fireTimers(at: now)
    for _ in 0..<acts { act(at: now) }
    jobs.serveQueue(at: now)
    try commit(mayCrash: !isCalm)
  }

  private enum Crash: CaseIterable { case beforeCommit, afterCommit, amongEffects }

  private func commit(mayCrash: Bool) throws {
    let crash = mayCrash && random.holds(6) ? random.one(of: Crash.allCases) : nil
    if crash == .beforeCommit { return try restart() }
    var (batch, orders) = jobs.takeBatch()
    if !batch.isEmpty {
      commits += 1
      batch.commit = commits
      try require(try store.commit(batch).isEmpty, "the store refused a job")
      try read(batch)
    }
    if crash == .afterCommit { return try restart() }
    for order in orders {
      if crash == .amongEffects, random.holds(50) { return try restart() }
      perform(order)
    }
    try checkAll()
  }

  private func read(_ batch: Batch) throws {
    for event in batch.events {
      let payload = Array(batch.bytes[event.payload])
      trace.append(payload)
      for json in try JSON(parsing: payload).array ?? [] {
        let fact = try Fact(json) { _ throws(FactError) in .null }
        try books[event.job]?.take(fact, sequence: event.sequence)
      }
    }
    for (number, _) in ids {
      books[number]?.reports = []
      if let job = jobs.job(number) { committed[number] = job.state.encoded() }
    }
  }

  private func perform(_ order: Jobs.Order) {
    switch order {
    case .execute(let job, let attempt):
      attempts.append(Attempt(job: job.number, order: attempt, place: place(attempt)))
    case .examine(let job, let attempt): attempts.append(Attempt(job: job.number, order: attempt, place: nil))
    case .cancel(let job, let node, let token):
      for index in attempts.indices {
        let attempt = attempts[index]
        if attempt.job == job.number, attempt.order.node == node, attempt.order.token == token {
          attempts[index].isCancelled = true
        }
      }
    case .ended(let job): jobs.disown(job)
    case .tell, .reply, .prepareChild, .findChild, .countLines, .readLines, .parked, .fire, .retain: break
    }
  }

  private func place(_ order: AttemptOrder) -> ConnectorDescription.Place? {
    guard case .connector(let call) = plan.steps[Int(order.step)].kind else { return nil }
    return call.connector.place
  }

  /// The process is gone, with all that was not committed; another one takes over.
  func restart() throws {
    crashes += 1
    attempts = []
    for (number, _) in ids { books[number]?.reports = [] }
    jobs = Self.jobs(configuration, try store.highestNumbers())
    let found = try Recovery(configuration).restore()
    for job in found {
      let restored = job.restored
      try require(restored.state.encoded() == committed[restored.number], "a restart gave back another state")
      let copy = try JobState(encoded: restored.state.encoded())
      try require(copy.encoded() == restored.state.encoded(), "a snapshot gives back another state")
      jobs.restore(restored, at: clock.now)
    }
    jobs.serveQueue(at: clock.now)
    try commit(mayCrash: !isCalm && crashes < 20)
  }

  private func checkAll() throws {
    var taken = [0, 0]
    for attempt in attempts { if let place = attempt.place { taken[Int(place.rawValue)] += 1 } }
    let free = jobs.governors.free
    try require(
      free[0] + taken[0] == Self.nodeSlots && free[1] + taken[1] == Self.processSlots,
      "slots: \(free) are free and \(taken) taken")
    for (number, _) in ids { if let job = jobs.job(number) { try Recount.check(job.state) } }
  }

  var hasEnded: Bool { ids.allSatisfy { jobs.job($0.number) == nil } }
}
