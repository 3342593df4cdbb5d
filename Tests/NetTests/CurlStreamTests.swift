import Testing

@testable import Net

@Suite("An answer that is read while it comes", .timeLimit(.minutes(1)))
struct CurlStreamTests {
  @Test("its head and first bytes are there before its end")
  func streams() async throws {
    let isRead = Gate()
    let server = try TestServer { _ in
      let stream = HTTPStream(.finite) { writer in
        try await writer.write(Array("one".utf8))
        await isRead.wait()
        try await writer.write(Array("two".utf8))
      }
      return HTTPResponse(status: 202, body: .stream(stream))
    }
    let client = try CurlClient(version: "1")
    let stream = try await client.open(OutgoingRequest("GET", server.url, egress: loopbackOnly))
    #expect(stream.status == 202)
    #expect(try await stream.next().map(text) == "one")
    isRead.open()
    var rest = ""
    while let bytes = try await stream.next() { rest += text(bytes) }
    #expect(rest == "two")
    await client.stop()
  }

  @Test("a redirect is the answer, and an address that no rule allows is refused")
  func limits() async throws {
    let server = try TestServer { _ in
      HTTPResponse(status: 302, headers: HTTPHeaders([("location", "https://other.example/")]))
    }
    let client = try CurlClient(version: "1")
    let stream = try await client.open(OutgoingRequest("GET", server.url, egress: loopbackOnly))
    #expect(stream.status == 302)
    await #expect(throws: NetError.refusedAddress(address: .loopback, host: "127.0.0.1")) {
      _ = try await client.open(OutgoingRequest("GET", server.url))
    }
    await client.stop()
  }
}
