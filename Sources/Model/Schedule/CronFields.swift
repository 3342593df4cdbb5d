/// The values that each field of a line allows. A value is allowed where its bit is set.
struct CronFields: Sendable, Hashable {
  var seconds: UInt64 = 1
  var minutes: UInt64 = 0
  var hours: UInt64 = 0
  var days = CronDays()
  var months: UInt64 = 0
  var weekdays = CronWeekdays()
  /// Nil: all.
  var years: Set<Int>?
  /// Whether the hours are not restricted to certain ones (`*`, `*/n`, `H/n`).
  var followsRealTime = false

  /// So far a next time is looked for: every day of the calendar comes again within 40 years, with its
  /// weekday.
  static let horizon = 100

  /// The first local time that is not before `local`, both counted as if 1970 had begun there.
  func next(from local: Int64) -> Int64? {
    var day = ZoneRule.floor(local, 86_400)
    var time = Int(local - day * 86_400)
    var date = CivilDate(daysSince1970: day)
    let last = date.year + Self.horizon
    while date.year <= last {
      if years?.contains(date.year) == false {
        date = CivilDate(year: date.year + 1, month: 1, day: 1)
      } else if months & 1 << UInt64(date.month) == 0 {
        date =
          date.month == 12
          ? CivilDate(year: date.year + 1, month: 1, day: 1)
          : CivilDate(year: date.year, month: date.month + 1, day: 1)
      } else {
        day = date.daysSince1970
        if isDue(on: date), let found = self.time(from: time) { return day * 86_400 + Int64(found) }
        date = CivilDate(daysSince1970: day + 1)
      }
      time = 0
    }
    return nil
  }

  /// Two restricted days are two ways to be due; a star beside a restricted day says nothing.
  private func isDue(on date: CivilDate) -> Bool {
    let length = CivilDate.days(inMonth: date.month, of: date.year)
    let isDay = days.contains(date, length: length)
    let isWeekday = weekdays.contains(date, length: length)
    return days.isStar || weekdays.isStar ? isDay && isWeekday : isDay || isWeekday
  }

  /// The first second of a day, from this one on.
  private func time(from start: Int) -> Int? {
    let (hour, minute, second) = (start / 3600, start / 60 % 60, start % 60)
    guard let firstHour = Self.first(hours, from: hour) else { return nil }
    if firstHour == hour, let firstMinute = Self.first(minutes, from: minute) {
      if firstMinute == minute, let firstSecond = Self.first(seconds, from: second) {
        return firstHour * 3600 + firstMinute * 60 + firstSecond
      }
      let later = firstMinute == minute ? Self.first(minutes, from: minute + 1) : firstMinute
      if let later { return firstHour * 3600 + later * 60 + seconds.trailingZeroBitCount }
    }
    guard let later = firstHour == hour ? Self.first(hours, from: hour + 1) : firstHour else { return nil }
    return later * 3600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
  }

  private static func first(_ values: UInt64, from start: Int) -> Int? {
    let rest = (values >> UInt64(start)) << UInt64(start)
    return rest == 0 ? nil : rest.trailingZeroBitCount
  }
}

/// Days of the month.
struct CronDays: Sendable, Hashable {
  var values: UInt64 = 0
  /// Whether the field begins with `*` or `?`.
  var isStar = false
  /// `L-n`: so many days before the last.
  var beforeLast: Set<Int> = []
  /// `nW`: the working day that is nearest to day n, in the same month.
  var nearWeekdays: Set<Int> = []
  /// `LW`: the last working day.
  var hasLastWeekday = false

  func contains(_ date: CivilDate, length: Int) -> Bool {
    if values & 1 << UInt64(date.day) != 0 || beforeLast.contains(length - date.day) { return true }
    if hasLastWeekday, date.day == Self.workday(nearest: length, in: date, length: length) { return true }
    return nearWeekdays.contains {
      $0 <= length && Self.workday(nearest: $0, in: date, length: length) == date.day
    }
  }

  private static func workday(nearest day: Int, in month: CivilDate, length: Int) -> Int {
    switch CivilDate(year: month.year, month: month.month, day: day).weekday {
    case 0: day < length ? day + 1 : day - 2
    case 6: day > 1 ? day - 1 : day + 2
    case _: day
    }
  }
}

/// Days of the week; 0 is Sunday.
struct CronWeekdays: Sendable, Hashable {
  struct Nth: Sendable, Hashable {
    var weekday: Int
    /// 1 to 5.
    var week: Int
  }

  var values: UInt64 = 0
  var isStar = false
  /// `6#3`: the third Friday.
  var nth: Set<Nth> = []
  /// `6L`: the last Friday.
  var last: Set<Int> = []

  func contains(_ date: CivilDate, length: Int) -> Bool {
    let weekday = date.weekday
    if values & 1 << UInt64(weekday) != 0 { return true }
    if last.contains(weekday), date.day + 7 > length { return true }
    return nth.contains(Nth(weekday: weekday, week: (date.day - 1) / 7 + 1))
  }
}
