import Engine
import Model
import Synchronization
import Testing

/// Fills a harness's store, and starts a job that its commit finds no room for.
private struct Filled {
  let harness: Harness
  let faulty: FaultyStore
  /// Whoever asked for the job with the key `kept`.
  let asking: Task<ID<Job>, any Error>
  var turns: AsyncStream<Bool>.Iterator

  static let file = """
    inputs: {door: {type: string, default: work}}
    steps:
      work: {uses: test.keyed, with: {hold: true, door: "${{ inputs.door }}", value: {n: 1}}}
      after: {needs: [work], uses: test.keyed, with: {value: {n: 2}}}
    """

  init(_ backend: Backend, prepare: (Harness) async throws -> Void = { _ in }) async throws {
    harness = try Harness(backend, faulty: true)
    try await harness.apply(Self.file)
    try await prepare(harness)
    faulty = try #require(harness.faulty)
    faulty.fill()
    turns = harness.storeWaits.makeAsyncIterator()
    let (node, request) = (harness.node, harness.request(key: "kept"))
    asking = Task { try await node.start(request).job }
    #expect(await turns.next() == true)
  }

  /// Frees the store, and lets the time pass after which it is asked again.
  mutating func free() async {
    faulty.free()
    harness.clock.advance(by: .seconds(5))
    #expect(await turns.next() == false)
  }

  func code(_ body: () async throws -> Void) async -> String? {
    await #expect(throws: Problem.self) { try await body() }?.code
  }
}

@Suite("D5: a store without room", .timeLimit(.minutes(1)))
struct FullStoreTests {
  @Test("its thread takes turns for whoever nudges it, also while it waits for room, and none in a commit")
  func signsOfLife() async throws {
    let harness = try Harness(.memory, faulty: true)
    try await harness.apply(Filled.file)
    let faulty = try #require(harness.faulty)
    func turn() async {
      let seen = harness.node.turns
      harness.node.nudge()
      while harness.node.turns == seen { await Task.yield() }
    }
    await turn()
    let commit = faulty.hold()
    let (node, request) = (harness.node, harness.request(key: "held"))
    let job = Task { try await node.start(request).job }
    await commit.begun()
    let seen = harness.node.turns
    for _ in 0..<100 { harness.node.nudge() }
    #expect(harness.node.turns == seen, "A store that does not come back is a silent engine.")
    commit.letGo()
    _ = try await job.value
    await turn()
    await harness.node.abandon()
  }

  @Test("refuses what is new, keeps what it was given, and goes on by itself", arguments: Backend.all)
  func goesOn(_ backend: Backend) async throws {
    var filled = try await Filled(backend)
    let harness = filled.harness
    let refused = await filled.code { _ = try await harness.startAgain(key: "new") }
    #expect(refused == "store-full")
    #expect(harness.stage.starts.isEmpty, "Nothing happens before its commit.")
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10).isEmpty)

    await filled.free()
    let job = try await filled.asking.value
    #expect(try await harness.startAgain(key: "kept") == job)
    await harness.stage.end("work", .success(AttemptOutput(["n": 1])))
    let view = try await harness.ended(job)
    #expect(view.steps.map(\.output) == [["n": 1], ["n": 2]])
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10).count == 1)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("takes the ends of attempts later, shows what is stored, and refuses orders", arguments: Backend.all)
  func live(_ backend: Backend) async throws {
    var first: ID<Job>?
    var filled = try await Filled(backend) { harness in
      first = try await harness.startAgain(key: "first")
      await harness.stage.holding("work")
    }
    let (harness, job) = (filled.harness, try #require(first))
    await harness.stage.end("work", .success(AttemptOutput(["n": 1])))
    #expect(try await harness.view(job).steps.map(\.status) == [.running, .pending])
    #expect(try await harness.startAgain(key: "first") == job, "It is stored, so it is no new request.")
    let cancel = await filled.code { try await harness.node.cancel(job, actor: "local:ana", reason: "") }
    #expect(cancel == "store-full")
    let signal = await filled.code {
      _ = try await harness.node.signal(
        SignalRequest(name: "go", payload: [:], actor: "local:ana"), in: "demo")
    }
    #expect(signal == "store-full")
    #expect(harness.stage.starts.count == 1)

    await filled.free()
    let kept = try await filled.asking.value
    #expect(try await harness.ended(job).summary.status == .success)
    await harness.stage.end("work")
    #expect(try await harness.ended(kept).summary.status == .success)
  }

  @Test("tells whoever waits too long that nobody knows, and the same key finds the one job")
  func notYetStored() async throws {
    var filled = try await Filled(.memory)
    let harness = filled.harness
    let node = harness.node
    let again = Task { [request = harness.request(key: "kept")] in try await node.start(request).job }
    harness.clock.advance(by: .seconds(11))
    let code = await filled.code { _ = try await filled.asking.value }
    #expect(code == "not-yet-stored")
    // A second request with the key is never refused: the first may still be stored.
    await filled.free()
    let known: ID<Job>
    do { known = try await again.value } catch {
      #expect((error as? Problem)?.code == "not-yet-stored")
      known = try await harness.startAgain(key: "kept")
    }
    #expect(try await harness.startAgain(key: "kept") == known)
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10).map(\.id) == [known])
  }

  @Test("is asked again after pauses that double up to the longest")
  func pauses() async throws {
    var filled = try await Filled(.memory)
    let clock = filled.harness.clock
    let unknown = try #require(ID<Job>("019a0c41-0000-7000-8000-000000000002"))
    for (pause, tries) in [
      (249, 1), (1, 2), (499, 2), (1, 3), (1_000, 4), (2_000, 5), (4_000, 6), (4_999, 6),
    ] {
      clock.advance(by: .milliseconds(pause))
      // The engine's thread answers this only once it has looked; to read is no reason to try.
      _ = await filled.code { _ = try await filled.harness.view(unknown) }
      #expect(filled.faulty.tries == tries, "after \(pause) ms")
    }
    await filled.free()
    let late = await filled.code { _ = try await filled.asking.value }
    #expect(late == "not-yet-stored")
  }

  @Test("whose node is stopped loses nothing that was acknowledged", arguments: Backend.all)
  func stopped(_ backend: Backend) async throws {
    var first: ID<Job>?
    let filled = try await Filled(backend) { harness in
      first = try await harness.startAgain(key: "first")
      await harness.stage.holding("work")
    }
    let harness = filled.harness
    await harness.crash()
    #expect(await filled.code { _ = try await filled.asking.value } == "not-yet-stored")
    filled.faulty.free()
    try await harness.reopen()
    #expect(harness.node.recovered.map(\.id) == [try #require(first)])
    await harness.stage.begun("work", 2)
    await harness.stage.end("work")
    #expect(try await harness.ended(try #require(first)).summary.status == .success)
  }

  @Test("that breaks meanwhile ends the node", arguments: FaultyStore.Fault.allCases)
  func breaks(_ fault: FaultyStore.Fault) async throws {
    let filled = try await Filled(.memory)
    let broken = filled.harness.nextBreak()
    filled.faulty.fail(fault, after: 0)
    filled.faulty.free()
    filled.harness.clock.advance(by: .seconds(5))
    await broken()
    filled.asking.cancel()
    filled.harness.stage.drop()
    try await filled.harness.reopen()
    let job = try await filled.harness.startAgain(key: "kept")
    await filled.harness.stage.end("work")
    #expect(try await filled.harness.ended(job).summary.status == .success)
    #expect(try filled.harness.readModel.jobs(JobFilter(), before: nil, limit: 10).count == 1)
  }

  @Test("for its log's copy alone holds nothing up", arguments: Backend.all)
  func checkpoints(_ backend: Backend) async throws {
    let harness = try Harness(backend, faulty: true)
    harness.faulty?.noCheckpoints.withLock { $0 = true }
    let job = try await harness.start("steps: {work: {uses: test.keyed, with: {value: {n: 1}}}}")
    #expect(try await harness.ended(job).summary.status == .success)
  }
}
