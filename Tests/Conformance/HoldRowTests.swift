import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("Holds", .timeLimit(.minutes(1)))
struct HoldRowTests {
  private static let subjects: [Hold.Subject] = [
    .namespace, .pipeline(daily.name), .job(jobID(1)), .pipeline("other"), .job(jobID(9)),
  ]
  private static func hold(_ number: UInt64, _ subject: Hold.Subject, in namespace: String = "sales") -> Hold
  {
    Hold(
      id: ID(high: 1 << 16 | 0x7000, low: 1 << 63 | number), namespace: namespace, subject: subject,
      reason: "case \(number)", by: "local:ana", at: moment(Int64(number)))
  }

  /// Jobs 1 and 2 of `daily`, which ended at 100 and 200.
  private func filled(_ backend: Backend, _ folder: TemporaryFolder) throws -> any Store & ReadModel {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch {
        for job in 1...2 as ClosedRange<Int64> { $0.admit(.fixture(job)) }
      })
    _ = try store.commit(
      Batch {
        for job in 1...2 as ClosedRange<Int64> {
          var row = JobRow.fixture(job, .success, sequence: 1)
          row.completedAt = moment(job * 100)
          $0.jobs.append(row)
        }
      })
    return store
  }

  @Test("are there until they are released, in the order in which they were placed", arguments: Backend.all)
  func rows(_ backend: Backend) throws {
    let folder = try TemporaryFolder()
    let holds = Self.subjects.enumerated().map { Self.hold(UInt64($0.offset + 1), $0.element) }
    do {
      let store = try backend.open(folder)
      #expect(try store.holds() == [])
      #expect(try store.commit(Batch { $0.writes = holds.reversed().map { .hold($0) } }) == [])
      #expect(try store.holds() == holds)
    }
    let store = try backend.open(folder)
    #expect(try store.holds() == holds)
    #expect(try store.commit(Batch { $0.writes = [.releaseHold(holds[1].id)] }) == [])
    #expect(try store.holds().count == holds.count - 1)
  }

  @Test("keep what they are of, and nothing else", arguments: Backend.all)
  func kept(_ backend: Backend) throws {
    for (subject, left) in zip(Self.subjects, [[], [], [2], [1, 2], [1, 2]] as [[Int64]]) {
      let store = try filled(backend, try TemporaryFolder())
      func expired() throws -> [Int64] {
        try store.expiredJobs(in: "sales", before: moment(999), after: JobNumber(0), limit: 9)
          .map(\.number.value)
      }
      _ = try store.commit(Batch { $0.writes = [.hold(Self.hold(7, subject, in: "elsewhere"))] })
      #expect(try expired() == [1, 2])
      _ = try store.commit(Batch { $0.writes = [.hold(Self.hold(8, subject))] })
      #expect(try expired() == left, "\(subject)")
      #expect(
        try store.expired(.history, in: "sales", before: moment(999)).count == Int64(left.count), "\(subject)"
      )
    }
  }

  @Test("keep what a run found before they were placed", arguments: Backend.all)
  func late(_ backend: Backend) throws {
    let store = try filled(backend, try TemporaryFolder())
    let rule = RetentionRule(
      namespace: "sales", retained: .history, days: 1, by: "local:ana", at: moment(1))
    let deletion = Deletion(
      rule: rule, before: moment(999), content: .jobs([JobNumber(1), JobNumber(2)]), run: moment(500),
      by: "node")
    // In the very commit of the deletion.
    let refused = try store.commit(
      Batch {
        $0.writes = [.hold(Self.hold(1, .job(jobID(1))))]
        $0.deletions = [deletion]
      })
    #expect(refused == [])
    #expect(try store.job(jobID(1)) != nil && store.job(jobID(2)) == nil)
    #expect(try store.deletions(in: "sales", limit: 9).map(\.count) == [1])
  }

  @Test("keep what was turned away from a pipeline", arguments: Backend.all)
  func refusals(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    func row(_ pipeline: String) -> RefusalRow {
      RefusalRow(
        at: moment(1), namespace: "sales", pipeline: pipeline, trigger: nil, actor: "local:ana",
        reason: "skipped", key: "k", idempotencyKey: nil)
    }
    _ = try store.commit(
      Batch {
        $0.refusals = [row(daily.name), row("other")]
        $0.writes = [.hold(Self.hold(1, .pipeline(daily.name)))]
      })
    #expect(try store.expired(.refusals, in: "sales", before: moment(9)).count == 1)
    let rule = RetentionRule(
      namespace: "sales", retained: .refusals, days: 1, by: "local:ana", at: moment(1))
    let deletion = Deletion(
      rule: rule, before: moment(9), content: .rows(limit: 9), run: moment(5), by: "node")
    _ = try store.commit(Batch { $0.deletions = [deletion] })
    #expect(try store.refusals(in: "sales", limit: 9).map(\.pipeline) == [daily.name])
  }

  @Test("a namespace is there by what people say of it", arguments: Backend.all)
  func namespaces(_ backend: Backend) throws {
    let folder = try TemporaryFolder()
    let record = NamespaceRecord(
      name: "sales", title: "Sales", summary: "What is sold", by: "local:ana", at: moment(3))
    do {
      let store = try backend.open(folder)
      #expect(try store.namespaces() == [] && store.namespaceRecord("sales") == nil)
      _ = try store.commit(Batch { $0.writes = [.namespace(record)] })
    }
    let store = try backend.open(folder)
    #expect(try store.namespaces() == ["sales"] && store.namespaceRecord("sales") == record)
    var second = record
    (second.title, second.by) = ("Vendas", "local:bia")
    _ = try store.commit(Batch { $0.writes = [.namespace(second)] })
    #expect(try store.namespaceRecord("sales") == second)
  }
}
