internal import Crypto
public import Model
internal import Synchronization

// What a person does with their own account.
extension AccessService {
  public func me(_ principal: Principal) throws(Problem) -> Account { try account(ID(principal.id)) }

  /// Nil: as it is. An empty address takes it away.
  public func changeProfile(
    locale: Language? = nil, email: String? = nil, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> Account {
    let email = try email.map { text throws(Problem) in try Self.email(text) }
    return try await changeOwn(try own(principal).id, "auth:change-profile", by: principal, from: origin) {
      account throws(Problem) in
      if let locale { account.locale = locale }
      if let email { account.email = email.isEmpty ? nil : email }
    }
  }

  /// Ends all their other sessions: whoever knew the old password is out.
  public func changePassword(
    old: String, new: String, by principal: Principal, from origin: Origin
  ) async throws(Problem) {
    let known = try await checked(old, principal, from: origin)
    try checkStrength(of: new, name: known.name)
    if new.utf8.elementsEqual(old.utf8) { throw .weakPassword("It is the old one.", "É a antiga.") }
    let (hash, now) = (try await passwords.hash(new), environment.now())
    _ = try await ledger.change { records throws(Problem) in
      guard var account = records.accounts[known.id], account.password == known.password else {
        throw .wrongPassword
      }
      (account.password, account.passwordChangedAt, account.mustChangePassword) = (hash, now, false)
      let others = records.sessions(of: known.id).filter { $0.credential != principal.credential }
      let act = AuditAct(
        "auth:change-password", resourceType: "account", resourceID: known.id.description,
        after: ["ended_sessions": .int(Int64(others.count))])
      return AccessLedger.Edit(
        answer: (), changes: [.account(account)] + others.map { .removeSession($0.id) },
        audit: [AuditDraft(at: now, by: principal, act: act, outcome: .done, origin: origin)])
    }
  }

  /// The account of a session, after its password was given once more. Guessing here is slowed as at sign-in.
  func checked(
    _ password: String, _ principal: Principal, from origin: Origin
  ) async throws(Problem) -> Account {
    let (known, now) = (try own(principal), environment.now())
    do throws(Throttle.Refusal) {
      try throttle.withLock { throttle throws(Throttle.Refusal) in
        try throttle.begin(
          name: known.name, address: origin.address, knownAddress: false, isSecondStep: true, at: now)
      }
    } catch { throw .signInLocked(error.wait) }
    guard try await passwords.matches(password, known.password) else {
      try await recordFailure("auth:check-password", of: known, from: origin)
      throw .wrongPassword
    }
    throttle.withLock { $0.succeeded(name: known.name, address: origin.address) }
    return known
  }

  /// One change of one account with its row.
  func changeOwn(
    _ id: ID<Account>, _ action: String, by principal: Principal, from origin: Origin,
    _ edit: (inout Account) throws(Problem) -> Void
  ) async throws(Problem) -> Account {
    let now = environment.now()
    return try await ledger.change { records throws(Problem) in
      guard let before = records.accounts[id] else { throw .noAccount }
      var after = before
      try edit(&after)
      let act = AuditAct(
        action, resourceType: "account", resourceID: id.description, before: before.shown,
        after: after.shown)
      return AccessLedger.Edit(
        answer: after, changes: [.account(after)],
        audit: [AuditDraft(at: now, by: principal, act: act, outcome: .done, origin: origin)])
    }.answer
  }

  /// Length is what counts, and that it is not the name. Rules about kinds of characters make worse
  /// passwords.
  func checkStrength(of password: String, name: String) throws(Problem) {
    if password.utf8.count > PasswordHash.longestPassword {
      throw .weakPassword(
        "It has more than \(PasswordHash.longestPassword) bytes.",
        "Tem mais de \(PasswordHash.longestPassword) bytes.")
    }
    if password.count < policy.shortestPassword {
      throw .weakPassword(
        "It has fewer than \(policy.shortestPassword) characters.",
        "Tem menos de \(policy.shortestPassword) caracteres.")
    }
    if password.lowercased().contains(name.lowercased()) && name.utf8.count >= 3 {
      throw .weakPassword("It contains the name.", "Contém o nome.")
    }
    // A password's bytes are padded with zeros before they are hashed, so that this one would be another's.
    if password.utf8.last == 0 {
      throw .weakPassword("It ends with a NUL.", "Termina com um NUL.")
    }
    if Set(password).count < 5 {
      throw .weakPassword(
        "It has fewer than 5 different characters.", "Tem menos de 5 caracteres diferentes.")
    }
  }

  /// "" is none.
  static func email(_ text: String) throws(Problem) -> String {
    guard text.isEmpty || Account.isEmail(text) else { throw .badName(text, "e-mail") }
    return text
  }
}
