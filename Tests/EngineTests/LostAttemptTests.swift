import Engine
import Model
import Testing

@Suite("S1: an attempt that its node took with it", .timeLimit(.minutes(1)))
struct LostAttemptTests {
  static let restarting: [EffectClass] = [.pure, .keyed, .reattachable]

  @Test("starts again, under the same key", arguments: Backend.all, restarting)
  func restarts(_ backend: Backend, _ effect: EffectClass) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {work: {uses: test.\(effect.rawValue), with: {hold: true}}}")
    await harness.stage.holding("work")
    try await harness.crashAndReopen()
    #expect(harness.node.recovered.map(\.lost) == [["work"]])
    await harness.stage.begun("work", 2)
    await harness.stage.end("work", .success(AttemptOutput(["done": true])))

    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.steps[0].output == ["done": true])
    #expect(view.steps[0].crashes == 1)
    #expect(harness.stage.starts.map(\.number) == [1, 2])
    #expect(Set(harness.stage.starts.map(\.key)).count == 1)
    #expect(harness.stage.starts[1].previous == "owner_restarted")
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("of class once asks whether it happened, and starts nothing", arguments: Backend.all)
  func asks(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await lost(harness)
    let view = try await harness.view(job)
    #expect(view.summary.status == .needsAttention)
    #expect(view.steps[0].status == .needsAttention)
    #expect(harness.stage.starts(of: "pay") == 1)
    #expect(try await harness.node.why(job).map(\.kind) == ["needs_attention"])
  }

  @Test("which did happen goes on with the output that a person gives", arguments: Backend.all)
  func happened(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await lost(harness)
    try await harness.node.resolve(job, path: "pay", .happened(output: ["receipt": 7]), actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["receipt": 7])
    #expect(harness.stage.starts(of: "pay") == 1)
  }

  @Test("which did not happen is tried again", arguments: Backend.all)
  func didNotHappen(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await lost(harness)
    try await harness.node.resolve(job, path: "pay", .didNotHappen, actor: "local:ana")
    await harness.stage.begun("pay", 2)
    await harness.stage.end("pay", .success(AttemptOutput(["receipt": 8])))
    #expect(try await harness.ended(job).outputs == ["receipt": 8])
  }

  @Test("fails when a person says so", arguments: Backend.all)
  func fails(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await lost(harness)
    try await harness.node.resolve(job, path: "pay", .failed(reason: "nobody knows"), actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(view.summary.failure?.errorClass == .lost)
    #expect(view.summary.failure?.message == "nobody knows")
  }

  @Test("whose end is known asks nobody", arguments: Backend.all)
  func knownEnd(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    harness.stage.setKnownEnd(.success(AttemptOutput(["receipt": 9])), of: "pay")
    let job = try await startPaying(harness)
    try await harness.crashAndReopen()
    let view = try await harness.ended(job)
    #expect(view.outputs == ["receipt": 9])
    #expect(harness.stage.starts(of: "pay") == 1)
  }

  @Test("whose known end is a failure is retried as the file says", arguments: Backend.all)
  func knownFailure(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    harness.stage.setKnownEnd(.failure(Failure(.data, "bad row")), of: "pay")
    let job = try await startPaying(harness)
    try await harness.crashAndReopen()
    #expect(try await harness.ended(job).summary.failure?.message == "bad row")
  }

  @Test("whose connector waits for what it began has its time again, and no more", arguments: Backend.all)
  func waitsInTime(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        work:
          uses: test.reattachable
          with: {hold: true}
          timeout: 5m
          retry: {attempts: 2, backoff: {initial: 1s, jitter: 0}, classes: [timeout]}
      """)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(200))
    harness.stage.holdLost("work")
    try await harness.crashAndReopen()
    await harness.stage.holding(Stage.door(ofLost: "work"))
    harness.clock.advance(by: .seconds(299))
    #expect(try await harness.view(job).steps[0].status == .running)
    harness.clock.advance(by: .seconds(1))
    try await harness.happened(job, "retrying", "work")
    await harness.stage.wasCancelled(Stage.door(ofLost: "work"))
    harness.clock.advance(by: .seconds(1))
    await harness.stage.begun("work", 2)
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("an answer to a step that asks nothing is refused")
  func noQuestion() async throws {
    let harness = try Harness()
    let job = try await startPaying(harness)
    await #expect(throws: Problem.self) {
      try await harness.node.resolve(job, path: "pay", .didNotHappen, actor: "local:ana")
    }
    await #expect(throws: Problem.self) {
      try await harness.node.resolve(job, path: "nothing", .didNotHappen, actor: "local:ana")
    }
  }

  private func startPaying(_ harness: Harness) async throws -> ID<Job> {
    let job = try await harness.start(
      """
      steps: {pay: {uses: test.once, with: {hold: true}}}
      outputs: {receipt: "${{ steps.pay.output.receipt }}"}
      """)
    await harness.stage.holding("pay")
    return job
  }

  private func lost(_ harness: Harness) async throws -> ID<Job> {
    let job = try await startPaying(harness)
    try await harness.crashAndReopen()
    try await harness.happened(job, "question", "pay")
    return job
  }
}

@Suite("S5: an attempt that dies with its process again and again", .timeLimit(.minutes(1)))
struct CrashBudgetTests {
  @Test("is given up when its crash budget is used", arguments: Backend.all)
  func budget(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      "steps: {work: {uses: test.keyed, with: {hold: true}, retry: {attempts: 5}}}")
    for crash in 1...3 {
      await harness.stage.begun("work", crash)
      try await harness.crashAndReopen()
    }
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(view.steps[0].failure?.code == "crash-budget")
    #expect(view.steps[0].crashes == 3)
    #expect(harness.stage.starts(of: "work") == 3)
  }

  @Test("does not use up its retries")
  func apart() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {work: {uses: test.keyed, with: {hold: true}, retry: {attempts: 2, backoff: {initial: 1s}}}}")
    await harness.stage.begun("work", 1)
    try await harness.crashAndReopen()
    await harness.stage.begun("work", 2)
    await harness.stage.end("work", .failure(Failure(.transient, "first failure")))
    try await harness.happened(job, "retrying", "work")
    harness.clock.advance(by: .seconds(2))
    await harness.stage.begun("work", 3)
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
  }
}

@Suite("An attempt whose own connector does not know its end", .timeLimit(.minutes(1)))
struct UnknownEndTests {
  @Test("asks a person where it must not happen twice")
  func asks() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {pay: {uses: test.once, with: {hold: true}, retry: {attempts: 3}}}")
    await harness.stage.end("pay", .failure(Failure(.lost, code: "effect-unknown", "broken off")))
    try await harness.happened(job, "question", "pay")
    try await harness.node.resolve(job, path: "pay", .happened(output: ["sent": true]), actor: "local:ana")
    #expect(try await harness.ended(job).steps[0].output == ["sent": true])
    #expect(harness.stage.starts(of: "pay") == 1)
  }

  @Test("is retried where the outside knows its key")
  func retries() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        pay:
          uses: test.keyed
          with: {fail: lost, fail_times: 1}
          retry: {attempts: 2, backoff: {initial: 1s}}
      """
    )
    try await harness.happened(job, "retrying", "pay")
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.ended(job).summary.status == .success)
  }
}
