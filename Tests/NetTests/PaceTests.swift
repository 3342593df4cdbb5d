import Foundation
import Testing

@testable import Net

@Suite("A slow client", .timeLimit(.minutes(1)))
struct PaceTests {
  /// Sends the start, then one byte after the other, until there is an answer.
  private static func drip(_ start: String, _ byte: String, to path: String) async throws -> String {
    try await onThread {
      let socket = try RawSocket(path)
      try socket.send(start)
      while !socket.hasInput(within: .milliseconds(5)) { try socket.send(byte) }
      return try socket.readToEnd()
    }
  }

  @Test("that drips its head gets 408 in the time for a whole head")
  func head() async throws {
    var limits = HTTPLimits()
    limits.headRead = .milliseconds(100)
    let server = try TestServer(limits) { echo($0) }
    let answer = try await Self.drip("GET / HTTP/1.1\r\nHost: x\r\nX: ", "a", to: server.path)
    #expect(answer.hasPrefix("HTTP/1.1 408 "))
    #expect(server.server.counts.requests == 0)
  }

  @Test("that drips its body gets 408 long before the time for a whole body", arguments: [true, false])
  func body(isChunked: Bool) async throws {
    var limits = HTTPLimits()
    (limits.slowestBody, limits.rateGrace, limits.bodyRead) = (10_000, .milliseconds(100), .seconds(600))
    let server = try TestServer(limits) { echo($0) }
    let answer = try await Self.drip(
      "POST / HTTP/1.1\r\nHost: x\r\n"
        + (isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 1000000\r\n\r\n"),
      isChunked ? "1\r\na\r\n" : "a", to: server.path)
    #expect(answer.hasPrefix("HTTP/1.1 408 "))
    #expect(server.server.counts.requests == 0)
  }

  @Test("a body that keeps the pace is taken")
  func keepsPace() async throws {
    var limits = HTTPLimits()
    (limits.slowestBody, limits.rateGrace, limits.bodyRead) = (10, .milliseconds(20), .seconds(20))
    let server = try TestServer(limits) { echo($0) }
    let path = server.path
    let answer = try await onThread {
      let socket = try RawSocket(path)
      try socket.send("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n")
      for _ in 0..<50 {
        try socket.send([UInt8](repeating: 97, count: 100))
        if socket.hasInput(within: .milliseconds(2)) { break }
      }
      return try socket.readToEnd()
    }
    #expect(answer.hasPrefix("HTTP/1.1 200 "))
  }

  @Test("that does not take its answer is let go, long before a stall counts", arguments: [true, false])
  func reader(isStream: Bool) async throws {
    var limits = HTTPLimits()
    (limits.slowestReader, limits.rateGrace) = (1_000_000_000, .milliseconds(100))
    let server = try TestServer(limits) { _ in
      guard isStream else {
        return HTTPResponse(status: 200, type: "a/b", [UInt8](repeating: 1, count: 30 << 20))
      }
      return HTTPResponse(
        status: 200,
        body: .stream(
          HTTPStream(.finite) { writer in
            while true { try await writer.write([UInt8](repeating: 1, count: 100_000)) }
          }))
    }
    let port = server.server.port ?? 0
    let count = try await onThread {
      let socket = try RawSocket(port: port)
      try socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      socket.waitForHangUp()
      var count = 0
      while let bytes = try? socket.read(), !bytes.isEmpty { count += bytes.count }
      return count
    }
    #expect(count < 30 << 20)
    #expect(server.server.counts.droppedStreams == 1)
  }
}

@Suite("Many clients", .timeLimit(.minutes(1)))
struct CrowdTests {
  private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test("one address has no more connections than it may, and gets others when it closes some")
  func perAddress() async throws {
    var limits = HTTPLimits()
    limits.connectionsPerAddress = 3
    let server = try TestServer(limits) { echo($0) }
    let port = server.server.port ?? 0
    try await onThread {
      var sockets = try (0..<3).map { _ in try RawSocket(port: port) }
      for socket in sockets {
        try socket.send(Self.get)
        #expect(try socket.read(until: "GET / ").hasPrefix("HTTP/1.1 200"))
      }
      #expect(try RawSocket(port: port).readToEnd() == "")
      // Nor does it matter for the owner of the Unix socket.
      let end = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      try sockets[0].send(end)
      _ = try sockets[0].readToEnd()
      sockets.removeFirst()
      // A place is free once the server has seen that this client closed, too.
      var (answer, refused) = ("", 1)
      while answer.isEmpty {
        answer = (try? Self.ask(end, at: port)) ?? ""
        if answer.isEmpty { refused += 1 }
      }
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      #expect(server.server.counts.crowdedOut == refused)
    }
    #expect(try await server.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") != "")
  }

  /// Throws where the connection was refused before it was read from.
  private static func ask(_ text: String, at port: UInt16) throws -> String {
    let socket = try RawSocket(port: port)
    try socket.send(text)
    return try socket.readToEnd()
  }

  @Test("behind a proxy each client has its own limit, and the proxy has none")
  func perClient() async throws {
    var limits = HTTPLimits()
    limits.connectionsPerAddress = 2
    let server = try HTTPServer(
      .tcp(.loopback, port: 0), limits: limits, proxies: HTTPProxies([try #require(CIDR("127.0.0.1"))])
    ) { echo($0) }
    let port = server.port ?? 0
    try await onThread {
      var open: [RawSocket] = []
      for client in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3"] {
        let socket = try RawSocket(port: port)
        try socket.send("PROXY TCP4 \(client) 192.0.2.99 1 2\r\n" + Self.get)
        #expect(try socket.read(until: "GET / ").hasPrefix("HTTP/1.1 200"))
        open.append(socket)
      }
      let socket = try RawSocket(port: port)
      try socket.send("PROXY TCP4 192.0.2.1 192.0.2.99 1 2\r\n")
      #expect(try socket.readToEnd() == "")
      withExtendedLifetime(open) {}
    }
    #expect(server.counts.crowdedOut == 1)
    await server.stop(grace: .zero)
  }

  @Test(
    "five thousand idle connections stay open and disturb nobody",
    .enabled(if: Descriptors.allow(16_000), "This machine forbids 16,000 open files."))
  func idle() async throws {
    try Descriptors.raise(to: 16_000)
    var limits = HTTPLimits()
    limits.connections = 5_100
    let server = try TestServer(limits) { echo($0) }
    let (port, count) = (server.server.port ?? 0, 5_000)
    let answers = try await onThread {
      let sockets = try (0..<count).map { _ in try RawSocket(port: port) }
      let busy = try RawSocket(port: port)
      for index in 0..<100 {
        try busy.send("GET /\(index) HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try busy.read(until: "GET /\(index) ")
      }
      return try sockets.map { socket in
        try socket.send(Self.get)
        return try socket.read(until: "GET / ").hasPrefix("HTTP/1.1 200")
      }
    }
    #expect(answers.filter { $0 }.count == count)
    #expect(server.server.counts.connections == count + 1)
    #expect(server.server.counts.crowdedOut == 0)
  }
}

@Suite("Several loops", .timeLimit(.minutes(1)))
struct LoopTests {
  @Test("share a port between which the kernel spreads connections, and all of them drain")
  func loops() async throws {
    let folder = try TemporaryFolder()
    let gate = Gate()
    let server = try HTTPServer(
      .tcp(.loopback, port: 0), .unix(path: folder("api.sock"), replacingStale: false), loops: 3
    ) { request in
      if request.path == "/wait" { await gate.wait() }
      return echo(request)
    }
    let port = server.port ?? 0
    #expect(Self.listeners(at: port) == 3)
    let running = try await onThread {
      for _ in 0..<100 {
        let socket = try RawSocket(port: port)
        try socket.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(try socket.readToEnd().hasSuffix("GET /a "))
      }
      let sockets = try (0..<20).map { _ in try RawSocket(port: port) } + [RawSocket(folder("api.sock"))]
      for socket in sockets { try socket.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n") }
      return sockets
    }
    // All are being handled when the stop comes.
    while server.counts.requests < 121 { await Task.yield() }
    async let stopped: Void = server.stop(grace: .seconds(30))
    gate.open()
    let answers = try await onThread { try running.map { try $0.readToEnd() } }
    #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200") && $0.hasSuffix("GET /wait ") })
    await stopped
    #expect(Self.listeners(at: port) == 0)
  }

  @Test("do not take the port of another server")
  func taken() async throws {
    let first = try HTTPServer(.tcp(.loopback, port: 0), loops: 2) { echo($0) }
    let port = first.port ?? 0
    for loops in [1, 2] {
      #expect(throws: NetError.self) {
        try HTTPServer(.tcp(.loopback, port: port), loops: loops) { echo($0) }
      }
    }
    await first.stop(grace: .zero)
    let next = try HTTPServer(.tcp(.loopback, port: port), loops: 2) { echo($0) }
    await next.stop(grace: .zero)
  }

  /// Sockets of this process that listen at the port.
  private static func listeners(at port: UInt16) -> Int {
    (0..<getdtablesize()).count { descriptor in
      var (isListening, size): (Int32, socklen_t) = (0, 4)
      return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0
        && isListening == 1 && SocketName.localPort(of: descriptor) == port
    }
  }
}
