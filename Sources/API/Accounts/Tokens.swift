public import Model

/// Endpoints about tokens of programs. The audit's rows are written with the change itself.
public enum TokenCalls {
  public static let list = Endpoint<TokensQuery, Page<TokenItem>>(
    .get, "/tokens", .signedIn, "One's own tokens, or those of an account; never a value.")
  public static let create = Endpoint<TokenRequest, CreatedToken>(
    .post, "/tokens", .signedIn, "Makes a token. Its value is shown once and kept as a hash.",
    success: [201], audit: .nothing)
  public static let delete = Endpoint<IDPath, Nothing>(
    .delete, "/tokens/{id}", .signedIn, "Ends a token at once.", audit: .nothing)
}

public struct TokensQuery: Wire {
  /// Name or id of an account; nil: one's own.
  public var user: String?
  public init(user: String? = nil) { self.user = user }
  public init(_ json: JSON) throws(WireError) { user = try Fields(json, Self.schema).optionalText("user") }
  public var json: JSON { members(["user": user?.wire]) }
  public static let schema = Schema.request([.init("user", .text, required: false)])
}

public struct TokenItem: Wire, Hashable {
  public var id: String
  public var name: String
  public var user: String
  /// The first characters of the value.
  public var shown: String
  public var scopes: [String]
  public var namespaces: [String]
  public var createdAt: Timestamp
  public var createdBy: String
  public var expiresAt: Timestamp
  public var lastUsedAt: Timestamp?

  public init(
    id: String, name: String, user: String, shown: String, scopes: [String], namespaces: [String],
    createdAt: Timestamp, createdBy: String, expiresAt: Timestamp, lastUsedAt: Timestamp?
  ) {
    (self.id, self.name, self.user, self.shown) = (id, name, user, shown)
    (self.scopes, self.namespaces) = (scopes, namespaces)
    (self.createdAt, self.createdBy) = (createdAt, createdBy)
    (self.expiresAt, self.lastUsedAt) = (expiresAt, lastUsedAt)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, name, user) = (try fields.text("id"), try fields.text("name"), try fields.text("user"))
    (shown, scopes) = (try fields.text("shown"), try fields.texts("scopes"))
    namespaces = try fields.texts("namespaces")
    createdAt = try fields.time("created_at")
    createdBy = try fields.text("created_by")
    expiresAt = try fields.time("expires_at")
    lastUsedAt = try fields.optionalTime("last_used_at")
  }

  public var json: JSON {
    members([
      "id": id.wire, "name": name.wire, "user": user.wire, "shown": shown.wire,
      "scopes": .array(scopes.map(\.wire)), "namespaces": .array(namespaces.map(\.wire)),
      "created_at": createdAt.wire, "created_by": createdBy.wire, "expires_at": expiresAt.wire,
      "last_used_at": lastUsedAt?.wire,
    ])
  }

  static let parts: [Schema.Member] = [
    .init("id", .text), .init("name", .text), .init("user", .text), .init("shown", .text),
    .init("scopes", .list(of: .text)), .init("namespaces", .list(of: .text)), .init("created_at", .time),
    .init("created_by", .text), .init("expires_at", .time), .init("last_used_at", .time, required: false),
  ]

  public static let schema = Schema.object(parts, name: "Token")
}

public struct TokenRequest: Wire {
  public var name: String
  /// Name or id of a service account; nil: one's own.
  public var user: String?
  /// Permissions such as `jobs:read`.
  public var scopes: [String]
  /// Empty: all that the account has.
  public var namespaces: [String]
  public var expiresAt: Timestamp

  public init(
    name: String, user: String? = nil, scopes: [String], namespaces: [String] = [], expiresAt: Timestamp
  ) {
    (self.name, self.user, self.scopes) = (name, user, scopes)
    (self.namespaces, self.expiresAt) = (namespaces, expiresAt)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, user) = (try fields.text("name"), try fields.optionalText("user"))
    (scopes, namespaces) = (try fields.texts("scopes"), try fields.texts("namespaces"))
    expiresAt = try fields.time("expires_at")
  }

  public var json: JSON {
    members([
      "name": name.wire, "user": user?.wire, "scopes": .array(scopes.map(\.wire)),
      "namespaces": .array(namespaces.map(\.wire)), "expires_at": expiresAt.wire,
    ])
  }

  public static let schema = Schema.request(
    [
      .init("name", .text),
      .init("user", .text, required: false, "A service account; left out: one's own."),
      .init("scopes", .list(of: .text), "Permissions such as jobs:read."),
      .init("namespaces", .list(of: .text), required: false, "Left out: all that the account has."),
      .init("expires_at", .time),
    ], name: "NewToken")
}

public struct CreatedToken: Wire, Hashable, Located, ShownOnce {
  public var token: TokenItem
  /// `est_…`; it cannot be shown again.
  public var value: String

  public init(token: TokenItem, value: String) { (self.token, self.value) = (token, value) }

  public init(_ json: JSON) throws(WireError) {
    (token, value) = (try TokenItem(json), try Fields(json, Self.schema).text("value"))
  }

  public var json: JSON {
    var object = token.json.object ?? JSONObject()
    object["value"] = .string(value)
    return .object(object)
  }

  public var location: String? { "/api/v1/tokens/\(token.id)" }

  public static let schema = Schema.object(
    TokenItem.parts + [.init("value", .text, "Shown once.")], name: "CreatedToken")
}
