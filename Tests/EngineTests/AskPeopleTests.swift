import Engine
import Model
import Testing

@Suite("Who answers", .timeLimit(.minutes(1)))
struct AskPeopleTests {
  @Test("is a user or a member of a group that the question names, and nobody else")
  func assignees() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      AskFile.steps("quorum: 2", to: "to: {users: \"${{ ['ana'] }}\", groups: compliance}"))
    let ask = try await harness.asked(job, "review")
    #expect(ask.row.assignees == ["user:ana", "group:compliance"])
    #expect(await harness.refusal(ask, "yes_", by: "caio")?.code == "not-assignee")
    #expect(await harness.refusal(ask, "yes_", by: "caio", groups: ["sales"])?.code == "not-assignee")
    try await harness.answer(ask, "yes_", by: "local:ana")
    try await harness.answer(ask, "yes_", by: "caio", groups: ["compliance"])
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("counts once, and may change their mind until the quorum is reached: both answers are kept")
  func quorum() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(AskFile.steps("quorum: 2"))
    let ask = try await harness.asked(job, "review")
    let first = try await harness.answer(ask, "yes_", by: "ana")
    #expect(!first.isDecided && first.votes == 1 && first.quorum == 2)
    let again = try await harness.answer(ask, "yes_", by: "local:ana")
    #expect(!again.isDecided && again.votes == 1, "The same person counts once.")
    let changed = try await harness.answer(ask, "no_", by: "ana", form: ["reason": "late"])
    #expect(!changed.isDecided && changed.votes == 1)
    try await harness.crashAndReopen()
    let other = try await harness.answer(ask, "yes_", by: "bia")
    #expect(!other.isDecided && other.votes == 1, "Ana's first mind counts no more.")
    let last = try await harness.answer(ask, "yes_", by: "ana")
    #expect(last.isDecided && last.votes == 2)
    #expect(try await harness.ended(job).outputs == ["choice": "yes_"])
    #expect(try harness.again(ask).answers.map(\.row.choice) == ["yes_", "yes_", "no_", "yes_", "yes_"])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("is not the one who started the job where the file says so, not even for somebody else")
  func requester() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      AskFile.steps("requester_may_answer: false", to: "to: {users: [test, ana]}"))
    let ask = try await harness.asked(job, "review")
    #expect(await harness.refusal(ask, "yes_", by: "local:test")?.code == "not-assignee")
    #expect(await harness.refusal(ask, "yes_", by: "test", onBehalfOf: "ana")?.code == "not-assignee")
    #expect(await harness.refusal(ask, "yes_", by: "root", onBehalfOf: "test")?.code == "not-assignee")
    try await harness.answer(ask, "yes_", by: "ana")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("may be spoken for: the person counts, and both names are kept")
  func onBehalf() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(AskFile.steps("quorum: 2"))
    let ask = try await harness.asked(job, "review")
    #expect(await harness.refusal(ask, "yes_", by: "root")?.code == "not-assignee")
    try await harness.answer(ask, "yes_", by: "root", onBehalfOf: "ana")
    let twice = try await harness.answer(ask, "yes_", by: "local:ana")
    #expect(!twice.isDecided, "Ana counts once, whoever says her word.")
    try await harness.answer(ask, "yes_", by: "root", onBehalfOf: "bia")
    _ = try await harness.ended(job)
    let rows = try harness.again(ask).answers.map(\.row)
    #expect(rows.map(\.by) == ["local:root", "local:ana", "local:root"])
    #expect(rows.map(\.onBehalfOf) == ["local:ana", nil, "local:bia"])
    #expect(try await harness.output(job, "review")?["by"] == "local:root")
  }

  @Test("hands over to another person, and answers no more", arguments: Backend.all)
  func delegated(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(AskFile.steps(to: "to: {users: [ana], groups: [compliance]}"))
    let ask = try await harness.asked(job, "review")
    let id = ask.row.id
    await #expect(throws: Problem.self) {
      try await harness.node.delegate(Handover(ask: id, by: "caio", to: "bia"))
    }
    _ = try await harness.node.delegate(Handover(ask: id, by: "ana", to: "bia"))
    _ = try await harness.node.delegate(
      Handover(ask: id, by: "root", groups: ["compliance"], onBehalfOf: "caio", to: "davi"))
    try await harness.crashAndReopen()
    #expect(try harness.again(ask).row.assignees == ["user:bia", "user:davi", "group:compliance"])
    #expect(await harness.refusal(ask, "yes_", by: "ana")?.code == "not-assignee")
    #expect(await harness.refusal(ask, "yes_", by: "caio", groups: ["compliance"])?.code == "not-assignee")
    try await harness.answer(ask, "yes_", by: "davi")
    #expect(try await harness.ended(job).outputs == ["choice": "yes_"])
    let facts = try await harness.node.history(job, after: 0, limit: 100).flatMap(\.facts)
    let actors = facts.filter { $0["fact"] == "assigned" }.compactMap { $0["actor"]?.string }
    #expect(actors == ["local:ana", "local:root for local:caio"])
  }

  @Test("cannot hand over what they have answered, nor to the requester")
  func noHandover() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps("requester_may_answer: false\n      quorum: 2"))
    let ask = try await harness.asked(job, "review")
    try await harness.answer(ask, "yes_", by: "ana")
    await #expect(throws: Problem.self) {
      try await harness.node.delegate(Handover(ask: ask.row.id, by: "ana", to: "caio"))
    }
    await #expect(throws: Problem.self) {
      try await harness.node.delegate(Handover(ask: ask.row.id, by: "bia", to: "test"))
    }
    #expect(try harness.again(ask).row.assignees == ["user:ana", "user:bia"])
  }

  @Test(
    "is nobody where the names make no sense: the step fails instead of asking",
    arguments: [
      ("to: {users: \"${{ [''] }}\"}", "bad-assignee"),
      ("to: {users: [ana]}\n      quorum: 2", "bad-quorum"),
      ("to: {users: [ana, test]}\n      quorum: 2\n      requester_may_answer: false", "bad-quorum"),
    ])
  func nobody(_ to: String, _ code: String) async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps(to: to))
    let view = try await harness.ended(job)
    #expect(view.summary.failure?.code == code)
  }

  @Test("is everybody where the file names nobody, and the job has no owner")
  func everybody() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {q: {ask: {title: Go?, choices: {go: {}}}}}")
    let ask = try await harness.asked(job, "q")
    #expect(ask.row.assignees.isEmpty)
    try await harness.answer(ask, "go", by: "anybody")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("is the job's owner where the file names nobody else")
  func owner() throws {
    let file =
      "apiVersion: esteira/v1\nid: a\nnamespace: b\nsteps: {q: {ask: {title: Go?, choices: {go: {}}}}}"
    let job = try #require(ID<Job>("019a0c41-0000-7000-8000-000000000002"))
    var decider = Decider(
      JobState(), try Harness.compile(Array(file.utf8)), .init(job: job), now: Timestamp(microseconds: 0),
      decision: Decision())
    let creation = Fact.Creation(namespace: "b", pipeline: "a", revision: 1, engine: "test", key: nil)
    decider.decide(.admitted(creation, context: ["inputs": [:], "trigger": [:], "owner": "ana"]))
    let to = try #require(decider.state.ask(of: 0)?.content["to"])
    #expect(to == ["users": ["ana"], "groups": []])
  }
}
