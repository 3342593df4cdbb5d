import Access
import Model
import Stores
import Testing

@Suite("Who may give what to whom", .timeLimit(.minutes(1)))
struct RightsTests {
  private func key(_ id: ID<Account>, _ role: String, _ namespace: String) -> RoleBinding.Key {
    RoleBinding.Key(subject: .account(id), role: role, namespace: namespace)
  }

  /// Somebody who may govern accounts, and otherwise works in `sales` only.
  private func steward(_ world: World) async throws -> Principal {
    try await world.service.putRole(
      CustomRole(name: "steward", permissions: #require(Permissions(["users:*", "tokens:*"]))),
      by: world.admin,
      from: World.here)
    let rui = try await world.person("rui", role: "steward")
    try await world.bind(rui.account.id, "operator", "sales")
    return try #require(world.service.current(rui.principal))
  }

  @Test("Without the permission nothing is changed, and nothing is shown")
  func permission() async throws {
    let world = try await World.open()
    let (service, ana) = (world.service, try await world.person("ana", role: "operator"))
    let (me, by) = (ana.account.id, ana.principal)
    let group = try await service.createGroup(named: "night", by: world.admin, from: World.here)
    let all = try #require(Permissions(["*:*"]))
    let attempts: [(String, () async throws -> Void)] = [
      ("accounts", { _ = try service.accounts(by: by) }),
      ("create", { _ = try await service.createAccount(AccountDraft(name: "x"), by: by, from: World.here) }),
      ("update", { _ = try await service.updateAccount(me, AccountPatch(), by: by, from: World.here) }),
      ("remove", { try await service.removeAccount(me, by: by, from: World.here) }),
      ("unlock", { try await service.unlock(me, by: by, from: World.here) }),
      ("reset", { _ = try await service.resetPassword(of: me, by: by, from: World.here) }),
      ("factor", { try await service.removeSecondFactor(of: me, by: by, from: World.here) }),
      ("groups", { _ = try service.groups(by: by) }),
      ("group", { _ = try await service.createGroup(named: "y", by: by, from: World.here) }),
      ("members", { _ = try await service.changeMembers(of: group.id, add: [me], by: by, from: World.here) }),
      ("ungroup", { try await service.removeGroup(group.id, by: by, from: World.here) }),
      ("roles", { _ = try service.roles(by: by) }),
      (
        "role",
        {
          try await service.putRole(CustomRole(name: "z", permissions: all), by: by, from: World.here)
        }
      ),
      ("unrole", { try await service.removeRole("z", by: by, from: World.here) }),
      ("bindings", { _ = try service.bindings(by: by) }),
      ("bind", { _ = try await service.bind(self.key(me, "admin", "*"), by: by, from: World.here) }),
      ("unbind", { try await service.unbind(self.key(me, "operator", "*"), by: by, from: World.here) }),
      ("tokens", { _ = try service.allTokens(by: by) }),
      ("keys", { try await service.rotateTokenKey(by: by, from: World.here) }),
    ]
    for (name, attempt) in attempts { #expect(await code(attempt) == "not-allowed", "\(name)") }
  }

  @Test("The last admin stays, whichever way it is tried")
  func lastAdmin() async throws {
    let world = try await World.open()
    let (service, id) = (world.service, try #require(ID<Account>(world.admin.id)))
    let attempts: [() async throws -> Void] = [
      { try await service.removeAccount(id, by: world.admin, from: World.here) },
      {
        _ = try await service.updateAccount(
          id, AccountPatch(state: .disabled), by: world.admin, from: World.here)
      },
      {
        _ = try await service.updateAccount(
          id, AccountPatch(state: .locked), by: world.admin, from: World.here)
      },
      { try await service.unbind(self.key(id, "admin", "*"), by: world.admin, from: World.here) },
    ]
    for attempt in attempts { #expect(await code(attempt) == "last-admin") }
    // A program with the role is no one who could sign in, nor is who has it in one namespace.
    let robot = try await service.createAccount(
      AccountDraft(kind: .service, name: "robot"), by: world.admin, from: World.here)
    try await world.bind(robot.account.id, "admin", "*")
    _ = try await world.person("ana", role: "admin", namespace: "sales")
    for attempt in attempts { #expect(await code(attempt) == "last-admin") }
    let refused = try await world.rows("users:delete")
    #expect(refused.map(\.outcome) == [.refused, .refused])
    #expect(refused[0].act.after == ["code": "last-admin"])
    // With another one, through a group, it works.
    let group = try await service.createGroup(named: "chiefs", by: world.admin, from: World.here)
    _ = try await service.bind(
      RoleBinding.Key(subject: .group(group.id), role: "admin", namespace: "*"), by: world.admin,
      from: World.here)
    let bia = try await world.person("bia")
    _ = try await service.changeMembers(
      of: group.id, add: [bia.account.id], by: world.admin, from: World.here)
    let boss = try #require(service.current(bia.principal))
    try await service.removeAccount(id, by: boss, from: World.here)
    #expect(
      await code { try await service.removeGroup(group.id, by: boss, from: World.here) } == "last-admin")
    #expect(
      await code {
        _ = try await service.changeMembers(
          of: group.id, remove: [bia.account.id], by: boss, from: World.here)
      } == "last-admin")
  }

  @Test(
    "An operator may retry where the installation says so, also after accounts were read anew",
    arguments: [true, false])
  func retrying(operatorsMayRetry: Bool) async throws {
    let counting = CountingStore(MemoryAccessStore())
    let world = try await World.open(counting, operatorsMayRetry: operatorsMayRetry)
    counting.fails = true
    #expect(
      await code { _ = try await world.service.createGroup(named: "x", by: world.admin, from: World.here) }
        == "access-store")
    counting.fails = false
    let roles = try world.service.roles(by: world.admin)
    let known = roles.first { $0.name == "operator" }?.permissions
    #expect(known?.contains("retry", "jobs") == operatorsMayRetry)
    let ana = try await world.person("ana", role: "operator").principal
    #expect(ana.may("retry", "jobs", in: "demo") == operatorsMayRetry)
    #expect(ana.may("replay", "deadletters", in: "demo") == operatorsMayRetry)
    #expect(!ana.may("kill", "jobs", in: "demo"))
  }

  @Test("Built-in roles cannot be changed, removed or made", arguments: BuiltInRole.allCases)
  func builtIn(role: BuiltInRole) async throws {
    let world = try await World.open()
    #expect(
      await code {
        try await world.service.putRole(
          CustomRole(name: role.rawValue, permissions: .none), by: world.admin, from: World.here)
      } == "built-in-role")
    #expect(
      await code { try await world.service.removeRole(role.rawValue, by: world.admin, from: World.here) }
        == "built-in-role")
  }

  private typealias Attempt = (String, () async throws -> Void)

  private func gifts(
    _ service: AccessService, _ ana: ID<Account>, _ rui: Principal
  ) -> [Attempt] {
    [
      (
        "role",
        { _ = try await service.bind(self.key(ana, "admin", "sales"), by: rui, from: World.here) }
      ),
      (
        "place",
        {
          _ = try await service.bind(
            self.key(ana, "operator", "purchasing"), by: rui, from: World.here)
        }
      ),
      (
        "pair",
        {
          _ = try await service.bind(
            self.key(ana, "operator", "sales-eu"), by: rui, from: World.here)
        }
      ),
      (
        "everywhere",
        {
          _ = try await service.bind(self.key(ana, "operator", "*"), by: rui, from: World.here)
        }
      ),
      (
        "self",
        {
          _ = try await service.bind(
            self.key(#require(ID<Account>(rui.id)), "admin", "*"), by: rui, from: World.here)
        }
      ),
    ]
  }

  private func changes(
    _ service: AccessService, _ adminID: ID<Account>, _ group: ID<Group>, _ rui: Principal, _ all: Permissions
  ) -> [Attempt] {
    [
      (
        "group",
        {
          _ = try await service.changeMembers(
            of: group, add: [#require(ID<Account>(rui.id))], by: rui, from: World.here)
        }
      ),
      (
        "changed role",
        {
          try await service.putRole(CustomRole(name: "small", permissions: all), by: rui, from: World.here)
        }
      ),
      ("password", { _ = try await service.resetPassword(of: adminID, by: rui, from: World.here) }),
      ("second factor", { try await service.removeSecondFactor(of: adminID, by: rui, from: World.here) }),
      (
        "disable",
        {
          _ = try await service.updateAccount(
            adminID, AccountPatch(state: .disabled), by: rui, from: World.here)
        }
      ),
      (
        "subject",
        {
          _ = try await service.updateAccount(
            adminID, AccountPatch(oidcSubject: "https://evil x"), by: rui, from: World.here)
        }
      ),
    ]
  }

  @Test("Nobody gives more than they have: by a role, a group, a changed role, an account or a token")
  func beyond() async throws {
    let world = try await World.open()
    let service = world.service
    let rui = try await steward(world)
    let ana = try await world.person("ana")
    let adminID = try #require(ID<Account>(world.admin.id))
    let group = try await service.createGroup(named: "chiefs", by: world.admin, from: World.here)
    _ = try await service.bind(
      RoleBinding.Key(subject: .group(group.id), role: "admin", namespace: "*"), by: world.admin,
      from: World.here)
    try await service.putRole(
      CustomRole(name: "small", permissions: #require(Permissions(["jobs:read"]))), by: world.admin,
      from: World.here)
    try await world.bind(ana.account.id, "small", "purchasing")
    let robot = try await service.createAccount(
      AccountDraft(kind: .service, name: "robot"), by: world.admin, from: World.here)
    try await world.bind(robot.account.id, "operator", "purchasing")
    let all = try #require(Permissions(["*:*"]))
    let attempts: [Attempt] =
      gifts(service, ana.account.id, rui) + changes(service, adminID, group.id, rui, all) + [
        ("unbind", { try await service.unbind(self.key(adminID, "admin", "*"), by: rui, from: World.here) }),
        (
          "token",
          {
            _ = try await service.createToken(
              APITokenDraft(
                account: robot.account.id, name: "t", scopes: all, namespaces: ["*"],
                expiresAt: world.clock.now + .seconds(60)), by: rui, from: World.here)
          }
        ),
      ]
    for (name, attempt) in attempts { #expect(await code(attempt) == "beyond-own-rights", "\(name)") }
    // What they have, they give.
    for role in ["viewer", "operator"] {
      _ = try await service.bind(self.key(ana.account.id, role, "sales"), by: rui, from: World.here)
    }
    #expect(try #require(service.current(ana.principal)).may("cancel", "jobs", in: "sales"))
    #expect(try await world.rows("role-bindings:create").filter { $0.outcome == .refused }.count == 5)
  }

  @Test("A role that somebody has cannot be removed, and one that changes does so at once for all")
  func customRole() async throws {
    let world = try await World.open()
    let service = world.service
    func put(_ words: String...) async throws {
      try await service.putRole(
        CustomRole(name: "night", permissions: #require(Permissions(words))), by: world.admin,
        from: World.here)
    }
    try await put("jobs:read")
    let ana = try await world.person("ana", role: "night", namespace: "sales")
    #expect(ana.principal.may("read", "jobs", in: "sales"))
    try await put("jobs:cancel")
    let now = try #require(service.current(ana.principal))
    #expect(now.may("cancel", "jobs", in: "sales") && !now.may("read", "jobs", in: "sales"))
    #expect(
      await code { try await service.removeRole("night", by: world.admin, from: World.here) } == "role-in-use"
    )
    try await service.unbind(key(ana.account.id, "night", "sales"), by: world.admin, from: World.here)
    try await service.removeRole("night", by: world.admin, from: World.here)
    #expect(
      await code {
        _ = try await service.bind(
          self.key(ana.account.id, "night", "sales"), by: world.admin, from: World.here)
      } == "no-role")
  }

  @Test("What a group may do its members may, while they are in it")
  func groups() async throws {
    let world = try await World.open()
    let service = world.service
    let ana = try await world.person("ana")
    let group = try await service.createGroup(named: "night", by: world.admin, from: World.here)
    _ = try await service.bind(
      RoleBinding.Key(subject: .group(group.id), role: "viewer", namespace: "a"), by: world.admin,
      from: World.here)
    _ = try await service.changeMembers(
      of: group.id, add: [ana.account.id], by: world.admin, from: World.here)
    let inside = try #require(service.current(ana.principal))
    #expect(inside.may("read", "jobs", in: "a"))
    for other in ["aa", "a_b", "A", ""] { #expect(!inside.may("read", "jobs", in: other)) }
    try await service.removeGroup(group.id, by: world.admin, from: World.here)
    #expect(try !#require(service.current(ana.principal)).may("read", "jobs", in: "a"))
  }

  @Test(
    "A name that could be taken for another is none",
    arguments: [
      "", "Ana", "ána", "ana ", ".ana", "a/b", "a\u{0}", "а", "admin\n", String(repeating: "a", count: 64),
    ])
  func names(name: String) async throws {
    let world = try await World.open()
    for attempt in [
      {
        _ = try await world.service.createAccount(AccountDraft(name: name), by: world.admin, from: World.here)
      },
      { _ = try await world.service.createGroup(named: name, by: world.admin, from: World.here) },
      {
        try await world.service.putRole(
          CustomRole(name: name, permissions: .none), by: world.admin, from: World.here)
      },
    ] as [() async throws -> Void] { #expect(await code(attempt) == "invalid-name") }
  }

  @Test("A name is taken once")
  func taken() async throws {
    let world = try await World.open()
    _ = try await world.service.createGroup(named: "x", by: world.admin, from: World.here)
    #expect(
      await code { _ = try await world.service.createGroup(named: "x", by: world.admin, from: World.here) }
        == "name-taken")
    #expect(
      await code {
        _ = try await world.service.createAccount(
          AccountDraft(name: "admin"), by: world.admin, from: World.here)
      } == "name-taken")
  }

  @Test("The audit has who changed what, and nothing that was made of a secret")
  func rows() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana", role: "viewer", namespace: "sales")
    _ = try await world.service.updateAccount(
      ana.account.id, AccountPatch(email: "ana@example.org"), by: world.admin, from: World.elsewhere)
    let row = try #require(try await world.rows("users:update").first)
    #expect(row.actor == AuditEntry.Actor(world.admin) && row.origin == World.elsewhere)
    #expect(row.act.before?["email"] == nil && row.act.after?["email"] == "ana@example.org")
    var query = AuditQuery()
    query.limit = 200
    let text = try await world.service.audit.entries(query).map { "\($0)" }.joined()
    for secret in ["pbkdf2", "correct horse", "esr_", "eyJ", world.adminPassword] {
      #expect(!text.contains(secret))
    }
  }
}
