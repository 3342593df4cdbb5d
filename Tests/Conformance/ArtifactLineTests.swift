import Crypto
import Foundation
import Model
import Stores
import Testing

@Suite("The lines of an artifact", .timeLimit(.minutes(1)))
struct ArtifactLineTests {
  private let folder = NSTemporaryDirectory() + "esteira-lines-" + UUID().uuidString
  private let key = SymmetricKey.generate()

  /// The artifact of these bytes, read from its folder as another node would.
  private func stored(_ bytes: [UInt8]) async throws -> (lines: ArtifactLines, sha256: String) {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let source = folder + "/source-" + UUID().uuidString
    try Data(bytes).write(to: URL(filePath: source))
    let files = ArtifactFiles(folder: folder + "/artifacts")
    let stored = try await files.store(path: source, namespace: "demo", key: key)
    return (ArtifactLines(files), stored.sha256)
  }

  static let texts: [(String, [String])] = [
    ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb\r\n", ["a", "b"]),
    ("a\n\nb", ["a", "", "b"]),
    ("ação\n東京\n", ["ação", "東京"]),
  ]

  @Test("end with a newline, which may follow a carriage return; the last needs none", arguments: texts)
  func ends(text: String, expected: [String]) async throws {
    let (lines, sha256) = try await stored(Array(text.utf8))
    #expect(try await lines.count(sha256: sha256, namespace: "demo", key: key) == expected.count)
    let read = try await lines.read(0..<expected.count, sha256: sha256, namespace: "demo", key: key)
    #expect(read == expected)
  }

  @Test("are found wherever they lie, over the bounds of frames and of the index")
  func places() async throws {
    // Over 32,768 places of 16 lines each, so that the index gives up every second one.
    let count = 600_000
    var bytes: [UInt8] = []
    for line in 0..<count { bytes += Array("\(line)\n".utf8) }
    let (lines, sha256) = try await stored(bytes)
    // Without a count before: the index is made when it is needed.
    for first in [0, 15, 16, 17, 40_000, 299_999, 599_990] {
      let read = try await lines.read(first..<first + 10, sha256: sha256, namespace: "demo", key: key)
      #expect(read == (first..<first + 10).map(String.init))
    }
    #expect(try await lines.count(sha256: sha256, namespace: "demo", key: key) == count)
  }

  @Test("longer than 1 MiB are refused, and of 1 MiB are not")
  func long() async throws {
    let longest = [UInt8](repeating: 120, count: ArtifactLines.lineLimit)
    let (lines, sha256) = try await stored(longest + [13, 10] + longest)
    #expect(try await lines.count(sha256: sha256, namespace: "demo", key: key) == 2)
    #expect(
      try await lines.read(1..<2, sha256: sha256, namespace: "demo", key: key)[0].utf8.count == longest.count)
    let (others, other) = try await stored(longest + longest)
    await #expect {
      try await others.count(sha256: other, namespace: "demo", key: key)
    } throws: { ($0 as? Failure)?.code == "line-too-long" }
  }

  @Test("that are no text, and artifacts that are missing, are bad data")
  func bad() async throws {
    let (lines, sha256) = try await stored([0xFF, 10])
    await #expect {
      try await lines.read(0..<1, sha256: sha256, namespace: "demo", key: key)
    } throws: { ($0 as? Failure)?.code == "not-utf8" }
    let missing = String(repeating: "0", count: 64)
    await #expect {
      try await lines.count(sha256: missing, namespace: "demo", key: key)
    } throws: { ($0 as? Failure)?.code == "artifact-missing" }
  }
}
