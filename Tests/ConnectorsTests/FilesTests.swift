import Crypto
import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("Files below a root", .timeLimit(.minutes(1)))
struct FilesTests {
  private func run(_ connector: some Connector, _ bench: Bench, _ with: JSON, number: Int = 1) async throws
    -> JSON
  {
    let effect = connector.description.effectClass(with: with, idempotent: nil)
    return try await connector.execute(bench.attempt(with, number: number, effect: effect)).value
  }

  private func write(_ bench: Bench, _ path: String, _ text: String = "x") throws {
    let url = URL(filePath: "\(bench.root)/\(path)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: false, encoding: .utf8)
  }

  private func text(_ bench: Bench, _ path: String) -> String? {
    try? String(contentsOfFile: "\(bench.root)/\(path)", encoding: .utf8)
  }

  private func names(_ bench: Bench, _ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(bench.root)/\(path)").sorted()
  }

  @Test("are written whole, with folders on the way, and read back as artifact, text and value")
  func writeAndRead() async throws {
    let bench = try Bench()
    let sum = SHA256.hex(Array("{\"é\":[1,2.0]}".utf8))
    let written = try await run(FilesWrite(), bench, ["path": "a/b/x.json", "content": ["é": [1, 2.0]]])
    #expect(written == ["path": "a/b/x.json", "sha256": .string(sum), "size": 14])
    #expect(try names(bench, "own/a/b") == ["x.json"])
    let artifact = try await run(FilesRead(), bench, ["path": .string("\(bench.root)/own/a/./b/x.json")])
    #expect(artifact["path"] == .string("\(bench.root)/own/a/b/x.json") && artifact["sha256"] == .string(sum))
    let handle = try #require(artifact["file"].flatMap(ArtifactHandle.init))
    #expect(bench.bytes(of: handle) == Array("{\"é\":[1,2.0]}".utf8))
    #expect(handle.name == "x.json" && handle.mediaType == "application/json")
    let value = try await run(FilesRead(), bench, ["path": "a/b/x.json", "as": "json"])
    #expect(value["value"] == ["é": [1, 2.0]])
    _ = try await run(FilesWrite(), bench, ["path": "copy", "content": handle.json])
    let copied = try await run(FilesRead(), bench, ["path": "copy", "as": "text"])
    #expect(copied["text"] == "{\"é\":[1,2.0]}" && copied["size"] == 14)
    let hash = try await run(FilesHash(), bench, ["path": "copy"])
    #expect(hash["sha256"] == .string(sum) && hash["size"] == 14)
  }

  @Test("take another name, replace or refuse where the name is taken, as the step says")
  func conflicts() async throws {
    let bench = try Bench()
    try write(bench, "own/r.csv", "old")
    try write(bench, "own/in", "new")
    let renamed = try await run(FilesCopy(), bench, ["from": "in", "to": "r.csv", "on_conflict": "rename"])
    #expect(
      renamed["to"] == "r-1.csv" && text(bench, "own/r-1.csv") == "new" && text(bench, "own/r.csv") == "old")
    let again = try await run(
      FilesWrite(), bench, ["path": "r.csv", "content": "third", "on_conflict": "rename"])
    #expect(again["path"] == "r-2.csv")
    _ = try await run(FilesMove(), bench, ["from": "in", "to": "r.csv", "on_conflict": "overwrite"])
    #expect(text(bench, "own/r.csv") == "new" && text(bench, "own/in") == nil)
    #expect(try names(bench, "own") == ["r-1.csv", "r-2.csv", "r.csv"])
  }

  @Test(
    "moved by an attempt whose end was lost are found again by the next, and nobody else's are taken for them"
  )
  func repeatedMove() async throws {
    let bench = try Bench()
    try write(bench, "own/in/a.nst", "records")
    let with: JSON = ["from": "in/a.nst", "to": "$ROOT/shared/done/"]
    try write(bench, "shared/.keep")
    let order = Refused.rooted(bench, with)
    let first = try await run(FilesMove(), bench, order)
    #expect(text(bench, "shared/done/a.nst") == "records" && text(bench, "own/in/a.nst") == nil)
    #expect(try await run(FilesMove(), bench, order, number: 2) == first)
    // Somebody puts another file there: the attempt's own is gone, which is no success.
    try FileManager.default.removeItem(atPath: bench.root + "/shared/done/a.nst")
    try write(bench, "shared/done/a.nst", "another")
    await #expect(throws: Failure.self) { _ = try await run(FilesMove(), bench, order, number: 3) }
    #expect(text(bench, "shared/done/a.nst") == "another")
  }

  @Test("moved under a free name keep that name when the attempt is repeated")
  func repeatedRename() async throws {
    let bench = try Bench()
    try write(bench, "own/a", "new")
    try write(bench, "own/b", "old")
    let with: JSON = ["from": "a", "to": "b", "on_conflict": "rename"]
    let first = try await run(FilesMove(), bench, with)
    #expect(first["to"] == "b-1")
    #expect(try await run(FilesMove(), bench, with, number: 2) == first)
    #expect(try names(bench, "own") == ["b", "b-1"])
    let write: JSON = ["path": "b", "content": "third", "on_conflict": "rename"]
    let second = try await run(FilesWrite(), bench, write)
    #expect(try await run(FilesWrite(), bench, write, number: 2) == second)
    #expect(try names(bench, "own") == ["b", "b-1", "b-2"])
  }

  @Test("move between file systems as a copy that is whole before its source goes")
  func otherFileSystem() async throws {
    let bench = try Bench()
    let other = "/dev/shm/esteira-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: other) }  // Left behind it harms no other test.
    let content = String(repeating: "0123456789", count: 100_000)
    try write(bench, "own/a", content)
    let with: JSON = ["from": "a", "to": .string(other + "/b")]
    var attempt = bench.attempt(with, effect: .keyed)
    attempt.services.roots.granted.append(FileRoots.Root(path: other, isWritable: true))
    let first = try await FilesMove().execute(attempt).value
    #expect(first["size"] == 1_000_000 && text(bench, "own/a") == nil)
    #expect(try String(contentsOfFile: other + "/b", encoding: .utf8) == content)
    #expect(try FileManager.default.contentsOfDirectory(atPath: other) == ["b"])
    #expect(try await FilesMove().execute(attempt).value == first)
    // The node died between the copy and the end of the source: the repeat takes the source away.
    #expect(rename(other + "/b", other + "/kept") == 0)
    try write(bench, "own/a", content)
    _ = try await FilesMove().execute(attempt)
    #expect(text(bench, "own/a") == nil)
  }

  @Test("are listed in the order of their paths, page by page, without links and files under way")
  func list() async throws {
    let bench = try Bench()
    for name in ["b.csv", "a.csv", "a/z.csv", "a-b/y.csv", "a/b/c.txt", ".#under-way", "é.csv"] {
      try write(bench, "own/\(name)")
    }
    try FileManager.default.createSymbolicLink(
      atPath: bench.root + "/own/l.csv", withDestinationPath: bench.root + "/own/b.csv")
    func paths(_ with: JSON) async throws -> [String] {
      try await run(FilesList(), bench, with)["files"]?.array?.compactMap { $0["path"]?.string } ?? []
    }
    let all = ["a-b/y.csv", "a.csv", "a/b/c.txt", "a/z.csv", "b.csv", "é.csv"]
    #expect(try await paths(["recursive": true]) == all)
    #expect(try await paths([:]) == ["a.csv", "b.csv", "é.csv"])
    #expect(try await paths(["match": "[ab].*"]) == ["a.csv", "b.csv"])
    #expect(try await paths(["match": "a/**", "recursive": true]) == ["a/b/c.txt", "a/z.csv"])
    #expect(try await paths(["path": "a", "match": "*.{csv,pdf}", "recursive": true]) == ["a/z.csv"])
    for limit in 1...6 {
      var (found, after, isDone): ([String], JSON?, Bool) = ([], nil, false)
      while !isDone {
        var with = JSONObject([("recursive", true), ("limit", .int(Int64(limit)))])
        with["after"] = after
        let page = try await run(FilesList(), bench, .object(with))
        found += page["files"]?.array?.compactMap { $0["path"]?.string } ?? []
        after = found.last.map { .string($0) }
        isDone = page["truncated"] == false
      }
      #expect(found == all, "\(limit)")
    }
  }

  @Test("are removed with all in their folder, where a link goes and what it leads to stays")
  func remove() async throws {
    let bench = try Bench()
    for name in ["d/a", "d/e/b", "d/e/f/c"] { try write(bench, "own/\(name)") }
    try write(bench, "outside/kept")
    try FileManager.default.createSymbolicLink(
      atPath: bench.root + "/own/d/l", withDestinationPath: bench.root + "/outside")
    #expect(try await run(FilesRemove(), bench, ["path": "d", "recursive": true])["removed"] == 7)
    #expect(try names(bench, "own") == [] && text(bench, "outside/kept") == "x")
    #expect(try await run(FilesRemove(), bench, ["path": "d", "recursive": true])["removed"] == 0)
    #expect(try await run(FilesRemove(), bench, ["path": "no/such"])["removed"] == 0)
    try write(bench, "own/must")
    let must: JSON = ["path": "must", "must_exist": true]
    #expect(try await run(FilesRemove(), bench, must)["removed"] == 1)
    #expect(try await run(FilesRemove(), bench, must, number: 2)["removed"] == 0)
  }

  @Test("are joined in the order given, with a separator only where one is missing")
  func concatenate() async throws {
    let bench = try Bench()
    try write(bench, "own/one", "1\n")
    try write(bench, "own/two", "2")
    let three = bench.keep("3\n", name: "three")
    let files: JSON = ["one", "two", three.json]
    func joined(_ more: JSONObject) async throws -> String? {
      var with = JSONObject([("files", files)])
      for member in more { with[member.key] = member.value }
      let value = try await run(FilesConcatenate(), bench, .object(with))
      #expect(value["count"] == 3)
      let handle = try #require(value["file"].flatMap(ArtifactHandle.init))
      #expect(value["sha256"] == .string(handle.sha256) && value["size"] == .int(handle.size))
      return bench.bytes(of: handle).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(try await joined([:]) == "1\n23\n")
    #expect(try await joined(["media_type": "application/x-ndjson"]) == "1\n2\n3\n")
    #expect(try await joined(["separator": ", "]) == "1\n, 2, 3\n")
  }

  @Test("stop when the attempt is cancelled")
  func cancel() async throws {
    let bench = try Bench()
    try FileManager.default.createDirectory(atPath: bench.root + "/own", withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: bench.root + "/own/large", contents: nil)
    // Sparse: to hash it whole would take minutes.
    #expect(truncate(bench.root + "/own/large", 1 << 40) == 0)
    let attempt = bench.attempt(["path": "large"], effect: .pure)
    let running = Task {
      await failure { () async throws(Failure) in try await FilesHash().execute(attempt) }
    }
    running.cancel()
    #expect(await running.value?.errorClass == .cancelled)
  }
}

@Suite("A path below a root", .timeLimit(.minutes(1)))
struct FileRootsTests {
  private let roots = FileRoots(
    own: "/data/folders/demo",
    granted: [
      FileRoots.Root(path: "/srv/demo", isWritable: true),
      FileRoots.Root(path: "/srv/demo/reference", isWritable: false),
    ])

  @Test(
    "is found by its bytes, in the deepest root",
    arguments: [
      ("a/b", "/data/folders/demo", "a/b"), (".", "/data/folders/demo", ""),
      ("./a//b/", "/data/folders/demo", "a/b"),
      ("/srv/demo/x", "/srv/demo", "x"), ("/srv/demo", "/srv/demo", ""),
      ("/srv/demo/reference/t", "/srv/demo/reference", "t"),
      ("/srv/demo/a/../reference/t", "/srv/demo/reference", "t"), ("a/../b", "/data/folders/demo", "b"),
      ("/srv/demo/e\u{301}", "/srv/demo", "e\u{301}"),
    ])
  func inside(path: String, root: String, rest: String) {
    let place = roots.place(of: path)
    #expect(place?.root.path == root)
    #expect(place.map { Array($0.rest.utf8) } == Array(rest.utf8))
  }

  @Test(
    "is refused where it leads out",
    arguments: [
      "..", "a/../..", "/", "/srv", "/srv/demonstration/x", "/srv/demo/../x", "/etc/passwd", "../demo2/x",
      "a\0b",
      "a/\u{301}/../../../x",
    ])
  func outside(path: String) { #expect(roots.place(of: path) == nil) }
}

@Suite("A pattern of file names", .timeLimit(.minutes(1)))
struct GlobTests {
  @Test(
    "matches what it says",
    arguments: [
      ("*.csv", "a.csv", true), ("*.csv", "a.csv.gz", false), ("*", "a/b", false), ("**", "a/b", true),
      ("a/**/b", "a/x/y/b", true), ("?", "é", true), ("?", "", false), ("[a-c]x", "bx", true),
      ("[!a-c]x", "bx", false),
      ("{a,b}{1,2}", "b2", true), ("{a,b}{1,2}", "c2", false), ("{a,{b,c}}", "c", true), ("[]]", "]", true),
      ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("", "", false),
    ])
  func matches(pattern: String, text: String, isMatch: Bool) {
    #expect((Glob(pattern)?.matches(text) ?? false) == isMatch)
  }

  @Test("takes no longer than pattern times text")
  func time() throws {
    let glob = try #require(Glob(String(repeating: "*a", count: 100) + "b"))
    #expect(!glob.matches(String(repeating: "a", count: 10_000)))
  }
}
