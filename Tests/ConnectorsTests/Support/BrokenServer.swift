import Foundation
import Glibc
import Synchronization

/// A server that may leave a request without an answer: it reads each whole, then does what its turn says.
final class BrokenServer: Sendable {
  enum Turn: Sendable {
    /// Sends the bytes and keeps the connection.
    case send(String)
    /// Sends the bytes and closes the connection.
    case sendAndClose(String)
    case close
    /// Sends a byte now and then, until the server stops.
    case drip(String)
  }

  private struct State {
    var turns: [Turn]
    var requests: [String] = []
    var heads: [String] = []
    var isStopped = false
  }

  let port: Int
  var url: String { "http://127.0.0.1:\(port)" }
  private let listener: Int32
  private let state: Mutex<State>

  /// After the last turn every further request is closed without an answer.
  init(_ turns: Turn...) throws {
    state = Mutex(State(turns: turns))
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
    // Until `stop`.
    Thread { [self] in
      while case let peer = accept(listener, nil, nil), peer >= 0 { Thread { [self] in serve(peer) }.start() }
      // Here, so that nobody gets its number while this thread still accepts.
      close(listener)
    }.start()
  }

  /// The first lines of what came.
  var requests: [String] { state.withLock { $0.requests } }

  /// All lines before the bodies.
  var heads: [String] { state.withLock { $0.heads } }

  func stop() {
    state.withLock { $0.isStopped = true }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func serve(_ peer: Int32) {
    defer { close(peer) }
    while let head = readRequest(peer) {
      let turn = state.withLock { state -> Turn in
        state.requests.append(head.components(separatedBy: "\r\n")[0])
        state.heads.append(head)
        return state.turns.isEmpty ? .close : state.turns.removeFirst()
      }
      switch turn {
      case .send(let text): send(text, to: peer)
      case .sendAndClose(let text):
        send(text, to: peer)
        return
      case .close: return
      case .drip(let text):
        send(text, to: peer)
        while !state.withLock({ $0.isStopped }), send("x", to: peer) { poll(nil, 0, 50) }
        return
      }
    }
  }

  @discardableResult
  private func send(_ text: String, to peer: Int32) -> Bool {
    Array(text.utf8).withUnsafeBytes { Glibc.send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) > 0 }
  }

  /// The head of the next request, once its body is there too.
  private func readRequest(_ peer: Int32) -> String? {
    var text = ""
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      if let border = text.range(of: "\r\n\r\n") {
        let head = text[..<border.lowerBound].lowercased()
        let length = head.range(of: "content-length: ").flatMap {
          Int(head[$0.upperBound...].prefix { $0.isNumber })
        }
        if text[border.upperBound...].utf8.count >= length ?? 0 {
          return String(text[..<border.lowerBound])
        }
      }
      let count = recv(peer, &chunk, chunk.count, 0)
      if count <= 0 { return nil }
      text += String(decoding: chunk[..<count], as: UTF8.self)
    }
  }
}
