import Engine
import Model
import Testing

extension Harness {
  /// Lets the job rest so long that it leaves the memory.
  func parked(_ count: Int) async throws {
    clock.advance(by: .seconds(600))
    // A read comes back after the commit of its turn. Whoever read along before may still be leaving.
    repeat { _ = try? await node.why(ID<Job>(high: 0, low: 0)) } while try store.parkedJobs().count < count
    #expect(try store.parkedJobs().count == count)
  }
}

@Suite("S27: a job that waits long", .timeLimit(.minutes(1)))
struct ParkingTests {
  @Test("leaves the memory with a snapshot, and its time brings it back", arguments: Backend.all)
  func time(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      "steps: {rest: {wait: {for: 90d}}, then: {needs: [rest], uses: test.keyed}}")
    try await harness.happened(job, "delayed", "rest")
    try await harness.parked(1)
    let number = try #require(try harness.readModel.job(job)).number
    #expect(try harness.store.snapshot(of: number) != nil)
    // It can be read without coming back.
    #expect(try await harness.view(job).summary.status == .waiting)
    #expect(try await harness.node.why(job).map(\.kind) == ["wait"])
    #expect(try harness.store.parkedJobs().count == 1)
    // Half of the time passes, then the node is another one.
    harness.clock.advance(by: .seconds(45 * 86_400))
    try await harness.crashAndReopen()
    #expect(harness.node.recovered.isEmpty)
    #expect(try harness.store.parkedJobs().count == 1)
    harness.clock.advance(by: .seconds(45 * 86_400))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "then") == 1)
    #expect(try harness.store.parkedJobs().isEmpty)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("runs its pause on the monotonic clock all the while", arguments: Backend.all)
  func monotonic(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {rest: {wait: {for: 1h}}}")
    try await harness.happened(job, "delayed", "rest")
    try await harness.parked(1)
    harness.clock.jumpWall(by: .seconds(-86_400))
    harness.clock.advance(by: .seconds(3_000))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("comes back in its time from a fan-out with more items than places", arguments: Backend.all)
  func moreItems(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      "steps: {rest: {for_each: \"[1, 2]\", max_parallel: 1, wait: {for: 1h}}}")
    try await harness.happened(job, "delayed", "rest[0]")
    try await harness.parked(1)
    harness.clock.advance(by: .seconds(3_000))
    try await harness.happened(job, "delayed", "rest[1]")
    harness.clock.advance(by: .seconds(3_600))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("comes back in its time where another time of it passed long ago", arguments: Backend.all)
  func passedBefore(_ backend: Backend) async throws {
    let harness = try Harness(backend) { $0.handlersTimeout = .seconds(7_200) }
    let job = try await harness.start(
      """
      vars: {long: "${{ '30m' }}"}
      steps:
        outer:
          timeout: 10s
          steps:
            inner:
              steps: {rest: {wait: {for: "${{ vars.long }}"}}}
              finally: {late: {wait: {for: "${{ vars.long }}"}}}
      """)
    try await harness.happened(job, "delayed", "outer.inner.rest")
    harness.clock.advance(by: .seconds(10))
    try await harness.happened(job, "delayed", "outer.inner.finally.late")
    try await harness.parked(1)
    harness.clock.advance(by: .seconds(1_200))
    // Whoever follows it would bring it back.
    try await harness.onlooker.until { try harness.readModel.job(job)?.status == .failed }
    #expect(try await harness.statuses(job)["outer"] == .timeout)
  }

  @Test("parked over a restart with the wall set back, waits no longer than what remained")
  func clamped() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {rest: {wait: {for: 1h}}}")
    try await harness.happened(job, "delayed", "rest")
    try await harness.parked(1)
    await harness.crash()
    harness.clock.jumpWall(by: .seconds(-86_400))
    try await harness.reopen()
    // The new node has begun its wait once it answers.
    _ = try await harness.node.why(job)
    harness.clock.advance(by: .seconds(2_999))
    #expect(try await harness.view(job).summary.status == .waiting)
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("comes back for a signal, before and after a restart", arguments: Backend.all, [false, true])
  func signal(_ backend: Backend, _ restarts: Bool) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {one: {wait: {signal: {name: go, key: a}}}}")
    try await harness.happened(job, "awaiting", "one")
    try await harness.parked(1)
    if restarts { try await harness.crashAndReopen() }
    #expect(try await harness.send("go", key: "b").isKept)
    #expect(try await harness.send("go", key: "a", ["n": 1]).delivered == [job])
    let view = try await harness.ended(job)
    #expect(view.steps[0].output == ["n": 1])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("hears a cancel, a kill and an answer", arguments: Backend.all)
  func orders(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply("inputs: {k: {type: string}}\nsteps: {rest: {wait: {for: 30d}}}")
    let jobs = [try await harness.start(key: "a"), try await harness.start(key: "b")]
    for job in jobs { try await harness.happened(job, "delayed", "rest") }
    try await harness.parked(2)
    try await harness.crashAndReopen()
    try await harness.node.cancel(jobs[0], actor: "local:ana", reason: "")
    _ = try await harness.node.kill(jobs[1], actor: "local:ana", reason: "now")
    for job in jobs { #expect(try await harness.ended(job).summary.status == .cancelled) }
    #expect(try harness.store.parkedJobs().isEmpty)
  }

  @Test("keeps its live key", arguments: Backend.all)
  func liveKey(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply("key: only\nsteps: {rest: {wait: {for: 30d}}}")
    let job = try await harness.startAgain(key: "x")
    try await harness.happened(job, "delayed", "rest")
    try await harness.parked(1)
    #expect(try await harness.startAgain(key: "y") == job)
    try await harness.crashAndReopen()
    #expect(try await harness.startAgain(key: "z") == job)
  }

  @Test("is not parked while somebody reads along or something runs", arguments: Backend.all)
  func stays(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      "steps: {rest: {wait: {for: 30d}}, work: {uses: test.keyed, with: {hold: true}}}")
    try await harness.happened(job, "delayed", "rest")
    await harness.stage.holding("work")
    try await harness.parked(0)
    await harness.stage.end("work")
    try await harness.happened(job, "ended", "work")
    do {
      let events = try await harness.node.follow(job, after: 0)
      try await harness.parked(0)
      _ = events
    }
    try await harness.parked(1)
    // Whoever follows it brings it back, and hears its end.
    let events = try await harness.node.follow(job, after: 0)
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    var last: HistoryEvent?
    for await event in events { last = event }
    #expect(last?.facts.last?["status"]?.string == "cancelled")
  }

  @Test("comes back though 400 others are due in the same instant")
  func many() async throws {
    let harness = try Harness()
    try await harness.apply("inputs: {k: {type: string}}\nsteps: {rest: {wait: {for: 30d}}}")
    var jobs: [ID<Job>] = []
    for number in 0..<400 { jobs.append(try await harness.start(key: "\(number)")) }
    try await harness.happened(try #require(jobs.last), "delayed", "rest")
    try await harness.parked(400)
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(30 * 86_400))
    for job in jobs { #expect(try await harness.ended(job).summary.status == .success) }
    #expect(try harness.store.parkedJobs().isEmpty)
  }
}
