internal import Crypto
internal import Model

// The rules that every change of accounts and rights keeps.
extension AccessService {
  /// What a change comes to.
  struct Step: Sendable {
    var changes: [AccessChange]
    var before: JSON?
    var after: JSON?

    init(changes: [AccessChange], before: JSON? = nil, after: JSON? = nil) {
      (self.changes, self.before, self.after) = (changes, before, after)
    }
  }

  /// What is changed, as the audit names it.
  enum Thing: Sendable {
    case account(ID<Account>)
    case group(ID<Group>)
    case role(String)
    case binding(RoleBinding.Key)
    case token(ID<APIToken>)
    case keys

    var named: (type: String, id: String) {
      switch self {
      case .account(let id): ("account", id.description)
      case .group(let id): ("group", id.description)
      case .role(let name): ("role", name)
      case .binding(let key): ("role-binding", key.text)
      case .token(let id): ("token", id.description)
      case .keys: ("keys", "access tokens")
      }
    }
  }

  /// Decides, keeps the rules, and writes change and row in one transaction. What is refused because of the
  /// rules gets its row, too.
  func change(
    _ action: String, _ thing: Thing, by principal: Principal, from origin: Origin,
    _ decide: (AccessRecords) throws(Problem) -> Step
  ) async throws(Problem) {
    let (now, named) = (environment.now(), thing.named)
    let refused = try await ledger.change { records throws(Problem) -> AccessLedger.Edit<Problem?> in
      var act = AuditAct(action, resourceType: named.type, resourceID: named.id)
      do throws(Problem) {
        let step = try decide(records)
        try Self.checkAdmin(after: step.changes, records)
        (act.before, act.after) = (step.before, step.after)
        return AccessLedger.Edit(
          answer: nil, changes: step.changes,
          audit: [AuditDraft(at: now, by: principal, act: act, outcome: .done, origin: origin)])
      } catch {
        act.after = ["code": .string(error.code)]
        return AccessLedger.Edit(
          answer: error,
          audit: [AuditDraft(at: now, by: principal, act: act, outcome: .refused, origin: origin)])
      }
    }.answer
    if let refused { throw refused }
  }

  /// Where there is an admin, there is one afterwards.
  private static func checkAdmin(after changes: [AccessChange], _ records: AccessRecords) throws(Problem) {
    guard changes.contains(where: \.mayTakeAdmin), records.hasAdmin else { return }
    var later = records
    for change in changes { later.apply(change) }
    if !later.hasAdmin { throw .lastAdmin }
  }

  /// An account over which the principal may dispose: one that may do no more than it. Who could set the
  /// password of somebody with more rights would have these rights.
  static func governed(
    _ id: ID<Account>, by principal: Principal, _ records: AccessRecords
  ) throws(Problem) -> Account {
    guard let account = records.accounts[id] else { throw .noAccount }
    try checkCovered(records.grants(of: id), by: principal)
    return account
  }

  static func checkCovered(_ grants: [Grant], by principal: Principal) throws(Problem) {
    for grant in grants where !principal.covers(grant) { throw .beyondOwnRights(grant.namespace) }
  }
}

extension AccessChange {
  fileprivate var mayTakeAdmin: Bool {
    switch self {
    case .account, .removeAccount, .group, .removeGroup, .unbind: true
    case .role, .removeRole, .bind, .session, .removeSession, .token, .removeToken, .secret: false
    }
  }
}
