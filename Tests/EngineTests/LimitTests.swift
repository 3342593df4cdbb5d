import Engine
import Model
import Testing

@Suite("Limits of time", .timeLimit(.minutes(1)))
struct LimitTests {
  @Test("of the job do not end its handlers, which have their own")
  func deadlineAndHandlers() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      deadline: 10m
      steps: {work: {uses: test.pure, with: {hold: true}}}
      on_failure: {tell: {uses: test.keyed, with: {hold: true}}}
      finally: {clean: {uses: test.keyed, with: {hold: true}}}
      """)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(599))
    await harness.stage.end("work", .failure(Failure(.data, "bad row")))
    await harness.stage.holding("on_failure.tell")
    harness.clock.advance(by: .seconds(2))
    #expect(try await harness.node.why(job).map(\.kind) == ["running"])
    harness.clock.advance(by: .seconds(290))
    await harness.stage.end("on_failure.tell")
    await harness.stage.holding("finally.clean")
    harness.clock.advance(by: .seconds(290))
    #expect(try await harness.node.why(job).map(\.kind) == ["running"])
    await harness.stage.end("finally.clean")
    #expect(try await harness.ended(job).summary.status == .failed)
  }

  @Test("for waiting in the queue are those of one attempt, not of the step")
  func queueTimeoutOfEachAttempt() async throws {
    let harness = try Harness { $0.nodeSlots = 1 }
    let job = try await harness.start(
      """
      steps:
        one: {uses: test.pure, with: {hold: true}}
        two:
          uses: test.pure
          with: {hold: true}
          queue_timeout: 10s
          retry: {attempts: 2, backoff: {initial: 0s}}
        three: {uses: test.pure, with: {hold: true}}
      """)
    await harness.stage.holding("one")
    harness.clock.advance(by: .seconds(5))
    await harness.stage.end("one")
    await harness.stage.end("two", .failure(Failure(.transient, "once")))
    await harness.stage.holding("three")
    try await harness.happened(job, "queued", "two", count: 2)
    harness.clock.advance(by: .seconds(6))
    #expect(try await harness.statuses(job)["two"] == .queued)
    harness.clock.advance(by: .seconds(5))
    try await harness.happened(job, "ended", "two")
    await harness.stage.end("three")
    #expect(try await harness.ended(job).steps[1].failure?.code == "queue-timeout")
  }

  @Test("for waiting in the queue hold after a restart too", arguments: Backend.all)
  func queueTimeoutAfterRestart(_ backend: Backend) async throws {
    let harness = try Harness(backend) { $0.nodeSlots = 1 }
    let job = try await harness.start(
      """
      steps:
        one: {uses: test.pure, with: {hold: true}}
        two: {uses: test.pure, with: {hold: true}}
        three: {uses: test.pure, queue_timeout: 10s}
      """)
    await harness.stage.holding("one")
    try await harness.crashAndReopen()
    await harness.stage.holding("two")
    harness.clock.advance(by: .seconds(10))
    try await harness.happened(job, "ended", "three")
    await harness.stage.end("two")
    await harness.stage.end("one")
    #expect(try await harness.statuses(job)["three"] == .timeout)
  }

  @Test("of a branch hold as those of any step")
  func deadlineOfBranch() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {pick: {choose: {one: {else: true, uses: test.keyed, with: {hold: true}, deadline: 10s}}}}")
    await harness.stage.holding("pick.one")
    harness.clock.advance(by: .seconds(10))
    #expect(try await harness.ended(job).steps.map(\.status) == [.timeout, .timeout])
  }

  @Test("that passed while a question was open let nothing start after its answer")
  func answerAfterDeadline() async throws {
    let harness = try Harness()
    let job = try await harness.start("deadline: 10m\nsteps: {pay: {uses: test.once, with: {hold: true}}}")
    await harness.stage.holding("pay")
    try await harness.crashAndReopen()
    try await harness.happened(job, "question", "pay")
    harness.clock.advance(by: .seconds(600))
    try await harness.happened(job, "overdue")
    try await harness.node.resolve(job, path: "pay", .didNotHappen, actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .timeout)
    #expect(view.steps[0].question == nil)
    #expect(harness.stage.starts(of: "pay") == 1)
  }

  @Test("of the job end it as timeout although the wall was put back")
  func deadlineAndWall() async throws {
    let harness = try Harness()
    let job = try await harness.start("deadline: 10m\nsteps: {work: {uses: test.pure, with: {hold: true}}}")
    await harness.stage.holding("work")
    harness.clock.jumpWall(by: .seconds(-3_600))
    harness.clock.advance(by: .seconds(600))
    #expect(try await harness.ended(job).summary.status == .timeout)
  }
}

@Suite("A job that asks a person", .timeLimit(.minutes(1)))
struct AskingTests {
  @Test("says so from inside a loop, too")
  func loop() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {poll: {repeat: {max: 2, until: iteration == 1}, uses: test.once, with: {hold: true}}}")
    await harness.stage.holding("poll#1")
    try await harness.crashAndReopen()
    try await harness.happened(job, "question", "poll#1")
    #expect(try await harness.view(job).summary.status == .needsAttention)
  }
}

@Suite("Values", .timeLimit(.minutes(1)))
struct ValueLimitTests {
  @Test("above the limit are refused and leave nothing behind", arguments: Backend.all)
  func large(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {work: {uses: test.pure, with: {hold: true}}}")
    let text = String(repeating: "x", count: 5 << 20)
    await harness.stage.end("work", .success(AttemptOutput(.string(text))))
    #expect(try await harness.ended(job).steps[0].failure?.code == "output-too-large")
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("that came late and are large are adopted, and a replay agrees", arguments: Backend.all)
  func adoptedLarge(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        work:
          uses: test.keyed
          with: {hold: true, deaf: true}
          timeout: 10s
          retry: {attempts: 2, classes: [timeout], backoff: {initial: 50s}}
      """)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(10))
    try await harness.happened(job, "retrying", "work")
    let text = String(repeating: "x", count: 100_000)
    await harness.stage.end("work", .success(AttemptOutput(.string(text))))
    try await harness.happened(job, "superseded", "work")
    try await harness.node.adopt(job, path: "work", actor: "local:ana")
    #expect(try await harness.ended(job).steps[0].output == .string(text))
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test(
    "that nest as deep as JSON may are found again inside of items after a restart", arguments: Backend.all)
  func deep(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        deep: {uses: test.pure, with: {hold: true}}
        each: {for_each: "[steps.deep.output]", uses: test.pure, with: {hold: true, value: "${{ item }}"}}
      """)
    let value = (0..<JSON.depthLimit).reduce(JSON.null) { inner, _ in [inner] }
    await harness.stage.end("deep", .success(AttemptOutput(value)))
    await harness.stage.holding("each[0]")
    try await harness.crashAndReopen()
    await harness.stage.begun("each[0]", 2)
    await harness.stage.end("each[0]", .success(AttemptOutput([value])))
    let view = try await harness.ended(job)
    #expect(view.steps.last?.failure?.code == "value-too-deep")
    #expect(view.steps[0].output == value)
  }

  @Test("that a loop wraps round by round end it before they cannot be read any more")
  func wrapped() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        wrap:
          repeat: {max: 1000, carry: {a: "${{ dyn([0]) }}"}, until: "false", next: {a: ["${{ carry.a }}"]}}
          value: 1
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.failure?.code == "value-too-deep")
    #expect(try harness.history().replay(job).differences == [])
  }
}
