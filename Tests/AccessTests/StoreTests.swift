import Access
import Crypto
import Model
import Stores
import Testing

@Suite("What every store of accounts does", .timeLimit(.minutes(1)))
struct StoreTests {
  private let now = Timestamp(microseconds: 1_790_000_000_123_456)

  private func id<Entity>(_ number: UInt64) -> ID<Entity> { ID(high: 0x0190_0000_0000_7000, low: number) }

  private func account(_ number: UInt64, _ name: String) -> Account {
    var account = Account(
      id: id(number), kind: .person, name: name, email: "\(name)@example.org", locale: .portuguese,
      createdAt: now, createdBy: "ação\u{301} 🦭")
    account.password = PasswordHash(of: name, iterations: 3, salt: [1, 2, 3])
    account.secondFactor = SecondFactor(
      sealedSeed: [0, 255], lastStep: 7, recoveryHashes: [[1], [2, 3]], confirmedAt: now)
    account.oidcSubject = "https://id.example.org \(number)"
    (account.state, account.mustChangePassword) = (.locked, true)
    (account.lastSignInAt, account.passwordChangedAt) = (now, now)
    return account
  }

  private func session(_ number: UInt64, of account: Account) -> Session {
    Session(
      id: id(number), account: account.id, refreshHash: [9, 8], generation: 4, createdAt: now,
      expiresAt: now + .seconds(9), origin: World.here, method: "password")
  }

  private func token(_ number: UInt64, of account: Account) throws -> APIToken {
    var token = APIToken(
      id: id(number), account: account.id, name: "nightly", shown: "est_abc", hash: [UInt8(number), 4],
      scopes: try #require(Permissions(["jobs:*", "pipelines:read"])), namespaces: ["*", "sales"],
      createdAt: now, createdBy: "ana", expiresAt: now + .seconds(99))
    token.lastUsedAt = now
    return token
  }

  private func everything() throws -> [AccessChange] {
    let (ana, bia) = (account(1, "ana"), account(2, "bia"))
    let group = Group(id: id(3), name: "night", members: [ana.id, bia.id], createdAt: now)
    let role = CustomRole(name: "auditor", permissions: try #require(Permissions(["audit:read"])))
    func binding(_ subject: RoleBinding.Subject) -> RoleBinding {
      RoleBinding(
        key: RoleBinding.Key(subject: subject, role: "auditor", namespace: "*"), grantedBy: "x",
        grantedAt: now)
    }
    return [
      .account(ana), .account(bia), .group(group), .role(role), .bind(binding(.account(ana.id))),
      .bind(binding(.group(group.id))), .session(session(4, of: ana)), .session(session(5, of: bia)),
      .token(try token(6, of: ana)), .token(try token(7, of: bia)),
      .secret(name: "key", sealed: [0, 1, 255]),
    ]
  }

  @Test("All that is written is read again, by another process too", arguments: StoreKind.all)
  func roundTrip(kind: StoreKind) throws {
    let folder = try kind.folder()
    let store = try kind.open(folder)
    #expect(try store.load() == AccessRecords())
    let changes = try everything()
    try store.commit(AccessTransaction(changes: changes))
    #expect(try store.load() == AccessRecords(changes))
    #expect(try kind.reopen(folder, store).load() == AccessRecords(changes))
  }

  @Test("What belongs to an account or a group goes with it", arguments: StoreKind.all)
  func cascade(kind: StoreKind) throws {
    let folder = try kind.folder()
    let store = try kind.open(folder)
    var expected = AccessRecords(try everything())
    try store.commit(AccessTransaction(changes: try everything()))
    let removals: [AccessChange] = [.removeAccount(id(1)), .removeGroup(id(3)), .removeRole("auditor")]
    for removal in removals {
      try store.commit(AccessTransaction(changes: [removal]))
      expected.apply(removal)
      #expect(try store.load() == expected)
    }
    #expect(expected.sessions.count == 1 && expected.tokens.count == 1 && expected.allBindings.isEmpty)
  }

  @Test("Each change alone does in the store what it does in memory", arguments: StoreKind.all)
  func eachChange(kind: StoreKind) throws {
    let folder = try kind.folder()
    let store = try kind.open(folder)
    var expected = AccessRecords()
    var renamed = account(1, "ana")
    (renamed.state, renamed.password, renamed.secondFactor) = (.active, nil, nil)
    var smaller = Group(id: id(3), name: "night", members: [id(2)], createdAt: now)
    let key = RoleBinding.Key(subject: .account(id(1)), role: "auditor", namespace: "*")
    var changes = try everything() + [.account(renamed), .group(smaller), .unbind(key)]
    smaller.members = []
    changes += [.group(smaller), .removeSession(id(4)), .removeToken(id(6)), .removeSession(id(4))]
    changes += [.secret(name: "key", sealed: [7])]
    for change in changes {
      try store.commit(AccessTransaction(changes: [change]))
      expected.apply(change)
      #expect(try store.load() == expected)
    }
  }

  @Test("A transaction that fails leaves nothing", arguments: StoreKind.all)
  func atomic(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let store = try kind.open(folder)
    let world = try await World.open(store)
    let row = try #require(try store.audit(AuditQuery()).first)
    let before = try store.load()
    #expect(throws: AccessFault.self) {
      try store.commit(AccessTransaction(changes: [.removeAccount(id(1))] + everything(), entries: [row]))
    }
    #expect(try store.load() == before)
    _ = world
  }

  @Test("Rows are found by each of their sides, newest first, page by page", arguments: StoreKind.all)
  func queries(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let store = try kind.open(folder)
    let world = try await World.open(store)
    for number in 0..<30 {
      let act = AuditAct(
        number % 2 == 0 ? "pipelines:update" : "pipelines_x:update",
        namespace: ["", "sales", "sales-eu"][number % 3], resourceType: "pipeline",
        resourceID: "p\(number % 5)",
        before: ["n": .int(Int64(number))])
      try await world.service.audit.record(act, .read, by: world.admin, from: World.here)
      world.clock.advance(.seconds(1))
    }
    let all = try store.audit(after: 0, limit: 1_000)
    let since = all[all.count - 10].at
    let queries: [(inout AuditQuery) -> Void] = [
      { _ in }, { $0.namespace = "sales" }, { $0.namespace = "" }, { $0.action = "pipelines:" },
      { $0.action = "pipelines:update" }, { $0.action = "pipelines" }, { $0.actor = world.admin.id },
      { $0.actor = "nobody" },
      {
        $0.resourceType = "pipeline"
        $0.resourceID = "p3"
      },
      { $0.outcome = .read }, { $0.outcome = .intent }, { $0.since = since }, { $0.until = since },
      { $0.reach = .only(["sales"]) }, { $0.reach = .only([]) }, { $0.reach = .only(["", "sales-eu"]) },
      { $0.isUnfinished = true }, { $0.before = all[5].sequence }, { $0.actor = world.admin.actor },
    ]
    var sizes: [Int] = []
    for change in queries {
      var query = AuditQuery()
      query.limit = 1_000
      change(&query)
      let found = try store.audit(query)
      #expect(found == all.reversed().filter { query.matches($0) && !query.isUnfinished })
      sizes.append(found.count)
      var pages: [AuditEntry] = []
      query.limit = 7
      while case let page = try store.audit(query), let last = page.last {
        pages += page
        query.before = last.sequence
      }
      #expect(pages == found)
      if !query.isUnfinished { try turnedRound(query, all, store) }
    }
    #expect(sizes[1] == 10 && sizes[3] == 15 && sizes[15] == 10 && sizes[11] == 10)
    #expect(sizes.last == sizes[6] && sizes[7] == 0, "By name as by id.")
  }

  /// The same the other way round; where a page ends is no part of what is looked for.
  private func turnedRound(
    _ query: AuditQuery, _ all: [AuditEntry], _ store: any AccessStore
  ) throws {
    var (query, pages): (AuditQuery, [AuditEntry]) = (query, [])
    (query.before, query.isOldestFirst) = (nil, true)
    while case let page = try store.audit(query), let last = page.last {
      pages += page
      query.before = last.sequence
    }
    query.before = nil
    #expect(pages == all.filter { query.matches($0) })
  }

  @Test("An intent without an outcome is found", arguments: StoreKind.all)
  func unfinished(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let world = try await World.open(kind.open(folder))
    let audit = world.service.audit
    let act = AuditAct("jobs:kill", namespace: "sales", resourceType: "job", resourceID: "j")
    let lost = try await audit.begin(act, by: world.admin, from: World.here)
    let ended = try await audit.begin(act, by: world.admin, from: World.here)
    try await audit.finish(ended, .done, before: ["x": 0], after: ["x": 1])
    var query = AuditQuery()
    query.isUnfinished = true
    #expect(try await audit.entries(query).map(\.sequence) == [lost.sequence])
    let outcome = try #require(try await audit.entries(AuditQuery()).first)
    #expect(outcome.of == ended.sequence && outcome.outcome == .done)
    #expect(outcome.act.before == ["x": 0] && outcome.act.after == ["x": 1])
  }

  @Test("A file of a newer version is refused, and says so")
  func newer() throws {
    let folder = try ScratchFolder()
    _ = try AccessFile(path: folder.file)
    try SQLiteShell.run(folder.file, "PRAGMA user_version = 2")
    #expect(throws: AccessFault("\(folder.file) was made by a newer Esteira.")) {
      _ = try AccessFile(path: folder.file)
    }
    #expect(throws: AccessFault.self) { _ = try AccessFile(reading: folder.file, exists: true) }
  }

  @Test("A row that cannot be read stops the start: nobody comes in without their lock")
  func damaged() throws {
    let folder = try ScratchFolder()
    let store = try AccessFile(path: folder.file)
    try store.commit(AccessTransaction(changes: try everything()))
    for fault in ["password", "second_factor"] {
      try SQLiteShell.run(
        folder.file, "UPDATE accounts SET body = json_set(body, '$.\(fault)', json('5')) WHERE name = 'ana'")
      #expect(throws: AccessFault("A row of accounts in access.db cannot be read.")) { try store.load() }
    }
  }

  @Test("Without a file there never were accounts")
  func absent() throws {
    let store = try AccessFile(reading: "/nowhere/access.db", exists: false)
    #expect(try store.load() == AccessRecords())
    #expect(try store.audit(AuditQuery()).isEmpty)
  }
}
