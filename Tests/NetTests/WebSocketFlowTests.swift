import Foundation
import Synchronization
import Testing

@testable import Net

/// A server whose WebSockets are served by one function.
private func serving(
  _ limits: WebSocketLimits = WebSocketLimits(),
  _ serve: @escaping @Sendable (WebSocketConnection) async -> Void
) throws -> TestServer {
  var all = HTTPLimits()
  all.webSocket = limits
  return try TestServer(all) { _ in
    HTTPResponse(status: 200, body: .webSocket(HTTPWebSocket(serve: serve)))
  }
}

@Suite("The flow of a WebSocket", .timeLimit(.minutes(1)))
struct WebSocketFlowTests {
  @Test("holds a sender up while the client does not read, and loses nothing")
  func sendWaits() async throws {
    var limits = WebSocketLimits()
    limits.unsent = 64 << 10
    let sent = Atomic(0)
    let full = Gate()
    let piece = String(repeating: "a", count: 1_000)
    let server = try serving(limits) { connection in
      // With no room at all nothing can be dropped without being told.
      while connection.trySend(.text(piece)) { sent.add(1, ordering: .relaxed) }
      full.open()
      while sent.load(ordering: .relaxed) < 5_000 {
        guard (try? await connection.send(piece)) != nil else { return }
        sent.add(1, ordering: .relaxed)
      }
    }
    let path = server.path
    let client = try await onThread { try Held(WebSocketClient(RawSocket(path))) }
    await full.wait()
    // What the kernel and the two buffers hold is far from everything.
    #expect(sent.load(ordering: .relaxed) < 2_500)
    let (count, last) = try await onThread {
      try client.use { client in
        var count = 0
        while true {
          let frame = try client.read()
          guard frame.opcode == 1 else { return (count, frame) }
          count += frame == .text(piece) ? 1 : 0
        }
      }
    }
    #expect(count == 5_000)
    #expect(last.code == 1_000)
  }

  @Test("reads no more from a client while nobody receives")
  func readWaits() async throws {
    var limits = WebSocketLimits()
    limits.unread = 64 << 10
    let (start, done) = (Gate(), Gate())
    let received = Mutex<[Int]>([])
    let server = try serving(limits) { connection in
      await start.wait()
      while case .text(let text)? = await connection.receive() {
        received.withLock { $0.append(Int(text.prefix { $0 != " " }) ?? -1) }
      }
      done.open()
    }
    let path = server.path
    let stuck = try await onThread {
      let client = try WebSocketClient(RawSocket(path))
      _ = fcntl(client.socket.descriptor, F_SETFL, O_NONBLOCK)
      let filler = String(repeating: "b", count: 1_000)
      var (sent, bytes) = (0, WebSocketClient.bytes(1, Array("0 \(filler)".utf8)))
      // Until the kernel takes no more, which it does not while the server reads.
      while true {
        let count = Glibc.send(client.socket.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if count < 0 {
          var room = pollfd(fd: client.socket.descriptor, events: Int16(POLLOUT), revents: 0)
          if poll(&room, 1, 100) == 0 { break }
          continue
        }
        bytes.removeFirst(count)
        if bytes.isEmpty {
          sent += 1
          bytes = WebSocketClient.bytes(1, Array("\(sent) \(filler)".utf8))
        }
      }
      _ = fcntl(client.socket.descriptor, F_SETFL, 0)
      start.open()
      try client.socket.send(bytes)
      try client.send(8, [])
      while try client.read().opcode != 8 {}
      return sent
    }
    #expect(stuck < 2_500)
    await done.wait()
    #expect(received.withLock { $0 } == Array(0...stuck))
  }

  @Test("refuses a message that is larger than one may be, and goes on")
  func tooLarge() async throws {
    var limits = WebSocketLimits()
    (limits.messageOut, limits.unsent) = (1_000, 100)
    let errors = Mutex<[WebSocketSendError?]>([])
    let server = try serving(limits) { connection in
      for size in [1_001, 1_000] {
        do throws(WebSocketSendError) {
          try await connection.send(.binary([UInt8](repeating: 1, count: size)))
        } catch {
          errors.withLock { $0.append(error) }
        }
      }
    }
    let path = server.path
    let frame = try await onThread { try WebSocketClient(RawSocket(path)).read() }
    #expect(errors.withLock { $0 } == [.tooLarge(limit: 1_000)])
    // Larger than the room, but nothing else waited.
    #expect(frame.payload.count == 1_000)
  }

  @Test("a task's cancellation ends its wait to receive, and only that")
  func cancel() async throws {
    let server = try serving { connection in
      let waiting = Task { await connection.receive() }
      waiting.cancel()
      let isNil = await waiting.value == nil
      try? await connection.send(isNil ? "cancelled" : "received")
      if case .text(let text)? = await connection.receive() { try? await connection.send(text) }
    }
    let path = server.path
    let frames = try await onThread {
      let client = try WebSocketClient(RawSocket(path))
      let first = try client.read()
      try client.send("hello")
      return [first, try client.read()]
    }
    #expect(frames == [.text("cancelled"), .text("hello")])
  }

  @Test("a client that leaves ends it, with tasks that wait either way")
  func clientLeaves() async throws {
    let (started, ended) = (Gate(), Gate())
    let server = try serving { connection in
      await withTaskGroup(of: Void.self) { group in
        group.addTask { while await connection.receive() != nil {} }
        group.addTask {
          started.open()
          while (try? await connection.send(.binary([UInt8](repeating: 0, count: 100_000)))) != nil {}
        }
      }
      #expect(!connection.trySend(.text("to nobody")))
      ended.open()
    }
    let path = server.path
    let client = try await onThread { try Held(WebSocketClient(RawSocket(path))) }
    await started.wait()
    _ = client.use { shutdown($0.socket.descriptor, Int32(SHUT_RDWR)) }
    await ended.wait()
  }

  @Test("a stop of the server is told, what is said within the grace arrives, and then comes 1001")
  func stop() async throws {
    let started = Gate()
    let server = try serving { connection in
      started.open()
      while await connection.receive() != nil {}
      // The task is cancelled by now, and a sender may still say goodbye.
      _ = connection.trySend(.text("bye"))
    }
    let path = server.path
    let client = try await onThread { try Held(WebSocketClient(RawSocket(path))) }
    await started.wait()
    async let stopped: Void = server.server.stop(grace: .seconds(30))
    let frames = try await onThread {
      try client.use { client in
        let frames = [try client.read(), try client.read()]
        try client.send(8, frames[1].payload)
        return frames
      }
    }
    await stopped
    #expect(frames == [.text("bye"), .close(1_001)])
  }

  @Test("a thousand at once echo everything, in order")
  func thousand() async throws {
    try Descriptors.raise(to: 4_000)
    var limits = HTTPLimits()
    limits.connections = 1_100
    let server = try TestServer(limits) { echoSocket($0) }
    let path = server.path
    let rounds = 20
    let wrong = try await onThread {
      let clients = try (0..<1_000).map { _ in try WebSocketClient(RawSocket(path)) }
      var wrong = 0
      for round in 0..<rounds {
        for (index, client) in clients.enumerated() {
          try client.send("\(index) \(round)")
          try client.send(2, [UInt8](repeating: UInt8(round), count: 300))
        }
        for (index, client) in clients.enumerated() {
          if try client.read() != .text("\(index) \(round)") { wrong += 1 }
          if try client.read().payload != [UInt8](repeating: UInt8(round), count: 300) { wrong += 1 }
        }
      }
      return wrong
    }
    #expect(wrong == 0)
    #expect(server.server.counts.webSockets == 1_000)
    #expect(server.server.counts.crowdedOut == 0)
  }
}

/// A client that goes from thread to thread.
final class Held: Sendable {
  private let client: Mutex<WebSocketClient>

  init(_ client: sending WebSocketClient) { self.client = Mutex(client) }

  func use<Value>(_ body: (WebSocketClient) throws -> sending Value) rethrows -> sending Value {
    try client.withLock { try body($0) }
  }
}

enum Descriptors {
  struct Forbidden: Error, CustomStringConvertible {
    let description: String
  }

  /// Whether the machine lets this process have so many.
  static func allow(_ count: Int) -> Bool {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit.rlim_max >= rlim_t(count)
  }

  static func raise(to count: Int) throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    if limit.rlim_cur >= rlim_t(count) { return }
    limit.rlim_cur = rlim_t(count)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw Forbidden(description: "This machine forbids \(count) open files.")
    }
  }
}
