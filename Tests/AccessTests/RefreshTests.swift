import Access
import Model
import Testing

@Suite("Refresh tokens", .timeLimit(.minutes(1)))
struct RefreshTests {
  @Test("A refresh gives new tokens of the same session, seven days from now on")
  func rotates() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    world.clock.advance(.seconds(1_000))
    let next = try await world.service.refresh(ana.tokens.refresh, from: World.elsewhere)
    #expect(next.session == ana.tokens.session)
    #expect(next.refresh != ana.tokens.refresh)
    #expect(next.refreshExpiresAt == world.clock.now + .seconds(7 * 86_400))
    _ = try world.service.principal(accessToken: next.access)
    #expect(try world.service.sessions(by: ana.principal).first?.address == World.elsewhere.address)
  }

  @Test("One that comes back ends the whole session, also for whoever has the newest")
  func reuse() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    let next = try await world.service.refresh(ana.tokens.refresh, from: World.here)
    #expect(
      await code { _ = try await world.service.refresh(ana.tokens.refresh, from: World.elsewhere) }
        == "session-ended")
    #expect(
      await code { _ = try await world.service.refresh(next.refresh, from: World.here) } == "session-ended")
    #expect(await code { _ = try world.service.principal(accessToken: next.access) } == "not-signed-in")
    let row = try #require(try await world.rows("auth:refresh-reused").first)
    #expect(row.act.resourceID == ana.tokens.session.description)
    #expect(row.origin == World.elsewhere)
  }

  @Test("Of two that come at once, one is new and the session ends: there is no grace")
  func concurrent() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    let service = world.service
    let codes = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<8 {
        group.addTask { await code { _ = try await service.refresh(ana.tokens.refresh, from: World.here) } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.filter { $0 == nil }.count == 1)
    #expect(
      try service.sessions(of: ana.account.id, by: world.admin).allSatisfy { $0.id != ana.tokens.session })
  }

  @Test("Rubbish with the id of somebody's session does not end it")
  func rubbish() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    let parts = ana.tokens.refresh.split(separator: ".").map(String.init)
    let secret = String(repeating: "A", count: 43)
    for text in [
      "\(parts[0]).1.\(secret).\(parts[3])", "\(parts[0]).2.\(parts[2]).\(parts[3])",
      "\(parts[0]).0.\(parts[2]).\(parts[3])", ana.tokens.refresh + "=", ana.tokens.refresh + ".x",
      String(ana.tokens.refresh.dropLast()), "", "esr_", ana.tokens.access,
    ] {
      #expect(
        await code { _ = try await world.service.refresh(text, from: World.elsewhere) } == "session-ended")
    }
    _ = try await world.service.refresh(ana.tokens.refresh, from: World.here)
  }

  @Test("Unused, it ends after seven days; used, the session ends after thirty")
  func expiry() async throws {
    let world = try await World.open()
    var ana = try await world.person("ana").tokens
    let began = world.clock.now
    while true {
      world.clock.advance(.seconds(6 * 86_400))
      guard let next = try? await world.service.refresh(ana.refresh, from: World.here) else { break }
      #expect(next.refreshExpiresAt <= began + .seconds(30 * 86_400))
      ana = next
    }
    #expect(world.clock.now == began + .seconds(30 * 86_400))
    let bia = try await world.person("bia").tokens
    world.clock.advance(.seconds(7 * 86_400))
    #expect(
      await code { _ = try await world.service.refresh(bia.refresh, from: World.here) } == "session-ended")
  }

  @Test(
    "Random rotations of several thieves and owners: only the newest of each session works", arguments: 1...8)
  func randomRotations(seed: UInt64) async throws {
    let world = try await World.open(seed: seed)
    var chance = SeededChance(state: seed &* 977)
    var sessions: [(tokens: [Tokens], isAlive: Bool)] = []
    for name in ["ana", "bia", "caio"] { sessions.append(([try await world.person(name).tokens], true)) }
    for _ in 0..<120 {
      let place = Int.random(in: 0..<sessions.count, using: &chance)
      let all = sessions[place].tokens
      let takesNewest = Int.random(in: 0..<12, using: &chance) > 0
      let pick = takesNewest ? all.count - 1 : Int.random(in: 0..<all.count, using: &chance)
      world.clock.advance(.seconds(Int64.random(in: 0..<2_000, using: &chance)))
      let next = try? await world.service.refresh(all[pick].refresh, from: World.here)
      #expect((next != nil) == (sessions[place].isAlive && pick == all.count - 1))
      if let next { sessions[place].tokens.append(next) } else { sessions[place].isAlive = false }
    }
  }

  @Test("They survive the end of the server", arguments: StoreKind.all)
  func restart(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let world = try await World.open(kind.open(folder))
    let ana = try await world.person("ana")
    let next = try await world.service.refresh(ana.tokens.refresh, from: World.here)
    let again = try await AccessService.open(
      store: kind.reopen(folder, world.store), policy: World.policy, environment: world.environment)
    _ = try again.principal(accessToken: next.access)
    let third = try await again.refresh(next.refresh, from: World.here)
    #expect(third.session == ana.tokens.session)
    #expect(await code { _ = try await again.refresh(next.refresh, from: World.here) } == "session-ended")
  }
}
