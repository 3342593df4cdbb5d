/// The header that a proxy puts before everything else, so that the server learns the client's address:
/// PROXY protocol, version 1 (a line) and 2 (binary).
enum ProxyHeader {
  enum Reading: Hashable, Sendable {
    /// It may still become a header.
    case incomplete
    /// What came is no such header.
    case none
    /// The header has `length` bytes. Without a client where the proxy speaks for itself, as health checks
    /// do, or where the client is not at an IP address.
    case header(client: Client?, length: Int)
    case malformed
  }

  struct Client: Hashable, Sendable {
    let address: IPAddress
    let port: UInt16
  }

  private static let lineMark = Array("PROXY ".utf8)
  private static let binaryMark: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
  /// The standard's bound of a line, its end included.
  private static let longestLine = 107
  /// Addresses of the largest kind and some extensions; a proxy has no reason to say more.
  private static let longestBinary = 1_024

  static func read(_ bytes: some RandomAccessCollection<UInt8>) -> Reading {
    let bytes = Array(bytes.prefix(longestBinary + 16))
    for mark in [lineMark, binaryMark] where bytes.count < mark.count && mark.starts(with: bytes) {
      return .incomplete
    }
    if bytes.starts(with: lineMark) { return line(bytes) }
    if bytes.starts(with: binaryMark) { return binary(bytes) }
    return .none
  }

  private static func line(_ bytes: [UInt8]) -> Reading {
    let seen = bytes.prefix(longestLine)
    guard let end = seen.firstIndex(of: 10) else {
      return bytes.count < longestLine ? .incomplete : .malformed
    }
    guard bytes[end - 1] == 13 else { return .malformed }
    let words = bytes[..<(end - 1)].split(separator: 32, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    if words[1] == "UNKNOWN" { return .header(client: nil, length: end + 1) }
    guard words.count == 6, let family = [("TCP4", 32), ("TCP6", 128)].first(where: { $0.0 == words[1] })?.1,
      let source = IPAddress(words[2]), let target = IPAddress(words[3]),
      source.family.width == family, target.family.width == family,
      let port = port(words[4]), self.port(words[5]) != nil
    else { return .malformed }
    return .header(client: Client(address: source.mapped ?? source, port: port), length: end + 1)
  }

  private static func port(_ word: String) -> UInt16? {
    guard (1...5).contains(word.utf8.count), word.utf8.allSatisfy({ (48...57).contains($0) }),
      word.utf8.count == 1 || word.utf8.first != 48
    else { return nil }
    return UInt16(word)
  }

  private static func binary(_ bytes: [UInt8]) -> Reading {
    guard bytes.count >= 16 else { return .incomplete }
    let count = Int(bytes[14]) << 8 | Int(bytes[15])
    guard bytes[12] >> 4 == 2, count <= longestBinary else { return .malformed }
    guard bytes.count >= 16 + count else { return .incomplete }
    let body = bytes[16..<(16 + count)]
    switch bytes[12] & 15 {
    case 0: return .header(client: nil, length: 16 + count)
    case 1: return proxied(kind: bytes[13], body)
    default: return .malformed
    }
  }

  /// The kind's high half is the family (1 IPv4, 2 IPv6), the low half the transport (1 a stream).
  private static func proxied(kind: UInt8, _ body: ArraySlice<UInt8>) -> Reading {
    let length = 16 + body.count
    switch kind {
    case 0x11:
      guard body.count >= 12 else { return .malformed }
      let address = IPAddress(v4: body.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
      return .header(client: Client(address: address, port: port(body, 8)), length: length)
    case 0x21:
      guard body.count >= 36 else { return .malformed }
      let address = IPAddress(v6: body.prefix(16).reduce(0) { $0 << 8 | UInt128($1) })
      return .header(
        client: Client(address: address.mapped ?? address, port: port(body, 32)), length: length)
    default:
      return .header(client: nil, length: length)
    }
  }

  private static func port(_ body: ArraySlice<UInt8>, _ offset: Int) -> UInt16 {
    let start = body.startIndex + offset
    return UInt16(body[start]) << 8 | UInt16(body[start + 1])
  }
}
