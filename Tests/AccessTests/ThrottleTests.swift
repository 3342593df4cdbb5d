import Access
import Model
import Testing

@Suite("Guessing is slowed", .timeLimit(.minutes(1)))
struct ThrottleTests {
  private let start = Timestamp(microseconds: 1_790_000_000_000_000)

  private func refusal(
    _ throttle: inout Throttle, _ name: String, _ address: String, known: Bool = false, at moment: Timestamp
  ) -> Throttle.Refusal? {
    do throws(Throttle.Refusal) {
      try throttle.begin(name: name, address: address, knownAddress: known, at: moment)
      return nil
    } catch { return error }
  }

  @Test("Five a minute for each name and each address, also when they are right")
  func rate() {
    var throttle = Throttle()
    for number in 0..<5 {
      #expect(refusal(&throttle, "ana", "a\(number)", at: start) == nil)
      throttle.undecided(name: "ana", address: "a\(number)")
    }
    #expect(refusal(&throttle, "ana", "a9", at: start + .seconds(59)) == .tooFast(.seconds(1)))
    #expect(refusal(&throttle, "ana", "a9", at: start + .seconds(60)) == nil)
    for number in 0..<5 { #expect(refusal(&throttle, "n\(number)", "b", at: start) == nil) }
    #expect(refusal(&throttle, "n9", "b", at: start) == .tooFast(.seconds(60)))
  }

  @Test("A name from one address is locked after five failures, twice as long each time, up to the longest")
  func pair() {
    var throttle = Throttle()
    var now = start
    var waits: [Duration] = []
    for _ in 0..<14 {
      while let refusal = refusal(&throttle, "ana", "a", at: now) {
        if case .lockedOut(let wait) = refusal { waits.append(wait) }
        now = now + refusal.wait
      }
      now = now + .seconds(13)
    }
    #expect(
      waits.prefix(6).map { $0 + .seconds(13) }
        == [30, 60, 120, 240, 480, 900].map { .seconds($0) })
    #expect(waits.allSatisfy { $0 <= .seconds(900) })
  }

  @Test("Success ends the failures of the name, and not those of the address")
  func success() {
    var throttle = Throttle()
    var (now, refusals) = (start, 0)
    // Who knows one password pays with it for guesses at another name.
    for number in 0..<60 {
      now = now + .seconds(20)
      let name = number % 3 == 0 ? "mine" : "ana-\(number)"
      if refusal(&throttle, name, "a", at: now) != nil {
        refusals += 1
      } else if name == "mine" {
        throttle.succeeded(name: name, address: "a")
      }
    }
    #expect(refusals > 10)
    for _ in 0..<40 {
      now = now + .seconds(20)
      #expect(refusal(&throttle, "bia", "b", at: now) == nil)
      throttle.succeeded(name: "bia", address: "b")
    }
  }

  @Test("A name guessed from everywhere is locked everywhere but where its owner is signed in")
  func everywhere() {
    var throttle = Throttle()
    var now = start
    for number in 0..<20 {
      now = now + .seconds(20)
      #expect(refusal(&throttle, "ana", "bot-\(number)", at: now) == nil)
    }
    #expect(refusal(&throttle, "ana", "new", at: now + .seconds(15))?.wait == .seconds(15))
    #expect(refusal(&throttle, "ana", "home", known: true, at: now + .seconds(15)) == nil)
  }

  @Test("After a day all is forgiven, and an admin forgives at once")
  func forgiving() {
    var throttle = Throttle()
    for number in 0..<5 { _ = refusal(&throttle, "ana", "a", at: start + .seconds(Int64(number) * 20)) }
    let later = start + .seconds(90)
    #expect(refusal(&throttle, "ana", "a", at: later) != nil)
    var forgiven = throttle
    forgiven.forget(name: "ana")
    #expect(forgiven.refusal(name: "ana", address: "a", knownAddress: false, at: later) == nil)
    for number in 0..<5 {
      #expect(refusal(&throttle, "ana", "a", at: start + .seconds(90_000 + Int64(number) * 20)) == nil)
    }
  }

  @Test("A flood of names and addresses takes bounded memory and does not free those who are locked")
  func bounded() {
    var limits = Throttle.Limits()
    limits.most = 300
    var throttle = Throttle(limits)
    var now = start
    for _ in 0..<5 {
      _ = refusal(&throttle, "ana", "a", at: now)
      now = now + .seconds(15)
    }
    for number in 0..<2_000 { _ = refusal(&throttle, "n\(number)", "f\(number)", at: now) }
    #expect(refusal(&throttle, "ana", "a", at: now) != nil)
    #expect(throttle.remembered <= 300)
  }

  @Test("Names that differ in a letter have nothing to do with each other", arguments: ["aa", "a_b", "b"])
  func pairs(other: String) {
    var throttle = Throttle()
    for number in 0..<5 { _ = refusal(&throttle, "a", "x\(number)", at: start) }
    #expect(refusal(&throttle, "a", "y", at: start) != nil)
    #expect(refusal(&throttle, other, "y", at: start) == nil)
  }

  @Test("Names that nobody has are locked like any other", arguments: ["admin", "nobody"])
  func unknown(name: String) async throws {
    let world = try await World.open()
    world.clock.advance(.seconds(61))
    var (codes, wait): ([String?], Duration?) = ([], nil)
    for _ in 0..<8 {
      do throws(Problem) {
        _ = try await world.service.signIn(name: name, password: "x", from: World.elsewhere)
      } catch {
        codes.append(error.code)
        wait = error.wait ?? wait
      }
      world.clock.advance(.seconds(13))
    }
    #expect(
      codes.prefix(6) == [
        "sign-in-failed", "sign-in-failed", "sign-in-failed", "sign-in-failed",
        "sign-in-failed", "sign-in-locked",
      ])
    let rest = try #require(wait)
    #expect(rest > .zero, "It says how long.")
  }

  @Test("A hundred tries at once are a hundred failures")
  func burst() async throws {
    let world = try await World.open()
    world.clock.advance(.seconds(61))
    let service = world.service
    let codes = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<100 {
        group.addTask {
          await code { _ = try await service.signIn(name: "admin", password: "x", from: World.elsewhere) }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.filter { $0 == "sign-in-failed" }.count == 5)
  }

  @Test("An admin unlocks")
  func unlock() async throws {
    let world = try await World.open()
    let ana = try await world.person("ana")
    for _ in 0..<6 {
      _ = await code { _ = try await world.service.signIn(name: "ana", password: "x", from: World.elsewhere) }
      world.clock.advance(.seconds(13))
    }
    func signIn() async -> String? {
      await code {
        _ = try await world.service.signIn(
          name: "ana", password: "correct horse staple", from: World.elsewhere)
      }
    }
    #expect(await signIn() == "sign-in-locked")
    let lockout = try #require(world.service.lockout(of: ana.account))
    #expect(lockout.until > world.clock.now && !lockout.isEverywhere)
    try await world.service.unlock(ana.account.id, by: world.admin, from: World.here)
    #expect(await signIn() == nil)
    #expect(world.service.lockout(of: ana.account) == nil)
  }

  @Test("A lockout says until when, and whether it is from everywhere; over, it is none")
  func lockouts() {
    var (throttle, now) = (Throttle(), start)
    func guess(from address: String) {
      #expect(refusal(&throttle, "ana", address, at: now) == nil)
      now = now + .seconds(13)
    }
    for _ in 0..<4 { guess(from: "a") }
    #expect(throttle.lockout(of: "ana", at: now) == nil)
    guess(from: "a")
    let until = now + .seconds(17)
    let one = throttle.lockout(of: "ana", at: now)
    #expect(one?.until == until && one?.isEverywhere == false)
    #expect(throttle.lockout(of: "rui", at: now) == nil)
    #expect(throttle.lockout(of: "ana", at: until) == nil)
    for number in 0..<15 { guess(from: "b\(number)") }
    #expect(throttle.lockout(of: "ana", at: now)?.isEverywhere == true)
  }
}
