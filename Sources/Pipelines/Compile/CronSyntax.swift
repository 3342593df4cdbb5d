import Model

/// Five fields: minute, hour, day of the month, month, day of the week.
enum CronSyntax {
  static let remedy = Bilingual(
    "Write five fields: minute, hour, day, month and weekday, such as 0 6 * * 1-5.",
    pt: "Escreva cinco campos: minuto, hora, dia, mês e dia da semana, como 0 6 * * 1-5.")

  private static let fields: [(name: Bilingual, range: ClosedRange<Int>, words: [String])] = [
    (Bilingual("minute", pt: "minuto"), 0...59, []), (Bilingual("hour", pt: "hora"), 0...23, []),
    (Bilingual("day", pt: "dia"), 1...31, []),
    (
      Bilingual("month", pt: "mês"), 1...12,
      ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    ),
    (Bilingual("weekday", pt: "dia da semana"), 0...7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
  ]

  static func fault(in text: String) -> Bilingual? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == fields.count else {
      return Bilingual(
        "a cron line has five fields, not \(parts.count).",
        pt: "uma linha cron tem cinco campos, não \(parts.count).")
    }
    for (part, field) in zip(parts, fields) where !isValid(part, field.range, field.words) {
      return Bilingual(
        "\"\(part)\" is no valid \(field.name.english) in a cron line.",
        pt: "\"\(part)\" não vale como \(field.name.portuguese) numa linha cron.")
    }
    return nil
  }

  /// A list of `*`, `a`, `a-b`, each with `/step`.
  private static func isValid(_ field: Substring, _ range: ClosedRange<Int>, _ words: [String]) -> Bool {
    field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { item in
      let halves = item.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(halves.count) else { return false }
      if halves.count == 2, (number(halves[1]) ?? 0) < 1 { return false }
      if halves[0] == "*" { return true }
      let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { end in
        words.firstIndex(of: end.lowercased()).map { $0 + range.lowerBound } ?? number(end)
      }
      guard (1...2).contains(ends.count), let first = ends[0], range.contains(first) else { return false }
      guard ends.count == 2 else { return true }
      guard let last = ends[1] else { return false }
      return range.contains(last) && first <= last
    }
  }
  /// Digits alone: `Int` would also take a sign.
  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
  }
}
