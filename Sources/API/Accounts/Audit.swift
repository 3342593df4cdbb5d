public import Model

/// Endpoints of the audit.
public enum AuditCalls {
  public static let list = Endpoint<AuditListQuery, Page<AuditItem>>(
    .get, "/audit", .needs("audit", "read"), "Who changed or read what, newest first.")
  public static let verify = Endpoint<AuditVerifyRequest, AuditVerdict>(
    .post, "/audit:verify", .needs("audit", "read"),
    "Checks the chain of hashes, and heads that were kept elsewhere.", audit: .read)
  public static let heads = Endpoint<AuditHeadsQuery, AuditHeads>(
    .get, "/audit/heads", .needs("audit", "read"),
    "Signed ends of the chains, to be kept away from this machine.", audit: .read)
  public static let export = BytesEndpoint<Nothing>(
    "/audit/export", .needs("audit", "read"),
    "All rows with their hashes and the signed heads, a line of JSON each: it can be checked anywhere.",
    type: "application/x-ndjson", audit: .read)
}

public struct AuditListQuery: Wire {
  public var namespace: String?
  public var actor: String?
  public var action: String?
  public var resourceType: String?
  public var resourceID: String?
  public var outcome: String?
  public var since: Timestamp?
  public var until: Timestamp?
  /// `-sequence` (nil too) or `sequence`.
  public var sort: String?
  public var cursor: String?
  public var limit: Int?

  public init(
    namespace: String? = nil, actor: String? = nil, action: String? = nil, resourceType: String? = nil,
    resourceID: String? = nil, outcome: String? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
    cursor: String? = nil, limit: Int? = nil
  ) {
    (self.namespace, self.actor, self.action, self.resourceType) = (namespace, actor, action, resourceType)
    (self.resourceID, self.outcome, self.since, self.until) = (resourceID, outcome, since, until)
    (self.cursor, self.limit) = (cursor, limit)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, actor) = (try fields.optionalText("namespace"), try fields.optionalText("actor"))
    (action, resourceType) = (try fields.optionalText("action"), try fields.optionalText("resource_type"))
    resourceID = try fields.optionalText("resource_id")
    outcome = try fields.optionalText("outcome")
    (since, until) = (try fields.optionalTime("since"), try fields.optionalTime("until"))
    (cursor, sort) = (try fields.optionalText("cursor"), try fields.optionalText("sort"))
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "actor": actor?.wire, "action": action?.wire,
      "resource_type": resourceType?.wire, "resource_id": resourceID?.wire, "outcome": outcome?.wire,
      "since": since?.wire, "until": until?.wire, "sort": sort?.wire, "cursor": cursor?.wire,
      "limit": limit?.wire,
    ])
  }

  public static let schema = Schema.request([
    .namespace, .init("actor", .text, required: false, "The name or the id of who did it."),
    .init("action", .text, required: false, "Such as pipelines:update."),
    .init("resource_type", .text, required: false), .init("resource_id", .text, required: false),
    .init("outcome", .words(AuditItem.outcomes), required: false), .init("since", .time, required: false),
    .init("until", .time, required: false),
    .optional(
      "sort", Schema.words(["sequence", "-sequence"]).with("default", "-sequence"),
      "They are in the order in which they were written; a `-` turns it round."), .cursor,
    .limit(),
  ])
}

public struct AuditItem: Wire, Hashable {
  static let outcomes = ["intent", "done", "refused", "failed", "read"]

  public var sequence: Int64
  public var at: Timestamp
  public var actorKind: String
  /// Of the account at the time of the act; of `local` the Unix user.
  public var actorID: String
  /// As they were called at the time of the act.
  public var actor: String
  public var action: String
  public var outcome: String
  public var namespace: String?
  public var resourceType: String
  public var resourceID: String
  public var before: JSON?
  public var after: JSON?
  public var address: String
  public var userAgent: String
  public var requestID: String
  /// The intent that this is the outcome of.
  public var of: Int64?
  public var hash: String

  public init(
    sequence: Int64, at: Timestamp, actorKind: String, actorID: String, actor: String, action: String,
    outcome: String,
    namespace: String?, resourceType: String, resourceID: String, before: JSON?, after: JSON?,
    address: String, userAgent: String, requestID: String, of: Int64?, hash: String
  ) {
    (self.sequence, self.at, self.actorKind, self.actor) = (sequence, at, actorKind, actor)
    self.actorID = actorID
    (self.action, self.outcome, self.namespace) = (action, outcome, namespace)
    (self.resourceType, self.resourceID) = (resourceType, resourceID)
    (self.before, self.after, self.address, self.userAgent) = (before, after, address, userAgent)
    (self.requestID, self.of, self.hash) = (requestID, of, hash)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    sequence = try fields.integer("sequence")
    at = try fields.time("at")
    (actorKind, actor) = (try fields.text("actor_kind"), try fields.text("actor"))
    actorID = try fields.optionalText("actor_id") ?? ""
    (action, outcome) = (try fields.text("action"), try fields.text("outcome"))
    namespace = try fields.optionalText("namespace")
    (resourceType, resourceID) = (try fields.text("resource_type"), try fields.text("resource_id"))
    (before, after) = (fields.object["before"], fields.object["after"])
    (address, userAgent) = (try fields.text("address"), try fields.text("user_agent"))
    (requestID, hash) = (try fields.text("request_id"), try fields.text("hash"))
    of = try fields.optionalInteger("of")
  }

  public var json: JSON {
    members([
      "sequence": .int(sequence), "at": at.wire, "actor_kind": actorKind.wire, "actor_id": actorID.wire,
      "actor": actor.wire,
      "action": action.wire, "outcome": outcome.wire, "namespace": namespace?.wire,
      "resource_type": resourceType.wire, "resource_id": resourceID.wire, "before": before, "after": after,
      "address": address.wire, "user_agent": userAgent.wire, "request_id": requestID.wire,
      "of": of.map { .int($0) }, "hash": hash.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("sequence", .integer), .init("at", .time), .init("actor_kind", .text),
      .init("actor_id", .text, "Of the account; empty of nobody and of the server."),
      .init("actor", .text, "What they were called when they did it."),
      .init("action", .text), .init("outcome", .words(outcomes)),
      .init("namespace", .text, required: false),
      .init("resource_type", .text), .init("resource_id", .text), .init("before", .any, required: false),
      .init("after", .any, required: false), .init("address", .text), .init("user_agent", .text),
      .init("request_id", .text),
      .init("of", .integer, required: false, "The intent that this is the outcome of."),
      .init("hash", .text),
    ], name: "AuditEntry")
}

public struct AuditVerifyRequest: Wire {
  /// Lines of an export, each a head in JSON.
  public var heads: String?
  public init(heads: String? = nil) { self.heads = heads }
  public init(_ json: JSON) throws(WireError) { heads = try Fields(json, Self.schema).optionalText("heads") }
  public var json: JSON { members(["heads": heads?.wire]) }
  public static let schema = Schema.request(
    [.init("heads", .text, required: false, "Lines of an export.")], name: "AuditCheck")
}

public struct AuditVerdict: Wire, Hashable {
  public var isIntact: Bool
  public var rows: Int64
  public var heads: Int64
  /// Sentences; none where all is well.
  public var faults: [String]

  public init(isIntact: Bool, rows: Int64, heads: Int64, faults: [String]) {
    (self.isIntact, self.rows, self.heads, self.faults) = (isIntact, rows, heads, faults)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (isIntact, rows) = (try fields.flag("intact"), try fields.integer("rows"))
    (heads, faults) = (try fields.integer("heads"), try fields.texts("faults"))
  }

  public var json: JSON {
    members([
      "intact": .bool(isIntact), "rows": .int(rows), "heads": .int(heads),
      "faults": .array(faults.map(\.wire)),
    ])
  }

  public static let schema = Schema.object(
    [
      .init("intact", .flag), .init("rows", .integer), .init("heads", .integer),
      .init("faults", .list(of: .text)),
    ], name: "AuditVerdict")
}

public struct AuditHeadsQuery: Wire {
  /// `2026-11-20`; nil: all.
  public var since: String?
  public init(since: String? = nil) { self.since = since }
  public init(_ json: JSON) throws(WireError) { since = try Fields(json, Self.schema).optionalText("since") }
  public var json: JSON { members(["since": since?.wire]) }
  public static let schema = Schema.request([
    .init("since", .text, required: false, "A day such as 2026-11-20.")
  ])
}

public struct AuditHeads: Wire, Hashable {
  /// One head a line, in JSON.
  public var lines: String
  /// Checks the signatures; Ed25519, as 64 hexadecimal digits.
  public var publicKey: String
  public init(lines: String, publicKey: String) { (self.lines, self.publicKey) = (lines, publicKey) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (lines, publicKey) = (try fields.text("lines"), try fields.text("public_key"))
  }
  public var json: JSON { members(["lines": lines.wire, "public_key": publicKey.wire]) }
  public static let schema = Schema.object(
    [.init("lines", .text), .init("public_key", .text)], name: "AuditHeads")
}
