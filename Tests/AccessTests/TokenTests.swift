import Access
import Foundation
import Model
import Stores
import Testing

@Suite("API tokens and tickets", .timeLimit(.minutes(1)))
struct TokenTests {
  private func draft(
    _ world: World, account: ID<Account>? = nil, _ words: [String] = ["jobs:*"],
    _ namespaces: [String] = ["sales"],
    lives: Duration = .seconds(3_600), name: String = "nightly"
  ) throws -> APITokenDraft {
    APITokenDraft(
      account: account, name: name, scopes: try #require(Permissions(words)), namespaces: namespaces,
      expiresAt: world.clock.now + lives)
  }

  @Test(
    "A token may what its account may, within its scopes and namespaces, until it ends",
    arguments: StoreKind.all)
  func scopes(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let world = try await World.open(kind.open(folder))
    let ana = try await world.person("ana", role: "operator")
    let made = try await world.service.createToken(try draft(world), by: ana.principal, from: World.here)
    #expect(made.text.hasPrefix("est_") && made.text.utf8.count == 47)
    #expect(made.token.shown == String(made.text.prefix(12)))
    let principal = try world.service.principal(bearer: made.text)
    #expect(principal.actor == "ana" && principal.credential == "token:\(made.token.id)")
    #expect(principal.may("cancel", "jobs", in: "sales"))
    #expect(!principal.may("cancel", "jobs", in: "sales-eu"))
    #expect(!principal.may("kill", "jobs", in: "sales"))
    #expect(!principal.may("read", "pipelines", in: "sales"))
    world.clock.advance(.seconds(3_600))
    #expect(await code { _ = try world.service.principal(bearer: made.text) } == "not-signed-in")
    let again = try kind.reopen(folder, world.store)
    #expect(try again.load().tokens[made.token.id]?.hash == made.token.hash)
  }

  @Test("The text of a token is nowhere in the store")
  func hashed() async throws {
    let folder = try ScratchFolder()
    let world = try await World.open(AccessFile(path: folder.file))
    let made = try await world.service.createToken(
      try draft(world, ["*:*"], ["*"]), by: world.admin, from: World.here)
    let secret = made.text.dropFirst(APIToken.shownCharacters)
    let bytes = try [folder.file, folder.file + "-wal"].map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(bytes.contains { $0.range(of: Data(made.token.shown.utf8)) != nil })
    #expect(bytes.allSatisfy { $0.range(of: Data(secret.utf8)) == nil })
  }

  @Test("It is void once it is revoked, its account is disabled, or the text differs in one letter")
  func revoked() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana", role: "operator")
    let first = try await world.service.createToken(try draft(world), by: ana.principal, from: World.here)
    let second = try await world.service.createToken(try draft(world), by: ana.principal, from: World.here)
    var letters = Array(first.text)
    letters[20] = letters[20] == "A" ? "B" : "A"
    for text in [String(letters), first.text + "A", String(first.text.dropLast()), "est_", "est_\u{0}"] {
      #expect(await code { _ = try world.service.principal(bearer: text) } == "not-signed-in")
    }
    try await world.service.revokeToken(first.token.id, by: ana.principal, from: World.here)
    #expect(await code { _ = try world.service.principal(bearer: first.text) } == "not-signed-in")
    let bia = try await world.person("bia")
    #expect(
      await code {
        try await world.service.revokeToken(second.token.id, by: bia.principal, from: World.here)
      } == "no-token")
    _ = try await world.service.updateAccount(
      ana.account.id, AccountPatch(state: .disabled), by: world.admin, from: World.here)
    #expect(await code { _ = try world.service.principal(bearer: second.text) } == "not-signed-in")
  }

  @Test(
    "An expiry is needed, in the future and not too far in it", arguments: [-1, 0, 367 * 86_400] as [Int64])
  func expiry(seconds: Int64) async throws {
    let world = try await World.open()
    #expect(
      await code {
        _ = try await world.service.createToken(
          try draft(world, lives: .seconds(seconds)), by: world.admin, from: World.here)
      } == "invalid-expiry")
  }

  @Test("A service account works by tokens alone")
  func service() async throws {
    let world = try await World.open()
    let robot = try await world.service.createAccount(
      AccountDraft(kind: .service, name: "robot"), by: world.admin, from: World.here
    ).account
    try await world.bind(robot.id, "operator", "sales")
    let made = try await world.service.createToken(
      try draft(world, account: robot.id, ["*:*"], ["*"]), by: world.admin, from: World.here)
    let principal = try world.service.principal(bearer: made.text)
    #expect(principal.kind == .service && principal.may("execute", "pipelines", in: "sales"))
    #expect(!principal.may("execute", "pipelines", in: "sales2"))
    #expect(
      await code {
        _ = try await world.service.resetPassword(of: robot.id, by: world.admin, from: World.here)
      }
        == "no-password")
  }

  @Test("A token cannot give away its account: no password, second factor, or token that may more")
  func tokenIsLess() async throws {
    let world = try await World.open()
    let made = try await world.service.createToken(
      try draft(world, ["jobs:*", "tokens:*"], ["*"]), by: world.admin, from: World.here)
    let token = try world.service.principal(bearer: made.text)
    let service = world.service
    let codes = [
      await code { _ = try await service.beginSecondFactor(by: token, from: World.here) },
      await code {
        try await service.changePassword(
          old: world.adminPassword, new: "battery horse staple", by: token, from: World.here)
      },
      await code { try await service.signOut(token, from: World.here) },
      await code { _ = try await service.changeProfile(email: "x@y.z", by: token, from: World.here) },
    ]
    #expect(codes == Array(repeating: "needs-session", count: 4))
    #expect(
      await code {
        _ = try await service.createToken(try draft(world, ["*:*"], ["*"]), by: token, from: World.here)
      } == "beyond-own-rights")
    _ = try await service.createToken(try draft(world, ["jobs:read"], ["sales"]), by: token, from: World.here)
  }

  @Test("When a token was used last is known to the minute, and written with what is written next")
  func lastUse() async throws {
    let world = try await World.open()
    let made = try await world.service.createToken(
      try draft(world, ["*:*"], ["*"]), by: world.admin, from: World.here)
    let used = world.clock.now
    _ = try world.service.principal(bearer: made.text)
    try await world.service.removeExpired()
    #expect(try world.store.load().tokens[made.token.id]?.lastUsedAt == used)
    #expect(try world.service.tokens(by: world.admin).first?.lastUsedAt == used)
  }

  @Test("What has expired is removed")
  func expired() async throws {
    let world = try await World.open()
    _ = try await world.service.createToken(try draft(world), by: world.admin, from: World.here)
    world.clock.advance(.seconds(40 * 86_400))
    try await world.service.removeExpired()
    #expect(try world.store.load().tokens.isEmpty && world.store.load().sessions.isEmpty)
  }

  @Test("A ticket for a socket works once, within thirty seconds, and for who is still there")
  func socketTickets() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana", role: "viewer")
    let first = try world.service.socketTicket(for: ana.principal).ticket
    #expect(try world.service.principal(socketTicket: first) == ana.principal)
    let late = try world.service.socketTicket(for: ana.principal).ticket
    for text in [first, "", "x"] {
      #expect(await code { _ = try world.service.principal(socketTicket: text) } == "not-signed-in")
    }
    world.clock.advance(.seconds(30))
    #expect(await code { _ = try world.service.principal(socketTicket: late) } == "not-signed-in")
    let gone = try world.service.socketTicket(for: ana.principal).ticket
    try await world.service.signOut(ana.principal, from: World.here)
    #expect(await code { _ = try world.service.principal(socketTicket: gone) } == "not-signed-in")
  }

  @Test("A ticket of a question is over with its time, and with the right of whoever gave it")
  func askTickets() async throws {
    let world = try await World.open()
    func ticket(_ principal: Principal) throws -> String {
      let made = try world.service.askTicket(
        for: "a", in: "demo", person: "bia", lifetime: .seconds(60), by: principal)
      return made.text
    }
    let given = try world.service.redeem(askTicket: try ticket(world.admin))
    #expect(given.person == "bia" && given.ask == "a" && given.issuer == world.admin.actor)
    let late = try ticket(world.admin)
    world.clock.advance(.seconds(60))
    #expect(await code { _ = try world.service.redeem(askTicket: late) } == "no-ticket")
    let viewer = try await world.person("ana", role: "viewer")
    let powerless = try ticket(viewer.principal)
    #expect(await code { _ = try world.service.redeem(askTicket: powerless) } == "no-ticket")
    let chief = try await world.person("eva", role: "admin")
    let gone = try ticket(chief.principal)
    #expect(try world.service.redeem(askTicket: gone).issuer == chief.principal.actor)
    try await world.service.signOut(chief.principal, from: World.here)
    #expect(await code { _ = try world.service.redeem(askTicket: gone) } == "no-ticket")
  }

  @Test("Tickets have a limit, and those that expired make room")
  func ticketLimit() async throws {
    var policy = World.policy
    policy.mostTickets = 3
    let world = try await World.open(policy: policy)
    for _ in 0..<3 { _ = try world.service.socketTicket(for: world.admin) }
    #expect(await code { _ = try world.service.socketTicket(for: world.admin) } == "access-busy")
    world.clock.advance(.seconds(31))
    _ = try world.service.socketTicket(for: world.admin)
  }
}
