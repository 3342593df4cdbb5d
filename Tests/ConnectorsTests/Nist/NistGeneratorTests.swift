import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("make_nst.py", .timeLimit(.minutes(1)))
struct NistGeneratorTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(
      path: "blueprints/mitrarr/tools/make_nst.py")

  private func run(_ source: String, _ folder: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      Self.script.path, "--source", source, "--folder", folder, "--count", "20", "--broken", "8", "--seed",
      "3",
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test("makes files that the parser judges as the manifest says, each with a hash of its own")
  func files() async throws {
    let bench = try Bench()
    let source = try bench.lay("shared/source.nst", NistSample.real ?? NistSample.whole)
    let folder = bench.root + "/shared/made"
    try run(source, folder)
    let data = try #require(FileManager.default.contents(atPath: folder + "/manifest.json"))
    let manifest = try #require(try JSON(parsing: [UInt8](data)).object)
    #expect(manifest.count == 20)
    #expect(manifest.filter { $0.value["expected"] == "ok" }.count == 12)
    #expect(
      Set(manifest.filter { $0.value["expected"] == "ok" }.map { $0.value["sha256"]?.string }).count == 12)
    for member in manifest {
      let with: JSON = [
        "file": .string("\(folder)/\(member.key)"), "require": ["hash", "2.018", "conformant"],
      ]
      do throws(Failure) {
        let value = try await NistParse().execute(bench.attempt(with, effect: .pure)).value
        #expect(
          member.value["expected"] == "ok" && value["sha256"] == member.value["sha256"], "\(member.key)")
        #expect(value["warnings"] == [], "\(value["warnings"]?.text ?? "")")
      } catch {
        let reason = member.value["expected"]?.string ?? ""
        #expect(
          error.code == "invalid-nist" && error.message.contains("(\(reason))"),
          "\(member.key): \(error.message)")
      }
    }
  }

  @Test("makes the same files of the same seed")
  func same() throws {
    let bench = try Bench()
    let source = try bench.lay("shared/source.nst", NistSample.whole)
    try run(source, bench.root + "/a")
    try run(source, bench.root + "/b")
    let manifests = ["a", "b"].map {
      FileManager.default.contents(atPath: "\(bench.root)/\($0)/manifest.json")
    }
    #expect(manifests[0] != nil && manifests[0] == manifests[1])
  }
}
