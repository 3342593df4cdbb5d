public import Model

/// Endpoints about accounts. The audit's rows are written with the change itself.
public enum UserCalls {
  public static let list = Endpoint<UsersQuery, Page<UserItem>>(
    .get, "/users", .needs("users", "read"), "Accounts of people and programs, by name.")
  public static let create = Endpoint<UserRequest, CreatedUser>(
    .post, "/users", .needs("users", "create"),
    "Makes an account. The first password of a person is shown once.", success: [201], audit: .nothing)
  public static let get = Endpoint<IDPath, UserItem>(
    .get, "/users/{id}", .needs("users", "read"), "One account, by id or name.")
  public static let update = Endpoint<UserPatch, UserItem>(
    .patch, "/users/{id}", .needs("users", "update"), "Changes an account, or disables it.", audit: .nothing)
  public static let delete = Endpoint<IDPath, Nothing>(
    .delete, "/users/{id}", .needs("users", "delete"), "Removes an account with its sessions and tokens.",
    audit: .nothing)
  public static let unlock = Endpoint<IDPath, Nothing>(
    .post, "/users/{id}/unlock", .needs("users", "update"), "Ends a lockout.", audit: .nothing)
  public static let resetPassword = Endpoint<IDPath, CreatedUser>(
    .post, "/users/{id}/reset-password", .needs("users", "update"),
    "A new first password, shown once. Their sessions end.", audit: .nothing)
  public static let removeMFA = Endpoint<IDPath, Nothing>(
    .post, "/users/{id}/reset-mfa", .needs("users", "update"), "Takes a lost second factor away.",
    audit: .nothing)
  public static let sessions = Endpoint<IDPath, Page<SessionItem>>(
    .get, "/users/{id}/sessions", .needs("users", "read"), "Where somebody is signed in.")
}

public struct UserItem: Wire, Hashable {
  public var id: String
  /// `person` or `service`.
  public var kind: String
  public var name: String
  public var email: String?
  public var locale: String
  /// `active`, `locked` or `disabled`.
  public var state: String
  public var hasSecondFactor: Bool
  public var createdAt: Timestamp
  public var createdBy: String
  public var lastSignInAt: Timestamp?
  /// Until when failed sign-ins keep the name out; nil where they do not, and in a list.
  public var lockedUntil: Timestamp?
  /// `everywhere`, or `addresses`: only from those that failed.
  public var lockedFrom: String?

  public init(
    id: String, kind: String, name: String, email: String?, locale: String, state: String,
    hasSecondFactor: Bool, createdAt: Timestamp, createdBy: String, lastSignInAt: Timestamp?
  ) {
    (self.id, self.kind, self.name, self.email, self.locale) = (id, kind, name, email, locale)
    (self.state, self.hasSecondFactor) = (state, hasSecondFactor)
    (self.createdAt, self.createdBy, self.lastSignInAt) = (createdAt, createdBy, lastSignInAt)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, kind, name) = (try fields.text("id"), try fields.text("kind"), try fields.text("name"))
    (email, locale) = (try fields.optionalText("email"), try fields.text("locale"))
    (state, hasSecondFactor) = (try fields.text("state"), try fields.flag("mfa"))
    createdAt = try fields.time("created_at")
    (createdBy, lastSignInAt) = (try fields.text("created_by"), try fields.optionalTime("last_sign_in_at"))
    (lockedUntil, lockedFrom) = (
      try fields.optionalTime("locked_until"), try fields.optionalText("locked_from")
    )
  }

  public var json: JSON {
    members([
      "id": id.wire, "kind": kind.wire, "name": name.wire, "email": email?.wire, "locale": locale.wire,
      "state": state.wire, "mfa": .bool(hasSecondFactor), "created_at": createdAt.wire,
      "created_by": createdBy.wire, "last_sign_in_at": lastSignInAt?.wire,
      "locked_until": lockedUntil?.wire, "locked_from": lockedFrom?.wire,
    ])
  }

  static let parts: [Schema.Member] = [
    .init("id", .text), .init("kind", .words(["person", "service"])), .init("name", .text),
    .init("email", .text, required: false), .init("locale", .words(ProfileRequest.locales)),
    .init("state", .words(["active", "locked", "disabled"])), .init("mfa", .flag), .init("created_at", .time),
    .init("created_by", .text), .init("last_sign_in_at", .time, required: false),
    .optional("locked_until", .time, "Until when failed sign-ins keep the name out; of one account alone."),
    .optional(
      "locked_from", .words(["everywhere", "addresses"]), "`addresses`: only from those that failed."),
  ]

  public static let schema = Schema.object(parts, name: "User")
}

public struct UserRequest: Wire {
  public var name: String
  public var kind: String
  public var email: String?
  public var locale: String
  /// Issuer and subject of a sign-in from outside, as `issuer subject`: no password is made.
  public var oidcSubject: String?

  public init(
    name: String, kind: String = "person", email: String? = nil, locale: String = "en",
    oidcSubject: String? = nil
  ) {
    (self.name, self.kind, self.email, self.locale) = (name, kind, email, locale)
    self.oidcSubject = oidcSubject
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, kind) = (try fields.text("name"), try fields.optionalText("kind") ?? "person")
    (email, oidcSubject) = (try fields.optionalText("email"), try fields.optionalText("oidc_subject"))
    locale = try fields.optionalText("locale") ?? "en"
  }

  public var json: JSON {
    members([
      "name": name.wire, "kind": kind.wire, "email": email?.wire, "locale": locale.wire,
      "oidc_subject": oidcSubject?.wire,
    ])
  }

  static let kinds = ["person", "service"]

  public static let schema = Schema.request(
    [
      .init("name", .text), .init("kind", .words(kinds), required: false),
      .init("email", .text, required: false),
      .init("locale", .words(ProfileRequest.locales), required: false),
      .init(
        "oidc_subject", .text, required: false, "Of a sign-in from outside: then there is no password."),
    ], name: "NewUser")
}

public struct UserPatch: Wire {
  public var id: String
  public var email: String?
  public var locale: String?
  public var state: String?
  public var oidcSubject: String?

  public init(
    id: String, email: String? = nil, locale: String? = nil, state: String? = nil, oidcSubject: String? = nil
  ) {
    (self.id, self.email, self.locale, self.state) = (id, email, locale, state)
    self.oidcSubject = oidcSubject
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, email) = (try fields.text("id"), try fields.optionalText("email"))
    locale = try fields.optionalText("locale")
    state = try fields.optionalText("state")
    oidcSubject = try fields.optionalText("oidc_subject")
  }

  public var json: JSON {
    members([
      "id": id.wire, "email": email?.wire, "locale": locale?.wire, "state": state?.wire,
      "oidc_subject": oidcSubject?.wire,
    ])
  }

  static let states = ["active", "locked", "disabled"]

  public static let schema = Schema.request(
    [
      .init("id", .text), .init("email", .text, required: false, "An empty text takes it away."),
      .init("locale", .words(ProfileRequest.locales), required: false),
      .init("state", .words(states), required: false), .init("oidc_subject", .text, required: false),
    ], name: "UserPatch")
}

/// An account with what is shown once.
public struct CreatedUser: Wire, Hashable, Located, ShownOnce {
  public var user: UserItem
  public var password: String?

  public init(user: UserItem, password: String?) { (self.user, self.password) = (user, password) }

  public init(_ json: JSON) throws(WireError) {
    user = try UserItem(json)
    password = try Fields(json, Self.schema).optionalText("password")
  }

  public var json: JSON {
    var object = user.json.object ?? JSONObject()
    if let password { object["password"] = .string(password) }
    return .object(object)
  }

  public var location: String? { "/api/v1/users/\(user.id)" }

  public static let schema = Schema.object(
    UserItem.parts + [.init("password", .text, required: false, "Shown once; it has to be changed.")],
    name: "CreatedUser")
}
