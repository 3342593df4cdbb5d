import Engine
import Model
import Testing

@Suite("How messages leave (S32)", .timeLimit(.minutes(1)))
struct PublishingTests {
  private static let failed = ["esteira.job.failed"]
  private static let ends = ["esteira.job.created", "esteira.job.failed"]

  @Test("S32: a lane in error blocks only itself, and keeps its order", arguments: Backend.all)
  func lane(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: Self.ends)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.hold()
    let first = try await stage.harness.startAgain(key: "a")
    stage.receiver.answer(Receiver.down, Receiver.down, to: first)
    _ = try await stage.harness.ended(first)
    let second = try await stage.run("b")
    stage.receiver.letGo()
    _ = try await stage.tried(3)
    #expect(try stage.waiting == 2)
    #expect(Self.told(stage, second) == ["esteira.job.created", "esteira.job.failed"])
    #expect(Self.told(stage, first) == ["esteira.job.created"])
    for pause in DeliveryPlan.webhook.pauses.prefix(2) {
      let before = stage.receiver.taken.count
      stage.clock.advance(by: pause)
      _ = await stage.receiver.taken(before + 1)
      try await stage.until { try stage.deliveries.count >= before + 1 }
    }
    try await stage.empty()
    // The same message under the same id until it is taken, and only then the next.
    #expect(
      Self.told(stage, first) == Array(repeating: "esteira.job.created", count: 3) + ["esteira.job.failed"])
    #expect(Set(stage.receiver.taken.map(\.id)).count == 4)
    #expect(stage.receiver.taken.filter { $0.type == "esteira.job.created" }.map(\.attempt).max() == 3)
  }

  private static func told(_ stage: OutboxStage, _ job: ID<Job>) -> [String] {
    stage.receiver.events.filter { $0["data"]?["job"]?.string == job.description }
      .compactMap { $0["type"]?.string }
  }

  @Test(
    "S32: after the plan's tries a message is a dead letter and its lane moves on", arguments: Backend.all,
    [DeliveryPlan.webhook, .internal])
  func plan(_ backend: Backend, _ plan: DeliveryPlan) async throws {
    let stage = try OutboxStage(backend, events: Self.ends, plan: plan)
    try await stage.harness.apply(OutboxStage.failing)
    let begin = stage.clock.now
    stage.receiver.answer(Receiver.down, times: plan.tries)
    let job = try await stage.run("a")
    try await stage.exhaust(plan)
    let letter = try #require(try await stage.letters(1).first)
    #expect(letter.kind == .delivery && letter.job == job && letter.state == .open)
    #expect(letter.fingerprint == "http-status ops" && letter.error["status"] == 500)
    #expect(letter.source["destination"] == "ops" && letter.source["type"] == "esteira.job.created")
    #expect(letter.source["tries"]?.int == Int64(plan.tries))
    _ = await stage.receiver.taken(plan.tries + 1)
    try await stage.empty()
    #expect(stage.receiver.types.suffix(2) == ["esteira.job.created", "esteira.job.failed"])
    #expect(plan.tries == (plan == .webhook ? 10 : 5))
    let took = stage.clock.now - begin
    #expect(plan == .webhook ? took > .seconds(3 * 86_400) : took < .seconds(700))
    let content = try stage.harness.content(of: try stage.harness.letter(letter.id))
    #expect(content.original?["type"] == "esteira.job.created")
  }

  @Test(
    "S32: a strict lane stays closed behind its dead letter until that is replayed", arguments: Backend.all)
  func strict(_ backend: Backend) async throws {
    let plan = DeliveryPlan(tries: 2, first: .seconds(5), longest: .seconds(5))
    let stage = try OutboxStage(backend, events: Self.ends, ordering: .strict, plan: plan)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.down, times: 2)
    _ = try await stage.run("a")
    try await stage.exhaust(plan)
    let letter = try #require(try await stage.letters(1).first)
    #expect(try stage.harness.readModel.outboxSummaries().map(\.held) == [1])
    // Another lane is not held up, nor does a restart open this one.
    _ = try await stage.run("b")
    _ = await stage.receiver.taken(4)
    try await stage.harness.crashAndReopen()
    try await stage.until { try stage.waiting == 2 }
    #expect(stage.receiver.types.suffix(2) == ["esteira.job.created", "esteira.job.failed"])
    _ = try await stage.node.replay(letter.id, actor: "local:ana")
    let all = await stage.receiver.taken(6)
    try await stage.empty()
    #expect(all.suffix(2).map(\.type) == ["esteira.job.created", "esteira.job.failed"])
    #expect(all[4].id == all[0].id && all[4].attempt == 1)
  }

  @Test("S32: a strict lane moves on when its dead letter is discarded")
  func strictDiscard() async throws {
    let plan = DeliveryPlan(pauses: [])
    let stage = try OutboxStage(events: Self.ends, ordering: .strict, plan: plan)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.down)
    _ = try await stage.run("a")
    let letter = try #require(try await stage.letters(1).first)
    #expect(try stage.waiting == 2)
    try await stage.node.discard(letter.id, reason: "told by phone", actor: "local:ana")
    _ = await stage.receiver.taken(2)
    try await stage.empty()
    #expect(stage.receiver.types == ["esteira.job.created", "esteira.job.failed"])
  }

  @Test("S32: a 410 disables the destination, over a restart, until it is enabled", arguments: Backend.all)
  func gone(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: Self.failed)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.gone)
    _ = try await stage.run("a")
    try await stage.until { try !stage.harness.readModel.readDisabledDestinations().isEmpty }
    _ = try await stage.run("b")
    try await stage.harness.crashAndReopen()
    try await stage.harness.onlooker.settled()
    #expect(stage.receiver.taken.count == 1)
    #expect(try stage.waiting == 2)
    #expect(try stage.letters.isEmpty)
    let view = try DestinationReading([], stage.harness.readModel).one("ops")
    #expect(view.disabled?.reason == "It answered 410.")
    try await stage.node.enableDestination("ops")
    let all = await stage.receiver.taken(3)
    try await stage.empty()
    #expect(all.filter { $0.id == all[0].id }.map(\.attempt) == [1, 1])
    #expect(try stage.harness.readModel.readDisabledDestinations().isEmpty)
    #expect(try stage.deliveries.map(\.outcome) == [.gone, .delivered, .delivered])
  }

  @Test("S32: what can never be taken is a dead letter at once", arguments: Backend.all)
  func refused(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: Self.ends)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.refused)
    _ = try await stage.run("a")
    let letter = try #require(try await stage.letters(1).first)
    #expect(letter.fingerprint == "test-refused ops" && letter.source["tries"] == 1)
    try await stage.empty()
    #expect(stage.receiver.types == ["esteira.job.created", "esteira.job.failed"])
  }

  @Test(
    "S32: a crash between the sending and its removal sends again, under the same id", arguments: Backend.all)
  func crash(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: Self.ends)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.hold()
    _ = try await stage.run("a")
    let first = await stage.receiver.taken(1)
    await stage.harness.crash()
    stage.receiver.letGo()
    try await stage.harness.reopen()
    let all = await stage.receiver.taken(3)
    try await stage.empty()
    #expect(all[1].id == first[0].id && all[1].body == first[0].body)
    #expect(all.map(\.type) == ["esteira.job.created", "esteira.job.created", "esteira.job.failed"])
  }

  @Test("what the receiver asks for as a pause is kept, up to a day", arguments: [7_200, 900_000])
  func retryAfter(_ asked: Int) async throws {
    let stage = try OutboxStage(events: Self.failed)
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(DeliveryOutcome(.retry(after: .seconds(asked)), status: 429, code: "http-status"))
    _ = try await stage.run("a")
    _ = try await stage.tried(1)
    let row = try #require(try stage.harness.readModel.readOutboxRow(1))
    #expect(row.nextAt - stage.clock.now == min(.seconds(asked), DeliveryPlan.longestPause))
    stage.clock.advance(by: min(.seconds(asked), DeliveryPlan.longestPause))
    _ = await stage.receiver.taken(2)
    try await stage.empty()
  }

  @Test(
    "what a job committed is told by the next node, and no commit means no message", arguments: Backend.all)
  func atomic(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: Self.failed, faulty: true)
    try await stage.harness.apply(OutboxStage.failing)
    let broke = stage.harness.nextBreak()
    // The admission and the start are one commit, the end is the next: that one is lost with its message.
    stage.harness.faulty?.fail(.beforeCommit, after: 1)
    let job = try await stage.harness.startAgain(key: "a")
    await broke()
    #expect(try stage.harness.readModel.outboxSummaries().isEmpty)
    stage.harness.stage.drop()
    try await stage.harness.reopen()
    _ = try await stage.harness.ended(job)
    _ = await stage.receiver.taken(1)
    try await stage.empty()
    #expect(stage.receiver.types == Self.failed)
  }

  @Test("no more than so many are on their way to one destination, and others are not held up")
  func bounds() async throws {
    let second = Receiver()
    let other = ConfiguredDestination(name: "second", kind: "test", events: Self.failed, receiver: second)
    let stage = try OutboxStage(events: Self.failed, others: [other])
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.hold()
    for number in 0..<20 { _ = try await stage.run("k\(number)") }
    _ = await second.taken(20)
    _ = await stage.receiver.taken(8)
    try await stage.harness.onlooker.settled()
    #expect(stage.receiver.taken.count == 8)
    stage.receiver.letGo()
    _ = await stage.receiver.taken(20)
    try await stage.empty()
    #expect(Set(stage.receiver.taken.map(\.id)).count == 20)
  }

  @Test("beyond so many that wait, a new message is a dead letter at once", arguments: Backend.all)
  func full(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend, events: Self.failed) { $0.outboxRows = 2 }
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.hold()
    for key in ["a", "b", "c"] { _ = try await stage.run(key) }
    #expect(try stage.waiting == 2)
    let letter = try #require(try stage.letters.first)
    #expect(letter.fingerprint == "outbox-full ops")
    let refused = await refusal { _ = try await stage.node.replay(letter.id, actor: "local:ana") }
    #expect(refused?.code == "outbox-full")
    stage.receiver.letGo()
    try await stage.empty()
    _ = try await stage.node.replay(letter.id, actor: "local:ana")
    #expect(await stage.receiver.taken(3).count == 3)
  }
}
