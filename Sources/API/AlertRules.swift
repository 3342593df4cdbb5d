public import Model

/// Endpoints about whom alerts are told.
public enum AlertRuleCalls {
  public static let list = Endpoint<Nothing, Page<AlertRuleItem>>(
    .get, "/alert-rules", .needs("alerts", "read"),
    "Whom alerts are told, in the order in which rules are asked; the last one is for all others.")
  public static let get = Endpoint<NameOnly, AlertRuleItem>(
    .get, "/alert-rules/{name}", .needs("alerts", "read"), "One rule.")
  public static let put = Endpoint<AlertRuleRequest, AlertRuleItem>(
    .put, "/alert-rules/{name}", .needs("alerts", "update"),
    "Makes or changes a rule beside those of esteira.yaml, which are asked first.",
    example: AlertRuleRequest(name: "mitrarr", pattern: "mitrarr/*", to: ["mitrarr-ops"], remind: "4h"))
  public static let delete = Endpoint<NameOnly, Nothing>(
    .delete, "/alert-rules/{name}", .needs("alerts", "update"), "Removes a rule that was made by a call.")
  public static let mute = Endpoint<RuleMuteRequest, MuteItem>(
    .post, "/alert-rules/{name}/mute", .needs("alerts", "update"),
    "Tells nobody of what the rule matches, until a time.")
  public static let muteAlert = Endpoint<AlertMuteRequest, MuteItem>(
    .post, "/alerts/{id}/mute", .needs("alerts", "update"),
    "Tells nobody of what this alert is about, until a time.")
}

public struct EscalationItem: Wire, Hashable {
  public var after: String
  public var to: [String]

  public init(after: String, to: [String]) { (self.after, self.to) = (after, to) }

  public static let mostNames = 100

  public static let schema = Schema.request(
    [
      .init(
        "after", .text(.duration).examples("30m"),
        "So long after it began, while nobody acknowledged it."),
      .init(
        "to", .list(of: .text(1...Schema.Member.longestName), most: mostNames, least: 1),
        "Names of destinations."),
    ], name: "EscalationItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (after, to) = (try fields.text("after"), try fields.texts("to"))
  }

  public var json: JSON { members(["after": after.wire, "to": .array(to.map(\.wire))]) }
}

public struct AlertRuleRequest: Wire {
  public var name: String
  public var pattern: String
  /// Names of destinations; nil, as with all others: as for all.
  public var to: [String]?
  public var dedupe: String?
  public var remind: String?
  public var escalations: [EscalationItem]?

  public init(
    name: String, pattern: String, to: [String]? = nil, dedupe: String? = nil, remind: String? = nil,
    escalations: [EscalationItem]? = nil
  ) {
    (self.name, self.pattern, self.to, self.dedupe) = (name, pattern, to, dedupe)
    (self.remind, self.escalations) = (remind, escalations)
  }

  public static let mostEscalations = 10

  public static let schema = Schema.request(
    [
      .init("name", .text(.namespace).examples("mitrarr")),
      .init(
        "match", .text(1...Schema.Member.longestName).examples("mitrarr/*"),
        "A name, or one with `*` in it."),
      .optional(
        "to", .list(of: .text(1...Schema.Member.longestName), most: EscalationItem.mostNames, least: 1),
        "Names of destinations; left out: as for all."),
      .optional("dedupe", .text(.duration).examples("10m")),
      .optional("remind", .text(.duration).examples("4h")),
      .optional("escalate", .list(of: EscalationItem.schema, most: mostEscalations)),
    ], name: "AlertRuleRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, pattern) = (try fields.text("name"), try fields.text("match"))
    to = fields.object["to"] == nil ? nil : try fields.texts("to")
    (dedupe, remind) = (try fields.optionalText("dedupe"), try fields.optionalText("remind"))
    escalations =
      fields.object["escalate"] == nil ? nil : try fields.list("escalate", of: EscalationItem.self)
  }

  public var json: JSON {
    members([
      "name": name.wire, "match": pattern.wire, "to": to.map { .array($0.map(\.wire)) },
      "dedupe": dedupe?.wire, "remind": remind?.wire, "escalate": escalations?.wire,
    ])
  }
}

public struct AlertRuleItem: Wire, Hashable {
  public var name: String
  public var pattern: String
  /// `file` or `api`.
  public var origin: String
  /// Empty: all that subscribe.
  public var to: [String]
  public var dedupe: String
  public var remind: String?
  public var escalations: [EscalationItem]
  public var mutedUntil: Timestamp?
  /// Of one that was made by a call.
  public var by: String?
  public var at: Timestamp?

  public init(
    name: String, pattern: String, origin: String, to: [String], dedupe: String, remind: String?,
    escalations: [EscalationItem], mutedUntil: Timestamp?, by: String? = nil, at: Timestamp? = nil
  ) {
    (self.name, self.pattern, self.origin, self.to) = (name, pattern, origin, to)
    (self.dedupe, self.remind, self.escalations) = (dedupe, remind, escalations)
    (self.mutedUntil, self.by, self.at) = (mutedUntil, by, at)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("match", .text),
      .init("origin", .words(["file", "api"]), "`file`: it stands in esteira.yaml."),
      .init("to", .list(of: .text), "Names of destinations; empty: all that subscribe."),
      .init("dedupe", .text), .optional("remind", .text),
      .init("escalate", .list(of: EscalationItem.schema)), .optional("muted_until", .time),
      .optional("by", .text), .optional("at", .time),
    ], name: "AlertRuleItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, pattern) = (try fields.text("name"), try fields.text("match"))
    (origin, to) = (try fields.text("origin"), try fields.texts("to"))
    (dedupe, remind) = (try fields.text("dedupe"), try fields.optionalText("remind"))
    escalations = try fields.list("escalate", of: EscalationItem.self)
    mutedUntil = try fields.optionalTime("muted_until")
    (by, at) = (try fields.optionalText("by"), try fields.optionalTime("at"))
  }

  public var json: JSON {
    members([
      "name": name.wire, "match": pattern.wire, "origin": origin.wire, "to": .array(to.map(\.wire)),
      "dedupe": dedupe.wire, "remind": remind?.wire, "escalate": escalations.wire,
      "muted_until": mutedUntil?.wire, "by": by?.wire, "at": at?.wire,
    ])
  }
}

public struct RuleMuteRequest: Wire {
  public var name: String
  public var reason: String
  public var until: Timestamp

  public init(name: String, reason: String, until: Timestamp) {
    (self.name, self.reason, self.until) = (name, reason, until)
  }

  public static let schema = Schema.request(
    [
      .init("name", .text(1...Schema.Member.longestName).examples("mitrarr")),
      .init("reason", .text(1...Schema.Member.longestNote)),
      .init("until", .time, "At most 30 days from now."),
    ], name: "RuleMuteRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, reason) = (try fields.text("name"), try fields.text("reason"))
    until = try fields.time("until")
  }

  public var json: JSON { members(["name": name.wire, "reason": reason.wire, "until": until.wire]) }
}

public struct AlertMuteRequest: Wire {
  public var id: String
  public var reason: String
  public var until: Timestamp

  public init(id: String, reason: String, until: Timestamp) {
    (self.id, self.reason, self.until) = (id, reason, until)
  }

  public static let schema = Schema.request(
    [
      .shortID, .init("reason", .text(1...Schema.Member.longestNote)),
      .init("until", .time, "At most 30 days from now."),
    ], name: "AlertMuteRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, reason) = (try fields.text("id"), try fields.text("reason"))
    until = try fields.time("until")
  }

  public var json: JSON { members(["id": id.wire, "reason": reason.wire, "until": until.wire]) }
}
