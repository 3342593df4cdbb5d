public import Model

/// Something outside that says from time to time that it lives: a line of a crontab, a script, a machine.
public struct Heartbeat: Sendable, Hashable {
  public var name: String
  /// How often a ping is expected; nil: pings are noted and nothing is expected.
  public var every: Duration?
  /// So much later is still in time.
  public var grace: Duration
  /// From then on pings are expected.
  public var since: Timestamp
  public var last: Ping?
  /// Of the last that did not fail.
  public var lastGood: Timestamp?
  /// `esteira.yaml` says how often, and not a ping.
  public var isConfigured: Bool

  public struct Ping: Sendable, Hashable {
    public var at: Timestamp
    public var by: String
    public var hasFailed: Bool
    public var message: String?
    /// How long the work took that it tells of.
    public var took: Duration?
    public init(at: Timestamp, by: String, hasFailed: Bool, message: String?, took: Duration?) {
      (self.at, self.by, self.hasFailed, self.message, self.took) = (at, by, hasFailed, message, took)
    }
  }

  public init(
    name: String, every: Duration?, grace: Duration = .zero, since: Timestamp, last: Ping? = nil,
    lastGood: Timestamp? = nil, isConfigured: Bool = false
  ) {
    (self.name, self.every, self.grace, self.since) = (name, every, grace, since)
    (self.last, self.lastGood, self.isConfigured) = (last, lastGood, isConfigured)
  }

  public var key: String { "heartbeat \(name)" }

  /// Names that are kept; one more is refused.
  public static let limit = 1_000
  public static let longestName = 128
  public static let longestMessage = 1_000
  /// How often a ping may be expected.
  public static let intervals = Duration.seconds(1)...Duration.seconds(366 * 86_400)

  /// Letters, digits and `._-/`, a letter or digit first.
  public static func isName(_ text: String) -> Bool {
    guard text.utf8.count <= longestName, let first = text.utf8.first, isWord(first) else { return false }
    return text.utf8.allSatisfy { isWord($0) || Array("._-/".utf8).contains($0) }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

extension Heartbeat {
  mutating func take(_ ping: Ping, every: Duration?, grace: Duration?) {
    if !isConfigured {
      if let every { self.every = every }
      if let grace { self.grace = grace }
    }
    last = ping
    if !ping.hasFailed { lastGood = ping.at }
  }

  /// A failure is told at once and holds until the next good ping.
  public func verdict(at now: Timestamp) -> Verdict {
    if let last, last.hasFailed {
      return Verdict(
        isLate: true,
        Finding(
          .failedPing, ["at": .string(last.at.toSecond), "message": .string(last.message ?? "-")]),
        deadline: last.at)
    }
    guard let every else { return .fine(until: nil) }
    let deadline = max(last?.at ?? since, since) + every + grace
    guard deadline <= now else { return .fine(until: deadline) }
    return Verdict(
      isLate: true,
      Finding(
        .noPing,
        [
          "last": last.map { .string($0.at.toSecond) }, "since": .string(since.toSecond),
          "limit": .string(every.text),
        ]), deadline: deadline)
  }
}

extension Heartbeat {
  public var json: JSON {
    var object = JSONObject()
    object["name"] = .string(name)
    object["every"] = every.map { .string($0.text) }
    object["grace"] = .string(grace.text)
    object["since"] = .string(since.rfc3339)
    object["last_good"] = lastGood.map { .string($0.rfc3339) }
    object["configured"] = .bool(isConfigured)
    if let last {
      var ping = JSONObject()
      ping["at"] = .string(last.at.rfc3339)
      ping["by"] = .string(last.by)
      ping["failed"] = .bool(last.hasFailed)
      ping["message"] = last.message.map { .string($0) }
      ping["took"] = last.took.map { .string($0.secondsText) }
      object["last"] = .object(ping)
    }
    return .object(object)
  }

  /// As `json` has written it; nil for anything else.
  public init?(_ json: JSON) {
    guard let name = json["name"]?.string, let since = json["since"]?.string.flatMap(Timestamp.init(rfc3339:))
    else { return nil }
    func duration(_ value: JSON?) -> Duration? { value?.string.flatMap { Duration(text: $0) } }
    func moment(_ value: JSON?) -> Timestamp? { value?.string.flatMap(Timestamp.init(rfc3339:)) }
    let last = json["last"].flatMap { ping -> Ping? in
      guard let at = moment(ping["at"]) else { return nil }
      return Ping(
        at: at, by: ping["by"]?.string ?? "", hasFailed: ping["failed"]?.bool ?? false,
        message: ping["message"]?.string, took: duration(ping["took"]))
    }
    self.init(
      name: name, every: duration(json["every"]), grace: duration(json["grace"]) ?? .zero, since: since,
      last: last, lastGood: moment(json["last_good"]), isConfigured: json["configured"]?.bool ?? false)
  }
}
