import Crypto
import Engine
import Foundation
import Glibc
import Model
import Testing

@testable import Connectors

@Suite("An object on a folder", .timeLimit(.minutes(1)))
struct ObjectTests {
  @Test("is written as compact JSON, text or an artifact's bytes, with its hash and its metadata")
  func put() async throws {
    let bench = try Bench()
    let artifact = bench.keep("a;b", name: "t.csv", mediaType: "text/csv")
    let cases: [(JSON, String, String)] = [
      (["b": [1, 2.0], "a": "é"], "{\"b\":[1,2.0],\"a\":\"é\"}", "application/json"),
      ("text\n", "text\n", "text/plain; charset=utf-8"), (artifact.json, "a;b", "text/csv"),
    ]
    for (body, text, type) in cases {
      let with: JSON = ["bucket": "gold", "key": "d/1/x.json", "body": body, "metadata": ["run_id": "r"]]
      let value = try await ObjectPut(client: bench.client).execute(bench.attempt(with)).value
      let path = bench.root + "/objects/demo/gold/d/1/x.json"
      let sha256 = SHA256.hex(Array(text.utf8))
      #expect(
        value == [
          "bucket": "gold", "key": "d/1/x.json", "sha256": .string(sha256),
          "size": .int(Int64(text.utf8.count)), "location": .string(path),
        ])
      #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
      let got = try await ObjectGet(client: bench.client).execute(
        bench.attempt(["bucket": "gold", "key": "d/1/x.json", "as": "text"])
      ).value
      #expect(got["text"] == .string(text))
      #expect(got["content_type"] == .string(type))
      #expect(got["metadata"] == ["run_id": "r"])
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.root + "/objects/demo/gold")
    #expect(names == ["d"])
  }

  @Test("is never read with the metadata of another content, as a put that broke off leaves them")
  func brokenPut() async throws {
    let bench = try Bench()
    let place: JSON = ["bucket": "b", "key": "k.txt"]
    _ = try await ObjectPut(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "k.txt", "body": "old", "metadata": ["of": "old"]]))
    let path = bench.root + "/objects/demo/b/k.txt"
    let whole = try await ObjectGet(client: bench.client).execute(bench.attempt(place)).value
    #expect(whole["metadata"] == ["of": "old"])
    let next = ObjectMetadata(
      sha256: SHA256.hex(Array("new".utf8)), size: 3, contentType: "x/new",
      metadata: JSONObject([("of", "new")]))
    #expect(AtomicFile.write(next.json.serialized(), to: path + ".meta", durable: false))
    let between = try await ObjectGet(client: bench.client).execute(bench.attempt(place)).value
    #expect(between["metadata"] == [:] && between["content_type"] == "text/plain")
    #expect(between["sha256"] == .string(SHA256.hex(Array("old".utf8))))
    #expect(AtomicFile.write(Array("new".utf8), to: path, durable: false))
    let after = try await ObjectGet(client: bench.client).execute(bench.attempt(place)).value
    #expect(after["metadata"] == ["of": "new"] && after["content_type"] == "x/new")
  }

  @Test("lies where its connection says")
  func connection() async throws {
    let bench = try Bench()
    // The bench is what the data folder is to a node, and objects lie beside that.
    let share = bench.root + "-share"
    defer { try? FileManager.default.removeItem(atPath: share) }  // Left behind it harms no other test.
    let folder = Connection(
      namespace: "demo", name: "share", kind: "folder", address: ["path": .string(share)])
    let with: JSON = ["bucket": "b", "key": "k", "body": "x"]
    let value = try await ObjectPut(client: bench.client).execute(bench.attempt(with, connection: folder))
      .value
    #expect(value["location"] == .string(share + "/b/k"))
    var relative = folder
    relative.address = ["path": "share"]
    let found = await failure { () async throws(Failure) in
      try await ObjectPut(client: bench.client).execute(bench.attempt(with, connection: relative))
    }
    #expect(found?.code == "invalid-connection")
  }

  @Test(
    "never lies outside its bucket",
    arguments: [
      "", "/", "/etc/x", "../x", "a/../../x", "a//b", "a/.", "a/", "x.meta", "a\u{0}b", "a\nb", ".#x",
    ])
  func unsafeKeys(key: String) async throws {
    let bench = try Bench()
    for with: JSON in [
      ["bucket": "b", "key": .string(key), "body": "x"],
      ["bucket": .string(key + ".."), "key": "k", "body": "x"],
    ] where with["bucket"] == "b" || key.contains("/") {
      let found = await failure { () async throws(Failure) in
        try await ObjectPut(client: bench.client).execute(bench.attempt(with))
      }
      #expect(found?.code == "unsafe-path")
    }
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/objects/demo/x"))
  }

  @Test("is not written through a link that leads out of the bucket")
  func links() async throws {
    let bench = try Bench()
    let bucket = bench.root + "/objects/demo/b"
    try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: bucket + "/out", withDestinationPath: bench.root)
    let found = await failure { () async throws(Failure) in
      try await ObjectPut(client: bench.client).execute(
        bench.attempt(["bucket": "b", "key": "out/x", "body": "x"]))
    }
    #expect(found?.code == "unsafe-path")
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/x"))
  }

  @Test(
    "never lies in the data folder, at it or above it, by whatever way its connection leads there",
    arguments: ["", "/objects", "/new/folder", "/..", "/own/../../..", "-link", "-link/own"])
  func dataFolder(_ place: String) async throws {
    let bench = try Bench()
    let link = bench.root + "-link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: bench.root)
    defer { unlink(link) }
    for folder in ["own", "objects"] {
      try FileManager.default.createDirectory(
        atPath: "\(bench.root)/\(folder)", withIntermediateDirectories: true)
    }
    try "the key".write(toFile: bench.root + "/own/master.key", atomically: false, encoding: .utf8)
    // `/..` is spelled as the folder above, since a path with `..` is refused as such.
    let above = (bench.root as NSString).deletingLastPathComponent
    let path = place == "/.." ? above : bench.root + place
    let connection = Connection(
      namespace: "demo", name: "share", kind: "folder", address: ["path": .string(path)])
    let with: JSON = ["bucket": "own", "key": "master.key", "body": "x"]
    for connector in [
      ObjectPut(client: bench.client), ObjectGet(client: bench.client), ObjectDelete(client: bench.client),
      ObjectList(client: bench.client),
    ] as [any Connector] {
      let found = await failure { () async throws(Failure) in
        try await connector.execute(bench.attempt(with, connection: connection))
      }
      #expect(found?.code == "invalid-connection", "\(connector.description.name)")
    }
    #expect(try String(contentsOfFile: bench.root + "/own/master.key", encoding: .utf8) == "the key")
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/new"))
  }

  @Test("is never metadata or under way to the bytes, whatever its characters combine to")
  func combined() async throws {
    let bench = try Bench()
    _ = try await ObjectPut(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "a\u{600}", "body": "x", "metadata": ["of": "x"]]))
    for key in ["a\u{600}.meta", ".#\u{301}x", "d/.#\u{301}x"] {
      let found = await failure { () async throws(Failure) in
        try await ObjectPut(client: bench.client).execute(
          bench.attempt(["bucket": "b", "key": .string(key), "body": "y"]))
      }
      #expect(found?.code == "unsafe-path", "\(key.unicodeScalars.map(\.value))")
    }
    try Data().write(to: URL(filePath: bench.root + "/objects/demo/b/.#\u{301}x"))
    let listed = try await ObjectList(client: bench.client).execute(bench.attempt(["bucket": "b"])).value
    #expect(listed["objects"] == [["key": "a\u{600}", "size": 1]])
    let got = try await ObjectGet(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "a\u{600}"])
    ).value
    #expect(got["metadata"] == ["of": "x"])
  }

  @Test("that is not there is no error to a delete, also where an object stands in the way of its folder")
  func deleteBelowObject() async throws {
    let bench = try Bench()
    _ = try await ObjectPut(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "a", "body": "x"]))
    let with: JSON = ["bucket": "b", "key": "a/b"]
    let deleted = try await ObjectDelete(client: bench.client).execute(bench.attempt(with)).value
    #expect(deleted["deleted"] == false)
    let found = await failure { () async throws(Failure) in
      try await ObjectGet(client: bench.client).execute(bench.attempt(with))
    }
    #expect(found?.code == "object-not-found")
  }

  @Test("that an attempt removed before its node died was there also for the next one, and for no other step")
  func deletedTwice() async throws {
    let (one, other) = (try ServiceBench(), try ServiceBench())
    let with: JSON = ["bucket": "b", "key": "k"]
    func delete(_ step: ServiceBench, _ number: Int) async throws -> JSON? {
      var attempt = one.bench.attempt(with, number: number, effect: .keyed)
      attempt.services.checkpoints = step.checkpoints
      return try await ObjectDelete(client: one.bench.client).execute(attempt).value["deleted"]
    }
    #expect(try await delete(one, 1) == false, "Nothing was there, and nothing is kept of it.")
    _ = try await ObjectPut(client: one.bench.client).execute(
      one.bench.attempt(["bucket": "b", "key": "k", "body": "x"]))
    #expect(try await delete(one, 2) == true)
    #expect(try await delete(one, 3) == true)
    #expect(try await delete(other, 1) == false)
  }

  @Test("is removed also where that it was there cannot be kept, as on a full disk")
  func deletedUnkept() async throws {
    let bench = try Bench()
    _ = try await ObjectPut(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "k", "body": "x"]))
    var attempt = bench.attempt(["bucket": "b", "key": "k"], effect: .keyed)
    attempt.services.checkpoints.save = { (_) throws(Failure) in throw Failure(.transient, "full") }
    #expect(try await ObjectDelete(client: bench.client).execute(attempt).value["deleted"] == true)
    #expect(bench.log.contains { $0.hasPrefix("warn") && $0.hasSuffix("full") }, "\(bench.log)")
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/objects/demo/b/k"))
  }

  @Test("has a name of up to 250 bytes, with its metadata")
  func longName() async throws {
    let bench = try Bench()
    let key = String(repeating: "n", count: 250)
    let with: JSON = ["bucket": "b", "key": .string(key), "body": "x", "metadata": ["of": "x"]]
    _ = try await ObjectPut(client: bench.client).execute(bench.attempt(with))
    let got = try await ObjectGet(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": .string(key)])
    ).value
    #expect(got["metadata"] == ["of": "x"])
  }

  @Test("in whose place a folder stands leaves no metadata behind")
  func folderInPlace() async throws {
    let bench = try Bench()
    let bucket = bench.root + "/objects/demo/b"
    try FileManager.default.createDirectory(atPath: bucket + "/k", withIntermediateDirectories: true)
    let found = await failure { () async throws(Failure) in
      try await ObjectPut(client: bench.client).execute(
        bench.attempt(["bucket": "b", "key": "k", "body": "x"]))
    }
    #expect(found?.code == "object-store" && found?.errorClass == .configuration)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bucket) == ["k"])
  }

  @Test("is found by its prefix, page by page, and without its metadata")
  func list() async throws {
    let bench = try Bench()
    for key in ["b/2", "b/1", "a", "b-3", "c/x.tmp"] {
      _ = try await ObjectPut(client: bench.client).execute(
        bench.attempt(["bucket": "b", "key": .string(key), "body": "12"]))
    }
    func keys(_ with: JSON) async throws -> JSON {
      let value = try await ObjectList(client: bench.client).execute(bench.attempt(with)).value
      return [
        .array((value["objects"]?.array ?? []).map { $0["key"] ?? .null }), value["truncated"] ?? .null,
      ]
    }
    #expect(try await keys(["bucket": "b"]) == [["a", "b-3", "b/1", "b/2", "c/x.tmp"], false])
    #expect(try await keys(["bucket": "b", "prefix": "b/"]) == [["b/1", "b/2"], false])
    #expect(try await keys(["bucket": "b", "limit": 2]) == [["a", "b-3"], true])
    #expect(try await keys(["bucket": "b", "limit": 2, "after": "b-3"]) == [["b/1", "b/2"], true])
    #expect(try await keys(["bucket": "absent"]) == [[], false])
  }

  @Test("that is not there is a failure of the data, and so is one that is no JSON")
  func get() async throws {
    let bench = try Bench()
    _ = try await ObjectPut(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "k", "body": "{"]))
    for (key, form, code) in [("none", "text", "object-not-found"), ("k", "json", "invalid-json")] {
      let found = await failure { () async throws(Failure) in
        try await ObjectGet(client: bench.client).execute(
          bench.attempt(["bucket": "b", "key": .string(key), "as": .string(form)]))
      }
      #expect(found?.errorClass == .data && found?.code == code)
    }
    let got = try await ObjectGet(client: bench.client).execute(bench.attempt(["bucket": "b", "key": "k"]))
    #expect(bench.bytes(of: try #require(got.artifacts.first)) == Array("{".utf8))
  }
}

@Suite("fail", .timeLimit(.minutes(1)))
struct FailTests {
  @Test("fails with the class, code and message that it is given")
  func fails() async throws {
    let bench = try Bench()
    let with: JSON = ["class": "rate_limited", "code": "slow-down", "message": "Later."]
    let found = await failure { () async throws(Failure) in try await Fail().execute(bench.attempt(with)) }
    #expect(found == Failure(.rateLimited, code: "slow-down", "Later."))
    let plain = await failure { () async throws(Failure) in
      try await Fail().execute(bench.attempt(["message": "No."]))
    }
    #expect(plain == Failure(.data, code: "failed", "No."))
  }
}
