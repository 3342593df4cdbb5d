import Foundation
import Model
import Testing

@Suite("Dates, moments and durations as text", .timeLimit(.minutes(1)))
struct CalendarTests {
  @Test("days count through every day of 800 years, weekdays in turn")
  func days() {
    var date = CivilDate(year: 1599, month: 12, day: 31)
    let first = date.daysSince1970
    for days in first...(first + 292_194) {
      #expect(CivilDate(daysSince1970: days) == date)
      #expect(date.daysSince1970 == days)
      if days % 997 == 0 { #expect(date.weekday == Int(((days + 4) % 7 + 7) % 7)) }
      date.day += 1
      if date.day > CivilDate.days(inMonth: date.month, of: date.year) {
        (date.month, date.day) = (date.month + 1, 1)
      }
      if date.month > 12 { (date.year, date.month) = (date.year + 1, 1) }
    }
  }

  @Test("days far before and after the present are those of Python", .enabled(if: Python.isThere))
  func python() throws {
    let program = """
      import random
      from datetime import date, timedelta
      random.seed(5)
      for _ in range(2000):
          n = random.randint(-719162, 2932896)
          d = date(1970, 1, 1) + timedelta(days=n)
          print(n, d.isoformat(), d.isoweekday() % 7, d.timetuple().tm_yday)
      """
    for line in String(decoding: try Python.run(program, arguments: []), as: UTF8.self).split(separator: "\n")
    {
      let words = line.split(separator: " ")
      let date = CivilDate(daysSince1970: try #require(Int64(words[0])))
      #expect("\(date.daysSince1970) \(date.text) \(date.weekday) \(date.dayOfYear)" == line)
      #expect(CivilDate(String(words[1])) == date)
    }
  }

  @Test(
    "a moment is read with its offset and written shortest",
    arguments: [
      ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
      ("2026-11-20T19:00:00.250000-03:00", 1_795_212_000_250_000, "2026-11-20T22:00:00.25Z"),
      ("2000-02-29T23:59:59.999999999+00:00", 951_868_799_999_999, "2000-02-29T23:59:59.999999Z"),
      ("1969-12-31t23:59:59.9z", -100_000, "1969-12-31T23:59:59.9Z"),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
      ("9999-12-31T23:59:59Z", 253_402_300_799_000_000, "9999-12-31T23:59:59Z"),
    ] as [(String, Int64, String)])
  func moments(_ text: String, _ microseconds: Int64, _ shortest: String) throws {
    let moment = try #require(Timestamp(rfc3339: text))
    #expect(moment == Timestamp(microseconds: microseconds))
    #expect(moment.rfc3339 == shortest)
  }

  @Test("a moment keeps the offset that is asked for")
  func offset() throws {
    let moment = try #require(Timestamp(rfc3339: "2026-11-20T22:00:00Z"))
    #expect(moment.rfc3339(offset: -3 * 3600) == "2026-11-20T19:00:00-03:00")
    #expect(moment.rfc3339(offset: 5 * 3600 + 45 * 60) == "2026-11-21T03:45:00+05:45")
    #expect(Timestamp(microseconds: .min).rfc3339.hasPrefix("-290308-"))
  }

  @Test(
    "what is not RFC 3339 is refused",
    arguments: [
      "", "2026-11-20", "2026-11-20T22:00:00", "2026-11-20 22:00:00Z", "2026-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-20T24:00:00Z",
      "2026-11-20T23:60:00Z", "2026-11-20T23:59:60Z", "2026-11-20T22:00:00.Z", "2026-11-20T22:00:00+0300",
      "2026-11-20T22:00:00.1234567890Z", "2026-11-20T22:00:00Zx", "26-11-20T22:00:00Z", "2026-11-20T22:00Z",
      "2026-11-20T22:00:00+24:00", "２026-11-20T22:00:00Z", "0000-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
    ])
  func refusedMoments(_ text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test(
    "a duration is read in any unit and written in the largest that is exact",
    arguments: [
      ("90s", .seconds(90), "90s"), ("5m", .seconds(300), "5m"), ("2h", .seconds(7200), "2h"),
      ("1d", .seconds(86_400), "1d"), ("3.5s", .milliseconds(3500), "3.5s"),
      ("250ms", .milliseconds(250), "250ms"), ("1h30m", .seconds(5400), "90m"), ("0s", .zero, "0s"),
      ("-1.5h", .seconds(-5400), "-90m"), ("7us", .microseconds(7), "0.000007s"), ("60s", .seconds(60), "1m"),
      ("-250ms", .milliseconds(-250), "-250ms"), ("-0.25s", .milliseconds(-250), "-250ms"),
      ("0.000000001s", .nanoseconds(1), "0.000000001s"), ("36h", .seconds(129_600), "36h"),
      ("-1.000001s", .microseconds(-1_000_001), "-1.000001s"),
    ] as [(String, Duration, String)])
  func durations(_ text: String, _ duration: Duration, _ shortest: String) {
    #expect(Duration(text: text) == duration)
    #expect(duration.text == shortest)
    #expect(Duration(text: duration.text) == duration)
    #expect(Duration(text: duration.secondsText) == duration)
  }

  @Test(
    "what is not a duration is refused",
    arguments: [
      "", "-", "90", "s", "5 m", "5m ", "1.s", ".5s", "1e3s", "5M", "1w", "+5m", "--5m", "5mins", "5m-3s",
      "9223372036854775807d", "300000d", "0.1234567890s", "1h 30m",
    ])
  func refusedDurations(_ text: String) {
    #expect(Duration(text: text) == nil)
  }
}
