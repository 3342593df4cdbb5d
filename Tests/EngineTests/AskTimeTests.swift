import Engine
import Model
import Testing

@Suite("Silence", .timeLimit(.minutes(1)))
struct AskTimeTests {
  @Test("fails the step where the file says nothing else", arguments: Backend.all)
  func fails(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(AskFile.steps())
    let ask = try await harness.asked(job, "review")
    harness.clock.advance(by: .seconds(3_599))
    #expect(try await harness.view(job).summary.status == .waiting)
    harness.clock.advance(by: .seconds(1))
    let view = try await harness.ended(job)
    #expect(view.summary.failure?.errorClass == .timeout && view.summary.failure?.code == "ask-expired")
    #expect(view.steps[0].status == .timeout && view.steps[1].status == .skipped)
    #expect(try harness.again(ask).row.state == .expired)
  }

  @Test("may skip the step, which is no failure")
  func skips() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps("on_expiry: skip"))
    let ask = try await harness.asked(job, "review")
    harness.clock.advance(by: .seconds(3_600))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success && view.outputs == ["choice": "none"])
    #expect(view.steps[0].status == .skipped && view.steps[0].skipCause == "expired")
    #expect(try harness.again(ask).row.state == .expired)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("may stand for a choice that does not approve")
  func chooses() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps("on_expiry: no_"))
    let ask = try await harness.asked(job, "review")
    harness.clock.advance(by: .seconds(3_600))
    _ = try await harness.ended(job)
    let output = try await harness.output(job, "review")
    #expect(output?["choice"] == "no_" && output?["expired"] == true && output?["by"] == .null)
    #expect(output?["form"] == nil && output?["shown_sha256"] == ask.content["shown_sha256"])
  }

  @Test("of human.approve may reject")
  func rejects() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        ok: {uses: human.approve, with: {title: Go?, to: {users: ana}, expires: 5m, on_expiry: reject}}
      """
    )
    _ = try await harness.asked(job, "ok")
    harness.clock.advance(by: .seconds(300))
    let view = try await harness.ended(job)
    #expect(view.summary.failure?.code == "rejected")
    #expect(view.summary.failure?.message == "ok was rejected: nobody answered in time.")
  }

  @Test("inside a choice and a loop passes outwards as a skip", arguments: ["choose", "repeat"])
  func outwards(_ kind: String) async throws {
    let harness = try Harness()
    let ask = "ask: {title: Useful?, to: {users: ana}, choices: {go: {}}, expires: 5m, on_expiry: skip}"
    let step =
      kind == "choose" ? "choose: {a: {else: true, \(ask)}}" : "repeat: {max: 2, carry: {}}\n    \(ask)"
    let job = try await harness.start("steps:\n  q:\n    \(step)\n  b: {needs: [q], value: 1}")
    _ = try await harness.asked(job, kind == "choose" ? "q.a" : "q#1")
    harness.clock.advance(by: .seconds(300))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.steps.first { $0.path == "q" }?.skipCause == "expired")
  }

  @Test("that began before a crash ends when it would have: at once where the time has passed")
  func downtime() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(AskFile.steps("on_expiry: no_"))
    _ = try await harness.asked(job, "review")
    harness.clock.advance(by: .seconds(600))
    try await harness.crashAndReopen()
    #expect(try await harness.view(job).summary.status == .waiting)
    await harness.crash()
    harness.clock.advance(by: .seconds(7_200))
    try await harness.reopen()
    harness.clock.advance(by: .zero)
    #expect(try await harness.ended(job).outputs == ["choice": "no_"])
  }

  @Test("is broken by reminders, of which a downtime makes one and not ten", arguments: Backend.all)
  func reminders(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(AskFile.steps("remind: 5m"))
    _ = try await harness.asked(job, "review")
    harness.clock.advance(by: .seconds(300))
    try await harness.happened(job, "reminded", count: 1)
    harness.clock.advance(by: .seconds(300))
    try await harness.happened(job, "reminded", count: 2)
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(1))
    #expect(try await reminders(harness, job) == 2, "A restart reminds nobody.")
    await harness.crash()
    harness.clock.advance(by: .seconds(1_500))
    try await harness.reopen()
    harness.clock.advance(by: .zero)
    try await harness.happened(job, "reminded", count: 3)
    harness.clock.advance(by: .seconds(299))
    #expect(try await reminders(harness, job) == 3)
    harness.clock.advance(by: .seconds(1))
    try await harness.happened(job, "reminded", count: 4)
  }

  private func reminders(_ harness: Harness, _ job: ID<Job>) async throws -> Int {
    try await harness.node.history(job, after: 0, limit: 1_000).flatMap(\.facts).count {
      $0["fact"] == "reminded"
    }
  }

  @Test("may be broken by a person's reminder")
  func remindedByHand() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps())
    let ask = try await harness.asked(job, "review")
    _ = try await harness.node.remind(ask.row.id)
    #expect(try await reminders(harness, job) == 1)
  }

  @Test("lets others answer once an escalation is due, after a crash too", arguments: Backend.all)
  func escalates(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(AskFile.steps("escalate: {after: 10m, to: {users: [chief]}}"))
    let ask = try await harness.asked(job, "review")
    #expect(await harness.refusal(ask, "yes_", by: "chief")?.code == "not-assignee")
    harness.clock.advance(by: .seconds(60))
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(540))
    try await harness.happened(job, "assigned", "review")
    #expect(try harness.again(ask).row.assignees == ["user:ana", "user:bia", "user:chief"])
    try await harness.answer(ask, "yes_", by: "chief")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("of days leaves the memory: an answer, and the expiry, bring the job back", arguments: Backend.all)
  func parked(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let file = AskFile.steps("on_expiry: no_").replacing("expires: 1h", with: "expires: 7d")
    let first = try await harness.start(file)
    let ask = try await harness.asked(first, "review")
    let second = try await harness.start(file)
    let other = try await harness.asked(second, "review")
    // Readers leave in their own time, and whoever is read along is not parked.
    for _ in 0..<50 where try harness.store.parkedJobs().count < 2 {
      harness.clock.advance(by: .seconds(700))
      _ = try await harness.view(first)
    }
    #expect(try harness.store.parkedJobs().count == 2)
    try await harness.crashAndReopen()
    try await harness.answer(ask, "yes_", by: "ana")
    #expect(try await harness.ended(first).outputs == ["choice": "yes_"])
    harness.clock.advance(by: .seconds(7 * 86_400))
    #expect(try await harness.ended(second).outputs == ["choice": "no_"])
    #expect(try harness.again(other).row.state == .expired)
    #expect(try harness.store.parkedJobs().isEmpty)
  }
}
