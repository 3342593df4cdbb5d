import Crypto
import Foundation
import Synchronization
import Testing

@testable import Net

/// A store that answers by a plan, one answer a request, and keeps what it was asked.
private final class PlannedStore: Sendable {
  private final class Plan: Sendable {
    let answers: Mutex<[HTTPResponse]>
    let asked = Mutex<[HTTPRequest]>([])
    init(_ answers: [HTTPResponse]) { self.answers = Mutex(answers) }

    func next(_ request: HTTPRequest) -> HTTPResponse {
      asked.withLock { $0.append(request) }
      return answers.withLock { $0.isEmpty ? HTTPResponse(status: 400) : $0.removeFirst() }
    }
  }

  let server: TestServer
  let curl: CurlClient
  private let plan: Plan
  private let pauses = Pauses()

  private final class Pauses: Sendable { let all = Mutex<[Duration]>([]) }

  init(_ answers: HTTPResponse...) throws {
    let plan = Plan(answers)
    server = try TestServer { plan.next($0) }
    curl = try CurlClient(version: "test")
    self.plan = plan
  }

  var asked: [HTTPRequest] { plan.asked.withLock { $0 } }
  var lines: [String] { asked.map { "\($0.method) \($0.target)" } }
  var paused: [Duration] { pauses.all.withLock { $0 } }

  func client(
    _ service: S3Place.Service = .minio, host: String? = nil, _ change: (inout S3Place) -> Void = { _ in }
  ) throws -> S3Client {
    let url = host.map { "http://\($0):\(server.server.port ?? 0)" } ?? server.url
    var place = try S3Place(
      service, endpoint: url, region: nil, keyID: "id", secret: "secret", token: nil)
    place.egress = loopbackOnly
    change(&place)
    return S3Client(
      place, curl: curl, now: { 1_369_353_600 },
      pause: { [pauses] duration in pauses.all.withLock { $0.append(duration) } })
  }
}

private func answer(_ status: Int, _ headers: [(String, String)] = [], _ body: String = "") -> HTTPResponse {
  HTTPResponse(status: status, headers: HTTPHeaders(headers), body: .bytes(Array(body.utf8)))
}

private func error(_ status: Int, _ code: String) -> HTTPResponse {
  answer(status, [], "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>No.</Message></Error>")
}

/// The fault that `work` ends with; nil if it does not, or ends with another error.
private func fault(_ work: () async throws -> some Sendable) async -> S3Fault? {
  do {
    _ = try await work()
    return nil
  } catch { return error as? S3Fault }
}

@Suite("A client of S3", .timeLimit(.minutes(1)))
struct S3ClientTests {
  private let labels = S3Labels(contentType: "text/plain", metadata: [("run_id", "r1"), ("who", "Ação")])
  private var name: S3Name {
    get throws { try #require(S3Name(bucket: "gold", key: "d/a b+ç~.json")) }
  }

  @Test("puts bytes with their hash, type and metadata, under one signature")
  func put() async throws {
    let store = try PlannedStore(answer(200))
    try await store.client().put(name, .bytes(Array("text".utf8)), labels)
    let request = try #require(store.asked.first)
    #expect(request.method == "PUT" && request.target == "/gold/d/a%20b%2B%C3%A7~.json")
    #expect(request.body == Array("text".utf8))
    #expect(request.headers["x-amz-content-sha256"] == SHA256.hex(Array("text".utf8)))
    #expect(request.headers["content-type"] == "text/plain")
    #expect(request.headers["x-amz-meta-run_id"] == "r1")
    #expect(request.headers["x-amz-meta-who"] == "=?UTF-8?B?QcOnw6Nv?=")
    let line = try #require(request.headers["authorization"])
    #expect(line.hasPrefix("AWS4-HMAC-SHA256 Credential=id/20130524/us-east-1/s3/aws4_request, "))
    for name in ["content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-meta-run_id"] {
      #expect(line.contains(name), "\(name) is not signed.")
    }
  }

  @Test("asks in the bucket's own host where the service wants it")
  func hostStyle() async throws {
    let store = try PlannedStore(answer(200))
    // Names below localhost are the loopback address to libcurl.
    let client = try store.client(host: "localhost") { place in
      place.usesHostStyle = true
      place.egress = Egress(allow: ["127.0.0.0/8", "::1/128"].compactMap { CIDR($0) })
    }
    _ = try await client.facts(name)
    let request = try #require(store.asked.first)
    #expect(request.target == "/d/a%20b%2B%C3%A7~.json")
    #expect(request.headers["host"] == "gold.localhost:\(store.server.server.port ?? 0)")
  }

  @Test("has the settings of each service")
  func services() throws {
    let aws = try S3Place(.aws, endpoint: nil, region: "sa-east-1", keyID: "", secret: "", token: nil)
    #expect(aws.endpoint.text == "https://s3.sa-east-1.amazonaws.com/" && aws.usesHostStyle)
    #expect(aws.address("b", "k").host == "b.s3.sa-east-1.amazonaws.com")
    let r2 = try S3Place(
      .r2, endpoint: "https://a.r2.cloudflarestorage.com", region: nil, keyID: "", secret: "", token: nil)
    #expect(r2.region == "auto" && !r2.usesHostStyle && r2.hasConditionalPut)
    let swift = try S3Place(.swift, endpoint: "http://h:1", region: nil, keyID: "", secret: "", token: nil)
    #expect(!swift.hasConditionalPut && swift.host == "h:1")
    for (service, endpoint) in [(S3Place.Service.aws, nil), (.r2, nil), (.other, "http://h/path")] {
      #expect(throws: NetError.self) {
        try S3Place(service, endpoint: endpoint, region: nil, keyID: "", secret: "", token: nil)
      }
    }
  }

  @Test("tries again what fails for a moment, with longer pauses, and not for ever")
  func retries() async throws {
    let busy = error(503, "SlowDown")
    let store = try PlannedStore(busy, error(500, "InternalError"), answer(200), busy, busy, busy, busy)
    let client = try store.client()
    try await client.put(name, .bytes([]), labels)
    #expect(store.asked.count == 3)
    #expect(store.paused == [.milliseconds(200), .milliseconds(800)])
    let found = await fault { try await client.put(try name, .bytes([]), labels) }
    #expect(found == .refused(status: 503, code: "SlowDown", message: "No.", retryAfter: nil))
    #expect(store.asked.count == 3 + S3Client.tries)
  }

  @Test("does not wait for longer than it may, and tells how long was asked for")
  func longWait() async throws {
    let store = try PlannedStore(answer(503, [("retry-after", "600")]))
    let client = try store.client()
    let found = await fault { try await client.facts(name) }
    #expect(found?.retryAfter == .seconds(600) && store.asked.count == 1)
  }

  @Test("says which clock is wrong, and by how much")
  func skew() async throws {
    let store = try PlannedStore(error(403, "RequestTimeTooSkewed"))
    let client = try store.client()
    let found = await fault { try await client.ask(bucket: "gold") }
    // The server's date is of today, and the client's clock of 2013.
    guard case .clock(let ahead) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(ahead < 0 && found?.description.contains("behind") == true)
  }

  @Test("says where a bucket lies that is elsewhere")
  func region() async throws {
    let store = try PlannedStore(answer(301, [("x-amz-bucket-region", "eu-west-1")]))
    let client = try store.client()
    let found = await fault { try await client.ask(bucket: "gold") }
    #expect(found == .otherRegion("eu-west-1"))
  }

  @Test("does not take a copy for made whose answer says 200 and Error")
  func brokenCopy() async throws {
    let half = answer(200, [], "<Error><Code>InternalError</Code></Error>")
    let store = try PlannedStore(half, answer(200, [], "<CopyObjectResult></CopyObjectResult>"))
    try await store.client().copy(name, to: try #require(S3Name(bucket: "b2b", key: "k")))
    #expect(store.lines == ["PUT /b2b/k", "PUT /b2b/k"])
    #expect(store.asked.last?.headers["x-amz-copy-source"] == "/gold/d/a%20b%2B%C3%A7~.json")
  }

  @Test("lists page by page, with keys that XML cannot hold")
  func list() async throws {
    func page(_ keys: [String], next: String?) -> HTTPResponse {
      let rows = keys.map { "<Contents><Key>\($0)</Key><Size>3</Size><Owner><ID>x</ID></Owner></Contents>" }
      let more = next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
      return answer(
        200, [],
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
          + "<IsTruncated>\(next != nil)</IsTruncated>\(more)\(rows.joined())</ListBucketResult>")
    }
    let store = try PlannedStore(page(["a%01b", "c+d"], next: "t/1"), page(["e%2Bf"], next: nil))
    let found = try await store.client().list("gold", prefix: "", after: "A", limit: 10)
    #expect(found.entries.map(\.key) == ["a\u{1}b", "c d", "e+f"] && !found.isTruncated)
    #expect(store.asked.count == 2 && store.lines[1].contains("continuation-token=t%2F1"))
    #expect(store.lines[0].contains("start-after=A") && store.lines[0].contains("max-keys=11"))
    let page = try PlannedStore(page(["a", "b", "c"], next: nil))
    let cut = try await page.client().list("gold", prefix: "", after: nil, limit: 2)
    #expect(cut.entries.count == 2 && cut.isTruncated)
  }

  @Test("asks for an empty place only of stores that look")
  func conditional() async throws {
    let store = try PlannedStore(answer(200), error(412, "PreconditionFailed"))
    try await store.client().put(name, .bytes([]), labels, ifAbsent: true)
    #expect(store.asked.last?.headers["if-none-match"] == "*")
    let (taken, blind) = (try store.client(), try store.client(.swift))
    let found = await fault {
      try await taken.put(try name, .bytes([]), labels, ifAbsent: true)
    }
    #expect(found?.isTaken == true)
    let refused = await fault {
      try await blind.put(try name, .bytes([]), labels, ifAbsent: true)
    }
    #expect(refused == .noConditionalPut && store.asked.count == 2)
  }

  @Test(
    "has no key or bucket that would lead elsewhere in a URL",
    arguments: [
      ("b", "k"), ("bucket", ""), ("bucket", ".."), ("bucket", "a/./b"), ("bucket", "a/../b"),
      ("bucket", "a\n"), ("bucket/x", "k"), ("a..b", "k"), (".abc", "k"), ("bücket", "k"),
      ("bucket", String(repeating: "k", count: 1_025)),
    ])
  func names(bucket: String, key: String) { #expect(S3Name(bucket: bucket, key: key) == nil) }
}

@Suite("An upload in parts", .timeLimit(.minutes(1)))
struct S3UploadTests {
  private let labels = S3Labels(contentType: "x/y", metadata: [("sha256", "h")])
  private let begun = answer(
    200, [],
    "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>")

  private func file(_ folder: TemporaryFolder) throws -> S3Body {
    let bytes = [UInt8](repeating: 1, count: 10) + [UInt8](repeating: 2, count: 10) + [3]
    try Data(bytes).write(to: URL(filePath: folder("big")))
    return .file(path: folder("big"), size: 21, sha256: SHA256.hex(bytes))
  }

  private func part(_ tag: String) -> HTTPResponse { answer(200, [("etag", tag)]) }

  @Test("sends each part with its own hash, and their tags at the end")
  func whole() async throws {
    let folder = try TemporaryFolder()
    let done = answer(
      200, [], "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")
    let store = try PlannedStore(begun, part("\"a&1\""), error(500, ""), part("b"), part("c"), done)
    let client = try store.client { $0.partSize = 10 }
    try await client.put(try #require(S3Name(bucket: "gold", key: "k")), file(folder), labels)
    #expect(
      store.lines == [
        "POST /gold/k?uploads=", "PUT /gold/k?partNumber=1&uploadId=u%2F1",
        "PUT /gold/k?partNumber=2&uploadId=u%2F1", "PUT /gold/k?partNumber=2&uploadId=u%2F1",
        "PUT /gold/k?partNumber=3&uploadId=u%2F1", "POST /gold/k?uploadId=u%2F1",
      ])
    try #require(store.asked.count == 6)
    #expect(store.asked[0].headers["x-amz-meta-sha256"] == "h")
    #expect(store.asked[3].body == [UInt8](repeating: 2, count: 10))
    #expect(store.asked[3].headers["x-amz-content-sha256"] == SHA256.hex(store.asked[3].body))
    #expect(store.asked[4].body == [3])
    let sent = String(decoding: store.asked[5].body, as: UTF8.self)
    #expect(sent.contains("<PartNumber>1</PartNumber><ETag>&quot;a&amp;1&quot;</ETag>"))
  }

  @Test("is taken back where a part is refused")
  func abort() async throws {
    let folder = try TemporaryFolder()
    let store = try PlannedStore(begun, part("a"), error(403, "AccessDenied"), answer(204))
    let client = try store.client { $0.partSize = 10 }
    let body = try file(folder)
    let found = await fault {
      try await client.put(try #require(S3Name(bucket: "gold", key: "k")), body, labels)
    }
    guard case .refused(403, "AccessDenied", _, _) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(store.lines.last == "DELETE /gold/k?uploadId=u%2F1")
  }

  @Test("is done where only the answer to its end was lost")
  func lostAnswer() async throws {
    let folder = try TemporaryFolder()
    let body = try file(folder)
    guard case .file(_, _, let sha256) = body else { return }
    let there = answer(200, [("x-amz-meta-sha256", sha256)])
    let store = try PlannedStore(
      begun, part("a"), part("b"), part("c"), error(500, ""), error(404, "NoSuchUpload"), there)
    try await store.client { $0.partSize = 10 }
      .put(try #require(S3Name(bucket: "gold", key: "k")), body, labels)
    #expect(store.lines.last == "HEAD /gold/k")
  }

  @Test("of a file that becomes shorter meanwhile is taken back, and says so")
  func shorter() async throws {
    let folder = try TemporaryFolder()
    guard case .file(let path, _, let sha256) = try file(folder) else { return }
    let store = try PlannedStore(begun, part("a"), part("b"), part("c"), answer(204))
    let client = try store.client { $0.partSize = 10 }
    let found = await fault {
      try await client.put(
        try #require(S3Name(bucket: "gold", key: "k")), .file(path: path, size: 30, sha256: sha256), labels)
    }
    guard case .network(.invalidRequest) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(store.asked.last?.method == "DELETE")
  }
}
