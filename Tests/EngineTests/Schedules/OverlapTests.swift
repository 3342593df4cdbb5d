import Engine
import Model
import Testing

@Suite("A schedule whose job is still live when it is due again", .timeLimit(.minutes(1)))
struct OverlapTests {
  private func harness(_ overlap: String, _ backend: Backend = .memory) async throws -> Harness {
    let harness = try Harness(backend)
    try await harness.schedule("cron: '0 * * * *', overlap: \(overlap)", holds: true)
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    return harness
  }

  @Test("leaves the due time out with skip, and names the job in the way", arguments: Backend.all)
  func skip(_ backend: Backend) async throws {
    let harness = try await harness("skip", backend)
    let job = try #require(try harness.jobs(of: "report").first)
    harness.advance(hours: 1)
    try await harness.told(once: "10:00 skipped overlap")
    #expect(try harness.fires().last?.detail == "job \(job)")
    await harness.finish("09:00")
    _ = try await harness.ended(job)
    harness.advance(hours: 1)
    #expect(
      try await harness.told(once: "11:00 started") == [
        "09:00 started", "10:00 skipped overlap", "11:00 started",
      ])
  }

  @Test("lets one wait with buffer_one, also over a restart, and leaves further ones out")
  func bufferOne() async throws {
    let harness = try await harness("buffer_one", .sqlite)
    harness.advance(hours: 1)
    try await harness.told(once: "10:00 waiting")
    harness.advance(hours: 1)
    try await harness.told(once: "11:00 skipped overlap")
    try await harness.crashAndReopen()
    await harness.finish("09:00")
    try await harness.told(once: "10:00 started")
    await harness.finish("10:00")
    try await harness.allEnded()
    #expect(try harness.told() == ["09:00 started", "10:00 started", "11:00 skipped overlap"])
  }

  @Test("lets all wait with buffer_all, and starts them in order, one after another")
  func bufferAll() async throws {
    let harness = try await harness("buffer_all")
    for hour in 10...12 {
      harness.advance(hours: 1)
      try await harness.told(once: "\(hour):00 waiting")
    }
    for (ending, next) in [("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00")] {
      await harness.finish(ending)
      try await harness.told(once: "\(next) started")
    }
    #expect(try await harness.dues() == ["09:00", "10:00", "11:00", "12:00"])
    #expect(harness.stage.most == 1)
  }

  @Test("cancels the live job with cancel_running; the newest takes its place once that has ended (S20)")
  func cancelRunning() async throws {
    let harness = try Harness { $0.cancelGrace = .seconds(86_400) }
    try await harness.apply(
      """
      inputs: {at: {type: string, default: "${{ string(trigger.time) }}"}}
      triggers: {daily: {schedule: {cron: "0 * * * *", overlap: cancel_running}}}
      steps:
        work: {uses: test.keyed, timeout: 30d, with: {hold: true, deaf: true, door: "${{ inputs.at }}"}}
      """, id: "report")
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    await harness.stage.holding("2027-01-15T09:00:00Z")
    let first = try #require(try harness.jobs(of: "report").first)
    harness.advance(hours: 1)
    try await harness.told(once: "10:00 waiting")
    // A third one takes the place of the one that waits.
    harness.advance(hours: 1)
    let rows = ["09:00 started", "10:00 skipped replaced", "11:00 waiting"]
    try await harness.onlooker.until { try harness.told() == rows }
    await harness.finish("09:00")
    let view = try await harness.ended(first)
    #expect(view.summary.status == .cancelled)
    try await harness.told(once: "11:00 started")
    #expect(try await harness.dues() == ["09:00", "11:00"])
  }

  @Test("starts beside the live job with allow")
  func allow() async throws {
    let harness = try await harness("allow")
    harness.advance(hours: 1)
    try await harness.told(once: "10:00 started")
    for due in ["10:00", "09:00"] { await harness.finish(due) }
    try await harness.allEnded()
    #expect(harness.stage.most == 2)
  }

  @Test("knows its live job also when that was parked, or was retried in place")
  func parkedAndRetried() async throws {
    let harness = try Harness(.sqlite) { $0.parksAfter = .seconds(60) }
    try await harness.apply(
      """
      triggers: {daily: {schedule: {cron: "0 * * * *", overlap: skip}}}
      steps:
        nap: {wait: {signal: {name: go}}}
        work: {needs: [nap], uses: test.keyed, with: {fail: data, fail_times: 1}}
      """, id: "report")
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    let job = try #require(try harness.jobs(of: "report").first)
    harness.clock.advance(by: .seconds(120))
    try await harness.onlooker.until { try harness.store.parkedJobs().count == 1 }
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(3_480))
    try await harness.told(once: "10:00 skipped overlap")
    _ = try await harness.node.signal(
      SignalRequest(name: "go", payload: .null, actor: "local:ana"), in: "demo")
    _ = try await harness.ended(job)
    harness.advance(hours: 1)
    try await harness.told(once: "11:00 started")
  }
}
