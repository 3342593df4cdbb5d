public import Model

/// Endpoints about receivers of webhooks: those of `esteira.yaml`, and those that calls make beside them.
public enum WebhookCalls {
  public static let list = Endpoint<Nothing, Page<WebhookItem>>(
    .get, "/webhooks", .needs("webhooks", "read"), "Who receives webhooks: those of esteira.yaml first.")
  public static let create = Endpoint<WebhookRequest, MadeWebhook>(
    .post, "/webhooks", .needs("webhooks", "create"),
    "Makes a webhook beside those of esteira.yaml. Its secret is shown once.", success: [200, 201],
    example: WebhookRequest(
      name: "ops",
      rule: WebhookRule(
        namespace: "mitrarr", connection: "hooks", path: "/esteira", events: ["esteira.job.failed"])))
  public static let get = Endpoint<WebhookPath, WebhookItem>(
    .get, "/webhooks/{id}", .needs("webhooks", "read"), "One webhook.")
  public static let update = Endpoint<WebhookReplacement, WebhookItem>(
    .put, "/webhooks/{id}", .needs("webhooks", "update"),
    "Replaces a webhook that was made by a call, in the state that If-Match names; its secret stays.",
    precondition: true)
  public static let delete = Endpoint<WebhookDeletion, Nothing>(
    .delete, "/webhooks/{id}", .needs("webhooks", "delete"),
    "Removes a webhook that was made by a call; what waits for it becomes dead letters.", problems: [412])
  public static let test = Endpoint<WebhookPath, DeliveryItem>(
    .post, "/webhooks/{id}/test", .needs("webhooks", "test"),
    "Sends one message past the outbox and says how that went.")
  public static let rotate = Endpoint<WebhookRotation, WebhookSecret>(
    .post, "/webhooks/{id}/rotate", .needs("webhooks", "update"),
    "Makes a new secret, which signs from now on and is shown once; for `overlap` the one before signs, too.",
    example: WebhookRotation(id: "ops", overlap: "24h"))
  public static let deliveries = Endpoint<WebhookDeliveriesQuery, Page<DeliveryItem>>(
    .get, "/webhooks/{id}/deliveries", .needs("webhooks", "read"), "The tries of a webhook, newest first.")
}

/// Where a webhook leads and what it is told of: the keys of `destinations:` in `esteira.yaml`.
public struct WebhookRule: Sendable, Hashable {
  /// `*`: of all.
  public var namespace: String
  /// Its name in the namespace, or `NAMESPACE/NAME`.
  public var connection: String
  /// Behind the connection's address.
  public var path: String?
  public var events: [String]
  public var pipelines: [String]
  public var ordering: String?
  public var tries: Int?

  public init(
    namespace: String, connection: String, path: String? = nil, events: [String], pipelines: [String] = [],
    ordering: String? = nil, tries: Int? = nil
  ) {
    (self.namespace, self.connection, self.path) = (namespace, connection, path)
    (self.events, self.pipelines, self.ordering, self.tries) = (events, pipelines, ordering, tries)
  }

  init(_ fields: Fields) throws(WireError) {
    (namespace, connection) = (try fields.text("namespace"), try fields.text("connection"))
    (path, ordering) = (try fields.optionalText("path"), try fields.optionalText("ordering"))
    (events, pipelines) = (try fields.texts("events"), try fields.texts("pipelines"))
    tries = try fields.optionalInt("tries")
  }

  static let mostPatterns = 100

  static let members: [Schema.Member] = [
    .init("namespace", .text(1...63), "Of which it is told; `*`: of all."),
    .init(
      "connection", .text(1...Schema.Member.longestName),
      "Of kind http, which says where it leads; `NAMESPACE/NAME` of another namespace."),
    .optional("path", .text(1...Schema.Member.longestName), "Behind the connection's address."),
    .init(
      "events", .list(of: .text(1...Schema.Member.longestName), most: mostPatterns, least: 1),
      "Types, such as `esteira.job.failed` or `esteira.job.*`."),
    .optional(
      "pipelines", .list(of: .text(1...Schema.Member.longestName), most: mostPatterns), "Absent: of all."),
    .optional(
      "ordering", .words(["lane", "strict"]),
      "`strict`: what ran out of tries keeps its lane closed until a person acts."),
    .optional("tries", .integer(1...20), "With pauses that double from 5 s up to a day."),
  ]

  var pairs: JSONObject {
    var object = JSONObject()
    let json: JSON = API.members([
      "namespace": namespace.wire, "connection": connection.wire, "path": path?.wire,
      "events": .array(events.map(\.wire)),
      "pipelines": pipelines.isEmpty ? JSON?.none : .array(pipelines.map(\.wire)),
      "ordering": ordering?.wire, "tries": tries?.wire,
    ])
    for member in json.object ?? JSONObject() { object[member.key] = member.value }
    return object
  }

  /// The map that a file would have.
  public func spec(named name: String) -> JSON {
    var object = JSONObject([("name", .string(name)), ("kind", "webhook")])
    for member in pairs { object[member.key] = member.value }
    object["tries"] = nil
    if let tries { object["retry"] = ["tries": .int(Int64(tries))] }
    return .object(object)
  }
}

public struct WebhookPath: Wire, Hashable {
  public var id: String
  public init(id: String) { self.id = id }
  static let id = Schema.Member("id", .text(1...64).examples("ops"), "Its name.")
  public static let schema = Schema.request([id], name: "WebhookPath")
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct WebhookDeletion: Wire, Hashable {
  public var id: String
  /// Only says whether it could be.
  public var isDryRun: Bool
  public init(id: String, isDryRun: Bool = false) { (self.id, self.isDryRun) = (id, isDryRun) }
  public static let schema = Schema.request(
    [WebhookPath.id, .optional("dry_run", .flag, "Nothing is removed.")], name: "WebhookDeletion")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, isDryRun) = (try fields.text("id"), try fields.flag("dry_run"))
  }

  public var json: JSON { members(["id": id.wire, "dry_run": isDryRun.wire]) }
}

public struct WebhookDeliveriesQuery: Wire, Hashable {
  public var id: String
  /// `-at` (nil too) or `at`.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?

  public init(id: String, sort: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.id, self.sort, self.limit, self.cursor) = (id, sort, limit, cursor)
  }

  public static let schema = Schema.request(
    [WebhookPath.id, .sort(by: ["at"], usual: "-at"), .limit(), .cursor], name: "WebhookDeliveriesQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, limit) = (try fields.text("id"), try fields.optionalInt("limit"))
    (cursor, sort) = (try fields.optionalText("cursor"), try fields.optionalText("sort"))
  }

  public var json: JSON {
    members(["id": id.wire, "sort": sort?.wire, "limit": limit?.wire, "cursor": cursor?.wire])
  }
}

public struct WebhookRequest: Wire, Hashable {
  public var name: String
  public var rule: WebhookRule
  /// Only says what it would be.
  public var isDryRun: Bool

  public init(name: String, rule: WebhookRule, isDryRun: Bool = false) {
    (self.name, self.rule, self.isDryRun) = (name, rule, isDryRun)
  }

  public static let schema = Schema.request(
    [.init("name", .text(.namespace), "Of a lower-case letter and letters, digits and -.")]
      + WebhookRule.members + [.optional("dry_run", .flag, "Nothing is made.")], name: "WebhookRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, rule) = (try fields.text("name"), try WebhookRule(fields))
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON {
    var object = JSONObject([("name", name.wire)])
    for member in rule.pairs { object[member.key] = member.value }
    if isDryRun { object["dry_run"] = .bool(true) }
    return .object(object)
  }
}

public struct WebhookReplacement: Wire, Hashable {
  public var id: String
  public var rule: WebhookRule
  /// Only says what it would be.
  public var isDryRun: Bool

  public init(id: String, rule: WebhookRule, isDryRun: Bool = false) {
    (self.id, self.rule, self.isDryRun) = (id, rule, isDryRun)
  }

  public static let schema = Schema.request(
    [WebhookPath.id] + WebhookRule.members + [.optional("dry_run", .flag, "Nothing is changed.")],
    name: "WebhookReplacement")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, rule) = (try fields.text("id"), try WebhookRule(fields))
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON {
    var object = JSONObject([("id", id.wire)])
    for member in rule.pairs { object[member.key] = member.value }
    if isDryRun { object["dry_run"] = .bool(true) }
    return .object(object)
  }
}

/// A receiver of webhooks; its secret is never in here.
public struct WebhookItem: Wire, Hashable, Tagged {
  /// Its name.
  public var id: String
  /// `file` or `api`.
  public var origin: String
  /// `active`, or `disabled` after it said that it wants nothing any more.
  public var state: String
  /// Nil: of all.
  public var namespace: String?
  /// `NAMESPACE/CONNECTION` and the path behind it.
  public var address: String
  public var events: [String]
  /// Empty: of all.
  public var pipelines: [String]
  public var ordering: String
  public var tries: Int
  /// Of one that a call made, as the others.
  public var version: Int?
  public var by: String?
  public var at: Timestamp?
  public var waiting: Int

  public init(
    id: String, origin: String, state: String, namespace: String?, address: String, events: [String],
    pipelines: [String], ordering: String, tries: Int, version: Int?, by: String?, at: Timestamp?,
    waiting: Int
  ) {
    (self.id, self.origin, self.state, self.namespace) = (id, origin, state, namespace)
    (self.address, self.events, self.pipelines) = (address, events, pipelines)
    (self.ordering, self.tries, self.version) = (ordering, tries, version)
    (self.by, self.at, self.waiting) = (by, at, waiting)
  }

  public static let schema = Schema.object(
    members, name: "WebhookItem", "A receiver of webhooks; its secret is never in here.")

  static let members: [Schema.Member] = [
    .init("id", .text, "Its name."),
    .init("origin", .words(["file", "api"]), "`file`: it stands in esteira.yaml."),
    .init("state", .words(["active", "disabled"]), "`disabled`: it said that it wants nothing any more."),
    .optional("namespace", .text, "Absent: of all."), .init("address", .text),
    .init("events", .list(of: .text)), .init("pipelines", .list(of: .text), "Empty: of all."),
    .init("ordering", .words(["lane", "strict"])), .init("tries", .count),
    .optional("version", .count, "Of one that a call made."), .optional("updated_by", .text),
    .optional("updated_at", .time), .init("waiting", .count, "Messages that wait to leave."),
  ]

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, origin, state) = (try fields.text("id"), try fields.text("origin"), try fields.text("state"))
    (namespace, address) = (try fields.optionalText("namespace"), try fields.text("address"))
    (events, pipelines) = (try fields.texts("events"), try fields.texts("pipelines"))
    (ordering, tries) = (try fields.text("ordering"), try fields.int("tries"))
    (version, waiting) = (try fields.optionalInt("version"), try fields.int("waiting"))
    (by, at) = (try fields.optionalText("updated_by"), try fields.optionalTime("updated_at"))
  }

  public var json: JSON {
    API.members([
      "id": id.wire, "origin": origin.wire, "state": state.wire, "namespace": namespace?.wire,
      "address": address.wire, "events": .array(events.map(\.wire)),
      "pipelines": .array(pipelines.map(\.wire)), "ordering": ordering.wire, "tries": tries.wire,
      "version": version?.wire, "updated_by": by?.wire, "updated_at": at?.wire, "waiting": waiting.wire,
    ])
  }

  /// What of it a change is made on: what waits and whether it is disabled is no other definition.
  public var tagged: DefinitionTag {
    let definition: JSON = [
      namespace?.wire ?? .null, address.wire, .array(events.map(\.wire)), .array(pipelines.map(\.wire)),
      ordering.wire, tries.wire,
    ]
    return DefinitionTag(
      revision: version ?? 0, sha256: DefinitionTag.checksum(definition.serialized()))
  }

  public var tag: String { tagged.text(shownAs: json.serialized()) }
}

/// A webhook that was just made, with where it is and the secret that verifies what it is sent.
public struct MadeWebhook: Wire, Hashable, Tagged, Located, ShownOnce {
  public var item: WebhookItem
  /// Nil: a dry run.
  public var secret: String?
  public var isDryRun: Bool { secret == nil }

  public init(item: WebhookItem, secret: String?) { (self.item, self.secret) = (item, secret) }

  public static let schema = Schema.object(
    WebhookItem.members + [
      .optional("secret", .text, "Verifies what it is sent, by Standard Webhooks; never told again.")
    ], name: "MadeWebhook")

  public init(_ json: JSON) throws(WireError) {
    item = try WebhookItem(json)
    secret = try Fields(json, Self.schema).optionalText("secret")
  }

  public var json: JSON {
    guard let secret, case .object(var object) = item.json else { return item.json }
    object["secret"] = .string(secret)
    return .object(object)
  }

  public var tag: String { item.tag }
  public var location: String? { isDryRun ? nil : "/api/v1/webhooks/\(Percent.encode(item.id))" }
}
