import Foundation
import Model
import Testing

@testable import Engine

@Suite("What a schedule makes of the due times between two moments")
struct DueTimesTests {
  private static func moment(_ text: String) -> Timestamp {
    Timestamp(rfc3339: text) ?? Timestamp(microseconds: 0)
  }

  private static func spec(_ json: JSON, calendar: ClosedDays? = nil) throws -> ScheduleSpec {
    try #require(
      ScheduleSpec(
        spec: json, seed: "demo/report daily", zone: { Harness.zones.zone($0) }, calendar: { _ in calendar }))
  }

  private static func decide(
    _ json: JSON, _ from: String, _ to: String, pause: ScheduleRow.Pause? = nil
  ) throws -> DueTimes.Verdict {
    DueTimes(spec: try spec(json), pause: pause).decide(after: moment(from), until: moment(to))
  }

  /// Each row: the line, the zone, the stretch that nothing ran, and the due times of it.
  @Test(
    "sees each due time of a stretch over a change of the clocks once",
    arguments: [
      // 02:30 does not exist on 14 March, and is 03:00.
      (
        "30 2 * * *", "America/New_York", "2027-03-13T12:00:00Z", "2027-03-15T12:00:00Z",
        ["2027-03-14T07:00:00Z", "2027-03-15T06:30:00Z"]
      ),
      // 01:30 comes twice on 7 November: the first counts.
      (
        "30 1 * * *", "America/New_York", "2027-11-06T12:00:00Z", "2027-11-08T12:00:00Z",
        ["2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z"]
      ),
      // Every hour is every real hour: none is left out and none is silent.
      (
        "0 * * * *", "America/New_York", "2027-11-07T04:30:00Z", "2027-11-07T07:30:00Z",
        ["2027-11-07T05:00:00Z", "2027-11-07T06:00:00Z", "2027-11-07T07:00:00Z"]
      ),
      // São Paulo's clocks no longer change.
      (
        "30 2 * * *", "America/Sao_Paulo", "2027-10-16T12:00:00Z", "2027-10-18T12:00:00Z",
        ["2027-10-17T05:30:00Z", "2027-10-18T05:30:00Z"]
      ),
    ])
  func clockChanges(line: String, zone: String, from: String, to: String, expected: [String]) throws {
    let verdict = try Self.decide(
      ["cron": .string(line), "timezone": .string(zone), "catch_up": ["last": "all", "within": "3d"]], from,
      to)
    #expect(verdict.starts.map(\.due.rfc3339) == expected)
    #expect(verdict.left.isEmpty)
    #expect(verdict.decidedUntil.rfc3339 == expected.last)
  }

  @Test("a 15-second schedule is not silent in the hour that comes twice: cron-plus #108")
  func subHour() throws {
    let verdict = try Self.decide(
      [
        "cron": "*/15 * * * * *", "dialect": "seconds", "timezone": "America/New_York",
        "catch_up": ["last": 1_000, "within": "3d"],
      ], "2027-11-07T05:00:00Z", "2027-11-07T07:00:00Z")
    #expect(verdict.starts.count == 480)
    let gaps = zip(verdict.starts, verdict.starts.dropFirst()).map { $1.due - $0.due }
    #expect(Set(gaps) == [.seconds(15)])
  }

  @Test("a long downtime has a row for each of the last thousand, and one for all before them")
  func stretch() throws {
    let verdict = try Self.decide(
      ["cron": "* * * * *", "catch_up": "none"], "2027-01-01T00:00:00Z", "2027-01-11T00:00:30Z")
    #expect(verdict.starts.map(\.due.rfc3339) == ["2027-01-11T00:00:00Z"])
    #expect(verdict.left.count == 1_001)
    #expect(verdict.left[0].count == 14_399 - 1_000)
    #expect(verdict.left[0].due.rfc3339 == "2027-01-01T00:01:00Z")
    #expect(verdict.left[0].last == verdict.left[1].due + .seconds(-60))
    #expect(Set(verdict.left.map(\.reason)) == ["down"])
  }

  @Test("a schedule of every second that was down for a year costs no year")
  func bounded() throws {
    let verdict = try Self.decide(
      ["cron": "* * * * * *", "dialect": "seconds", "catch_up": ["last": 5]], "2026-01-01T00:00:00Z",
      "2027-01-01T00:00:00Z")
    #expect(verdict.left.count <= DueTimes.mostRows + 1)
    #expect(verdict.starts.count == 5 + 61 - 1 || verdict.starts.count == 66)
    #expect(verdict.decidedUntil.rfc3339 == "2027-01-01T00:00:00Z")
  }

  @Test("a pause holds only what is due in it")
  func pause() throws {
    let pause = ScheduleRow.Pause(
      by: "ana", reason: "care", at: Self.moment("2027-01-01T09:30:00Z"),
      until: Self.moment("2027-01-01T11:00:00Z"))
    let verdict = try Self.decide(
      ["cron": "0 * * * *", "catch_up": "all"], "2027-01-01T08:30:00Z", "2027-01-01T11:30:00Z", pause: pause)
    #expect(verdict.starts.map(\.due.rfc3339) == ["2027-01-01T09:00:00Z", "2027-01-01T11:00:00Z"])
    #expect(verdict.left.map(\.due.rfc3339) == ["2027-01-01T10:00:00Z"])
  }

  @Test("a jitter never brings a due time before another, nor out of its bound")
  func jitter() throws {
    let spec = try Self.spec(["cron": "* * * * *", "jitter": "10m"])
    var due = Self.moment("2027-01-01T00:00:00Z")
    var spread: Set<Int64> = []
    for _ in 0..<500 {
      due = due + .seconds(60)
      let late = spec.release(due) - due
      #expect(late >= .zero && late < .seconds(600))
      spread.insert(late.microseconds / 60_000_000)
    }
    #expect(spread.count == 10)
    let verdict = DueTimes(spec: spec, pause: nil).decide(
      after: Self.moment("2027-01-01T00:00:00Z"), until: Self.moment("2027-01-01T02:00:00Z"))
    #expect(verdict.starts.map(\.due) == verdict.starts.map(\.due).sorted())
  }

  @Test(
    "is nothing for what the reader of the file refuses",
    arguments: [
      ["cron": "0 6 * *"], ["cron": "0 6 * * *", "timezone": "Mars"],
      ["cron": "0 6 * * *", "overlap": "maybe"],
      ["cron": "0 6 * * *", "catch_up": "some"], ["cron": "0 6 * * *", "catch_up": ["last": 0]],
      ["cron": "0 6 * * *", "catch_up": ["within": "400d"]], ["cron": "0 6 * * *", "jitter": "2d"],
    ] as [JSON])
  func refused(json: JSON) {
    #expect(
      ScheduleSpec(spec: json, seed: "", zone: { Harness.zones.zone($0) }, calendar: { _ in nil }) == nil)
  }
}
