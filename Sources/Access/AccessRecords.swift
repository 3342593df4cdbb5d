public import Model

/// All accounts and what belongs to them, as a store gives them at the start and as the service holds them.
/// The audit is not here: it only grows, and is read from the store.
public struct AccessRecords: Sendable {
  public private(set) var accounts: [ID<Account>: Account] = [:]
  public private(set) var groups: [ID<Group>: Group] = [:]
  public private(set) var roles: [String: CustomRole] = [:]
  public private(set) var bindings: [RoleBinding.Subject: [RoleBinding]] = [:]
  public private(set) var sessions: [ID<Session>: Session] = [:]
  public private(set) var tokens: [ID<APIToken>: APIToken] = [:]
  /// Sealed keys, by name.
  public private(set) var secrets: [String: [UInt8]] = [:]
  /// Said by the configuration, not by the store.
  var operatorsMayRetry = false

  // Made from the above.
  private var idsByName: [String: ID<Account>] = [:]
  private var idsBySubject: [ScalarString: ID<Account>] = [:]
  private var idsByTokenHash: [[UInt8]: ID<APIToken>] = [:]
  private var groupsOf: [ID<Account>: Set<ID<Group>>] = [:]
  private var sessionsOf: [ID<Account>: Set<ID<Session>>] = [:]
  private var tokensOf: [ID<Account>: Set<ID<APIToken>>] = [:]

  public init() {}

  public init(_ changes: some Sequence<AccessChange>) {
    for change in changes { apply(change) }
  }
}

extension AccessRecords: Equatable {
  /// Neither the order of bindings nor what is made from the rest counts.
  public static func == (left: AccessRecords, right: AccessRecords) -> Bool {
    left.accounts == right.accounts && left.groups == right.groups && left.roles == right.roles
      && Set(left.allBindings) == Set(right.allBindings) && left.sessions == right.sessions
      && left.tokens == right.tokens && left.secrets == right.secrets
  }
}

// Looking up.
extension AccessRecords {
  public func account(named name: String) -> Account? { idsByName[name].flatMap { accounts[$0] } }

  public func account(oidcSubject: String) -> Account? {
    idsBySubject[ScalarString(oidcSubject)].flatMap { accounts[$0] }
  }

  public func token(hash: [UInt8]) -> APIToken? { idsByTokenHash[hash].flatMap { tokens[$0] } }

  public func group(named name: String) -> Group? { groups.values.first { $0.name == name } }

  public func groups(of account: ID<Account>) -> [Group] {
    (groupsOf[account] ?? []).compactMap { groups[$0] }
  }

  /// Oldest first.
  public func sessions(of account: ID<Account>) -> [Session] {
    (sessionsOf[account] ?? []).compactMap { sessions[$0] }.sorted { $0.id < $1.id }
  }

  /// Oldest first.
  public func tokens(of account: ID<Account>) -> [APIToken] {
    (tokensOf[account] ?? []).compactMap { tokens[$0] }.sorted { $0.id < $1.id }
  }

  public func binding(_ key: RoleBinding.Key) -> RoleBinding? {
    bindings[key.subject]?.first { $0.key == key }
  }

  public var allBindings: [RoleBinding] { bindings.values.flatMap { $0 } }

  /// Of an account: its own and those of its groups.
  public func bindings(of account: ID<Account>) -> [RoleBinding] {
    (bindings[.account(account)] ?? []) + groups(of: account).flatMap { bindings[.group($0.id)] ?? [] }
  }

  /// Nil where there is no such role, as after it was removed.
  public func permissions(of role: String) -> Permissions? {
    BuiltInRole(rawValue: role)?.permissions(operatorsMayRetry: operatorsMayRetry)
      ?? roles[role]?.permissions
  }

  public func grants(of account: ID<Account>) -> [Grant] { grants(bindings(of: account)) }

  public func grants(_ bindings: [RoleBinding]) -> [Grant] {
    bindings.compactMap { binding in
      permissions(of: binding.key.role).map { Grant(namespace: binding.key.namespace, permissions: $0) }
    }
  }

  /// Whether somebody can still change everything: an active person who can sign in and is admin everywhere.
  public var hasAdmin: Bool {
    accounts.values.contains { account in
      account.kind == .person && account.state == .active
        && (account.password != nil || account.oidcSubject != nil)
        && bindings(of: account.id).contains {
          $0.key.role == BuiltInRole.admin.rawValue && $0.key.namespace == "*"
        }
    }
  }
}

// Changing.
extension AccessRecords {
  public mutating func apply(_ change: AccessChange) {
    switch change {
    case .account(let account): put(account)
    case .removeAccount(let id): removeAccount(id)
    case .group(let group): put(group)
    case .removeGroup(let id): removeGroup(id)
    case .role(let role): roles[role.name] = role
    case .removeRole(let name): roles[name] = nil
    case .bind(let binding):
      bindings[binding.key.subject, default: []].removeAll { $0.key == binding.key }
      bindings[binding.key.subject, default: []].append(binding)
    case .unbind(let key):
      bindings[key.subject]?.removeAll { $0.key == key }
      if bindings[key.subject]?.isEmpty == true { bindings[key.subject] = nil }
    case .session(let session):
      sessions[session.id] = session
      sessionsOf[session.account, default: []].insert(session.id)
    case .removeSession(let id):
      if let old = sessions.removeValue(forKey: id) { sessionsOf[old.account]?.remove(id) }
    case .token(let token): put(token)
    case .removeToken(let id): removeToken(id)
    case .secret(let name, let sealed): secrets[name] = sealed
    }
  }

  private mutating func put(_ account: Account) {
    if let old = accounts[account.id] {
      idsByName[old.name] = nil
      if let subject = old.oidcSubject { idsBySubject[ScalarString(subject)] = nil }
    }
    accounts[account.id] = account
    idsByName[account.name] = account.id
    if let subject = account.oidcSubject { idsBySubject[ScalarString(subject)] = account.id }
  }

  /// What belongs to it goes with it.
  private mutating func removeAccount(_ id: ID<Account>) {
    guard let old = accounts.removeValue(forKey: id) else { return }
    idsByName[old.name] = nil
    if let subject = old.oidcSubject { idsBySubject[ScalarString(subject)] = nil }
    for session in sessionsOf.removeValue(forKey: id) ?? [] { sessions[session] = nil }
    for token in tokensOf[id] ?? [] { removeToken(token) }
    tokensOf[id] = nil
    for group in groupsOf.removeValue(forKey: id) ?? [] { groups[group]?.members.remove(id) }
    bindings[.account(id)] = nil
  }

  private mutating func put(_ group: Group) {
    for member in groups[group.id]?.members ?? [] { groupsOf[member]?.remove(group.id) }
    groups[group.id] = group
    for member in group.members { groupsOf[member, default: []].insert(group.id) }
  }

  private mutating func removeGroup(_ id: ID<Group>) {
    for member in groups.removeValue(forKey: id)?.members ?? [] { groupsOf[member]?.remove(id) }
    bindings[.group(id)] = nil
  }

  private mutating func put(_ token: APIToken) {
    if let old = tokens[token.id] { idsByTokenHash[old.hash] = nil }
    tokens[token.id] = token
    idsByTokenHash[token.hash] = token.id
    tokensOf[token.account, default: []].insert(token.id)
  }

  private mutating func removeToken(_ id: ID<APIToken>) {
    guard let old = tokens.removeValue(forKey: id) else { return }
    idsByTokenHash[old.hash] = nil
    tokensOf[old.account]?.remove(id)
  }
}
