import CSystem

/// The sockets of one server. Sent once to the loop's thread, which closes them.
final class Listeners: Sendable {
  final class Entry: Sendable {
    let descriptor: Int32
    let port: UInt16?
    let isUnix: Bool
    private let listener: Listener

    init(_ address: ListenAddress) throws(NetError) {
      switch address {
      case .unix: isUnix = true
      case .tcp: isUnix = false
      }
      listener = try Listener(address)
      descriptor = listener.descriptor
      port = listener.port
    }
  }

  let entries: [Entry]

  init(_ entries: [Entry]) { self.entries = entries }

  var port: UInt16? { entries.lazy.compactMap(\.port).first }
}
