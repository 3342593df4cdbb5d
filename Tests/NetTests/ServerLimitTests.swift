import Foundation
import Synchronization
import Testing

@testable import Net

@Suite("What a client may not do", .timeLimit(.minutes(1)))
struct ServerLimitTests {
  private static let get = "GET / HTTP/1.1\r\nHost: x\r\n"
  private static let post = "POST / HTTP/1.1\r\nHost: x\r\n"

  @Test(
    "is refused before the handler sees it",
    arguments: [
      // Two readers could see two requests.
      (400, post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      (400, post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
      (400, post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
      (400, post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
      (400, post + "Content-Length: +3\r\n\r\nabc"), (400, post + "Content-Length: 3, 3\r\n\r\nabc"),
      (400, post + "Content-Length: 0x3\r\n\r\nabc"), (400, post + "Content-Length : 3\r\n\r\nabc"),
      (400, post + "Content-Length: 99999999999999999999\r\n\r\n"),
      (400, get + "X: a\rb\r\n\r\n"), (400, get + "X: a\n\r\n"), (400, get + "X: a\r\n b\r\n\r\n"),
      (400, get + "X: a\u{0}b\r\n\r\n"), (400, get + " X: a\r\n\r\n"), (400, get + "X\r\n\r\n"),
      (400, get + "X Y: a\r\n\r\n"), (400, "GET / HTTP/1.1\nHost: x\n\n"), (400, get + "X: a\r\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\n\r\n"), (400, get + "Host: y\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
      (400, "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n"), (400, "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"),
      (400, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"), (400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
      (400, "GET / HTTP\r\nHost: x\r\n\r\n"), (505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
      (501, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"), (501, "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
      (501, post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
      (501, post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
      (400, "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      (400, post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"),
      (400, post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX0\r\n\r\n"),
      (400, post + "Transfer-Encoding: chunked\r\n\r\ng\r\nabc\r\n"),
      (400, post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
      (400, post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: trailer\r\n\r\n"),
      (417, post + "Expect: tea\r\nContent-Length: 1\r\n\r\na"),
      (413, post + "Content-Length: 1001\r\n\r\n"),
      (413, post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + String(repeating: "a", count: 1_001)),
      (414, "GET /" + String(repeating: "a", count: 17_000)),
      (431, get + "X: " + String(repeating: "a", count: 17_000)),
      (431, get + String(repeating: "X: a\r\n", count: 100) + "\r\n"),
    ])
  func refused(status: Int, request: String) async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1_000
    let handled = Atomic(0)
    let server = try TestServer(limits) { request in
      handled.add(1, ordering: .relaxed)
      return echo(request)
    }
    // What follows a refused request is never taken for a second one.
    #expect(try await server.status(of: request + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n") == status)
    #expect(handled.load(ordering: .relaxed) == 0)
    #expect(server.server.counts.refused == 1)
  }

  @Test("may go up to the limits")
  func limits() async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1_000
    let server = try TestServer(limits) { echo($0) }
    let body = String(repeating: "a", count: 1_000)
    let close = "Connection: close\r\n"
    #expect(try await server.status(of: Self.post + close + "Content-Length: 1000\r\n\r\n" + body) == 200)
    let fields = String(repeating: "X: a\r\n", count: 98)
    #expect(try await server.status(of: Self.get + close + fields + "\r\n") == 200)
  }

  @Test(
    "a client that is slow with its head or body gets 408",
    arguments: [
      "GET / HTT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
    ])
  func slow(request: String) async throws {
    var limits = HTTPLimits()
    (limits.headRead, limits.bodyRead) = (.milliseconds(60), .milliseconds(60))
    let server = try TestServer(limits) { echo($0) }
    #expect(try await server.status(of: request) == 408)
  }

  @Test("a connection that idles too long is closed without a word")
  func idle() async throws {
    var limits = HTTPLimits()
    limits.idle = .milliseconds(60)
    let server = try TestServer(limits) { echo($0) }
    #expect(try await server.exchange("") == "")
  }

  @Test("a thousand idle connections leave room for one that asks, and the oldest goes first")
  func crowd() async throws {
    var limits = HTTPLimits()
    limits.connections = 200
    let server = try TestServer(limits) { echo($0) }
    let path = server.path
    let sockets = try await onThread { try (0..<200).map { _ in try RawSocket(path) } }
    let answer = try await server.exchange(Self.get + "Connection: close\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200"))
    #expect(try await onThread { try sockets[0].read() }.isEmpty)
    #expect(server.server.counts.crowdedOut == 1)
    let last = try await onThread {
      try sockets[199].send(Self.get + "\r\n")
      return try sockets[199].read(until: "GET / ")
    }
    #expect(last.hasPrefix("HTTP/1.1 200"))
  }
}

@Suite("A stream", .timeLimit(.minutes(1)))
struct StreamTests {
  @Test("brings its events in order, as they happen")
  func events() async throws {
    let gate = Gate()
    let server = try TestServer { _ in
      let stream = HTTPStream(.live) { writer in
        try await writer.write(": hi\n\nid: 1\ndata: first\n\n")
        await gate.wait()
        for index in 2...100 { try await writer.write("id: \(index)\ndata: e\(index)\n\n") }
      }
      return HTTPResponse(
        status: 200, headers: HTTPHeaders([("content-type", "text/event-stream")]), body: .stream(stream))
    }
    let stream = try await UnixHTTPClient(path: server.path).stream("GET", "/events")
    #expect(stream.headers["content-type"] == "text/event-stream")
    var ids: [String?] = []
    try await stream.events { event in
      // The second event is only made after the first has arrived.
      if ids.isEmpty { gate.open() }
      ids.append(event.id)
    }
    #expect(ids == (1...100).map { "\($0)" })
  }

  @Test("that fails in the middle is broken off, never ended well")
  func fails() async throws {
    struct Broken: Error {}
    let server = try TestServer { _ in
      HTTPResponse(
        status: 200,
        body: .stream(
          HTTPStream(.finite) { writer in
            try await writer.write("part")
            throw Broken()
          }))
    }
    await #expect(throws: NetError.self) { _ = try await UnixHTTPClient(path: server.path).send("GET", "/") }
  }

  @Test("is cut off, and counted, when a live reader falls behind")
  func overflow() async throws {
    var limits = HTTPLimits()
    limits.streamBuffer = 64 << 10
    let cut = Gate()
    let server = try TestServer(limits) { _ in
      HTTPResponse(
        status: 200,
        body: .stream(
          HTTPStream(.live) { writer in
            defer { cut.open() }
            while true { try await writer.write([UInt8](repeating: 65, count: 32 << 10)) }
          }))
    }
    let path = server.path
    let socket = try await onThread {
      let socket = try RawSocket(path)
      try socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      return socket
    }
    await cut.wait()
    _ = try? await onThread { try socket.readToEnd() }
    #expect(server.server.counts.droppedStreams == 1)
  }

  @Test("is told of a stop and may still say goodbye, while no new connection is taken")
  func stop() async throws {
    let started = Gate()
    let server = try TestServer { _ in
      HTTPResponse(
        status: 200,
        body: .stream(
          HTTPStream(.live) { writer in
            try await writer.write("data: hello\n\n")
            let (forever, _) = AsyncStream.makeStream(of: Int.self)
            started.open()
            for await _ in forever {}
            try await writer.write("data: bye\n\n")
          }))
    }
    let stream = try await UnixHTTPClient(path: server.path).stream("GET", "/")
    await started.wait()
    async let stopped: Void = server.server.stop(grace: .seconds(30))
    var texts: [String] = []
    try await stream.events { texts.append($0.data) }
    await stopped
    #expect(texts == ["hello", "bye"])
    await #expect(throws: NetError.self) { _ = try await UnixHTTPClient(path: server.path).send("GET", "/") }
  }

  @Test("a running request ends within the grace of a stop")
  func grace() async throws {
    let started = Gate()
    let goOn = Gate()
    let server = try TestServer { request in
      started.open()
      await goOn.wait()
      return echo(request)
    }
    let client = UnixHTTPClient(path: server.path)
    async let response = client.send("POST", "/x", body: Array("b".utf8))
    await started.wait()
    async let stopped: Void = server.server.stop(grace: .seconds(30))
    goOn.open()
    #expect(try await text(response.body) == "POST /x b")
    await stopped
  }
}

@Suite("The client of the Unix socket", .timeLimit(.minutes(1)))
struct UnixClientTests {
  @Test("returns status, headers and body, also of 20 MB")
  func large() async throws {
    let body = [UInt8](repeating: 7, count: 20 << 20)
    let server = try TestServer { _ in HTTPResponse(status: 201, type: "a/b", body) }
    let response = try await UnixHTTPClient(path: server.path).send("GET", "/")
    #expect(response.status == 201)
    #expect(response.headers["content-type"] == "a/b")
    #expect(response.body == body)
  }

  @Test("ends when its task is cancelled, and when nothing comes in time")
  func ends() async throws {
    let arrived = Gate()
    let gate = Gate()
    let server = try TestServer { request in
      arrived.open()
      await gate.wait()
      return echo(request)
    }
    let path = server.path
    let task = Task { try await UnixHTTPClient(path: path).send("GET", "/") }
    await arrived.wait()
    task.cancel()
    await #expect(throws: NetError.cancelled) { _ = try await task.value }
    var limits = UnixHTTPClient.Limits()
    limits.answer = .milliseconds(60)
    let impatient = UnixHTTPClient(path: path, limits: limits)
    await #expect(throws: NetError.timeout(.total)) { _ = try await impatient.send("GET", "/") }
    gate.open()
  }

  @Test("says that nobody listens")
  func nobody() async throws {
    let folder = try TemporaryFolder()
    let client = UnixHTTPClient(path: folder("none.sock"))
    await #expect(throws: NetError.self) { _ = try await client.send("GET", "/") }
  }
}
