import Crypto
import Model
import Stores
import Synchronization
import Testing

@testable import Access

@Suite("Signing in", .timeLimit(.minutes(1)))
struct SignInTests {
  @Test("The first start makes one admin with a password of words, and only the first")
  func firstAdmin() async throws {
    let world = try await World.open()
    #expect(world.admin.may("delete", "users", in: nil))
    #expect(world.firstPassword.split(separator: "-").count == 8)
    #expect(try await world.service.makeFirstAdmin(from: .server) == nil)
  }

  @Test("The password that the first start shows allows nothing until it is changed, and then works no more")
  func firstPassword() async throws {
    let service = try await AccessService.open(
      store: MemoryAccessStore(), policy: World.policy, environment: World.environment(ManualTime()))
    let first = try #require(try await service.makeFirstAdmin(from: .server))
    let tokens = try await service.signIn(name: "admin", password: first.password, from: World.here).tokens()
    let before = try service.principal(accessToken: tokens.access)
    #expect(tokens.account.mustChangePassword && !before.may("read", "jobs", in: nil))
    try await service.changePassword(
      old: first.password, new: "correct horse staple", by: before, from: World.here)
    #expect(try #require(service.current(before)).may("delete", "users", in: nil))
    #expect(
      await code { _ = try await service.signIn(name: "admin", password: first.password, from: World.here) }
        == "sign-in-failed")
  }

  @Test("Right name and password give tokens that say who it is")
  func right() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana", role: "viewer", namespace: "sales")
    #expect(ana.principal.actor == "ana")
    #expect(ana.principal.kind == .person)
    #expect(ana.principal.may("read", "jobs", in: "sales"))
    #expect(!ana.principal.may("read", "jobs", in: "sales-eu"))
    #expect(!ana.principal.may("cancel", "jobs", in: "sales"))
    #expect(ana.tokens.accessExpiresAt == world.clock.now + .seconds(900))
    #expect(ana.tokens.refreshExpiresAt == world.clock.now + .seconds(7 * 86_400))
  }

  @Test("Who does not exist, is disabled, locked, a program or mistaken is told the same")
  func noEnumeration() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    let bia = try await world.person("bia")
    let robot = try await world.service.createAccount(
      AccountDraft(kind: .service, name: "robot"), by: world.admin, from: World.here)
    #expect(robot.password == nil)
    for (id, state) in [(ana.account.id, Account.State.disabled), (bia.account.id, .locked)] {
      _ = try await world.service.updateAccount(
        id, AccountPatch(state: state), by: world.admin, from: World.here)
    }
    var problems: Set<Problem> = []
    for (number, name) in ["ana", "bia", "robot", "nobody", "admin", "", "ANA\u{0}", "a'--"].enumerated() {
      do {
        _ = try await world.service.signIn(
          name: name, password: "correct horse staple", from: Origin(address: "203.0.113.\(number)"))
        Issue.record("\(name) came in")
      } catch { problems.insert(error) }
    }
    #expect(problems.map(\.code) == ["sign-in-failed"])
  }

  @Test("A name that nobody has is hashed as often as one that somebody has")
  func sameWork() async throws {
    var environment = World.environment(ManualTime())
    let threads = CountedThreads(environment.hashing)
    environment.hashing = threads
    let service = try await AccessService.open(
      store: MemoryAccessStore(), policy: World.policy, environment: environment)
    _ = try #require(try await service.makeFirstAdmin(from: .server))
    var counts: [String: Int] = [:]
    for name in ["admin", "nobody"] {
      let before = threads.count
      await #expect(throws: Problem.self) {
        _ = try await service.signIn(name: name, password: "no", from: World.elsewhere)
      }
      counts[name] = threads.count - before
    }
    #expect(counts["admin"] == counts["nobody"] && counts["nobody"] != 0)
    // The hash that stands in for a missing one has the count of the policy, so both take as long.
    #expect(!service.passwords.nobody.needsRehash(iterations: World.policy.passwordIterations))
  }

  @Test("A password longer than any is refused and is not cut to one that fits")
  func longPassword() async throws {
    let world = try await World.open()
    let long = world.adminPassword + String(repeating: "x", count: 5_000)
    #expect(
      await code { _ = try await world.service.signIn(name: "admin", password: long, from: World.elsewhere) }
        == "sign-in-failed")
  }

  @Test("What was typed as a name is not kept, because it may be a password")
  func typedName() async throws {
    let world = try await World.open()
    _ = await code {
      _ = try await world.service.signIn(name: "hunter2hunter2", password: "x", from: World.elsewhere)
    }
    let row = try #require(try await world.rows("auth:sign-in").first)
    #expect(row.outcome == .refused)
    #expect(row.actor.kind == "anonymous")
    #expect(row.act.resourceID.isEmpty)
    #expect(!"\(row)".contains("hunter2"))
    #expect(row.origin == World.elsewhere)
  }

  @Test("A password made with another count is made anew at the next sign-in")
  func rehash() async throws {
    let store = MemoryAccessStore()
    let world = try await World.open(store)
    var stronger = World.policy
    stronger.passwordIterations = 77
    let later = try await AccessService.open(
      store: store, policy: stronger, environment: world.environment)
    let tokens = try await later.signIn(
      name: "admin", password: world.adminPassword, from: World.elsewhere
    ).tokens()
    #expect(tokens.account.password?.text.hasPrefix("$pbkdf2-sha256$i=77$") == true)
    world.clock.advance(.seconds(61))
    _ = try await later.signIn(name: "admin", password: world.adminPassword, from: World.elsewhere).tokens()
  }

  @Test("Who comes while too many passwords are hashed is asked to come back, and it is no failure")
  func busy() async throws {
    var policy = World.policy
    policy.mostPasswordsAtOnce = 0
    let environment = World.environment(ManualTime())
    let service = try await AccessService.open(
      store: MemoryAccessStore(), policy: policy, environment: environment)
    for _ in 0..<2 {
      #expect(
        await code { _ = try await service.signIn(name: "ana", password: "x", from: World.here) }
          == "sign-in-busy")
    }
  }

  @Test("Who was disabled, locked, removed or signed out is refused at the next request")
  func revocation() async throws {
    let world = try await World.open()
    let service = world.service
    let changes: [(String, (Account, Principal) async throws -> Void)] = [
      (
        "disabled",
        { account, _ in
          _ = try await service.updateAccount(
            account.id, AccountPatch(state: .disabled), by: world.admin, from: World.here)
        }
      ),
      (
        "locked",
        { account, _ in
          _ = try await service.updateAccount(
            account.id, AccountPatch(state: .locked), by: world.admin, from: World.here)
        }
      ),
      (
        "removed",
        { account, _ in
          try await service.removeAccount(account.id, by: world.admin, from: World.here)
        }
      ),
      ("signed-out", { _, principal in try await service.signOut(principal, from: World.here) }),
      (
        "reset",
        { account, _ in
          _ = try await service.resetPassword(of: account.id, by: world.admin, from: World.here)
        }
      ),
    ]
    for (name, change) in changes {
      let person = try await world.person(name, role: "viewer")
      let revision = service.revision
      #expect(service.current(person.principal) == person.principal)
      try await change(person.account, person.principal)
      #expect(service.revision > revision)
      #expect(service.current(person.principal) == nil)
      #expect(
        await code { _ = try service.principal(accessToken: person.tokens.access) } == "not-signed-in")
      #expect(
        await code { _ = try await service.refresh(person.tokens.refresh, from: World.here) }
          == "session-ended")
    }
  }

  @Test("Roles that change are seen by the next request")
  func roleChange() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    #expect(!ana.principal.may("read", "jobs", in: "sales"))
    try await world.bind(ana.account.id, "viewer", "sales")
    let now = try #require(world.service.current(ana.principal))
    #expect(now.may("read", "jobs", in: "sales"))
    #expect(now.reach("read", "jobs") == .only(["sales"]))
  }

  @Test("An access token ends after fifteen minutes, whatever is asked meanwhile")
  func accessExpiry() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    world.clock.advance(.seconds(899))
    _ = try world.service.principal(accessToken: ana.tokens.access)
    world.clock.advance(.seconds(1))
    #expect(
      await code { _ = try world.service.principal(accessToken: ana.tokens.access) } == "not-signed-in")
  }

  @Test("A password that somebody else set allows nothing until it is changed")
  func mustChange() async throws {
    let world = try await World.open()
    let made = try await world.service.createAccount(
      AccountDraft(name: "ana"), by: world.admin, from: World.here)
    try await world.bind(made.account.id, "admin", "*")
    let tokens = try await world.service.signIn(
      name: "ana", password: #require(made.password), from: World.elsewhere
    ).tokens()
    let principal = try world.service.principal(accessToken: tokens.access)
    #expect(tokens.account.mustChangePassword)
    #expect(!principal.may("read", "jobs", in: "sales"))
    try await world.service.changePassword(
      old: #require(made.password), new: "correct horse staple", by: principal, from: World.elsewhere)
    #expect(try #require(world.service.current(principal)).may("read", "jobs", in: "sales"))
  }

  @Test("A changed password ends all other sessions and not this one")
  func otherSessions() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    world.clock.advance(.seconds(61))
    let other = try await world.service.signIn(
      name: "ana", password: "correct horse staple", from: World.elsewhere
    ).tokens()
    let others = try world.service.sessions(by: ana.principal)
    try await world.service.changePassword(
      old: "correct horse staple", new: "battery horse staple", by: ana.principal, from: World.here)
    #expect(others.count == 3)
    #expect(try world.service.sessions(by: ana.principal).map(\.id) == [ana.tokens.session])
    #expect(await code { _ = try world.service.principal(accessToken: other.access) } == "not-signed-in")
  }

  @Test(
    "A bad new password is refused",
    arguments: ["short", "anaanaanaana-x", "aaaaaaaaaaaaaaaa", String(repeating: "ab3$", count: 300)])
  func weak(password: String) async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    #expect(
      await code {
        try await world.service.changePassword(
          old: "correct horse staple", new: password, by: ana.principal, from: World.here)
      } == "weak-password")
  }

  @Test("The old password is needed to change it, and guessing it is slowed")
  func oldPassword() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    var codes: [String?] = []
    for number in 0..<6 {
      codes.append(
        await code {
          try await world.service.changePassword(
            old: "guess \(number)", new: "battery horse staple", by: ana.principal, from: World.here)
        })
    }
    #expect(codes.prefix(5).allSatisfy { $0 == "wrong-password" })
    #expect(codes.last == "sign-in-locked")
  }
}

/// Threads that count what they are given.
private final class CountedThreads: TaskExecutor {
  private let threads: any TaskExecutor
  private let given = Mutex(0)
  var count: Int { given.withLock { $0 } }

  init(_ threads: any TaskExecutor) { self.threads = threads }

  func enqueue(_ job: consuming ExecutorJob) {
    given.withLock { $0 += 1 }
    threads.enqueue(UnownedJob(job))
  }
}
