import Foundation
import Synchronization

@testable import Net

/// Waits in C on a thread of its own: a blocked shared thread would starve the server under test.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
  }
}

/// A closed folder that is removed at the end.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "esteira-net-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }
}

/// A server on a socket in its own folder, and on a free port of the loopback address.
final class TestServer: Sendable {
  let folder: TemporaryFolder
  let server: HTTPServer
  var path: String { folder("api.sock") }
  var url: String { "http://127.0.0.1:\(server.port ?? 0)" }

  init(_ limits: HTTPLimits = HTTPLimits(), handler: @escaping HTTPServer.Handler) throws {
    folder = try TemporaryFolder()
    server = try HTTPServer(
      .unix(path: folder("api.sock"), replacingStale: false), .tcp(.loopback, port: 0), limits: limits,
      handler: handler)
  }

  /// Sends the bytes and returns everything that comes until the server closes.
  func exchange(_ text: String) async throws -> String {
    let path = path
    return try await onThread {
      let socket = try RawSocket(path)
      try socket.send(text)
      return try socket.readToEnd()
    }
  }

  /// The status of the first answer.
  func status(of text: String) async throws -> Int? {
    let answer = try await exchange(text)
    return answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
  }

  deinit {
    let server = server
    Task { await server.stop(grace: .zero) }
  }
}

extension IPAddress {
  static let loopback = IPAddress(v4: 0x7F00_0001)
}

/// A blocking socket whose every wait ends.
final class RawSocket: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    let name = try SocketName.unix(path)
    guard name.withAddress({ connect(descriptor, $0, $1) }) == 0 else {
      throw Failure(description: "connect: \(errno)")
    }
  }

  /// A connection to the loopback address.
  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    guard SocketName.ip(.loopback, port).withAddress({ connect(descriptor, $0, $1) }) == 0 else {
      throw Failure(description: "connect: \(errno)")
    }
  }

  deinit { close(descriptor) }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(description: "send: \(errno)") }
      sent += count
    }
  }

  /// Waits until there is something to read, at most so long.
  func hasInput(within wait: Duration) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, Int32(wait.milliseconds)) > 0
  }

  /// Waits, without reading, until the other side has closed.
  func waitForHangUp() {
    let peerClosed: Int16 = 0x2000  // POLLRDHUP, which Swift's Glibc leaves out.
    var request = pollfd(fd: descriptor, events: peerClosed, revents: 0)
    while poll(&request, 1, 20_000) < 0, errno == EINTR {}
  }

  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Empty at the end.
  func read() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count >= 0 else { throw Failure(description: "recv: \(String(cString: strerror(errno)))") }
    return Array(buffer[..<count])
  }

  func readToEnd() throws -> String {
    var bytes: [UInt8] = []
    while true {
      let more = try read()
      if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
      bytes += more
    }
  }

  /// Reads until the text holds `end`; fails when the connection ends before.
  func read(until end: String) throws -> String {
    var bytes: [UInt8] = []
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if text.contains(end) { return text }
      let more = try read()
      guard !more.isEmpty else { throw Failure(description: "ended after: \(text)") }
      bytes += more
    }
  }
}

/// A door that stays open once opened.
final class Gate: Sendable {
  private let completion = Completion()
  func open() { completion.finish() }
  func wait() async { await completion.wait() }
}

/// A port that is taken for as long as this lives, and at which nobody listens. One that was only free a
/// moment ago may be another's by now.
final class TakenPort {
  private let descriptor: Int32
  let port: UInt16

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.descriptor = descriptor
    var address = sockaddr_in()
    (address.sin_family, address.sin_addr.s_addr) = (sa_family_t(AF_INET), in_addr_t(0x7F00_0001).bigEndian)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isTaken = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard isTaken else { throw POSIXError(.EADDRINUSE) }
  }

  deinit { close(descriptor) }
}
