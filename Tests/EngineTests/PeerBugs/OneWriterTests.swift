import Engine
import Foundation
import Model
import Stores
import Testing

/// SQLite up to 3.51.2 may damage a file in WAL mode where two connections write or copy the log at once.
/// Here one connection does both, and all others can only read.
@Suite("Peers' bugs: SQLite's WAL-reset", .timeLimit(.minutes(1)))
struct OneWriterTests {
  @Test("readers beside the one writer find every commit whole, however often its log begins anew")
  func resets() async throws {
    let harness = try Harness(.sqlite)
    let file = harness.folder + "/esteira.db"
    let store = try #require(harness.store as? SQLiteStore)
    let problem = #expect(throws: Problem.self) {
      try SQLiteStore(path: file, now: Timestamp(microseconds: 0))
    }
    #expect(problem?.code == "store-in-use")

    let job = try await harness.start("steps: {work: {uses: test.keyed, with: {hold: true}}}")
    await harness.stage.holding("work")
    let number = try #require(try harness.readModel.job(job)).number
    let first = try store.highestNumbers().body + 1_000
    let readers = try (0..<2).map { _ in try SQLiteReader(path: file) }
    for count in 0..<Self.commits {
      var batch = Batch()
      batch.bytes = Self.content(count)
      batch.bodies = [
        BodyRow(id: BodyID(first + Int64(count)), job: number, sealed: 0..<batch.bytes.count)
      ]
      // Now and then nobody reads: only then the log can begin anew.
      async let one = count % 2 == 0 ? Self.reads(readers[0], 20) : []
      async let other = count % 3 == 0 ? Self.reads(readers[1], 20) : []
      #expect(try store.commit(batch).isEmpty)
      try store.checkpoint()
      let found = try await one + other
      #expect(found.allSatisfy { $0 == job })
    }
    let log = try FileManager.default.attributesOfItem(atPath: file + "-wal")[.size] as? Int
    #expect(try #require(log) < Self.commits * Self.bytes / 2, "The log never began anew.")
    #expect(try store.integrity() == ["ok"])
    for count in 0..<Self.commits {
      #expect(try store.body(BodyID(first + Int64(count))) == Self.content(count))
    }
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(try harness.history().replay(job).differences == [])
  }

  private static func reads(_ reader: SQLiteReader, _ count: Int) async throws -> [ID<Job>] {
    try (0..<count).flatMap { _ in try reader.jobs(JobFilter(), before: nil, limit: 10).map(\.id) }
  }

  private static let commits = 100
  private static let bytes = 1_000_000

  private static func content(_ count: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: bytes)
  }
}
