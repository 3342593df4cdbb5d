import Engine
import Model
import Testing

/// `run_at`: a job is stored now and begins later.
@Suite("A job that is started for later", .timeLimit(.minutes(1)))
struct LaterStartTests {
  private static let work = "steps: {a: {uses: test.keyed, with: {value: {}}}}"

  private func start(
    _ harness: Harness, in pause: Duration, _ body: String = work, key: String? = nil
  ) async throws -> ID<Job> {
    try await harness.apply(body)
    return try await harness.node.start(request(harness, in: pause, key: key)).job
  }

  private func request(_ harness: Harness, in pause: Duration, key: String? = nil) -> JobRequest {
    var request = JobRequest(
      pipeline: PipelineName(namespace: "demo", name: "test"), idempotencyKey: key, actor: "local:test")
    request.runAt = harness.clock.now + pause
    return request
  }

  @Test("waits, says until when, and begins then", arguments: Backend.all)
  func waits(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let due = harness.clock.now + .seconds(3_600)
    let job = try await start(harness, in: .seconds(3_600))
    let view = try await harness.view(job)
    #expect(view.summary.status == .waiting && view.summary.startedAt == nil && view.steps.isEmpty)
    #expect(view.runAt == due)
    let why = try await harness.node.why(job)
    #expect(why.map(\.kind) == ["scheduled"] && why.first?.until == due)
    harness.clock.advance(by: .seconds(3_599))
    #expect(try await harness.view(job).summary.status == .waiting && harness.stage.starts.isEmpty)
    harness.clock.advance(by: .seconds(1))
    let ended = try await harness.ended(job)
    #expect(ended.summary.status == .success && ended.summary.startedAt == due)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("is there after a crash and a start anew, in memory and out of it", arguments: Backend.all)
  func survives(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await start(harness, in: .seconds(90 * 86_400))
    try await harness.crashAndReopen()
    #expect(try await harness.view(job).summary.status == .waiting)
    try await harness.parked(1)
    try await harness.crashAndReopen()
    #expect(harness.node.recovered.isEmpty)
    #expect(try await harness.view(job).summary.status == .waiting)
    harness.clock.advance(by: .seconds(90 * 86_400))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "a") == 1)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("begins at once where its time passed while no node ran")
  func passedMeanwhile() async throws {
    let harness = try Harness()
    let job = try await start(harness, in: .seconds(3_600))
    await harness.crash()
    harness.clock.advance(by: .seconds(86_400))
    try await harness.reopen()
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("begins with the wall, wherever the wall jumps")
  func wall() async throws {
    let harness = try Harness()
    let job = try await start(harness, in: .seconds(3_600))
    harness.clock.jumpWall(by: .seconds(-3_600))
    harness.clock.advance(by: .seconds(3_600))
    #expect(try await harness.view(job).summary.status == .waiting)
    harness.clock.jumpWall(by: .seconds(3_600))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("for what has passed is one for now")
  func past() async throws {
    let harness = try Harness()
    let job = try await start(harness, in: .seconds(-60))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success && view.runAt == nil)
  }

  @Test("is cancelled or killed before it begins, and none of its handlers runs", arguments: Backend.all)
  func cancelled(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let body = Self.work + "\non_cancel: {tidy: {uses: test.keyed, with: {}}}"
    let one = try await start(harness, in: .seconds(60), body)
    let other = try await start(harness, in: .seconds(60), body)
    try await harness.node.cancel(one, actor: "local:ana", reason: "not needed")
    _ = try await harness.node.kill(other, actor: "local:ana", reason: "not needed")
    for job in [one, other] {
      let view = try await harness.ended(job)
      #expect(view.summary.status == .cancelled && view.steps.isEmpty)
      #expect(try harness.history().replay(job).differences == [])
    }
    #expect(try await harness.view(one).summary.failure?.message == JobSentence.cancelledBefore.english)
    harness.clock.advance(by: .seconds(60))
    _ = try await harness.ended(try await harness.startAgain(key: "after"))
    #expect(harness.stage.starts(of: "tidy") == 0 && harness.stage.starts(of: "a") == 1)
  }

  @Test("counts its deadline from its beginning")
  func deadline() async throws {
    let harness = try Harness()
    let job = try await start(
      harness, in: .seconds(3_600), "deadline: 1m\nsteps: {a: {uses: test.keyed, with: {hold: true}}}")
    harness.clock.advance(by: .seconds(3_600))
    await harness.stage.holding("a")
    harness.clock.advance(by: .seconds(60))
    #expect(try await harness.ended(job).summary.status == .timeout)
  }

  @Test("the same request is the same job, one for another time is another request")
  func keys() async throws {
    let harness = try Harness()
    let job = try await start(harness, in: .seconds(60), key: "k")
    let again = try await harness.node.start(request(harness, in: .seconds(60), key: "k"))
    #expect(again.job == job && !again.isNew)
    await #expect(throws: Problem.self) {
      try await harness.node.start(request(harness, in: .seconds(61), key: "k"))
    }
  }

  static let limited =
    "steps: {a: {uses: test.keyed, with: {hold: true, door: \"${{ job.id }}\", value: {}}}}"

  @Test("asks its limit when its time has come: it queues, is left out, or takes the place of another")
  func limits() async throws {
    for (rule, first, later) in [
      ("queue", JobStatus.running, JobStatus.queued), ("skip", .running, .cancelled),
      ("cancel_running", .cancelled, .running),
    ] {
      let harness = try Harness()
      let body = "concurrency: {limit: 1, when_full: \(rule)}\n" + Self.limited
      let running = try await harness.start(body)
      await harness.stage.holding(running.description)
      // Full as it is now, it is taken all the same.
      let waiting = try await harness.node.start(request(harness, in: .seconds(60))).job
      #expect(try await harness.view(waiting).summary.status == .waiting)
      harness.clock.advance(by: .seconds(60))
      if first == .cancelled { _ = try await harness.ended(running) }
      if later == .running { await harness.stage.holding(waiting.description) }
      if later == .cancelled { _ = try await harness.ended(waiting) }
      #expect(try await harness.view(running).summary.status == first, "\(rule)")
      #expect(try await harness.view(waiting).summary.status == later, "\(rule)")
      #expect(try harness.history().replay(waiting).differences == [])
    }
  }
}
