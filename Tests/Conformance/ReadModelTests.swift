import Engine
import Model
import Stores
import Testing

@Suite("What every store answers to lists and pages", .timeLimit(.minutes(1)))
struct ReadModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func filled(_ backend: Backend) throws -> any Store & ReadModel {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch {
        for number in 1...9 as ClosedRange<Int64> {
          let namespace = number.isMultiple(of: 2) ? "sales" : "finance"
          let name = number.isMultiple(of: 3) ? "weekly" : "daily"
          $0.admit(.fixture(number, pipeline: PipelineName(namespace: namespace, name: name)))
          $0.jobs.append(.fixture(number, number > 6 ? .running : .success))
        }
      })
    return store
  }

  private func numbers(
    _ store: any ReadModel, _ filter: JobFilter = JobFilter(), before: Int64? = nil, limit: Int = 100
  ) throws -> [Int64] {
    try store.jobs(filter, before: before.map { jobID($0) }, limit: limit).map(\.number.value)
  }

  @Test("jobs come newest first, page by page", arguments: Backend.all)
  func pages(_ backend: Backend) throws {
    let store = try filled(backend)
    #expect(try numbers(store, limit: 4) == [9, 8, 7, 6])
    #expect(try numbers(store, before: 6, limit: 4) == [5, 4, 3, 2])
    #expect(try numbers(store, before: 2, limit: 4) == [1])
    #expect(try numbers(store, before: 1) == [])
    // A job that is not there, perhaps no more: the list goes on behind where it was.
    #expect(try numbers(store, before: 99, limit: 2) == [9, 8])
  }

  @Test("its version is another once something was committed, and only then", arguments: Backend.all)
  func version(_ backend: Backend) throws {
    let store = try filled(backend)
    let first = try #require(try store.version())
    _ = try numbers(store)
    #expect(try store.version() == first)
    for status in [JobStatus.running, .success] {
      let before = try store.version()
      _ = try store.commit(Batch { $0.jobs.append(.fixture(9, status, sequence: 2)) })
      #expect(try store.version() != before)
    }
  }

  @Test("filters apply together", arguments: Backend.all)
  func filters(_ backend: Backend) throws {
    let store = try filled(backend)
    #expect(try numbers(store, JobFilter(namespace: "sales")) == [8, 6, 4, 2])
    #expect(try numbers(store, JobFilter(namespace: "sales", pipeline: "weekly")) == [6])
    #expect(try numbers(store, JobFilter(pipeline: "weekly")) == [9, 6, 3])
    #expect(try numbers(store, JobFilter(statuses: [.running, .failed])) == [9, 8, 7])
    #expect(try numbers(store, JobFilter(namespace: "finance", statuses: [.success]), before: 5) == [3, 1])
    #expect(try numbers(store, JobFilter(since: moment(8))) == [9, 8])
    #expect(try numbers(store, JobFilter(namespace: "x' OR 1=1 --")) == [])
  }

  @Test("a job is found by its id and by the beginning of it", arguments: Backend.all)
  func prefixes(_ backend: Backend) throws {
    let store = try filled(backend)
    let text = jobID(7).description
    #expect(try store.jobs(withPrefix: text, limit: 5) == [jobID(7)])
    #expect(try store.jobs(withPrefix: String(text.prefix(13)).uppercased(), limit: 5) == [jobID(7)])
    #expect(try store.jobs(withPrefix: String(text.prefix(8)), limit: 5) == (1...5).map { jobID($0) })
    #expect(try store.jobs(withPrefix: "ff", limit: 5) == [])
    let job = try #require(try store.job(jobID(7)))
    #expect(
      job
        == JobSummary(
          number: JobNumber(7), id: jobID(7), pipeline: PipelineName(namespace: "finance", name: "daily"),
          revision: 1, key: nil, status: .running, triggerType: "manual", actor: "local:ana",
          createdAt: moment(7), startedAt: moment(10), completedAt: nil, failure: nil, outputs: nil,
          lastSequence: 1, wrappedKey: [9, 7]))
  }

  @Test("a later row of a step, a job or an artifact replaces the earlier one", arguments: Backend.all)
  func replaces(_ backend: Backend) throws {
    let store = try filled(backend)
    let handle = ArtifactHandle(
      sha256: String(repeating: "a", count: 64), name: "b.csv", size: 5, mediaType: "text/csv")
    func artifact(_ path: String, _ name: String, node: UInt32) -> ArtifactRow {
      var handle = handle
      handle.name = name
      return ArtifactRow(
        job: JobNumber(9), node: node, namespace: "finance", path: path, handle: handle, at: moment(1))
    }
    let failure = Failure(.timeout, code: "late", "Too late.", step: "a")
    _ = try store.commit(
      Batch {
        $0.event(9, 2, sealed: "123456")
        $0.steps = [.fixture(9, node: 3, .retrying), .fixture(9, node: 3, .failed), .fixture(9, node: 1)]
        $0.jobs = [.fixture(9, .failed, failure: failure)]
        $0.artifacts = [
          artifact("a", "b.csv", node: 2), artifact("a", "a.csv", node: 2), artifact("b", "b.csv", node: 1),
          artifact("c", "b.csv", node: 2),
        ]
      })
    #expect(try store.stepRows(of: JobNumber(9)) == [.fixture(9, node: 1), .fixture(9, node: 3, .failed)])
    #expect(
      try store.artifacts(of: JobNumber(9)) == [
        artifact("b", "b.csv", node: 1), artifact("a", "a.csv", node: 2), artifact("c", "b.csv", node: 2),
      ])
    #expect(try store.job(jobID(9))?.failure == failure)
    #expect(try store.job(jobID(9))?.lastSequence == 2)

    let outputs = BodyPlace.event(sequence: 2, offset: 1, length: 3)
    _ = try store.commit(
      Batch {
        $0.event(9, 3)
        $0.jobs = [.fixture(9, .success, sequence: 3, outputs: outputs)]
      })
    #expect(try store.job(jobID(9))?.failure == nil)
    #expect(try store.job(jobID(9))?.outputs == outputs)
    #expect(try store.job(jobID(9))?.completedAt == moment(50))
  }

  @Test("events come in order and in pages", arguments: Backend.all)
  func events(_ backend: Backend) throws {
    let store = try filled(backend)
    _ = try store.commit(Batch { batch in for sequence in 2...20 { batch.event(4, UInt32(sequence)) } })
    #expect(try store.events(of: JobNumber(4), after: 5, limit: 3).map(\.sequence) == [6, 7, 8])
    #expect(try store.events(of: JobNumber(4), after: 20, limit: 3) == [])
  }
}
