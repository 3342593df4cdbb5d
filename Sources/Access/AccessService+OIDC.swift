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

extension AccessService {
  public func startOIDC(fetch: OIDCFetch) async throws(Problem) -> OIDCStart {
    guard let oidc else { throw .oidcOff }
    let provider = try await provider(oidc, fetch: fetch)
    let (now, random) = (environment.now(), environment.random)
    let (state, nonce) = (Base64URL.encode(random(32)), Base64URL.encode(random(32)))
    let (verifier, browser) = (Base64URL.encode(random(32)), Base64URL.encode(random(32)))
    let expires = now + policy.outsideSignInLifetime
    let started = Tickets.Outside(
      nonce: nonce, verifier: verifier, browser: Tickets.key(browser), until: expires)
    guard tickets.withLock({ $0.addOutside(state, started, at: now) }) else { throw .accessBusy }
    let challenge = Base64URL.encode(SHA256.digest(Array(verifier.utf8)))
    let query = FormText.encode([
      ("response_type", "code"), ("client_id", oidc.clientID), ("redirect_uri", oidc.redirectURL),
      ("scope", oidc.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
      ("code_challenge", challenge), ("code_challenge_method", "S256"),
    ])
    let url = provider.authorizationEndpoint
    return OIDCStart(
      url: url + (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query, browserSecret: browser,
      expiresAt: expires)
  }

  /// What the callback's query and cookie say; `issuer` is its `iss`, where there is one. A state works once.
  public func finishOIDC(
    code: String, state: String, issuer: String? = nil, browserSecret: String, from origin: Origin,
    fetch: OIDCFetch
  ) async throws(Problem) -> Tokens {
    guard let oidc else { throw .oidcOff }
    let now = environment.now()
    guard code.utf8.count <= 4_096, let started = tickets.withLock({ $0.takeOutside(state, at: now) }),
      constantTimeEqual(started.browser, Tickets.key(browserSecret)),
      issuer.map({ $0.utf8.elementsEqual(oidc.issuer.utf8) }) ?? true
    else { throw .oidcFailed }
    let token = try await exchange(code, started, oidc, fetch: fetch)
    guard let claims = try await claims(of: token, started, oidc, fetch: fetch) else { throw .oidcFailed }
    let known = try await account(of: claims, oidc, from: origin)
    guard known.state == .active else { throw .oidcFailed }
    return try await makeSession(of: known, method: "oidc", from: origin) { account throws(Problem) in
      guard account.oidcSubject == known.oidcSubject else { throw .oidcFailed }
    }
  }

  private func provider(
    _ oidc: OIDCSettings, newerThan old: Timestamp? = nil, fetch: OIDCFetch
  ) async throws(Problem) -> OIDCProvider {
    let now = environment.now()
    if let known = providers.withLock({ $0 }), now - known.fetchedAt < OIDCProvider.lifetime,
      old.map({ known.fetchedAt > $0 }) ?? true
    {
      return known
    }
    guard OIDCProvider.isSafe(oidc.issuer) else { throw .oidcUnavailable }
    let document = try await fetch(OIDCRequest(url: oidc.discoveryURL))
    guard let found = OIDCProvider.endpoints(document, issuer: oidc.issuer) else { throw .oidcUnavailable }
    guard let keys = JWKS(parsing: try await fetch(OIDCRequest(url: found.keys))) else {
      throw .oidcUnavailable
    }
    let provider = OIDCProvider(
      authorizationEndpoint: found.authorization, tokenEndpoint: found.token, keysURL: found.keys, keys: keys,
      fetchedAt: now)
    providers.withLock { $0 = provider }
    return provider
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
    if let secret = oidc.clientSecret {
      let pair = "\(FormText.escape(oidc.clientID)):\(FormText.escape(secret))"
      authorization = "Basic \(Base64.encode(Array(pair.utf8)))"
    } else {
      form.append(("client_id", oidc.clientID))
    }
    let answer = try await fetch(
      OIDCRequest(url: provider.tokenEndpoint, form: FormText.encode(form), authorization: authorization))
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
    guard oidc.createsAccounts else {
      try await recordFailure("auth:oidc", of: nil, from: origin)
      throw .oidcUnknown
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
