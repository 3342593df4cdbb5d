import Model

/// `log:` of `esteira.yaml`: how the server tells of itself, on standard error.
///
///     log: {format: json, level: info, events: [source_execution_complete]}
struct LogSetting: Sendable, Hashable {
  enum Format: String, Sendable, CaseIterable { case text, json }

  enum Level: String, Sendable, CaseIterable, Comparable {
    case debug, info, warn, error

    static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  static let formatVariable = "ESTEIRA_LOG_FORMAT"
  static let levelVariable = "ESTEIRA_LOG_LEVEL"
  static let mostEvents = 100
  static let keys = ["format", "level", "events"]

  var format = Format.text
  var level = Level.info
  /// Types of `event.emit` whose data stand in the log in the clear: bodies are sealed everywhere else.
  var events: Set<String> = []

  /// What the file says, and above it the environment.
  static func effective(_ config: ConfigFile) throws(Problem) -> LogSetting {
    var setting = try config.log()
    setting.format = try told(formatVariable) ?? setting.format
    setting.level = try told(levelVariable) ?? setting.level
    return setting
  }

  /// Nil where the variable says nothing.
  static func told<Word: RawRepresentable & CaseIterable>(
    _ variable: String
  ) throws(Problem) -> Word? where Word.RawValue == String {
    guard let text = Places.environment(variable) else { return nil }
    guard let word = Word(rawValue: text) else {
      let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem(
        "bad-config",
        Bilingual("\(variable) is \"\(text)\".", pt: "\(variable) é \"\(text)\"."),
        remedy: Bilingual(
          "Set it to one of: \(words); or unset it.", pt: "Defina um destes: \(words); ou tire a variável."))
    }
    return word
  }
}

struct LogReader {
  private let config: ConfigFile
  private let file: JSONObject

  init(_ config: ConfigFile, _ file: JSONObject) { (self.config, self.file) = (config, file) }

  func setting() throws(Problem) -> LogSetting {
    var setting = LogSetting()
    guard let json = file["log"] else { return setting }
    guard let map = json.object, map.keys.allSatisfy(LogSetting.keys.contains) else { throw wrong }
    setting.format = try word(map["format"]) ?? setting.format
    setting.level = try word(map["level"]) ?? setting.level
    if let list = map["events"] {
      let types = (list.array ?? []).compactMap(\.string)
      guard list.array?.count == types.count, types.count <= LogSetting.mostEvents else { throw wrong }
      setting.events = Set(types)
    }
    return setting
  }

  private func word<Word: RawRepresentable>(
    _ json: JSON?
  ) throws(Problem) -> Word? where Word.RawValue == String {
    guard let json else { return nil }
    guard let word = json.string.flatMap(Word.init(rawValue:)) else { throw wrong }
    return word
  }

  private var wrong: Problem {
    let formats = LogSetting.Format.allCases.map(\.rawValue).joined(separator: ", ")
    let levels = LogSetting.Level.allCases.map(\.rawValue).joined(separator: ", ")
    let example = "log: {format: json, level: info, events: [report.ready]}"
    return config.wrong(
      Bilingual(
        "log has format (\(formats)), level (\(levels)) and events, a list of at most "
          + "\(LogSetting.mostEvents) types",
        pt: "log tem format (\(formats)), level (\(levels)) e events, uma lista de no máximo "
          + "\(LogSetting.mostEvents) tipos"),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}
