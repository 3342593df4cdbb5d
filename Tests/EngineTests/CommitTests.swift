import Engine
import Model
import Stores
import Synchronization
import Testing

/// A store that fails at commits as it is told, for the faults that a disk or a network makes.
final class FaultyStore: Store {
  enum Fault: Sendable, CaseIterable {
    /// The commit happened and its answer was lost.
    case afterCommit
    /// Nothing happened.
    case beforeCommit
  }

  let real: any Store
  private let fault = Mutex<(Fault, Int)?>(nil)
  private let held = Mutex<HeldCommit?>(nil)
  /// Whether every checkpoint finds the disk full.
  let noCheckpoints = Mutex(false)
  private let room = Mutex<(isFull: Bool, tries: Int)>((false, 0))
  private let listener = Mutex<(@Sendable (Batch) -> Void)?>(nil)

  init(_ real: any Store) { self.real = real }

  /// Tells of each batch that is stored, before its commit returns.
  func onCommit(_ listen: @escaping @Sendable (Batch) -> Void) { listener.withLock { $0 = listen } }

  /// Holds the next commit until it is let go.
  func hold() -> HeldCommit {
    let commit = HeldCommit()
    held.withLock { $0 = commit }
    return commit
  }

  /// Fails the commit that follows `count` good ones.
  func fail(_ fault: Fault, after count: Int) { self.fault.withLock { $0 = (fault, count) } }

  /// From now on commits and checkpoints find no room.
  func fill() { room.withLock { $0 = (true, 0) } }
  func free() { room.withLock { $0.isFull = false } }
  /// Commits that found no room since `fill`.
  var tries: Int { room.withLock(\.tries) }

  private func findRoom() throws(StoreError) {
    let isFull = room.withLock { room in
      if room.isFull { room.tries += 1 }
      return room.isFull
    }
    if isFull { throw .full("the disk is full") }
  }

  /// From now on commits succeed. False where a fault had already happened.
  func heal() -> Bool {
    fault.withLock { fault in
      defer { fault = nil }
      return fault != nil
    }
  }

  func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob] {
    held.withLock { $0.take() }?.wait()
    try findRoom()
    let due: Fault? = fault.withLock { fault in
      guard let (kind, count) = fault else { return nil }
      fault = count == 0 ? nil : (kind, count - 1)
      return count == 0 ? kind : nil
    }
    switch due {
    case .beforeCommit: throw .broken("the disk is gone")
    case .afterCommit:
      _ = try real.commit(batch)
      throw .broken("the answer to COMMIT was lost")
    case nil:
      let refused = try real.commit(batch)
      let stored = copy batch
      listener.withLock { $0 }?(stored)
      return refused
    }
  }

  func checkpoint() throws(StoreError) {
    if noCheckpoints.withLock({ $0 }) { throw .full("the disk is full") }
    try real.checkpoint()
  }
  func liveJobs() throws(StoreError) -> [LiveJob] { try real.liveJobs() }
  func history(of job: JobNumber, after sequence: UInt32) throws(StoreError) -> [StoredEvent] {
    try real.history(of: job, after: sequence)
  }
  func snapshot(of job: JobNumber) throws(StoreError) -> StoredSnapshot? { try real.snapshot(of: job) }
  func body(_ id: BodyID) throws(StoreError) -> [UInt8]? { try real.body(id) }
  func job(ofIdempotencyKey key: String, pipeline: PipelineName) throws(StoreError) -> IdempotentJob? {
    try real.job(ofIdempotencyKey: key, pipeline: pipeline)
  }
  func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int] {
    try real.raiseDriveCounts(of: jobs)
  }
  func revision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try real.revision(of: pipeline, number: number)
  }
  func connection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try real.connection(name, in: namespace)
  }
  func credential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try real.credential(name, in: namespace)
  }
  func waitingSignals() throws(StoreError) -> [SignalRow] { try real.waitingSignals() }
  func signal(messageID: String, name: String, in namespace: String) throws(StoreError) -> SignalRow? {
    try real.signal(messageID: messageID, name: name, in: namespace)
  }
  func openTriggerMessages() throws(StoreError) -> [TriggerMessageRow] { try real.openTriggerMessages() }
  func schedules() throws(StoreError) -> [ScheduleRow] { try real.schedules() }
  func openBackfills() throws(StoreError) -> [BackfillRow] { try real.openBackfills() }
  func heldSlots() throws(StoreError) -> [SlotRow] { try real.heldSlots() }
  func governors() throws(StoreError) -> [GovernorRow] { try real.governors() }
  func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow? {
    try real.cached(key, in: namespace)
  }
  func parkedJobs() throws(StoreError) -> [ParkedRow] { try real.parkedJobs() }
  func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob? { try real.liveJob(number) }
  func highestNumbers() throws(StoreError) -> (job: Int64, body: Int64) { try real.highestNumbers() }
  func deadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? { try real.deadLetter(id) }
  func openDeadLetters(of job: ID<Job>) throws(StoreError) -> [DeadLetterRow] {
    try real.openDeadLetters(of: job)
  }
  func openDeadLetterCount(in namespace: String) throws(StoreError) -> Int {
    try real.openDeadLetterCount(in: namespace)
  }
  func underWayDeadLetters() throws(StoreError) -> [ID<TriggerMessage>: Int64] {
    try real.underWayDeadLetters()
  }
}

@Suite("S2: a commit whose result is unknown", .timeLimit(.minutes(1)))
struct UnknownCommitTests {
  static let file = """
    steps:
      one: {uses: test.keyed, with: {value: {n: 1}}}
      two: {needs: [one], uses: test.keyed, with: {value: {n: 2}}}
      three: {needs: [two], uses: test.keyed, with: {value: {n: 3}}}
    """

  @Test(
    "ends the node, acknowledges nothing, and the next node goes on from what is stored",
    arguments: Backend.all, FaultyStore.Fault.allCases)
  func goesOn(_ backend: Backend, _ fault: FaultyStore.Fault) async throws {
    for commits in 0...3 {
      let harness = try Harness(backend, faulty: true)
      try await harness.apply(Self.file)
      harness.faulty?.fail(fault, after: commits)
      let broken = harness.nextBreak()
      let (node, request) = (harness.node, harness.request(key: "k"))
      let started = Task { try await node.start(request) }
      await broken()
      started.cancel()
      harness.stage.drop()
      try await harness.reopen()

      // Whoever heard nothing asks again with the same key and gets one job.
      let job = try await harness.startAgain(key: "k")
      let view = try await harness.ended(job)
      #expect(view.summary.status == .success)
      #expect(view.steps.map(\.output) == [["n": 1], ["n": 2], ["n": 3]])
      #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10).count == 1)
      #expect(try harness.history().replay(job).differences == [])
    }
  }
}

@Suite("S3: one bad job in a group commit", .timeLimit(.minutes(1)))
struct BadNeighbourTests {
  @Test("is refused, and its neighbours commit", arguments: Backend.all)
  func alone(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      key: ${{ inputs.k }}
      inputs: {k: {type: string}}
      steps: {work: {uses: test.keyed, with: {hold: true, door: "${{ inputs.k }}"}}}
      """
    )
    let bad = try await harness.start(key: "bad")
    let good = try await harness.start(key: "good")
    await harness.stage.holding("bad")
    await harness.stage.holding("good")
    try harness.plantEvent(in: bad)

    // Both end in the same turn or in two: the good one must not notice in either.
    await harness.stage.end("bad")
    await harness.stage.end("good")
    let view = try await harness.ended(good)
    #expect(view.summary.status == .success)
    #expect(try harness.readModel.job(bad)?.status == .running)
    await #expect(throws: Problem.self) { try await harness.node.cancel(bad, actor: "local:ana", reason: "") }
  }
}

@Suite("S4: a job that the engine cannot drive", .timeLimit(.minutes(1)))
struct PoisonTests {
  @Test("is quarantined after three takeovers without a commit, and the node goes on", arguments: Backend.all)
  func quarantined(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {work: {uses: test.keyed, with: {hold: true}}}")
    await harness.stage.holding("work")
    await harness.crash()
    // Two nodes took it over and died before their first commit.
    for _ in 1...2 { _ = try harness.store.raiseDriveCounts(of: try harness.store.liveJobs().map(\.number)) }
    try await harness.reopen()

    #expect(harness.node.recovered.map { $0.quarantine != nil } == [true])
    try await harness.happened(job, "quarantined")
    #expect(try await harness.view(job).summary.status == .needsAttention)
    #expect(try await harness.node.why(job).map(\.kind) == ["quarantined"])
    #expect(harness.reported.count == 1)
    #expect(harness.stage.starts(of: "work") == 1)

    let other = try await harness.startAgain(key: "other")
    await harness.stage.begun("work", 2)
    await harness.stage.end("work")
    #expect(try await harness.ended(other).summary.status == .success)
  }

  @Test("is ended by a kill", arguments: Backend.all)
  func killed(_ backend: Backend) async throws {
    let harness = try await quarantinedJob(backend)
    let job = harness.node.recovered[0].id
    _ = try await harness.node.kill(job, actor: "local:ana", reason: "poison")
    #expect(try await harness.ended(job).summary.status == .cancelled)
  }

  @Test("refuses a cancel, which would be forgotten", arguments: Backend.all)
  func refusesCancel(_ backend: Backend) async throws {
    let harness = try await quarantinedJob(backend)
    let job = harness.node.recovered[0].id
    let problem = await #expect(throws: Problem.self) {
      try await harness.node.cancel(job, actor: "local:ana", reason: "enough")
    }
    #expect(problem?.code == "job-quarantined")
    let names = try await harness.node.history(job, after: 0, limit: 100).flatMap(\.facts)
    #expect(!names.contains { $0["fact"] == "cancel_requested" })
  }

  @Test("goes on when a person says that it did not happen", arguments: Backend.all)
  func released(_ backend: Backend) async throws {
    let harness = try await quarantinedJob(backend)
    let job = harness.node.recovered[0].id
    try await harness.node.resolve(job, path: "work", .didNotHappen, actor: "local:ana")
    await harness.stage.begun("work", 2)
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("a job that commits is driven with a clean count", arguments: Backend.all)
  func cleared(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {work: {uses: test.keyed, with: {hold: true}}}")
    for restart in 1...2 {
      await harness.stage.begun("work", restart)
      try await harness.crashAndReopen()
    }
    #expect(try harness.store.liveJobs().map(\.driveCount) == [0])
    await harness.stage.begun("work", 3)
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  private func quarantinedJob(_ backend: Backend) async throws -> Harness {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {work: {uses: test.keyed, with: {hold: true}}}")
    await harness.stage.holding("work")
    await harness.crash()
    for _ in 1...2 { _ = try harness.store.raiseDriveCounts(of: try harness.store.liveJobs().map(\.number)) }
    try await harness.reopen()
    try await harness.happened(job, "quarantined")
    return harness
  }
}

@Suite("S7: a planned stop", .timeLimit(.minutes(1)))
struct PlannedStopTests {
  @Test("lets attempts end within the drain and starts nothing new", arguments: Backend.all)
  func drains(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        one: {uses: test.once, with: {hold: true}}
        two: {needs: [one], uses: test.once}
      """)
    await harness.stage.holding("one")
    harness.node.drain()
    await harness.stage.end("one")
    await harness.node.stop(drain: .seconds(50))
    #expect(harness.stage.starts.map(\.path) == ["one"])
    try await harness.reopen()
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(harness.stage.starts.map(\.path) == ["one", "two"])
  }

  @Test("that is taken back lets what was queued start, in the same process", arguments: Backend.all)
  func undrains(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    harness.node.drain(by: "ana", reason: "new disk")
    #expect(harness.node.drained?.by == "ana")
    let job = try await harness.start("steps: {one: {uses: test.once}}")
    #expect(try await harness.node.view(job).summary.status != .success && harness.stage.starts.isEmpty)
    #expect(harness.node.undrain())
    #expect(!harness.node.undrain(), "It is over.")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success && harness.stage.starts.map(\.path) == ["one"])
  }

  @Test("what outlives the drain is lost with cause, and its effect class decides", arguments: Backend.all)
  func outlives(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        pay: {uses: test.once, with: {hold: true, deaf: true}}
        read: {uses: test.pure, with: {hold: true, deaf: true}}
      """)
    await harness.stage.holding("pay")
    await harness.stage.holding("read")
    await harness.node.stop(drain: .zero)
    harness.stage.drop()
    try await harness.reopen()
    try await harness.happened(job, "question", "pay")
    await harness.stage.begun("read", 2)
    #expect(harness.stage.starts(of: "pay") == 1)
    let lost = try await harness.node.history(job, after: 0, limit: 100).flatMap(\.facts).filter {
      $0["fact"] == "lost"
    }
    #expect(lost.compactMap { $0["cause"]?.string } == ["owner_restarted", "owner_restarted"])
  }
}
