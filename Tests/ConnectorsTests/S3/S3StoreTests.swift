import Crypto
import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

/// The stores of the tests, each started once, and what leads to them.
enum S3Bench {
  /// The real one.
  static let swift: Service? =
    FileManager.default.fileExists(atPath: "/usr/bin/swift-proxy-server") ? Service("swift_store.py") : nil
  /// For conditional puts.
  static let moto: Service? = Service.python("moto", with: "moto[server,s3]==5.2.1")
    .flatMap { Service("moto_store.py", python: $0) }

  static func connection(
    _ service: String, _ url: String, _ more: JSONObject = [:], allow: [String] = ["127.0.0.0/8"]
  ) -> Connection {
    var address = JSONObject([("service", .string(service)), ("endpoint", .string(url))])
    for member in more { address[member.key] = member.value }
    return Connection(
      namespace: "demo", name: "store", kind: "s3", address: .object(address), allowedEgress: allow,
      credential: "key")
  }

  static func credential(_ secret: String = "testing", id: String = "test:tester") -> Credential {
    Credential(
      name: "key", type: "s3",
      values: [("access_key_id", Secret(id)), ("secret_access_key", Secret(secret))])
  }

  /// A bucket of one test.
  static func bucket(
    _ service: Service, _ curl: CurlClient, _ kind: S3Place.Service = .swift
  ) async throws -> String {
    let bucket = "t-\(UUID().uuidString.lowercased().prefix(12))"
    var place = try S3Place(
      kind, endpoint: service.greeting, region: nil, keyID: "test:tester", secret: "testing", token: nil)
    place.egress = Egress(allow: [CIDR("127.0.0.0/8")].compactMap(\.self))
    try await S3Client(
      place, curl: curl, now: { SystemClock().now.microseconds / 1_000_000 },
      pause: { _ in }
    ).makeBucket(bucket)
    return bucket
  }
}

@Suite(
  "An object in S3 (OpenStack Swift)",
  .enabled(if: S3Bench.swift != nil, "OpenStack Swift is absent: scripts/setup.sh tests installs it."),
  .serialized, .timeLimit(.minutes(3)))
struct S3StoreTests {
  private let bench: Bench
  private let swift: Service
  private var curl: CurlClient { bench.client }

  init() throws {
    bench = try Bench(clock: { SystemClock().now })
    swift = try #require(S3Bench.swift)
  }

  private func attempt(
    _ with: JSON, _ more: JSONObject = [:], secret: String = "testing", id: String = "test:tester"
  ) -> Attempt {
    bench.attempt(
      with, effect: .keyed, connection: S3Bench.connection("swift", swift.greeting, more),
      credential: S3Bench.credential(secret, id: id))
  }

  @Test("is written with its hash and metadata, read back, listed, copied and removed, by either family")
  func roundTrip() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    let artifact = bench.keep("a;b", name: "t.csv", mediaType: "text/csv")
    let cases: [(JSON, String, String)] = [
      (["b": [1, 2.0], "a": "é"], "{\"b\":[1,2.0],\"a\":\"é\"}", "application/json"),
      ("text\n", "text\n", "text/plain; charset=utf-8"), (artifact.json, "a;b", "text/csv"), ("", "", "x/y"),
    ]
    let key = "d/1/x y+ç~'\"&<.json"
    for (body, text, type) in cases {
      var with: JSONObject = ["bucket": .string(bucket), "key": .string(key), "body": body]
      with["metadata"] = ["run_id": "r", "published_at": "2026-11-20T09:00:00Z", "who": "Ação  é"]
      if text.isEmpty { with["content_type"] = .string(type) }
      let value = try await S3Put(client: curl).execute(attempt(.object(with))).value
      let sha256 = SHA256.hex(Array(text.utf8))
      #expect(
        value == [
          "bucket": .string(bucket), "key": .string(key), "sha256": .string(sha256),
          "size": .int(Int64(text.utf8.count)), "location": .string("s3://\(bucket)/\(key)"),
        ])
      let place: JSON = ["bucket": .string(bucket), "key": .string(key), "as": "text"]
      for connector in [S3Get(client: curl), ObjectGet(client: curl)] as [any Connector] {
        let got = try await connector.execute(attempt(place)).value
        #expect(got["text"] == .string(text) && got["sha256"] == .string(sha256))
        #expect(got["content_type"] == .string(type))
        #expect(
          got["metadata"]
            == ["published_at": "2026-11-20T09:00:00Z", "run_id": "r", "who": "Ação  é"])
      }
    }
    let copied = try await S3Copy(client: curl).execute(
      attempt(["bucket": .string(bucket), "key": .string(key), "to_key": "copy"])
    ).value
    #expect(copied["sha256"] == .string(SHA256.hex([])) && copied["size"] == 0)
    let list = try await S3List(client: curl).execute(attempt(["bucket": .string(bucket)])).value
    #expect(list["objects"]?.array?.map { $0["key"] ?? .null } == ["copy", .string(key)])
    for expected in [true, false] {
      let gone = try await S3Delete(client: curl).execute(
        attempt(["bucket": .string(bucket), "key": .string(key)])
      ).value
      #expect(gone["deleted"] == .bool(expected))
    }
    let found = await failure { () async throws(Failure) in
      try await S3Get(client: curl).execute(attempt(["bucket": .string(bucket), "key": .string(key)]))
    }
    #expect(found?.code == "object-not-found" && found?.errorClass == .data)
  }

  @Test("that an attempt removed before its node died was there also for the next one")
  func deletedTwice() async throws {
    let (bucket, step) = (try await S3Bench.bucket(swift, curl), try ServiceBench())
    let with: JSON = ["bucket": .string(bucket), "key": "k"]
    _ = try await S3Put(client: curl).execute(
      attempt(["bucket": .string(bucket), "key": "k", "body": "x"]))
    for _ in 1...2 {
      var attempt = attempt(with)
      attempt.services.checkpoints = step.checkpoints
      #expect(try await S3Delete(client: curl).execute(attempt).value["deleted"] == true)
    }
    #expect(try await S3Delete(client: curl).execute(attempt(with)).value["deleted"] == false)
  }

  @Test("is listed page by page, behind a key and below a prefix")
  func pages() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    for number in 0..<7 {
      _ = try await S3Put(client: curl).execute(
        attempt(["bucket": .string(bucket), "key": .string("p/\(number)"), "body": "x"]))
    }
    func keys(_ with: JSONObject) async throws -> JSON {
      var whole = with
      whole["bucket"] = .string(bucket)
      let value = try await S3List(client: curl).execute(attempt(.object(whole))).value
      return [
        .array((value["objects"]?.array ?? []).map { $0["key"] ?? .null }), value["truncated"] ?? .null,
      ]
    }
    #expect(try await keys(["limit": 2]) == [["p/0", "p/1"], true])
    #expect(try await keys(["limit": 7, "after": "p/4"]) == [["p/5", "p/6"], false])
    #expect(try await keys(["prefix": "q"]) == [[], false])
    let found = await failure { () async throws(Failure) in
      try await S3List(client: curl).execute(attempt(["bucket": "no-such-bucket"]))
    }
    #expect(found?.code == "bucket-status" && found?.message.contains("NoSuchBucket") == true)
  }

  @Test("that is large goes in parts and comes back whole")
  func multipart() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    let bytes = (0..<(11 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let artifact = bench.keep(bytes: bytes, name: "big.bin", mediaType: "application/octet-stream")
    let parts: JSONObject = ["part_size": .int(5 << 20)]
    let with: JSON = ["bucket": .string(bucket), "key": "big", "body": artifact.json]
    let put = try await S3Put(client: curl).execute(attempt(with, parts)).value
    #expect(put["size"] == .int(11 << 20) && put["sha256"] == .string(artifact.sha256))
    let got = try await S3Get(client: curl).execute(attempt(["bucket": .string(bucket), "key": "big"]))
    #expect(got.value["sha256"] == .string(artifact.sha256))
    #expect(bench.bytes(of: try #require(got.artifacts.first)) == bytes)
    let text = await failure { () async throws(Failure) in
      try await S3Get(client: curl).execute(
        attempt(["bucket": .string(bucket), "key": "big", "as": "text"]))
    }
    #expect(text?.code == "output-too-large")
  }

  @Test("is opened by a URL until it expires, and by no URL that somebody changed")
  func presigned() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    func url(_ key: String, _ method: String, expires: Int64 = 60) async throws -> String {
      let with: JSON = [
        "bucket": .string(bucket), "key": .string(key), "method": .string(method), "expires": .int(expires),
      ]
      return try await S3Presign(client: curl).execute(attempt(with)).value["url"]?.string ?? ""
    }
    let egress = Egress(allow: [CIDR("127.0.0.0/8")].compactMap(\.self))
    func status(_ method: String, _ url: String, _ body: [UInt8]? = nil) async throws -> Int {
      try await curl.perform(OutgoingRequest(method, url, body: body, egress: egress)).status
    }
    let key = "a b/ç+.txt"
    #expect(try await status("PUT", try await url(key, "PUT"), Array("by url".utf8)) == 200)
    let reading = try await url(key, "GET")
    let read = try await curl.perform(OutgoingRequest("GET", reading, egress: egress))
    #expect(read.status == 200 && read.body == Array("by url".utf8))
    #expect(try await status("GET", reading.replacingOccurrences(of: "txt", with: "tyt")) == 403)
    #expect(try await status("PUT", reading, [1]) == 403)
    // Made an hour ago for a minute.
    let late = try Bench(clock: { SystemClock().now + .seconds(-3_600) })
    let with: JSON = ["bucket": .string(bucket), "key": .string(key), "expires": 60]
    let old = try await S3Presign(client: curl).execute(
      late.attempt(
        with, connection: S3Bench.connection("swift", swift.greeting), credential: S3Bench.credential())
    ).value["url"]?.string
    #expect(try await status("GET", try #require(old)) == 403)
  }

  @Test("is refused to a wrong key, with a class that says so and without the secret")
  func wrongKey() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    let with: JSON = ["bucket": .string(bucket), "key": "k", "body": "x"]
    for (secret, id) in [("wr0ng-secret", "test:tester"), ("testing", "test:nobody")] {
      let found = await failure { () async throws(Failure) in
        try await S3Put(client: curl).execute(attempt(with, secret: secret, id: id))
      }
      #expect(found?.errorClass == .credential && found?.code == "bucket-access", "\(found?.message ?? "")")
      #expect(found?.message.contains("wr0ng") == false)
    }
  }

  @Test("signed by a wrong clock is refused with words about the clock")
  func clock() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    let late = try Bench(clock: { SystemClock().now + .seconds(-3_600) })
    let with: JSON = ["bucket": .string(bucket), "key": "k", "body": "x"]
    let found = await failure { () async throws(Failure) in
      try await S3Put(client: curl).execute(
        late.attempt(
          with, effect: .keyed, connection: S3Bench.connection("swift", swift.greeting),
          credential: S3Bench.credential()))
    }
    #expect(found?.code == "bucket-clock", "\(found?.message ?? "")")
    #expect(found?.message.contains("behind") == true)
  }

  @Test("whose bytes somebody else replaced is not taken for what was put")
  func damaged() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    let place: JSON = ["bucket": .string(bucket), "key": "k"]
    var place3 = try S3Place(
      .swift, endpoint: swift.greeting, region: nil, keyID: "test:tester", secret: "testing", token: nil)
    place3.egress = Egress(allow: [CIDR("127.0.0.0/8")].compactMap(\.self))
    let client = S3Client(
      place3, curl: curl, now: { SystemClock().now.microseconds / 1_000_000 },
      pause: { _ in })
    let name = try #require(S3Name(bucket: bucket, key: "k"))
    let wrong = S3Labels(contentType: "x/y", metadata: [("sha256", SHA256.hex([1]))])
    try await client.put(name, .bytes([2]), wrong)
    let found = await failure { () async throws(Failure) in
      try await S3Get(client: curl).execute(attempt(place))
    }
    #expect(found?.code == "object-damaged")
  }

  @Test("a credential is tried at the store: a right one passes, a wrong one does not")
  func probe() async throws {
    let bucket = try await S3Bench.bucket(swift, curl)
    let probe = CredentialProbe(curl, now: { SystemClock().now })
    let connection = S3Bench.connection("swift", swift.greeting)
    for path in [nil, "/\(bucket)"] {
      let right = await probe.ask(S3Bench.credential(), connection, path: path)
      #expect(right.passed == true, "\(right.note)")
      let wrong = await probe.ask(S3Bench.credential("wr0ng-secret"), connection, path: path)
      #expect(wrong.passed == false && !wrong.note.contains("wr0ng"), "\(wrong.note)")
    }
  }
}

@Suite(
  "A put where nothing is (moto)",
  .enabled(if: S3Bench.moto != nil, "moto cannot be installed here."), .timeLimit(.minutes(2)))
struct S3ConditionalTests {
  @Test("is done once: the same again is the same, another is refused")
  func conditional() async throws {
    let (bench, moto) = (try Bench(), try #require(S3Bench.moto))
    let bucket = try await S3Bench.bucket(moto, bench.client, .minio)
    func put(_ body: JSON) async throws(Failure) -> AttemptOutput {
      try await S3Put(client: bench.client).execute(
        bench.attempt(
          ["bucket": .string(bucket), "key": "k", "body": body, "if_absent": true], effect: .keyed,
          connection: S3Bench.connection("minio", moto.greeting), credential: S3Bench.credential()))
    }
    let first = try await put("one")
    #expect(try await put("one") == first)
    let found = await failure { () async throws(Failure) in try await put("two") }
    #expect(found?.code == "object-exists" && found?.errorClass == .data)
  }
}
