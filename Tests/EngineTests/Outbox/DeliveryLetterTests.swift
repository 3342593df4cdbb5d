import Engine
import Model
import Testing

@Suite("A delivery that ran out, and what people do with it", .timeLimit(.minutes(1)))
struct DeliveryLetterTests {
  private func refused(_ backend: Backend = .memory) async throws -> (OutboxStage, DeadLetterRow) {
    let stage = try OutboxStage(backend, events: ["esteira.job.failed"])
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.refused)
    _ = try await stage.run("a")
    return (stage, try #require(try await stage.letters(1).first))
  }

  @Test("is replayed under its own id, once", arguments: Backend.all)
  func replay(_ backend: Backend) async throws {
    let (stage, letter) = try await refused(backend)
    guard case .queued(let destination) = try await stage.node.replay(letter.id, actor: "local:bia") else {
      return #expect(Bool(false), "Not queued.")
    }
    #expect(destination == "ops")
    let again = await refusal { _ = try await stage.node.replay(letter.id, actor: "local:bia") }
    #expect(again?.code == "letter-handled")
    let all = await stage.receiver.taken(2)
    try await stage.empty()
    #expect(all[0].id == all[1].id && all[0].body == all[1].body)
    let after = try stage.harness.letter(letter.id)
    #expect(after.state == .replayed && after.became?["outcome"] == "queued")
  }

  @Test("is the same letter where it runs out again")
  func again() async throws {
    let (stage, letter) = try await refused()
    stage.receiver.answer(Receiver.refused)
    _ = try await stage.node.replay(letter.id, actor: "local:bia")
    try await stage.until { try stage.harness.letter(letter.id).tries == 2 }
    #expect(try stage.harness.letter(letter.id).state == .open)
    #expect(try stage.letters.count == 1)
  }

  @Test("cannot be edited, and not be sent to a destination that is gone")
  func impossible() async throws {
    let (stage, letter) = try await refused()
    let edit = await refusal { _ = try await stage.node.replay(letter.id, edit: ["a": 1], actor: "x") }
    #expect(edit?.code == "letter-not-editable")
    let other = try stage.harness.another()
    let gone = await refusal { _ = try await other.replay(letter.id, actor: "local:ana") }
    #expect(gone?.code == "no-destination")
    let rehearsed = await refusal { try await other.rehearseReplay(letter.id, actor: "local:ana") }
    #expect(rehearsed?.code == "no-destination")
    try await stage.node.rehearseReplay(letter.id, actor: "local:ana")
    await other.abandon()
  }

  @Test("stays open when its job is retried: that somebody was not told is a matter of its own")
  func retry() async throws {
    let (stage, letter) = try await refused()
    let job = try #require(letter.job)
    try await stage.node.retry(job, actor: "local:ana")
    _ = try await stage.harness.ended(job)
    _ = await stage.receiver.taken(2)
    #expect(try stage.harness.letter(letter.id).state == .open)
    #expect(Set(stage.receiver.taken.map(\.id)).count == 2)
  }

  @Test("is what becomes of a message whose destination is not set up any more", arguments: Backend.all)
  func unknown(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: ["esteira.job.failed"])
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.gone)
    _ = try await stage.run("a")
    try await stage.until { try !stage.harness.readModel.readDisabledDestinations().isEmpty }
    await stage.harness.crash()
    let other = try stage.harness.another()
    let onlooker = Onlooker(node: other, readModel: stage.harness.readModel)
    try await onlooker.until { try !stage.letters.isEmpty }
    #expect(try stage.letters.first?.fingerprint == "no-destination ops")
    #expect(try stage.waiting == 0)
    await other.abandon()
  }

  @Test("a delivery is sent again under its id, as often as a person asks", arguments: Backend.all)
  func redeliver(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: ["esteira.job.failed"])
    try await stage.harness.apply(OutboxStage.failing)
    _ = try await stage.run("a")
    let first = try #require(try await stage.tried(1).first)
    for count in 2...3 {
      try await stage.node.redeliver(first.id)
      let all = await stage.receiver.taken(count)
      _ = try await stage.tried(count)
      #expect(Set(all.map(\.id)) == [first.event] && Set(all.map(\.body)).count == 1)
    }
    let none = await refusal { try await stage.node.redeliver(99) }
    #expect(none?.code == "no-delivery")
  }

  @Test("one that still waits is due at once when a person asks for it")
  func early() async throws {
    let stage = try OutboxStage(events: ["esteira.job.failed"])
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.down)
    _ = try await stage.run("a")
    let first = try #require(try await stage.tried(1).first)
    #expect(first.outcome == .failed && first.status == 500 && first.attempt == 1)
    try await stage.node.redeliver(first.id)
    _ = await stage.receiver.taken(2)
    try await stage.empty()
  }

  @Test("a test goes past the outbox, and is history")
  func test() async throws {
    let stage = try OutboxStage(events: ["esteira.job.failed"])
    stage.receiver.answer(Receiver.down)
    let row = try await stage.node.testDestination("ops", actor: "local:ana")
    #expect(row.outcome == .failed && row.status == 500)
    #expect(stage.receiver.types == ["esteira.destination.test"])
    #expect(try stage.deliveries.map(\.type) == ["esteira.destination.test"])
    let none = await refusal { _ = try await stage.node.testDestination("none", actor: "local:ana") }
    #expect(none?.code == "no-destination")
    let disabled = await refusal { try await stage.node.enableDestination("none") }
    #expect(disabled?.code == "no-destination")
  }
}
