internal import Model

// What the other system's word gives, and takes away again.
extension AccessService {
  /// Marks the roles that rules gave. No account can have this name.
  static let givenByRules = "oidc:claims"

  /// Brings memberships and roles to what the rules say at this sign-in. Groups that a rule names are kept by
  /// the rules alone; of roles, those that rules gave before. What an admin gave stays.
  ///
  /// The last admin may lose their role here: the other system says that they are none. Whoever owns the data
  /// folder makes another.
  func apply(
    _ rules: [OIDCRule], holding: [OIDCRule], to account: Account, from origin: Origin
  ) async throws(Problem) {
    if rules.isEmpty && !ledger.read({ $0.hasGivenByRules(account.id) }) { return }
    let now = environment.now()
    let fresh = rules.map { _ in environment.newID(at: now) as ID<Group> }
    _ = try await ledger.change { records in
      let steps =
        records.memberships(of: account.id, rules, holding, fresh, at: now)
        + records.roles(of: account.id, holding, at: now)
      if steps.isEmpty { return AccessLedger.Edit(answer: ()) }
      let act = AuditAct(
        "auth:oidc-rules", resourceType: "account", resourceID: account.id.description,
        after: ["changes": .array(steps.map { .string($0.shown) })])
      let actor = AuditEntry.Actor(
        kind: account.kind.rawValue, id: account.id.description, name: account.name)
      return AccessLedger.Edit(
        answer: (), changes: steps.map(\.change),
        audit: [AuditDraft(at: now, actor: actor, act: act, outcome: .done, origin: origin)])
    }
  }
}

private struct RuleStep {
  var change: AccessChange
  /// For the audit.
  var shown: String
}

extension AccessRecords {
  fileprivate func hasGivenByRules(_ account: ID<Account>) -> Bool {
    bindings[.account(account)]?.contains { $0.grantedBy == AccessService.givenByRules } ?? false
  }

  /// A group that is not there yet is made for whoever comes into it; it has no role before an admin gives it
  /// one.
  fileprivate func memberships(
    of account: ID<Account>, _ rules: [OIDCRule], _ holding: [OIDCRule], _ fresh: [ID<Group>],
    at now: Timestamp
  ) -> [RuleStep] {
    let (wanted, ids) = (Set(holding.compactMap(\.group)), zip(rules, fresh))
    var (steps, seen, count): ([RuleStep], Set<String>, Int) = ([], [], groups.count)
    for (rule, id) in ids {
      guard let name = rule.group, seen.insert(name).inserted else { continue }
      let known = group(named: name)
      let isMember = known?.members.contains(account) ?? false
      if isMember == wanted.contains(name) { continue }
      var group = known ?? Group(id: id, name: name, createdAt: now)
      if known == nil {
        guard count < Group.limit else { continue }
        count += 1
      }
      if isMember {
        group.members.remove(account)
      } else {
        guard group.members.count < Group.mostMembers else { continue }
        group.members.insert(account)
      }
      steps.append(RuleStep(change: .group(group), shown: (isMember ? "-group " : "+group ") + name))
    }
    return steps
  }

  fileprivate func roles(
    of account: ID<Account>, _ holding: [OIDCRule], at now: Timestamp
  ) -> [RuleStep] {
    let wanted = Set(holding.compactMap { $0.binding(of: account) })
    let known = bindings[.account(account)] ?? []
    var steps: [RuleStep] = []
    for binding in known where binding.grantedBy == AccessService.givenByRules {
      if wanted.contains(binding.key) { continue }
      steps.append(RuleStep(change: .unbind(binding.key), shown: "-role \(binding.key.shown)"))
    }
    for key in wanted.sorted(by: { $0.text < $1.text }) where !known.contains(where: { $0.key == key }) {
      guard permissions(of: key.role) != nil, allBindings.count < RoleBinding.limit else { continue }
      let binding = RoleBinding(key: key, grantedBy: AccessService.givenByRules, grantedAt: now)
      steps.append(RuleStep(change: .bind(binding), shown: "+role \(key.shown)"))
    }
    return steps
  }
}

extension OIDCRule {
  fileprivate var group: String? {
    switch gift {
    case .group(let name): name
    case .role: nil
    }
  }

  fileprivate func binding(of account: ID<Account>) -> RoleBinding.Key? {
    switch gift {
    case .group: nil
    case .role(let role, let namespace):
      RoleBinding.Key(subject: .account(account), role: role, namespace: namespace)
    }
  }
}

extension RoleBinding.Key {
  fileprivate var shown: String { "\(role) \(namespace)" }
}
