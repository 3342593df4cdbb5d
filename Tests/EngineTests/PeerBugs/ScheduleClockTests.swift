import Foundation
import Model
import Testing

@testable import Engine

/// Bugs that other schedulers had with the changes of clocks, and with jobs that exclude each other.
@Suite("Peers' bugs: schedules", .timeLimit(.minutes(1)))
struct ScheduleClockTests {
  private static func starts(
    _ line: String, _ zone: String, _ from: Timestamp, _ to: Timestamp
  ) throws -> [Timestamp] {
    let json: JSON = [
      "cron": .string(line), "timezone": .string(zone), "catch_up": ["last": "all", "within": "30d"],
    ]
    let spec = try #require(
      ScheduleSpec(
        spec: json, seed: "demo/report daily", zone: { Harness.zones.zone($0) }, calendar: { _ in nil }))
    return DueTimes(spec: spec, pause: nil).decide(after: from, until: to).starts.map(\.due)
  }

  /// 00:30 is not there in one spring night of Lord Howe's, 01:30 comes twice or half a time in autumn.
  /// As in temporal #8205, airflow #38098, PR 4117, node-cron #563.
  @Test(
    "a daily line runs once on each day of ten years, whatever the clocks do",
    arguments: ["30 2 * * *", "30 1 * * *", "0 0 * * *", "59 23 * * *"],
    ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca"])
  func daily(line: String, zone: String) throws {
    let zoneOfLine = try #require(Harness.zones.zone(zone))
    var from = try #require(Timestamp(rfc3339: "2015-01-15T12:00:00Z"))
    var days: [Int64] = []
    for _ in 0..<365 {
      let to = from + .seconds(10 * 86_400)
      for due in try Self.starts(line, zone, from, to) {
        days.append(day(of: due, in: zoneOfLine))
      }
      from = to
    }
    #expect(days.count == 3_650)
    #expect(zip(days, days.dropFirst()).allSatisfy { $1 == $0 + 1 })
  }

  /// The day of the local time.
  private func day(of moment: Timestamp, in zone: Zone) -> Int64 {
    let seconds = moment.microseconds / 1_000_000
    return (seconds + Int64(zone.offset(at: seconds))) / 86_400
  }

  /// As in temporal #8205, airflow #38098, PR 4117, node-cron #563.
  @Test(
    "every five minutes is every five minutes, also where an hour is left out or comes twice",
    arguments: [
      ("America/New_York", "2027-03-14T05:00:00Z"), ("America/New_York", "2027-11-07T04:00:00Z"),
      ("Europe/Berlin", "2027-03-28T00:00:00Z"), ("Europe/Berlin", "2027-10-31T00:00:00Z"),
      ("Australia/Lord_Howe", "2027-04-03T13:00:00Z"), ("Australia/Lord_Howe", "2027-10-02T14:00:00Z"),
    ])
  func fiveMinutes(zone: String, from: String) throws {
    let start = try #require(Timestamp(rfc3339: from))
    let dues = try Self.starts("*/5 * * * *", zone, start, start + .seconds(4 * 3_600))
    #expect(dues.count == 48)
    #expect(Set(zip(dues, dues.dropFirst()).map { $1 - $0 }) == [.seconds(300)])
  }

  @Test(
    "a job with a key does not meet itself after a restart, and its schedule goes on (river PR 619)",
    arguments: Backend.all)
  func ownKey(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      key: one
      triggers: {daily: {schedule: {cron: '0 * * * *', overlap: allow}}}
      steps: {work: {uses: test.keyed, timeout: 30d, with: {hold: true}}}
      """, id: "report")
    harness.advance(hours: 1)
    try await harness.told(once: "09:00 started")
    await harness.stage.holding("work")
    try await harness.crashAndReopen()
    await harness.stage.begun("work", 2)
    let first = try await harness.job(of: "report")
    let request = JobRequest(pipeline: Harness.report, actor: "local:ana")
    #expect(try await harness.node.start(request).job == first)
    // Due while the job with the key lives: that is its job.
    harness.advance(hours: 1)
    try await harness.onlooker.until { try harness.fires().count == 2 }
    try await harness.onlooker.settled()
    #expect(try harness.jobs(of: "report") == [first])
    await harness.stage.end("work")
    _ = try await harness.ended(first)
    harness.advance(hours: 1)
    try await harness.told(once: "11:00 started")
    #expect(try harness.jobs(of: "report").count == 2)
    await harness.stage.end("work")
    try await harness.allEnded()
  }
}
