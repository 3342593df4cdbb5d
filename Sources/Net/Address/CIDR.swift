/// A block of addresses, like `10.0.0.0/8` or `fc00::/7`.
public struct CIDR: Hashable, Sendable {
  public let base: IPAddress
  public let prefix: Int

  /// Bits of `base` behind the prefix are cleared. Nil when the prefix is longer than the address.
  public init?(_ base: IPAddress, prefix: Int) {
    guard (0...base.family.width).contains(prefix) else { return nil }
    let cleared = base.bits & Self.mask(base.family, prefix)
    self.base = base.family == .v4 ? IPAddress(v4: UInt32(cleared)) : IPAddress(v6: cleared)
    self.prefix = prefix
  }

  /// `address/prefix`, or an address alone for that one. A base with bits behind the prefix is refused:
  /// it is more often a mistake than meant.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let first = parts.first, let base = IPAddress(String(first)) else { return nil }
    if parts.count == 1 {
      self.init(base, prefix: base.family.width)
      return
    }
    guard parts.count == 2, let prefix = Self.number(parts[1]) else { return nil }
    self.init(base, prefix: prefix)
    guard self.base == base else { return nil }
  }

  public func contains(_ address: IPAddress) -> Bool {
    address.family == base.family && address.bits & Self.mask(base.family, prefix) == base.bits
  }

  private static func mask(_ family: IPAddress.Family, _ prefix: Int) -> UInt128 {
    let all: UInt128 = family == .v4 ? 0xFFFF_FFFF : .max
    return prefix == 0 ? 0 : all & ~((UInt128(1) << UInt128(family.width - prefix)) &- 1)
  }

  private static func number(_ text: Substring) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    guard text.utf8.count == 1 || text.utf8.first != 48 else { return nil }
    return Int(text)
  }
}

extension CIDR: CustomStringConvertible {
  public var description: String { "\(base)/\(prefix)" }
}
