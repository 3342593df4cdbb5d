import Access
import Crypto
import Model
import Stores
import Synchronization
import Testing

@Suite("A new master key", .timeLimit(.minutes(1)))
struct SealingTests {
  private final class Ring: Sendable {
    let keys = Mutex(KeyRing(SymmetricKey.generate()))
    var now: KeyRing { keys.withLock { $0 } }
  }

  private func environment(_ ring: Ring) -> AccessEnvironment {
    let clock = ManualTime()
    return AccessEnvironment(
      now: { clock.now }, seal: { ring.now.seal($0, place: $1) },
      open: { (sealed, place) throws(UnsealError) in try ring.now.open(sealed, place: place) },
      isCurrent: { KeyRing.id(of: $0) == ring.now.active },
      hashing: BlockingThreads(count: 1), storing: BlockingThreads(count: 1))
  }

  private func sealed(_ store: any AccessStore) throws -> [[UInt8]] {
    let records = try store.load()
    return Array(records.secrets.values) + records.accounts.values.compactMap(\.secondFactor?.sealedSeed)
  }

  @Test("seals the service's keys and the seeds of second factors anew, so that the old one can be forgotten")
  func rotate() async throws {
    let (ring, store) = (Ring(), MemoryAccessStore())
    let service = try await AccessService.open(
      store: store, policy: World.policy, environment: environment(ring))
    let first = try #require(try await service.makeFirstAdmin(from: .server))
    let tokens = try await service.signIn(name: "admin", password: first.password, from: World.here).tokens()
    try await service.changePassword(
      old: first.password, new: "correct horse staple", by: service.principal(accessToken: tokens.access),
      from: World.here)
    let admin = try service.principal(accessToken: tokens.access)
    _ = try await service.beginSecondFactor(by: admin, from: World.here)
    let before = try sealed(store)
    #expect(before.count >= 4 && before.allSatisfy { KeyRing.id(of: $0) == .first })
    #expect(try await service.sealAnew() == 0)
    #expect(try sealed(store) == before, "All was under the newest key.")

    let next = KeyID.first.next
    ring.keys.withLock { $0 = $0.rotated(to: next, SymmetricKey.generate()) }
    #expect(try await service.sealAnew() == 0)
    #expect(try sealed(store).allSatisfy { KeyRing.id(of: $0) == next })
    ring.keys.withLock { $0 = $0.without([.first]) }
    let again = try await AccessService.open(
      store: store, policy: World.policy, environment: environment(ring))
    #expect(try again.principal(accessToken: tokens.access).id == admin.id, "The same keys sign.")
  }

  @Test("that does not come with the old one leaves what it cannot open as it is, and says how much")
  func unreadable() async throws {
    let (ring, store) = (Ring(), MemoryAccessStore())
    let service = try await AccessService.open(
      store: store, policy: World.policy, environment: environment(ring))
    let before = try sealed(store)
    ring.keys.withLock { $0 = $0.rotated(to: KeyID.first.next, SymmetricKey.generate()).without([.first]) }
    #expect(try await service.sealAnew() == before.count)
    #expect(try Set(sealed(store)) == Set(before))
  }
}
