import Crypto
import Model
import Stores
import Testing

@testable import Engine

@Suite("A limit of jobs and a job in quarantine")
struct QuarantinedLimitTests {
  private static let file = """
    apiVersion: esteira/v1
    id: test
    namespace: demo
    concurrency: {limit: 1, when_full: queue}
    steps: {work: {uses: test.pure}}
    """

  private static func configuration() throws -> NodeConfiguration {
    let (store, source) = (MemoryStore(), Array(file.utf8))
    let plan = try Harness.compile(source)
    var batch = Batch()
    batch.writes = [
      .revision(
        RevisionRecord(
          pipeline: PipelineName(namespace: "demo", name: "test"), number: 1, title: "", source: source,
          sha256: SHA256.digest(source), files: [], createdAt: Timestamp(microseconds: 0),
          createdBy: "local:test"))
    ]
    #expect(try store.commit(batch).isEmpty)
    return NodeConfiguration(
      setting: NodeSetting(name: "test", version: "test", cores: 1), store: store, readModel: store,
      clock: ManualClock(), connectors: [], environment: .none, plan: { _ in plan },
      wrap: { $0.reveal() },
      unwrap: { (_) throws(Problem) in throw Problem("test", Bilingual("No key.", pt: "Sem chave.")) },
      broken: { _ in })
  }

  @Test("is given no slot in line while a person has not decided, and then stands in line again")
  func keepsNone() throws {
    let configuration = try Self.configuration()
    var jobs = Jobs(configuration, numbers: (job: 0, body: 0))
    let now = configuration.clock.now
    let request = JobRequest(pipeline: PipelineName(namespace: "demo", name: "test"), actor: "local:test")
    var all: [OwnedJob] = []
    for _ in 0..<3 {
      all.append(jobs.admit(try Preparation(configuration, request).prepare(), [], at: now))
      jobs.serveQueue(at: now)
    }
    #expect(all.map(\.state.status) == [.running, .queued, .queued])
    jobs.decide(all[1], .quarantined(reason: "it breaks the engine"), at: now)
    #expect(all[1].state.status == .needsAttention)

    jobs.decide(all[0], .killed(actor: "local:ana", reason: "now"), at: now)
    jobs.serveQueue(at: now)
    #expect(all.map(\.state.status) == [.cancelled, .needsAttention, .running])
    let holders = jobs.governors.holdings.keys.map(\.job)
    #expect(holders == [all[2].number])

    jobs.decide(all[1], .released(actor: "local:ana"), at: now)
    jobs.serveQueue(at: now)
    #expect(all[1].state.status == .queued)
    for (index, status) in [(2, JobStatus.running), (1, .cancelled)] {
      jobs.decide(all[index], .killed(actor: "local:ana", reason: "now"), at: now)
      jobs.serveQueue(at: now)
      #expect(all[1].state.status == status)
    }
    let left = jobs.governors.holdings.count
    #expect(left == 0)
  }
}
