/// A field of a line.
enum CronField: UInt8, CaseIterable {
  case second, minute, hour, day, month, weekday, year

  /// Those of a dialect in their order; Quartz may leave out the year.
  static func fields(of dialect: Cron.Dialect, count: Int) -> [CronField] {
    switch dialect {
    case .unix: [.minute, .hour, .day, .month, .weekday]
    case .seconds: [.second, .minute, .hour, .day, .month, .weekday]
    case .quartz: [.second, .minute, .hour, .day, .month, .weekday] + (count == 7 ? [.year] : [])
    }
  }

  var name: Bilingual {
    switch self {
    case .second: Bilingual("second", pt: "segundo")
    case .minute: Bilingual("minute", pt: "minuto")
    case .hour: Bilingual("hour", pt: "hora")
    case .day: Bilingual("day", pt: "dia")
    case .month: Bilingual("month", pt: "mês")
    case .weekday: Bilingual("weekday", pt: "dia da semana")
    case .year: Bilingual("year", pt: "ano")
    }
  }

  /// What a number may be, as it is written.
  func range(_ dialect: Cron.Dialect) -> ClosedRange<Int> {
    switch self {
    case .second, .minute: 0...59
    case .hour: 0...23
    case .day: 1...31
    case .month: 1...12
    case .weekday: dialect == .quartz ? 1...7 : 0...7
    case .year: 1970...2199
    }
  }

  /// Where `H` may lie: every month has it.
  func spread(_ dialect: Cron.Dialect) -> ClosedRange<Int> {
    switch self {
    case .second, .minute, .hour, .month, .year: range(dialect)
    case .day: 1...28
    case .weekday: dialect == .quartz ? 1...7 : 0...6
    }
  }

  /// Three letters each, beginning with the first value.
  var words: [String] {
    switch self {
    case .second, .minute, .hour, .day, .year: []
    case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    case .weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    }
  }

  /// FNV-1a over the seed and the field, stirred as SplitMix64 ends, so that seeds that differ in their last
  /// letter lie far apart.
  static func hash(_ seed: String, _ field: CronField) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in Array(seed.utf8) + [0, field.rawValue] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
    return hash ^ hash >> 31
  }

  static func remedy(_ dialect: Cron.Dialect) -> Bilingual {
    switch dialect {
    case .unix:
      Bilingual(
        "Write five fields: minute, hour, day, month and weekday, such as 0 6 * * 1-5.",
        pt: "Escreva cinco campos: minuto, hora, dia, mês e dia da semana, como 0 6 * * 1-5.")
    case .seconds:
      Bilingual(
        "Write six fields: second, minute, hour, day, month and weekday, such as 0 0 6 * * 1-5.",
        pt: "Escreva seis campos: segundo, minuto, hora, dia, mês e dia da semana, como 0 0 6 * * 1-5.")
    case .quartz:
      Bilingual(
        "Write second, minute, hour, day, month, weekday and perhaps the year, such as 0 0 6 ? * MON-FRI.",
        pt: "Escreva segundo, minuto, hora, dia, mês, dia da semana e talvez o ano, como 0 0 6 ? * MON-FRI.")
    }
  }
}
