import Engine
import Model
import Stores
import Testing

@Suite("What every store does with a batch", .timeLimit(.minutes(1)))
struct CommitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("what was committed is there again after the node was dropped", arguments: Backend.all)
  func survives(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      let refused = try store.commit(
        Batch {
          $0.commit = 77
          $0.admit(.fixture(1, key: "k"))
          $0.event(1, 2, "[{\"fact\":\"ended\"}]", sealed: "ciphertext")
          $0.steps.append(.fixture(1, node: 0, output: .event(sequence: 2, offset: 2, length: 8)))
          $0.steps.append(.fixture(1, node: 1, .failed, output: .row(BodyID(5))))
          $0.jobs.append(.fixture(1, .running, sequence: 2))
          $0.bodies.append(BodyRow(id: BodyID(5), job: JobNumber(1), sealed: $0.place("large")))
        })
      #expect(refused == [])
    }
    let store = try backend.open(folder)
    #expect(
      try store.history(of: JobNumber(1), after: 0)
        == [stored(1, 1), stored(1, 2, "[{\"fact\":\"ended\"}]", sealed: "ciphertext")])
    #expect(try store.history(of: JobNumber(1), after: 1).map(\.sequence) == [2])
    #expect(
      try store.stepRows(of: JobNumber(1)) == [
        .fixture(1, node: 0, output: .event(sequence: 2, offset: 2, length: 8)),
        .fixture(1, node: 1, .failed, output: .row(BodyID(5))),
      ])
    #expect(try store.body(BodyID(5)) == Array("large".utf8))
    #expect(try store.readBody(BodyID(5)) == Array("large".utf8))
    #expect(try store.body(BodyID(6)) == nil)
    let live = try #require(try store.liveJobs().first)
    #expect(live.number == JobNumber(1) && live.id == jobID(1) && live.pipeline == daily)
    #expect(live.status == .running && live.wrappedKey == [9, 1] && live.driveCount == 0)
    #expect(try store.highestNumbers() == (1, 5))
  }

  @Test("an empty store has no numbers, no jobs and no answers", arguments: Backend.all)
  func empty(_ backend: Backend) throws {
    let store = try backend.open(folder)
    #expect(try store.highestNumbers() == (0, 0))
    #expect(try store.liveJobs().isEmpty)
    #expect(try store.job(jobID(1)) == nil)
    #expect(try store.snapshot(of: JobNumber(1)) == nil)
    #expect(try store.revision(of: daily, number: nil) == nil)
    #expect(try store.commit(Batch()) == [])
  }

  @Test("a sequence number that is taken refuses its job alone (S3)", arguments: Backend.all)
  func sequenceConflict(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { for job in 1...3 { $0.admit(.fixture(Int64(job))) } })

    let refused = try store.commit(
      Batch {
        for job in 1...3 {
          $0.event(Int64(job), job == 2 ? 1 : 2, "[\(job)]")
          $0.steps.append(.fixture(Int64(job), node: 0))
          $0.jobs.append(.fixture(Int64(job), .running, sequence: 2))
        }
        $0.writes.append(.setting(namespace: "sales", name: "a", value: 1, by: "ana", at: moment(1)))
      })

    #expect(refused == [RefusedJob(job: JobNumber(2), reason: .conflict)])
    #expect(try store.history(of: JobNumber(1), after: 0).count == 2)
    #expect(try store.history(of: JobNumber(2), after: 0) == [stored(2, 1)])
    #expect(try store.history(of: JobNumber(3), after: 0).last == stored(3, 2, "[3]"))
    #expect(try store.stepRows(of: JobNumber(2)) == [])
    #expect(try store.job(jobID(2))?.status == .pending)
    #expect(try store.job(jobID(3))?.status == .running)
    #expect(try store.settings(of: "sales")["a"] == 1)
  }

  @Test("a live key is free again when its job has ended, in the same batch too", arguments: Backend.all)
  func liveKey(_ backend: Backend) throws {
    let store = try backend.open(folder)
    let other = PipelineName(namespace: "sales", name: "weekly")
    #expect(
      try store.commit(
        Batch {
          $0.admit(.fixture(1, key: "2026-11-20"))
          $0.admit(.fixture(2, pipeline: other, key: "2026-11-20"))
          $0.admit(.fixture(3))
          $0.admit(.fixture(4))
        }) == [])
    let refused = try store.commit(
      Batch {
        $0.admit(.fixture(5, key: "2026-11-20"))
        $0.admit(.fixture(6))
      })
    #expect(refused == [RefusedJob(job: JobNumber(5), reason: .conflict)])
    #expect(try store.job(jobID(5)) == nil)
    #expect(try store.job(jobID(6)) != nil)

    let second = try store.commit(
      Batch {
        $0.event(1, 2)
        $0.jobs.append(.fixture(1, .success, sequence: 2))
        $0.admit(.fixture(7, key: "2026-11-20"))
        $0.event(3, 1)
      })
    #expect(second == [RefusedJob(job: JobNumber(3), reason: .conflict)])
    #expect(try store.job(jobID(7))?.key == "2026-11-20")
    #expect(try store.liveJobs().map(\.number.value) == [2, 3, 4, 6, 7])
  }

  @Test("an idempotency key belongs to the first job of its pipeline for good", arguments: Backend.all)
  func idempotency(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      _ = try store.commit(Batch { $0.admit(.fixture(1, idempotencyKey: "message-é")) })
      _ = try store.commit(
        Batch {
          $0.event(1, 2)
          $0.jobs.append(
            .fixture(1, .failed, sequence: 2, failure: Failure(.data, code: "x", "No.", step: "a")))
        })
    }
    let store = try backend.open(folder)
    let refused = try store.commit(Batch { $0.admit(.fixture(2, idempotencyKey: "message-é")) })
    #expect(refused == [RefusedJob(job: JobNumber(2), reason: .conflict)])
    #expect(
      try store.job(ofIdempotencyKey: "message-é", pipeline: daily)
        == IdempotentJob(job: jobID(1), requestHash: [1]))
    // The same letter as two scalars is another key.
    #expect(try store.job(ofIdempotencyKey: "message-e\u{301}", pipeline: daily) == nil)
    let other = PipelineName(namespace: "sales", name: "weekly")
    #expect(try store.job(ofIdempotencyKey: "message-é", pipeline: other) == nil)
    #expect(try store.job(jobID(1))?.failure == Failure(.data, code: "x", "No.", step: "a"))
  }

  @Test("the last two snapshots of a job are kept, and the newest is given", arguments: Backend.all)
  func snapshots(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      _ = try store.commit(Batch { $0.admit(.fixture(1)) })
      for sequence in [500, 1_000, 1_500] as [UInt32] {
        _ = try store.commit(
          Batch {
            $0.event(1, sequence)
            let (state, chain) = ($0.place("state \(sequence)"), $0.place("c"))
            $0.snapshots.append(
              SnapshotRow(job: JobNumber(1), sequence: sequence, format: 1, state: state, chain: chain))
          })
      }
    }
    let store = try backend.open(folder)
    #expect(
      try store.snapshot(of: JobNumber(1))
        == StoredSnapshot(sequence: 1_500, format: 1, state: Array("state 1500".utf8), chain: [99]))
  }

  @Test(
    "a drive count rises at each start and is gone with the job's first commit (S4)", arguments: Backend.all)
  func driveCounts(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      _ = try store.commit(Batch { for job in 1...2 { $0.admit(.fixture(Int64(job))) } })
      #expect(try store.raiseDriveCounts(of: [JobNumber(2), JobNumber(1)]) == [1, 1])
    }
    do {
      let store = try backend.open(folder)
      #expect(try store.raiseDriveCounts(of: [JobNumber(1), JobNumber(2)]) == [2, 2])
      #expect(try store.liveJobs().map(\.driveCount) == [2, 2])
      _ = try store.commit(Batch { $0.event(1, 2) })
      #expect(try store.liveJobs().map(\.driveCount) == [0, 2])
      #expect(
        try store.commit(Batch { $0.event(2, 1) }) == [RefusedJob(job: JobNumber(2), reason: .conflict)])
    }
    let store = try backend.open(folder)
    #expect(try store.liveJobs().map(\.driveCount) == [0, 2])
    #expect(try store.raiseDriveCounts(of: [JobNumber(2)]) == [3])
  }

  @Test("of a withheld job no row is written, and the answer names it (S3)", arguments: Backend.all)
  func withheld(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { for job in 1...2 { $0.admit(.fixture(Int64(job))) } })
    let superseded = RefusedJob(job: JobNumber(2), reason: .superseded)

    let refused = try store.commit(
      Batch {
        for job in 1...2 {
          $0.event(Int64(job), 2, "[\(job)]")
          $0.steps.append(.fixture(Int64(job), node: 0))
        }
        $0.withheld = [superseded]
      })

    #expect(refused == [superseded])
    #expect(try store.history(of: JobNumber(1), after: 0).count == 2)
    #expect(try store.history(of: JobNumber(2), after: 0) == [stored(2, 1)])
  }

  @Test("two jobs of one batch cannot share a key", arguments: Backend.all)
  func sameBatch(_ backend: Backend) throws {
    let store = try backend.open(folder)
    let refused = try store.commit(
      Batch {
        $0.admit(.fixture(1, key: "k"))
        $0.admit(.fixture(2, key: "k"))
        $0.admit(.fixture(3, idempotencyKey: "m"))
        $0.admit(.fixture(4, idempotencyKey: "m"))
      })
    #expect(refused.map(\.job.value) == [2, 4])
    #expect(try store.liveJobs().map(\.number.value) == [1, 3])
  }
}
