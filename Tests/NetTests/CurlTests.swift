import Foundation
import Synchronization
import Testing

@testable import Net

/// Allows the loopback address, as a connection's `egress` would.
let loopbackOnly = Egress(allow: ["127.0.0.0/8"].compactMap { CIDR($0) })

func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }

func get(_ url: String, _ change: (inout OutgoingRequest) -> Void) -> OutgoingRequest {
  var request = OutgoingRequest("GET", url, egress: loopbackOnly)
  change(&request)
  return request
}

func failure(_ client: CurlClient, _ request: OutgoingRequest) async -> NetError? {
  do throws(NetError) {
    _ = try await client.perform(request)
    return nil
  } catch {
    return error
  }
}

@Suite("The client for other servers", .timeLimit(.minutes(1)))
struct CurlTests {
  @Test("sends method, headers and body, and returns the answer whole")
  func roundTrip() async throws {
    let server = try TestServer { request in
      var response = echo(request)
      response.headers.add("x-agent", request.headers["user-agent"] ?? "")
      response.headers.add("x-own", request.headers["x-own"] ?? "")
      return response
    }
    let client = try CurlClient(version: "9.9")
    let request = OutgoingRequest(
      "PUT", server.url + "/a b?c=ã", headers: HTTPHeaders([("X-Own", "1")]), body: Array("data".utf8),
      egress: loopbackOnly)
    let response = try await client.perform(request)
    #expect(response.status == 200)
    #expect(text(response.body) == "PUT /a%20b?c=%c3%a3 data")
    #expect(response.headers["x-agent"] == "Esteira/9.9")
    #expect(response.headers["x-own"] == "1")
    #expect(response.size == response.body.count)
    await client.stop()
  }

  @Test(
    "refuses a loopback address that no rule allows, however it is written",
    arguments: [
      "127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0",
    ])
  func refusesLoopback(host: String) async throws {
    let server = try TestServer { echo($0) }
    let client = try CurlClient(version: "1")
    let url = "http://\(host):\(server.server.port ?? 0)/"
    let error = await failure(client, OutgoingRequest("GET", url))
    guard case .refusedAddress(let address, _) = error else {
      Issue.record("\(host): \(String(describing: error))")
      return
    }
    #expect(AddressScope(address) != .global)
    #expect(server.server.counts.connections == 0)
  }

  @Test("does not lend a kept connection to a request whose rules refuse its address")
  func keptConnection() async throws {
    let server = try TestServer { echo($0) }
    let client = try CurlClient(version: "1")
    _ = try await client.perform(OutgoingRequest("GET", server.url, egress: loopbackOnly))
    _ = try await client.perform(OutgoingRequest("GET", server.url, egress: loopbackOnly))
    #expect(server.server.counts.connections == 1)
    await #expect(throws: NetError.refusedAddress(address: .loopback, host: "127.0.0.1")) {
      _ = try await client.perform(OutgoingRequest("GET", server.url))
    }
    #expect(server.server.counts.requests == 2)
  }

  @Test("refuses an address that a redirect leads to")
  func redirectToPrivate() async throws {
    let server = try TestServer { _ in
      HTTPResponse(status: 302, headers: HTTPHeaders([("location", "http://192.0.2.1/secret")]))
    }
    let client = try CurlClient(version: "1")
    let metadata = try #require(IPAddress("192.0.2.1"))
    await #expect(throws: NetError.refusedAddress(address: metadata, host: "192.0.2.1")) {
      _ = try await client.perform(OutgoingRequest("GET", server.url, egress: loopbackOnly))
    }
  }

  @Test("follows redirects up to the bound and says where it ended")
  func redirects() async throws {
    let server = try TestServer { request in
      let step = Int(request.path.dropFirst()) ?? 0
      if step == 0 { return echo(request) }
      return HTTPResponse(status: 307, headers: HTTPHeaders([("location", "/\(step - 1)")]))
    }
    let client = try CurlClient(version: "1")
    let good = OutgoingRequest("POST", server.url + "/5", body: Array("x".utf8), egress: loopbackOnly)
    let response = try await client.perform(good)
    #expect(text(response.body) == "POST /0 x")
    #expect(response.redirects.count == 5)
    #expect(response.url == server.url + "/0")
    await #expect(throws: NetError.tooManyRedirects(limit: 5)) {
      _ = try await client.perform(OutgoingRequest("GET", server.url + "/6", egress: loopbackOnly))
    }
    var unfollowed = OutgoingRequest("GET", server.url + "/1", egress: loopbackOnly)
    unfollowed.maxRedirects = 0
    #expect(try await client.perform(unfollowed).status == 307)
  }

  @Test("ends an answer that is too large, with and without a length", arguments: [true, false])
  func tooLarge(withLength: Bool) async throws {
    let server = try TestServer { _ in
      let stream = HTTPStream(.finite, length: withLength ? 10_000 : nil) { writer in
        for _ in 0..<10 { try await writer.write([UInt8](repeating: 65, count: 1_000)) }
      }
      return HTTPResponse(status: 200, body: .stream(stream))
    }
    let client = try CurlClient(version: "1")
    let error = await failure(client, get(server.url) { $0.maxResponseBytes = 9_999 })
    #expect(error == .tooLarge(limit: 9_999))
    let response = try await client.perform(get(server.url) { $0.maxResponseBytes = 10_000 })
    #expect(response.size == 10_000)
  }

  @Test("hands 8 MB to a slow sink in order, and holds the sender back meanwhile")
  func sink() async throws {
    let produced = Atomic(0)
    let server = try TestServer { _ in
      let stream = HTTPStream(.finite) { writer in
        for index in 0..<128 {
          try await writer.write([UInt8](repeating: UInt8(index), count: 64 << 10))
          produced.store(index + 1, ordering: .relaxed)
        }
      }
      return HTTPResponse(status: 200, body: .stream(stream))
    }
    let client = try CurlClient(version: "1")
    let bytes = Mutex<[UInt8]>([])
    let response = try await client.perform(OutgoingRequest("GET", server.url, egress: loopbackOnly)) {
      more in
      await Task.yield()
      bytes.withLock { $0 += more }
    }
    #expect(response.body.isEmpty)
    #expect(response.size == 8 << 20)
    let expected = (0..<128).flatMap { [UInt8](repeating: UInt8($0), count: 64 << 10) }
    #expect(bytes.withLock { $0 == expected })
  }

  @Test("passes the sink's own failure on and ends the request")
  func sinkFails() async throws {
    struct DiskFull: Error {}
    let server = try TestServer { echo($0) }
    let client = try CurlClient(version: "1")
    await #expect(throws: NetError.sink("DiskFull()")) {
      _ = try await client.perform(OutgoingRequest("GET", server.url, egress: loopbackOnly)) { _ in
        throw DiskFull()
      }
    }
  }

  @Test("ends at once when its task is cancelled")
  func cancellation() async throws {
    let arrived = Gate()
    let left = Gate()
    let server = try TestServer { request in
      await withTaskCancellationHandler {
        arrived.open()
        await left.wait()
      } onCancel: {
        left.open()
      }
      return echo(request)
    }
    let client = try CurlClient(version: "1")
    let url = server.url
    let task = Task { try await client.perform(OutgoingRequest("GET", url, egress: loopbackOnly)) }
    await arrived.wait()
    task.cancel()
    await #expect(throws: NetError.cancelled) { _ = try await task.value }
    left.open()
  }

  @Test("gives up a silent server after the whole time")
  func totalTimeout() async throws {
    let gate = Gate()
    let server = try TestServer { request in
      await gate.wait()
      return echo(request)
    }
    let client = try CurlClient(version: "1")
    let error = await failure(client, get(server.url) { $0.totalTimeout = .milliseconds(300) })
    #expect(error == .timeout(.total))
    gate.open()
  }

  @Test("answers 200 requests at once, each with its own answer")
  func concurrent() async throws {
    let server = try TestServer { echo($0) }
    let client = try CurlClient(version: "1")
    let url = server.url
    let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for index in 0..<200 {
        group.addTask {
          let request = OutgoingRequest(
            "POST", "\(url)/\(index)", body: Array("b\(index)".utf8), egress: loopbackOnly)
          return (index, text(try await client.perform(request).body))
        }
      }
      return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    #expect(answers.count == 200)
    #expect((0..<200).allSatisfy { answers[$0] == "POST /\($0) b\($0)" })
  }

  @Test("says that nobody listens, and that nothing was sent")
  func connect() async throws {
    let taken = try TakenPort()
    let client = try CurlClient(version: "1")
    do {
      let url = "http://127.0.0.1:\(taken.port)/"
      _ = try await client.perform(OutgoingRequest("GET", url, egress: loopbackOnly))
      Issue.record("a port at which nobody listens answered")
    } catch {
      guard case .connect = error else { throw error }
      #expect(error.isSurelyUnsent)
    }
  }

  @Test("says that a name has no address")
  func resolve() async throws {
    let client = try CurlClient(version: "1")
    await #expect(throws: NetError.resolve(host: "no-such-host.invalid")) {
      _ = try await client.perform(OutgoingRequest("GET", "http://no-such-host.invalid/"))
    }
  }

  @Test("calls a broken handshake what it is, and verifies always")
  func tls() async throws {
    let server = try TestServer { echo($0) }
    let client = try CurlClient(version: "1")
    do {
      let url = server.url.replacingOccurrences(of: "http:", with: "https:")
      _ = try await client.perform(OutgoingRequest("GET", url, egress: loopbackOnly))
      Issue.record("a server without TLS was taken")
    } catch {
      guard case .tls = error else { throw error }
      #expect(error.isSurelyUnsent)
    }
  }

  @Test("refuses other schemes, passwords and headers that break out of their line")
  func invalid() async throws {
    let client = try CurlClient(version: "1")
    for url in [
      "file:///etc/passwd", "gopher://x/", "ftp://x/", "http://u:p@x/", "http://", "x", "http://a\r\nb/",
    ] {
      do {
        _ = try await client.perform(OutgoingRequest("GET", url))
        Issue.record("\(url) was taken")
      } catch {
        guard case .invalidURL = error else { throw error }
        #expect(!"\(error)".contains("u:p"))
      }
    }
    await #expect(throws: NetError.self) {
      let headers = HTTPHeaders([("x", "a\r\nhost: b")])
      _ = try await client.perform(OutgoingRequest("GET", "http://x/", headers: headers))
    }
  }

  @Test("ends what waits when it is stopped, and refuses what comes later")
  func stop() async throws {
    let arrived = Gate()
    let gate = Gate()
    let server = try TestServer { request in
      arrived.open()
      await gate.wait()
      return echo(request)
    }
    let client = try CurlClient(version: "1")
    let url = server.url
    let task = Task { try await client.perform(OutgoingRequest("GET", url, egress: loopbackOnly)) }
    await arrived.wait()
    await client.stop()
    await #expect(throws: NetError.stopped) { _ = try await task.value }
    await #expect(throws: NetError.stopped) {
      _ = try await client.perform(OutgoingRequest("GET", url, egress: loopbackOnly))
    }
    gate.open()
  }
}

@Suite("A redirect")
struct RedirectTests {
  private func hop(_ method: String, _ url: String) throws -> Hop {
    let headers = HTTPHeaders([
      ("authorization", "Bearer t"), ("cookie", "c"), ("x-api-key", "k"), ("accept", "a"),
      ("content-type", "t"),
    ])
    return try Hop(OutgoingRequest(method, url, headers: headers, body: method == "GET" ? nil : [1]))
  }

  @Test(
    "keeps or changes the method as the standard says",
    arguments: [
      (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"),
      (308, "POST", "POST"),
      (301, "PUT", "PUT"), (302, "DELETE", "DELETE"), (303, "PUT", "GET"), (303, "HEAD", "HEAD"),
      (301, "GET", "GET"),
    ])
  func method(status: Int, before: String, after: String) throws {
    let next = try Redirect.next(hop(before, "http://a.example/x"), status, to: "/y")
    #expect(next.method == after)
    #expect(next.url.text == "http://a.example/y")
    #expect((next.body == nil) == (after == "GET" || (before == after && before == "GET")))
    #expect(next.headers["authorization"] == "Bearer t")
  }

  @Test(
    "leaves credentials behind when scheme, host or port change",
    arguments: [
      "https://a.example/", "http://b.example/", "http://a.example:81/", "//b.example/",
    ])
  func origin(location: String) throws {
    let next = try Redirect.next(hop("GET", "http://a.example/x"), 302, to: location)
    #expect(next.headers.fields.map(\.name) == ["accept", "content-type"])
  }

  @Test("never leads from https to http, nor to another scheme")
  func downgrade() throws {
    for location in ["http://a.example/", "file:///etc/passwd", "ftp://a/", "https://u:p@b/"] {
      #expect(throws: NetError.self) {
        try Redirect.next(hop("GET", "https://a.example/"), 302, to: location)
      }
    }
  }
}
