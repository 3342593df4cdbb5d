import Glibc

/// An IPv4 or IPv6 address, without zone.
public struct IPAddress: Hashable, Sendable {
  public enum Family: Hashable, Sendable {
    case v4, v6

    public var width: Int {
      switch self {
      case .v4: 32
      case .v6: 128
      }
    }
  }

  public let family: Family
  /// The address as a number; of IPv4 the low 32 bits.
  public let bits: UInt128

  public init(v4 bits: UInt32) {
    family = .v4
    self.bits = UInt128(bits)
  }

  public init(v6 bits: UInt128) {
    family = .v6
    self.bits = bits
  }

  /// Only the plain forms: four decimal numbers without leading zeros, or IPv6 without zone and brackets.
  public init?(_ text: String) {
    var v4 = in_addr()
    var v6 = in6_addr()
    guard !text.utf8.contains(0) else { return nil }
    if inet_pton(AF_INET, text, &v4) == 1 {
      self.init(v4: UInt32(bigEndian: v4.s_addr))
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      self.init(v6: withUnsafeBytes(of: &v6) { Self.number($0) })
    } else {
      return nil
    }
  }

  /// Reads the kernel's form; nil for any other family than the two.
  init?(_ address: UnsafeRawPointer, length: Int) {
    guard length >= MemoryLayout<sa_family_t>.size else { return nil }
    switch Int32(address.load(as: sa_family_t.self)) {
    case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
      self.init(v4: UInt32(Self.number(UnsafeRawBufferPointer(start: address + 4, count: 4))))
    case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
      self.init(v6: Self.number(UnsafeRawBufferPointer(start: address + 8, count: 16)))
    default:
      return nil
    }
  }

  private static func number(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
    bytes.reduce(0) { $0 << 8 | UInt128($1) }
  }

  /// Four or sixteen bytes, most significant first.
  public var bytes: [UInt8] {
    stride(from: family.width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt128($0)) }
  }
}

extension IPAddress: CustomStringConvertible {
  public var description: String {
    var bytes = bytes
    var text = [CChar](repeating: 0, count: 64)
    let kind = family == .v4 ? AF_INET : AF_INET6
    guard inet_ntop(kind, &bytes, &text, socklen_t(text.count)) != nil else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
