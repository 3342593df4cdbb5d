public import Model

// The master key changes.
extension AccessService {
  /// Seals anew, in one commit, what an older master key sealed: the service's keys and the seeds of
  /// second factors. Returns how many could not be opened; they stay as they are. To be called before an
  /// older key is forgotten; where all is under the newest one it writes nothing.
  public func sealAnew() async throws(Problem) -> Int {
    try await ledger.change { [environment] records throws(Problem) in
      var (changes, unreadable): ([AccessChange], Int) = ([], 0)
      for (name, sealed) in records.secrets where !environment.isCurrent(sealed) {
        let place = ServiceKeys.place(of: name)
        if let again = environment.sealedAnew(sealed, place) {
          changes.append(.secret(name: name, sealed: again))
        } else {
          unreadable += 1
        }
      }
      for account in records.accounts.values {
        guard let factor = account.secondFactor, !environment.isCurrent(factor.sealedSeed) else { continue }
        var account = account
        if let again = environment.sealedAnew(factor.sealedSeed, Self.seedPlace(account.id)) {
          account.secondFactor?.sealedSeed = again
          changes.append(.account(account))
        } else {
          unreadable += 1
        }
      }
      return AccessLedger.Edit(answer: unreadable, changes: changes)
    }.answer
  }
}

extension AccessEnvironment {
  fileprivate func sealedAnew(_ sealed: [UInt8], _ place: String) -> [UInt8]? {
    // What does not open is counted, and never lost by this.
    guard let plain = try? open(sealed, place) else { return nil }
    return seal(plain, place)
  }
}
