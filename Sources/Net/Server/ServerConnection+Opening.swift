// What comes before HTTP.
extension ServerConnection {
  /// The header of a proxy, then the handshake.
  func open() -> Bool {
    if let bytes = preface {
      guard endPreface(bytes) else { return false }
    }
    if let tls = output.tls, !tls.isEstablished { return false }
    phase = .idle
    deadline = loop.now + limits.idle
    return true
  }

  /// False while there is more to come, and where the connection has ended.
  private func endPreface(_ bytes: [UInt8]) -> Bool {
    let rest: ArraySlice<UInt8>
    switch ProxyHeader.read(bytes) {
    case .incomplete: return false
    case .malformed:
      preface = nil
      refuse(RequestRefusal(400, "the PROXY header cannot be read"))
      return false
    case .none: rest = bytes[...]
    case .header(let client, let length):
      guard become(client) else { return false }
      rest = bytes[length...]
    }
    preface = nil
    guard let tls = output.tls else {
      input += rest
      return true
    }
    rest.withUnsafeBytes { tls.feed($0) }
    return decrypt()
  }

  /// The client behind the proxy counts from now on.
  private func become(_ client: ProxyHeader.Client?) -> Bool {
    guard let client else { return true }
    peer = .remote(client.address, port: client.port)
    guard let addresses = loop.shared.addresses, !loop.shared.proxies.contain(client.address) else {
      return true
    }
    guard addresses.enter(client.address) else {
      loop.shared.counts.crowdedOut.add()
      close()
      return false
    }
    countedAddress = client.address
    return true
  }
}
