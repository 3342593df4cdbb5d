import Foundation
import Model
import Testing

/// One request on the server's socket. Once it is made its bytes are the system's: a server that is stopped
/// finds it when it goes on.
final class SocketRequest {
  private let descriptor: Int32
  /// A server that does not answer by then never does.
  private static let limit = 60

  init(_ installation: Installation, _ path: String, _ body: JSON) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: Self.limit, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    try connect(to: installation.data + "/api.sock")
    let text = body.text
    let head = """
      POST /api/v1\(path) HTTP/1.1\r\nHost: esteira\r\nConnection: close\r\n\
      Content-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n
      """
    let bytes = Array((head + text).utf8)
    try #require(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
  }

  deinit { close(descriptor) }

  private func connect(to path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    try #require(path.utf8.count < room, "\(path) is too long for a socket.")
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(descriptor, $0, size) }
    }
    try #require(code == 0, "connect: \(errno)")
  }

  /// What the server says to it; nil where it is gone without a word.
  func answer() -> (status: Int, body: JSON?)? {
    var (bytes, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
    let body = text.range(of: "\r\n\r\n").flatMap { try? JSON(parsing: String(text[$0.upperBound...])) }
    return (status, body)
  }
}
