import Engine
import Model
import Testing

@Suite("A limit of steps", .timeLimit(.minutes(1)))
struct StepLimitTests {
  @Test("S10: holds back more items than it has slots, and says who holds them", arguments: Backend.all)
  func concurrency(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        load:
          for_each: "[0, 1, 2, 3, 4]"
          uses: test.pure
          with: {hold: true}
          concurrency: {limit: 2}
      """)
    await harness.stage.holding("load[0]")
    await harness.stage.holding("load[1]")
    try await harness.happened(job, "limited", "load[4]")
    #expect(try await harness.status(job) == .running)
    let why = try await harness.waits(job)
    #expect(
      why.contains(
        "limit: load[2] waits for the limit demo/test/load, 2 at once, held by \(job), \(job); "
          + "place 1 of 3 in the queue"))
    #expect(try harness.store.heldSlots().map(\.number) == [0, 1])
    try await harness.crashAndReopen()
    for item in 0..<5 { await harness.stage.end("load[\(item)]") }
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.most == 2)
    #expect(try harness.store.heldSlots().isEmpty)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("exclusive is a lock of the namespace; whoever waits for it alone makes the job wait")
  func exclusive() async throws {
    let harness = try Harness()
    let file = """
      inputs: {n: {type: integer}, lock: {type: string}}
      steps:
        work:
          uses: test.pure
          with: {hold: true, door: "w${{ inputs.n }}"}
          exclusive: ${{ inputs.lock }}
      """
    let one = try await harness.apply(file, as: "demo/one")
    let two = try await harness.apply(file, as: "demo/two")
    let first = try await harness.start(one, [("n", 0), ("lock", "table")])
    await harness.stage.holding("w0")
    let second = try await harness.start(two, [("n", 1), ("lock", "table")])
    let third = try await harness.start(two, [("n", 2), ("lock", "other")])
    await harness.stage.holding("w2")
    try await harness.happened(second, "limited", "work")
    #expect(try await harness.status(second) == .waiting)
    #expect(try await harness.waits(second)[0].contains("the limit demo:table, 1 at once, held by \(first)"))
    await harness.stage.end("w0")
    await harness.stage.holding("w1")
    #expect(try await harness.status(second) == .running)
    for door in ["w1", "w2"] { await harness.stage.end(door) }
    for job in [first, second, third] { #expect(try await harness.ended(job).summary.status == .success) }
  }

  @Test("frees its slot between two attempts, and not before the one that timed out is over")
  func attempts() async throws {
    let harness = try Harness()
    let file = """
      inputs: {n: {type: integer}}
      steps:
        work:
          uses: test.pure
          with: {hold: true, deaf: true, door: "w${{ inputs.n }}"}
          timeout: 10s
          retry: {attempts: 2, classes: [timeout], backoff: {initial: 100s}}
          concurrency: {limit: 1}
      """
    let pipeline = try await harness.apply(file, as: "demo/one")
    let first = try await harness.start(pipeline, [("n", 0)])
    await harness.stage.holding("w0")
    let second = try await harness.start(pipeline, [("n", 1)])
    try await harness.happened(second, "limited", "work")
    harness.clock.advance(by: .seconds(10))
    try await harness.happened(first, "retrying", "work")
    // Its process is deaf and still works: nobody else may begin.
    #expect(try await harness.waits(second)[0].contains("held by \(first)"))
    #expect(harness.stage.starts(of: "work") == 1)
    await harness.stage.end("w0", .failure(Failure(.timeout, "late")))
    await harness.stage.holding("w1")
    await harness.stage.end("w1")
    #expect(try await harness.ended(second).summary.status == .success)
    harness.clock.advance(by: .seconds(100))
    await harness.stage.end("w0")
    #expect(try await harness.ended(first).summary.status == .success)
    #expect(try harness.store.heldSlots().isEmpty)
  }

  @Test("a slot of an attempt that will not stop is free when its node dies", arguments: Backend.all)
  func stubborn(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        work: {uses: test.pure, with: {hold: true, deaf: true}, timeout: 10s, exclusive: table}
        rest: {wait: {for: 90d}}
      """)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(10))
    try await harness.happened(job, "ended", "work")
    harness.clock.advance(by: .seconds(600))
    #expect(try await harness.status(job) == .waiting)
    // Nothing but that attempt keeps it in memory: who takes it over sees to what it holds.
    #expect(try harness.store.parkedJobs().isEmpty)
    #expect(try harness.store.heldSlots().count == 1)
    try await harness.crashAndReopen()
    _ = try await harness.status(job)
    #expect(try harness.store.heldSlots().isEmpty)
    try await harness.parked(1)
  }

  @Test("queue: takes its places from the namespace's setting, and has no limit without one")
  func queue() async throws {
    let harness = try Harness()
    let file = """
      steps:
        work: {for_each: "[0, 1, 2]", uses: test.pure, with: {hold: true}, queue: heavy}
      """
    let pipeline = try await harness.apply(file, as: "demo/one")
    let places: JSON = ["heavy": 1]
    let limited = try await harness.start(pipeline, settings: JSONObject([("queue_slots", places)]))
    try await harness.happened(limited, "limited", "work[2]")
    #expect(try await harness.waits(limited).contains { $0.contains("the limit demo@heavy, 1 at once") })
    for item in 0..<3 { await harness.stage.end("work[\(item)]") }
    _ = try await harness.ended(limited)
    #expect(harness.stage.most == 1)
    let free = try await harness.start(pipeline)
    for item in 0..<3 { await harness.stage.holding("work[\(item)]") }
    for item in 0..<3 { await harness.stage.end("work[\(item)]") }
    _ = try await harness.ended(free)
    #expect(harness.stage.most == 3)
  }

  @Test("that makes no sense fails its step with its reason")
  func invalid() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "vars: {n: \"${{ 0 }}\"}\nsteps: {work: {uses: test.pure, concurrency: {limit: \"${{ vars.n }}\"}}}")
    let view = try await harness.ended(job)
    #expect(view.steps[0].failure?.code == "invalid-limit")
    #expect(view.steps[0].failure?.message.contains("it must be at least 1") == true)
  }
}

@Suite("A rate of steps", .timeLimit(.minutes(1)))
struct StepRateTests {
  private static let file = """
    steps:
      call:
        for_each: "[0, 1, 2, 3, 4]"
        uses: test.pure
        rate_limit: {limit: 2, per: 10s}
    """

  @Test("lets so many start in its span, and the others when it has room", arguments: Backend.all)
  func rate(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.begun("call[1]")
    try await harness.happened(job, "limited", "call[4]")
    let why = try await harness.node.why(job)
    #expect(why[0].kind == "rate")
    #expect(
      why[0].text.english == "call[2] waits for the rate demo/test/call, 2 in 10s; place 1 of 3 in the queue")
    #expect(why[0].until == harness.clock.now + .seconds(10))
    harness.clock.advance(by: .seconds(9))
    try await harness.crashAndReopen()
    #expect(harness.stage.starts.count == 2, "A restart forgets no start.")
    harness.clock.advance(by: .seconds(1))
    await harness.stage.begun("call[3]")
    try await harness.happened(job, "ended", "call[3]")
    #expect(harness.stage.starts.count == 4)
    harness.clock.advance(by: .seconds(10))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts.count == 5)
  }

  @Test(
    "counts from the commit of a start, however late a full disk let it be", arguments: Backend.all,
    [false, true])
  func delayed(_ backend: Backend, restarts: Bool) async throws {
    let harness = try Harness(backend, faulty: true)
    let faulty = try #require(harness.faulty)
    var turns = harness.storeWaits.makeAsyncIterator()
    try await harness.apply(Self.file)
    faulty.fill()
    let asking = Task { [node = harness.node, request = harness.request(key: "k")] in
      try await node.start(request).job
    }
    #expect(await turns.next() == true)
    faulty.free()
    harness.clock.advance(by: .seconds(5))
    #expect(await turns.next() == false)
    let job = try await asking.value
    for path in ["call[0]", "call[1]"] { try await harness.happened(job, "ended", path) }
    #expect(try await harness.node.why(job).first?.until == harness.clock.now + .seconds(10))
    harness.clock.advance(by: .seconds(5))
    if restarts { try await harness.crashAndReopen() }
    harness.clock.advance(by: .seconds(4))
    _ = try await harness.view(job)
    #expect(harness.stage.starts.count == 2, "Ten seconds after the decision they are nine old.")
    harness.clock.advance(by: .seconds(1))
    await harness.stage.begun("call[3]")
    try await harness.happened(job, "ended", "call[3]")
    harness.clock.advance(by: .seconds(10))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts.count == 5)
  }

  @Test("and of jobs: a job is queued until the rate has room, and only then starts")
  func jobs() async throws {
    let harness = try Harness()
    let pipeline = try await harness.apply(
      "rate_limit: {limit: 1, per: 1m}\nsteps: {work: {uses: test.pure}}", as: "demo/one")
    let first = try await harness.start(pipeline)
    let second = try await harness.start(pipeline)
    #expect(try await harness.ended(first).summary.status == .success)
    #expect(try await harness.status(second) == .queued)
    #expect(try await harness.node.why(second).map(\.kind) == ["rate"])
    harness.clock.advance(by: .seconds(60))
    let view = try await harness.ended(second)
    #expect(view.summary.startedAt == harness.clock.now)
  }
}

@Suite("A circuit and a cache of steps", .timeLimit(.minutes(1)))
struct CircuitAndCacheTests {
  @Test("An open circuit starts nothing until it may recover, and a success closes it")
  func circuit() async throws {
    let harness = try Harness()
    let file = """
      inputs: {n: {type: integer}}
      steps:
        call:
          uses: test.pure
          with: {hold: true, door: "w${{ inputs.n }}"}
          circuit: {key: bank, failures: 2, recover_after: 60s}
      """
    let pipeline = try await harness.apply(file, as: "demo/one")
    for n in 0..<2 {
      let job = try await harness.start(pipeline, [("n", .int(Int64(n)))])
      await harness.stage.end("w\(n)", .failure(Failure(.transient, "down")))
      #expect(try await harness.ended(job).summary.status == .failed)
    }
    let refused = try await harness.ended(try await harness.start(pipeline, [("n", 2)]))
    #expect(refused.steps[0].failure?.errorClass == .circuitOpen)
    #expect(harness.stage.starts.count == 2)
    harness.clock.advance(by: .seconds(60))
    let probe = try await harness.start(pipeline, [("n", 3)])
    await harness.stage.holding("w3")
    #expect(
      try await harness.ended(try await harness.start(pipeline, [("n", 4)])).steps[0].failure?.code
        == "circuit-open")
    await harness.stage.end("w3")
    #expect(try await harness.ended(probe).summary.status == .success)
    let open = try await harness.start(pipeline, [("n", 5)])
    await harness.stage.end("w5")
    #expect(try await harness.ended(open).summary.status == .success)
  }

  @Test("A refused attempt waits with its retry until the circuit may recover")
  func retries() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        call:
          uses: test.pure
          with: {fail: transient, fail_times: 1}
          retry: {attempts: 3, backoff: {initial: 1s}}
          circuit: {key: bank, failures: 1, recover_after: 60s}
      """)
    try await harness.happened(job, "retrying", "call")
    harness.clock.advance(by: .seconds(1))
    try await harness.happened(job, "retrying", "call", count: 2)
    let why = try await harness.node.why(job)
    #expect(why[0].text.english.contains("The circuit demo:bank is open"))
    #expect(why[0].until == harness.clock.now + .seconds(59))
    harness.clock.advance(by: .seconds(59))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "call") == 2)
  }

  @Test(
    "A cached output is taken by later jobs, also after a crash, until it is too old",
    arguments: Backend.all)
  func cache(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let file = """
      inputs: {k: {type: string}}
      steps:
        read:
          uses: test.pure
          with: {value: {n: "${{ inputs.k }}"}}
          cache: {key: "list-${{ inputs.k }}", for: 5m}
      outputs: {n: "${{ steps.read.output }}"}
      """
    let pipeline = try await harness.apply(file, as: "demo/one")
    let other = try await harness.apply(file, as: "else/one")
    func read(_ pipeline: PipelineName, _ key: String) async throws -> JSON? {
      let view = try await harness.ended(try await harness.start(pipeline, [("k", .string(key))]))
      #expect(view.summary.status == .success)
      return view.outputs?["n"]
    }
    #expect(try await read(pipeline, "a") == ["n": "a"])
    #expect(try await read(pipeline, "a") == ["n": "a"])
    #expect(harness.stage.starts.count == 1)
    #expect(try await read(pipeline, "b") == ["n": "b"])
    #expect(try await read(other, "a") == ["n": "a"])
    #expect(harness.stage.starts.count == 3, "Another key, and another namespace, have nothing of it.")
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(299))
    #expect(try await read(pipeline, "a") == ["n": "a"])
    #expect(harness.stage.starts.count == 3)
    harness.clock.advance(by: .seconds(1))
    #expect(try await read(pipeline, "a") == ["n": "a"])
    #expect(harness.stage.starts.count == 4)
  }
}

@Suite("Sharing a node", .timeLimit(.minutes(1)))
struct SharingTests {
  @Test("S23: the first item of a second namespace waits for one turn, whatever the first one has queued")
  func namespaces() async throws {
    let harness = try Harness { $0.nodeSlots = 1 }
    let many = try await harness.apply(
      """
      steps:
        work:
          for_each: lists.range(2000)
          max_parallel: 2000
          uses: test.pure
          with: {hold: true}
      """, as: "loud/one")
    let loud = try await harness.start(many)
    await harness.stage.holding("work[0]")
    let few = try await harness.apply(
      "steps: {quick: {uses: test.pure, with: {hold: true}}}", as: "quiet/one")
    let quiet = try await harness.start(few)
    try await harness.happened(quiet, "queued", "quick")
    await harness.stage.end("work[0]")
    await harness.stage.end("work[1]")
    await harness.stage.holding("quick")
    #expect(harness.stage.starts.map(\.path) == ["work[0]", "work[1]", "quick"])
    await harness.stage.end("quick")
    #expect(try await harness.ended(quiet).summary.status == .success)
    _ = try await harness.node.kill(loud, actor: "local:ana", reason: "enough")
  }

  @Test("S22: whoever waits for a lock lends its priority to the job that holds it")
  func inversion() async throws {
    let harness = try Harness { $0.nodeSlots = 1 }
    let low = try await harness.apply(
      """
      priority: 1
      fair_key: all
      concurrency: {scope: namespace, key: lock, limit: 1}
      steps:
        a: {uses: test.pure, with: {hold: true, door: low_a}}
        b: {needs: [a], uses: test.pure, with: {hold: true, door: low_b}}
      """, as: "demo/low")
    let middle = try await harness.apply(
      "priority: 5\nfair_key: all\nsteps: {m: {uses: test.pure, with: {hold: true, door: middle}}}",
      as: "demo/middle")
    let high = try await harness.apply(
      """
      priority: 9
      fair_key: all
      concurrency: {scope: namespace, key: lock, limit: 1}
      steps: {h: {uses: test.pure, with: {hold: true, door: high}}}
      """, as: "demo/high")
    // All under one fair key, so that priority alone decides.
    let first = try await harness.start(low)
    await harness.stage.holding("low_a")
    let others = [try await harness.start(middle), try await harness.start(middle)]
    for job in others { try await harness.happened(job, "queued", "m") }
    let last = try await harness.start(high)
    #expect(try await harness.status(last) == .queued)
    await harness.stage.end("low_a")
    await harness.stage.holding("low_b")
    await harness.stage.end("low_b")
    await harness.stage.holding("high")
    #expect(harness.stage.starts.map(\.path) == ["a", "b", "h"])
    await harness.stage.end("high")
    for _ in others { await harness.stage.end("middle") }
    for job in [first, last] + others { #expect(try await harness.ended(job).summary.status == .success) }
  }
}
