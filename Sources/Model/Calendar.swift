/// A day of the Gregorian calendar, also before it was used.
public struct CivilDate: Hashable, Sendable, Comparable {
  public var year: Int
  /// 1 to 12.
  public var month: Int
  /// 1 to 31.
  public var day: Int

  /// Takes what it is given; `init?(checking:…)` refuses 31 April.
  public init(year: Int, month: Int, day: Int) { (self.year, self.month, self.day) = (year, month, day) }

  /// Nil for a day that does not exist.
  public init?(checking year: Int, _ month: Int, _ day: Int) {
    guard 1...12 ~= month, day >= 1, day <= Self.days(inMonth: month, of: year) else { return nil }
    self.init(year: year, month: month, day: day)
  }

  /// Counts in eras of 400 years that begin in March, so that the leap day is the last of its year.
  public init(daysSince1970 days: Int64) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    self.init(
      year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month: month,
      day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  public var daysSince1970: Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
  }

  /// 0 is Sunday.
  public var weekday: Int { Int((daysSince1970 % 7 + 11) % 7) }

  /// 1 is 1 January.
  public var dayOfYear: Int {
    Int(daysSince1970 - CivilDate(year: year, month: 1, day: 1).daysSince1970) + 1
  }

  public static func isLeap(_ year: Int) -> Bool {
    year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
  }

  public static func days(inMonth month: Int, of year: Int) -> Int {
    month == 2 ? (isLeap(year) ? 29 : 28) : (month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31)
  }

  public static func < (left: CivilDate, right: CivilDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  /// `2026-11-20`; nil for anything else, and for a day that does not exist.
  public init?(_ text: String) {
    var reader = DigitReader(text: text.utf8[...])
    guard let date = reader.date(), reader.text.isEmpty else { return nil }
    self = date
  }

  /// `2026-11-20`.
  public var text: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  func write(to bytes: inout [UInt8]) {
    if year < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes.append(Int(year.magnitude), width: 4)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(month, width: 2)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(day, width: 2)
  }
}

/// A date and a time of day on some clock.
public struct CivilTime: Hashable, Sendable {
  public var date: CivilDate
  public var hour, minute, second: Int
  public var nanosecond: Int

  public init(date: CivilDate, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0) {
    (self.date, self.hour, self.minute) = (date, hour, minute)
    (self.second, self.nanosecond) = (second, nanosecond)
  }

  /// What a clock `offset` seconds east of UTC shows.
  public init(seconds: Int64, nanosecond: Int = 0, offset: Int = 0) {
    let local = seconds.addingReportingOverflow(Int64(offset)).partialValue
    let days = ZoneRule.floor(local, 86_400)
    let rest = Int(local &- days &* 86_400)
    self.init(
      date: CivilDate(daysSince1970: days), hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60,
      nanosecond: nanosecond)
  }

  /// Seconds since 1970 of the same clock; subtract its offset for the moment.
  public var seconds: Int64 { date.daysSince1970 * 86_400 + Int64(hour * 3600 + minute * 60 + second) }
}

func padded(_ value: Int, _ width: Int) -> String {
  let digits = String(value.magnitude)
  return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}
