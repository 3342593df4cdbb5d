public import Model

/// Something that is late or broken and that people are told of. There is one for each thing that is watched,
/// however often it is looked at.
public struct Alert: Sendable, Hashable {
  public enum State: String, Sendable, Hashable, CaseIterable {
    case firing
    /// Somebody sees to it: no reminder and no escalation any more.
    case acknowledged
    case resolved
  }

  public struct Acknowledgement: Sendable, Hashable {
    public var by: String
    public var at: Timestamp
    public var note: String?
    public init(by: String, at: Timestamp, note: String?) { (self.by, self.at, self.note) = (by, at, note) }
  }

  public var id: ID<Alert>
  /// What it is about: the key of an expectation, `heartbeat NAME`, `engine`, `store`, `ping`.
  public var key: String
  public var state: State
  /// When it was first found late, and last.
  public var firstAt: Timestamp
  public var lastAt: Timestamp
  /// How often it was late: more than once where it came back within `dedupe`.
  public var count: Int
  public var finding: Finding
  public var acknowledged: Acknowledgement?
  /// When people were last told; nil: it is muted, and nobody was.
  public var toldAt: Timestamp?
  /// Escalations that were told.
  public var level: Int
  public var resolvedAt: Timestamp?
  /// Of one that has come back before: since when it is well again.
  public var goodSince: Timestamp?

  public init(id: ID<Alert>, key: String, finding: Finding, at now: Timestamp) {
    (self.id, self.key, self.finding, state) = (id, key, finding, .firing)
    (firstAt, lastAt, count, level) = (now, now, 1, 0)
  }

  public static let longestNote = 1_000
}

/// Nobody is told of what a pattern names, until then. It is watched all the same.
public struct Mute: Sendable, Hashable {
  /// A key, or one with `*` in it, such as `mitrarr/*`.
  public var pattern: String
  public var by: String
  public var reason: String
  public var at: Timestamp
  public var until: Timestamp

  public init(pattern: String, by: String, reason: String, at: Timestamp, until: Timestamp) {
    (self.pattern, self.by, self.reason, self.at, self.until) = (pattern, by, reason, at, until)
  }

  /// So long at most: what is muted for longer is not wanted.
  public static let longest = Duration.seconds(30 * 86_400)
  public static let limit = 1_000

  public func covers(_ key: String, at now: Timestamp) -> Bool {
    at <= now && now < until && WatchPattern.matches(pattern, key)
  }
}

/// Patterns over the keys of what is watched.
public enum WatchPattern {
  /// `*` stands for any run of characters. The name alone names all that is watched of it: `mitrarr/daily`
  /// is as good as `mitrarr/daily *`.
  public static func matches(_ pattern: String, _ key: String) -> Bool {
    let key = Array(key.utf8)
    return run(Array(pattern.utf8), key) || run(Array((pattern + " *").utf8), key)
  }

  private static func run(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var (p, t, star, mark) = (0, 0, -1, 0)
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        (star, mark) = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] {
        p += 1
        t += 1
      } else if star >= 0 {
        mark += 1
        (p, t) = (star + 1, mark)
      } else {
        return false
      }
    }
    while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
    return p == pattern.count
  }
}

/// One telling of an alert.
public struct Notice: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case firing, reminder, escalated, acknowledged, resolved
  }

  public var id: ID<Notice>
  public var kind: Kind
  public var alert: Alert
  public var at: Timestamp
  /// Names of destinations; empty: all that subscribe to such events.
  public var to: [String]

  public init(id: ID<Notice>, kind: Kind, alert: Alert, at: Timestamp, to: [String]) {
    (self.id, self.kind, self.alert, self.at, self.to) = (id, kind, alert, at, to)
  }

  /// The type of the event that leaves (CloudEvents).
  public var eventType: String { "esteira.alert.\(kind.rawValue)" }

  /// One line for people.
  public var text: Bilingual {
    let (name, what) = (alert.key, alert.finding.text)
    switch kind {
    case .firing: return Bilingual("ALERT \(name): \(what.english)", pt: "ALERTA \(name): \(what.portuguese)")
    case .reminder:
      return Bilingual("STILL \(name): \(what.english)", pt: "AINDA \(name): \(what.portuguese)")
    case .escalated:
      return Bilingual(
        "ESCALATED (level \(alert.level)) \(name): \(what.english)",
        pt: "ESCALADO (nível \(alert.level)) \(name): \(what.portuguese)")
    case .acknowledged:
      let by = alert.acknowledged?.by ?? ""
      return Bilingual("ACKNOWLEDGED by \(by) \(name)", pt: "RECONHECIDO por \(by) \(name)")
    case .resolved:
      return Bilingual("RESOLVED \(name): \(what.english)", pt: "RESOLVIDO \(name): \(what.portuguese)")
    }
  }
}
