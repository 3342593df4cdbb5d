/// The items of one field, between commas.
struct CronItems {
  let field: CronField
  let dialect: Cron.Dialect
  let bytes: [UInt8]
  /// That of the field.
  let range: Range<Int>
  let hash: UInt64

  /// Days of the week count from 0, whatever the dialect.
  private(set) var values: UInt64 = 0
  private(set) var years: Set<Int> = []
  private(set) var days = CronDays()
  private(set) var weekdays = CronWeekdays()
  /// Whether the field begins with `*` or `?`: for Vixie's cron also `*/2` does.
  private(set) var isStar = false
  /// Whether one of its items is `*`, `*/n` or `H/n`.
  private(set) var isOpen = false

  init(field: CronField, dialect: Cron.Dialect, bytes: [UInt8], range: Range<Int>, hash: UInt64) {
    (self.field, self.dialect, self.bytes, self.range, self.hash) = (field, dialect, bytes, range, hash)
  }

  mutating func read() throws(CronFault) {
    isStar = [UInt8(ascii: "*"), UInt8(ascii: "?")].contains(bytes[range.lowerBound])
    var start = range.lowerBound
    for place in range.lowerBound...range.upperBound
    where place == range.upperBound || bytes[place] == UInt8(ascii: ",") {
      try item(start..<place)
      start = place + 1
    }
  }

  private mutating func item(_ range: Range<Int>) throws(CronFault) {
    let text = String(decoding: bytes[range], as: UTF8.self).lowercased()
    if dialect == .quartz, try quartz(text, range) { return }
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count), !halves[0].isEmpty else { throw fault(range) }
    var step: Int?
    if halves.count == 2 {
      guard let number = Self.number(halves[1]), number >= 1 else { throw fault(range) }
      step = number
    }
    let base = halves[0]
    if base == "*" {
      isOpen = true
      return allow(field.range(dialect), by: step ?? 1)
    }
    if base.first == "h" { return try spread(base, step, range) }
    let ends = try interval(base, range)
    guard let step else { return allow(ends, by: 1) }
    // `5/15` is `5-59/15`; the second Sunday of a week, 7, is not counted up to.
    let last = field == .weekday ? field.spread(dialect).upperBound : field.range(dialect).upperBound
    allow(ends.count == 1 ? ends.lowerBound...max(last, ends.lowerBound) : ends, by: step)
  }

  /// `a`, `a-b`.
  private func interval(_ text: Substring, _ range: Range<Int>) throws(CronFault) -> ClosedRange<Int> {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let first = value(ends[0]), let last = value(ends[ends.count - 1])
    else {
      throw fault(range)
    }
    guard first <= last else {
      throw fault(
        range,
        Bilingual("\"\(text)\" runs backwards.", pt: "\"\(text)\" anda para trás."),
        remedy: Bilingual(
          "Write two ranges, such as 22-23,0-2.", pt: "Escreva dois intervalos, como 22-23,0-2."))
    }
    return first...last
  }

  /// `H`, `H(a-b)`, both with `/n` or without.
  private mutating func spread(_ text: Substring, _ step: Int?, _ range: Range<Int>) throws(CronFault) {
    var bounds = field.spread(dialect)
    if text != "h" {
      guard text.hasPrefix("h("), text.hasSuffix(")") else { throw fault(range) }
      bounds = try interval(text.dropFirst(2).dropLast(), range)
    } else if step != nil {
      isOpen = true
      bounds = step.map { _ in field == .day ? field.range(dialect) : bounds } ?? bounds
    }
    let reach = min(step ?? bounds.count, bounds.count)
    let start = bounds.lowerBound + Int(hash % UInt64(reach))
    allow(step == nil ? start...start : start...bounds.upperBound, by: step ?? 1)
  }

  /// `?`, `L`, `L-3`, `LW`, `15W`, `6L`, `6#3`. False where it is none of them.
  private mutating func quartz(_ text: String, _ range: Range<Int>) throws(CronFault) -> Bool {
    switch field {
    case .second, .minute, .hour, .month, .year: return false
    case .day:
      if text == "?" {
        allow(field.range(dialect), by: 1)
      } else if text == "lw" {
        days.hasLastWeekday = true
      } else if text == "l" {
        days.beforeLast.insert(0)
      } else if text.hasPrefix("l-") {
        guard let before = Self.number(text.dropFirst(2)), before <= 30 else { throw fault(range) }
        days.beforeLast.insert(before)
      } else if text.hasSuffix("w") {
        guard let day = Self.number(text.dropLast()), (1...31).contains(day) else { throw fault(range) }
        days.nearWeekdays.insert(day)
      } else {
        return false
      }
    case .weekday:
      if text == "?" {
        allow(field.range(dialect), by: 1)
      } else if text == "l" {
        values |= 1 << 6
      } else if let mark = text.firstIndex(of: "#") {
        guard let day = value(text[..<mark]), let week = Self.number(text[text.index(after: mark)...]),
          (1...5).contains(week)
        else { throw fault(range) }
        weekdays.nth.insert(.init(weekday: (day - 1) % 7, week: week))
      } else if text.hasSuffix("l"), let day = value(text.dropLast()) {
        weekdays.last.insert((day - 1) % 7)
      } else {
        return false
      }
    }
    return true
  }

  private mutating func allow(_ range: ClosedRange<Int>, by step: Int) {
    for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
      switch field {
      case .second, .minute, .hour, .day, .month: values |= 1 << UInt64(value)
      case .weekday: values |= 1 << UInt64((dialect == .quartz ? value - 1 : value) % 7)
      case .year: years.insert(value)
      }
    }
  }

  /// A number or a name, within the field's range.
  private func value(_ text: Substring) -> Int? {
    let bounds = field.range(dialect)
    if let place = field.words.firstIndex(where: { $0 == text }) {
      return field == .month || dialect == .quartz ? place + 1 : place
    }
    return Self.number(text).flatMap { bounds.contains($0) ? $0 : nil }
  }

  /// Digits alone: `Int` would also take a sign. Four are enough for a year.
  private static func number(_ text: Substring) -> Int? {
    guard (1...4).contains(text.utf8.count) else { return nil }
    return text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
  }

  private func fault(
    _ range: Range<Int>, _ message: Bilingual? = nil, remedy: Bilingual? = nil
  ) -> CronFault {
    let text = String(decoding: bytes[range], as: UTF8.self)
    let ofQuartz = dialect != .quartz && text.utf8.contains { "?LWlw#".utf8.contains($0) }
    return CronFault(
      message: message
        ?? Bilingual(
          "\"\(text)\" is no valid \(field.name.english) in a cron line.",
          pt: "\"\(text)\" não vale como \(field.name.portuguese) numa linha cron."),
      remedy: remedy
        ?? (ofQuartz
          ? Bilingual(
            "?, L, W and # are of Quartz: declare the dialect quartz.",
            pt: "?, L, W e # são do Quartz: declare o dialeto quartz.")
          : CronField.remedy(dialect)),
      range: range)
  }
}
