/// Where a broker is, and who asks it.
public struct BrokerPlace: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case redis, amqp

    /// With TLS.
    var secure: String { rawValue + "s" }

    func port(isSecure: Bool) -> UInt16 {
      switch self {
      case .redis: 6_379
      case .amqp: isSecure ? 5_671 : 5_672
      }
    }
  }

  public let kind: Kind
  /// A name, or an address without brackets.
  public let host: String
  public let port: UInt16
  public let isSecure: Bool
  /// Behind the first slash, without escapes: the number of a database, a virtual host. Nil without a slash.
  public let path: String?
  public var username: String?
  public var password: String?
  /// A file of PEM certificates that are trusted in place of the system's.
  public var authorities: String?
  public var egress = Egress.publicOnly

  /// Bytes of the longest address.
  public static let longest = 2_048

  /// Such as `redis://cache:6379/2` or `amqps://rabbit/vhost`. A user or password does not belong there.
  public init(_ url: String, kind: Kind) throws(NetError) {
    self.kind = kind
    let parts = url.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1).map { String(Substring($0)) }
    guard url.utf8.count <= Self.longest, parts.count == 2, parts[1].hasPrefix("//") else {
      throw .invalidURL(Self.shown(url), reason: "it is not like \(kind.rawValue)://host:port/")
    }
    switch parts[0].lowercased() {
    case kind.rawValue: isSecure = false
    case kind.secure: isSecure = true
    case _: throw .invalidURL(Self.shown(url), reason: "it does not begin with \(kind.rawValue)://")
    }
    let rest = parts[1].utf8.dropFirst(2)
    let authority = rest.prefix { $0 != UInt8(ascii: "/") }
    let tail = rest.dropFirst(authority.count)
    if authority.contains(UInt8(ascii: "@")) {
      throw .invalidURL(Self.shown(url), reason: "a user or password belongs into the credential")
    }
    guard !rest.contains(UInt8(ascii: "?")), !rest.contains(UInt8(ascii: "#")) else {
      throw .invalidURL(Self.shown(url), reason: "nothing may follow a ? or #")
    }
    (host, port) = try Self.split(String(Substring(authority)), url, kind.port(isSecure: isSecure))
    guard !tail.isEmpty else {
      path = nil
      return
    }
    guard let decoded = PercentEncoding.decode(Substring(tail.dropFirst())) else {
      throw .invalidURL(Self.shown(url), reason: "an escape in its path is wrong")
    }
    path = decoded
  }

  private static func split(
    _ authority: String, _ url: String, _ usual: UInt16
  ) throws(NetError) -> (String, UInt16) {
    var (host, port) = (authority, String(usual))
    let bytes = Array(authority.utf8)
    let bracket = bytes.lastIndex(of: UInt8(ascii: "]"))
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), bracket.map({ $0 < colon }) ?? true {
      host = String(decoding: bytes[..<colon], as: UTF8.self)
      port = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard let number = UInt16(port), number > 0, !host.isEmpty,
      host.utf8.allSatisfy({ $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "[") })
    else { throw .invalidURL(shown(url), reason: "it has no usable host or port") }
    return (host, number)
  }

  /// A password might stand in the text, so it is not shown when there may be one.
  private static func shown(_ url: String) -> String {
    url.utf8.contains(UInt8(ascii: "@")) ? "…" : String(url.prefix(100))
  }
}

extension BrokerPlace: CustomStringConvertible {
  /// Without the password.
  public var description: String { "\(isSecure ? kind.secure : kind.rawValue)://\(authority)" }

  var authority: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
