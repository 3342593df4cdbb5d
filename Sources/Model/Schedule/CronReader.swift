/// Reads a line, field by field.
struct CronReader {
  private let text: String
  private let bytes: [UInt8]
  private let dialect: Cron.Dialect
  private let seed: String
  /// Longer than any line that a person writes.
  static let lengthLimit = 256

  init(_ text: String, dialect: Cron.Dialect, seed: String) throws(CronFault) {
    (self.text, self.dialect, self.seed) = (text, dialect, seed)
    bytes = Array(text.utf8)
    guard bytes.count <= Self.lengthLimit else {
      throw CronFault(
        message: Bilingual(
          "a cron line has at most \(Self.lengthLimit) bytes, not \(bytes.count).",
          pt: "uma linha cron tem no máximo \(Self.lengthLimit) bytes, não \(bytes.count)."),
        remedy: CronField.remedy(dialect), range: 0..<bytes.count)
    }
  }

  mutating func rule() throws(CronFault) -> Cron.Rule {
    let parts = words()
    if let first = parts.first, bytes[first.lowerBound] == UInt8(ascii: "@") { return try nickname(parts) }
    let wanted = CronField.fields(of: dialect, count: parts.count)
    guard wanted.count == parts.count else { throw wrongCount(parts.count) }
    var fields = CronFields()
    for (field, range) in zip(wanted, parts) { try read(field, range, into: &fields) }
    if dialect == .quartz { try checkDays(fields, parts) }
    try checkExists(fields)
    return .fields(fields)
  }

  /// The ranges between blanks and tabs.
  private func words() -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start: Int?
    for (place, byte) in bytes.enumerated() {
      let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
      if isBlank, let begin = start {
        found.append(begin..<place)
        start = nil
      } else if !isBlank, start == nil {
        start = place
      }
    }
    if let start { found.append(start..<bytes.count) }
    return found
  }

  private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func nickname(_ parts: [Range<Int>]) throws(CronFault) -> Cron.Rule {
    let name = string(parts[0]).lowercased()
    if name == "@every" {
      guard parts.count == 2, let distance = Duration(text: string(parts[1])), distance >= .seconds(1),
        distance.microseconds.isMultiple(of: 1_000_000)
      else { throw badDistance }
      return .every(distance.microseconds / 1_000_000)
    }
    guard parts.count == 1, let line = Self.nicknames[name] else { throw unknownNickname(name) }
    var reader = try CronReader(line, dialect: .unix, seed: seed)
    return try reader.rule()
  }

  private static let nicknames = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
  ]

  private func read(_ field: CronField, _ range: Range<Int>, into fields: inout CronFields) throws(CronFault)
  {
    var items = CronItems(
      field: field, dialect: dialect, bytes: bytes, range: range, hash: CronField.hash(seed, field))
    try items.read()
    switch field {
    case .second: fields.seconds = items.values
    case .minute: fields.minutes = items.values
    case .hour:
      fields.hours = items.values
      fields.followsRealTime = items.isOpen || items.values == (1 << 24) - 1
    case .day:
      fields.days = items.days
      fields.days.values = items.values
      fields.days.isStar = items.isStar
    case .month: fields.months = items.values
    case .weekday:
      fields.weekdays = items.weekdays
      fields.weekdays.values = items.values
      fields.weekdays.isStar = items.isStar
    case .year: fields.years = items.isStar ? nil : items.years
    }
  }

  /// Quartz has no rule for two restricted days.
  private func checkDays(_ fields: CronFields, _ parts: [Range<Int>]) throws(CronFault) {
    if fields.days.isStar || fields.weekdays.isStar { return }
    throw CronFault(
      message: Bilingual(
        "Quartz takes a day of the month or a day of the week, not both.",
        pt: "o Quartz aceita um dia do mês ou um dia da semana, não os dois."),
      remedy: Bilingual("Write ? for the other one.", pt: "Escreva ? no outro."),
      range: parts[3].lowerBound..<parts[5].upperBound)
  }

  /// 30 February is found here, before a schedule waits for it.
  private func checkExists(_ fields: CronFields) throws(CronFault) {
    let start = CivilDate(year: 2000, month: 1, day: 1).daysSince1970 * 86_400
    if fields.years != nil || fields.next(from: start) != nil { return }
    throw CronFault(
      message: Bilingual("no such day ever comes.", pt: "esse dia nunca chega."),
      remedy: Bilingual("Check the day against the month.", pt: "Confira o dia com o mês."),
      range: 0..<bytes.count)
  }
}

// What is told.
extension CronReader {
  private func wrongCount(_ count: Int) -> CronFault {
    let numbers: Bilingual =
      switch dialect {
      case .unix: Bilingual("five fields", pt: "cinco campos")
      case .seconds: Bilingual("six fields", pt: "seis campos")
      case .quartz: Bilingual("six or seven fields", pt: "seis ou sete campos")
      }
    return CronFault(
      message: Bilingual(
        "a cron line has \(numbers.english), not \(count).",
        pt: "uma linha cron tem \(numbers.portuguese), não \(count)."),
      remedy: CronField.remedy(dialect), range: 0..<bytes.count)
  }

  private var badDistance: CronFault {
    CronFault(
      message: Bilingual(
        "@every needs a distance of whole seconds, at least one.",
        pt: "@every precisa de uma distância em segundos inteiros, ao menos um."),
      remedy: Bilingual("Write it as @every 90s or @every 4h.", pt: "Escreva como @every 90s ou @every 4h."),
      range: 0..<bytes.count)
  }

  private func unknownNickname(_ name: String) -> CronFault {
    CronFault(
      message: Bilingual("\"\(name)\" is no schedule.", pt: "\"\(name)\" não é um agendamento."),
      remedy: Bilingual(
        "There are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually and @every 90s.",
        pt: "Existem @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually e @every 90s."),
      range: 0..<bytes.count)
  }
}
