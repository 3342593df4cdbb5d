public import Model

/// Whoever is signed in.
public struct MeItem: Wire, Hashable {
  /// `local`, `person` or `service`.
  public var kind: String
  /// Of the account; left out for the owner of the data folder.
  public var id: String?
  public var name: String
  public var email: String?
  public var locale: String?
  public var hasSecondFactor: Bool
  public var mustChangePassword: Bool
  public var grants: [GrantItem]

  public init(
    kind: String, id: String?, name: String, email: String? = nil, locale: String? = nil,
    hasSecondFactor: Bool = false, mustChangePassword: Bool = false, grants: [GrantItem]
  ) {
    (self.kind, self.id, self.name, self.email, self.locale) = (kind, id, name, email, locale)
    (self.hasSecondFactor, self.mustChangePassword) = (hasSecondFactor, mustChangePassword)
    self.grants = grants
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (kind, id, name) = (try fields.text("kind"), try fields.optionalText("id"), try fields.text("name"))
    (email, locale) = (try fields.optionalText("email"), try fields.optionalText("locale"))
    hasSecondFactor = try fields.flag("mfa")
    mustChangePassword = try fields.flag("must_change_password")
    grants = try fields.list("grants", of: GrantItem.self)
  }

  public var json: JSON {
    members([
      "kind": kind.wire, "id": id?.wire, "name": name.wire, "email": email?.wire, "locale": locale?.wire,
      "mfa": .bool(hasSecondFactor), "must_change_password": .bool(mustChangePassword), "grants": grants.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("kind", .words(["local", "person", "service"])), .init("id", .text, required: false),
      .init("name", .text), .init("email", .text, required: false), .init("locale", .text, required: false),
      .init("mfa", .flag), .init("must_change_password", .flag),
      .init("grants", .list(of: GrantItem.schema)),
    ], name: "Me")
}

/// Permissions in one namespace, or in all.
public struct GrantItem: Wire, Hashable {
  public var namespace: String
  public var permissions: [String]

  public init(namespace: String, permissions: [String]) {
    (self.namespace, self.permissions) = (namespace, permissions)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, permissions) = (try fields.text("namespace"), try fields.texts("permissions"))
  }

  public var json: JSON {
    members(["namespace": namespace.wire, "permissions": .array(permissions.map(\.wire))])
  }

  public static let schema = Schema.object(
    [
      .init("namespace", .text, "A name, or * for all."),
      .init("permissions", .list(of: .text), "Such as jobs:read."),
    ], name: "Grant")
}

public struct ProfileRequest: Wire {
  /// An empty text takes it away.
  public var email: String?
  /// `en` or `pt-BR`.
  public var locale: String?

  public init(email: String? = nil, locale: String? = nil) { (self.email, self.locale) = (email, locale) }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (email, locale) = (try fields.optionalText("email"), try fields.optionalText("locale"))
  }

  public var json: JSON { members(["email": email?.wire, "locale": locale?.wire]) }

  static let locales = ["en", "pt-BR"]

  public static let schema = Schema.request(
    [.init("email", .text, required: false), .init("locale", .words(locales), required: false)],
    name: "Profile")
}

public struct SessionItem: Wire, Hashable {
  public var id: String
  public var createdAt: Timestamp
  public var lastSeenAt: Timestamp
  public var expiresAt: Timestamp
  public var address: String
  public var userAgent: String
  /// Such as `password+totp`.
  public var method: String
  /// The one of this request.
  public var isCurrent: Bool

  public init(
    id: String, createdAt: Timestamp, lastSeenAt: Timestamp, expiresAt: Timestamp, address: String,
    userAgent: String, method: String, isCurrent: Bool
  ) {
    (self.id, self.createdAt, self.lastSeenAt, self.expiresAt) = (id, createdAt, lastSeenAt, expiresAt)
    (self.address, self.userAgent, self.method) = (address, userAgent, method)
    self.isCurrent = isCurrent
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    id = try fields.text("id")
    createdAt = try fields.time("created_at")
    lastSeenAt = try fields.time("last_seen_at")
    expiresAt = try fields.time("expires_at")
    (address, userAgent) = (try fields.text("address"), try fields.text("user_agent"))
    (method, isCurrent) = (try fields.text("method"), try fields.flag("current"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "created_at": createdAt.wire, "last_seen_at": lastSeenAt.wire,
      "expires_at": expiresAt.wire, "address": address.wire, "user_agent": userAgent.wire,
      "method": method.wire, "current": .bool(isCurrent),
    ])
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("created_at", .time), .init("last_seen_at", .time),
      .init("expires_at", .time), .init("address", .text), .init("user_agent", .text),
      .init("method", .text), .init("current", .flag),
    ], name: "Session")
}
