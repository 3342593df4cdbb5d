import Foundation
import Testing

@testable import Net

/// Answers what it was asked, for tests of the protocol.
func echo(_ request: HTTPRequest) -> HTTPResponse {
  HTTPResponse(
    status: 200, type: "text/plain",
    Array("\(request.method) \(request.target) \(String(decoding: request.body, as: UTF8.self))".utf8))
}

@Suite("An HTTP server on a Unix socket", .timeLimit(.minutes(1)))
struct ServerTests {
  @Test("answers a request with the handler's response")
  func answers() async throws {
    let server = try TestServer { echo($0) }
    let answer = try await server.exchange("GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nGET /a?b=c "))
    #expect(answer.contains("content-length: 11\r\n"))
    await server.server.stop(grace: .zero)
  }

  @Test("tells the handler who is at the other end")
  func peer() async throws {
    let server = try TestServer { request in
      HTTPResponse(status: 200, type: "text/plain", Array("\(request.peer)".utf8))
    }
    let answer = try await server.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(answer.hasSuffix("local(uid: \(getuid()), pid: \(getpid()))"))
  }

  @Test("makes the socket file for its owner only, and removes it at the end")
  func socketFile() async throws {
    let server = try TestServer { echo($0) }
    var status = stat()
    #expect(stat(server.path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    await server.server.stop(grace: .zero)
    #expect(stat(server.path, &status) != 0)
  }

  @Test("refuses a folder that others can enter, and a path in use unless told that it is stale")
  func folder() async throws {
    let folder = try TemporaryFolder()
    let path = folder("api.sock")
    chmod(folder.path, 0o755)
    #expect(throws: NetError.self) { try HTTPServer(.unix(path: path, replacingStale: false)) { echo($0) } }
    chmod(folder.path, 0o700)
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    #expect(throws: NetError.self) { try HTTPServer(.unix(path: path, replacingStale: false)) { echo($0) } }
    #expect(FileManager.default.fileExists(atPath: path))
    let server = try HTTPServer(.unix(path: path, replacingStale: true)) { echo($0) }
    await server.stop(grace: .zero)
  }

  @Test("listens at a path longer than the kernel's 108 bytes")
  func longPath() async throws {
    let folder = try TemporaryFolder()
    let deep = folder(String(repeating: "d", count: 120))
    mkdir(deep, 0o700)
    let server = try HTTPServer(.unix(path: deep + "/api.sock", replacingStale: false)) { echo($0) }
    let answer = try await onThread {
      let socket = try RawSocket(deep + "/api.sock")
      try socket.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      return try socket.readToEnd()
    }
    #expect(answer.hasPrefix("HTTP/1.1 200"))
    await server.stop(grace: .zero)
  }

  @Test("answers pipelined requests in their order")
  func pipelining() async throws {
    let server = try TestServer { echo($0) }
    let requests = (0..<50).map { index in
      "POST /\(index) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
        + (index == 49 ? "Connection: close\r\n" : "") + "\r\nabc"
    }
    let answer = try await server.exchange(requests.joined())
    let bodies = answer.components(separatedBy: "POST /").dropFirst().map { $0.prefix { $0 != " " } }
    #expect(bodies.map(String.init) == (0..<50).map(String.init))
  }

  @Test("takes a request that comes byte by byte, with a chunked body")
  func slices() async throws {
    let server = try TestServer { echo($0) }
    let text =
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      + "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n"
    let path = server.path
    let answer = try await onThread {
      let socket = try RawSocket(path)
      for byte in text.utf8 { try socket.send([byte]) }
      return try socket.readToEnd()
    }
    #expect(answer.hasSuffix("POST /x abcde"))
  }

  @Test("asks for the body when the client waits to be asked")
  func expectContinue() async throws {
    let server = try TestServer { echo($0) }
    let path = server.path
    let answer = try await onThread {
      let socket = try RawSocket(path)
      try socket.send(
        "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
      )
      let first = try socket.read(until: "\r\n\r\n")
      try socket.send("ok")
      return try first + socket.readToEnd()
    }
    #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("PUT /x ok"))
  }

  @Test("sends the head of an answer, but no body, for HEAD")
  func head() async throws {
    let server = try TestServer { echo($0) }
    let answer = try await server.exchange("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(answer.contains("content-length: 8\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n"))
  }

  @Test("answers 500 rather than send a header that breaks out of its line")
  func headerInjection() async throws {
    let server = try TestServer { _ in
      HTTPResponse(status: 200, headers: HTTPHeaders([("x-name", "a\r\nset-cookie: b")]))
    }
    #expect(try await server.status(of: "GET / HTTP/1.1\r\nHost: x\r\n\r\n") == 500)
  }

  @Test("serves a client that closes its sending half and waits")
  func halfClose() async throws {
    let gate = Gate()
    let server = try TestServer { request in
      await gate.wait()
      return echo(request)
    }
    let path = server.path
    let answer = try await onThread {
      let socket = try RawSocket(path)
      try socket.send("GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
      socket.endSending()
      gate.open()
      return try socket.readToEnd()
    }
    #expect(answer.hasSuffix("GET /half "))
  }

  @Test("cancels the handler of a client that left")
  func clientLeaves() async throws {
    let started = Gate()
    let cancelled = Gate()
    let server = try TestServer { request in
      await withTaskCancellationHandler {
        started.open()
        await cancelled.wait()
      } onCancel: {
        cancelled.open()
      }
      return echo(request)
    }
    let path = server.path
    let socket = try await onThread {
      let socket = try RawSocket(path)
      try socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      return socket
    }
    await started.wait()
    shutdown(socket.descriptor, Int32(SHUT_RDWR))
    await cancelled.wait()
    withExtendedLifetime(server) {}
  }
}
