/// Reads the days of a calendar file (RFC 5545): all-day and timed events, with yearly repetitions, which is
/// what holiday calendars have. The days are those that the event's own clock shows.
struct ICalendarReader {
  private var lines: [Line] = []

  /// `NAME;PARAMETER=…:value`; the parameters say nothing that is needed here.
  private struct Line {
    var name: String
    var value: String
  }

  /// Longer files are refused by the limit of a setting before they come here.
  init(_ text: String) throws(CalendarFault) {
    // In bytes: a line may be folded within what people see as one letter.
    var folded: [[UInt8]] = []
    for line in text.utf8.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
      // A line that begins with a blank goes on with the one before.
      if let first = line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !folded.isEmpty {
        folded[folded.count - 1] += line.dropFirst()
      } else {
        folded.append(Array(line))
      }
    }
    for line in folded {
      guard let colon = Self.colon(line) else { continue }
      let head = line[..<colon].prefix { $0 != UInt8(ascii: ";") }
      lines.append(
        Line(
          name: String(decoding: head, as: UTF8.self).uppercased(),
          value: String(decoding: line[(colon + 1)...], as: UTF8.self)))
    }
    guard lines.first?.name == "BEGIN", lines.first?.value.uppercased() == "VCALENDAR" else {
      throw CalendarFault(
        message: Bilingual(
          "the text does not begin with BEGIN:VCALENDAR", pt: "o texto não começa com BEGIN:VCALENDAR"))
    }
  }

  /// The first colon outside of quotes.
  private static func colon(_ line: [UInt8]) -> Int? {
    var isQuoted = false
    for (place, byte) in line.enumerated() {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: ":"), !isQuoted { return place }
    }
    return nil
  }

  func closedDays() throws(CalendarFault) -> ClosedDays {
    var closed = ClosedDays()
    var event: [Line]?
    for line in lines {
      switch (line.name, line.value.uppercased()) {
      case ("BEGIN", "VEVENT"): event = []
      case ("END", "VEVENT"):
        if let lines = event, let closure = try closure(lines) { closed.closures.append(closure) }
        event = nil
      case (_, _): event?.append(line)
      }
    }
    return closed
  }

  /// Nil for one that was called off.
  private func closure(_ lines: [Line]) throws(CalendarFault) -> ClosedDays.Closure? {
    func value(_ name: String) -> String? { lines.first { $0.name == name }?.value }
    if value("STATUS")?.uppercased() == "CANCELLED" { return nil }
    let name = Self.unescaped(value("SUMMARY") ?? "")
    guard let start = value("DTSTART"), let first = Self.date(start) else {
      throw Self.fault(name, Bilingual("has no day (DTSTART)", pt: "não tem dia (DTSTART)"))
    }
    var closure = ClosedDays.Closure(first: first, days: 1, name: name)
    if let end = value("DTEND") {
      guard let last = Self.date(end) else {
        throw Self.fault(name, Bilingual("has no end that can be read", pt: "não tem fim legível"))
      }
      // The end is not part of it; a timed event counts for the day on which it ends.
      let isTimed = end.contains("T") && !end.hasSuffix("T000000") && !end.hasSuffix("T000000Z")
      closure.days = Int(last.daysSince1970 - first.daysSince1970) + (isTimed ? 1 : 0)
      closure.days = max(1, closure.days)
    }
    guard closure.days <= ClosedDays.longestClosure else {
      throw Self.fault(
        name,
        Bilingual(
          "is longer than \(ClosedDays.longestClosure) days",
          pt: "dura mais de \(ClosedDays.longestClosure) dias"))
    }
    if let rule = value("RRULE") { try read(rule, into: &closure) }
    for line in lines where line.name == "EXDATE" {
      closure.except.formUnion(line.value.split(separator: ",").compactMap { Self.date(String($0)) })
    }
    return closure
  }

  /// Only what every holiday calendar uses: anything else would close the wrong days.
  private func read(_ rule: String, into closure: inout ClosedDays.Closure) throws(CalendarFault) {
    var interval = 1
    var frequency = ""
    for part in rule.uppercased().split(separator: ";") {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { continue }
      switch (pair[0], pair[1]) {
      case ("FREQ", let word): frequency = word
      case ("INTERVAL", let number): interval = Int(number) ?? 0
      case ("COUNT", let number): closure.count = Int(number) ?? 0
      case ("UNTIL", let end): closure.until = Self.date(end)
      case ("BYMONTH", String(closure.first.month)), ("BYMONTHDAY", String(closure.first.day)), ("WKST", _):
        break
      case (_, _): frequency = "OTHER"
      }
    }
    guard frequency == "YEARLY", interval > 0 else {
      throw Self.fault(
        closure.name,
        Bilingual(
          "repeats as \(rule), and only yearly repetitions of one day are read",
          pt: "repete-se como \(rule), e só repetições anuais de um dia são lidas"))
    }
    closure.everyYears = interval
  }

  private static func fault(_ name: String, _ what: Bilingual) -> CalendarFault {
    CalendarFault(
      message: Bilingual(
        "the event \"\(name)\" \(what.english)", pt: "o evento \"\(name)\" \(what.portuguese)"))
  }

  /// `20261225`, with or without a time behind it.
  private static func date(_ text: String) -> CivilDate? {
    let digits = text.prefix(8)
    guard digits.utf8.count == 8, let number = Int(digits),
      text.utf8.count == 8 || text.dropFirst(8).hasPrefix("T")
    else { return nil }
    return CivilDate(checking: number / 10_000, number / 100 % 100, number % 100)
  }

  /// A backslash makes what follows plain, and `\n` a blank.
  private static func unescaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    var isEscaped = false
    for byte in text.utf8 {
      if isEscaped {
        bytes.append(byte | 0x20 == UInt8(ascii: "n") ? UInt8(ascii: " ") : byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
