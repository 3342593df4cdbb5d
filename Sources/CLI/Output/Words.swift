public import Model

/// How numbers, times and statuses are worded for people. JSON never goes through here.
public struct Words: Sendable {
  var language: Language

  public init(language: Language) { self.language = language }

  /// `0.2 s`, `35 s`, `5 min 3 s`, `2 h 5 min`.
  public func duration(_ duration: Duration) -> String {
    let tenths = max(0, duration.microseconds) / 100_000
    if tenths < 100 {
      let point = language == .portuguese ? "," : "."
      return "\(tenths / 10)\(point)\(tenths % 10) s"
    }
    let seconds = tenths / 10
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3_600 {
      return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s"
    }
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
    return minutes == 0 ? "\(hours) h" : "\(hours) h \(minutes) min"
  }

  /// To the second, in UTC.
  func time(_ time: Timestamp?) -> String {
    guard let time else { return "-" }
    return Timestamp(microseconds: time.microseconds - time.microseconds % 1_000_000).rfc3339
  }

  /// To the millisecond, in UTC, always as wide.
  static func instant(_ time: Timestamp) -> String {
    let whole = Timestamp(microseconds: time.microseconds - time.microseconds % 1_000_000).rfc3339.dropLast()
    let thousandths = String(1_000 + time.microseconds % 1_000_000 / 1_000).dropFirst()
    return "\(whole).\(thousandths)Z"
  }

  /// A failure that a rescue took over from.
  func rescued(_ message: String) -> String {
    Bilingual("rescued: \(message)", pt: "resgatado: \(message)")[language]
  }

  /// A stored reason in a person's words; a word that is not known here is shown as it is.
  func cause(_ word: String) -> String {
    let text: Bilingual? =
      switch word {
      case "condition": Bilingual("its condition is false", pt: "a condição é falsa")
      case "branch": Bilingual("another branch was chosen", pt: "outro ramo foi escolhido")
      case "upstream_failed": Bilingual("a step before it failed", pt: "um passo anterior falhou")
      case "cancelled": Bilingual("the job was cancelled", pt: "o job foi cancelado")
      case "expired": Bilingual("nobody answered in time", pt: "ninguém respondeu a tempo")
      case "limit": Bilingual("too many items failed", pt: "itens demais falharam")
      case "owner_restarted": Bilingual("its node ended", pt: "o nó dele terminou")
      case _: nil
      }
    return text?[language] ?? word
  }

  func size(_ bytes: Int64) -> String {
    let units = ["B", "KiB", "MiB", "GiB"]
    var (value, unit) = (bytes * 10, 0)
    while value >= 10_240, unit < units.count - 1 {
      value /= 1_024
      unit += 1
    }
    if unit == 0 { return "\(bytes) B" }
    return "\(value / 10)\(language == .portuguese ? "," : ".")\(value % 10) \(units[unit])"
  }

  /// One line of a value: text as it is, anything else as JSON, cut at `limit` scalars.
  func value(_ json: JSON, limit: Int = 80) -> String {
    let text = json.string ?? json.text
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    let scalars = line.unicodeScalars
    if scalars.count <= limit, line.utf8.count == text.utf8.count { return line }
    return String(String.UnicodeScalarView(scalars.prefix(limit))) + "…"
  }

  /// Enough of an id for people: the time and twelve random bits.
  static func short(_ id: String) -> String { String(id.prefix(18)) }
}

extension String {
  var withoutTrailingSpaces: String {
    String(String.UnicodeScalarView(unicodeScalars.reversed().drop { $0 == " " }.reversed()))
  }

  /// Without control characters, which could move a terminal's cursor.
  var printable: String {
    String(String.UnicodeScalarView(unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
  }
}
