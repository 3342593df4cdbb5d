import Engine
import Foundation
import Model
import Synchronization
import Testing

/// The files of a data folder, as names.
private final class ShelfOfFiles: Sendable {
  let logs = Mutex<Set<ID<Job>>>([])
  let artifacts = Mutex<[String: Timestamp]>([:])

  var files: RetainedFiles {
    var files = RetainedFiles()
    files.logs = { [self] in logs.withLock { $0.sorted().map { ($0, 10) } } }
    files.removeLog = { [self] job in logs.withLock { _ = $0.remove(job) } }
    files.artifacts = { [self] _ in
      artifacts.withLock { $0.sorted { $0.key < $1.key } }.map {
        RetainedFiles.Artifact(sha256: $0.key, bytes: 7, at: $0.value)
      }
    }
    files.removeArtifact = { [self] _, artifact, stillMayGo in
      guard stillMayGo() else { return false }
      return artifacts.withLock { $0.removeValue(forKey: artifact.sha256) } != nil
    }
    return files
  }
}

@Suite("Retention", .timeLimit(.minutes(1)))
struct RetentionTests {
  private static let day = Duration.seconds(86_400)
  private let shelf = ShelfOfFiles()

  private func made(_ backend: Backend, due: (@Sendable () -> Void)? = nil) throws -> Harness {
    let files = shelf.files
    return try Harness(backend) { _ in
    } configure: {
      $0.retainedFiles = files
      $0.retentionDue = due
    }
  }

  private func rule(_ retained: Retained, _ days: Int, _ harness: Harness) async throws {
    try await harness.node.write([
      .retention(
        RetentionRule(
          namespace: "demo", retained: retained, days: days, by: "local:ana", at: harness.clock.now))
    ])
  }

  private static let file = "steps: {work: {uses: test.keyed, with: {value: {n: 1}}}}"

  @Test(
    "keeps everything until a rule is set, and what is younger than the rule says", arguments: Backend.all)
  func young(_ backend: Backend) async throws {
    let harness = try made(backend)
    let job = try await harness.start(Self.file)
    _ = try await harness.ended(job)
    harness.clock.advance(by: Self.day * 1_000)
    #expect(try await harness.node.retain(by: "local:ana") == [])
    try await rule(.history, 1_001, harness)
    #expect(try await harness.node.retain(by: "local:ana") == [])
    #expect(try harness.readModel.job(job) != nil)
  }

  @Test(
    "deletes an ended job with all of it, says how much before, and leaves a proof", arguments: Backend.all)
  func history(_ backend: Backend) async throws {
    let harness = try made(backend)
    let job = try await harness.start(Self.file, key: "k")
    _ = try await harness.ended(job)
    shelf.logs.withLock { $0 = [job] }
    try await rule(.history, 10, harness)
    harness.clock.advance(by: Self.day * 5)
    let early = try #require(try await harness.node.forecast().first)
    #expect((early.now.count, early.soon.count) == (0, 1))
    #expect(early.soon.bytes > 0)
    harness.clock.advance(by: Self.day * 6)
    let proofs = try await harness.node.retain(by: "local:ana")
    #expect(proofs.map(\.count) == [1])
    #expect(proofs.map(\.bytes) == [early.soon.bytes])
    #expect(proofs.map(\.by) == ["local:ana"])
    #expect(try harness.readModel.job(job) == nil)
    #expect(shelf.logs.withLock { $0.isEmpty })
    #expect(try harness.readModel.deletions(in: "demo", limit: 9) == proofs)
    // Its key is free again.
    #expect(try await harness.startAgain(key: "k") != job)
  }

  @Test("what is held stays with its log, and goes once it is released", arguments: Backend.all)
  func held(_ backend: Backend) async throws {
    for subject in [{ _ in .namespace }, { _ in .pipeline("test") }, { .job($0) }]
      as [(ID<Job>) -> Hold.Subject]
    {
      let harness = try made(backend)
      let job = try await harness.start(Self.file)
      _ = try await harness.ended(job)
      shelf.logs.withLock { $0 = [job] }
      for retained in [Retained.history, .logs] { try await rule(retained, 1, harness) }
      harness.clock.advance(by: Self.day * 2)
      let hold = Hold(
        id: ID(high: 0x7000, low: 1 << 63), namespace: "demo", subject: subject(job), reason: "case 17",
        by: "local:ana", at: harness.clock.now)
      try await harness.node.write([.hold(hold)])
      #expect(try await harness.node.forecast().map(\.now.count) == [0, 0], "\(hold.subject)")
      #expect(try await harness.node.retain(by: "local:ana") == [])
      #expect(try harness.readModel.job(job) != nil && shelf.logs.withLock { $0 } == [job])
      try await harness.node.write([.releaseHold(hold.id)])
      #expect(try await harness.node.retain(by: "local:ana").map(\.count) == [1])
      #expect(try harness.readModel.job(job) == nil && shelf.logs.withLock(\.isEmpty))
    }
  }

  @Test("what a rule would delete is told without setting it", arguments: Backend.all)
  func previewed(_ backend: Backend) async throws {
    let harness = try made(backend)
    let job = try await harness.start(Self.file)
    _ = try await harness.ended(job)
    harness.clock.advance(by: Self.day * 5)
    let rule = RetentionRule(
      namespace: "demo", retained: .history, days: 10, by: "local:ana", at: harness.clock.now)
    let forecast = try await harness.node.forecast(of: rule)
    #expect((forecast.now.count, forecast.soon.count) == (0, 1))
    #expect(try harness.readModel.retentionRules() == [])
  }

  @Test("never touches a live job, nor one that is run again, until that has gone", arguments: Backend.all)
  func needed(_ backend: Backend) async throws {
    let harness = try made(backend)
    try await harness.apply("steps: {work: {uses: test.keyed, with: {hold: true}}}")
    let live = try await harness.startAgain(key: "live")
    await harness.stage.holding("work")
    try await rule(.history, 0, harness)
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.node.retain(by: "local:ana") == [])
    await harness.stage.end("work")
    _ = try await harness.ended(live)
    harness.clock.advance(by: Self.day * 2)
    try await rule(.history, 1, harness)
    let again = try await harness.node.rerun(
      RerunRequest(job: live, from: .start, actor: "local:ana")
    ).job
    #expect(try await harness.node.retain(by: "local:ana") == [], "Its rerun is live.")
    await harness.stage.end("work")
    _ = try await harness.ended(again)
    harness.clock.advance(by: Self.day * 2)
    #expect(try await harness.node.retain(by: "local:ana").map(\.count) == [1])
    harness.clock.advance(by: .seconds(1))
    #expect(
      try await harness.node.retain(by: "local:ana").map(\.count) == [1], "Now nothing needs the first.")
  }

  @Test("goes in parts of a bounded size, and one proof adds up", arguments: Backend.all)
  func parts(_ backend: Backend) async throws {
    let harness = try made(backend)
    try await harness.apply(Self.file)
    let count = 120
    for number in 0..<count {
      _ = try await harness.ended(try await harness.startAgain(key: "\(number)"))
    }
    try await rule(.history, 1, harness)
    harness.clock.advance(by: Self.day * 2)
    #expect(try await harness.node.retain(by: "local:ana").map(\.count) == [Int64(count)])
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10) == [])
  }

  @Test("deletes logs alone, and artifacts that no job refers to")
  func files() async throws {
    let harness = try made(.sqlite)
    let job = try await harness.start(Self.file)
    _ = try await harness.ended(job)
    let old = harness.clock.now
    shelf.logs.withLock { $0 = [job] }
    shelf.artifacts.withLock { $0 = ["aa": old, "bb": old] }
    try plantReference("aa", job, harness)
    try await rule(.logs, 1, harness)
    try await rule(.artifacts, 1, harness)
    harness.clock.advance(by: Self.day * 3)
    shelf.artifacts.withLock { $0["cc"] = harness.clock.now }
    let proofs = try await harness.node.retain(by: "local:ana")
    #expect(proofs.map(\.retained) == [.artifacts, .logs])
    #expect(proofs.map(\.bytes) == [7, 10])
    #expect(shelf.artifacts.withLock { $0.keys.sorted() } == ["aa", "cc"])
    #expect(try harness.readModel.job(job) != nil)
  }

  private func plantReference(_ sha256: String, _ job: ID<Job>, _ harness: Harness) throws {
    var batch = Batch()
    let number = try #require(try harness.readModel.job(job)).number
    batch.artifacts.append(
      ArtifactRow(
        job: number, node: 0, namespace: "demo", path: "work",
        handle: ArtifactHandle(sha256: sha256, name: "list", size: 7, mediaType: "text/plain"),
        at: harness.clock.now))
    #expect(try harness.store.commit(batch).isEmpty)
  }

  @Test("deletes refusals by their age", arguments: Backend.all)
  func refusals(_ backend: Backend) async throws {
    let harness = try made(backend)
    let old = RefusalRow(
      at: harness.clock.now, namespace: "demo", pipeline: "test", trigger: nil, actor: "local:ana",
      reason: "skipped", key: "", idempotencyKey: nil)
    var (young, other) = (old, old)
    young.at = old.at + Self.day * 5
    other.namespace = "elsewhere"
    var batch = Batch()
    batch.refusals = [old, old, young, other]
    #expect(try harness.store.commit(batch).isEmpty)
    try await rule(.refusals, 2, harness)
    harness.clock.advance(by: Self.day * 3)
    #expect(try await harness.node.retain(by: "local:ana").map(\.count) == [2])
    #expect(try harness.readModel.refusals(in: nil, limit: 9).count == 2)
  }

  @Test("is due by the clock: some time after the start, and once a day")
  func due() async throws {
    let (dues, happened) = AsyncStream.makeStream(of: Void.self)
    let harness = try made(.memory, due: { happened.yield() })
    var seen = dues.makeAsyncIterator()
    harness.clock.advance(by: .seconds(600))
    await seen.next()
    for _ in 1...3 {
      harness.clock.advance(by: Self.day)
      await seen.next()
    }
  }
}
