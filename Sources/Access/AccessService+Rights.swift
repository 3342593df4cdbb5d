public import Model

// Groups, roles, and who has which.
extension AccessService {
  /// By name.
  public func groups(by principal: Principal) throws(Problem) -> [Group] {
    try demand("read", "users", of: principal)
    return ledger.read { Array($0.groups.values) }.sorted { $0.name < $1.name }
  }

  public func createGroup(
    named name: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> Group {
    try demand("create", "users", of: principal)
    guard Account.isName(name) else { throw .badName(name, "group") }
    let now = environment.now()
    let group = Group(id: environment.newID(at: now), name: name, createdAt: now)
    try await change("groups:create", .group(group.id), by: principal, from: origin) {
      records throws(Problem) in
      if records.group(named: name) != nil { throw .nameTaken(name) }
      if records.groups.count >= Group.limit { throw .accessLimit("groups", "grupos", Group.limit) }
      return Step(changes: [.group(group)], after: group.shown)
    }
    return group
  }

  /// With its bindings.
  public func removeGroup(
    _ id: ID<Group>, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    try demand("delete", "users", of: principal)
    try await change("groups:delete", .group(id), by: principal, from: origin) { records throws(Problem) in
      guard let group = records.groups[id] else { throw .noGroup }
      try Self.checkCovered(records.grants(records.bindings[.group(id)] ?? []), by: principal)
      return Step(changes: [.removeGroup(id)], before: group.shown)
    }
  }

  /// Who comes in gets what the group may do, so whoever lets them in has to have it.
  public func changeMembers(
    of id: ID<Group>, add: [ID<Account>] = [], remove: [ID<Account>] = [], by principal: Principal,
    from origin: Origin
  ) async throws(Problem) -> Group {
    try demand("update", "users", of: principal)
    try await change("groups:update", .group(id), by: principal, from: origin) { records throws(Problem) in
      guard let before = records.groups[id] else { throw .noGroup }
      try Self.checkCovered(records.grants(records.bindings[.group(id)] ?? []), by: principal)
      for member in add where records.accounts[member] == nil { throw .noAccount }
      var after = before
      after.members.formUnion(add)
      after.members.subtract(remove)
      if after.members.count > Group.mostMembers {
        throw .accessLimit("members", "membros", Group.mostMembers)
      }
      return Step(changes: [.group(after)], before: before.shown, after: after.shown)
    }
    guard let group = ledger.read({ $0.groups[id] }) else { throw .noGroup }
    return group
  }

  /// The built-in ones first, then by name.
  public func roles(by principal: Principal) throws(Problem) -> [(name: String, permissions: Permissions)] {
    try demand("read", "users", of: principal)
    let (custom, operatorsMayRetry) = ledger.read {
      (Array($0.roles.values).sorted { $0.name < $1.name }, $0.operatorsMayRetry)
    }
    return BuiltInRole.allCases.map {
      ($0.rawValue, $0.permissions(operatorsMayRetry: operatorsMayRetry))
    }
      + custom.map { ($0.name, $0.permissions) }
  }

  /// Makes it, or changes what it allows, at once for all who have it.
  public func putRole(
    _ role: CustomRole, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    try demand("update", "users", of: principal)
    guard Account.isName(role.name) else { throw .badName(role.name, "role") }
    try await change("roles:update", .role(role.name), by: principal, from: origin) {
      records throws(Problem) in
      if BuiltInRole(rawValue: role.name) != nil { throw .builtInRole(role.name) }
      if records.roles[role.name] == nil, records.roles.count >= CustomRole.limit {
        throw .accessLimit("roles", "papéis", CustomRole.limit)
      }
      if role.permissions.words.count > CustomRole.mostPermissions {
        throw .accessLimit("permissions", "permissões", CustomRole.mostPermissions)
      }
      let places = records.allBindings.filter { $0.key.role == role.name }.map(\.key.namespace)
      try Self.checkCovered(
        places.map { Grant(namespace: $0, permissions: role.permissions) }, by: principal)
      return Step(
        changes: [.role(role)], before: records.roles[role.name]?.shown, after: role.shown)
    }
  }

  /// Not while somebody has it.
  public func removeRole(
    _ name: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    try demand("delete", "users", of: principal)
    try await change("roles:delete", .role(name), by: principal, from: origin) { records throws(Problem) in
      if BuiltInRole(rawValue: name) != nil { throw .builtInRole(name) }
      guard let role = records.roles[name] else { throw .noRole(name) }
      if records.allBindings.contains(where: { $0.key.role == name }) { throw .roleInUse(name) }
      return Step(changes: [.removeRole(name)], before: role.shown)
    }
  }

  /// By subject, role and namespace.
  public func bindings(
    of subject: RoleBinding.Subject? = nil, by principal: Principal
  ) throws(Problem) -> [RoleBinding] {
    try demand("read", "users", of: principal)
    let found = ledger.read { records in
      subject.map { records.bindings[$0] ?? [] } ?? records.allBindings
    }
    return found.sorted { $0.key.text < $1.key.text }
  }

  /// Gives a role. Nobody gives more than they have.
  public func bind(
    _ key: RoleBinding.Key, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> RoleBinding {
    try demand("update", "users", of: principal)
    guard key.namespace == "*" || Self.isNamespace(key.namespace) else {
      throw .badName(key.namespace, "namespace")
    }
    let binding = RoleBinding(key: key, grantedBy: principal.actor, grantedAt: environment.now())
    try await change("role-bindings:create", .binding(key), by: principal, from: origin) {
      records throws(Problem) in
      switch key.subject {
      case .account(let id): if records.accounts[id] == nil { throw .noAccount }
      case .group(let id): if records.groups[id] == nil { throw .noGroup }
      }
      guard let permissions = records.permissions(of: key.role) else { throw .noRole(key.role) }
      try Self.checkCovered([Grant(namespace: key.namespace, permissions: permissions)], by: principal)
      if records.allBindings.count >= RoleBinding.limit {
        throw .accessLimit("role bindings", "vínculos de papéis", RoleBinding.limit)
      }
      return Step(changes: [.bind(binding)], after: binding.shown)
    }
    return binding
  }

  /// Takes it away; only who could have given it.
  public func unbind(
    _ key: RoleBinding.Key, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    try demand("update", "users", of: principal)
    try await change("role-bindings:delete", .binding(key), by: principal, from: origin) {
      records throws(Problem) in
      guard let binding = records.binding(key) else { throw .noBinding }
      try Self.checkCovered(records.grants([binding]), by: principal)
      return Step(changes: [.unbind(key)], before: binding.shown)
    }
  }

  /// As names of namespaces are written; whether there is one of that name is not asked, so that rights can
  /// be given before it is.
  static func isNamespace(_ text: String) -> Bool {
    Account.isName(text) && !text.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }
  }
}
