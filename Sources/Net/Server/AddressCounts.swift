import Synchronization

/// How many connections each remote address has, over all loops. Touched when a connection comes and goes.
final class AddressCounts: Sendable {
  private let limit: Int
  private let counts = Mutex<[IPAddress: Int]>([:])

  init(limit: Int) { self.limit = limit }

  /// False when the address has as many as it may. Otherwise `leave` has to follow.
  func enter(_ address: IPAddress) -> Bool {
    let owner = Self.owner(of: address)
    return counts.withLock { counts in
      guard counts[owner, default: 0] < limit else { return false }
      counts[owner, default: 0] += 1
      return true
    }
  }

  func leave(_ address: IPAddress) {
    let owner = Self.owner(of: address)
    counts.withLock { counts in
      let left = (counts[owner] ?? 0) - 1
      counts[owner] = left > 0 ? left : nil
    }
  }

  /// One customer of a provider has a whole /64 of IPv6.
  private static func owner(of address: IPAddress) -> IPAddress {
    switch address.family {
    case .v4: address
    case .v6: IPAddress(v6: (address.bits >> 64) << 64)
    }
  }
}
