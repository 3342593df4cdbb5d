import CLI
import Engine
import Model
import Server

/// What the server tells of itself: sentences for a person, or one JSON object a line for what collects logs.
///
/// As text it tells of the server alone; as JSON also of jobs and requests. No line holds a secret: messages
/// of failures are masked where they are made, and members of data that are named like one are masked here.
struct ServerLog: Sendable {
  typealias Fields = KeyValuePairs<String, JSON?>

  let setting: LogSetting
  private let language: Language
  private let write: @Sendable (String) -> Void
  private let now: @Sendable () -> Timestamp

  init(
    _ setting: LogSetting, _ language: Language,
    now: @escaping @Sendable () -> Timestamp = Program.now,
    write: @escaping @Sendable (String) -> Void = Console.system.error
  ) { (self.setting, self.language, self.now, self.write) = (setting, language, now, write) }

  var isJSON: Bool { setting.format == .json }

  /// Whether anything of jobs and requests is told.
  func tellsWork(at level: LogSetting.Level = .error) -> Bool { isJSON && setting.level <= level }

  /// `event` is a stable word; `text` is for people.
  func tell(_ level: LogSetting.Level, _ event: String, _ text: Bilingual, _ fields: Fields = [:]) {
    guard level >= setting.level else { return }
    guard isJSON else { return write(text[language]) }
    tell(level, event, text.english, at: now(), fields)
  }

  /// Of something that happened at a moment; nothing as text.
  func note(
    _ level: LogSetting.Level, _ event: String, at time: Timestamp, _ fields: Fields, data: JSONObject? = nil
  ) {
    guard isJSON, level >= setting.level else { return }
    tell(level, event, nil, at: time, fields, data)
  }

  private func tell(
    _ level: LogSetting.Level, _ event: String, _ message: String?, at time: Timestamp, _ fields: Fields,
    _ data: JSONObject? = nil
  ) {
    var line = JSONObject([
      ("timestamp", .string(time.rfc3339)), ("level", .string(level.rawValue)), ("event", .string(event)),
    ])
    line["message"] = message.map { .string(String($0.prefix(Self.longest))) }
    for field in fields { line[field.key] = field.value }
    // What the server says of an event stands above what the event says of itself.
    for member in data ?? JSONObject() where line[member.key] == nil {
      line[member.key] = Self.masked(member.value, named: member.key)
    }
    write(JSON.object(line).text)
  }

  /// Of a message.
  private static let longest = 4_096
  private static let mask = "***"
  private static let secret = [
    "password", "passwd", "secret", "token", "authorization", "api_key", "apikey", "senha", "credential",
  ]

  static func masked(_ value: JSON, named name: String) -> JSON {
    let small = name.lowercased()
    if secret.contains(where: { small.contains($0) }) { return .string(mask) }
    if let members = value.object {
      return .object(JSONObject(members.map { ($0.key, masked($0.value, named: $0.key)) }))
    }
    guard let elements = value.array else { return value }
    return .array(elements.map { masked($0, named: "") })
  }
}

extension ServerLog {
  /// Something that went wrong and that the server goes on after.
  func tell(_ problem: Problem, _ event: String, _ level: LogSetting.Level = .error, _ fields: Fields = [:]) {
    guard level >= setting.level else { return }
    if isJSON {
      var data: JSONObject = ["code": .string(problem.code)]
      data["remedy"] = problem.remedy.map { .string($0.english) }
      return tell(level, event, problem.message.english, at: now(), fields, data)
    }
    let remedy = problem.remedy.map { "\n  " + $0[language] } ?? ""
    write("esteira: \(problem.message[language]) [\(problem.code)]\(remedy)")
  }

  /// A line of something that has only words.
  func lines(_ level: LogSetting.Level, _ event: String) -> @Sendable (String) -> Void {
    { text in tell(level, event, Bilingual(text, pt: text)) }
  }

  /// What was answered to a request. Never its query and its headers, which may hold a secret.
  func answered(_ request: AnsweredRequest) {
    let level: LogSetting.Level =
      switch request.status {
      case 500...: .error
      case ..<400 where request.method == "GET" || request.method == "HEAD": .debug
      case _: .info
      }
    note(
      level, "request", at: now(),
      [
        "request_id": .string(request.id), "method": .string(request.method), "path": .string(request.path),
        "status": .int(Int64(request.status)), "duration_ms": .int(request.took.microseconds / 1_000),
        "actor": request.actor.map { .string($0) }, "address": .string(request.address),
      ])
  }
}
