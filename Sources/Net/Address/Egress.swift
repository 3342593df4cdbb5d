/// Where outgoing requests may go: every public address, and what `allow` adds.
public struct Egress: Hashable, Sendable {
  public static let publicOnly = Egress(allow: [])

  public var allow: [CIDR]

  public init(allow: [CIDR]) { self.allow = allow }

  /// An IPv4 address inside IPv6 (`::ffff:a.b.c.d`) is never public here, since the kernel connects to the
  /// inner address; it is allowed where the list contains either form.
  public func permits(_ address: IPAddress) -> Bool {
    if AddressScope(address) == .global { return true }
    if allow.contains(where: { $0.contains(address) }) { return true }
    guard let inner = address.mapped else { return false }
    return allow.contains { $0.contains(inner) }
  }
}

/// What an address is for, after the registries of special-purpose addresses (RFC 6890 and later).
public enum AddressScope: Hashable, Sendable {
  case global
  case unspecified, loopback, linkLocal, multicast
  /// RFC 1918 and unique local IPv6.
  case privateUse
  /// Shared by customers of one provider, 100.64.0.0/10.
  case carrierShared
  /// IPv6 that stands for an IPv4 address: mapped, NAT64, 6to4, Teredo.
  case translated
  /// Documentation, benchmarks, and what has no use yet.
  case reserved

  public init(_ address: IPAddress) {
    let table = address.family == .v4 ? Self.v4 : Self.v6
    let fallback: AddressScope = address.family == .v4 ? .global : .reserved
    self = table.first { $0.block.contains(address) }?.scope ?? fallback
  }

  private typealias Row = (block: CIDR, scope: AddressScope)

  private static let v4: [Row] = rows([
    ("0.0.0.0/32", .unspecified), ("0.0.0.0/8", .reserved), ("10.0.0.0/8", .privateUse),
    ("100.64.0.0/10", .carrierShared), ("127.0.0.0/8", .loopback), ("169.254.0.0/16", .linkLocal),
    ("172.16.0.0/12", .privateUse), ("192.0.0.0/24", .reserved), ("192.0.2.0/24", .reserved),
    ("192.88.99.0/24", .reserved), ("192.168.0.0/16", .privateUse), ("198.18.0.0/15", .reserved),
    ("198.51.100.0/24", .reserved), ("203.0.113.0/24", .reserved), ("224.0.0.0/4", .multicast),
    ("240.0.0.0/4", .reserved),
  ])

  /// Only 2000::/3 is given out; all the rest is refused without being named.
  private static let v6: [Row] = rows([
    ("::/128", .unspecified), ("::1/128", .loopback), ("::ffff:0:0/96", .translated),
    ("64:ff9b::/96", .translated), ("64:ff9b:1::/48", .translated), ("fc00::/7", .privateUse),
    ("fec0::/10", .privateUse), ("fe80::/10", .linkLocal), ("ff00::/8", .multicast),
    ("2001::/32", .translated), ("2001::/23", .reserved), ("2001:db8::/32", .reserved),
    ("2002::/16", .translated), ("3fff::/20", .reserved), ("2000::/3", .global),
  ])

  private static func rows(_ list: [(String, AddressScope)]) -> [Row] {
    list.map { text, scope in
      guard let block = CIDR(text) else { preconditionFailure("The table's block \(text) must be valid.") }
      return (block, scope)
    }
  }
}

extension IPAddress {
  /// The IPv4 address inside `::ffff:0:0/96`.
  public var mapped: IPAddress? {
    guard family == .v6, bits >> 32 == 0xFFFF else { return nil }
    return IPAddress(v4: UInt32(truncatingIfNeeded: bits))
  }
}
