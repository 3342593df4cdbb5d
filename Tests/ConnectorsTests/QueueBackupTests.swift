import Crypto
import Engine
import Foundation
import Model
import Synchronization
import Testing

@testable import Connectors

@Suite("A backup of a queue", .timeLimit(.minutes(1)))
struct QueueBackupTests {
  private let bench: Bench
  init() throws { bench = try Bench() }

  /// What waits before `demo/target` at the moment.
  private func export(_ ids: [String], stepKey: String = "k1", to: String = "backups") async throws -> JSON {
    var attempt = bench.attempt(["pipeline": "target", "to": .string(to)], effect: .keyed)
    attempt.stepKey = stepKey
    attempt.services.control.queue = { (_, take) throws(Failure) in
      for id in ids { try take(QueuedItem(name: .init(kind: .job, id: id), content: ["inputs": [:]])) }
    }
    return try await QueueExport().execute(attempt).value
  }

  private func purge(_ backup: JSON) async throws -> JSON {
    try await QueuePurge().execute(
      bench.attempt(["pipeline": "target", "only_those_in": backup["manifest"] ?? .null], effect: .keyed)
    ).value
  }

  /// The ids in the lines of a backup, as they lie on the disk.
  private func lines(_ backup: JSON) throws -> [String] {
    let path = "\(bench.root)/own/\(backup["path"]?.string ?? "")/queue.ndjson"
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    #expect(backup["sha256"] == .string(SHA256.hex(bytes)))
    return try bytes.split(separator: 0x0A).map { try JSON(parsing: Array($0))["id"]?.string ?? "" }
  }

  @Test("is what its purge takes, and nothing else")
  func purge() async throws {
    let backup = try await export(["1", "2"])
    #expect(backup["count"] == 2 && backup["jobs"] == 2)
    #expect(try lines(backup) == ["1", "2"])
    #expect(try await purge(backup) == ["purged": 2, "skipped": 0])
  }

  @Test("of another round or step of the same job leaves it as it is")
  func twice() async throws {
    let first = try await export(["1"], stepKey: "round-1")
    let second = try await export(["2"], stepKey: "round-2")
    #expect(try lines(first) == ["1"] && lines(second) == ["2"])
    #expect(try await purge(first)["purged"] == 1)
  }

  @Test("of two pipelines whose names only look alike lies in two folders")
  func names() async throws {
    func folder(_ namespace: String, _ name: String) async throws -> String? {
      var attempt = bench.attempt(["pipeline": .string("\(namespace)/\(name)"), "to": "b"], effect: .keyed)
      attempt.services.control.queue = { (_, _) throws(Failure) in }
      return try await QueueExport().execute(attempt).value["path"]?.string
    }
    let (one, other) = (try await folder("a-b", "c"), try await folder("a", "b-c"))
    #expect(one != nil && one != other)
  }

  @Test("that is repeated after a crash is what the queue is now, on the disk as in the manifest")
  func crash() async throws {
    let lost = try await export(["1", "2"])
    let backup = try await export(["2", "3"])
    #expect(backup["path"] == lost["path"])
    #expect(try lines(backup) == ["2", "3"])
    let shown = "\(bench.root)/own/\(backup["path"]?.string ?? "")"
    let manifest = try JSON(parsing: [UInt8](try Data(contentsOf: URL(filePath: shown + "/manifest.json"))))
    #expect(manifest["sha256"] == backup["sha256"] && manifest["count"] == 2)
    let sums = try String(contentsOfFile: shown + "/SHA256SUMS", encoding: .utf8)
    #expect(sums == "\(backup["sha256"]?.string ?? "")  queue.ndjson\n")
    #expect(try await purge(backup)["purged"] == 2)
  }

  @Test("has lines of any length, and a purge reads them in any pieces")
  func long() throws {
    let texts = (0..<300).map {
      "{\"kind\":\"job\",\"id\":\"\($0)\",\"x\":\"\(String(repeating: "é", count: $0))\"}"
    }
    let bytes = Array(texts.joined(separator: "\n").utf8)
    for size in [1, 7, 4_096, bytes.count] {
      var lines = BackupLines()
      for start in stride(from: 0, to: bytes.count, by: size) {
        lines.take(bytes[start..<min(start + size, bytes.count)])
      }
      lines.finish()
      #expect(lines.names.count == 300 && lines.fault == nil)
    }
  }
}
