import Access
import Crypto
import Model
import Stores
import Synchronization
import Testing

/// A service on a clock that only a test moves, over a store of its own.
struct World {
  let clock: ManualTime
  let service: AccessService
  let store: any AccessStore
  let environment: AccessEnvironment
  /// The admin of the first start, and how they are signed in.
  /// What the first start showed.
  let firstPassword: String
  let admin: Principal
  let adminPassword: String

  static let here = Origin(address: "192.0.2.1", userAgent: "test", requestID: "r-1")
  static let elsewhere = Origin(address: "198.51.100.7", userAgent: "other", requestID: "r-2")

  /// Fast passwords: how slow they are is no matter of rules.
  static var policy: SignInPolicy {
    var policy = SignInPolicy()
    policy.passwordIterations = 10
    return policy
  }

  static func open(
    _ store: any AccessStore = MemoryAccessStore(), policy: SignInPolicy = policy, oidc: OIDCSettings? = nil,
    operatorsMayRetry: Bool = false, seed: UInt64 = 1
  ) async throws -> World {
    let clock = ManualTime()
    let environment = Self.environment(clock, seed: seed)
    let service = try await AccessService.open(
      store: store, policy: policy, environment: environment, oidc: oidc,
      operatorsMayRetry: operatorsMayRetry)
    let first = try #require(try await service.makeFirstAdmin(from: .server))
    let tokens = try await service.signIn(name: "admin", password: first.password, from: here).tokens()
    let own = "an otter by the harbour"
    try await service.changePassword(
      old: first.password, new: own, by: service.principal(accessToken: tokens.access), from: here)
    return World(
      clock: clock, service: service, store: store, environment: environment, firstPassword: first.password,
      admin: try service.principal(accessToken: tokens.access), adminPassword: own)
  }

  private init(
    clock: ManualTime, service: AccessService, store: any AccessStore, environment: AccessEnvironment,
    firstPassword: String, admin: Principal, adminPassword: String
  ) {
    (self.clock, self.service, self.store, self.environment) = (clock, service, store, environment)
    (self.firstPassword, self.admin, self.adminPassword) = (firstPassword, admin, adminPassword)
  }

  static func environment(_ clock: ManualTime, seed: UInt64 = 1) -> AccessEnvironment {
    let chance = Mutex(SeededChance(state: seed))
    let key = MasterKey(SymmetricKey.generate())
    return AccessEnvironment(
      now: { clock.now },
      random: { count in chance.withLock { chance in (0..<count).map { _ in chance.byte() } } },
      seal: { key.seal($0, place: $1) },
      open: { (sealed, place) throws(UnsealError) in try key.open(sealed, place: place) },
      hashing: BlockingThreads(count: 2), storing: BlockingThreads(count: 1))
  }

  /// A person who has changed their first password, signed in.
  func person(
    _ name: String, role: String? = nil, namespace: String = "*", password: String = "correct horse staple"
  ) async throws -> (account: Account, principal: Principal, tokens: Tokens) {
    let made = try await service.createAccount(AccountDraft(name: name), by: admin, from: Self.here)
    if let role { try await bind(made.account.id, role, namespace) }
    let origin = Origin(address: "10.0.0.\(name.utf8.count % 250).\(name)")
    let first = try await service.signIn(name: name, password: #require(made.password), from: origin).tokens()
    try await service.changePassword(
      old: #require(made.password), new: password, by: service.principal(accessToken: first.access),
      from: origin)
    clock.advance(.seconds(61))
    let tokens = try await service.signIn(name: name, password: password, from: origin).tokens()
    let principal = try service.principal(accessToken: tokens.access)
    return (tokens.account, principal, tokens)
  }

  func bind(_ id: ID<Account>, _ role: String, _ namespace: String) async throws {
    let key = RoleBinding.Key(subject: .account(id), role: role, namespace: namespace)
    _ = try await service.bind(key, by: admin, from: Self.here)
  }

  func rows(_ action: String) async throws -> [AuditEntry] {
    var query = AuditQuery()
    query.action = action
    return try await service.audit.entries(query)
  }
}

extension SignInAnswer {
  func tokens() throws -> Tokens {
    guard case .signedIn(let tokens) = self else { throw Unexpected() }
    return tokens
  }

  func ticket() throws -> String {
    guard case .secondFactor(let ticket, _) = self else { throw Unexpected() }
    return ticket
  }
}

struct Unexpected: Error {}

final class ManualTime: Sendable {
  private let moment = Mutex(Timestamp(microseconds: 1_790_000_000_000_000))
  var now: Timestamp { moment.withLock { $0 } }
  func advance(_ duration: Duration) { moment.withLock { $0 = $0 + duration } }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededChance: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}

/// The code of a problem that is thrown; nil where none is.
func code(_ body: () async throws -> Void) async -> String? {
  do {
    try await body()
    return nil
  } catch let problem as Problem {
    return problem.code
  } catch {
    return "\(error)"
  }
}
