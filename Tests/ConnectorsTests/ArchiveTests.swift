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

  @Test(
    "that is a tar without its end is refused, wherever it was cut", arguments: ["", "d/"], [false, true])
  func cutAtBorder(last: String, isSmall: Bool) async throws {
    let bench = try Bench()
    try FileCases.layOut(bench)
    var tar = TarMaker()
    tar.add("a", isSmall ? "x" : String(repeating: "\0", count: 1_024))
    if !last.isEmpty { tar.add(last, "", .folder) }
    let whole = tar.data
    let path = URL(filePath: bench.root + "/own/t")
    // One of the two blocks of zeros is enough; some packers write no more.
    for missing in [1_024, 512, 0] {
      try whole.dropLast(missing).write(to: path)
      let found = await failure { () async throws(Failure) in
        let with: JSON = ["path": "t", "to": .string("out-\(missing)")]
        return try await ArchiveUnpack().execute(bench.attempt(with, effect: .keyed)).value
      }
      #expect(found?.code == (missing == 1_024 ? "invalid-archive" : nil))
    }
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/own/out-1024"))
  }

  @Test("that its writer has not finished is changed, not damaged", arguments: [false, true])
  func stillWritten(isCut: Bool) throws {
    let bench = try Bench()
    var tar = TarMaker()
    for name in ["a", "b", "c"] { tar.add(name, String(repeating: "x", count: 600_000)) }
    let path = bench.root + "/t"
    try (isCut ? tar.data.dropLast(100_000) : tar.data).write(to: URL(filePath: path))
    let into = bench.root + "/into"
    try FileManager.default.createDirectory(atPath: into, withIntermediateDirectories: true)
    // The writer goes on while the first entry is read.
    let archive = try OpenFile.own(path)
    var reader = try ArchiveReader(archive)
    let before = try reader.status()
    _ = try reader.next()
    let writer = try #require(FileHandle(forWritingAtPath: path))
    try writer.seekToEnd()
    try writer.write(contentsOf: Data("more".utf8))
    try writer.close()
    #expect(try reader.status() != before)
    let told = #expect(throws: Failure.self) {
      try Unpacking.unchanged(&reader, since: before) { reader throws(Failure) in
        var buffer = [UInt8](repeating: 0, count: OpenFile.chunk)
        repeat { while try reader.read(into: &buffer) > 0 {} } while try reader.next() != nil
      }
    }
    #expect(told?.code == "file-changed" && told?.errorClass == .transient)
  }
}
