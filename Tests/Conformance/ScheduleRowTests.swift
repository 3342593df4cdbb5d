import Engine
import Model
import Stores
import Testing

@Suite("What every store does with schedules, their due times and backfills", .timeLimit(.minutes(1)))
struct ScheduleRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func schedule(_ trigger: String, pause: ScheduleRow.Pause? = nil) -> ScheduleRow {
    ScheduleRow(
      pipeline: daily, trigger: trigger, rule: "unix UTC 0 6 * * *", isActive: true, decidedUntil: moment(5),
      pause: pause)
  }

  private static func fire(
    _ due: Int64, _ outcome: ScheduleFireRow.Outcome, job: Int64? = nil, reason: String? = nil,
    trigger: String = "morning", last: Int64? = nil, count: Int = 1
  ) -> ScheduleFireRow {
    ScheduleFireRow(
      pipeline: daily, trigger: trigger, due: moment(due), outcome: outcome, job: job.map(jobID),
      reason: reason, detail: reason.map { "why \($0)" }, decidedAt: moment(due + 1),
      last: last.map(moment), count: count)
  }

  @Test("a schedule is replaced by a later row, and goes", arguments: Backend.all)
  func schedules(_ backend: Backend) throws {
    let pause = ScheduleRow.Pause(by: "local:ana", reason: "care", at: moment(1), until: moment(9))
    do {
      let store = try backend.open(folder)
      _ = try store.commit(
        Batch {
          $0.schedules = [.put(Self.schedule("b")), .put(Self.schedule("a")), .put(Self.schedule("c"))]
        })
      _ = try store.commit(
        Batch { $0.schedules = [.put(Self.schedule("a", pause: pause)), .remove(daily, trigger: "b")] })
    }
    let store = try backend.open(folder)
    #expect(try store.schedules() == [Self.schedule("a", pause: pause), Self.schedule("c")])
    #expect(try store.readSchedules(in: "sales") == store.schedules())
    #expect(try store.readSchedules(in: "other").isEmpty)
  }

  @Test("a due time has one row; one that has started stays, but for another start", arguments: Backend.all)
  func fires(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch {
        $0.schedules = [
          .fire(Self.fire(1, .waiting), with: nil), .fire(Self.fire(2, .missed, reason: "down"), with: nil),
          .fire(Self.fire(1, .started, job: 1), with: nil),
          .fire(Self.fire(1, .skipped, reason: "overlap"), with: nil),
          .fire(Self.fire(2, .waiting), with: nil), .fire(Self.fire(2, .started, job: 2), with: nil),
          .fire(Self.fire(2, .started, job: 3), with: nil),
          .fire(Self.fire(3, .missed, reason: "down", last: 7, count: 5), with: nil),
          .fire(Self.fire(9, .missed, reason: "paused", trigger: "evening"), with: nil),
        ]
      })
    #expect(
      try store.fires(FireFilter(namespace: "sales"), limit: 10) == [
        Self.fire(9, .missed, reason: "paused", trigger: "evening"),
        Self.fire(3, .missed, reason: "down", last: 7, count: 5), Self.fire(2, .started, job: 3),
        Self.fire(1, .started, job: 1),
      ])
    #expect(
      try store.fires(FireFilter(pipeline: daily, trigger: "morning", outcomes: [.started]), limit: 1) == [
        Self.fire(2, .started, job: 3)
      ])
    #expect(try store.fireCount(FireFilter(namespace: "sales", outcomes: [.missed])) == 6)
    #expect(try store.fires(FireFilter(from: moment(2), to: moment(3)), limit: 10).count == 2)
    #expect(try store.fires(FireFilter(namespace: "other"), limit: 10).isEmpty)
  }

  @Test("a due time whose job is refused stays as it was", arguments: Backend.all)
  func refused(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch { batch in
        batch.admit(.fixture(1))
        batch.schedules = [.fire(Self.fire(1, .waiting), with: nil)]
      })
    let refused = try store.commit(
      Batch { batch in
        batch.admit(.fixture(1))
        batch.schedules = [
          .fire(Self.fire(1, .started, job: 1), with: JobNumber(1)),
          .fire(Self.fire(2, .waiting), with: nil),
        ]
      })
    #expect(refused.map(\.job) == [JobNumber(1)])
    #expect(
      try store.fires(FireFilter(namespace: "sales"), limit: 10).map(\.outcome) == [.waiting, .waiting])
  }

  @Test("a live job says which trigger made it", arguments: Backend.all)
  func liveJobs(_ backend: Backend) throws {
    let store = try backend.open(folder)
    var job = NewJob.fixture(1)
    (job.triggerType, job.triggerID) = ("schedule", "morning")
    let made = job
    _ = try store.commit(Batch { $0.admit(made) })
    let live = try store.liveJobs()
    #expect(live.map(\.triggerType) == ["schedule"])
    #expect(live.map(\.triggerID) == ["morning"])
  }

  @Test("a backfill keeps its due times and counts; those that go on are found again", arguments: Backend.all)
  func backfills(_ backend: Backend) throws {
    func row(_ number: UInt64, _ state: BackfillRow.State) -> BackfillRow {
      BackfillRow(
        id: ID(high: 0x0190_0000_0000_7000 | number << 16, low: 0x8000_0000_0000_0009), pipeline: daily,
        trigger: "morning", from: moment(1), to: moment(9),
        dues: [moment(2), Timestamp(microseconds: -1), Timestamp(microseconds: .max)], concurrency: 4,
        state: state, next: 2,
        counts: BackfillRow.Counts(existing: 1, refused: 2, succeeded: 3, failed: 4), createdBy: "local:ana",
        createdAt: moment(3), endedAt: state == .done ? moment(8) : nil)
    }
    do {
      let store = try backend.open(folder)
      _ = try store.commit(
        Batch {
          $0.schedules = [
            .backfill(row(1, .running)), .backfill(row(2, .paused)), .backfill(row(3, .running)),
            .backfill(row(3, .done)),
          ]
        })
    }
    let store = try backend.open(folder)
    #expect(try store.openBackfills() == [row(1, .running), row(2, .paused)])
    #expect(try store.backfills(in: "sales", limit: 2) == [row(3, .done), row(2, .paused)])
    #expect(try store.backfill(row(3, .done).id) == row(3, .done))
    #expect(try store.backfills(in: "other", limit: 2).isEmpty)
  }
}
