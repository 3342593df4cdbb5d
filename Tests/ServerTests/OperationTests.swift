import API
import Crypto
import Engine
import Foundation
import Model
import Stores
import Testing

@testable import Server

@Suite("What operators do with pipelines and jobs", .timeLimit(.minutes(1)))
struct OperationTests {
  let server: TestServer
  private let hello = "demo~hello"

  init() throws { server = try TestServer() }

  private func apply(_ change: String = "", files: [AttachedFile] = []) async throws {
    var file = TestServer.hello
    file.source += change
    file.files = files
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
  }

  private func problem(_ work: () async throws -> Void) async -> ProblemDocument? {
    do {
      try await work()
      return nil
    } catch {
      return error as? ProblemDocument
    }
  }

  private func start(_ key: String? = nil) async throws -> StartedItem {
    try await server.call(PipelineCalls.execute, ExecuteRequest(id: hello, idempotencyKey: key))
  }

  /// Ends with the job.
  private func wait(_ job: String) async throws {
    let id = try #require(ID<Job>(job))
    for await _ in try await server.node.follow(id, after: 0) {}
  }

  @Test("a paused pipeline refuses new jobs with who and why, and `apply` does not wake it (S31)")
  func pause() async throws {
    try await apply()
    let before = try await start("k")
    let request = PauseRequest(id: hello, reason: "the site is down")
    let item = try await server.call(PipelineCalls.pause, request)
    #expect(item.pause?.by == "local:test" && item.pause?.reason == "the site is down")
    try await apply("\n# changed")
    let refused = await problem { _ = try await start() }
    #expect(refused?.status == 409 && refused?.code == "pipeline-paused")
    #expect(refused?.detail == "demo/hello is paused by local:test: the site is down")
    // A repeated request asks for no new job.
    #expect(try await start("k").id == before.id)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.first?.pause == item.pause)
    #expect(try await server.call(PipelineCalls.get, PipelineQuery(id: hello)).pause == item.pause)
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.count == 1)

    for _ in 1...2 {
      #expect(try await server.call(PipelineCalls.resume, NamePath(id: hello)).pause == nil)
    }
    #expect(try await start().isNew)
  }

  @Test("a deleted pipeline takes no new jobs, keeps the revisions of live ones, and goes on counting (S30)")
  func delete() async throws {
    var resting = TestServer.hello
    resting.source = resting.source.replacing("steps:", with: "steps:\n  rest: {wait: {for: 1h}}")
    try await apply()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [resting]))
    let job = try await start()
    let refused = await problem { _ = try await server.call(PipelineCalls.delete, DeleteRequest(id: hello)) }
    #expect(refused?.status == 409 && refused?.code == "pipeline-in-use")
    #expect(refused?.detail.contains(job.id) == true)

    let drained = try await server.call(PipelineCalls.delete, DeleteRequest(id: hello, jobs: "drain"))
    #expect(drained.jobs == [job.id])
    #expect(await problem { _ = try await start() }?.code == "no-pipeline")
    let pinned = ExecuteRequest(id: hello, revision: 1)
    #expect(
      await problem { _ = try await server.call(PipelineCalls.execute, pinned) }?.code == "no-pipeline")
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.isEmpty)
    let again = await problem { _ = try await server.call(PipelineCalls.delete, DeleteRequest(id: hello)) }
    #expect(again?.status == 404)
    #expect(try await server.call(JobCalls.get, JobPath(id: job.id)).job.revision == 2)

    let back = try await server.call(PipelineCalls.apply, ApplyRequest(files: [resting]))
    #expect(back.items.first?.revision == 3 && back.items.first?.change == "created")
    let second = try await start()
    let cancelled = try await server.call(PipelineCalls.delete, DeleteRequest(id: hello, jobs: "cancel"))
    #expect(cancelled.jobs.contains(second.id))
    try await wait(second.id)
    #expect(try await server.call(JobCalls.get, JobPath(id: second.id)).job.status == "cancelled")
  }

  @Test("a pause with an end ends by itself")
  func pauseEnds() async throws {
    try await apply()
    let name = PipelineName(namespace: "demo", name: "hello")
    // The node's clock is the real one; the routes' clock stands at the beginning of time.
    let past = Timestamp(microseconds: 1_000_000)
    _ = try await server.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "x", at: past, until: past))
    ])
    #expect(try await start().isNew)
    let late = await problem {
      _ = try await server.call(
        PipelineCalls.pause,
        PauseRequest(id: hello, reason: "x", until: Timestamp(microseconds: -1)))
    }
    #expect(late?.code == "unusable-request" && late?.status == 422)
    let empty = await problem {
      _ = try await server.call(PipelineCalls.pause, PauseRequest(id: hello, reason: ""))
    }
    #expect(empty?.code == "invalid-request")
    let unknown = await problem {
      _ = try await server.call(PipelineCalls.pause, PauseRequest(id: "demo~none", reason: "x"))
    }
    #expect(unknown?.code == "no-pipeline")
  }

  @Test("a rollback makes a new revision of old content, once however often it is asked for")
  func rollback() async throws {
    try await apply()
    try await apply("\n# second")
    for _ in 1...2 {
      let item = try await server.call(PipelineCalls.rollback, RollbackRequest(id: hello, revision: 1))
      #expect(item.revision == 3)
    }
    let revisions = try await server.call(PipelineCalls.revisions, RevisionsQuery(id: hello)).items
    #expect(revisions.map(\.revision) == [3, 2, 1])
    #expect(revisions[0].sha256 == revisions[2].sha256)
    #expect(
      try await server.call(PipelineCalls.get, PipelineQuery(id: hello)).source == TestServer.hello.source)
    let none = await problem {
      _ = try await server.call(PipelineCalls.rollback, RollbackRequest(id: hello, revision: 9))
    }
    #expect(none?.code == "no-pipeline" && none?.status == 404)
  }

  @Test("jobs are found by labels with and without a comma, and by what they came from")
  func filters() async throws {
    let store = server.store
    for number in 1...3 as ClosedRange<Int64> {
      var job = NewJob(
        number: JobNumber(number), id: Self.id(number),
        pipeline: PipelineName(namespace: "demo", name: "hello"), revision: 1, key: nil,
        triggerType: "manual", triggerID: nil, actor: "ana", idempotencyKey: nil, requestHash: [],
        wrappedKey: [], createdAt: Timestamp(microseconds: number))
      job.identity.labels = [.init(name: "team", value: number == 1 ? "a,b\\" : "c")]
      if number == 3 {
        (job.identity.parent, job.identity.rerunOf) = (JobNumber(1), Self.id(2))
        job.identity.correlation = "order 7"
      }
      var batch = Batch()
      batch.newJobs = [job]
      _ = try store.commit(batch)
    }
    func find(_ query: JobsQuery) async throws -> [String] {
      // As it travels.
      let request = APIRequest(JobCalls.list.shape, input: query.json)
      return try await Page<JobItem>(server.send(request).json).items.map(\.id)
    }
    let (one, two, three) = (Self.id(1).description, Self.id(2).description, Self.id(3).description)
    func label(_ text: String) -> LabelCondition {
      LabelCondition(text) ?? LabelCondition(name: "?", value: "")
    }
    #expect(try await find(JobsQuery(labels: [label("team=a,b\\")])) == [one])
    #expect(try await find(JobsQuery(labels: [label("team!=a,b\\")])) == [three, two])
    #expect(try await find(JobsQuery(labels: [label("team=c"), label("team!=x")])) == [three, two])
    #expect(try await find(JobsQuery(correlation: "order 7")) == [three])
    #expect(try await find(JobsQuery(parent: one)) == [three])
    #expect(try await find(JobsQuery(rerunOf: two)) == [three])
    let item = try #require(try await server.call(JobCalls.list, JobsQuery(parent: one)).items.first)
    #expect(item.identity.parent == one && item.identity.rerunOf == two)
    #expect(item.identity.labels.map(\.value) == ["c"] && item.identity.correlation == "order 7")
    let wrong = await problem { _ = try await server.call(JobCalls.list, JobsQuery(parent: "ffff")) }
    #expect(wrong?.code == "no-job")
  }

  private static func id(_ number: Int64) -> ID<Job> {
    ID(high: 0x0190_0000_0000_7000 | UInt64(number) << 24, low: 0x8000_0000_0000_0001)
  }
}
