/// The proxies that are believed when they say who a client is.
///
/// One of them may begin a connection with a PROXY header (version 1 or 2), and add `X-Forwarded-For` and
/// `X-Forwarded-Proto` to a request. From every other address the former is a bad request, and the latter
/// is not looked at.
public struct HTTPProxies: Hashable, Sendable {
  public static let none = HTTPProxies([])

  public var networks: [CIDR]

  public init(_ networks: [CIDR]) { self.networks = networks }

  public func contain(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

  func contain(_ peer: HTTPPeer) -> Bool {
    switch peer {
    case .local: false
    case .remote(let address, _): contain(address)
    }
  }

  /// Who sent a request: read from the right, the first address that is no proxy of ours. What a client
  /// itself put further left proves nothing.
  func client(of headers: HTTPHeaders, from peer: HTTPPeer) -> HTTPPeer {
    var client = peer
    for word in headers.tokens("x-forwarded-for").reversed() {
      guard contain(client), let address = Self.address(word) else { break }
      client = .remote(address.mapped ?? address, port: 0)
    }
    return client
  }

  /// Whether the client's own connection is encrypted, as far as a proxy of ours says so.
  func isSecure(_ headers: HTTPHeaders, from peer: HTTPPeer, isEncrypted: Bool) -> Bool {
    guard contain(peer), let word = headers.tokens("x-forwarded-proto").last else { return isEncrypted }
    return word == "https"
  }

  /// Some proxies add the port, and then put IPv6 in brackets.
  private static func address(_ word: String) -> IPAddress? {
    if let address = IPAddress(word) { return address }
    if word.hasPrefix("[") { return IPAddress(String(word.dropFirst().prefix { $0 != "]" })) }
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 ? IPAddress(String(parts[0])) : nil
  }
}
