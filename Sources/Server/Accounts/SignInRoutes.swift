import API
import Access
import Model

/// Routes of signing in, and about whoever signed in.
struct SignInRoutes: Sendable {
  var access: AccessService

  var routes: [Route] { signing + own }

  private var signing: [Route] {
    [
      .reply(SignInCalls.login, in: .own) { request, caller in try await login(request, caller) },
      .reply(SignInCalls.mfa, in: .own) { request, caller in
        let tokens = try await access.secondFactor(
          ticket: request.token, code: request.code, from: caller.origin)
        return SignInCookies.answer(tokens, asCookies: request.cookie)
      },
      .reply(SignInCalls.refresh, in: .own) { request, caller in try await refresh(request, caller) },
      .reply(SignInCalls.logout, in: .own) { _, caller in
        try await access.signOut(caller.principal, from: caller.origin)
        var response = APIResponse(json: Nothing().json)
        response.headers = SignInCookies.ending
        return response
      },
      .answer(SignInCalls.socketTicket, in: .own) { _, caller in
        let made = try access.socketTicket(for: caller.principal)
        return SocketTicket(ticket: made.ticket, expiresAt: made.expiresAt)
      },
    ]
  }

  /// About whoever signed in.
  private var own: [Route] {
    [
      .answer(SignInCalls.me, in: .own) { _, caller in try me(caller) },
      .answer(SignInCalls.changeMe, in: .own) { request, caller in
        _ = try await access.changeProfile(
          locale: request.locale.map(Language.init(locale:)), email: request.email, by: caller.principal,
          from: caller.origin)
        return try me(caller)
      },
      .answer(SignInCalls.password, in: .own) { request, caller in
        try await access.changePassword(
          old: request.old, new: request.new, by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(SignInCalls.beginMFA, in: .own) { _, caller in
        let setup = try await access.beginSecondFactor(by: caller.principal, from: caller.origin)
        return SecondFactorItem(secret: setup.secret, uri: setup.uri)
      },
      .answer(SignInCalls.confirmMFA, in: .own) { request, caller in
        RecoveryCodes(
          codes: try await access.confirmSecondFactor(
            code: request.code, by: caller.principal, from: caller.origin))
      },
      .answer(SignInCalls.removeMFA, in: .own) { request, caller in
        try await access.removeSecondFactor(
          password: request.password, by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(SignInCalls.sessions, in: .own) { _, caller in
        Page(try access.sessions(by: caller.principal).map { SessionItem($0, of: caller) })
      },
      .answer(SignInCalls.endSession, in: .own) { path, caller in
        guard let id = ID<Session>(path.id) else { throw Problem.noSession }
        try await access.revokeSession(id, by: caller.principal, from: caller.origin)
        return Nothing()
      },
    ]
  }

  private func login(_ request: LoginRequest, _ caller: Caller) async throws -> APIResponse {
    switch try await access.signIn(name: request.name, password: request.password, from: caller.origin) {
    case .signedIn(let tokens): return SignInCookies.answer(tokens, asCookies: request.cookie)
    case .secondFactor(let ticket, let expiresAt):
      return APIResponse(
        json: SignInResult(state: "mfa_required", expiresAt: expiresAt, mfaToken: ticket).json)
    }
  }

  /// Whoever sent it as a cookie gets it back as one.
  private func refresh(_ request: RefreshRequest, _ caller: Caller) async throws -> APIResponse {
    let cookie = caller.request.cookies[SignInCookies.refreshName]
    guard let token = request.token ?? cookie else { throw Gate.notSignedIn }
    let tokens = try await access.refresh(token, from: caller.origin)
    return SignInCookies.answer(tokens, asCookies: request.token == nil)
  }

  private func me(_ caller: Caller) throws(Problem) -> MeItem {
    let principal = caller.principal
    let grants = principal.grants.map {
      GrantItem(namespace: $0.namespace, permissions: $0.permissions.words)
    }
    switch principal.kind {
    case .local, .anonymous:
      return MeItem(kind: "local", id: nil, name: principal.actor, grants: grants)
    case .person, .service:
      let account = try access.me(principal)
      return MeItem(
        kind: principal.kind.rawValue, id: account.id.description, name: account.name, email: account.email,
        locale: account.locale.locale, hasSecondFactor: account.hasSecondFactor,
        mustChangePassword: account.mustChangePassword, grants: grants)
    }
  }
}

/// The two cookies of a browser's session. No script can read them, and no other site's form sends them.
enum SignInCookies {
  /// The prefix makes browsers refuse one that is not bound to this very host.
  static let accessName = "__Host-esteira"
  static let refreshName = "__Secure-esteira-refresh"
  private static let refreshPath = "/api/v1/auth"

  static func answer(_ tokens: Tokens, asCookies: Bool) -> APIResponse {
    var result = SignInResult(
      state: "signed_in", expiresAt: tokens.accessExpiresAt, refreshExpiresAt: tokens.refreshExpiresAt,
      name: tokens.account.name, mustChangePassword: tokens.account.mustChangePassword)
    guard asCookies else {
      (result.accessToken, result.refreshToken) = (tokens.access, tokens.refresh)
      return APIResponse(json: result.json)
    }
    var response = APIResponse(json: result.json)
    response.headers = session(tokens)
    return response
  }

  static func session(_ tokens: Tokens) -> [(name: String, value: String)] {
    [cookie(accessName, tokens.access, path: "/"), cookie(refreshName, tokens.refresh, path: refreshPath)]
  }

  static let ending = [
    cookie(accessName, "", path: "/", isEnding: true),
    cookie(refreshName, "", path: refreshPath, isEnding: true),
  ]

  /// Without a lifetime of its own: it ends with the browser, or with the session.
  private static func cookie(
    _ name: String, _ value: String, path: String, isEnding: Bool = false
  ) -> (name: String, value: String) {
    let end = isEnding ? "; Max-Age=0" : ""
    return ("set-cookie", "\(name)=\(value); Path=\(path); HttpOnly; Secure; SameSite=Strict\(end)")
  }
}

extension SessionItem {
  init(_ session: Session, of caller: Caller) {
    self.init(
      id: session.id.description, createdAt: session.createdAt, lastSeenAt: session.lastSeenAt,
      expiresAt: session.expiresAt, address: session.address, userAgent: session.userAgent,
      method: session.method, isCurrent: session.credential == caller.principal.credential)
  }
}

extension Language {
  /// Of `en` and `pt-BR`.
  init(locale: String) { self = locale.hasPrefix("pt") ? .portuguese : .english }

  var locale: String {
    switch self {
    case .english: "en"
    case .portuguese: "pt-BR"
    }
  }
}
