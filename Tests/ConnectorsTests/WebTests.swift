import Crypto
import Engine
import Foundation
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// A server on the loopback address, and what it was asked.
final class Site: Sendable {
  let server: HTTPServer
  let client: CurlClient
  var url: String { "http://127.0.0.1:\(server.port ?? 0)" }

  init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) throws {
    let seen = SeenRequests()
    client = try CurlClient(version: "test")
    server = try HTTPServer(.tcp(.loopback, port: 0)) { request in
      seen.list.withLock { $0.append(request) }
      return answer(request)
    }
    self.requests = seen
  }

  private let requests: SeenRequests
  var asked: [HTTPRequest] { requests.list.withLock { $0 } }

  func connection(_ credential: String? = nil, base: String? = nil, allow: [String] = ["127.0.0.0/8"])
    -> Connection
  {
    Connection(
      namespace: "demo", name: "site", kind: "http", address: ["url": .string(base ?? url)],
      allowedEgress: allow,
      credential: credential)
  }

  func stop() async {
    await client.stop()
    await server.stop(grace: .zero)
  }
}

private final class SeenRequests: Sendable {
  let list = Mutex<[HTTPRequest]>([])
}

@Suite("On the web", .timeLimit(.minutes(1)))
struct WebTests {
  @Test("a request carries query, headers, body, key and credential, and its JSON answer is a value")
  func request() async throws {
    let bench = try Bench()
    let site = try Site { _ in
      HTTPResponse(status: 201, type: "application/json; charset=utf-8", Array("{\"a\":1.0}".utf8))
    }
    let with: JSON = [
      "method": "POST", "path": "/x", "query": ["q": "a b&", "n": [1, 2]], "headers": ["X-A": "1"],
      "json": ["k": "é"],
    ]
    let attempt = bench.attempt(
      with, effect: .keyed, connection: site.connection("c"),
      credential: Credential(name: "c", type: "bearer", values: [("token", Secret("t0ken"))]))
    let value = try await HTTPRequestConnector(client: site.client).execute(attempt).value
    #expect(value["status"] == 201)
    #expect(value["body"] == ["a": 1.0])
    let request = try #require(site.asked.first)
    #expect(request.target == "/x?q=a%20b%26&n=1&n=2")
    #expect(request.method == "POST")
    #expect(String(decoding: request.body, as: UTF8.self) == "{\"k\":\"é\"}")
    #expect(request.headers["authorization"] == "Bearer t0ken")
    #expect(request.headers["idempotency-key"] == "k1")
    #expect(request.headers["traceparent"] == attempt.traceParent.header)
    #expect(request.headers["x-a"] == "1")
    #expect(request.headers["content-type"] == "application/json")
    await site.stop()
  }

  @Test(
    "a status means what happens next",
    arguments: [
      (404, ErrorClass.data), (400, .data), (401, .credential), (403, .credential), (408, .transient),
      (429, .rateLimited), (500, .transient), (503, .transient),
    ])
  func statuses(status: Int, errorClass: ErrorClass) async throws {
    let bench = try Bench()
    let site = try Site { _ in
      var headers = HTTPHeaders()
      headers.add("retry-after", "7")
      return HTTPResponse(status: status, headers: headers)
    }
    let found = await failure { () async throws(Failure) in
      try await HTTPRequestConnector(client: site.client).execute(
        bench.attempt(["path": "/p?token=x"], effect: .pure, connection: site.connection()))
    }
    #expect(found?.errorClass == errorClass && found?.code == "http-status")
    #expect(found?.message.hasPrefix("GET \(site.url)/p answered \(status)") == true)
    #expect(found?.retryAfter == .seconds(7))
    let expected = try await HTTPRequestConnector(client: site.client).execute(
      bench.attempt(["expect": [.int(Int64(status))]], effect: .pure, connection: site.connection()))
    #expect(expected.value["status"] == .int(Int64(status)))
    await site.stop()
  }

  @Test("a private address is refused without an allowance, also behind a redirect")
  func egress() async throws {
    let bench = try Bench()
    let site = try Site { request in
      var headers = HTTPHeaders()
      headers.add("location", "http://169.254.169.254/latest")
      return request.path == "/away" ? HTTPResponse(status: 302, headers: headers) : HTTPResponse(status: 200)
    }
    let request = HTTPRequestConnector(client: site.client)
    let cases: [(JSON, Connection?)] = [
      (["url": .string(site.url)], nil), (["path": "/"], site.connection(allow: [])),
      (["path": "/away"], site.connection()),
    ]
    for (with, connection) in cases {
      let found = await failure { () async throws(Failure) in
        try await request.execute(bench.attempt(with, effect: .pure, connection: connection))
      }
      #expect(found?.errorClass == .configuration && found?.code == "egress-refused", "\(with.text)")
    }
    #expect(site.asked.map(\.path) == ["/away"])
    await site.stop()
  }

  @Test("a credential goes only where its connection leads")
  func foreignURL() async throws {
    let bench = try Bench()
    let site = try Site { _ in HTTPResponse(status: 200) }
    let found = await failure { () async throws(Failure) in
      try await HTTPRequestConnector(client: site.client).execute(
        bench.attempt(["url": "https://example.com/"], effect: .pure, connection: site.connection()))
    }
    #expect(found?.code == "foreign-url")
    #expect(site.asked.isEmpty)
    await site.stop()
  }

  @Test("a request that is cancelled ends soon")
  func cancel() async throws {
    let bench = try Bench()
    let (reached, tell) = AsyncStream<Void>.makeStream()
    let client = try CurlClient(version: "test")
    let server = try HTTPServer(.tcp(.loopback, port: 0)) { _ in
      tell.yield()
      // Ends when the test stops the server.
      try? await Task.sleep(for: .seconds(30))
      return HTTPResponse(status: 200)
    }
    let connection = Connection(
      namespace: "demo", name: "s", kind: "http",
      address: ["url": .string("http://127.0.0.1:\(server.port ?? 0)")],
      allowedEgress: ["127.0.0.1/32"])
    let running = Task {
      await failure { () async throws(Failure) in
        try await HTTPRequestConnector(client: client).execute(
          bench.attempt(["method": "POST"], connection: connection))
      }
    }
    for await _ in reached { break }
    running.cancel()
    let found = await running.value
    #expect(found?.errorClass == .cancelled && found?.code == "unknown")
    await client.stop()
    await server.stop(grace: .zero)
  }

  @Test("a download becomes an artifact, and its rows are read where asked")
  func download() async throws {
    let bench = try Bench()
    let bytes = Array("nome;valor\r\nS\u{E3}o;1\r\n".unicodeScalars.map { UInt8($0.value) })
    let site = try Site { _ in HTTPResponse(status: 200, type: "text/csv; charset=ISO-8859-1", bytes) }
    let result = try await HTTPDownload(client: site.client).execute(
      bench.attempt(["path": "/d/t%20b.csv", "parse": "csv"], effect: .pure, connection: site.connection()))
    let handle = try #require(result.artifacts.first)
    #expect(handle.name == "t b.csv" && handle.sha256 == SHA256.hex(bytes) && handle.mediaType == "text/csv")
    #expect(bench.bytes(of: handle) == bytes)
    #expect(result.value["artifact"] == handle.json)
    #expect(result.value["rows"] == [["nome": "São", "valor": "1"]])
    let found = await failure { () async throws(Failure) in
      try await HTTPDownload(client: site.client).execute(
        bench.attempt(["path": "/", "max_size": 5], effect: .pure, connection: site.connection()))
    }
    #expect(found?.errorClass == .outputTooLarge)
    await site.stop()
  }

  @Test("a webhook is signed over exactly its bytes, the same id each time, and never sent unsigned")
  func webhook() async throws {
    let bench = try Bench()
    let site = try Site { _ in HTTPResponse(status: 204) }
    let body: JSON = ["z": 1.0, "a": ["é", .null, true]]
    let credential = Credential(name: "c", type: "hmac", values: [("secret", Secret("whsec_c2VjcmV0"))])
    let hook = WebhookSend(client: site.client)
    let attempt = bench.attempt(
      ["path": "/h", "body": body], effect: .keyed, connection: site.connection("c"), credential: credential)
    let value = try await hook.execute(attempt).value
    let request = try #require(site.asked.first)
    #expect(String(decoding: request.body, as: UTF8.self) == #"{"a": ["\u00e9", null, true], "z": 1.0}"#)
    let key = Array("secret".utf8)
    #expect(request.headers["x-signature"] == Hex.encode(HMACSHA256.code(key: key, message: request.body)))
    #expect(request.headers["x-signature-algorithm"] == "HMAC-SHA256")
    #expect(request.headers["webhook-id"] == "k1")
    #expect(request.headers["webhook-timestamp"] == "1760000000")
    let signed = HMACSHA256.code(key: key, message: Array("k1.1760000000.".utf8) + request.body)
    #expect(request.headers["webhook-signature"] == "v1," + Base64.encode(signed))
    #expect(value["status"] == 204 && value["id"] == "k1")
    var bare = attempt
    bare.credential = nil
    let unsigned = bare
    let found = await failure { () async throws(Failure) in try await hook.execute(unsigned) }
    #expect(found?.errorClass == .credential)
    #expect(site.asked.count == 1)
    await site.stop()
  }
}

extension IPAddress {
  fileprivate static let loopback = IPAddress(v4: 0x7F00_0001)
}
