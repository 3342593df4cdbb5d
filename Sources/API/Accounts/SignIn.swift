public import Model

/// Endpoints of signing in, and about whoever signed in.
public enum SignInCalls {
  public static let login = Endpoint<LoginRequest, SignInResult>(
    .post, "/auth/login", .open, "Signs in with a name and a password.", audit: .nothing, problems: [401])
  public static let mfa = Endpoint<SecondFactorRequest, SignInResult>(
    .post, "/auth/mfa", .open, "The second factor: a code of the app, or one of the recovery codes.",
    audit: .nothing, problems: [401])
  public static let refresh = Endpoint<RefreshRequest, SignInResult>(
    .post, "/auth/refresh", .open,
    "New tokens for the refresh token, which is used up. One that was used before ends the session.",
    audit: .nothing, problems: [401])
  public static let logout = Endpoint<Nothing, Nothing>(
    .post, "/auth/logout", .signedIn, "Ends this session.", audit: .nothing)
  public static let socketTicket = Endpoint<Nothing, SocketTicket>(
    .post, "/auth/ws-ticket", .signedIn, "A ticket for the first message of a WebSocket; it is used once.",
    audit: .nothing)
  public static let me = Endpoint<Nothing, MeItem>(
    .get, "/me", .signedIn, "Who is signed in, and what they may do.")
  public static let changeMe = Endpoint<ProfileRequest, MeItem>(
    .patch, "/me", .signedIn, "Changes one's own address and language.", audit: .nothing)
  public static let password = Endpoint<PasswordRequest, Nothing>(
    .post, "/me/password", .signedIn, "Changes one's own password. Other sessions end.", audit: .nothing)
  public static let beginMFA = Endpoint<Nothing, SecondFactorItem>(
    .post, "/me/mfa", .signedIn, "A new seed for an authenticator app; it counts once it is confirmed.",
    audit: .nothing)
  public static let confirmMFA = Endpoint<CodeRequest, RecoveryCodes>(
    .post, "/me/mfa/confirm", .signedIn, "Confirms the app with a code. The recovery codes are shown once.",
    audit: .nothing)
  public static let removeMFA = Endpoint<PasswordOnly, Nothing>(
    .post, "/me/mfa/remove", .signedIn, "Signs in without a second factor from now on.", audit: .nothing)
  public static let sessions = Endpoint<Nothing, Page<SessionItem>>(
    .get, "/me/sessions", .signedIn, "Where one is signed in.")
  public static let endSession = Endpoint<IDPath, Nothing>(
    .delete, "/me/sessions/{id}", .signedIn, "Ends one of one's own sessions.", audit: .nothing)
}

public struct LoginRequest: Wire {
  public var name: String
  public var password: String
  /// The tokens come as cookies that no script can read, and not in the answer.
  public var cookie: Bool

  public init(name: String, password: String, cookie: Bool = false) {
    (self.name, self.password, self.cookie) = (name, password, cookie)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, password) = (try fields.text("name"), try fields.text("password"))
    cookie = try fields.flag("cookie")
  }

  public var json: JSON { members(["name": name.wire, "password": password.wire, "cookie": cookie.wire]) }

  public static let schema = Schema.request(
    [
      .init("name", .text), .init("password", .text),
      .init("cookie", .flag, required: false, "Sets cookies instead of answering the tokens."),
    ], name: "Login")
}

public struct SecondFactorRequest: Wire {
  /// `mfa_token` of the first answer.
  public var token: String
  public var code: String
  public var cookie: Bool

  public init(token: String, code: String, cookie: Bool = false) {
    (self.token, self.code, self.cookie) = (token, code, cookie)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (token, code) = (try fields.text("mfa_token"), try fields.text("code"))
    cookie = try fields.flag("cookie")
  }

  public var json: JSON { members(["mfa_token": token.wire, "code": code.wire, "cookie": cookie.wire]) }

  public static let schema = Schema.request(
    [.init("mfa_token", .text), .init("code", .text), .init("cookie", .flag, required: false)],
    name: "SecondFactor")
}

public struct RefreshRequest: Wire {
  /// Nil: the one of the cookie.
  public var token: String?

  public init(token: String?) { self.token = token }
  public init(_ json: JSON) throws(WireError) {
    token = try Fields(json, Self.schema).optionalText("refresh_token")
  }
  public var json: JSON { members(["refresh_token": token?.wire]) }
  public static let schema = Schema.request(
    [.init("refresh_token", .text, required: false, "Left out: the one of the cookie.")], name: "Refresh")
}

/// Tokens, or the question for the second factor.
public struct SignInResult: Wire, Hashable, ShownOnce {
  /// `signed_in` or `mfa_required`.
  public var state: String
  public var accessToken: String?
  public var expiresAt: Timestamp?
  public var refreshToken: String?
  public var refreshExpiresAt: Timestamp?
  public var mfaToken: String?
  public var name: String?
  /// Nothing else is allowed before the password is changed.
  public var mustChangePassword: Bool

  public init(
    state: String, accessToken: String? = nil, expiresAt: Timestamp? = nil, refreshToken: String? = nil,
    refreshExpiresAt: Timestamp? = nil, mfaToken: String? = nil, name: String? = nil,
    mustChangePassword: Bool = false
  ) {
    (self.state, self.accessToken, self.expiresAt) = (state, accessToken, expiresAt)
    (self.refreshToken, self.refreshExpiresAt) = (refreshToken, refreshExpiresAt)
    (self.mfaToken, self.name, self.mustChangePassword) = (mfaToken, name, mustChangePassword)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    state = try fields.text("state")
    (accessToken, expiresAt) = (
      try fields.optionalText("access_token"), try fields.optionalTime("expires_at")
    )
    refreshToken = try fields.optionalText("refresh_token")
    refreshExpiresAt = try fields.optionalTime("refresh_expires_at")
    (mfaToken, name) = (try fields.optionalText("mfa_token"), try fields.optionalText("name"))
    mustChangePassword = try fields.flag("must_change_password")
  }

  public var json: JSON {
    members([
      "state": state.wire, "access_token": accessToken?.wire, "expires_at": expiresAt?.wire,
      "refresh_token": refreshToken?.wire, "refresh_expires_at": refreshExpiresAt?.wire,
      "mfa_token": mfaToken?.wire, "name": name?.wire, "must_change_password": mustChangePassword.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("state", .words(["signed_in", "mfa_required"])),
      .init("access_token", .text, required: false), .init("expires_at", .time, required: false),
      .init("refresh_token", .text, required: false), .init("refresh_expires_at", .time, required: false),
      .init("mfa_token", .text, required: false, "To be sent with the code."),
      .init("name", .text, required: false), .init("must_change_password", .flag, required: false),
    ], name: "SignIn")
}

public struct SocketTicket: Wire, Hashable, ShownOnce {
  public var ticket: String
  public var expiresAt: Timestamp
  public init(ticket: String, expiresAt: Timestamp) { (self.ticket, self.expiresAt) = (ticket, expiresAt) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    ticket = try fields.text("ticket")
    expiresAt = try fields.time("expires_at")
  }
  public var json: JSON { members(["ticket": ticket.wire, "expires_at": expiresAt.wire]) }
  public static let schema = Schema.object(
    [.init("ticket", .text), .init("expires_at", .time)], name: "SocketTicket")
}

public struct CodeRequest: Wire {
  public var code: String
  public init(code: String) { self.code = code }
  public init(_ json: JSON) throws(WireError) { code = try Fields(json, Self.schema).text("code") }
  public var json: JSON { members(["code": code.wire]) }
  public static let schema = Schema.request([.init("code", .text)], name: "Code")
}

public struct PasswordOnly: Wire {
  public var password: String
  public init(password: String) { self.password = password }
  public init(_ json: JSON) throws(WireError) { password = try Fields(json, Self.schema).text("password") }
  public var json: JSON { members(["password": password.wire]) }
  public static let schema = Schema.request([.init("password", .text)], name: "Password")
}

public struct PasswordRequest: Wire {
  public var old: String
  public var new: String
  public init(old: String, new: String) { (self.old, self.new) = (old, new) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (old, new) = (try fields.text("old"), try fields.text("new"))
  }
  public var json: JSON { members(["old": old.wire, "new": new.wire]) }
  public static let schema = Schema.request(
    [.init("old", .text), .init("new", .text)], name: "PasswordChange")
}

public struct SecondFactorItem: Wire, Hashable, ShownOnce {
  /// Base32, to be typed where no picture can be read.
  public var secret: String
  /// `otpauth://…`, for a QR code.
  public var uri: String
  public init(secret: String, uri: String) { (self.secret, self.uri) = (secret, uri) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (secret, uri) = (try fields.text("secret"), try fields.text("uri"))
  }
  public var json: JSON { members(["secret": secret.wire, "uri": uri.wire]) }
  public static let schema = Schema.object(
    [.init("secret", .text), .init("uri", .text)], name: "SecondFactorSeed")
}

public struct RecoveryCodes: Wire, Hashable, ShownOnce {
  public var codes: [String]
  public init(codes: [String]) { self.codes = codes }
  public init(_ json: JSON) throws(WireError) {
    codes = try Fields(json, Self.schema).texts("recovery_codes")
  }
  public var json: JSON { members(["recovery_codes": .array(codes.map(\.wire))]) }
  public static let schema = Schema.object(
    [.init("recovery_codes", .list(of: .text), "Each works once.")], name: "RecoveryCodes")
}

/// The id of a thing that has a UUID.
public struct IDPath: Wire {
  public var id: String
  public init(id: String) { self.id = id }
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
  public static let schema = Schema.request([.init("id", .text)])
}
