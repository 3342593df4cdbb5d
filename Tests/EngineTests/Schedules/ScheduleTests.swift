import Engine
import Model
import Testing

@Suite("A schedule", .timeLimit(.minutes(1)))
struct ScheduleTests {
  private static let hourly = "cron: '0 * * * *'"

  @Test("starts one job for each due time, which is the job's trigger.time", arguments: Backend.all)
  func starts(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.schedule(Self.hourly)
    for hour in ["09", "10", "11"] {
      harness.advance(hours: 1)
      try await harness.told(once: "\(hour):00 started")
    }
    #expect(try await harness.dues() == ["09:00", "10:00", "11:00"])
    let rows = try harness.fires()
    #expect(rows.map(\.job) == (try harness.jobs(of: "report")).reversed())
    let view = try await harness.ended(try #require(rows[0].job))
    #expect(view.outputs == ["at": "2027-01-15T09:00:00Z", "type": "schedule"])
    #expect(view.summary.actor == "trigger:demo/report/daily")
    // Nothing of it is left in line, and a restart finds nothing to do.
    try await harness.crashAndReopen()
    try await harness.onlooker.settled()
    #expect(try await harness.dues() == ["09:00", "10:00", "11:00"])
  }

  @Test("begins when it is applied, and begins anew when its line or zone is another")
  func begins() async throws {
    let harness = try Harness()
    try await harness.schedule(Self.hourly)
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    // Applied between: 09:45 and the quarters before it are not made up for.
    harness.clock.advance(by: .seconds(2_800))
    try await harness.schedule("cron: '*/15 * * * *', catch_up: all")
    harness.clock.advance(by: .seconds(800))
    #expect(try await harness.told(once: "10:00 started") == ["09:00 started", "10:00 started"])
    // The same line in another revision goes on where it stood.
    await harness.crash()
    harness.clock.advance(by: .seconds(900))
    try await harness.reopen()
    #expect(try await harness.told(once: "10:15 started").count == 3)
  }

  /// Due at 09:00 … 17:00 while nothing runs; the server comes back at 17:30.
  @Test(
    "makes up for nine hours without a server as its catch_up says, in due order",
    arguments: [
      ("none", []), ("{last: 1}", ["17:00"]), ("{last: 3}", ["15:00", "16:00", "17:00"]),
      ("all", ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00", "17:00"]),
      ("{last: all, within: 4h}", ["14:00", "15:00", "16:00", "17:00"]),
      ("{last: 2, within: 40m}", ["17:00"]),
    ])
  func downtime(policy: String, expected: [String]) async throws {
    for backend in Backend.all {
      let harness = try Harness(backend)
      try await harness.schedule("\(Self.hourly), catch_up: \(policy)")
      await harness.crash()
      harness.clock.advance(by: .seconds(9 * 3_600 + 1_800))
      try await harness.reopen()
      let all = (9...17).map { $0 < 10 ? "0\($0):00" : "\($0):00" }
      let rows = all.map { "\($0) \(expected.contains($0) ? "started" : "missed down")" }
      try await harness.onlooker.until { try harness.told() == rows }
      #expect(try await harness.dues() == expected)
      // Twice is not more.
      try await harness.crashAndReopen()
      try await harness.onlooker.settled()
      #expect(try harness.told() == rows)
    }
  }

  @Test("catches up one job at a time, whatever its overlap says of others")
  func oneAtATime() async throws {
    let harness = try Harness()
    try await harness.schedule("\(Self.hourly), catch_up: all, overlap: skip", holds: true)
    await harness.crash()
    harness.clock.advance(by: .seconds(3 * 3_600 + 1_800))
    try await harness.reopen()
    try await harness.told(once: "09:00 started")
    #expect(try harness.told() == ["09:00 started", "10:00 waiting", "11:00 waiting"])
    // One that is due meanwhile is in their way, and is left out.
    harness.clock.advance(by: .seconds(1_800))
    try await harness.told(once: "12:00 skipped overlap")
    for due in ["09:00", "10:00"] { await harness.finish(due) }
    try await harness.told(once: "11:00 started")
    await harness.finish("11:00")
    try await harness.allEnded()
    #expect(try await harness.dues() == ["09:00", "10:00", "11:00"])
  }

  @Test("is not missed where the server is back within a minute")
  func shortDowntime() async throws {
    let harness = try Harness()
    try await harness.schedule("\(Self.hourly), catch_up: none")
    await harness.crash()
    harness.clock.advance(by: .seconds(3_630))
    try await harness.reopen()
    try await harness.told(once: "09:00 started")
  }

  @Test("makes nothing of the due times of its own pause, and says so in their rows", arguments: Backend.all)
  func paused(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.schedule("\(Self.hourly), catch_up: all")
    _ = try await harness.node.pauseSchedule(Harness.daily, by: "local:ana", reason: "care", until: nil)
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 missed paused")
    await harness.crash()
    harness.advance(hours: 1)
    try await harness.reopen()
    try await harness.told(once: "10:00 missed paused")
    #expect(try harness.fires().first?.detail == "local:ana: care")
    _ = try await harness.node.resumeSchedule(Harness.daily, catchesUp: false)
    harness.advance(hours: 1)
    #expect(
      try await harness.told(once: "11:00 started") == [
        "09:00 missed paused", "10:00 missed paused", "11:00 started",
      ])
  }

  @Test("makes up for its pause where it is resumed with --catch-up, and ends one with an end by itself")
  func resumed() async throws {
    let harness = try Harness()
    try await harness.schedule("\(Self.hourly), catch_up: {last: 2}")
    _ = try await harness.node.pauseSchedule(Harness.daily, by: "local:ana", reason: "care", until: nil)
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 missed paused")
    harness.advance(hours: 2)
    try await harness.told(once: "11:00 missed paused")
    _ = try await harness.node.resumeSchedule(Harness.daily, catchesUp: true)
    #expect(
      try await harness.told(once: "11:00 started") == [
        "09:00 missed paused", "10:00 started", "11:00 started",
      ])
    let end = harness.clock.now + .seconds(5_400)
    _ = try await harness.node.pauseSchedule(Harness.daily, by: "local:ana", reason: "care", until: end)
    for hour in 12...13 {
      harness.advance(hours: 1)
      try await harness.told(once: hour == 12 ? "12:00 missed paused" : "13:00 started")
    }
  }

  @Test("misses what is due while its pipeline is paused or it is disabled")
  func held() async throws {
    let harness = try Harness()
    try await harness.schedule(Self.hourly, more: "enabled: settings.on")
    let on = CatalogWrite.setting(
      namespace: "demo", name: "on", value: true, by: "local:ana", at: harness.clock.now)
    try await harness.node.write([on])
    let pause = PauseRecord(
      pipeline: Harness.report, by: "local:ana", reason: "care", at: harness.clock.now, until: nil)
    try await harness.node.write([.pause(pause)])
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 missed pipeline-paused")
    try await harness.node.write([.resume(Harness.report)])
    harness.advance(hours: 1)
    try await harness.told(once: "10:00 started")
    let off = CatalogWrite.setting(
      namespace: "demo", name: "on", value: false, by: "local:ana", at: harness.clock.now)
    try await harness.node.write([off])
    harness.advance(hours: 1)
    try await harness.onlooker.settled()
    try await harness.node.write([on])
    harness.advance(hours: 1)
    #expect(
      try await harness.told(once: "12:00 started") == [
        "09:00 missed pipeline-paused", "10:00 started", "12:00 started",
      ])
  }

  @Test("starts nothing on the closed days of its calendar, nor while there is none")
  func calendar() async throws {
    let harness = try Harness()
    try await harness.schedule("cron: '0 9 * * *', calendar: trading_days")
    harness.advance(hours: 2)
    try await harness.told(once: "09:00 refused no-calendar")
    try await harness.node.write([
      .setting(
        namespace: "demo", name: "trading_days",
        value: ["days": ["2027-01-18 Martin Luther King"], "weekends": true], by: "local:ana",
        at: harness.clock.now)
    ])
    // Saturday the 16th, Sunday, the holiday, and Tuesday.
    for _ in 0..<4 {
      harness.advance(hours: 24)
      try await harness.onlooker.settled()
    }
    try await harness.onlooker.until { try harness.fires().count == 5 }
    try await harness.onlooker.until { try harness.fires([.started]).count == 1 }
    let rows = try harness.fires()
    #expect(rows.map(\.outcome) == [.refused, .skipped, .skipped, .skipped, .started])
    #expect(
      rows.map(\.detail) == [
        "trading_days", "trading_days: weekend", "trading_days: weekend",
        "trading_days: Martin Luther King", nil,
      ])
  }

  @Test("is due once, though the clock is put back an hour, and catches up where it is put forward (S12)")
  func clockJumps() async throws {
    let harness = try Harness()
    try await harness.schedule("\(Self.hourly), catch_up: {last: 1}")
    harness.clock.advance(by: .seconds(3_700))
    try await harness.told(once: "09:00 started")
    harness.clock.jumpWall(by: .seconds(-3_600))
    harness.clock.advance(by: .seconds(3_600))
    try await harness.onlooker.settled()
    #expect(try harness.told() == ["09:00 started"])
    harness.clock.jumpWall(by: .seconds(3 * 3_600))
    #expect(
      try await harness.told(once: "12:00 started") == [
        "09:00 started", "10:00 missed down", "11:00 missed down", "12:00 started",
      ])
  }

  @Test("starts one job, though two nodes drive it at once: airflow #64710")
  func twoLeaders() async throws {
    let harness = try Harness()
    try await harness.schedule(Self.hourly)
    let second = try harness.another()
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    try await Onlooker(node: second, readModel: harness.readModel).settled()
    try await harness.onlooker.settled()
    #expect(try harness.jobs(of: "report").count == 1)
    #expect(try harness.told() == ["09:00 started"])
    await second.abandon()
  }

  @Test("spreads its starts by a jitter that is the same after a restart")
  func jitter() async throws {
    let harness = try Harness()
    try await harness.schedule("\(Self.hourly), jitter: 20m")
    let spec = try #require(harness.node.triggers[Harness.report, "daily"]?.schedule)
    let due = harness.clock.now + .seconds(3_600)
    let release = spec.release(due)
    #expect(release > due && release < due + .seconds(1_200))
    harness.clock.advance(by: release - harness.clock.now + .microseconds(-1))
    try await harness.crashAndReopen()
    try await harness.onlooker.settled()
    #expect(try harness.fires().isEmpty)
    harness.clock.advance(by: .microseconds(1))
    try await harness.told(once: "09:00 started")
    #expect(try await harness.dues() == ["09:00"])
  }

  @Test("starts a job when a person asks for one, behind a live one")
  func byHand() async throws {
    let harness = try Harness()
    try await harness.schedule(Self.hourly, holds: true)
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    harness.clock.advance(by: .seconds(60))
    guard case .stored = try await harness.node.startSchedule(Harness.daily, by: "local:ana") else {
      Issue.record("It did not wait.")
      return
    }
    await harness.finish("09:00")
    try await harness.told(once: "09:01 started")
    #expect(try harness.fires().count == 2)
    await #expect(throws: Problem.self) {
      try await harness.node.startSchedule(Node.TriggerName(Harness.report, "weekly"), by: "local:ana")
    }
  }

  @Test("keeps what it was to start as a refused row, where the pipeline does not take it")
  func refused() async throws {
    let harness = try Harness()
    try await harness.apply(
      """
      inputs: {count: {type: integer, maximum: 3}}
      triggers:
        daily:
          schedule: {cron: "0 * * * *"}
          inputs: {count: "${{ trigger.time.getHours() }}"}
      steps: {work: {uses: test.keyed, with: {value: {}}}}
      """, id: "report")
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 refused invalid-input")
    #expect(try await harness.deadLetters(1).count == 1)
  }
}
