import Crypto
import Engine
import Model
import Testing

@Suite("A question to people", .timeLimit(.minutes(1)))
struct AskTests {
  @Test("holds its job as waiting until somebody answers it, over a crash too", arguments: Backend.all)
  func answered(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(AskFile.steps())
    let ask = try await harness.asked(job, "review")
    #expect(try await harness.view(job).summary.status == .waiting)
    #expect(ask.row.state == .open && ask.row.assignees == ["user:ana", "user:bia"])
    #expect(ask.content["title"] == "Publish a.csv?")
    try await harness.crashAndReopen()
    #expect(try await harness.view(job).summary.status == .waiting)
    let progress = try await harness.answer(ask, "yes_", by: "local:ana", comment: "checked")
    #expect(progress.job == job && progress.isDecided && progress.votes == 1 && progress.quorum == 1)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success && view.outputs == ["choice": "yes_"])
    let stored = try harness.again(ask)
    #expect(stored.row.state == .decided && stored.row.decidedChoice == "yes_")
    #expect(stored.answers.map(\.content["comment"]) == ["checked"])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("gives choice, by, at, expired and the hash of what was shown, and a form only where there is one")
  func output() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps())
    let ask = try await harness.asked(job, "review")
    let shown = try #require(ask.content["shown_sha256"]?.string)
    try await harness.answer(ask, "no_", by: "bia", form: ["reason": "late", "level": 2])
    _ = try await harness.ended(job)
    #expect(
      try await harness.output(job, "review") == [
        "choice": "no_", "form": ["reason": "late", "level": 2], "by": "local:bia",
        "at": .string(harness.clock.now.rfc3339), "expired": false, "shown_sha256": .string(shown),
      ])
    let other = try await harness.start(AskFile.steps())
    try await harness.answer(try await harness.asked(other, "review"), "yes_", by: "bia")
    _ = try await harness.ended(other)
    #expect(try await harness.output(other, "review")?["form"] == nil)
  }

  @Test("has the hash that anybody can make of title, show and choices")
  func hash() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {a: {ask: {title: Go é?, show: {b: 1.0, a: 2}, to: {users: ana}, choices: {go: {}}}}}")
    let ask = try await harness.asked(job, "a")
    // What Python's json.dumps(…, sort_keys=True) writes.
    let text =
      #"{"choices": [{"approves": false, "label": "go", "name": "go"}], "#
      + #""show": {"a": 2, "b": 1.0}, "title": "Go \u00e9?"}"#
    #expect(ask.content["shown_sha256"]?.string == SHA256.hex(Array(text.utf8)))
  }

  @Test("has an id that the same decision gives again, and later ones sort behind it")
  func identity() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        twice:
          repeat: {max: 2, carry: {}, until: "iteration == 2"}
          steps: {q: {ask: {title: Again?, to: {users: ana}, choices: {go: {}}}}}
      """)
    let first = try await harness.asked(job, "twice#1.q")
    harness.clock.advance(by: .seconds(1))
    try await harness.answer(first, "go", by: "ana")
    let second = try await harness.asked(job, "twice#2.q")
    #expect(first.row.id < second.row.id)
    try await harness.answer(second, "go", by: "ana")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("that is answered with its form wrong says where, and stays open")
  func forms() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps())
    let ask = try await harness.asked(job, "review")
    let missing = await harness.refusal(ask, "no_", by: "ana")
    #expect(missing?.code == "invalid-answer")
    let unwanted = await harness.refusal(ask, "yes_", by: "ana", form: [:])
    #expect(unwanted?.code == "invalid-answer")
    let wrong = await harness.refusal(ask, "no_", by: "ana", form: ["reason": "x", "level": 9])
    #expect(wrong?.code == "invalid-answer" && wrong?.message.english.contains("\"/level\"") == true)
    let unknown = await harness.refusal(ask, "maybe", by: "ana")
    #expect(unknown?.code == "invalid-answer" && unknown?.message.english.contains("yes_, no_") == true)
    let long = String(repeating: "x", count: 4_001)
    #expect(await harness.refusal(ask, "yes_", by: "ana", comment: long)?.code == "invalid-answer")
    let stored = try harness.again(ask)
    #expect(stored.row.state == .open && stored.answers.isEmpty)
  }

  @Test("of human.approve fails the step when it is rejected")
  func rejected() async throws {
    let harness = try Harness()
    let file = "steps: {ok: {uses: human.approve, with: {title: Go?, to: {users: [ana]}}}}"
    let job = try await harness.start(file)
    try await harness.answer(try await harness.asked(job, "ok"), "reject", by: "ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(view.summary.failure?.errorClass == .data && view.summary.failure?.code == "rejected")
    #expect(try harness.again(try await harness.asked(job, "ok")).row.decidedChoice == "reject")
    let second = try await harness.start(file)
    try await harness.answer(try await harness.asked(second, "ok"), "approve", by: "ana")
    #expect(try await harness.ended(second).summary.status == .success)
  }

  @Test("is said by why: who may answer, until when, and with which command")
  func why() async throws {
    let harness = try Harness()
    let job = try await harness.start(AskFile.steps("quorum: 2"))
    let ask = try await harness.asked(job, "review")
    try await harness.answer(ask, "yes_", by: "ana")
    let blocker = try #require(try await harness.node.why(job).first)
    #expect(blocker.kind == "ask" && blocker.path == "review" && blocker.until == ask.row.expiresAt)
    #expect(blocker.text.english.contains("asks ana, bia: \"Publish a.csv?\""))
    #expect(blocker.text.english.contains("1 answered, 2 of one mind"))
    #expect(blocker.remedy?.english == "Answer with: esteira ask answer \(ask.row.id) yes_|no_")
  }

  @Test("shows its content to nobody without the job's key")
  func sealed() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(AskFile.steps(), inputs: ["file": "secret-marker"])
    let ask = try await harness.asked(job, "review")
    try await harness.answer(ask, "no_", by: "ana", form: ["reason": "private-marker"])
    _ = try await harness.ended(job)
    for event in try await harness.node.history(job, after: 0, limit: 100) {
      let text = JSON.array(event.facts).text
      #expect(!text.contains("secret-marker") && !text.contains("private-marker"))
    }
  }
}
