import Engine
import Model

/// A message from a client.
enum HubRequest: Sendable, Hashable {
  case auth(ticket: String)
  case subscribe(Subscribe)
  case unsubscribe(channel: String)
  case ping

  struct Subscribe: Sendable, Hashable {
    var channel: String
    /// Behind this sequence number; nil: from now on.
    var after: Int64?
    var options = HubOptions()
  }

  /// The `id` with which the client finds the answer: text or a whole number.
  struct Envelope: Sendable {
    var id: JSON?
    var request: Result<HubRequest, HubFault>
  }

  static func read(_ text: String) -> Envelope {
    guard text.utf8.count <= HubLimits.messageIn else {
      return Envelope(id: nil, request: .failure(.messageTooLarge))
    }
    // What cannot be read is the client's fault, and the answer says what can.
    guard let json = try? JSON(parsing: Array(text.utf8)), json.object != nil,
      let type = json["type"]?.string
    else { return Envelope(id: nil, request: .failure(.invalidMessage)) }
    return Envelope(id: id(json["id"]), request: request(type, json))
  }

  private static func id(_ json: JSON?) -> JSON? {
    switch json {
    case .int?: json
    case .string(let text)?: text.utf8.count <= 64 ? json : nil
    case nil, .null?, .bool?, .double?, .array?, .object?: nil
    }
  }

  private static func request(_ type: String, _ json: JSON) -> Result<HubRequest, HubFault> {
    switch type {
    case "ping": return .success(.ping)
    case "auth":
      guard let ticket = json["ticket"]?.string else { return .failure(.invalidMessage) }
      return .success(.auth(ticket: ticket))
    case "unsubscribe":
      guard let channel = json["channel"]?.string else { return .failure(.invalidMessage) }
      return .success(.unsubscribe(channel: channel))
    case "subscribe":
      guard let channel = json["channel"]?.string, let options = HubOptions(json) else {
        return .failure(.invalidMessage)
      }
      var request = Subscribe(channel: channel, options: options)
      switch json["after"] {
      case nil, .null?: break
      case .int(let after)? where after >= 0: request.after = after
      case _?: return .failure(.invalidMessage)
      }
      return .success(.subscribe(request))
    case _: return .failure(.unknownType)
    }
  }
}

/// Which log lines a client wants.
struct HubOptions: Sendable, Hashable {
  /// Nil: no lines. Counts on `job:` and `logs:` alone.
  var level: LogLevel? = .debug
  /// Of one step, by its path, and of one attempt of it.
  var step: ScalarString?
  var attempt: Int?

  init() {}

  /// Nil where a member is wrong.
  init?(_ json: JSON) {
    switch json["level"] {
    case nil, .null?: break
    case .string("none")?: level = nil
    case .string(let word)?:
      let word = word.uppercased()
      guard let found = LogLevel.allCases.first(where: { $0.word == word }) else { return nil }
      level = found
    case _?: return nil
    }
    switch json["step"] {
    case nil, .null?: break
    case .string(let path)?: step = ScalarString(path)
    case _?: return nil
    }
    switch json["attempt"] {
    case nil, .null?: break
    case .int(let number)? where number > 0: attempt = Int(number)
    case _?: return nil
    }
  }

  func wants(_ line: HubEntry.Line) -> Bool {
    guard let level, line.level.rawValue >= level.rawValue else { return false }
    if let step, step != line.path { return false }
    return attempt == nil || attempt == line.attempt
  }
}
