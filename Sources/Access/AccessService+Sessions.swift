internal import Crypto
public import Model
internal import Synchronization

extension AccessService {
  /// Begins a session. `prepare` looks at the account as it is by then, and may change it or refuse.
  func makeSession(
    of known: Account, method: String, from origin: Origin,
    _ prepare: (inout Account) throws(Problem) -> Void
  ) async throws(Problem) -> Tokens {
    let now = environment.now()
    let id: ID<Session> = environment.newID(at: now)
    let keys = keys.withLock { $0 }
    let refresh = RefreshToken.make(for: id, generation: 1, keys, environment)
    let session = Session(
      id: id, account: known.id, refreshHash: refresh.hash, generation: 1, createdAt: now,
      expiresAt: now + min(policy.refreshLifetime, policy.sessionLifetime), origin: origin, method: method)
    let account = try await ledger.change { records throws(Problem) in
      guard var account = records.accounts[known.id], account.state == .active else { throw .signInFailed }
      try prepare(&account)
      account.lastSignInAt = now
      let sessions = records.sessions(of: account.id)
      let oldest = sessions.prefix(max(0, sessions.count + 1 - Session.mostOfAccount))
      let draft = AuditDraft(
        at: now,
        actor: AuditEntry.Actor(
          kind: account.kind.rawValue, id: account.id.description, name: account.name,
          credential: session.credential),
        act: AuditAct(
          "auth:sign-in", resourceType: "account", resourceID: account.id.description,
          after: ["method": .string(method)]),
        outcome: .done, origin: origin)
      return AccessLedger.Edit(
        answer: account,
        changes: oldest.map { .removeSession($0.id) } + [.account(account), .session(session)],
        audit: [draft])
    }.answer
    return tokens(of: session, refresh, account, keys, at: now)
  }

  private func tokens(
    of session: Session, _ refresh: RefreshToken, _ account: Account, _ keys: ServiceKeys,
    at now: Timestamp
  ) -> Tokens {
    let expires = min(now + policy.accessLifetime, session.createdAt + policy.sessionLifetime)
    let claims = JWT.Claims(
      issuer: issuer, audience: Self.audience, subject: account.id.description,
      session: session.id.description, issuedAt: now.wholeSeconds, notBefore: now.wholeSeconds,
      expiresAt: expires.wholeSeconds, id: Hex.encode(environment.random(16)))
    return Tokens(
      access: JWT.sign(claims, with: keys.tokens), accessExpiresAt: expires, refresh: refresh.text,
      refreshExpiresAt: session.expiresAt, session: session.id, account: account)
  }

  /// Exchanges a refresh token for new tokens. Each works once: where one comes back that was exchanged
  /// before, the whole session ends, because two have it. See `Session` for why there is no grace.
  public func refresh(_ token: String, from origin: Origin) async throws(Problem) -> Tokens {
    let now = environment.now()
    let keys = keys.withLock { $0 }
    guard let given = RefreshToken(token, key: keys.refresh) else { throw .sessionEnded }
    let hash = given.hash
    let next = RefreshToken.make(for: given.session, generation: given.generation + 1, keys, environment)
    let renewed = try await ledger.change { records throws(Problem) in
      guard let session = records.sessions[given.session], let account = records.accounts[session.account],
        session.expiresAt > now, account.state == .active
      else { throw .sessionEnded }
      guard given.generation == session.generation, constantTimeEqual(hash, session.refreshHash) else {
        return reused(session, account, from: origin, at: now)
      }
      var renewed = session
      (renewed.refreshHash, renewed.generation) = (next.hash, next.generation)
      renewed.expiresAt = min(now + policy.refreshLifetime, session.createdAt + policy.sessionLifetime)
      (renewed.lastSeenAt, renewed.address, renewed.userAgent) = (now, origin.address, origin.userAgent)
      return AccessLedger.Edit(answer: (renewed, account), changes: [.session(renewed)])
    }.answer
    guard let (session, account) = renewed else { throw .sessionEnded }
    return tokens(of: session, next, account, keys, at: now)
  }

  private func reused(
    _ session: Session, _ account: Account, from origin: Origin, at now: Timestamp
  ) -> AccessLedger.Edit<(Session, Account)?> {
    let draft = AuditDraft(
      at: now,
      actor: AuditEntry.Actor(
        kind: account.kind.rawValue, id: account.id.description, name: account.name,
        credential: session.credential),
      act: AuditAct(
        "auth:refresh-reused", resourceType: "session", resourceID: session.id.description,
        before: session.shown),
      outcome: .refused, origin: origin)
    return AccessLedger.Edit(answer: nil, changes: [.removeSession(session.id)], audit: [draft])
  }

  /// Ends the session that the principal came by.
  public func signOut(_ principal: Principal, from origin: Origin) async throws(Problem) {
    guard let text = principal.credential, text.hasPrefix("session:"),
      let id = ID<Session>(String(text.dropFirst("session:".count)))
    else { throw .needsSession }
    try await end(id, "auth:sign-out", by: principal, from: origin)
  }

  /// Their own, newest first; with `of`, somebody else's.
  public func sessions(
    of other: ID<Account>? = nil, by principal: Principal
  ) throws(Problem) -> [Session] {
    let id = ID<Account>(principal.id)
    if let other, other != id { try demand("read", "users", of: principal) }
    let account = try account(other ?? id)
    let now = environment.now()
    return ledger.read { $0.sessions(of: account.id) }.filter { $0.expiresAt > now }.reversed()
  }

  /// One of their own, or with `users:update` anybody's.
  public func revokeSession(
    _ id: ID<Session>, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    guard let session = ledger.read({ $0.sessions[id] }) else { throw .noSession }
    if session.account != ID<Account>(principal.id) {
      guard principal.may("update", "users", in: nil) else { throw .noSession }
    }
    try await end(id, "auth:revoke-session", by: principal, from: origin)
  }

  private func end(
    _ id: ID<Session>, _ action: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    let now = environment.now()
    _ = try await ledger.change { records throws(Problem) in
      guard let session = records.sessions[id] else { throw .noSession }
      let act = AuditAct(
        action, resourceType: "session", resourceID: id.description, before: session.shown)
      return AccessLedger.Edit(
        answer: (), changes: [.removeSession(id)],
        audit: [AuditDraft(at: now, by: principal, act: act, outcome: .done, origin: origin)])
    }
  }
}

extension AuditDraft {
  init(
    at moment: Timestamp, by principal: Principal, act: AuditAct, outcome: AuditEntry.Outcome, origin: Origin
  ) {
    self.init(
      at: moment, actor: AuditEntry.Actor(principal), act: act, outcome: outcome, origin: origin)
  }
}
