import CSystem

/// The sockets of one loop. Sent once to the loop's thread, which closes them.
final class Listeners: Sendable {
  final class Entry: Sendable {
    let descriptor: Int32
    let port: UInt16?
    let isUnix: Bool
    let tls: TLSCertificate?
    private let listener: Listener

    init(_ address: ListenAddress, sharesPort: Bool = false) throws(NetError) {
      switch address {
      case .unix: (isUnix, tls) = (true, nil)
      case .tcp(_, _, let certificate): (isUnix, tls) = (false, certificate)
      }
      listener = try Listener(address, sharesPort: sharesPort)
      descriptor = listener.descriptor
      port = listener.port
    }
  }

  let entries: [Entry]

  init(_ entries: [Entry]) { self.entries = entries }

  var port: UInt16? { entries.lazy.compactMap(\.port).first }

  /// One set for each loop: every loop listens at each TCP port, the first also at the Unix sockets.
  static func open(_ addresses: [ListenAddress], loops: Int) throws(NetError) -> [Listeners] {
    var sets = [[Entry]](repeating: [], count: loops)
    for address in addresses {
      let first = try first(address, isShared: loops > 1)
      sets[0].append(first)
      guard case .tcp(let ip, _, let tls) = address, let port = first.port else { continue }
      for index in 1..<max(1, loops) {
        sets[index].append(try Entry(.tcp(ip, port: port, tls: tls), sharesPort: true))
      }
    }
    return sets.map(Listeners.init)
  }

  /// A port that may be shared could be taken from another server without a word, so it has to be free for
  /// one that does not share first.
  private static func first(_ address: ListenAddress, isShared: Bool) throws(NetError) -> Entry {
    guard isShared, case .tcp(_, let port, _) = address else { return try Entry(address) }
    if port != 0 { _ = try Entry(address) }
    return try Entry(address, sharesPort: true)
  }
}
