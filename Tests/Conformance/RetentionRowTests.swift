import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("Deletions", .timeLimit(.minutes(1)))
struct RetentionRowTests {
  private let rule = RetentionRule(
    namespace: "sales", retained: .history, days: 3, by: "local:ana", at: moment(1))

  /// Jobs 1 to 3; the first two have ended, at 100 and 200.
  private func filled(_ backend: Backend) throws -> (any Store & ReadModel, TemporaryFolder) {
    let folder = try TemporaryFolder()
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch {
        for job in 1...3 as ClosedRange<Int64> {
          $0.admit(.fixture(job, idempotencyKey: "\(job)"))
          $0.event(job, 2, sealed: "0123456789")
          $0.steps.append(.fixture(job, node: 1, output: .row(BodyID(job))))
          $0.bodies.append(BodyRow(id: BodyID(job), job: JobNumber(job), sealed: $0.place("body")))
        }
      })
    _ = try store.commit(
      Batch {
        for job in 1...2 as ClosedRange<Int64> {
          var row = JobRow.fixture(job, .success, sequence: 2)
          row.completedAt = moment(job * 100)
          $0.jobs.append(row)
        }
      })
    return (store, folder)
  }

  private func delete(_ jobs: [Int64], run: Int64, _ store: any Store) throws {
    let deletion = Deletion(
      rule: rule, before: moment(150), content: .jobs(jobs.map { JobNumber($0) }), run: moment(run),
      by: "node")
    #expect(try store.commit(Batch { $0.deletions = [deletion] }) == [])
  }

  @Test("know the ended jobs that are older than a moment", arguments: Backend.all)
  func expired(_ backend: Backend) throws {
    let (store, _) = try filled(backend)
    func numbers(_ before: Int64, after: Int64 = 0, limit: Int = 9) throws -> [Int64] {
      try store.expiredJobs(
        in: "sales", before: moment(before), after: JobNumber(after), limit: limit
      ).map(\.number.value)
    }
    #expect(try numbers(100) == [])
    #expect(try numbers(101) == [1])
    #expect(try numbers(10_000) == [1, 2], "Job 3 is live.")
    #expect(try numbers(10_000, after: 1) == [2])
    #expect(try numbers(10_000, limit: 1) == [1])
    #expect(try store.expired(.history, in: "sales", before: moment(10_000)).count == 2)
    #expect(try store.expired(.history, in: "other", before: moment(10_000)) == Expired())
  }

  @Test("take a job with all its rows, and leave a live one alone", arguments: Backend.all)
  func takeAll(_ backend: Backend) throws {
    let (store, _) = try filled(backend)
    let bytes = try store.expired(.history, in: "sales", before: moment(150)).bytes
    try delete([1, 3], run: 500, store)
    #expect(try store.job(jobID(1)) == nil)
    #expect(try store.events(of: JobNumber(1), after: 0, limit: 9) == [])
    #expect(try store.stepRows(of: JobNumber(1)) == [])
    #expect(try store.readBody(BodyID(1)) == nil)
    #expect(try store.job(ofIdempotencyKey: "1", pipeline: daily) == nil)
    #expect(try store.job(ofIdempotencyKey: "3", pipeline: daily)?.job == jobID(3))
    #expect(try store.liveJobs().map(\.number.value) == [3])
    #expect(try store.readBody(BodyID(3)) != nil)
    let proof = try #require(try store.deletions(in: nil, limit: 9).first)
    #expect((proof.count, proof.bytes, proof.days, proof.by) == (1, bytes, 3, "node"))
    if let file = store as? SQLiteStore { #expect(try file.orphans() == []) }
  }

  @Test("never free the number of a job, since others may name it", arguments: Backend.all)
  func numbers(_ backend: Backend) throws {
    let (store, _) = try filled(backend)
    _ = try store.commit(Batch { $0.jobs.append(.fixture(3, .success, sequence: 2)) })
    try delete([1, 2, 3], run: 500, store)
    #expect(try store.highestNumbers().job == 3)
  }

  @Test("of one run are one proof, and a run that finds nothing leaves none", arguments: Backend.all)
  func proofs(_ backend: Backend) throws {
    let (store, _) = try filled(backend)
    try delete([1], run: 500, store)
    try delete([2], run: 500, store)
    try delete([1, 2], run: 600, store)
    #expect(try store.deletions(in: nil, limit: 9).map(\.count) == [2])
    #expect(try store.deletions(in: "other", limit: 9) == [])
  }

  @Test(
    "spare a job that another is a rerun of, that calls a live one, or that an open dead letter names",
    arguments: Backend.all)
  func spared(_ backend: Backend) throws {
    for reason in ["rerun", "call", "letter"] {
      let (store, _) = try filled(backend)
      _ = try store.commit(
        Batch {
          var row = NewJob.fixture(4)
          if reason == "rerun" { row.identity.rerunOf = jobID(1) }
          if reason == "call" { row.identity.parent = JobNumber(1) }
          $0.admit(row)
          if reason == "letter" {
            $0.deadLetters = [
              .bury(
                DeadLetterRow(
                  at: moment(1), namespace: "sales", kind: .job, key: "job 1", job: jobID(1), source: [:],
                  fingerprint: "", error: [:]), with: nil)
            ]
          }
        })
      let found = try store.expiredJobs(in: "sales", before: moment(10_000), after: JobNumber(0), limit: 9)
      #expect(found.map(\.number.value) == [2], "\(reason)")
    }
  }

  @Test("follow rules that are set and taken away", arguments: Backend.all)
  func rules(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    var longer = rule
    longer.days = 9
    let logs = RetentionRule(namespace: "sales", retained: .logs, days: 1, by: "local:ana", at: moment(1))
    _ = try store.commit(Batch { $0.writes = [.retention(rule), .retention(logs), .retention(longer)] })
    #expect(try store.retentionRules() == [longer, logs])
    _ = try store.commit(Batch { $0.writes = [.keepForEver(.history, namespace: "sales")] })
    #expect(try store.retentionRules() == [logs])
  }

  @Test("of rows take the oldest, at most so many", arguments: Backend.all)
  func rows(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    _ = try store.commit(
      Batch { batch in
        for number in 1...5 as ClosedRange<Int64> {
          batch.emitted.append(
            EmittedRow(
              at: moment(number), namespace: "sales", type: "t", room: "r", job: "j", path: "p",
              key: "\(number)", body: [1, 2]))
        }
      })
    let events = RetentionRule(namespace: "sales", retained: .events, days: 1, by: "", at: moment(1))
    let deletion = Deletion(
      rule: events, before: moment(5), content: .rows(limit: 3), run: moment(9), by: "node")
    _ = try store.commit(Batch { $0.deletions = [deletion] })
    let filter = EmittedFilter(namespace: "sales")
    #expect(try store.emitted(filter, after: 0, limit: 9).map(\.at) == [moment(4), moment(5)])
    #expect(try store.deletions(in: nil, limit: 9).map(\.bytes) == [6])
  }

  @Test(
    "of history take due times as well: behind their job, and by their age where they started none",
    arguments: Backend.all)
  func fires(_ backend: Backend) throws {
    let (store, _) = try filled(backend)
    func fire(
      _ due: Int64, _ outcome: ScheduleFireRow.Outcome, job: Int64? = nil, decided: Int64? = nil
    ) -> ScheduleChange {
      .fire(
        ScheduleFireRow(
          pipeline: daily, trigger: "clock", due: moment(due), outcome: outcome, job: job.map { jobID($0) },
          reason: outcome == .missed ? "down" : nil, decidedAt: moment(decided ?? due)), with: nil)
    }
    _ = try store.commit(
      Batch {
        $0.schedules = [
          fire(1, .started, job: 1), fire(2, .missed), fire(3, .waiting), fire(4, .skipped, decided: 900),
          fire(5, .started, job: 2), fire(900, .missed), fire(6, .refused),
        ]
      })
    func dues() throws -> [Int64] {
      try store.fires(FireFilter(namespace: "sales"), limit: 99).reversed().map {
        $0.due.microseconds - moment(0).microseconds
      }
    }
    #expect(try store.expiredFires(in: "sales", before: moment(150)) == Expired(count: 2, bytes: 4))
    #expect(try store.expiredFires(in: "other", before: moment(150)) == Expired())
    try delete([1], run: 500, store)
    #expect(try store.expiredFires(in: "sales", before: moment(150)).count == 3)
    for left in [[3, 4, 5, 6, 900], [3, 4, 5, 900], [3, 4, 5, 900]] as [[Int64]] {
      let rows = Deletion(
        rule: rule, before: moment(150), content: .rows(limit: 2), run: moment(500), by: "node")
      _ = try store.commit(Batch { $0.deletions = [rows] })
      #expect(try dues() == left)
    }
    #expect(try store.deletions(in: nil, limit: 9).map(\.count) == [4])
  }
}
