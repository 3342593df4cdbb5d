import Engine
import Model
import Testing

@Suite("A backfill", .timeLimit(.minutes(1)))
struct BackfillTests {
  /// From 09:00 to 12:00 of a day whose schedule was made at 08:00, at 12:30.
  private func harness(_ backend: Backend = .memory, holds: Bool = false) async throws -> Harness {
    let harness = try Harness(backend)
    try await harness.schedule("cron: '0 * * * *', catch_up: {last: 1}", holds: holds)
    await harness.crash()
    harness.clock.advance(by: .seconds(4 * 3_600 + 1_800))
    try await harness.reopen()
    try await harness.told(once: "12:00 started")
    return harness
  }

  private func wish(
    _ harness: Harness, onlyMissing: Bool = true, concurrency: Int = 1
  ) -> BackfillWish {
    let now = harness.clock.now
    return BackfillWish(
      schedule: Harness.daily, from: now + .seconds(-4 * 3_600), to: now, onlyMissing: onlyMissing,
      concurrency: concurrency, actor: "local:ana")
  }

  private func state(_ harness: Harness, _ id: ID<Backfill>, _ state: BackfillRow.State) async throws
    -> BackfillRow
  {
    try await harness.onlooker.until { try harness.readModel.backfill(id)?.state == state }
    return try #require(try harness.readModel.backfill(id))
  }

  @Test("makes a job for each missed due time, in order, below other jobs", arguments: Backend.all)
  func onlyMissing(_ backend: Backend) async throws {
    let harness = try await harness(backend)
    let row = try await harness.node.backfill(wish(harness))
    #expect(row.dues.count == 3)
    let done = try await state(harness, row.id, .done)
    #expect(done.counts == BackfillRow.Counts(succeeded: 3))
    #expect(try harness.told() == ["09:00 started", "10:00 started", "11:00 started", "12:00 started"])
    #expect(try await harness.dues() == ["12:00", "09:00", "10:00", "11:00"])
    let job = try #require(try harness.fires().first?.job)
    let view = try await harness.view(job)
    #expect(view.outputs?["type"] == "backfill")
    #expect(view.summary.identity.priority == 3)
    #expect(view.summary.triggerType == "backfill")
  }

  @Test("fills only the holes when it is repeated (S21)")
  func repeated() async throws {
    let harness = try await harness()
    let first = try await harness.node.backfill(wish(harness, onlyMissing: false))
    #expect(try await state(harness, first.id, .done).counts == BackfillRow.Counts(succeeded: 4))
    let second = try await harness.node.backfill(wish(harness, onlyMissing: false))
    #expect(try await state(harness, second.id, .done).counts == BackfillRow.Counts(existing: 4))
    #expect(try harness.jobs(of: "report").count == 5)
    let third = try await harness.node.backfill(wish(harness))
    #expect(third.dues.isEmpty)
    _ = try await state(harness, third.id, .done)
  }

  @Test("runs no more jobs at once than it may, beside the schedule's own")
  func throttled() async throws {
    let harness = try Harness()
    try await harness.schedule("cron: '0 * * * *', catch_up: none", holds: true)
    await harness.crash()
    harness.clock.advance(by: .seconds(4 * 3_600 + 1_800))
    try await harness.reopen()
    try await harness.told(once: "12:00 missed down")
    let row = try await harness.node.backfill(wish(harness, concurrency: 2))
    for due in ["09:00", "10:00"] { try await harness.told(once: "\(due) started") }
    #expect(try harness.readModel.backfill(row.id)?.next == 2)
    harness.clock.advance(by: .seconds(1_800))
    try await harness.told(once: "13:00 started")
    for due in ["10:00", "09:00", "13:00", "11:00", "12:00"] { await harness.finish(due) }
    _ = try await state(harness, row.id, .done)
    try await harness.allEnded()
    #expect(harness.stage.most == 3)
  }

  @Test("goes on behind a crash in its middle, and counts each job once", arguments: Backend.all)
  func crash(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.schedule("cron: '0 * * * *', catch_up: none", holds: true)
    await harness.crash()
    harness.clock.advance(by: .seconds(4 * 3_600 + 1_800))
    try await harness.reopen()
    try await harness.told(once: "12:00 missed down")
    let row = try await harness.node.backfill(wish(harness))
    for due in ["09:00", "10:00", "11:00", "12:00"] {
      try await harness.told(once: "\(due) started")
      try await harness.crashAndReopen()
      await harness.finish(due)
    }
    #expect(try await state(harness, row.id, .done).counts == BackfillRow.Counts(succeeded: 4))
    #expect(try await harness.dues() == ["09:00", "10:00", "11:00", "12:00"])
  }

  @Test("rests and goes on as people say, and ends early when it is cancelled")
  func control() async throws {
    let harness = try Harness()
    try await harness.schedule("cron: '0 * * * *', catch_up: none", holds: true)
    await harness.crash()
    harness.clock.advance(by: .seconds(4 * 3_600 + 1_800))
    try await harness.reopen()
    try await harness.told(once: "12:00 missed down")
    let row = try await harness.node.backfill(wish(harness))
    try await harness.told(once: "09:00 started")
    _ = try await harness.node.change(row.id, to: .paused)
    await harness.finish("09:00")
    try await harness.allEnded()
    try await harness.onlooker.settled()
    #expect(try harness.jobs(of: "report").count == 1)
    _ = try await harness.node.change(row.id, to: .running)
    try await harness.told(once: "10:00 started")
    _ = try await harness.node.change(row.id, to: .cancelled)
    await harness.finish("10:00")
    try await harness.allEnded()
    try await harness.onlooker.settled()
    #expect(try harness.jobs(of: "report").count == 2)
    #expect(try harness.readModel.backfill(row.id)?.state == .cancelled)
    await #expect(throws: Problem.self) { try await harness.node.change(row.id, to: .running) }
  }

  @Test("refuses a stretch of the future, and more due times than one may have")
  func bounds() async throws {
    let harness = try Harness()
    try await harness.schedule("cron: '* * * * * *', dialect: seconds")
    var future = wish(harness)
    future.to = harness.clock.now + .seconds(1)
    await #expect(throws: Problem.self) { try await harness.node.planBackfill(future) }
    await #expect(throws: Problem.self) { try await harness.node.planBackfill(wish(harness)) }
    var short = wish(harness)
    short.from = short.to + .seconds(-9)
    #expect(try await harness.node.planBackfill(short).dues.count == 10)
  }
}
