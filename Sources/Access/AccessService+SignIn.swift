internal import Crypto
public import Model
internal import Synchronization

/// What a sign-in gives. Shown to the client and kept nowhere.
public struct Tokens: Sendable, Hashable {
  public var access: String
  public var accessExpiresAt: Timestamp
  public var refresh: String
  public var refreshExpiresAt: Timestamp
  public var session: ID<Session>
  public var account: Account
}

public enum SignInAnswer: Sendable, Hashable {
  case signedIn(Tokens)
  /// The password was right; now `secondFactor(ticket:code:from:)`.
  case secondFactor(ticket: String, expiresAt: Timestamp)
}

extension AccessService {
  /// An unknown name, a wrong password, and an account that is locked, disabled or has no password are one
  /// and the same to whoever asks, in what is answered and in how long it takes.
  public func signIn(
    name: String, password: String, from origin: Origin
  ) async throws(Problem) -> SignInAnswer {
    let name = name.lowercased()
    let known = ledger.read { $0.account(named: name) }
    try begin(name, known, origin, isSecondStep: false)
    guard try await matches(password, known, name, origin), let known, known.state == .active,
      known.kind == .person
    else {
      try await recordFailure("auth:sign-in", of: known, from: origin)
      throw .signInFailed
    }
    var renewed: PasswordHash?
    if known.password?.needsRehash(iterations: policy.passwordIterations) == true {
      renewed = try await passwords.hash(password)
    }
    if known.hasSecondFactor {
      throttle.withLock { $0.undecided(name: name, address: origin.address) }
      return try ask(known, from: origin)
    }
    let tokens = try await makeSession(of: known, method: "password", from: origin) {
      account throws(Problem) in
      guard account.password == known.password, !account.hasSecondFactor else { throw .signInFailed }
      if let renewed { account.password = renewed }
    }
    throttle.withLock { $0.succeeded(name: name, address: origin.address) }
    return .signedIn(tokens)
  }

  /// Where there are too many sign-ins already, it is nobody's failure.
  private func matches(
    _ password: String, _ account: Account?, _ name: String, _ origin: Origin
  ) async throws(Problem) -> Bool {
    do throws(Problem) {
      return try await passwords.matches(password, account?.password)
    } catch {
      throttle.withLock { $0.undecided(name: name, address: origin.address) }
      throw error
    }
  }

  /// The code of the app, or one on paper.
  public func secondFactor(
    ticket: String, code: String, from origin: Origin
  ) async throws(Problem) -> Tokens {
    let now = environment.now()
    let waiting = tickets.withLock { $0.useSecondFactor(ticket, tries: policy.secondFactorTries, at: now) }
    guard let waiting, let known = ledger.read({ $0.accounts[waiting.account] }), known.state == .active
    else { throw .secondFactorFailed }
    try begin(known.name, known, origin, isSecondStep: true)
    guard let used = try use(code, of: known, at: now) else {
      try await recordFailure("auth:second-factor", of: known, from: origin)
      throw .secondFactorFailed
    }
    let tokens = try await makeSession(of: known, method: used.method, from: origin) {
      account throws(Problem) in
      // Whoever used the same code a moment ago was first, and a password that was changed is no password.
      guard let factor = used.applied(to: account.secondFactor), account.password == known.password else {
        throw .secondFactorFailed
      }
      account.secondFactor = factor
    }
    tickets.withLock { $0.endSecondFactor(ticket) }
    throttle.withLock { $0.succeeded(name: known.name, address: origin.address) }
    return tokens
  }

  private func begin(
    _ name: String, _ account: Account?, _ origin: Origin, isSecondStep: Bool
  ) throws(Problem) {
    let (isKnown, now) = (isKnownAddress(origin, of: account), environment.now())
    do throws(Throttle.Refusal) {
      try throttle.withLock { throttle throws(Throttle.Refusal) in
        try throttle.begin(
          name: name, address: origin.address, knownAddress: isKnown, isSecondStep: isSecondStep, at: now)
      }
    } catch {
      switch error {
      case .tooFast(let wait): throw .signInLimited(wait)
      case .lockedOut(let wait): throw .signInLocked(wait)
      }
    }
  }

  private func isKnownAddress(_ origin: Origin, of account: Account?) -> Bool {
    guard let account else { return false }
    return ledger.read { $0.sessions(of: account.id) }.contains {
      $0.address.utf8.elementsEqual(origin.address.utf8)
    }
  }

  private func ask(_ account: Account, from origin: Origin) throws(Problem) -> SignInAnswer {
    let expires = environment.now() + policy.secondFactorLifetime
    let ticket = Base64URL.encode(environment.random(32))
    let isKept = tickets.withLock {
      $0.addSecondFactor(ticket, account.id, until: expires, at: environment.now())
    }
    guard isKept else { throw .signInBusy }
    return .secondFactor(ticket: ticket, expiresAt: expires)
  }

  /// What was typed as a name is not written down: it may be a password in the wrong field.
  func recordFailure(
    _ action: String, of account: Account?, from origin: Origin
  ) async throws(Problem) {
    let actor = account.map { AuditEntry.Actor(kind: $0.kind.rawValue, id: $0.id.description, name: $0.name) }
    let draft = AuditDraft(
      at: environment.now(), actor: actor ?? AuditEntry.Actor(.anonymous),
      act: AuditAct(
        action, resourceType: "account", resourceID: account?.id.description ?? ""),
      outcome: .refused, origin: origin)
    _ = try await ledger.change { _ in AccessLedger.Edit(answer: (), audit: [draft]) }
  }
}
