import Foundation
import Glibc
import Testing

/// The programs of the blueprints are Python, and so are their tests, in the folder beside this file.
@Suite("The blueprints' programs", .timeLimit(.minutes(3)))
struct ProgramTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "python")
  static let modules: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix("test_") && $0.hasSuffix(".py") }.map { String($0.dropLast(3)) }
      .sorted()
  }()

  @Test("are all found")
  func found() {
    #expect(
      Self.modules == [
        "test_atlasreg_core", "test_deploy", "test_etl_site", "test_etl_transforms", "test_oraculo",
        "test_reprocess",
      ])
  }

  @Test("pass their own tests", arguments: modules)
  func pass(module: String) throws {
    let (output, status) = try Self.shell(
      "cd '\(Self.folder.path)' && exec python3 -B -m unittest \(module) 2>&1")
    #expect(status == 0, "\(output)")
    let ran = try #require(output.firstMatch(of: /Ran (\d+) tests? in/), "\(output)")
    #expect(Int(ran.output.1) ?? 0 >= 4)
    #expect(!output.contains("skipped"), "\(output)")
  }

  /// What a command writes, and how it ended. Blocks; uses no run loop.
  private static func shell(_ command: String) throws -> (output: String, status: Int32) {
    let stream = try #require(popen(command, "r"))
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { output += buffer[..<count] }
    return (String(decoding: output, as: UTF8.self), pclose(stream))
  }
}
