import Foundation
import Testing

@testable import Net

/// Takes connections and ends each as soon as it was greeted, as a broker does that dies just then.
private final class DyingBroker: Sendable {
  let port: UInt16
  private let socket: Int32

  init() throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &address) { bytes in
      let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
      guard bind(socket, address, size) == 0, listen(socket, 8) == 0 else { return false }
      return getsockname(socket, address, &size) == 0
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    (self.socket, port) = (socket, UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread {
      while case let client = accept(socket, nil, nil), client >= 0 {
        var greeting: [UInt8] = Array(repeating: 0, count: 8)
        _ = recv(client, &greeting, greeting.count, Int32(MSG_WAITALL))
        Glibc.close(client)
      }
    }
  }

  func stop() { shutdown(socket, Int32(SHUT_RDWR)) }
}

@Suite("A broker that dies during the sign-in", .timeLimit(.minutes(1)))
struct BreakingSignInTests {
  @Test("is a broken connection, which is tried again, and no wrong password")
  func interrupted() async throws {
    let (broker, loop) = (try DyingBroker(), try BrokerLoop())
    let connection = AMQPConnection(loop, AMQPLimits())
    let place = try BrokerPlace.amqp("amqp://127.0.0.1:\(broker.port)")
    do throws(AMQPError) {
      try await connection.open(place, nil)
      Issue.record("It opened.")
    } catch {
      let isInterrupted = if case .net(.interrupted) = error { true } else { false }
      #expect(isInterrupted, "\(error)")
    }
    broker.stop()
    loop.stop()
  }
}
