extension Timestamp {
  /// Such as `2026-11-20T09:00:00Z`, with three or six digits of a fraction where there is one.
  public var rfc3339: String {
    let seconds = microseconds.flooredDivision(by: 1_000_000)
    let day = seconds.flooredDivision(by: 86_400)
    let (date, clock, micros) = (
      CivilDate(dayNumber: day), seconds - day * 86_400, microseconds - seconds * 1_000_000
    )
    let time = "\(date)T\(padded(clock / 3_600, 2)):\(padded(clock / 60 % 60, 2)):\(padded(clock % 60, 2))"
    if micros == 0 { return time + "Z" }
    return micros % 1_000 == 0 ? "\(time).\(padded(micros / 1_000, 3))Z" : "\(time).\(padded(micros, 6))Z"
  }

  /// Reads a time with `Z` or a numeric offset. Digits beyond microseconds are dropped; nil for anything else,
  /// leap seconds included.
  public init?(rfc3339 text: String) {
    var reader = ClockReader(bytes: Array(text.utf8))
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), reader.take("Tt "), let hour = reader.number(2), reader.take(":"),
      let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
      let date = CivilDate(year: year, month: month, day: day),
      hour < 24, minute < 60, second < 60, let micros = reader.fraction(), let offset = reader.offset(),
      reader.isAtEnd
    else { return nil }
    let seconds = date.dayNumber * 86_400 + hour * 3_600 + minute * 60 + second - offset
    self.init(microseconds: seconds * 1_000_000 + micros)
  }
}

/// A day of the Gregorian calendar, extended to all years.
struct CivilDate: CustomStringConvertible {
  var year: Int64
  var month: Int64
  var day: Int64

  init?(year: Int64, month: Int64, day: Int64) {
    guard (1...12).contains(month), day >= 1, day <= Self.length(ofMonth: month, in: year) else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// Days since 1970-01-01. The year is counted from March, so that the leap day is its last.
  init(dayNumber: Int64) {
    let shifted = dayNumber + 719_468
    let era = shifted.flooredDivision(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var dayNumber: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.flooredDivision(by: 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

  static func length(ofMonth month: Int64, in year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }
}

private struct ClockReader {
  var bytes: [UInt8]
  var place = 0

  var isAtEnd: Bool { place == bytes.count }

  mutating func take(_ anyOf: String) -> Bool {
    guard place < bytes.count, anyOf.utf8.contains(bytes[place]) else { return false }
    place += 1
    return true
  }

  mutating func number(_ digits: Int) -> Int64? {
    guard place + digits <= bytes.count else { return nil }
    var value: Int64 = 0
    for byte in bytes[place..<place + digits] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    place += digits
    return value
  }

  /// The microseconds of `.5`; zero without a fraction, nil for a point without a digit.
  mutating func fraction() -> Int64? {
    guard take(".") else { return 0 }
    var (value, digits): (Int64, Int) = (0, 0)
    while let digit = number(1) {
      digits += 1
      if digits <= 6 { value = value * 10 + digit }
    }
    guard digits > 0 else { return nil }
    for _ in min(digits, 6)..<6 { value *= 10 }
    return value
  }

  /// Seconds east of UTC.
  mutating func offset() -> Int64? {
    if take("Zz") { return 0 }
    let sign: Int64 = place < bytes.count && bytes[place] == UInt8(ascii: "-") ? -1 : 1
    guard take("+-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
    else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }
}

extension Int64 {
  func flooredDivision(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}

private func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value.magnitude)
  return (value < 0 ? "-" : "") + String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
}
