import Engine
import Model
import Testing

@Suite("The rows of due times", .timeLimit(.minutes(1)))
struct ScheduleRetentionTests {
  @Test(
    "go as history goes: those that started nothing, and the others with their job", arguments: Backend.all)
  func rows(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.schedule("cron: '0 * * * *', catch_up: {last: 1}")
    await harness.crash()
    harness.clock.advance(by: .seconds(4 * 3_600 + 1_800))
    try await harness.reopen()
    try await harness.told(once: "12:00 started")
    _ = try await harness.ended(try #require(try harness.fires([.started]).first?.job))
    #expect(try harness.fires([.missed]).count == 3)
    harness.clock.advance(by: .seconds(1))
    try await harness.node.write([
      .retention(
        RetentionRule(
          namespace: "demo", retained: .history, days: 0, by: "local:ana", at: harness.clock.now))
    ])
    // The row that names the job goes only once the job has gone.
    #expect(try await harness.node.forecast().map(\.now.count) == [4])
    #expect(try await harness.node.retain(by: "local:ana").map(\.count) == [5])
    #expect(try harness.fires().isEmpty)
    // A run of another moment: the proofs of one are one answer.
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.node.retain(by: "local:ana") == [])
  }
}
