import Access
import Crypto
import Model
import Testing

@Suite("The second factor", .timeLimit(.minutes(1)))
struct SecondFactorTests {
  /// Ana with an app, whose first code was the one of now.
  private func ana(
    _ world: World
  ) async throws -> (principal: Principal, app: TOTP, codes: [String]) {
    let ana = try await world.person("ana")
    let setup = try await world.service.beginSecondFactor(by: ana.principal, from: World.here)
    let app = TOTP(seed: try #require(Base32.decode(setup.secret)))
    let codes = try await world.service.confirmSecondFactor(
      code: code(app, world), by: ana.principal, from: World.here)
    return (ana.principal, app, codes)
  }

  private func code(_ app: TOTP, _ world: World, off: Int64 = 0) -> String {
    app.code(step: TOTP.step(at: world.clock.now.wholeSeconds) + off)
  }

  private func ticket(_ world: World, from origin: Origin = World.elsewhere) async throws -> String {
    world.clock.advance(.seconds(61))
    return try await world.service.signIn(name: "ana", password: "correct horse staple", from: origin)
      .ticket()
  }

  @Test("Sign-in asks for a code once the first code has shown that the app works, and not before")
  func enrolment() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    let setup = try await world.service.beginSecondFactor(by: ana.principal, from: World.here)
    #expect(setup.uri.hasPrefix("otpauth://totp/Esteira:ana?secret=\(setup.secret)&issuer=Esteira"))
    world.clock.advance(.seconds(61))
    _ = try await world.service.signIn(
      name: "ana", password: "correct horse staple", from: World.elsewhere
    ).tokens()
    let app = TOTP(seed: try #require(Base32.decode(setup.secret)))
    #expect(
      await AccessTests.code {
        _ = try await world.service.confirmSecondFactor(code: "000000", by: ana.principal, from: World.here)
      } == "second-factor-failed")
    _ = try await world.service.confirmSecondFactor(
      code: code(app, world), by: ana.principal, from: World.here)
    let ticket = try await ticket(world)
    let tokens = try await world.service.secondFactor(
      ticket: ticket, code: code(app, world), from: World.elsewhere)
    #expect(try world.service.principal(accessToken: tokens.access).actor == "ana")
    #expect(
      await AccessTests.code {
        _ = try await world.service.beginSecondFactor(by: ana.principal, from: World.here)
      } == "second-factor-state")
  }

  @Test("A code works once: replayed it is refused, as is every older one")
  func replay() async throws {
    let world = try await World.open()
    let ana = try await ana(world)
    let ticket = try await ticket(world)
    let (now, before) = (code(ana.app, world), code(ana.app, world, off: -1))
    _ = try await world.service.secondFactor(ticket: ticket, code: now, from: World.elsewhere)
    let next = try await world.service.signIn(
      name: "ana", password: "correct horse staple", from: World.here
    ).ticket()
    for old in [now, before] {
      #expect(
        await AccessTests.code {
          _ = try await world.service.secondFactor(ticket: next, code: old, from: World.here)
        } == "second-factor-failed")
    }
    _ = try await world.service.secondFactor(
      ticket: next, code: code(ana.app, world, off: 1), from: World.here)
  }

  @Test("A code is taken one step off, and not two", arguments: [-2, -1, 0, 1, 2] as [Int64])
  func window(off: Int64) async throws {
    let world = try await World.open()
    let ana = try await ana(world)
    let ticket = try await ticket(world)
    world.clock.advance(.seconds(90))
    let result = await AccessTests.code {
      _ = try await world.service.secondFactor(
        ticket: ticket, code: code(ana.app, world, off: off), from: World.elsewhere)
    }
    #expect(result == (abs(off) <= 1 ? nil : "second-factor-failed"))
  }

  @Test("Of two at once with the same code, one comes in")
  func race() async throws {
    let world = try await World.open()
    let ana = try await ana(world)
    let (first, second) = (try await ticket(world), try await ticket(world, from: World.here))
    let (service, text) = (world.service, code(ana.app, world))
    let codes = await withTaskGroup(of: String?.self) { group in
      for ticket in [first, second] {
        group.addTask {
          await AccessTests.code {
            _ = try await service.secondFactor(ticket: ticket, code: text, from: World.here)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(codes) == [nil, "second-factor-failed"])
  }

  @Test("A recovery code works once, however it is typed")
  func recovery() async throws {
    let world = try await World.open()
    let ana = try await ana(world)
    #expect(Set(ana.codes).count == SecondFactor.recoveryCodes)
    let typed = ana.codes[3].uppercased().split(separator: "-").joined(separator: " ")
    var ticket = try await ticket(world)
    _ = try await world.service.secondFactor(ticket: ticket, code: typed, from: World.elsewhere)
    ticket = try await self.ticket(world)
    #expect(
      await AccessTests.code {
        _ = try await world.service.secondFactor(ticket: ticket, code: ana.codes[3], from: World.elsewhere)
      } == "second-factor-failed")
    _ = try await world.service.secondFactor(ticket: ticket, code: ana.codes[4], from: World.elsewhere)
    let methods = try await world.rows("auth:sign-in").compactMap { $0.act.after?["method"]?.string }
    #expect(methods.prefix(2) == ["password+recovery", "password+recovery"])
  }

  @Test("A ticket ends after five tries, after five minutes, and once it was used")
  func tickets() async throws {
    var policy = World.policy
    policy.throttle.failuresOfPair = 1_000
    policy.throttle.failuresOfName = 1_000
    policy.throttle.failuresOfAddress = 1_000
    let world = try await World.open(policy: policy)
    let ana = try await ana(world)
    let tried = try await ticket(world)
    for _ in 0..<5 {
      _ = await AccessTests.code {
        _ = try await world.service.secondFactor(ticket: tried, code: "000000", from: World.elsewhere)
      }
    }
    let late = try await ticket(world)
    let used = try await ticket(world)
    _ = try await world.service.secondFactor(
      ticket: used, code: code(ana.app, world), from: World.elsewhere)
    world.clock.advance(.seconds(240))
    for ticket in [tried, late, used, ""] {
      #expect(
        await AccessTests.code {
          _ = try await world.service.secondFactor(
            ticket: ticket, code: code(ana.app, world), from: World.elsewhere)
        } == "second-factor-failed")
    }
  }

  @Test("Guessing codes locks as guessing passwords does, though the password was right each time")
  func guessing() async throws {
    let world = try await World.open()
    _ = try await ana(world)
    var codes: [String?] = []
    for _ in 0..<8 {
      do {
        let ticket = try await ticket(world)
        codes.append(
          await AccessTests.code {
            _ = try await world.service.secondFactor(ticket: ticket, code: "123456", from: World.elsewhere)
          })
      } catch let problem as Problem { codes.append(problem.code) }
    }
    #expect(codes.filter { $0 == "second-factor-failed" }.count >= 5)
    #expect(codes.contains("sign-in-locked"))
  }

  @Test("It is removed with the password, or by an admin; new recovery codes make the old ones void")
  func removal() async throws {
    let world = try await World.open()
    let ana = try await ana(world)
    let service = world.service
    #expect(
      await AccessTests.code {
        try await service.removeSecondFactor(password: "wrong", by: ana.principal, from: World.here)
      } == "wrong-password")
    let new = try await service.renewRecoveryCodes(
      password: "correct horse staple", by: ana.principal, from: World.here)
    let ticket = try await ticket(world)
    #expect(
      await AccessTests.code {
        _ = try await service.secondFactor(ticket: ticket, code: ana.codes[0], from: World.elsewhere)
      } == "second-factor-failed")
    _ = try await service.secondFactor(ticket: ticket, code: new[0], from: World.elsewhere)
    try await service.removeSecondFactor(
      password: "correct horse staple", by: ana.principal, from: World.here)
    world.clock.advance(.seconds(61))
    _ = try await service.signIn(name: "ana", password: "correct horse staple", from: World.here).tokens()
  }

  @Test("The seed lies sealed, for its account only")
  func sealed() async throws {
    let world = try await World.open()
    let ana = try await ana(world)
    let account = try world.service.me(ana.principal)
    let factor = try #require(account.secondFactor)
    #expect(throws: UnsealError.self) { try world.environment.open(factor.sealedSeed, "second factor x") }
    let seed = try world.environment.open(factor.sealedSeed, "second factor \(account.id)")
    #expect(TOTP(seed: seed) == ana.app)
    #expect(!account.json.text.contains(Base64URL.encode(seed)))
  }
}
