import Foundation
import Glibc
import Synchronization

/// A mail server that takes everything, or leaves at a given moment.
final class MailSink: Sendable {
  enum End: Sendable {
    case takes
    /// Closes the connection instead of the answer to the message.
    case leavesAfterData
    /// Closes it instead of the answer to DATA.
    case leavesBeforeData
  }

  let port: Int
  private let listener: Int32
  private let end: End
  private let lines = Mutex<[String]>([])

  init(_ end: End = .takes) throws {
    self.end = end
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isOpen = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isOpen else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread { [self] in
      while case let peer = accept(listener, nil, nil), peer >= 0 { Thread { [self] in serve(peer) }.start() }
      close(listener)
    }.start()
  }

  /// What came, line by line, over all connections.
  var said: [String] { lines.withLock { $0 } }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve(_ peer: Int32) {
    defer { close(peer) }
    var (isMessage, rest) = (false, [UInt8]())
    reply("220 sink", peer)
    while let line = next(peer, &rest) {
      lines.withLock { $0.append(line) }
      if isMessage {
        guard line == "." else { continue }
        if end == .leavesAfterData { return }
        isMessage = false
        reply("250 taken", peer)
      } else if line == "DATA" {
        if end == .leavesBeforeData { return }
        isMessage = true
        reply("354 go on", peer)
      } else {
        reply(line == "QUIT" ? "221 bye" : "250 ok", peer)
      }
    }
  }

  private func next(_ peer: Int32, _ rest: inout [UInt8]) -> String? {
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      if let end = rest.firstIndex(of: 10) {
        defer { rest.removeSubrange(...end) }
        return String(decoding: rest[..<end].filter { $0 != 13 }, as: UTF8.self)
      }
      let count = recv(peer, &chunk, chunk.count, 0)
      if count <= 0 { return nil }
      rest += chunk[..<count]
    }
  }

  private func reply(_ text: String, _ peer: Int32) {
    _ = Array("\(text)\r\n".utf8).withUnsafeBytes {
      send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }
}
