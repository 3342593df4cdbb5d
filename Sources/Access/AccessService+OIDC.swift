internal import Crypto
public import Model
internal import Synchronization

/// Where to send the browser, and what it has to bring back.
public struct OIDCStart: Sendable, Hashable {
  public var url: String
  /// For a cookie (`HttpOnly; Secure; SameSite=Lax; Path=/api/v1/auth/oidc`), which the callback needs: so
  /// nobody can bring somebody else's sign-in to an end in a browser that did not begin it.
  public var browserSecret: String
  public var expiresAt: Timestamp
}

/// What the browser brought back: the query of the callback, and the cookie.
public struct OIDCReturn: Sendable, Hashable {
  /// Nil where the other system refused.
  public var code: String?
  public var state: String
  /// `iss`, where there is one.
  public var issuer: String?
  public var browserSecret: String

  public init(code: String?, state: String, issuer: String? = nil, browserSecret: String) {
    (self.code, self.state, self.issuer, self.browserSecret) = (code, state, issuer, browserSecret)
  }
}

/// A sign-in through the other system that came to its end.
public struct OIDCSignIn: Sendable, Hashable {
  public var tokens: Tokens
  /// As it was given at the start.
  public var returnTo: String?
}

extension AccessService {
  /// `returnTo` is kept and given back; whoever gives it has checked it.
  public func startOIDC(
    returnTo: String? = nil, from origin: Origin, fetch: OIDCFetch
  ) async throws(Problem) -> OIDCStart {
    guard let oidc else { throw .oidcOff }
    let provider = try await provider(oidc, fetch: fetch)
    let (now, random) = (environment.now(), environment.random)
    let (state, nonce) = (Base64URL.encode(random(32)), Base64URL.encode(random(32)))
    let (verifier, browser) = (Base64URL.encode(random(32)), Base64URL.encode(random(32)))
    let expires = now + policy.outsideSignInLifetime
    let started = Tickets.Outside(
      nonce: nonce, verifier: verifier, browser: Tickets.key(browser), address: origin.address,
      returnTo: returnTo, until: expires)
    guard tickets.withLock({ $0.addOutside(state, started, at: now) }) else { throw .accessBusy }
    let challenge = Base64URL.encode(SHA256.digest(Array(verifier.utf8)))
    let query = FormText.encode([
      ("response_type", "code"), ("client_id", oidc.clientID), ("redirect_uri", oidc.redirectURL),
      ("scope", oidc.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
      ("code_challenge", challenge), ("code_challenge_method", "S256"),
    ])
    let url = provider.endpoints.authorization
    return OIDCStart(
      url: url + (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query, browserSecret: browser,
      expiresAt: expires)
  }

  /// A state works once. What does not come to an end leaves a row in the audit; too much of it from one
  /// address is slowed down like wrong passwords.
  public func finishOIDC(
    _ back: OIDCReturn, from origin: Origin, fetch: OIDCFetch
  ) async throws(Problem) -> OIDCSignIn {
    guard let oidc else { throw .oidcOff }
    try beginOutside(origin)
    var known: Account?
    do throws(Problem) {
      let (claims, returnTo) = try await believe(back, oidc, fetch: fetch)
      let account = try await account(of: claims, oidc, from: origin)
      known = account
      guard account.state == .active else { throw .oidcFailed }
      try await apply(oidc.rules, holding: claims.rules, to: account, from: origin)
      let tokens = try await makeSession(of: account, method: "oidc", from: origin) {
        fresh throws(Problem) in
        guard fresh.oidcSubject == account.oidcSubject else { throw .oidcFailed }
      }
      outside.withLock { $0.succeeded(name: origin.address, address: origin.address) }
      return OIDCSignIn(tokens: tokens, returnTo: returnTo)
    } catch {
      switch error.code {
      case Problem.oidcFailed.code, Problem.oidcUnknown.code, Problem.signInFailed.code:
        try await recordFailure("auth:oidc", of: known, from: origin)
      // That the other system does not answer is nobody's failure here.
      case _: outside.withLock { $0.undecided(name: origin.address, address: origin.address) }
      }
      throw error
    }
  }

  /// Nobody has said who they are yet, so an address stands for a name.
  private func beginOutside(_ origin: Origin) throws(Problem) {
    let now = environment.now()
    do throws(Throttle.Refusal) {
      try outside.withLock { throttle throws(Throttle.Refusal) in
        try throttle.begin(name: origin.address, address: origin.address, knownAddress: false, at: now)
      }
    } catch {
      switch error {
      case .tooFast(let wait): throw .signInLimited(wait)
      case .lockedOut(let wait): throw .signInLocked(wait)
      }
    }
  }

  private func believe(
    _ back: OIDCReturn, _ oidc: OIDCSettings, fetch: OIDCFetch
  ) async throws(Problem) -> (OIDCClaims, returnTo: String?) {
    let now = environment.now()
    guard let started = tickets.withLock({ $0.takeOutside(back.state, at: now) }),
      constantTimeEqual(started.browser, Tickets.key(back.browserSecret)),
      back.issuer.map({ $0.utf8.elementsEqual(oidc.issuer.utf8) }) ?? true, let code = back.code,
      code.utf8.count <= 4_096
    else { throw .oidcFailed }
    let token = try await exchange(code, started, oidc, fetch: fetch)
    guard let claims = try await claims(of: token, started, oidc, fetch: fetch) else { throw .oidcFailed }
    return (claims, started.returnTo)
  }

  private func provider(
    _ oidc: OIDCSettings, newerThan old: Timestamp? = nil, fetch: OIDCFetch
  ) async throws(Problem) -> OIDCProvider {
    let now = environment.now()
    let known = try providers.withLock { knowledge throws(Problem) in
      try knowledge.begin(newerThan: old, at: now)
    }
    if let known { return known }
    do throws(Problem) {
      let provider = try await ask(oidc, at: now, fetch: fetch)
      providers.withLock { $0.learn(provider) }
      return provider
    } catch {
      let after = environment.now()
      providers.withLock { $0.fail(error, at: after) }
      throw error
    }
  }

  private func ask(
    _ oidc: OIDCSettings, at now: Timestamp, fetch: OIDCFetch
  ) async throws(Problem) -> OIDCProvider {
    guard OIDCProvider.isSafe(oidc.issuer) else { throw .oidcUnavailable }
    let document = try await fetch(OIDCRequest(url: oidc.discoveryURL))
    guard let found = OIDCProvider.endpoints(document, issuer: oidc.issuer) else { throw .oidcUnavailable }
    guard let keys = JWKS(parsing: try await fetch(OIDCRequest(url: found.keys))) else {
      throw .oidcUnavailable
    }
    return OIDCProvider(endpoints: found, keys: keys, fetchedAt: now)
  }

  private func exchange(
    _ code: String, _ started: Tickets.Outside, _ oidc: OIDCSettings, fetch: OIDCFetch
  ) async throws(Problem) -> String {
    let provider = try await provider(oidc, fetch: fetch)
    var form = [
      ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", oidc.redirectURL),
      ("code_verifier", started.verifier),
    ]
    var authorization: String?
    switch try oidc.clientSecret() {
    case let secret? where provider.endpoints.takesSecretInForm:
      form += [("client_id", oidc.clientID), ("client_secret", secret)]
    case let secret?:
      let pair = "\(FormText.escape(oidc.clientID)):\(FormText.escape(secret))"
      authorization = "Basic \(Base64.encode(Array(pair.utf8)))"
    case nil: form.append(("client_id", oidc.clientID))
    }
    let answer = try await fetch(
      OIDCRequest(url: provider.endpoints.token, form: FormText.encode(form), authorization: authorization))
    guard let token = (try? JSON(parsing: answer))?["id_token"]?.string else { throw .oidcFailed }
    return token
  }

  /// Where the keys are not the ones that it was signed with, they may have been changed: they are asked for
  /// once more, but not each time that somebody sends rubbish.
  private func claims(
    of token: String, _ started: Tickets.Outside, _ oidc: OIDCSettings, fetch: OIDCFetch
  ) async throws(Problem) -> OIDCClaims? {
    let now = environment.now()
    func check(_ provider: OIDCProvider) -> OIDCClaims? {
      OIDCClaims.check(
        token, keys: provider.keys, settings: oidc, nonce: started.nonce, at: now.wholeSeconds)
    }
    let known = try await provider(oidc, fetch: fetch)
    if let claims = check(known) { return claims }
    guard known.keys.payload(of: token) == nil, now - known.fetchedAt >= OIDCProvider.soonest else {
      return nil
    }
    return check(try await provider(oidc, newerThan: known.fetchedAt, fetch: fetch))
  }

  /// An account is found by issuer and subject only. An address proves nothing: whoever runs the other
  /// system, or could once set an address there, would be whoever has it here.
  private func account(
    of claims: OIDCClaims, _ oidc: OIDCSettings, from origin: Origin
  ) async throws(Problem) -> Account {
    if let known = ledger.read({ $0.account(oidcSubject: claims.account) }) { return known }
    switch oidc.accounts {
    case .known: throw .oidcUnknown
    case .mapped: if claims.rules.isEmpty { throw .oidcUnknown }
    case .all: break
    }
    let now = environment.now()
    let id: ID<Account> = environment.newID(at: now)
    return try await ledger.change { records throws(Problem) in
      if let known = records.account(oidcSubject: claims.account) { return AccessLedger.Edit(answer: known) }
      if records.accounts.count >= Account.limit { throw .accessLimit("accounts", "contas", Account.limit) }
      let wanted = (claims.name ?? "").lowercased()
      let isFree = Account.isName(wanted) && records.account(named: wanted) == nil
      var made = Account(
        id: id, kind: .person, name: isFree ? wanted : "oidc-\(Hex.encode(id.bytes.suffix(6)))",
        email: claims.email.flatMap { Account.isEmail($0) ? $0 : nil }, createdAt: now, createdBy: "oidc")
      made.oidcSubject = claims.account
      let draft = AuditDraft(
        at: now, actor: .server,
        act: AuditAct(
          "users:create", resourceType: "account", resourceID: id.description, after: made.shown),
        outcome: .done, origin: origin)
      return AccessLedger.Edit(answer: made, changes: [.account(made)], audit: [draft])
    }.answer
  }
}
