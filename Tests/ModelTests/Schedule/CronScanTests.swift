import Foundation
import Model
import Testing

/// The same lines by another way: a scanner that looks at every minute of real time and at every time that a
/// clock may show. It reads the sets of values that made the line, not the line.
@Suite("A schedule, minute by minute", .timeLimit(.minutes(1)), .enabled(if: ZoneTests.hasZones))
struct CronScanTests {
  static let zones = [
    "America/Sao_Paulo", "America/New_York", "Europe/Lisbon", "Europe/Dublin", "Europe/London", "UTC",
    "America/Havana", "Africa/Casablanca", "Asia/Gaza", "America/Nuuk", "Australia/Lord_Howe", "Asia/Tehran",
    "Pacific/Apia", "America/St_Johns", "America/Santiago", "Antarctica/Troll", "Africa/Cairo",
    "Pacific/Chatham", "America/Scoresbysund", "America/Noronha",
  ]
  static let years = 1990...2039

  /// So many of a zone's changes; `ESTEIRA_SCAN=1000` looks at all.
  static let sample = ProcessInfo.processInfo.environment["ESTEIRA_SCAN"].flatMap(Int.init) ?? 20

  @Test("is due just when the scanner says, around the clock changes of 50 years", arguments: zones)
  func changes(zone name: String) throws {
    let zone = try #require(ZoneTests.database.zone(name))
    var random = Seeded(20_261_126)
    var changes: [Int64] = []
    var moment = Self.days.lowerBound * 86_400
    while let change = zone.nextChange(after: moment), change.at < Self.days.upperBound * 86_400 {
      moment = change.at
      changes.append(moment / 86_400)
    }
    let others = (0..<4).map { _ in Int64.random(in: Self.days, using: &random) }
    for day in changes.shuffled(using: &random).prefix(Self.sample) + others {
      let wanted = Wanted(&random)
      let cron = try Cron(wanted.line)
      let range = (day - 1) * 86_400..<(day + 2) * 86_400
      let expected = wanted.moments(in: range, zone)
      var found: [Int64] = []
      var last = Timestamp(microseconds: (range.lowerBound - 1) * 1_000_000)
      while let due = cron.next(after: last, in: zone), due.at.wholeSeconds < range.upperBound {
        found.append(due.at.wholeSeconds)
        last = due.at
      }
      let extra = Set(found).symmetricDifference(expected).sorted()
      #expect(found == expected, "\(wanted.line) in \(name) near day \(day): \(extra.prefix(5))")
    }
  }

  @Test("is due on just the days that the scanner says, for 50 years")
  func calendar() throws {
    var random = Seeded(50)
    for _ in 0..<60 {
      var wanted = Wanted(&random)
      (wanted.minutes, wanted.hours) = ([7], [11])
      let cron = try Cron(wanted.line)
      let expected = Self.days.filter { wanted.isDue(on: CivilDate(daysSince1970: $0)) }
      var found: [Int64] = []
      var last = Timestamp(microseconds: Self.days.lowerBound * 86_400_000_000)
      while let due = cron.next(after: last, in: .utc), due.at.wholeSeconds < Self.days.upperBound * 86_400 {
        found.append(due.at.wholeSeconds / 86_400)
        last = due.at
      }
      #expect(found == expected, "\(wanted.line)")
    }
  }

  private static let days =
    CivilDate(year: years.lowerBound, month: 1, day: 1)
    .daysSince1970..<CivilDate(
      year: years.upperBound, month: 12, day: 31
    ).daysSince1970
}

/// Sets of values, and the line that says them. Nil is a star.
private struct Wanted {
  var minutes: Set<Int>?
  var hours: Set<Int>?
  var days: Set<Int>?
  var months: Set<Int>?
  var weekdays: Set<Int>?

  init(_ random: inout Seeded) {
    func some(_ range: ClosedRange<Int>, _ random: inout Seeded, star: Int) -> Set<Int>? {
      if Int.random(in: 0..<100, using: &random) < star { return nil }
      return Set(
        (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: range, using: &random) })
    }
    minutes = some(0...59, &random, star: 20)
    // Clocks change in the small hours, so that these are likely.
    hours = some(Bool.random(using: &random) ? 0...4 : 0...23, &random, star: 35)
    days = some(1...28, &random, star: 70)
    months = some(1...12, &random, star: 85)
    weekdays = some(0...6, &random, star: 70)
  }

  var line: String {
    [minutes, hours, days, months, weekdays].map { set in
      set.map { $0.sorted().map(String.init).joined(separator: ",") } ?? "*"
    }.joined(separator: " ")
  }

  func isDue(on date: CivilDate) -> Bool {
    if let months, !months.contains(date.month) { return false }
    switch (days, weekdays) {
    case (nil, nil): return true
    case (let days?, nil): return days.contains(date.day)
    case (nil, let weekdays?): return weekdays.contains(date.weekday)
    case (let days?, let weekdays?): return days.contains(date.day) || weekdays.contains(date.weekday)
    }
  }

  /// Whether this time of a clock is named, in seconds since 1970 of that clock.
  private func isDue(at local: Int64) -> Bool {
    let minute = Int(local / 60 % 60)
    let hour = Int(local / 3_600 % 24)
    if minutes?.contains(minute) == false || hours?.contains(hour) == false { return false }
    return isDue(on: CivilDate(daysSince1970: local / 86_400))
  }

  func moments(in range: Range<Int64>, _ zone: Zone) -> [Int64] {
    if hours == nil {
      return stride(from: range.lowerBound, to: range.upperBound, by: 60)
        .filter { isDue(at: $0 + Int64(zone.offset(at: $0))) }
    }
    // A day and more before, for what the clock has shown and is not to count again.
    let all = stride(from: range.lowerBound - 26 * 3_600, to: range.upperBound, by: 60)
    var found: [Int64] = []
    var shown = Int64.min
    for moment in all {
      let local = moment + Int64(zone.offset(at: moment))
      // Times that the clock shows again count no more; those that it leaves out count now.
      if local <= shown { continue }
      let first = shown == .min ? local : shown + 60
      if stride(from: first, through: local, by: 60).contains(where: isDue(at:)) { found.append(moment) }
      shown = local
    }
    return found.filter(range.contains)
  }
}
