/// Finds whole dates: `12/03/2026`, `12 de março de 2026`, `1º de abril de 2026`, `2026-03-12`.
///
/// A month and a year without a day, and a year with two digits, are not claimed.
struct DateRule {
  let text: ScalarText

  private static let months: [String: Int] = [
    "janeiro": 1, "fevereiro": 2, "marco": 3, "abril": 4, "maio": 5, "junho": 6, "julho": 7, "agosto": 8,
    "setembro": 9, "outubro": 10, "novembro": 11, "dezembro": 12,
  ]
  private static let years = 1900...2199

  func find() -> [RegulatoryEntity] {
    var found: [RegulatoryEntity] = []
    var covered = 0
    for word in text.words {
      let start = word.range.lowerBound
      guard start >= covered, text.isDigit(start), text.startsToken(start) else { continue }
      guard let entity = slashed(start) ?? dashed(start) ?? written(start) else { continue }
      found.append(entity)
      covered = entity.range.upperBound
    }
    return found
  }

  private func slashed(_ start: Int) -> RegulatoryEntity? {
    guard let day = digits(start, 1...2), text.at(day.end) == UInt8(ascii: "/"),
      let month = digits(day.end + 1, 1...2), text.at(month.end) == UInt8(ascii: "/"),
      let year = digits(month.end + 1, 4...4), text.endsToken(year.end)
    else { return nil }
    return entity(start..<year.end, year.value, month.value, day.value, 0.97)
  }

  private func dashed(_ start: Int) -> RegulatoryEntity? {
    guard let year = digits(start, 4...4), text.at(year.end) == UInt8(ascii: "-"),
      let month = digits(year.end + 1, 2...2), text.at(month.end) == UInt8(ascii: "-"),
      let day = digits(month.end + 1, 2...2)
    else { return nil }
    let beforeTime = text.at(day.end) == UInt8(ascii: "t") && text.isDigit(day.end + 1)
    guard beforeTime || text.endsToken(day.end) else { return nil }
    return entity(start..<day.end, year.value, month.value, day.value, 0.95)
  }

  private func written(_ start: Int) -> RegulatoryEntity? {
    guard let day = digits(start, 1...2) else { return nil }
    var next = day.end
    if text.at(next) == UInt8(ascii: "o") { next += 1 }
    guard !text.isWordByte(next), let afterDay = of(next), let month = text.word(at: afterDay),
      let number = Self.months[month.key], let afterMonth = of(month.end),
      let year = digits(afterMonth, 4...4), text.endsToken(year.end)
    else { return nil }
    return entity(start..<year.end, year.value, number, day.value, 0.98)
  }

  /// The position behind blanks, `de` and blanks.
  private func of(_ index: Int) -> Int? {
    let start = text.skippingBlanks(index)
    guard start > index, let word = text.word(at: start), word.key == "de" else { return nil }
    let next = text.skippingBlanks(word.end)
    return next > word.end ? next : nil
  }

  private func digits(_ start: Int, _ length: ClosedRange<Int>) -> (value: Int, end: Int)? {
    var (value, end) = (0, start)
    while text.isDigit(end), end - start <= length.upperBound {
      value = value * 10 + Int(text.at(end) - UInt8(ascii: "0"))
      end += 1
    }
    return length.contains(end - start) ? (value, end) : nil
  }

  private func entity(_ range: Range<Int>, _ year: Int, _ month: Int, _ day: Int, _ confidence: Double)
    -> RegulatoryEntity?
  {
    guard Self.years.contains(year), (1...12).contains(month), (1...Self.days(month, year)).contains(day)
    else { return nil }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return RegulatoryEntity(
      type: .date, text: text.text(range), confidence: confidence, range: range,
      value: .date("\(year)-\(two(month))-\(two(day))"))
  }

  private static func days(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case _: 31
    }
  }
}
