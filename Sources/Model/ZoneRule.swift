/// The rule for the time after a zone's last recorded change, as POSIX writes it: `EST5EDT,M3.2.0,M11.1.0`.
struct ZoneRule: Sendable {
  /// What `offset(at:)` can return, standard time first. Empty where there is no rule.
  private(set) var offsets: [Int] = []
  private var start = ZoneChange(day: .ofYear(0), seconds: 0)
  private var end = ZoneChange(day: .ofYear(0), seconds: 0)

  var isEmpty: Bool { offsets.isEmpty }

  init(constant: Int) { offsets = [constant] }

  /// Nil for a text that is neither empty nor a rule.
  init?(footer text: String) {
    if text.isEmpty { return }
    var reader = ZoneRuleReader(text: text.utf8[...])
    guard reader.skipName(), let west = reader.time() else { return nil }
    offsets = [-west]
    if reader.text.isEmpty { return }
    guard reader.skipName() else { return nil }
    if reader.text.first == UInt8(ascii: ",") {
      offsets.append(3600 - west)
    } else {
      guard let summerWest = reader.time() else { return nil }
      offsets.append(-summerWest)
    }
    guard let start = reader.change(), let end = reader.change(), reader.text.isEmpty else { return nil }
    (self.start, self.end) = (start, end)
  }

  /// Seconds east of UTC. Only for a rule that is not empty.
  func offset(at seconds: Int64) -> Int {
    guard offsets.count == 2 else { return offsets[0] }
    let standard = Int64(offsets[0])
    let summer = Int64(offsets[1])
    let seconds = max(-Self.farAway, min(seconds, Self.farAway))
    let year = CivilDate(daysSince1970: Self.floor(seconds + standard, 86_400)).year
    let from = start.seconds(in: year) - standard
    let to = end.seconds(in: year) - summer
    let isSummer = from < to ? from <= seconds && seconds < to : !(to <= seconds && seconds < from)
    return offsets[isSummer ? 1 : 0]
  }

  /// The changes in the year of this moment and the two beside it, ascending.
  func changes(near seconds: Int64) -> [ClockChange] {
    guard offsets.count == 2, -Self.farAway < seconds, seconds < Self.farAway else { return [] }
    let (standard, summer) = (offsets[0], offsets[1])
    let year = CivilDate(daysSince1970: Self.floor(seconds, 86_400)).year
    return (year - 1...year + 1).flatMap { year in
      [
        ClockChange(at: start.seconds(in: year) - Int64(standard), before: standard, after: summer),
        ClockChange(at: end.seconds(in: year) - Int64(summer), before: summer, after: standard),
      ]
    }.sorted { $0.at < $1.at }
  }

  /// 73 thousand million years, beyond which the arithmetic of dates would overflow.
  private static let farAway: Int64 = 1 << 61

  static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value + 1) / divisor - 1
  }
}

/// A day and time of every year at which clocks change, in the local time before the change.
struct ZoneChange: Sendable {
  enum Day: Sendable {
    /// 1 to 365; 29 February is never counted.
    case julian(Int)
    /// 0 to 365, 29 February counted.
    case ofYear(Int)
    /// A weekday (0 is Sunday) in its week of a month, where week 5 is the last.
    case weekday(month: Int, week: Int, day: Int)
  }

  var day: Day
  /// After midnight; below 0 and above a day in a few places.
  var seconds: Int

  /// Seconds from 1970 to the change in that year, in local time.
  func seconds(in year: Int) -> Int64 { day(in: year) * 86_400 + Int64(seconds) }

  private func day(in year: Int) -> Int64 {
    let newYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
    switch day {
    case .julian(let day):
      let afterFebruary = day >= 60 && CivilDate.isLeap(year)
      return newYear + Int64(afterFebruary ? day : day - 1)
    case .ofYear(let day): return newYear + Int64(day)
    case .weekday(let month, let week, let day):
      let first = CivilDate(year: year, month: month, day: 1)
      let wanted = (day - first.weekday + 7) % 7 + (week - 1) * 7
      let last = CivilDate.days(inMonth: month, of: year)
      return first.daysSince1970 + Int64(wanted < last ? wanted : wanted - 7)
    }
  }
}

/// The parts of a POSIX rule, taken from the front.
private struct ZoneRuleReader {
  var text: Substring.UTF8View

  mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard let byte = text.first, UInt32(byte) == letter.value else { return false }
    text.removeFirst()
    return true
  }

  mutating func skipName() -> Bool {
    let before = text.count
    if take("<") {
      text = text.drop { $0 != UInt8(ascii: ">") }
      return take(">")
    }
    text = text.drop { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }
    return before - text.count >= 3
  }

  mutating func number() -> Int? {
    let digits = text.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    text.removeFirst(digits.count)
    return digits.count > 3 ? nil : Int(String(decoding: digits, as: UTF8.self))
  }

  /// `hours[:minutes[:seconds]]` with a sign or without, in seconds.
  mutating func time() -> Int? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard var seconds = number().map({ $0 * 3600 }) else { return nil }
    for unit in [60, 1] where take(":") {
      guard let more = number() else { return nil }
      seconds += more * unit
    }
    return isNegative ? -seconds : seconds
  }

  mutating func change() -> ZoneChange? {
    guard take(","), let day = day() else { return nil }
    if !take("/") { return ZoneChange(day: day, seconds: 7200) }
    return time().map { ZoneChange(day: day, seconds: $0) }
  }

  private mutating func day() -> ZoneChange.Day? {
    if take("J") { return number().flatMap { 1...365 ~= $0 ? .julian($0) : nil } }
    if !take("M") { return number().flatMap { 0...365 ~= $0 ? .ofYear($0) : nil } }
    guard let month = number(), take("."), let week = number(), take("."), let day = number() else {
      return nil
    }
    guard 1...12 ~= month, 1...5 ~= week, 0...6 ~= day else { return nil }
    return .weekday(month: month, week: week, day: day)
  }
}
