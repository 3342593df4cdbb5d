import API
import Access
import Model

/// Routes about groups, roles and who has which.
struct RoleRoutes: Sendable {
  var access: AccessService

  var routes: [Route] {
    [
      .answer(RoleCalls.groups, in: .system) { _, caller in
        let names = try names(caller)
        return Page(try access.groups(by: caller.principal).map { GroupItem($0, names) })
      },
      .answer(RoleCalls.createGroup, in: .system) { request, caller in
        GroupItem(
          try await access.createGroup(named: request.name, by: caller.principal, from: caller.origin), [:])
      },
      .answer(RoleCalls.deleteGroup, in: .system) { path, caller in
        try await access.removeGroup(try group(path.id, caller), by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(RoleCalls.changeGroup, in: .system) { request, caller in
        let changed = try await access.changeMembers(
          of: try group(request.id, caller), add: try accounts(request.add, caller),
          remove: try accounts(request.remove, caller), by: caller.principal, from: caller.origin)
        return GroupItem(changed, try names(caller))
      },
      .answer(RoleCalls.roles, in: .system) { _, caller in
        Page(
          try access.roles(by: caller.principal).map { role in
            RoleItem(
              name: role.name, permissions: role.permissions.words,
              isBuiltIn: BuiltInRole(rawValue: role.name) != nil)
          })
      },
      .answer(RoleCalls.putRole, in: .system) { request, caller in try await put(request, caller) },
      .answer(RoleCalls.deleteRole, in: .system) { path, caller in
        try await access.removeRole(path.name, by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(RoleCalls.bindings, in: .system) { _, caller in try bindings(caller) },
      .answer(RoleCalls.bind, in: .system) { request, caller in
        let binding = try await access.bind(
          try key(request, caller), by: caller.principal, from: caller.origin)
        return BindingItem(binding, name: request.subject)
      },
      .answer(RoleCalls.unbind, in: .system) { request, caller in
        try await access.unbind(try key(request, caller), by: caller.principal, from: caller.origin)
        return Nothing()
      },
    ]
  }

  private func put(_ request: RoleRequest, _ caller: Caller) async throws(Problem) -> RoleItem {
    let permissions = try Self.permissions(request.permissions)
    try await access.putRole(
      CustomRole(name: request.name, permissions: permissions), by: caller.principal, from: caller.origin)
    return RoleItem(name: request.name, permissions: permissions.words, isBuiltIn: false)
  }

  /// A word that no endpoint asks for would allow nothing, and nobody would hear why.
  static func permissions(_ words: [String]) throws(Problem) -> Permissions {
    for word in words {
      guard let one = Permissions([word]), asked.contains(where: { one.contains($0.verb, $0.resource) })
      else { throw notPermission(word) }
    }
    return Permissions(words) ?? .none
  }

  private static let asked: [(resource: String, verb: String)] = EndpointCatalog.shapes.compactMap { shape in
    guard case .needs(let resource, let verb) = shape.permission else { return nil }
    return (resource, verb)
  }

  private static func notPermission(_ word: String) -> Problem {
    let resource = String(word.prefix { $0 != ":" })
    let verbs = Set(asked.filter { $0.resource == resource }.map(\.verb)).sorted()
    let others = verbs.map { "\(resource):\($0)" }.joined(separator: ", ")
    return Problem(
      "invalid-permission",
      Bilingual("\"\(word)\" is no permission.", pt: "\"\(word)\" não é uma permissão."),
      remedy: verbs.isEmpty
        ? Bilingual(
          "Write resource:verb, such as jobs:read; * stands for all of either half. `esteira role ls` shows "
            + "many.",
          pt:
            "Escreva recurso:verbo, como jobs:read; * vale por todos de cada metade. `esteira role ls` "
            + "mostra muitas.")
        : Bilingual("There are: \(others).", pt: "Existem: \(others)."))
  }

  private func bindings(_ caller: Caller) throws(Problem) -> Page<BindingItem> {
    let names = try names(caller)
    let groups = try access.groups(by: caller.principal)
    return Page(
      try access.bindings(by: caller.principal).map { binding in
        let name: String? =
          switch binding.key.subject {
          case .account(let id): names[id]
          case .group(let id): groups.first { $0.id == id }?.name
          }
        return BindingItem(binding, name: name ?? binding.key.subject.text)
      })
  }

  private func key(_ request: BindingRequest, _ caller: Caller) throws(Problem) -> RoleBinding.Key {
    let subject: RoleBinding.Subject =
      request.subjectKind == "group"
      ? .group(try group(request.subject, caller))
      : .account(try access.account(request.subject, by: caller.principal).id)
    return RoleBinding.Key(subject: subject, role: request.role, namespace: request.namespace)
  }

  /// By id or by name.
  private func group(_ text: String, _ caller: Caller) throws(Problem) -> ID<Group> {
    let all = try access.groups(by: caller.principal)
    let id = ID<Group>(text)
    guard let found = all.first(where: { $0.id == id || $0.name.utf8.elementsEqual(text.utf8) }) else {
      throw .noGroup
    }
    return found.id
  }

  private func accounts(_ texts: [String], _ caller: Caller) throws(Problem) -> [ID<Account>] {
    var ids: [ID<Account>] = []
    for text in texts { ids.append(try access.account(text, by: caller.principal).id) }
    return ids
  }

  private func names(_ caller: Caller) throws(Problem) -> [ID<Account>: String] {
    Dictionary(
      try access.accounts(by: caller.principal).map { ($0.id, $0.name) },
      uniquingKeysWith: { first, _ in first })
  }
}

extension GroupItem {
  init(_ group: Group, _ names: [ID<Account>: String]) {
    self.init(
      id: group.id.description, name: group.name,
      members: group.members.map { names[$0] ?? $0.description }.sorted())
  }
}

extension BindingItem {
  init(_ binding: RoleBinding, name: String) {
    let kind =
      switch binding.key.subject {
      case .account: "user"
      case .group: "group"
      }
    self.init(
      subjectKind: kind, subject: name, role: binding.key.role, namespace: binding.key.namespace,
      grantedBy: binding.grantedBy, grantedAt: binding.grantedAt)
  }
}
