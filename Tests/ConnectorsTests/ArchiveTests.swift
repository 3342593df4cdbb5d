import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("An archive", .timeLimit(.minutes(1)))
struct ArchiveTests {
  private func run(_ connector: some Connector, _ bench: Bench, _ with: JSON, number: Int = 1) async throws
    -> AttemptOutput
  {
    try await connector.execute(bench.attempt(with, number: number, effect: .keyed))
  }

  @Test("comes out as it went in, with names in any script", arguments: ArchiveFormat.allCases)
  func roundTrip(format: ArchiveFormat) async throws {
    let bench = try Bench()
    try FileCases.layOut(bench)
    let folder = bench.root + "/own/in/ação"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let long = String(repeating: "0123456789", count: 50_000)
    try long.write(toFile: folder + "/日本.txt", atomically: false, encoding: .utf8)
    let artifact = bench.keep("kept", name: "k.txt")
    let packed = try await run(
      ArchivePack(), bench,
      [
        "folder": "in", "files": [["file": artifact.json, "name": "z/k.txt"]],
        "format": .string(format.rawValue),
      ])
    #expect(packed.value["count"] == 3)
    let file = try #require(packed.value["file"])
    let opened = try await run(ArchiveUnpack(), bench, ["artifact": file, "to": "out"])
    let entries = opened.value["entries"]?.array?.compactMap { $0["path"]?.string }
    #expect(entries == ["a.json", "ação/日本.txt", "z/k.txt"])
    #expect(try String(contentsOfFile: bench.root + "/own/out/ação/日本.txt", encoding: .utf8) == long)
    #expect(try String(contentsOfFile: bench.root + "/own/out/z/k.txt", encoding: .utf8) == "kept")
    let parts = try await run(ArchiveUnpack(), bench, ["artifact": file, "match": "*.txt"])
    let handles = parts.value["entries"]?.array?.compactMap { $0["file"].flatMap(ArtifactHandle.init) } ?? []
    #expect(handles.map { bench.bytes(of: $0)?.count } == [500_000, 4])
    #expect(parts.artifacts == handles)
  }

  @Test(
    "of the same files has the same bytes, whenever and from wherever they come",
    arguments: ArchiveFormat.allCases)
  func deterministic(format: ArchiveFormat) async throws {
    let bench = try Bench()
    try FileCases.layOut(bench)
    let kept = bench.keep("{\"a\": 1}\n", name: "b.json")
    let with = { (files: JSON) -> JSON in ["files": files, "format": .string(format.rawValue)] }
    let one = try await run(ArchivePack(), bench, with(["in/a.json", kept.json]))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000), .posixPermissions: 0o400],
      ofItemAtPath: bench.root + "/own/in/a.json")
    let other = try await run(
      ArchivePack(), bench, with([["file": "in/a.json", "name": "b.json"], "in/a.json"]))
    #expect(one.value["sha256"] == other.value["sha256"])
  }

  @Test("that is refused leaves nothing behind, and a repeated attempt finds its own folder again")
  func whole() async throws {
    let bench = try Bench()
    try FileCases.layOut(bench)
    var tar = TarMaker()
    tar.add("good", "x")
    tar.add("../bad", "x")
    try tar.data.write(to: URL(filePath: bench.root + "/own/t"))
    let before = try FileManager.default.contentsOfDirectory(atPath: bench.root + "/own").sorted()
    await #expect(throws: Failure.self) {
      _ = try await run(ArchiveUnpack(), bench, ["path": "t", "to": "out"])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/own").sorted() == before)
    let with: JSON = ["path": "in.zip", "to": "out"]
    let first = try await run(ArchiveUnpack(), bench, with)
    #expect(first.value["entries"] == [["path": "a/ação.txt", "size": 3]])
    #expect(try await run(ArchiveUnpack(), bench, with, number: 2) == first)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: bench.root + "/own").sorted()
        == (before + ["out"]).sorted())
  }
}
