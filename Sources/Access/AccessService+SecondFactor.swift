internal import Crypto
public import Model

/// What an app needs, shown once.
public struct SecondFactorSetup: Sendable, Hashable {
  /// For typing it in.
  public var secret: String
  /// For a picture.
  public var uri: String
}

extension AccessService {
  /// Makes a seed. Sign-in asks for codes only after `confirmSecondFactor` has shown that the app has it.
  public func beginSecondFactor(
    by principal: Principal, from origin: Origin
  ) async throws(Problem) -> SecondFactorSetup {
    let id = try own(principal).id
    let seed = environment.random(TOTP.seedSize)
    let sealed = environment.seal(seed, Self.seedPlace(id))
    let account = try await changeOwn(id, "auth:begin-second-factor", by: principal, from: origin) {
      account throws(Problem) in
      if account.hasSecondFactor { throw .secondFactorState("has one already", "já tem um") }
      account.secondFactor = SecondFactor(sealedSeed: sealed)
    }
    let totp = TOTP(seed: seed)
    return SecondFactorSetup(secret: totp.base32, uri: totp.uri(account: account.name, issuer: "Esteira"))
  }

  /// Turns it on, and gives the codes on paper: each works once, and they are shown only here.
  public func confirmSecondFactor(
    code: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> [String] {
    let (known, now) = (try own(principal), environment.now())
    guard let factor = known.secondFactor, factor.confirmedAt == nil else {
      throw .secondFactorState(
        "has none that waits for its first code", "não tem um à espera do primeiro código")
    }
    guard let step = try totp(factor, of: known.id).step(of: code, at: now.wholeSeconds, after: nil) else {
      throw .secondFactorFailed
    }
    let codes = newRecoveryCodes()
    _ = try await changeOwn(known.id, "auth:confirm-second-factor", by: principal, from: origin) {
      account throws(Problem) in
      guard account.secondFactor == factor else { throw .secondFactorFailed }
      account.secondFactor?.confirmedAt = now
      account.secondFactor?.lastStep = step
      account.secondFactor?.recoveryHashes = codes.map(Self.recoveryHash)
    }
    return codes
  }

  /// New codes on paper; the old ones are void.
  public func renewRecoveryCodes(
    password: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> [String] {
    let known = try await checked(password, principal, from: origin)
    let codes = newRecoveryCodes()
    _ = try await changeOwn(known.id, "auth:renew-recovery-codes", by: principal, from: origin) {
      account throws(Problem) in
      guard account.hasSecondFactor else { throw .secondFactorState("has none", "não tem nenhum") }
      account.secondFactor?.recoveryHashes = codes.map(Self.recoveryHash)
    }
    return codes
  }

  /// Their own, with their password.
  public func removeSecondFactor(
    password: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    let known = try await checked(password, principal, from: origin)
    _ = try await changeOwn(known.id, "auth:remove-second-factor", by: principal, from: origin) {
      account throws(Problem) in
      guard account.secondFactor != nil else { throw .secondFactorState("has none", "não tem nenhum") }
      account.secondFactor = nil
    }
  }

  private func newRecoveryCodes() -> [String] {
    (0..<SecondFactor.recoveryCodes).map { _ in
      // 80 bits in four groups.
      let letters = Array(Base32.encode(environment.random(10)).lowercased())
      return stride(from: 0, to: letters.count, by: 4).map { String(letters[$0..<$0 + 4]) }
        .joined(separator: "-")
    }
  }

  /// However it was typed: small or capital letters, with or without what stands between.
  private static func recoveryHash(_ code: String) -> [UInt8] {
    let letters = code.lowercased().utf8.filter { (97...122).contains($0) || (50...55).contains($0) }
    return SHA256.digest(Array("esteira.recovery.1 ".utf8) + letters)
  }

  static func seedPlace(_ id: ID<Account>) -> String { "second factor \(id)" }

  private func totp(_ factor: SecondFactor, of id: ID<Account>) throws(Problem) -> TOTP {
    do {
      return TOTP(seed: try environment.open(factor.sealedSeed, Self.seedPlace(id)))
    } catch {
      throw .accessKey("second factor")
    }
  }

  /// What a code comes to: a step of the app, or a code on paper.
  enum UsedCode: Sendable {
    case step(Int64)
    case recovery([UInt8])

    var method: String {
      switch self {
      case .step: "password+totp"
      case .recovery: "password+recovery"
      }
    }

    /// The factor afterwards; nil where the code has been used meanwhile.
    func applied(to factor: SecondFactor?) -> SecondFactor? {
      guard var factor, factor.confirmedAt != nil else { return nil }
      switch self {
      case .step(let step):
        guard step > factor.lastStep ?? .min else { return nil }
        factor.lastStep = step
      case .recovery(let hash):
        guard let place = factor.recoveryHashes.firstIndex(of: hash) else { return nil }
        factor.recoveryHashes.remove(at: place)
      }
      return factor
    }
  }

  /// Nil where it is no code of the account, or was used before.
  func use(_ code: String, of account: Account, at now: Timestamp) throws(Problem) -> UsedCode? {
    guard let factor = account.secondFactor, factor.confirmedAt != nil, code.utf8.count <= 64 else {
      return nil
    }
    let text = String(decoding: code.utf8.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
    let totp = try totp(factor, of: account.id)
    if let step = totp.step(of: text, at: now.wholeSeconds, after: factor.lastStep) { return .step(step) }
    let hash = Self.recoveryHash(text)
    var found: UsedCode?
    for other in factor.recoveryHashes where constantTimeEqual(other, hash) { found = .recovery(hash) }
    return found
  }
}
