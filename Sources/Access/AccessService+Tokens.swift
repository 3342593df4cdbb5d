internal import Crypto
public import Model
internal import Synchronization

public struct APITokenDraft: Sendable, Hashable {
  /// Nil: of whoever asks.
  public var account: ID<Account>?
  public var name: String
  public var scopes: Permissions
  /// Names, or `*`.
  public var namespaces: [String]
  public var expiresAt: Timestamp

  public init(
    account: ID<Account>? = nil, name: String, scopes: Permissions, namespaces: [String],
    expiresAt: Timestamp
  ) {
    (self.account, self.name, self.scopes) = (account, name, scopes)
    (self.namespaces, self.expiresAt) = (namespaces, expiresAt)
  }
}

extension AccessService {
  /// Their own, newest first; with `of`, somebody else's.
  public func tokens(
    of other: ID<Account>? = nil, by principal: Principal
  ) throws(Problem) -> [APIToken] {
    let id = ID<Account>(principal.id)
    if let other, other != id { try demand("read", "tokens", of: principal) }
    guard let whose = other ?? id else { throw .tokenOfNobody }
    let account = try account(whose)
    return ledger.read { $0.tokens(of: account.id) }.reversed()
  }

  /// Of all accounts, newest first.
  public func allTokens(by principal: Principal) throws(Problem) -> [APIToken] {
    try demand("read", "tokens", of: principal)
    return ledger.read { Array($0.tokens.values) }.sorted { $0.id > $1.id }
  }

  /// The text of the token is only in this answer. A person makes tokens for themselves from a session;
  /// others need `tokens:create`, and all that the account may do within the token's scopes.
  public func createToken(
    _ draft: APITokenDraft, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> (token: APIToken, text: String) {
    let now = environment.now()
    let own = ID<Account>(principal.id)
    guard let account = draft.account ?? own else { throw .tokenOfNobody }
    if account != own || principal.credential?.hasPrefix("session:") != true {
      try demand("create", "tokens", of: principal)
    }
    try check(draft, at: now)
    let text = APIToken.prefix + Base64URL.encode(environment.random(32))
    let token = APIToken(
      id: environment.newID(at: now), account: account, name: draft.name,
      shown: String(text.prefix(APIToken.shownCharacters)), hash: SHA256.digest(Array(text.utf8)),
      scopes: draft.scopes, namespaces: Set(draft.namespaces).sorted(), createdAt: now,
      createdBy: principal.actor, expiresAt: draft.expiresAt)
    try await change("tokens:create", .token(token.id), by: principal, from: origin) {
      records throws(Problem) in
      guard records.accounts[account] != nil else { throw .noAccount }
      // What the token will be able to do now: each grant of the account, as far as the ceiling lets it.
      let holder = Principal(
        kind: .service, id: "", actor: "", grants: records.grants(of: account), ceiling: token.ceiling)
      for grant in token.ceiling where account != own || principal.ceiling != nil {
        try Self.checkCovered(holder.within(grant), by: principal)
      }
      if records.tokens(of: account).count >= APIToken.mostOfAccount {
        throw .accessLimit("tokens", "tokens", APIToken.mostOfAccount)
      }
      return Step(changes: [.token(token)], after: token.shownJSON)
    }
    return (token, text)
  }

  /// One of their own, or with `tokens:delete` anybody's.
  public func revokeToken(
    _ id: ID<APIToken>, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    guard let known = ledger.read({ $0.tokens[id] }) else { throw .noToken }
    if known.account != ID<Account>(principal.id), !principal.may("delete", "tokens", in: nil) {
      throw .noToken
    }
    try await change("tokens:delete", .token(id), by: principal, from: origin) { records throws(Problem) in
      guard let token = records.tokens[id] else { throw .noToken }
      return Step(changes: [.removeToken(id)], before: token.shownJSON)
    }
  }

  /// A new key signs access tokens from now on. Those of the one before last are void: at most the sessions'
  /// access tokens of two rotations within fifteen minutes, whose clients then refresh.
  public func rotateTokenKey(by principal: Principal, from origin: Origin) async throws(Problem) {
    try demand("keys", "system", of: principal)
    let (next, change) = ServiceKeys.rotated(keys.withLock { $0.tokens }, environment)
    try await self.change("system:keys", .keys, by: principal, from: origin) { _ in
      Step(changes: [change], after: ["key": .string(next.current.id)])
    }
    keys.withLock { $0.tokens = next }
  }

  private func check(_ draft: APITokenDraft, at now: Timestamp) throws(Problem) {
    guard !draft.name.isEmpty, draft.name.count <= APIToken.longestName,
      draft.name.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace || $0 == " " }),
      draft.name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else { throw .badName(draft.name, "token") }
    guard !draft.namespaces.isEmpty, draft.namespaces.count <= 100, !draft.scopes.words.isEmpty,
      draft.scopes.words.count <= CustomRole.mostPermissions
    else { throw .badScopes }
    for namespace in draft.namespaces where namespace != "*" && !Self.isNamespace(namespace) {
      throw .badName(namespace, "namespace")
    }
    guard draft.expiresAt > now, draft.expiresAt - now <= policy.longestToken else {
      throw .badExpiry(policy.longestToken)
    }
  }
}

extension Principal {
  /// What of a grant this principal's own grants let through, as grants.
  fileprivate func within(_ wanted: Grant) -> [Grant] {
    grants.compactMap { mine in
      let namespace: String
      if mine.namespace == "*" {
        namespace = wanted.namespace
      } else if wanted.namespace == "*" || wanted.namespace.utf8.elementsEqual(mine.namespace.utf8) {
        namespace = mine.namespace
      } else {
        return nil
      }
      let words = mine.permissions.words.flatMap { left in
        wanted.permissions.words.compactMap { Permissions.meet(left, $0) }
      }
      return Permissions(words).map { Grant(namespace: namespace, permissions: $0) }
    }
  }
}

extension Permissions {
  /// What both allow: `jobs:*` and `*:read` meet in `jobs:read`. Nil where they have nothing in common.
  static func meet(_ left: String, _ right: String) -> String? {
    let (left, right) = (left.split(separator: ":"), right.split(separator: ":"))
    guard left.count == 2, right.count == 2 else { return nil }
    var halves: [Substring] = []
    for (mine, theirs) in zip(left, right) {
      if mine == "*" || mine.utf8.elementsEqual(theirs.utf8) {
        halves.append(theirs)
      } else if theirs == "*" {
        halves.append(mine)
      } else {
        return nil
      }
    }
    return halves.joined(separator: ":")
  }
}
