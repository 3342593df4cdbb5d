import Engine
import Model
import Testing

@Suite("S15: the order of commits decides", .timeLimit(.minutes(1)))
struct AskRaceTests {
  @Test("an answer after the expiry is evidence and changes nothing", arguments: Backend.all)
  func afterExpiry(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(AskFile.steps("on_expiry: no_"))
    let ask = try await harness.asked(job, "review")
    harness.clock.advance(by: .seconds(3_600))
    let view = try await harness.ended(job)
    #expect(view.outputs == ["choice": "no_"])
    let refusal = await harness.refusal(ask, "yes_", by: "ana")
    #expect(refusal?.code == "ask-closed" && refusal?.message.english.contains("expired") == true)
    let stored = try harness.again(ask)
    #expect(stored.row.state == .expired && stored.row.decidedChoice == "no_")
    #expect(stored.answers.map(\.row.counts) == [false] && stored.answers.map(\.row.choice) == ["yes_"])
    #expect(try await harness.view(job).outputs == ["choice": "no_"])
  }

  @Test("of two answers the first to be stored stands, and the second hears who decided")
  func two() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      AskFile.steps().replacing("outputs:", with: "  hold: {uses: test.pure, with: {hold: true}}\noutputs:"))
    let ask = try await harness.asked(job, "review")
    try await harness.answer(ask, "yes_", by: "ana")
    let refusal = await harness.refusal(ask, "no_", by: "bia", form: ["reason": "no"])
    #expect(refusal?.code == "ask-closed")
    #expect(refusal?.message.english.contains("yes_, by local:ana") == true)
    let stored = try harness.again(ask)
    #expect(stored.answers.map(\.row.counts) == [true, false])
    // The job lives, so its history holds even the answer that came too late.
    #expect(stored.answers.last?.content["form"] == ["reason": "no"])
    await harness.stage.end("hold")
    #expect(try await harness.ended(job).outputs == ["choice": "yes_"])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("many answers at once give one decision")
  func many() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(AskFile.steps(to: "to: {groups: [all]}"))
    let ask = try await harness.asked(job, "review")
    let (node, id, shown) = (harness.node, ask.row.id, ask.content["shown_sha256"]?.string ?? "")
    let decided = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<20 {
        let answer = GivenAnswer(
          ask: id, by: "user\(number)", groups: ["all"], choice: "yes_", shown: shown)
        group.addTask { (try? await node.answer(answer)) != nil }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(decided == 1)
    #expect(try harness.again(ask).answers.count { $0.row.counts } == 1)
  }

  @Test(
    "an answer after a cancel, a kill or the job's deadline finds the question closed",
    arguments: ["cancel", "kill", "deadline"])
  func afterEnd(_ how: String) async throws {
    let harness = try Harness()
    let job = try await harness.start("deadline: 2h\n" + AskFile.steps().replacing("expires: 1h", with: ""))
    let ask = try await harness.asked(job, "review")
    switch how {
    case "cancel": try await harness.node.cancel(job, actor: "local:test", reason: "")
    case "kill": _ = try await harness.node.kill(job, actor: "local:test", reason: "stuck")
    case _: harness.clock.advance(by: .seconds(7_200))
    }
    let view = try await harness.ended(job)
    #expect(view.summary.status == (how == "deadline" ? .timeout : .cancelled))
    #expect(try harness.again(ask).row.state == .closed)
    let refusal = await harness.refusal(ask, "yes_", by: "ana")
    #expect(refusal?.code == "ask-closed" && refusal?.message.english.contains("was closed") == true)
    #expect(try harness.again(ask).answers.map(\.row.counts) == [false])
  }

  @Test("an answer to something else than what is shown is refused")
  func changed() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps())
    let ask = try await harness.asked(job, "review")
    let other = String(repeating: "0", count: 64)
    #expect(await harness.refusal(ask, "yes_", by: "ana", shown: other)?.code == "ask-changed")
    #expect(await harness.refusal(ask, "yes_", by: "ana", shown: "")?.code == "ask-changed")
    #expect(try harness.again(ask).answers.isEmpty)
  }

  @Test("a question of an earlier try of the same step is closed, its answer changes nothing")
  func earlierTry() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        twice:
          repeat: {max: 2, carry: {}, until: "steps.q.output.choice == 'stop'"}
          steps: {q: {ask: {title: "Stop ${{ iteration }}?", to: {users: ana}, choices: {stop: {}, go: {}}}}}
      """)
    let first = try await harness.asked(job, "twice#1.q")
    try await harness.answer(first, "go", by: "ana")
    let second = try await harness.asked(job, "twice#2.q")
    #expect(await harness.refusal(first, "stop", by: "ana")?.code == "ask-closed")
    #expect(try harness.again(second).row.state == .open)
    try await harness.answer(second, "stop", by: "ana")
    #expect(try await harness.ended(job).summary.status == .success)
  }
}
