import Crypto
import Foundation
import Model
import Stores
import Synchronization
import Testing

@Suite("Artifacts as files", .timeLimit(.minutes(1)))
struct ArtifactFileTests {
  let folder: TemporaryFolder
  let files: ArtifactFiles
  let key = SymmetricKey.generate()
  private let frame = 256 * 1024

  init() throws {
    folder = try TemporaryFolder()
    files = ArtifactFiles(folder: folder.path("artifacts"))
  }

  private func source(_ bytes: [UInt8]) throws -> String {
    let path = folder.path("source")
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  private func stored(_ sha256: String) -> String {
    folder.path("artifacts/sales/\(sha256.prefix(2))/\(sha256)")
  }

  private func code(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? Failure)?.code
    }
  }

  @Test(
    "come back byte for byte under the hash of their plain bytes",
    arguments: [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * 256 * 1024])
  func roundTrip(size: Int) async throws {
    let bytes = SecureRandom.bytes(size)
    let artifact = try await files.store(path: try source(bytes), namespace: "sales", key: key)
    #expect(artifact.sha256 == SHA256.hex(bytes))
    #expect(artifact.size == size)
    try await files.verify(sha256: artifact.sha256, namespace: "sales", key: key)
    let copy = folder.path("copy")
    try await files.fetch(sha256: artifact.sha256, namespace: "sales", key: key, to: copy)
    #expect(Array(try Data(contentsOf: URL(filePath: copy))) == bytes)
    let again = try await files.store(path: try source(bytes), namespace: "sales", key: key)
    #expect(again == artifact)
  }

  @Test("are not readable on the disk, nor under another key or in another namespace")
  func sealed() async throws {
    let text = Array(String(repeating: "salary of Ana; ", count: 1_000).utf8)
    let artifact = try await files.store(path: try source(text), namespace: "sales", key: key)
    let raw = try Data(contentsOf: URL(filePath: stored(artifact.sha256)))
    #expect(raw.range(of: Data("Ana".utf8)) == nil)
    #expect(
      await code { try await files.verify(sha256: artifact.sha256, namespace: "sales", key: .generate()) }
        == "artifact-damaged")
    #expect(
      await code { try await files.verify(sha256: artifact.sha256, namespace: "finance", key: key) }
        == "artifact-missing")
    for wrong in ["..", "a/b", ""] {
      #expect(
        await code { try await files.verify(sha256: artifact.sha256, namespace: wrong, key: key) }
          == "artifact-store")
    }
    #expect(
      await code { try await files.verify(sha256: "../x", namespace: "sales", key: key) }
        == "artifact-missing")
  }

  @Test("a changed, cut, lengthened or reordered file is damaged")
  func damaged() async throws {
    let bytes = SecureRandom.bytes(3 * frame)
    let artifact = try await files.store(path: try source(bytes), namespace: "sales", key: key)
    let path = stored(artifact.sha256)
    let whole = try Data(contentsOf: URL(filePath: path))
    let size = 4 + frame + 28
    func part(_ index: Int) -> Data { whole[24 + index * size..<24 + (index + 1) * size] }
    var changed = whole
    changed[whole.count / 2] ^= 1
    let variants = [
      changed, whole.dropLast(1), whole.dropLast(size), whole + Data([0]).dropFirst() + part(2),
      whole.prefix(24) + part(1) + part(0) + part(2), Data(), whole.prefix(24),
    ]
    for (index, variant) in variants.enumerated() {
      try Data(variant).write(to: URL(filePath: path))
      let found = await code { try await files.verify(sha256: artifact.sha256, namespace: "sales", key: key) }
      #expect(found == "artifact-damaged", "variant \(index)")
    }
    try whole.write(to: URL(filePath: path))
    try await files.verify(sha256: artifact.sha256, namespace: "sales", key: key)
  }

  @Test("a failed store leaves nothing behind")
  func nothingLeft() async throws {
    let missing = folder.path("missing")
    #expect(
      await code { _ = try await files.store(path: missing, namespace: "sales", key: key) }
        == "artifact-unreadable")
    #expect(
      await code { _ = try await files.store(path: folder.path, namespace: "sales", key: key) }
        == "artifact-unreadable")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("artifacts/sales")) == [])
  }

  @Test("many at once do not disturb each other")
  func concurrent() async throws {
    let texts = (0..<40).map { Array("artifact \($0 % 10)".utf8) }
    let names = try await withThrowingTaskGroup { group in
      for (index, text) in texts.enumerated() {
        let path = folder.path("source-\(index)")
        try Data(text).write(to: URL(filePath: path))
        group.addTask { try await files.store(path: path, namespace: "sales", key: key).sha256 }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(names == Set(texts.map { SHA256.hex($0) }))
    for name in names { try await files.verify(sha256: name, namespace: "sales", key: key) }
  }

  @Test("50 MB pass through pieces of one frame")
  func large() async throws {
    let piece = Data(SecureRandom.bytes(1_000_000))
    let path = folder.path("large")
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: path))
    for _ in 0..<50 { try file.write(contentsOf: piece) }
    try file.close()
    let largest = Mutex(0)
    let received = Mutex(0)
    let artifact = try await files.store(path: path, namespace: "sales", key: key)
    try await files.read(sha256: artifact.sha256, namespace: "sales", key: key) { bytes in
      largest.withLock { $0 = max($0, bytes.count) }
      received.withLock { $0 += bytes.count }
    }
    #expect(artifact.size == 50_000_000)
    #expect(received.withLock { $0 } == 50_000_000)
    #expect(largest.withLock { $0 } <= frame)
  }
}
