import Model

/// Our functions of days: a date is text, `2026-01-31`, which is what files, tables and people have.
enum Dates {
  static let functions: [Function] = [
    Function("dates.of", "(timestamp, string) -> string", "(timestamp) -> string", variadic: of),
    Function(
      "dates.add", "(string, int, string) -> string", "(timestamp, int, string) -> timestamp",
      "(timestamp, int, string, string) -> timestamp", variadic: add),
    Function(
      "dates.format", "(string, string) -> string", "(timestamp, string) -> string",
      "(timestamp, string, string) -> string", variadic: format),
    Function("dates.days_between", "(string, string) -> int", binary: daysBetween),
    Function("dates.due", "(string, string) -> bool", binary: due),
  ]

  /// The day that a calendar in this zone shows at that moment; without a zone in UTC.
  @Sendable static func of(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 1 || values.count == 2, let zone = zoneName(values, at: 1) else { return nil }
    return try Times.civil(values[0], in: zone, frame).map { .string($0.date.text) }
  }

  /// `.some(nil)` where no zone is given; nil where it is no text.
  private static func zoneName(_ values: [Value], at place: Int) -> String?? {
    guard values.count > place else { return .some(nil) }
    if case .string(let name) = values[place] { return name }
    return nil
  }

  @Sendable static func add(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count >= 3, case .int(let count) = values[1], case .string(let word) = values[2] else {
      return nil
    }
    guard let unit = DateUnit(rawValue: word) else {
      let units = DateUnit.allCases.map(\.rawValue).joined(separator: ", ")
      throw frame.failure(
        "There is no unit `\(word)`.", pt: "Não existe a unidade `\(word)`.",
        remedy: Bilingual("The units are \(units).", pt: "As unidades são \(units)."))
    }
    if case .string(let text) = values[0], values.count == 3 {
      guard let size = unit.seconds else {
        return .string(try written(try unit.moved(try date(text, frame), by: count, &frame), frame))
      }
      throw frame.failure(
        "A date has no hours to add \(size / 60) minutes to.",
        pt: "Uma data não tem horas para somar \(size / 60) minutos.",
        remedy: Bilingual("Add to a timestamp.", pt: "Some a um timestamp."))
    }
    guard let zone = zoneName(values, at: 3), let civil = try Times.civil(values[0], in: zone, frame),
      case .timestamp(let seconds, let nanoseconds) = values[0]
    else { return nil }
    if let size = unit.seconds {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      let moved = seconds.addingReportingOverflow(overflow ? .max : product)
      let far = moved.overflow ? Int64.max : moved.partialValue
      return try Times.timestamp(seconds: far, nanoseconds: Int64(nanoseconds), frame)
    }
    var local = civil
    local.date = try unit.moved(civil.date, by: count, &frame)
    let place = try zone.map { name throws(ExpressionError) in try Times.zone(name, frame) } ?? Zone.utc
    return try Times.timestamp(
      seconds: instant(local.seconds, in: place), nanoseconds: Int64(nanoseconds), frame)
  }

  /// Of a time shown twice the first; of a time that no clock shows as much later as the clock jumps.
  private static func instant(_ local: Int64, in zone: Zone) -> Int64 {
    switch zone.instants(ofLocal: local) {
    case .one(let instant), .fold(let instant, _): instant
    case .gap: local - Int64(zone.offset(at: local - 86_400))
    }
  }

  static func date(_ text: String, _ frame: Frame) throws(ExpressionError) -> CivilDate {
    if let date = CivilDate(text), date.year >= 1 { return date }
    throw frame.failure(
      "\(Value.string(text).quoted) is not a date.", pt: "\(Value.string(text).quoted) não é uma data.",
      remedy: Bilingual("Write 2026-01-31.", pt: "Escreva 2026-01-31."))
  }

  private static func written(_ date: CivilDate, _ frame: Frame) throws(ExpressionError) -> String {
    guard 1...9999 ~= date.year else { throw outside(frame) }
    return date.text
  }

  static func outside(_ frame: Frame) -> ExpressionError {
    frame.failure("A date lies in the years 1 to 9999.", pt: "Uma data fica nos anos 1 a 9999.")
  }

  @Sendable static func daysBetween(
    _ a: Value, _ b: Value, _ frame: inout Frame
  ) throws(ExpressionError) -> Value? {
    guard case .string(let from) = a, case .string(let to) = b else { return nil }
    return .int(try date(to, frame).daysSince1970 - date(from, frame).daysSince1970)
  }

  /// Whether a line as cron has it is due at some time of that day. Hours are those of the day's own clock:
  /// no zone is asked for.
  @Sendable static func due(
    _ a: Value, _ b: Value, _ frame: inout Frame
  ) throws(ExpressionError) -> Value? {
    guard case .string(let text) = a, case .string(let day) = b else { return nil }
    try frame.charge(Self.searched)
    let cron: Cron
    do throws(CronFault) { cron = try Cron(text) } catch {
      throw frame.failure(
        "\(Value.string(text).quoted) is no line of cron: \(error.message.english)",
        pt: "\(Value.string(text).quoted) não é uma linha de cron: \(error.message.portuguese)",
        remedy: error.remedy)
    }
    let begin = try date(day, frame).daysSince1970 * 86_400
    let before = Timestamp(microseconds: begin * 1_000_000 - 1)
    guard let next = cron.next(after: before, in: .utc)?.at else { return .bool(false) }
    return .bool(next < Timestamp(microseconds: (begin + 86_400) * 1_000_000))
  }

  /// What the search for a time costs.
  private static let searched = 1_000

  // Formats

  @Sendable static func format(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 2 || values.count == 3, case .string(let pattern) = values[1] else { return nil }
    let time: CivilTime
    var offset: Int?
    if case .string(let text) = values[0], values.count == 2 {
      time = CivilTime(date: try date(text, frame))
    } else {
      guard let zone = zoneName(values, at: 2), let civil = try Times.civil(values[0], in: zone, frame),
        case .timestamp(let seconds, _) = values[0]
      else { return nil }
      (time, offset) = (civil, Int(civil.seconds - seconds))
    }
    try frame.charge(pattern.utf8.count)
    return .string(try DatePattern(time: time, offset: offset).text(pattern, frame))
  }
}

/// What `dates.add` counts in.
enum DateUnit: String, CaseIterable, Sendable {
  case second, minute, hour, day
  case businessDay = "business_day"
  case week, month, year

  /// Nil for units of the calendar.
  var seconds: Int64? {
    switch self {
    case .second: 1
    case .minute: 60
    case .hour: 3600
    case .day, .businessDay, .week, .month, .year: nil
    }
  }

  /// More than all days that there are.
  private static let most: Int64 = 4_000_000

  /// A day that the month does not have becomes its last: 31 January and a month is 28 February.
  func moved(_ date: CivilDate, by count: Int64, _ frame: inout Frame) throws(ExpressionError) -> CivilDate {
    guard count.magnitude <= Self.most else { throw Dates.outside(frame) }
    let moved: CivilDate
    switch self {
    case .second, .minute, .hour: moved = date
    case .day: moved = CivilDate(daysSince1970: date.daysSince1970 + count)
    case .week: moved = CivilDate(daysSince1970: date.daysSince1970 + 7 * count)
    case .businessDay: moved = Self.businessDay(date, count)
    case .month: moved = Self.month(date, count)
    case .year: moved = Self.month(date, 12 * count)
    }
    guard 1...9999 ~= moved.year else { throw Dates.outside(frame) }
    return moved
  }

  private static func month(_ date: CivilDate, _ count: Int64) -> CivilDate {
    let months = date.year * 12 + date.month - 1 + Int(count)
    let year = months >= 0 ? months / 12 : (months - 11) / 12
    let month = months - year * 12 + 1
    return CivilDate(year: year, month: month, day: min(date.day, CivilDate.days(inMonth: month, of: year)))
  }

  /// Monday to Friday. From a weekend the first business day forward is Monday, backward Friday; zero stays.
  private static func businessDay(_ date: CivilDate, _ count: Int64) -> CivilDate {
    if count == 0 { return date }
    let step: Int64 = count > 0 ? 1 : -1
    // A weekend counts as the business day before it, seen in the direction of the count.
    var day = date.daysSince1970
    while isWeekend(day) { day -= step }
    day += count / 5 * 7
    for _ in 0..<(count % 5).magnitude {
      day += step
      while isWeekend(day) { day += step }
    }
    return CivilDate(daysSince1970: day)
  }

  private static func isWeekend(_ day: Int64) -> Bool {
    let weekday = CivilDate(daysSince1970: day).weekday
    return weekday == 0 || weekday == 6
  }
}

/// The letters of `dates.format`, which are those of C and Python.
struct DatePattern {
  let time: CivilTime
  /// Seconds east of UTC; nil for a date without time.
  let offset: Int?

  func text(_ pattern: String, _ frame: Frame) throws(ExpressionError) -> String {
    var result = ""
    var scalars = pattern.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let letter = scalars.next()
      guard let letter, let part = part(letter) else {
        throw frame.failure(
          "A format of dates has no `%\(letter.map(String.init) ?? "")`.",
          pt: "Um formato de datas não tem `%\(letter.map(String.init) ?? "")`.",
          remedy: Bilingual(
            "Use %Y %m %d %H %M %S %f %j %y %u %z %F %T %s or %%.",
            pt: "Use %Y %m %d %H %M %S %f %j %y %u %z %F %T %s ou %%."))
      }
      result += part
    }
    return result
  }

  private func part(_ letter: Unicode.Scalar) -> String? {
    switch letter {
    case "%": "%"
    case "Y": digits(time.date.year, 4)
    case "y": digits(time.date.year % 100, 2)
    case "m": digits(time.date.month, 2)
    case "d": digits(time.date.day, 2)
    case "j": digits(time.date.dayOfYear, 3)
    case "u": String(time.date.weekday == 0 ? 7 : time.date.weekday)
    case "F": time.date.text
    case "H", "M", "S", "f", "z", "T", "s": offset.flatMap { clock(letter, $0) }
    case _: nil
    }
  }

  private func clock(_ letter: Unicode.Scalar, _ offset: Int) -> String? {
    switch letter {
    case "H": digits(time.hour, 2)
    case "M": digits(time.minute, 2)
    case "S": digits(time.second, 2)
    case "f": digits(time.nanosecond / 1_000, 6)
    case "T": digits(time.hour, 2) + ":" + digits(time.minute, 2) + ":" + digits(time.second, 2)
    case "s": String(time.seconds - Int64(offset))
    case "z":
      (offset < 0 ? "-" : "+") + digits(abs(offset) / 3600, 2) + digits(abs(offset) / 60 % 60, 2)
    case _: nil
    }
  }

  private func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
