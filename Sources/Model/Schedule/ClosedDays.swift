/// Days on which nothing is to start: holidays, weekends, a freeze. What a `calendar` of a schedule names.
public struct ClosedDays: Sendable, Hashable {
  /// A stretch of days that is closed, once or every so many years.
  struct Closure: Sendable, Hashable {
    var first: CivilDate
    /// From 1 on.
    var days: Int
    var name: String
    var everyYears: Int?
    /// The last day on which a repetition may begin.
    var until: CivilDate?
    var count: Int?
    var except: Set<CivilDate> = []
  }

  var closures: [Closure] = []
  var hasWeekends = false

  /// Closures of one calendar.
  public static let limit = 10_000
  /// Of one closure: a school's summer.
  static let longestClosure = 366

  /// Why nothing starts on this day: the name of the holiday, `weekend`, or its date. Nil on an open day.
  public func reason(on date: CivilDate) -> String? {
    let day = date.daysSince1970
    for closure in closures {
      if closure.covers(date, day) { return closure.name.isEmpty ? date.text : closure.name }
    }
    return hasWeekends && (date.weekday == 0 || date.weekday == 6) ? "weekend" : nil
  }
}

extension ClosedDays.Closure {
  fileprivate func covers(_ date: CivilDate, _ day: Int64) -> Bool {
    guard let everyYears else { return covers(day, from: first) }
    // One that began in December may reach into the next year.
    return (date.year - 1...date.year).contains { year in
      let (years, start) = (year - first.year, CivilDate(checking: year, first.month, first.day))
      guard let start, years >= 0, years.isMultiple(of: everyYears), !except.contains(start) else {
        return false
      }
      if let until, start > until { return false }
      if let count, years / everyYears >= count { return false }
      return covers(day, from: start)
    }
  }

  private func covers(_ day: Int64, from start: CivilDate) -> Bool {
    let begin = start.daysSince1970
    return begin <= day && day < begin + Int64(days)
  }
}

/// Why a value is no calendar.
public struct CalendarFault: Error, Sendable, Hashable {
  public var message: Bilingual
}

extension ClosedDays {
  /// A list of days, `{days: […], weekends: true}`, or a text in iCalendar (RFC 5545). A day is
  /// `2026-12-25`, perhaps with a name behind it: `2026-12-25 Natal`.
  public init(_ value: JSON) throws(CalendarFault) {
    switch value {
    case .string(let text): self = try ICalendarReader(text).closedDays()
    case .array(let items): self = try Self(days: items)
    case .object(let object):
      for member in object where member.key != "days" && member.key != "weekends" {
        throw CalendarFault(
          message: Bilingual(
            "a calendar has days and weekends, not \"\(member.key)\"",
            pt: "um calendário tem days e weekends, não \"\(member.key)\""))
      }
      self = try Self(days: object["days"]?.array ?? [])
      hasWeekends = object["weekends"]?.bool ?? false
    case .null, .bool, .int, .double:
      throw CalendarFault(
        message: Bilingual(
          "a calendar is a list of days, or a text in iCalendar",
          pt: "um calendário é uma lista de dias, ou um texto em iCalendar"))
    }
    guard closures.count <= Self.limit else {
      throw CalendarFault(
        message: Bilingual(
          "a calendar has at most \(Self.limit) entries",
          pt: "um calendário tem no máximo \(Self.limit) itens"))
    }
  }

  private init(days items: [JSON]) throws(CalendarFault) {
    for item in items {
      let text = item.string ?? item.text
      let (date, name) = (String(text.prefix(10)), text.dropFirst(10))
      guard let day = CivilDate(date), name.isEmpty || name.hasPrefix(" ") else {
        throw CalendarFault(
          message: Bilingual(
            "\"\(text)\" is no day such as 2026-12-25", pt: "\"\(text)\" não é um dia como 2026-12-25"))
      }
      closures.append(Closure(first: day, days: 1, name: String(name.drop { $0 == " " })))
    }
  }
}
