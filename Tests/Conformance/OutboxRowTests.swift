import Engine
import Model
import Stores
import Testing

@Suite("What every store does with messages that leave", .timeLimit(.minutes(1)))
struct OutboxRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func row(
    _ event: String, to destination: String = "ops", lane: String = "a", due: Int64 = 10, job: Int64? = nil,
    body: [UInt8] = [7]
  ) -> OutboxRow {
    OutboxRow(
      destination: destination, namespace: "sales", lane: lane, event: event, type: "esteira.job.failed",
      pipeline: PipelineName(namespace: "sales", name: "daily"), job: job.map { jobID($0) },
      firstAt: moment(due), nextAt: moment(due), body: body)
  }

  private func commit(_ store: any Store, _ changes: [OutboxChange]) throws {
    #expect(try store.commit(Batch { $0.outbox = changes }) == [])
  }

  private func put(_ store: any Store, _ rows: OutboxRow...) throws {
    try commit(store, rows.map { .put($0, with: nil) })
  }

  private func due(
    _ store: any ReadModel, _ destination: String = "ops", at now: Int64 = 50, horizon: Int64 = 1_000,
    limit: Int = 9
  ) throws -> [String] {
    let heads = try store.dueOutbox(
      of: destination, at: moment(now), horizon: moment(horizon), limit: limit)
    return try heads.map { head in
      let row = try #require(try store.readOutboxRow(head.position))
      #expect(row.lane == head.lane)
      return row.event
    }
  }

  @Test("they stay, whole, under growing positions", arguments: Backend.all)
  func kept(_ backend: Backend) throws {
    var rows = [row("e1", job: 4), row("é"), row("e\u{301}", body: [])]
    rows[1].pipeline = nil
    do {
      let store = try backend.open(folder)
      try commit(store, rows.map { .put($0, with: nil) })
    }
    let store = try backend.open(folder)
    for (position, row) in zip(Int64(1)..., rows) {
      var expected = row
      expected.position = position
      #expect(try store.readOutboxRow(position) == expected)
      #expect(try store.outboxRow(of: "ops", event: row.event) == expected)
    }
    #expect(try store.readOutboxRow(4) == nil)
    #expect(try store.outboxRow(of: "other", event: "e1") == nil)
    #expect(try store.outboxCount(of: "ops") == 3 && store.outboxCount(of: "other") == 0)
  }

  @Test("S32: only the first of each lane is due, those that waited longest first", arguments: Backend.all)
  func lanes(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try put(
      store, row("a1", due: 30), row("a2", due: 1), row("b1", lane: "b", due: 20),
      row("c1", lane: "c", due: 60),
      row("x1", to: "other", due: 5))
    #expect(try due(store) == ["b1", "a1"])
    #expect(try due(store, limit: 1) == ["b1"])
    #expect(try due(store, "other") == ["x1"])
    #expect(try due(store, at: 19).isEmpty)
    #expect(try store.nextOutbox(of: "ops", after: moment(50)) == moment(60))
    #expect(try store.nextOutbox(of: "ops", after: moment(60)) == nil)
    try commit(store, [.remove(position: 1)])
    #expect(try due(store) == ["a2", "b1"])
    #expect(try store.outboxDestinations() == ["ops", "other"])
  }

  @Test("one that is tried again later holds up its lane and no other", arguments: Backend.all)
  func tried(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try put(store, row("a1"), row("a2"), row("b1", lane: "b", due: 20))
    let error: JSON = ["code": "http-status", "message": "It answered 500.", "status": 500]
    try commit(store, [.tried(position: 1, tries: 3, nextAt: moment(80), error: error, isHeld: false)])
    #expect(try due(store) == ["b1"])
    #expect(try due(store, at: 80) == ["b1", "a1"])
    let kept = try #require(try store.readOutboxRow(1))
    #expect(kept.tries == 3 && kept.error == error && kept.nextAt == moment(80) && !kept.isHeld)
    #expect(kept.firstAt == moment(10))
    #expect(
      try store.outboxSummaries() == [
        OutboxSummary(destination: "ops", waiting: 3, oldestAt: moment(10), failing: 1, held: 0)
      ])
  }

  @Test("one that is held closes its lane until it is dropped or begins again", arguments: Backend.all)
  func held(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try put(store, row("a1"), row("a2"), row("b1", lane: "b"))
    for position in [Int64(1), 3] {
      try commit(
        store,
        [.tried(position: position, tries: 9, nextAt: moment(20), error: ["code": "x"], isHeld: true)])
    }
    #expect(try due(store).isEmpty)
    #expect(try store.nextOutbox(of: "ops", after: moment(0)) == nil)
    #expect(try store.outboxSummaries().map(\.held) == [2])
    // What comes behind it stays behind it.
    try put(store, row("a3"))
    #expect(try due(store).isEmpty)
    try commit(store, [.drop(destination: "ops", event: "a1"), .drop(destination: "ops", event: "none")])
    #expect(try due(store) == ["a2"])
    try put(store, row("b1", lane: "b", due: 40))
    #expect(try due(store) == ["a2", "b1"])
    let again = try #require(try store.readOutboxRow(3))
    #expect(again.tries == 0 && !again.isHeld && again.error == nil && again.firstAt == moment(10))
    #expect(try store.outboxCount(of: "ops") == 3)
  }

  @Test("one that is put again while it stands behind another stays behind it", arguments: Backend.all)
  func again(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try put(store, row("a1"), row("a2"))
    try put(store, row("a2", due: 2))
    #expect(try due(store) == ["a1"])
    try commit(store, [.remove(position: 1)])
    #expect(try due(store, at: 2) == ["a2"])
  }

  @Test("one whose time is beyond the horizon is due: the clock was put back", arguments: Backend.all)
  func horizon(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try put(store, row("a1", due: 2_000), row("b1", lane: "b", due: 900), row("c1", lane: "c", due: 9))
    #expect(try due(store) == ["c1", "a1"])
    #expect(try due(store, limit: 1) == ["c1"])
  }

  @Test("a message of a job goes with the job's rows, and with them is left out", arguments: Backend.all)
  func withJob(_ backend: Backend) throws {
    let store = try backend.open(folder)
    #expect(try store.commit(Batch { $0.newJobs = [.fixture(1), .fixture(2)] }) == [])
    let refused = try store.commit(
      Batch { batch in
        batch.event(1, 1)
        batch.event(2, 1)
        batch.event(2, 1)
        batch.outbox = [
          .put(row("of 1"), with: JobNumber(1)), .put(row("of 2"), with: JobNumber(2)),
          .put(row("of none"), with: nil),
        ]
      })
    #expect(refused.map(\.job) == [JobNumber(2)])
    #expect(try store.outboxRow(of: "ops", event: "of 1") != nil)
    #expect(try store.outboxRow(of: "ops", event: "of 2") == nil)
    #expect(try store.outboxRow(of: "ops", event: "of none") != nil)
  }

  @Test("that a destination is disabled stays until it is enabled", arguments: Backend.all)
  func disabled(_ backend: Backend) throws {
    let gone = DisabledDestination(name: "ops", reason: "It answered 410.", at: moment(4))
    do {
      let store = try backend.open(folder)
      try commit(store, [.disable(gone)])
      try commit(store, [.disable(DisabledDestination(name: "b", reason: "x", at: moment(5)))])
    }
    let store = try backend.open(folder)
    #expect(try store.disabledDestinations().map(\.name) == ["b", "ops"])
    #expect(try store.readDisabledDestinations().last == gone)
    try commit(store, [.enable(destination: "b"), .enable(destination: "none")])
    #expect(try store.disabledDestinations() == [gone])
  }

  @Test("tries stay, newest first, without their bodies in lists", arguments: Backend.all)
  func deliveries(_ backend: Backend) throws {
    let store = try backend.open(folder)
    var first = DeliveryRow(
      destination: "ops", namespace: "sales", event: "e1", type: "t", lane: "a",
      pipeline: PipelineName(namespace: "sales", name: "daily"), job: jobID(3), attempt: 2,
      outcome: .delivered, status: 204, duration: .milliseconds(12), at: moment(9), body: [1, 2])
    let second = DeliveryRow(
      destination: "ops", namespace: "sales", event: "e2", type: "t", lane: "b", attempt: 1, outcome: .failed,
      status: nil, duration: .zero, code: "unreachable", message: "Nobody answers.", at: moment(10))
    var other = second
    other.destination = "other"
    try commit(store, [.delivery(first), .delivery(second), .delivery(other)])
    first.id = 1
    #expect(try store.delivery(1) == first)
    #expect(try store.delivery(9) == nil)
    let listed = try store.deliveries(of: "ops", before: nil, limit: 9)
    #expect(listed.map(\.id) == [2, 1] && listed.allSatisfy(\.body.isEmpty))
    #expect(listed[0].code == "unreachable" && listed[0].message == "Nobody answers.")
    #expect(try store.deliveries(of: "ops", before: 2, limit: 9).map(\.id) == [1])
    #expect(try store.deliveries(of: "ops", before: nil, limit: 1).map(\.id) == [2])
  }

  @Test("of each destination the newest tries are kept, and no great number more", arguments: Backend.all)
  func bounded(_ backend: Backend) throws {
    let store = try backend.open(folder)
    let row = DeliveryRow(
      destination: "ops", namespace: "sales", event: "e", type: "t", lane: "a", attempt: 1,
      outcome: .delivered, status: 200, duration: .zero, at: moment(1))
    var few = row
    few.destination = "few"
    try commit(store, [.delivery(few)])
    let count = DeliveryRow.kept + 200
    for _ in 0..<count / 100 { try commit(store, Array(repeating: .delivery(row), count: 100)) }
    let kept = try store.deliveries(of: "ops", before: nil, limit: count)
    #expect(kept.count >= DeliveryRow.kept && kept.count < DeliveryRow.kept + 100)
    #expect(kept.first?.id == Int64(count + 1))
    #expect(try store.deliveries(of: "few", before: nil, limit: 9).count == 1)
  }
}
