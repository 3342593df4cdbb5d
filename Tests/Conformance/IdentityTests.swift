import Engine
import Model
import Stores
import Testing

@Suite("What every store knows of a job's identity", .timeLimit(.minutes(1)))
struct IdentityTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func numbers(
    _ store: any ReadModel, _ filter: JobFilter, before: Int64? = nil, limit: Int = 100
  ) throws -> [Int64] {
    try store.jobs(filter, before: before.map { jobID($0) }, limit: limit).map(\.number.value)
  }

  @Test("it is kept whole, its labels in the order of their names", arguments: Backend.all)
  func whole(_ backend: Backend) throws {
    let identity = JobIdentity(
      correlation: "order 7", labels: [.init(name: "b", value: "é"), .init(name: "a", value: "")],
      owner: "compliance", priority: 9, fairKey: "tenant", parent: JobNumber(1), parentNode: 0,
      rerunOf: jobID(1))
    do {
      let store = try backend.open(folder)
      _ = try store.commit(
        Batch {
          $0.admit(.fixture(1))
          $0.admit(NewJob.fixture(2).with(identity))
        })
    }
    let store = try backend.open(folder)
    var expected = identity
    expected.labels = identity.labels.reversed()
    #expect(try store.job(jobID(2))?.identity == expected)
    #expect(try store.job(number: JobNumber(2))?.identity == expected)
    #expect(try store.liveJob(JobNumber(2))?.identity == expected)
    #expect(try store.liveJobs().map(\.identity) == [JobIdentity(), expected])
    #expect(try store.job(number: JobNumber(1))?.identity == JobIdentity())
    #expect(try store.job(number: JobNumber(3)) == nil)
  }

  @Test("lists are filtered by each part of it", arguments: Backend.all)
  func filters(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch {
        for job in 1...12 as ClosedRange<Int64> {
          var identity = JobIdentity.labels([("env", job.isMultiple(of: 2) ? "prod" : "test")])
          if job.isMultiple(of: 3) { identity.labels.append(.init(name: "team", value: "a")) }
          if job > 6 { identity.correlation = "order \(job % 2)" }
          if job == 4 || job == 8 { identity.parent = JobNumber(1) }
          if job == 5 { identity.rerunOf = jobID(2) }
          $0.admit(NewJob.fixture(job).with(identity))
        }
        $0.admit(.fixture(13))
      })
    func label(_ name: String, _ value: String) -> JobIdentity.Label { .init(name: name, value: value) }
    let prod = label("env", "prod")
    #expect(try numbers(store, JobFilter(correlation: "order 1")) == [11, 9, 7])
    #expect(try numbers(store, JobFilter(correlation: "order 1", labels: [label("team", "a")])) == [9])
    #expect(try numbers(store, JobFilter(labels: [prod])) == [12, 10, 8, 6, 4, 2])
    #expect(try numbers(store, JobFilter(labels: [prod]), before: 10, limit: 2) == [8, 6])
    #expect(try numbers(store, JobFilter(labels: [prod, label("team", "a")])) == [12, 6])
    #expect(try numbers(store, JobFilter(labels: [prod, label("env", "test")])) == [])
    #expect(try numbers(store, JobFilter(labels: [label("team", "a")], withoutLabels: [prod])) == [9, 3])
    #expect(try numbers(store, JobFilter(withoutLabels: [prod, label("env", "test")])) == [13])
    #expect(try numbers(store, JobFilter(parent: JobNumber(1))) == [8, 4])
    #expect(try numbers(store, JobFilter(parent: JobNumber(2))) == [])
    #expect(try numbers(store, JobFilter(rerunOf: jobID(2))) == [5])
  }

  @Test("a job that is reopened has its key again, or is refused", arguments: Backend.all)
  func reopened(_ backend: Backend) throws {
    let store = try backend.open(folder)
    func reopen(_ job: Int64, _ sequence: UInt32) -> Batch {
      Batch {
        $0.event(job, sequence)
        $0.jobs = [.fixture(job, .running, sequence: sequence)]
      }
    }
    _ = try store.commit(
      Batch {
        $0.admit(.fixture(1, key: "k"))
        $0.admit(.fixture(2))
      })
    _ = try store.commit(
      Batch { batch in
        for job in 1...2 as ClosedRange<Int64> {
          batch.event(job, 2)
          batch.jobs.append(.fixture(job, .failed, sequence: 2, failure: Failure(.data, code: "x", "No.")))
        }
      })
    #expect(try store.liveJobs().isEmpty)
    #expect(try store.commit(reopen(1, 3)) == [])
    #expect(try store.liveJobs().map(\.number.value) == [1])
    #expect(try store.job(jobID(1))?.completedAt == nil)
    #expect(try store.job(jobID(1))?.failure == nil)
    #expect(try store.raiseDriveCounts(of: [JobNumber(1)]) == [1])
    #expect(
      try store.commit(Batch { $0.admit(.fixture(3, key: "k")) })
        == [RefusedJob(job: JobNumber(3), reason: .conflict)])

    _ = try store.commit(
      Batch {
        $0.event(1, 4)
        $0.jobs = [.fixture(1, .failed, sequence: 4)]
        $0.admit(.fixture(4, key: "k"))
      })
    #expect(try store.commit(reopen(1, 5)) == [RefusedJob(job: JobNumber(1), reason: .conflict)])
    #expect(try store.history(of: JobNumber(1), after: 0).count == 4)
    #expect(try store.job(jobID(1))?.status == .failed)
    // The key passes on when its holder ends in the same batch, in whatever order they stand.
    var batch = reopen(1, 5)
    batch.event(4, 2)
    batch.jobs.append(.fixture(4, .success, sequence: 2))
    #expect(try store.commit(batch) == [])
    #expect(try store.liveJobs().map(\.number.value) == [1])
  }

  @Test("revisions are listed newest first, without their files", arguments: Backend.all)
  func revisions(_ backend: Backend) throws {
    let store = try backend.open(folder)
    for number in 1...3 {
      let record = RevisionRecord(
        pipeline: daily, number: number, title: "T\(number)", source: [UInt8(number)],
        sha256: [UInt8](repeating: UInt8(number), count: 32),
        files: [.init(path: "a", bytes: [1], isExecutable: false)], createdAt: moment(Int64(number)),
        createdBy: "ana")
      _ = try store.commit(Batch { $0.writes = [.revision(record)] })
    }
    let revisions = try store.revisions(of: daily)
    #expect(revisions.map(\.number) == [3, 2, 1])
    #expect(revisions.allSatisfy { $0.files.isEmpty })
    #expect(revisions.first?.title == "T3" && revisions.first?.source == [3])
    #expect(try store.revisions(of: PipelineName(namespace: "x", name: "daily")) == [])
  }
}
