import Engine
import Model
import Testing

@Suite("S12: durations", .timeLimit(.minutes(1)))
struct DurationTests {
  static let file = """
    steps:
      work:
        uses: test.pure
        with: {fail: transient, fail_times: 1}
        retry: {attempts: 2, backoff: {initial: 60s}}
    """

  @Test("run on the monotonic clock: a jump of the wall fires nothing")
  func wallJump() async throws {
    let harness = try Harness()
    let job = try await harness.start(Self.file)
    try await harness.happened(job, "retrying", "work")
    harness.clock.jumpWall(by: .seconds(86_400))
    #expect(try await harness.view(job).steps[0].status == .retrying)
    #expect(harness.stage.starts(of: "work") == 1)
    harness.clock.advance(by: .seconds(60))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("after a restart what remains is never more than the whole", arguments: Backend.all)
  func clamped(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    try await harness.happened(job, "retrying", "work")
    await harness.crash()
    harness.clock.jumpWall(by: .seconds(-86_400))
    try await harness.reopen()
    harness.clock.advance(by: .seconds(59))
    #expect(try await harness.view(job).steps[0].status == .retrying)
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("that ended while the node was away fire at once", arguments: Backend.all)
  func overdue(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    try await harness.happened(job, "retrying", "work")
    await harness.crash()
    harness.clock.jumpWall(by: .seconds(3_600))
    try await harness.reopen()
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("of a deadline end the job with its own status, and its handlers run")
  func deadline() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      deadline: 10m
      steps: {work: {uses: test.keyed, with: {hold: true}}}
      on_failure: {alarm: {uses: test.pure}}
      """)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(600))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .timeout)
    #expect(try await harness.statuses(job) == ["work": .timeout, "on_failure.alarm": .success])
  }

  @Test("a deadline waits while a person's answer is open, and says so")
  func deadlineAndQuestion() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      deadline: 10m
      steps:
        pay: {uses: test.once, with: {hold: true}}
        after: {needs: [pay], uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.holding("pay")
    try await harness.crashAndReopen()
    try await harness.happened(job, "question", "pay")
    harness.clock.advance(by: .seconds(601))
    try await harness.happened(job, "overdue")
    #expect(try await harness.node.why(job).map(\.kind) == ["overdue", "needs_attention"])
    try await harness.node.resolve(job, path: "pay", .happened(output: [:]), actor: "local:ana")
    #expect(try await harness.ended(job).summary.status == .timeout)
  }
}

@Suite("S18: a timeout and a result", .timeLimit(.minutes(1)))
struct TimeoutTests {
  static let file = """
    steps:
      work:
        uses: test.keyed
        with: {hold: true, deaf: true}
        timeout: 5m
        retry: {attempts: 2, backoff: {initial: 60s}}
    outputs: {rows: "${{ steps.work.output.rows }}"}
    """

  @Test(
    "the timeout that commits first wins, and the late result is kept for a person", arguments: Backend.all)
  func lateResult(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(300))
    try await harness.happened(job, "retrying", "work")
    await harness.stage.end("work", .success(AttemptOutput(["rows": 1_000])))
    try await harness.happened(job, "superseded", "work")
    try await harness.node.adopt(job, path: "work", actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["rows": 1_000])
    #expect(harness.stage.starts(of: "work") == 1)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("the late result survives a crash", arguments: Backend.all)
  func survives(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(300))
    try await harness.happened(job, "retrying", "work")
    await harness.stage.end("work", .success(AttemptOutput(["rows": 1_000])))
    try await harness.happened(job, "superseded", "work")
    try await harness.crashAndReopen()
    try await harness.node.adopt(job, path: "work", actor: "local:ana")
    #expect(try await harness.ended(job).outputs == ["rows": 1_000])
  }

  @Test("two attempts of a step never run at once")
  func neverTwo() async throws {
    let harness = try Harness()
    let job = try await harness.start(Self.file)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(300))
    try await harness.happened(job, "retrying", "work")
    harness.clock.advance(by: .seconds(60))
    try await harness.happened(job, "started", "work", count: 2)
    #expect(harness.stage.starts(of: "work") == 1)
    await harness.stage.end("work", .failure(Failure(.transient, "late")))
    await harness.stage.begun("work", 2)
    await harness.stage.end("work", .success(AttemptOutput(["rows": 2])))
    #expect(try await harness.ended(job).outputs == ["rows": 2])
    #expect(harness.stage.most == 1)
  }

  @Test("a result that commits first wins over the timeout")
  func resultWins() async throws {
    let harness = try Harness()
    let job = try await harness.start(Self.file)
    await harness.stage.end("work", .success(AttemptOutput(["rows": 3])))
    try await harness.happened(job, "ended", "work")
    harness.clock.advance(by: .seconds(300))
    #expect(try await harness.ended(job).outputs == ["rows": 3])
  }
}
