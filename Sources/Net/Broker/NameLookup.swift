import Glibc

/// Asks the system for the addresses of a name, one name at a time, on a thread of its own: the call blocks.
actor NameLookup {
  private let executor: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init() throws(NetError) { executor = try ThreadExecutor("esteira-names") }

  nonisolated func stop() { executor.stop() }

  /// In the order in which the system would try them.
  func addresses(of host: String) throws(NetError) -> [IPAddress] { try Self.ask(host) }

  /// The same on the thread of the caller, which it blocks.
  static func ask(_ host: String) throws(NetError) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard !host.utf8.contains(0), getaddrinfo(host, nil, &hints, &list) == 0 else {
      throw .resolve(host: host)
    }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var next = list
    while let entry = next {
      if let name = entry.pointee.ai_addr,
        let address = IPAddress(UnsafeRawPointer(name), length: Int(entry.pointee.ai_addrlen)),
        !found.contains(address)
      {
        found.append(address)
      }
      next = entry.pointee.ai_next
    }
    if found.isEmpty { throw .resolve(host: host) }
    return found
  }
}
