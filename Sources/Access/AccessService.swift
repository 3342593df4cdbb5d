internal import Crypto
public import Model
internal import Synchronization

/// Who may sign in, who is signed in, and what they may do; with the audit of all of it.
///
///     let service = try await AccessService.open(store: file, environment: environment)
///     if let admin = try await service.makeFirstAdmin(from: .server) { console.say(admin.password) }
///     switch try await service.signIn(name: name, password: password, from: origin) {
///     case .signedIn(let tokens): …            // set the cookies, answer the tokens
///     case .secondFactor(let ticket, _): …     // answer `mfa_token`, then `secondFactor(ticket:code:from:)`
///     }
///     let principal = try service.principal(bearer: text)    // each request; nothing is awaited
///     let ticket = try await service.audit.begin(act, by: principal, from: origin)
///
/// All of it is in memory, and a change is answered when the store has it. Who was disabled, locked or signed
/// out is refused at their next request: an access token is checked against its session and account, and not
/// only against the clock. `revision` grows with every change, so that a long stream can ask
/// `current(_:)` for its principal again when it does.
///
/// Methods with a principal check what it may do, also where a route did already, and write their row of the
/// audit in the transaction of the change. They throw `Problem`s, each code with a page.
public final class AccessService: Sendable {
  public let policy: SignInPolicy
  public let audit: AuditTrail
  /// Nil where nobody signs in from outside.
  public let oidc: OIDCSettings?

  let ledger: AccessLedger
  let environment: AccessEnvironment
  let passwords: PasswordThreads
  let keys: Mutex<ServiceKeys>
  let throttle: Mutex<Throttle>
  let tickets: Mutex<Tickets>
  let providers = Mutex(OIDCKnowledge())
  /// Slows down what comes back from the other system, by address.
  let outside: Mutex<Throttle>
  /// `iss` of access tokens: one installation does not believe another's.
  let issuer: String

  /// Derived from one that stays the same.
  private let requestKey: [UInt8]

  static let audience = "esteira"

  private init(
    policy: SignInPolicy, oidc: OIDCSettings?, ledger: AccessLedger, environment: AccessEnvironment,
    passwords: PasswordThreads, keys: ServiceKeys, issuer: String
  ) {
    (self.policy, self.oidc, self.ledger, self.environment) = (policy, oidc, ledger, environment)
    (self.passwords, self.issuer) = (passwords, issuer)
    self.keys = Mutex(keys)
    requestKey = HKDF.sha256(
      key: keys.refresh.reveal(), salt: [], info: Array("requests with a key".utf8), count: 32)
    throttle = Mutex(Throttle(policy.throttle))
    outside = Mutex(Throttle(policy.outsideThrottle))
    tickets = Mutex(Tickets(most: policy.mostTickets))
    audit = AuditTrail(ledger, environment, keys.audit)
  }

  /// The audit of a store that nobody writes to: rows and heads can be read and checked. Nil where there are
  /// no keys yet, so no rows either.
  public static func openAudit(
    of store: any AccessStore, environment: AccessEnvironment
  ) throws(Problem) -> AuditTrail? {
    let (records, chains): (AccessRecords, AuditChains)
    do throws(AccessFault) {
      (records, chains) = (try store.load(), try store.loadChains())
    } catch { throw .accessStore(error) }
    guard !records.secrets.isEmpty else { return nil }
    let keys = try ServiceKeys.open(records.secrets, environment).keys
    let ledger = AccessLedger(
      store: store, threads: environment.storing, records: records, chains: chains, mostWaiting: 0,
      broken: environment.broken)
    return AuditTrail(ledger, environment, keys.audit)
  }

  /// Reads the store; makes and seals the service's keys where it has none yet.
  public static func open(
    store: any AccessStore, policy: SignInPolicy = SignInPolicy(), environment: AccessEnvironment,
    issuer: String = "esteira", oidc: OIDCSettings? = nil, operatorsMayRetry: Bool = false
  ) async throws(Problem) -> AccessService {
    let loaded = await withTaskExecutorPreference(environment.storing) {
      () async -> Result<(AccessRecords, AuditChains), AccessFault> in
      do throws(AccessFault) {
        return .success((try store.load(), try store.loadChains()))
      } catch { return .failure(error) }
    }
    var (records, chains): (AccessRecords, AuditChains)
    switch loaded {
    case .success(let found): (records, chains) = found
    case .failure(let fault): throw .accessStore(fault)
    }
    records.operatorsMayRetry = operatorsMayRetry
    let (keys, changes) = try ServiceKeys.open(records.secrets, environment)
    let ledger = AccessLedger(
      store: store, threads: environment.storing, records: records, chains: chains,
      mostWaiting: policy.mostWaitingChanges, broken: environment.broken)
    ledger.sign(with: keys.audit)
    let service = AccessService(
      policy: policy, oidc: oidc, ledger: ledger, environment: environment,
      passwords: PasswordThreads(environment, policy), keys: keys, issuer: issuer)
    _ = try await ledger.change { _ in AccessLedger.Edit(answer: (), changes: changes) }
    try await service.removeExpired()
    return service
  }

  /// Grows with every change of accounts, sessions, tokens and roles.
  public var revision: UInt64 { ledger.revision }

  /// An element after such changes were stored, for one listener; of many at once it hears one time.
  public var changes: AsyncStream<Void> { ledger.changes }

  /// Over what a request sent, which may hold a secret: without the key nobody can try out what it was.
  public func digest(ofRequest bytes: [UInt8]) -> [UInt8] {
    HMACSHA256.code(key: requestKey, message: bytes)
  }

  /// Sessions and tokens that have expired, and last uses that wait to be written. To be called from time to
  /// time, and before the end.
  public func removeExpired() async throws(Problem) {
    let now = environment.now()
    _ = try await ledger.change { records in
      let sessions = records.sessions.values.filter { $0.expiresAt <= now }
      let tokens = records.tokens.values.filter { $0.expiresAt <= now }
      return AccessLedger.Edit(
        answer: (),
        changes: sessions.map { .removeSession($0.id) } + tokens.map { .removeToken($0.id) },
        writesUses: true)
    }
  }

  /// Of a person with an account of this service, who signed in themselves. A token is not enough for what
  /// could give away the account.
  func own(_ principal: Principal) throws(Problem) -> Account {
    guard principal.kind == .person, principal.credential?.hasPrefix("session:") == true else {
      throw .needsSession
    }
    return try account(ID(principal.id))
  }

  func account(_ id: ID<Account>?) throws(Problem) -> Account {
    guard let id, let account = ledger.read({ $0.accounts[id] }) else { throw .noAccount }
    return account
  }

  func demand(_ verb: String, _ resource: String, of principal: Principal) throws(Problem) {
    guard principal.may(verb, resource, in: nil) else { throw .notAllowed("\(resource):\(verb)") }
  }
}
