import Engine
import Model
import Testing

/// Slots of limits that stay taken when their holder is gone: other schedulers count, a node here has rows of
/// who holds what.
@Suite("Peers' bugs: runs that never start", .timeLimit(.minutes(1)))
struct LeakedSlotTests {
  enum Way: CaseIterable {
    case success, failure, cancel, kill, timeout, crashBudget, quarantine
  }

  private static let file = """
    inputs: {k: {type: string}}
    concurrency: {limit: 1, when_full: queue}
    steps:
      work:
        uses: test.keyed
        exclusive: lock
        timeout: 1h
        with: {hold: true, door: "${{ inputs.k }}"}
    """

  /// As in prefect #18429, #18877, #17628, #18323; atd-data-tech #11903.
  @Test(
    "whatever ends a holder, its slots pass on, over restarts too",
    arguments: Way.allCases)
  func passesOn(_ way: Way) async throws {
    for backend in Backend.all {
      let harness = try Harness(backend)
      try await harness.apply(Self.file)
      let first = try await harness.start(key: "first")
      await harness.stage.holding("first")
      let second = try await harness.start(key: "second")
      #expect(try await harness.view(second).summary.status == .queued)
      try await harness.crashAndReopen()
      await harness.stage.holding("first")
      #expect(try holders(harness) == [try number(first, harness)])

      try await end(first, way, harness)
      await harness.stage.holding("second")
      #expect(try holders(harness) == [try number(second, harness)])
      try await harness.crashAndReopen()
      await harness.stage.holding("second")
      #expect(try holders(harness) == [try number(second, harness)])
      await harness.stage.end("second")
      #expect(try await harness.ended(second).summary.status == .success)
      #expect(try harness.store.heldSlots().isEmpty)
    }
  }

  private func end(_ job: ID<Job>, _ way: Way, _ harness: Harness) async throws {
    switch way {
    case .success: await harness.stage.end("first")
    case .failure: await harness.stage.end("first", .failure(Failure(.data, "bad row")))
    case .cancel: try await harness.node.cancel(job, actor: "local:ana", reason: "enough")
    case .kill: _ = try await harness.node.kill(job, actor: "local:ana", reason: "now")
    case .timeout: harness.clock.advance(by: .seconds(3_600))
    case .crashBudget:
      for _ in 1...2 {
        await harness.stage.holding("first")
        try await harness.crashAndReopen()
      }
    case .quarantine:
      await harness.crash()
      for _ in 1...2 { _ = try harness.store.raiseDriveCounts(of: [try number(job, harness)]) }
      try await harness.reopen()
      try await harness.happened(job, "quarantined")
      #expect(try holders(harness) == [try number(job, harness)], "A person decides, and it keeps its slot.")
      _ = try await harness.node.kill(job, actor: "local:ana", reason: "poison")
    }
    #expect(try await harness.ended(job).summary.status.hasEnded)
  }

  private func holders(_ harness: Harness) throws -> Set<JobNumber> {
    let slots = try harness.store.heldSlots()
    #expect(Set(slots.map(\.key)) == ["demo/test", "demo:lock"])
    return Set(slots.map(\.job))
  }

  private func number(_ job: ID<Job>, _ harness: Harness) throws -> JobNumber {
    try #require(try harness.readModel.job(job)).number
  }

  /// As in airflow #13542, #21225, #51569.
  @Test(
    "what ran, what stood in line and what was out of memory all end after a restart", arguments: Backend.all)
  func allEnd(_ backend: Backend) async throws {
    let harness = try Harness(backend) { $0.nodeSlots = 1 }
    try await harness.apply(
      """
      inputs: {k: {type: string}}
      steps:
        rest: {if: "inputs.k == 'parked'", wait: {for: 1h}}
        work: {needs: [rest], uses: test.keyed, timeout: 30d, with: {hold: true, door: "${{ inputs.k }}"}}
      """)
    let parked = try await harness.start(key: "parked")
    try await harness.happened(parked, "delayed", "rest")
    try await harness.parked(1)
    let running = try await harness.start(key: "running")
    await harness.stage.holding("running")
    let queued = try await harness.start(key: "queued")
    try await harness.happened(queued, "queued", "work")

    try await harness.crashAndReopen()
    #expect(Set(harness.node.recovered.map(\.id)) == [running, queued])
    // While the first one's connector is asked what became of it, the other may go first.
    let stage = harness.stage
    async let one: Void = stage.end("running")
    async let other: Void = stage.end("queued")
    _ = await (one, other)
    harness.clock.advance(by: .seconds(3_600))
    await harness.stage.end("parked")
    for job in [parked, running, queued] {
      #expect(try await harness.ended(job).summary.status == .success)
    }
    #expect(harness.stage.starts.count == 4)
  }

  @Test(
    "a lost attempt starts again behind 10,001 jobs that only wait (river PR 1318, PR 350, PR 1331)")
  func notStarved() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {rest: {wait: {signal: {name: never}}}}", id: "waits")
    let waiting: Int64 = 10_001
    #expect(try harness.store.commit(Self.parked(1...waiting, at: harness.clock.now)).isEmpty)
    try await harness.crashAndReopen()
    let stuck = try await harness.start("steps: {work: {uses: test.keyed, with: {hold: true}}}")
    await harness.stage.holding("work")
    try await harness.crashAndReopen()
    #expect(harness.node.recovered.map(\.id) == [stuck])
    await harness.stage.begun("work", 2)
    await harness.stage.end("work")
    #expect(try await harness.ended(stuck).summary.status == .success)
    #expect(try harness.store.parkedJobs().count == Int(waiting))
  }

  /// Jobs that an earlier node has parked.
  private static func parked(_ numbers: ClosedRange<Int64>, at now: Timestamp) -> Batch {
    let pipeline = PipelineName(namespace: "demo", name: "waits")
    var batch = Batch()
    for number in numbers {
      let job = JobNumber(number)
      batch.newJobs.append(
        NewJob(
          number: job, id: ID(high: 0x7000, low: UInt64(number)), pipeline: pipeline, revision: 1, key: nil,
          triggerType: "manual", triggerID: nil, actor: "local:test", idempotencyKey: nil, requestHash: [],
          wrappedKey: [], createdAt: now))
      batch.jobs.append(
        JobRow(
          job: job, status: .waiting, sequence: 1, at: now, startedAt: now, completedAt: nil, failure: nil,
          outputs: nil))
      let wait = ParkedRow.Wait(node: 0, namespace: "demo", name: "never", key: "k\(number)", since: now)
      batch.parked.append(ParkedRow(job: job, due: nil, waits: [wait]))
    }
    return batch
  }
}
