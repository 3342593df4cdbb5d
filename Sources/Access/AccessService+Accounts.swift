internal import Crypto
public import Model
internal import Synchronization

/// Of the first start.
public struct FirstAdmin: Sendable, Hashable {
  public var account: Account
  /// Shown once.
  public var password: String
}

/// A password that nobody has yet, drawn and hashed before there is anything to open: hashing takes most of
/// the first start's time.
public struct FirstPassword: Sendable {
  let words: String
  let hash: PasswordHash

  /// Blocks for as long as a hash takes, about 0.1 s.
  public static func make(_ policy: SignInPolicy, random: (Int) -> [UInt8]) -> FirstPassword {
    let words = Passphrase.make(random)
    let salt = random(PasswordHash.saltSize)
    return FirstPassword(
      words: words, hash: PasswordHash(of: words, iterations: policy.passwordIterations, salt: salt))
  }
}

public struct AccountDraft: Sendable, Hashable {
  public var kind: Account.Kind
  public var name: String
  public var email: String?
  public var locale: Language
  /// Issuer and subject of an outside sign-in.
  public var oidcSubject: String?

  public init(
    kind: Account.Kind = .person, name: String, email: String? = nil, locale: Language = .english,
    oidcSubject: String? = nil
  ) {
    (self.kind, self.name, self.email, self.locale) = (kind, name, email, locale)
    self.oidcSubject = oidcSubject
  }
}

/// Nil: as it is. An empty text takes an address or a subject away.
public struct AccountPatch: Sendable, Hashable {
  public var email: String?
  public var locale: Language?
  public var state: Account.State?
  public var oidcSubject: String?

  public init(
    email: String? = nil, locale: Language? = nil, state: Account.State? = nil, oidcSubject: String? = nil
  ) {
    (self.email, self.locale, self.state, self.oidcSubject) = (email, locale, state, oidcSubject)
  }
}

extension AccessService {
  /// Where there is no account at all: `admin` with the role of that name and a password made of words, which
  /// they have to change first: it stands where the server's lines go.
  public func makeFirstAdmin(
    named name: String = "admin", with first: FirstPassword? = nil, from origin: Origin
  ) async throws(Problem) -> FirstAdmin? {
    guard ledger.read({ $0.accounts.isEmpty }) else { return nil }
    let now = environment.now()
    let password = first?.words ?? Passphrase.make(environment.random)
    let hash = if let first { first.hash } else { try await passwords.hash(password) }
    var account = Account(
      id: environment.newID(at: now), kind: .person, name: try Self.accountName(name), createdAt: now,
      createdBy: "server")
    (account.password, account.passwordChangedAt, account.mustChangePassword) = (hash, now, true)
    let made = account
    return try await ledger.change { records throws(Problem) -> AccessLedger.Edit<FirstAdmin?> in
      guard records.accounts.isEmpty else { return AccessLedger.Edit(answer: nil) }
      let binding = RoleBinding(
        key: RoleBinding.Key(
          subject: .account(made.id), role: BuiltInRole.admin.rawValue, namespace: "*"),
        grantedBy: "server", grantedAt: now)
      let draft = AuditDraft(
        at: now, actor: .server,
        act: AuditAct(
          "users:create", resourceType: "account", resourceID: made.id.description, after: made.shown),
        outcome: .done, origin: origin)
      return AccessLedger.Edit(
        answer: FirstAdmin(account: made, password: password),
        changes: [.account(made), .bind(binding)], audit: [draft])
    }.answer
  }

  /// By name.
  public func accounts(by principal: Principal) throws(Problem) -> [Account] {
    try demand("read", "users", of: principal)
    return ledger.read { Array($0.accounts.values) }.sorted { $0.name < $1.name }
  }

  public func account(_ id: ID<Account>, by principal: Principal) throws(Problem) -> Account {
    if ID(principal.id) != id { try demand("read", "users", of: principal) }
    return try account(id)
  }

  /// A person gets a password to be given to them, which they have to change first; shown once. Nil for a
  /// service account, and for whoever signs in from outside.
  public func createAccount(
    _ draft: AccountDraft, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> (account: Account, password: String?) {
    try demand("create", "users", of: principal)
    let now = environment.now()
    var made = Account(
      id: environment.newID(at: now), kind: draft.kind, name: try Self.accountName(draft.name),
      email: try draft.email.map { text throws(Problem) in try Self.email(text) }, locale: draft.locale,
      createdAt: now, createdBy: principal.actor)
    made.oidcSubject = draft.kind == .person ? draft.oidcSubject : nil
    var password: String?
    if draft.kind == .person, draft.oidcSubject == nil {
      let words = Passphrase.make(environment.random)
      (made.password, made.mustChangePassword) = (try await passwords.hash(words), true)
      password = words
    }
    let account = made
    try await change("users:create", .account(account.id), by: principal, from: origin) {
      records throws(Problem) in
      if records.account(named: account.name) != nil { throw .nameTaken(account.name) }
      if let subject = account.oidcSubject, records.account(oidcSubject: subject) != nil {
        throw .nameTaken(subject)
      }
      if records.accounts.count >= Account.limit { throw .accessLimit("accounts", "contas", Account.limit) }
      return Step(changes: [.account(account)], after: account.shown)
    }
    return (account, password)
  }

  public func updateAccount(
    _ id: ID<Account>, _ patch: AccountPatch, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> Account {
    try demand("update", "users", of: principal)
    let email = try patch.email.map { text throws(Problem) in try Self.email(text) }
    try await change("users:update", .account(id), by: principal, from: origin) { records throws(Problem) in
      let before = try Self.governed(id, by: principal, records)
      var after = before
      if let email { after.email = email.isEmpty ? nil : email }
      after.locale = patch.locale ?? before.locale
      after.state = patch.state ?? before.state
      if let subject = patch.oidcSubject {
        if let other = records.account(oidcSubject: subject), other.id != id { throw .nameTaken(subject) }
        after.oidcSubject = subject.isEmpty ? nil : subject
      }
      // Who is not active has no session: when they are active again, they sign in again.
      let ended = after.state == .active ? [] : records.sessions(of: id)
      return Step(
        changes: [.account(after)] + ended.map { .removeSession($0.id) }, before: before.shown,
        after: after.shown)
    }
    return try account(id)
  }

  public func removeAccount(
    _ id: ID<Account>, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    try demand("delete", "users", of: principal)
    try await change("users:delete", .account(id), by: principal, from: origin) { records throws(Problem) in
      Step(
        changes: [.removeAccount(id)], before: try Self.governed(id, by: principal, records).shown)
    }
  }

  /// Where failed sign-ins keep the name out now; nil where they do not.
  public func lockout(of account: Account) -> Throttle.Lockout? {
    throttle.withLock { $0.lockout(of: account.name, at: environment.now()) }
  }

  /// Ends every lockout of the name, and the state `locked`.
  public func unlock(_ id: ID<Account>, by principal: Principal, from origin: Origin) async throws(Problem) {
    try demand("update", "users", of: principal)
    try await change("users:unlock", .account(id), by: principal, from: origin) { records throws(Problem) in
      let before = try Self.governed(id, by: principal, records)
      var after = before
      if before.state == .locked { after.state = .active }
      return Step(changes: [.account(after)], before: before.shown, after: after.shown)
    }
    let name = try account(id).name
    throttle.withLock { $0.forget(name: name) }
  }

  /// A new password to be given to them, which they have to change first. Ends their sessions.
  public func resetPassword(
    of id: ID<Account>, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> String {
    try demand("update", "users", of: principal)
    guard try account(id).kind == .person else { throw .noPassword }
    let (words, now) = (Passphrase.make(environment.random), environment.now())
    let hash = try await passwords.hash(words)
    try await change("users:reset-password", .account(id), by: principal, from: origin) {
      records throws(Problem) in
      var account = try Self.governed(id, by: principal, records)
      (account.password, account.passwordChangedAt, account.mustChangePassword) = (hash, now, true)
      let sessions = records.sessions(of: id)
      return Step(changes: [.account(account)] + sessions.map { .removeSession($0.id) })
    }
    return words
  }

  /// For whoever has lost both app and paper.
  public func removeSecondFactor(
    of id: ID<Account>, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    try demand("update", "users", of: principal)
    try await change("users:remove-second-factor", .account(id), by: principal, from: origin) {
      records throws(Problem) in
      let before = try Self.governed(id, by: principal, records)
      var after = before
      after.secondFactor = nil
      return Step(changes: [.account(after)], before: before.shown, after: after.shown)
    }
  }

  static func accountName(_ text: String) throws(Problem) -> String {
    guard Account.isName(text) else { throw .badName(text, "account") }
    return text
  }
}
