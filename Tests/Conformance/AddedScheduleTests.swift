import Engine
import Model
import Stores
import Testing

@Suite("What every store does with schedules beside files", .timeLimit(.minutes(1)))
struct AddedScheduleTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func row(
    _ name: String, version: Int = 1, cron: String = "0 6 * * *", pipeline: PipelineName = daily
  ) -> AddedSchedule {
    AddedSchedule(
      pipeline: pipeline, name: name, spec: ["cron": .string(cron), "timezone": "UTC"],
      inputs: JSONObject([("day", "é"), ("n", 1)]), version: version, createdAt: moment(1),
      createdBy: "local:ana", updatedAt: moment(Int64(version)), updatedBy: "local:bia")
  }

  @Test("one is kept, replaced by its next version, and goes", arguments: Backend.all)
  func kept(_ backend: Backend) throws {
    let other = PipelineName(namespace: "other", name: "x")
    do {
      let store = try backend.open(folder)
      let refused = try store.commit(
        Batch {
          $0.writes = [
            .addedSchedule(Self.row("b")), .addedSchedule(Self.row("a")),
            .addedSchedule(Self.row("c", pipeline: other)),
            .addedSchedule(Self.row("a", version: 2, cron: "1 1 * * *")),
            .removeAddedSchedule(daily, name: "b"), .removeAddedSchedule(daily, name: "none"),
          ]
        })
      #expect(refused.isEmpty)
    }
    let store = try backend.open(folder)
    let rows = [Self.row("c", pipeline: other), Self.row("a", version: 2, cron: "1 1 * * *")]
    #expect(try store.addedSchedules(in: nil) == rows)
    #expect(try store.addedSchedules(in: "sales") == [rows[1]])
    #expect(try store.addedSchedules(of: daily) == [rows[1]])
    #expect(try store.addedSchedules(in: "none").isEmpty)
  }

  @Test(
    "one that does not follow the version that is there refuses all writes of its batch",
    arguments: Backend.all, [[1], [0], [3], [1, 1], [2, 2], [2, 4]])
  func conflicts(_ backend: Backend, versions: [Int]) throws {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { $0.writes = [.addedSchedule(Self.row("a"))] })
    let refused = try store.commit(
      Batch {
        $0.writes =
          [.setting(namespace: "sales", name: "x", value: 1, by: "ana", at: moment(1))]
          + versions.map { .addedSchedule(Self.row("a", version: $0)) }
      })
    #expect(refused.map(\.job) == [.catalog])
    #expect(try store.addedSchedules(of: daily) == [Self.row("a")])
    #expect(try store.settings(of: "sales").members.isEmpty)
  }

  @Test("one that was deleted cannot be changed any more", arguments: Backend.all)
  func deleted(_ backend: Backend) throws {
    let store = try backend.open(folder)
    #expect(try store.commit(Batch { $0.writes = [.addedSchedule(Self.row("a", version: 2))] }).count == 1)
    #expect(try store.addedSchedules(in: nil).isEmpty)
  }

  @Test("they go with their pipeline", arguments: Backend.all)
  func pipeline(_ backend: Backend) throws {
    let store = try backend.open(folder)
    let other = PipelineName(namespace: "sales", name: "other")
    _ = try store.commit(
      Batch {
        $0.writes = [
          .addedSchedule(Self.row("a")), .addedSchedule(Self.row("a", pipeline: other)),
          .deletePipeline(daily, at: moment(5), by: "ana"),
        ]
      })
    #expect(try store.addedSchedules(in: nil) == [Self.row("a", pipeline: other)])
  }
}

@Suite("What every store tells of how work goes", .timeLimit(.minutes(1)))
struct MeasureTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("jobs of a window, newest first, and no more than asked for", arguments: Backend.all)
  func measures(_ backend: Backend) throws {
    let store = try backend.open(folder)
    let other = PipelineName(namespace: "other", name: "x")
    _ = try store.commit(
      Batch { batch in
        for number in Int64(1)...4 { batch.admit(.fixture(number)) }
        batch.admit(.fixture(5, pipeline: other))
        batch.jobs = [
          .fixture(2, .failed, failure: Failure(.timeout, "late")), .fixture(3, .success),
          .fixture(5, .running),
        ]
      })
    let all = try store.measures(MeasureFilter(since: moment(0)), limit: 9)
    #expect(all.map(\.createdAt) == [5, 4, 3, 2, 1].map(moment))
    #expect(all.map(\.status) == [.running, .pending, .success, .failed, .pending])
    #expect(
      all[3].errorClass == .timeout && all[3].completedAt == moment(50) && all[3].startedAt == moment(10))
    #expect(try store.measures(MeasureFilter(since: moment(3)), limit: 9).count == 3)
    #expect(try store.measures(MeasureFilter(namespace: "other", since: moment(0)), limit: 9).count == 1)
    #expect(
      try store.measures(MeasureFilter(namespace: "sales", pipeline: "daily", since: moment(0)), limit: 2)
        .map(\.createdAt) == [4, 3].map(moment))
    #expect(
      try store.liveCounts(in: nil) == [
        LiveCount(pipeline: other, status: .running, count: 1, oldestAt: moment(5)),
        LiveCount(pipeline: daily, status: .pending, count: 2, oldestAt: moment(1)),
      ])
    #expect(try store.liveCounts(in: "sales").map(\.count) == [2])
  }

  @Test("what lies before triggers", arguments: Backend.all)
  func lines(_ backend: Backend) throws {
    let store = try backend.open(folder)
    func message(_ number: UInt64, _ trigger: String, _ kind: String = "queue") -> TriggerMessageRow {
      TriggerMessageRow(
        id: ID(high: 0x0190_0000_0000_7000 | number << 16, low: 0x8000_0000_0000_0000), pipeline: daily,
        trigger: trigger, kind: kind, state: .waiting, key: "\(number)", actor: "ana",
        receivedAt: moment(Int64(number)), body: [1])
    }
    _ = try store.commit(
      Batch {
        $0.triggers = [
          .put(message(3, "b"), with: nil), .put(message(2, "b"), with: nil),
          .put(message(1, "a"), with: nil),
          .put(message(4, "b", "webhook"), with: nil), .put(message(5, "b"), with: nil),
          .remove(message(5, "b").id, with: nil),
        ]
      })
    #expect(
      try store.lineCounts(in: nil) == [
        LineCount(pipeline: daily, trigger: "a", kind: "queue", count: 1, oldestAt: moment(1)),
        LineCount(pipeline: daily, trigger: "b", kind: "queue", count: 2, oldestAt: moment(2)),
        LineCount(pipeline: daily, trigger: "b", kind: "webhook", count: 1, oldestAt: moment(4)),
      ])
    #expect(try store.lineCounts(in: "other").isEmpty)
  }

  @Test("namespaces in which something stands", arguments: Backend.all)
  func namespaces(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch {
        $0.writes = [
          .setting(namespace: "b", name: "x", value: 1, by: "ana", at: moment(1)),
          .setting(namespace: "gone", name: "x", value: 1, by: "ana", at: moment(1)),
          .setting(namespace: "gone", name: "x", value: nil, by: "ana", at: moment(1)),
          .connection(
            Connection(
              namespace: "a", name: "c", kind: "http", address: [:], allowedEgress: [], credential: nil),
            at: moment(1), by: "ana"),
        ]
      })
    #expect(try store.namespaces() == ["a", "b"])
  }
}
