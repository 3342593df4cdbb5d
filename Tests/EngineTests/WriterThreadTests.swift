import Crypto
import Engine
import Model
import Pipelines
import Stores
import Synchronization
import Testing

@Suite("A turn of many ends is written while the next ones are decided", .timeLimit(.minutes(1)))
struct WriterThreadTests {
  private static let name = PipelineName(namespace: "demo", name: "quick")

  /// `with: {job, step}` of each attempt as it is performed, on the engine's thread.
  private struct Quick: InPlaceConnector {
    static let description = ConnectorDescription(
      name: "test.quick", title: Bilingual("Quick", pt: "Rápido"), summary: Bilingual("Quick", pt: "Rápido"),
      with: ["type": "object"], output: true, effect: .always(.pure))
    var description: ConnectorDescription { Self.description }
    var seen: @Sendable (JSON) -> Void
    func output(of with: JSON) throws(Failure) -> JSON {
      seen(with)
      return ["done": true]
    }
  }

  private static func compile(_ source: [UInt8]) throws(Problem) -> Plan {
    let compilation = PipelineCompiler(connectors: [Quick.description], zones: Harness.zones).compile(source)
    guard let plan = compilation.plan else {
      let text = compilation.findings.map { $0.rendered(file: "quick.yaml", language: .english) }.joined()
      throw Problem("test", Bilingual(text, pt: text))
    }
    return plan
  }

  /// Steps that end at once, behind a gate that one signal opens for all jobs.
  private func harness(_ backend: Backend, _ seen: @escaping @Sendable (JSON) -> Void) throws -> Harness {
    try Harness(
      backend, faulty: true,
      configure: { configuration in
        configuration.connectors = [Quick(seen: seen)]
        configuration.plan = { (record) throws(Problem) in try Self.compile(record.source) }
      })
  }

  private func jobs(_ count: Int, _ steps: String, in harness: Harness) async throws -> [ID<Job>] {
    let source = Array(
      """
      apiVersion: esteira/v1
      id: quick
      namespace: demo
      steps:
        gate: {wait: {signal: {name: go, broadcast: true}}}
      \(steps)
      """.utf8)
    try await harness.node.write([
      .revision(
        RevisionRecord(
          pipeline: Self.name, number: 1, title: "", source: source, sha256: SHA256.digest(source), files: [],
          createdAt: harness.clock.now, createdBy: "local:test"))
    ])
    var jobs: [ID<Job>] = []
    for _ in 0..<count {
      jobs.append(try await harness.node.start(JobRequest(pipeline: Self.name, actor: "local:test")).job)
    }
    return jobs
  }

  private func open(_ harness: Harness) async throws {
    let go = SignalRequest(name: "go", key: nil, payload: .null, actor: "local:test")
    _ = try await harness.node.signal(go, in: "demo")
  }

  private static let chain = """
      one: {needs: [gate], uses: test.quick, with: {job: "${{ job.id }}", step: 1}}
      two: {needs: [one], uses: test.quick, with: {job: "${{ job.id }}", step: 2}}
    """

  @Test("half by half, and nothing begins before its own commit", arguments: Backend.all)
  func halves(_ backend: Backend) async throws {
    let early = LockedList()
    let commits = Commits()
    let harness = try harness(backend) { with in if !commits.holdStart(with) { early.append(with) } }
    harness.faulty?.onCommit { commits.add($0) }
    let jobs = try await jobs(80, Self.chain, in: harness)
    try await open(harness)
    // Nobody asks for anything before, which would be an input among them.
    await commits.ended(80)
    for job in jobs { #expect(try await harness.ended(job).summary.status == .success) }
    #expect(early.values == [])
    // The gate's commit, then each end of `one` with the start of `two`, and each end of `two`.
    #expect(commits.events.suffix(5) == [80, 40, 40, 40, 40])
    for job in jobs.prefix(3) { #expect(try harness.history().replay(job).differences == []) }
  }

  @Test("and a disk without room holds both halves until it has some", arguments: Backend.all)
  func full(_ backend: Backend) async throws {
    let early = LockedList()
    let commits = Commits()
    let faulty = Mutex<FaultyStore?>(nil)
    let harness = try harness(backend) { with in
      // No commit is under way yet: the first half finds no room.
      if !commits.holdStart(with) { early.append(with) }
      faulty.withLock { $0.take() }?.fill()
    }
    harness.faulty?.onCommit { commits.add($0) }
    let jobs = try await jobs(80, Self.chain, in: harness)
    faulty.withLock { $0 = harness.faulty }
    var waits = harness.storeWaits.makeAsyncIterator()
    try await open(harness)
    #expect(await waits.next() == true)
    #expect(commits.events.last == 80)
    harness.faulty?.free()
    harness.clock.advance(by: .seconds(60))
    await commits.ended(80)
    for job in jobs { #expect(try await harness.ended(job).summary.status == .success) }
    #expect(early.values == [])
    #expect(commits.events.suffix(5) == [80, 40, 40, 40, 40])
  }

  @Test("and what was decided for a job that is then refused is never stored (S3)", arguments: Backend.all)
  func refused(_ backend: Backend) async throws {
    let steps = ["a", "b", "c"].map {
      "  \($0): {needs: [gate], uses: test.quick, with: {job: \"${{ job.id }}\", step: \($0)}}\n"
    }
    let target = Mutex<(job: ID<Job>, plant: @Sendable () -> Void)?>(nil)
    let harness = try harness(backend) { with in
      let plant = target.withLock { target in
        guard let found = target, with["job"]?.string == found.job.description else {
          return nil as (() -> Void)?
        }
        target = nil
        return found.plant
      }
      plant?()
    }
    let jobs = try await jobs(27, steps.joined(), in: harness)
    // 81 ends: the first 41 are written, and the 41st is the second one of this job.
    let bad = jobs[13]
    let (store, reader, now) = (harness.store, harness.readModel, harness.clock.now)
    let plant: @Sendable () -> Void = {
      #expect(throws: Never.self) { try Harness.plantEvent(in: bad, store, reader, at: now) }
    }
    target.withLock { $0 = (bad, plant) }
    try await open(harness)
    for job in jobs where job != bad { #expect(try await harness.ended(job).summary.status == .success) }
    let number = try #require(try reader.job(bad)).number
    let events = try reader.events(of: number, after: 0, limit: 100)
    #expect(events.last?.payload == Array("[]".utf8))
    #expect(try reader.job(bad)?.status == .running)
  }
}

/// What the store has taken.
private final class Commits: Sendable {
  private let state = Mutex<(numbers: [String: JobNumber], starts: Set<String>, events: [Int])>(([:], [], []))
  private let ends = AsyncStream.makeStream(of: Int.self)

  /// Returns once so many jobs have ended.
  func ended(_ count: Int) async {
    var left = count
    for await ended in ends.stream {
      left -= ended
      if left <= 0 { return }
    }
  }

  func add(_ batch: Batch) {
    state.withLock { state in
      for row in batch.newJobs { state.numbers[row.id.description] = row.number }
      for row in batch.events {
        let text = String(decoding: batch.bytes[row.payload], as: UTF8.self)
        for node in 1...2 where text.contains("{\"f\":\"started\",\"n\":\(node),") {
          state.starts.insert("\(row.job.value)/\(node)")
        }
      }
      state.events.append(batch.events.count)
    }
    ends.continuation.yield(batch.jobs.count { $0.status.hasEnded })
  }

  /// Whether the start of this attempt is stored.
  func holdStart(_ with: JSON) -> Bool {
    state.withLock { state in
      guard let job = with["job"]?.string, let step = with["step"]?.int, let number = state.numbers[job]
      else {
        return false
      }
      return state.starts.contains("\(number.value)/\(step)")
    }
  }

  var events: [Int] { state.withLock(\.events) }
}
