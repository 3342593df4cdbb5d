internal import Model

/// Keeps work away from something that fails: after so many failures in a row nothing starts until the time
/// to recover is over; then one attempt tries it out. Advisory and
/// never stored: a lost circuit is closed (S11).
struct Circuit: Hashable {
  private(set) var failures = 0
  /// Until when nothing starts; nil while it is closed.
  private(set) var openUntil: Duration?
  private var probe: Claimant?

  enum Answer: Hashable {
    case closed
    /// Nothing may start before this much has passed.
    case open(for: Duration)
  }

  func answer(to claimant: Claimant, _ claim: CircuitClaim, at now: Duration) -> Answer {
    guard let openUntil else { return .closed }
    if now < openUntil { return .open(for: openUntil - now) }
    // One tries it out; the others wait for what it finds.
    return probe == nil || probe == claimant ? .closed : .open(for: claim.recoverAfter)
  }

  mutating func started(_ claimant: Claimant) { if openUntil != nil { probe = claimant } }

  mutating func succeeded() { self = Circuit() }

  mutating func failed(_ claim: CircuitClaim, at now: Duration) {
    failures += 1
    probe = nil
    if failures >= claim.failures || openUntil != nil { openUntil = now + claim.recoverAfter }
  }

  /// The attempt ended without a word about the other side: another may try it out.
  mutating func left(_ claimant: Claimant) { if probe == claimant { probe = nil } }
}
