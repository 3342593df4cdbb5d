import Foundation
import Testing

@Suite("The blueprint of MITRARR", .serialized, .timeLimit(.minutes(3)))
struct BlueprintTests {
  @Test("has programs that keep their own tests")
  func programs() async throws { try await onOwnThread { try runPrograms() } }

  private func runPrograms() throws {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-B", "-m", "unittest"]
    process.currentDirectoryURL = Station.blueprint
    process.standardError = errors
    try process.run()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(said.contains("Ran "), "\(said)")
  }

  static let pipelines: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Station.blueprint.path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted()
  }()

  @Test("has pipelines that are valid, with every file that they name beside them", arguments: pipelines)
  func valid(name: String) async throws { try await onOwnThread { try validate(name) } }

  private func validate(_ name: String) throws {
    let process = Process()
    let out = Pipe()
    process.executableURL = Station.binary
    process.arguments = [
      "pipeline", "validate", "--offline", "--lang", "en", Station.blueprint.appending(path: name).path,
    ]
    process.standardOutput = out
    process.standardError = out
    try process.run()
    let said = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(!said.contains("file-not-found"), "\(said)")
  }

  @Test("has all its pipelines")
  func all() { #expect(Self.pipelines.count == 9) }
}
