import Engine
import Model
import Testing

@Suite("S16: cancel and kill", .timeLimit(.minutes(1)))
struct CancelTests {
  static let file = """
    steps:
      first: {uses: test.keyed, with: {hold: true}}
      second: {needs: [first], uses: test.keyed}
    on_cancel: {tell: {uses: test.keyed}}
    on_failure: {alarm: {uses: test.keyed}}
    finally: {sweep: {uses: test.keyed}}
    """

  @Test("a cancel stops what runs, skips the rest, then runs on_cancel and finally", arguments: Backend.all)
  func cancels(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.holding("first")
    try await harness.node.cancel(job, actor: "local:ana", reason: "wrong day")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(
      try await harness.statuses(job) == [
        "first": .cancelled, "second": .skipped, "on_cancel.tell": .success, "finally.sweep": .success,
      ])
    #expect(view.steps[0].failure?.code == "confirmed")
    #expect(harness.stage.starts.map(\.path) == ["first", "on_cancel.tell", "finally.sweep"])
  }

  @Test("a second cancel changes nothing")
  func twice() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {first: {uses: test.keyed, with: {hold: true, deaf: true}}}")
    await harness.stage.holding("first")
    try await harness.node.cancel(job, actor: "local:ana", reason: "one")
    let before = try await harness.node.history(job, after: 0, limit: 100)
    try await harness.node.cancel(job, actor: "local:bia", reason: "two")
    #expect(try await harness.node.history(job, after: 0, limit: 100) == before)
    await harness.stage.end("first")
    _ = try await harness.ended(job)
  }

  @Test("a cancel after the end is refused with job-ended")
  func afterTheEnd() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {first: {uses: test.pure}}")
    _ = try await harness.ended(job)
    do {
      try await harness.node.cancel(job, actor: "local:ana", reason: "late")
      Issue.record("The cancel was taken.")
    } catch {
      #expect(error.code == "job-ended")
    }
  }

  @Test("a success that commits before the cancel stands")
  func successWins() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        first: {uses: test.keyed, with: {hold: true}}
        second: {needs: [first], uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.end("first")
    await harness.stage.holding("second")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    _ = try await harness.ended(job)
    #expect(try await harness.statuses(job) == ["first": .success, "second": .cancelled])
  }

  @Test(
    "a kill fences every attempt now, runs no handler, and names what may still run", arguments: Backend.all)
  func kills(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file.replacing("hold: true", with: "hold: true, deaf: true"))
    await harness.stage.holding("first")
    let left = try await harness.node.kill(job, actor: "local:ana", reason: "runs wild")
    #expect(left == ["first"])
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(try await harness.statuses(job) == ["first": .cancelled, "second": .skipped])
    #expect(view.steps[0].failure?.code == "unknown")
    await harness.stage.end("first")
    #expect(harness.stage.starts.map(\.path) == ["first"])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("a cancel survives a crash")
  func survives() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      steps: {first: {uses: test.keyed, with: {hold: true, deaf: true}}}
      finally: {sweep: {uses: test.pure}}
      """
    )
    await harness.stage.holding("first")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    try await harness.crashAndReopen()
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.steps.map(\.status) == [.cancelled, .success])
    #expect(view.steps[0].failure?.code == "unknown")
    #expect(harness.stage.starts(of: "first") == 1)
  }
}

@Suite("S17: a connector that ignores the cancel", .timeLimit(.minutes(1)))
struct IgnoredCancelTests {
  @Test("is fenced after the grace, and what it does outside is shown as unknown")
  func fenced() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {first: {uses: test.once, with: {hold: true, deaf: true}}}")
    await harness.stage.holding("first")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    await harness.stage.wasCancelled("first")
    #expect(try await harness.node.why(job).map(\.kind) == ["stopping"])
    harness.clock.advance(by: .seconds(45))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.steps[0].failure?.code == "unknown")
    await harness.stage.end("first")
  }

  @Test("that succeeds after all is shown as the success that it is")
  func honest() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {first: {uses: test.once, with: {hold: true, deaf: true}}}")
    await harness.stage.holding("first")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    await harness.stage.end("first", .success(AttemptOutput(["sent": true])))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.steps[0].status == .success)
    #expect(view.steps[0].output == ["sent": true])
  }
}
