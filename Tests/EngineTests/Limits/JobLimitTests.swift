import Engine
import Model
import Testing

@Suite("A limit of jobs", .timeLimit(.minutes(1)))
struct JobLimitTests {
  private static let held = """
    inputs: {n: {type: integer}}
    concurrency: {limit: LIMIT, when_full: WHEN}
    steps: {work: {uses: test.pure, with: {hold: true, door: "w${{ inputs.n }}"}}}
    """

  private static func pipeline(_ limit: Int, _ whenFull: String) -> String {
    held.replacing("LIMIT", with: "\(limit)").replacing("WHEN", with: whenFull)
  }

  @Test(
    "S10: lets no more start than it has slots, and passes a slot in the commit of the end",
    arguments: Backend.all)
  func queue(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let pipeline = try await harness.apply(Self.pipeline(2, "queue"), as: "demo/ingest")
    var jobs: [ID<Job>] = []
    for n in 0..<4 { jobs.append(try await harness.start(pipeline, [("n", .int(Int64(n)))])) }
    await harness.stage.holding("w0")
    await harness.stage.holding("w1")
    #expect(try await harness.status(jobs[2]) == .queued)
    #expect(try await harness.view(jobs[2]).summary.startedAt == nil)
    #expect(
      try await harness.waits(jobs[3]) == [
        "limit: The job waits for the limit demo/ingest, 2 at once, held by \(jobs[0]), \(jobs[1]); "
          + "place 2 of 2 in the queue"
      ])
    await harness.stage.end("w1")
    await harness.stage.holding("w2")
    #expect(try await harness.status(jobs[3]) == .queued)
    for door in ["w0", "w2", "w3"] { await harness.stage.end(door) }
    for job in jobs { #expect(try await harness.ended(job).summary.status == .success) }
    #expect(harness.stage.most == 2)
    #expect(try harness.store.heldSlots().isEmpty)
    for job in jobs { #expect(try harness.history().replay(job).differences == []) }
  }

  @Test(
    "S10: gives the same answer after a restart: what is held stays held, who waits waits in his order",
    arguments: Backend.all)
  func restart(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let pipeline = try await harness.apply(Self.pipeline(1, "queue"), as: "demo/ingest")
    var jobs: [ID<Job>] = []
    for n in 0..<3 {
      jobs.append(try await harness.start(pipeline, [("n", .int(Int64(n)))]))
      harness.clock.advance(by: .seconds(1))
    }
    await harness.stage.holding("w0")
    #expect(try harness.store.heldSlots().count == 1)
    try await harness.crashAndReopen()
    await harness.stage.holding("w0")
    #expect(try await harness.status(jobs[1]) == .queued)
    #expect(try await harness.waits(jobs[1])[0].hasSuffix("held by \(jobs[0]); place 1 of 2 in the queue"))
    await harness.stage.end("w0")
    await harness.stage.holding("w1")
    #expect(try await harness.status(jobs[2]) == .queued)
    await harness.stage.end("w1")
    await harness.stage.end("w2")
    _ = try await harness.ended(jobs[2])
    #expect(try harness.store.heldSlots().isEmpty)
  }

  @Test("S10: frees the slot of a holder that is not live any more", arguments: Backend.all)
  func leaked(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let pipeline = try await harness.apply(Self.pipeline(1, "queue"), as: "demo/ingest")
    let first = try await harness.start(pipeline, [("n", 0)])
    await harness.stage.end("w0")
    _ = try await harness.ended(first)
    let number = try #require(try harness.readModel.job(first)).number
    var batch = Batch()
    batch.slots = [
      .take(SlotRow(key: "demo/ingest", number: 0, job: number, node: nil, takenAt: harness.clock.now))
    ]
    #expect(try harness.store.commit(batch).isEmpty)
    #expect(try harness.store.heldSlots().count == 1)
    try await harness.crashAndReopen()
    let second = try await harness.start(pipeline, [("n", 1)])
    await harness.stage.end("w1")
    _ = try await harness.ended(second)
    #expect(try harness.store.heldSlots().isEmpty)
  }

  @Test("S25: skips with a row where the file says so")
  func skip() async throws {
    let harness = try Harness()
    let pipeline = try await harness.apply(Self.pipeline(1, "skip"), as: "demo/ingest")
    let first = try await harness.start(pipeline, [("n", 0)])
    await harness.stage.holding("w0")
    let problem = await #expect(throws: Problem.self) { try await harness.start(pipeline, [("n", 1)]) }
    #expect(problem?.code == "skipped-by-limit")
    let rows = try harness.readModel.refusals(in: "demo", limit: 10)
    #expect(rows.map(\.reason) == ["skipped"])
    #expect(rows.first?.key == "demo/ingest")
    #expect(rows.first?.actor == "local:test")
    await harness.stage.end("w0")
    _ = try await harness.ended(first)
    let third = try await harness.start(pipeline, [("n", 2)])
    await harness.stage.end("w2")
    #expect(try await harness.ended(third).summary.status == .success)
  }

  @Test("S24: refuses what its queue has no room for, with a row")
  func full() async throws {
    let harness = try Harness()
    let file = Self.pipeline(1, "queue, max_queued: 1")
    let pipeline = try await harness.apply(file, as: "demo/ingest")
    let jobs = [try await harness.start(pipeline, [("n", 0)]), try await harness.start(pipeline, [("n", 1)])]
    let problem = await #expect(throws: Problem.self) { try await harness.start(pipeline, [("n", 2)]) }
    #expect(problem?.code == "queue-full")
    #expect(try harness.readModel.refusals(in: nil, limit: 10).map(\.reason) == ["queue_full"])
    for door in ["w0", "w1"] { await harness.stage.end(door) }
    for job in jobs { _ = try await harness.ended(job) }
  }

  @Test("S24: of the node refuses one live job too many")
  func nodeFull() async throws {
    let harness = try Harness { $0.maxLiveJobs = 2 }
    let pipeline = try await harness.apply(Self.pipeline(5, "queue"), as: "demo/ingest")
    let jobs = [try await harness.start(pipeline, [("n", 0)]), try await harness.start(pipeline, [("n", 1)])]
    let problem = await #expect(throws: Problem.self) { try await harness.start(pipeline, [("n", 2)]) }
    #expect(problem?.code == "node-full")
    for door in ["w0", "w1"] { await harness.stage.end(door) }
    for job in jobs { _ = try await harness.ended(job) }
    let third = try await harness.start(pipeline, [("n", 3)])
    await harness.stage.end("w3")
    _ = try await harness.ended(third)
  }

  @Test("of a namespace is shared by its pipelines, and by no other namespace")
  func scope() async throws {
    let harness = try Harness()
    let file = """
      inputs: {n: {type: integer}}
      concurrency: {scope: namespace, key: cursor, limit: 1}
      steps: {work: {uses: test.pure, with: {hold: true, door: "w${{ inputs.n }}"}}}
      """
    let one = try await harness.start(try await harness.apply(file, as: "demo/one"), [("n", 1)])
    let two = try await harness.start(try await harness.apply(file, as: "demo/two"), [("n", 2)])
    let other = try await harness.start(try await harness.apply(file, as: "else/one"), [("n", 3)])
    await harness.stage.holding("w1")
    await harness.stage.holding("w3")
    #expect(try await harness.waits(two)[0].contains("the limit demo:cursor, 1 at once, held by \(one)"))
    for door in ["w1", "w2", "w3"] { await harness.stage.end(door) }
    for job in [one, two, other] { _ = try await harness.ended(job) }
  }

  @Test("lets a queued job be cancelled or killed, or end with its deadline, without a step and a slot")
  func endInQueue() async throws {
    let harness = try Harness()
    let file = Self.pipeline(1, "queue") + "\ndeadline: 10m\nfinally: {clean: {uses: test.pure}}"
    let pipeline = try await harness.apply(file, as: "demo/ingest")
    var jobs: [ID<Job>] = []
    for n in 0..<5 { jobs.append(try await harness.start(pipeline, [("n", .int(Int64(n)))])) }
    await harness.stage.holding("w0")
    try await harness.node.cancel(jobs[1], actor: "local:ana", reason: "no")
    #expect(try await harness.node.kill(jobs[2], actor: "local:ana", reason: "no") == [])
    for job in jobs[1...2] {
      let view = try await harness.ended(job)
      #expect(view.summary.status == .cancelled)
      #expect(view.steps.isEmpty)
    }
    await harness.stage.end("w0")
    await harness.stage.holding("w3")
    harness.clock.advance(by: .seconds(600))
    #expect(try await harness.ended(jobs[4]).summary.status == .timeout)
    #expect(try await harness.ended(jobs[4]).summary.failure?.code == "deadline")
    #expect(try await harness.ended(jobs[3]).summary.status == .timeout)
    for job in jobs { #expect(try harness.history().replay(job).differences == []) }
    #expect(try harness.store.heldSlots().isEmpty)
  }
}

@Suite("cancel_running", .timeLimit(.minutes(1)))
struct CancelRunningTests {
  private static let file = """
    inputs: {n: {type: integer}}
    concurrency: {limit: 1, when_full: cancel_running}
    steps:
      work:
        uses: test.pure
        with: {hold: true, deaf: "${{ inputs.n == 0 }}", door: "w${{ inputs.n }}"}
    finally: {clean: {uses: test.pure, with: {hold: true, door: "c${{ inputs.n }}"}}}
    """

  @Test(
    "S20: lets the newer job hold the next place until the older one's finally has ended",
    arguments: Backend.all)
  func order(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let pipeline = try await harness.apply(Self.file, as: "demo/latest")
    let first = try await harness.start(pipeline, [("n", 0)])
    await harness.stage.holding("w0")
    let second = try await harness.start(pipeline, [("n", 1)])
    await harness.stage.wasCancelled("w0")
    #expect(try await harness.status(second) == .queued)
    let third = try await harness.start(pipeline, [("n", 2)])
    let replaced = try await harness.ended(second)
    #expect(replaced.summary.status == .cancelled)
    #expect(replaced.summary.failure?.code == "superseded")
    #expect(replaced.summary.failure?.message.contains("\(third)") == true)
    #expect(replaced.steps.isEmpty)
    try await harness.crashAndReopen()
    // What was asked to stop does not start again: its handlers follow.
    await harness.stage.holding("c0")
    #expect(try await harness.status(third) == .queued)
    #expect(harness.stage.starts(of: "work") == 1)
    await harness.stage.end("c0")
    await harness.stage.holding("w2")
    #expect(try await harness.ended(first).summary.status == .cancelled)
    await harness.stage.end("w2")
    await harness.stage.end("c2")
    #expect(try await harness.ended(third).summary.status == .success)
    #expect(try harness.store.heldSlots().isEmpty)
  }

  @Test("S20: `why` says so when the older job does not end in its time")
  func late() async throws {
    let harness = try Harness()
    let pipeline = try await harness.apply(Self.file, as: "demo/latest")
    let first = try await harness.start(pipeline, [("n", 3)])
    await harness.stage.holding("w3")
    let second = try await harness.start(pipeline, [("n", 1)])
    await harness.stage.holding("c3")
    #expect(try await harness.node.why(second)[0].remedy == nil)
    harness.clock.jumpWall(by: .seconds(331))
    let why = try await harness.node.why(second)
    #expect(why[0].text.english.hasSuffix("; \(first) was cancelled and has not ended in its time"))
    #expect(why[0].remedy?.english.contains("job kill \(first)") == true)
    await harness.stage.end("c3")
    await harness.stage.end("w1")
    await harness.stage.end("c1")
    #expect(try await harness.ended(second).summary.status == .success)
  }
}
