public import Model

/// Endpoints about what is expected, heartbeats and alerts.
public enum WatchCalls {
  public static let expectations = Endpoint<NamespaceQuery, Page<ExpectationItem>>(
    .get, "/expectations", .needs("metrics", "read"),
    "All that is watched, and how it stands: expectations of pipelines, heartbeats, the node itself.")
  public static let ping = Endpoint<PingRequest, HeartbeatItem>(
    .post, "/heartbeats/{name}", .needs("heartbeats", "write"),
    "A sign of life from anything outside. The first one makes the heartbeat.",
    example: PingRequest(name: "nightly-rsync", took: "90s", every: "1d", grace: "2h"))
  public static let forget = Endpoint<NameOnly, HeartbeatItem>(
    .delete, "/heartbeats/{name}", .needs("heartbeats", "delete"), "Expects no more of a heartbeat.")
  public static let alerts = Endpoint<AlertQuery, Page<AlertItem>>(
    .get, "/alerts", .needs("alerts", "read"), "Alerts, newest first; the open ones unless asked otherwise.")
  public static let alert = Endpoint<AlertPath, AlertItem>(
    .get, "/alerts/{id}", .needs("alerts", "read"), "An alert and what was told of it.")
  public static let acknowledge = Endpoint<AcknowledgeRequest, AlertItem>(
    .post, "/alerts/{id}/ack", .needs("alerts", "update"),
    "Says that somebody sees to it: no reminder and no escalation any more.")
  public static let mutes = Endpoint<Nothing, Page<MuteItem>>(
    .get, "/mutes", .needs("alerts", "read"), "What nobody is told of for now.")
  public static let mute = Endpoint<MuteItem, MuteItem>(
    .post, "/mutes", .needs("alerts", "update"), "Tells nobody of what a pattern names, until a time.")
  public static let unmute = Endpoint<PatternRequest, MuteItem>(
    .post, "/mutes/end", .needs("alerts", "update"),
    "Ends a mute. What fires meanwhile is told at once.")
}

public struct NameOnly: Wire {
  public var name: String
  public init(name: String) { self.name = name }
  public static let schema = Schema.request(
    [
      .init("name", .text(1...Schema.Member.longestName).examples("nightly-rsync"))
    ], name: "NameOnly")

  public init(_ json: JSON) throws(WireError) { name = try Fields(json, Self.schema).text("name") }
  public var json: JSON { members(["name": name.wire]) }
}

public struct PatternRequest: Wire {
  public var pattern: String
  public init(pattern: String) { self.pattern = pattern }
  public static let schema = Schema.request(
    [
      .init("pattern", .text(1...Schema.Member.longestName).examples("demo/hello"))
    ], name: "PatternRequest")

  public init(_ json: JSON) throws(WireError) { pattern = try Fields(json, Self.schema).text("pattern") }
  public var json: JSON { members(["pattern": pattern.wire]) }
}

/// Something that is watched.
public struct ExpectationItem: Wire, Hashable {
  /// `namespace/pipeline`, the name of a heartbeat, or `engine`, `store`, `ping`.
  public var subject: String
  /// `success_every`, `start_within`, `finish_by`, `event_every`, `volume`, `heartbeat` or `node`.
  public var rule: String
  /// As the file says it, such as `7d`.
  public var wanted: String
  /// `ok`, `late` or `learning`.
  public var state: String
  /// When it is late unless something happens; of one that is late: since when.
  public var deadline: Timestamp?
  public var lastAt: Timestamp?
  /// One sentence in the caller's language.
  public var message: String
  public var mutedUntil: Timestamp?
  public var alert: String?

  public init(
    subject: String, rule: String, wanted: String, state: String, deadline: Timestamp?, lastAt: Timestamp?,
    message: String, mutedUntil: Timestamp?, alert: String?
  ) {
    (self.subject, self.rule, self.wanted, self.state) = (subject, rule, wanted, state)
    (self.deadline, self.lastAt, self.message) = (deadline, lastAt, message)
    (self.mutedUntil, self.alert) = (mutedUntil, alert)
  }

  public static let schema = Schema.object(
    [
      .init("subject", .text, "`namespace/pipeline`, the name of a heartbeat, or `engine`, `store`, `ping`."),
      .init(
        "rule", .text,
        "`success_every`, `start_within`, `finish_by`, `event_every`, `volume`, `heartbeat` or `node`."),
      .optional("wanted", .text, "As the file says it, such as `7d`."),
      .init("state", .words(["ok", "late", "learning"])),
      .optional(
        "deadline", .time, "When it is late unless something happens; of one that is late: since when."),
      .optional("last_at", .time),
      .init("message", .text),
      .optional("muted_until", .time),
      .optional("alert", .text),
    ], name: "ExpectationItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (subject, rule) = (try fields.text("subject"), try fields.text("rule"))
    (wanted, state) = (try fields.optionalText("wanted") ?? "", try fields.text("state"))
    (deadline, lastAt) = (try fields.optionalTime("deadline"), try fields.optionalTime("last_at"))
    (message, mutedUntil) = (try fields.text("message"), try fields.optionalTime("muted_until"))
    alert = try fields.optionalText("alert")
  }

  public var json: JSON {
    members([
      "subject": subject.wire, "rule": rule.wire, "wanted": wanted.isEmpty ? nil : wanted.wire,
      "state": state.wire, "deadline": deadline?.wire, "last_at": lastAt?.wire, "message": message.wire,
      "muted_until": mutedUntil?.wire, "alert": alert?.wire,
    ])
  }
}

public struct PingRequest: Wire {
  public var name: String
  /// It says that what it tells of has failed.
  public var hasFailed: Bool
  public var message: String?
  /// How long the work took; durations are texts such as `90s`.
  public var took: String?
  /// From now on a ping is expected so often, with so much grace.
  public var every: String?
  public var grace: String?

  public init(
    name: String, hasFailed: Bool = false, message: String? = nil, took: String? = nil, every: String? = nil,
    grace: String? = nil
  ) {
    (self.name, self.hasFailed, self.message) = (name, hasFailed, message)
    (self.took, self.every, self.grace) = (took, every, grace)
  }

  public static let schema = Schema.request(
    [
      .init("name", .text(1...Schema.Member.longestName).examples("nightly-rsync")),
      .optional("failed", .flag, "It says that what it tells of has failed."),
      .optional("message", .text(0...Schema.Member.longestNote)),
      .optional("duration", .text(.duration).examples("90s"), "How long the work took."),
      .optional(
        "every", .text(.duration).examples("1d"), "From now on a ping is expected so often."
      ),
      .optional("grace", .text(.duration).examples("2h"), "And may be late by so much."),
    ], name: "PingRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, hasFailed) = (try fields.text("name"), try fields.flag("failed"))
    (message, took) = (try fields.optionalText("message"), try fields.optionalText("duration"))
    (every, grace) = (try fields.optionalText("every"), try fields.optionalText("grace"))
  }

  public var json: JSON {
    members([
      "name": name.wire, "failed": hasFailed.wire, "message": message?.wire, "duration": took?.wire,
      "every": every?.wire, "grace": grace?.wire,
    ])
  }
}

public struct HeartbeatItem: Wire, Hashable {
  public var name: String
  public var every: String?
  public var grace: String
  public var lastAt: Timestamp?
  /// When it is late unless another ping comes.
  public var deadline: Timestamp?

  public init(name: String, every: String?, grace: String, lastAt: Timestamp?, deadline: Timestamp?) {
    (self.name, self.every, self.grace) = (name, every, grace)
    (self.lastAt, self.deadline) = (lastAt, deadline)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text),
      .optional("every", .text),
      .init("grace", .text),
      .optional("last_at", .time),
      .optional("deadline", .time, "When it is late unless another ping comes."),
    ], name: "HeartbeatItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, every) = (try fields.text("name"), try fields.optionalText("every"))
    grace = try fields.optionalText("grace") ?? "0s"
    (lastAt, deadline) = (try fields.optionalTime("last_at"), try fields.optionalTime("deadline"))
  }

  public var json: JSON {
    members([
      "name": name.wire, "every": every?.wire, "grace": grace.wire, "last_at": lastAt?.wire,
      "deadline": deadline?.wire,
    ])
  }
}
