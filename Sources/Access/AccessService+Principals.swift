internal import Crypto
public import Model
internal import Synchronization

extension AccessService {
  /// Of `Authorization: Bearer`: an access token, or an API token by its first letters.
  public func principal(bearer text: String) throws(Problem) -> Principal {
    if text.hasPrefix(APIToken.prefix) { return try principal(apiToken: text) }
    return try principal(accessToken: text)
  }

  /// What the token says about itself is checked, then that its session and its account are still there.
  public func principal(accessToken text: String) throws(Problem) -> Principal {
    let (now, keys) = (environment.now(), keys.withLock { $0.tokens })
    guard
      let claims = JWT.verify(
        text, with: keys, issuer: issuer, audience: Self.audience, at: now.wholeSeconds),
      let id = ID<Session>(claims.session), let principal = principal(ofSession: id, at: now),
      principal.id.utf8.elementsEqual(claims.subject.utf8)
    else { throw .notSignedIn }
    ledger.use(.session(id), at: now)
    return principal
  }

  public func principal(apiToken text: String) throws(Problem) -> Principal {
    let now = environment.now()
    guard text.hasPrefix(APIToken.prefix), text.utf8.count < 200 else { throw .notSignedIn }
    let hash = SHA256.digest(Array(text.utf8))
    guard let token = ledger.read({ $0.token(hash: hash) }), constantTimeEqual(token.hash, hash),
      let principal = principal(ofToken: token.id, at: now)
    else { throw .notSignedIn }
    ledger.use(.token(token.id), at: now)
    return principal
  }

  /// The same principal as it is now: with other grants perhaps, or nil where it may not act any more. For
  /// streams, when `revision` has grown. Whoever came by the local socket stays who they are.
  public func current(_ principal: Principal) -> Principal? {
    let now = environment.now()
    switch principal.kind {
    case .local, .anonymous: return principal
    case .person, .service: break
    }
    guard let parts = principal.credential?.split(separator: ":", maxSplits: 1), parts.count == 2 else {
      return nil
    }
    if parts[0] == "session" {
      return ID<Session>(String(parts[1])).flatMap { self.principal(ofSession: $0, at: now) }
    }
    return ID<APIToken>(String(parts[1])).flatMap { self.principal(ofToken: $0, at: now) }
  }

  private func principal(ofSession id: ID<Session>, at now: Timestamp) -> Principal? {
    ledger.read { records in
      guard let session = records.sessions[id], session.expiresAt > now,
        let account = records.accounts[session.account], account.state == .active
      else { return nil }
      return Principal(account, records, credential: session.credential)
    }
  }

  private func principal(ofToken id: ID<APIToken>, at now: Timestamp) -> Principal? {
    ledger.read { records in
      guard let token = records.tokens[id], token.expiresAt > now,
        let account = records.accounts[token.account], account.state == .active
      else { return nil }
      return Principal(account, records, ceiling: token.ceiling, credential: token.credential)
    }
  }

  /// For a socket that cannot send headers: a ticket that works once and soon.
  public func socketTicket(for principal: Principal) throws(Problem) -> (ticket: String, expiresAt: Timestamp)
  {
    let now = environment.now()
    let (ticket, expires) = (Base64URL.encode(environment.random(32)), now + policy.socketTicketLifetime)
    let isKept = tickets.withLock { $0.addSocket(ticket, principal, until: expires, at: now) }
    guard isKept else { throw .accessBusy }
    return (ticket, expires)
  }

  public func principal(socketTicket ticket: String) throws(Problem) -> Principal {
    let now = environment.now()
    guard let principal = tickets.withLock({ $0.takeSocket(ticket, at: now) }),
      let current = current(principal)
    else { throw .notSignedIn }
    return current
  }
}

extension Principal {
  fileprivate init(
    _ account: Account, _ records: AccessRecords, ceiling: [Grant]? = nil, credential: String
  ) {
    let kind: Kind =
      switch account.kind {
      case .person: .person
      case .service: .service
      }
    // Who has to change a password may do that and nothing else.
    let grants = account.mustChangePassword ? [] : records.grants(of: account.id)
    self.init(
      kind: kind, id: account.id.description, actor: account.actor, grants: grants, ceiling: ceiling,
      credential: credential)
  }

  /// Whether everything that the grant allows is allowed here, too.
  func covers(_ grant: Grant) -> Bool {
    grant.permissions.words.allSatisfy { word in
      Self.allow(grants, word, in: grant.namespace)
        && (ceiling.map { Self.allow($0, word, in: grant.namespace) } ?? true)
    }
  }

  private static func allow(_ grants: [Grant], _ word: String, in namespace: String) -> Bool {
    let halves = word.split(separator: ":").map(String.init)
    return halves.count == 2
      && grants.contains { $0.allows(halves[1], halves[0], in: namespace == "*" ? nil : namespace) }
  }
}
