import Engine
import Model
import Stores
import Testing

@Suite("What every store does with what triggers were given", .timeLimit(.minutes(1)))
struct TriggerRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let pipeline = PipelineName(namespace: "sales", name: "daily")

  private static func id(_ number: UInt64) -> ID<TriggerMessage> {
    ID(high: 0x0190_0000_0000_7000 | number << 16, low: 0x8000_0000_0000_0003)
  }

  private static func row(
    _ number: UInt64, _ state: TriggerMessageRow.State = .waiting, pipeline: PipelineName = pipeline,
    body: [UInt8] = [7], receivedAt: Int64? = nil
  ) -> TriggerMessageRow {
    TriggerMessageRow(
      id: id(number), pipeline: pipeline, trigger: "inbox", kind: "files", state: state, key: "k\(number)",
      group: state == .gathered ? "2026-11-20" : nil, part: state == .gathered ? "left" : nil,
      actor: "local:ana", receivedAt: moment(receivedAt ?? Int64(number)),
      expiresAt: state == .gathered ? moment(99) : nil, body: body)
  }

  private func slim(_ row: TriggerMessageRow) -> TriggerMessageRow {
    var row = row
    row.body = []
    return row
  }

  @Test("a message stays in the order in which it came, changes, and goes", arguments: Backend.all)
  func messages(_ backend: Backend) throws {
    let other = PipelineName(namespace: "sales", name: "other")
    do {
      let store = try backend.open(folder)
      _ = try store.commit(
        Batch { batch in
          // The later id came first.
          batch.triggers = [
            .put(Self.row(2, receivedAt: 5), with: nil), .put(Self.row(3, receivedAt: 4), with: nil),
            .put(Self.row(4, .claiming, pipeline: other), with: nil), .put(Self.row(5), with: nil),
          ]
        })
      var gathered = Self.row(2, .gathered, body: [], receivedAt: 5)
      gathered.key = "k2"
      _ = try store.commit(
        Batch { $0.triggers = [.put(gathered, with: nil), .remove(Self.id(5), with: nil)] })
    }
    let store = try backend.open(folder)
    #expect(
      try store.triggerMessages(of: Self.pipeline, limit: 10) == [
        slim(Self.row(3, receivedAt: 4)), slim(Self.row(2, .gathered, receivedAt: 5)),
      ])
    #expect(try store.triggerMessages(of: Self.pipeline, limit: 1).map(\.id) == [Self.id(3)])
    #expect(
      try store.openTriggerMessages().map(\.id) == [Self.id(3), Self.id(4), Self.id(2)].sortedByTime(store))
    // An empty body leaves the stored one.
    #expect(try store.triggerMessage(Self.id(2)) == Self.row(2, .gathered, body: [7], receivedAt: 5))
    #expect(try store.triggerMessage(Self.id(5)) == nil)
  }

  @Test(
    "a message whose job is refused stays, and one that came with a refused job never came",
    arguments: Backend.all)
  func refused(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch { batch in
        batch.admit(.fixture(1))
        batch.triggers = [.put(Self.row(1), with: nil), .put(Self.row(2), with: nil)]
      })
    let refused = try store.commit(
      Batch { batch in
        // The number of the first job once more: a conflict.
        batch.admit(.fixture(1))
        batch.admit(.fixture(9))
        batch.triggers = [
          .remove(Self.id(1), with: JobNumber(1)), .put(Self.row(3), with: JobNumber(1)),
          .remove(Self.id(2), with: JobNumber(9)), .put(Self.row(4), with: JobNumber(9)),
        ]
      })
    #expect(refused.map(\.job) == [JobNumber(1)])
    #expect(try store.openTriggerMessages().map(\.id) == [Self.id(1), Self.id(4)])
  }

  private func take(_ store: any Store, _ contents: [String], _ batch: UInt64) throws {
    let change = TriggerChange.taken(
      contents, with: Self.id(batch), by: Self.pipeline, trigger: "inbox", at: moment(1))
    _ = try store.commit(Batch { $0.triggers = [change] })
  }

  @Test("a content is taken by one trigger, once and for good", arguments: Backend.all)
  func taken(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      for _ in 0..<2 { try take(store, ["aa", "bb"], 1) }
    }
    let store = try backend.open(folder)
    let asked = ["aa", "bb", "cc"]
    #expect(try store.takenContents(asked, by: Self.pipeline, trigger: "inbox") == ["aa", "bb"])
    #expect(try store.takenContents(asked, by: Self.pipeline, trigger: "other") == [])
    let foreign = PipelineName(namespace: "finance", name: "daily")
    #expect(try store.takenContents(asked, by: foreign, trigger: "inbox") == [])
  }

  @Test("a content is given back by the batch that took it, and by no other", arguments: Backend.all)
  func released(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      try take(store, ["aa", "bb"], 1)
      // Of these only the second is new.
      try take(store, ["bb", "cc"], 2)
      _ = try store.commit(Batch { $0.triggers = [.released(by: Self.id(2)), .released(by: Self.id(9))] })
    }
    let store = try backend.open(folder)
    let asked = ["aa", "bb", "cc"]
    #expect(try store.takenContents(asked, by: Self.pipeline, trigger: "inbox") == ["aa", "bb"])
    _ = try store.commit(Batch { $0.triggers = [.released(by: Self.id(1))] })
    #expect(try store.takenContents(asked, by: Self.pipeline, trigger: "inbox") == [])
    try take(store, ["aa"], 3)
    #expect(try store.takenContents(asked, by: Self.pipeline, trigger: "inbox") == ["aa"])
  }

  @Test("events are kept once for a key, oldest first, and the oldest go", arguments: Backend.all)
  func events(_ backend: Backend) throws {
    func event(_ key: Int, room: String = "ana", namespace: String = "sales") -> EmittedRow {
      EmittedRow(
        at: moment(Int64(key)), namespace: namespace, type: key.isMultiple(of: 2) ? "even" : "odd",
        room: room,
        job: "j", path: "tell", key: "k\(key)", body: [1])
    }
    let store = try backend.open(folder)
    _ = try store.commit(
      Batch { batch in
        batch.emitted = [event(1), event(2, room: "bia"), event(1), event(3, namespace: "finance"), event(4)]
      })
    func keys(_ filter: EmittedFilter, after: Int64 = 0, limit: Int = 10) throws -> [String] {
      try store.emitted(filter, after: after, limit: limit).map(\.key)
    }
    #expect(try keys(EmittedFilter(namespace: "sales")) == ["k1", "k2", "k4"])
    #expect(try keys(EmittedFilter(namespace: "sales", room: "ana")) == ["k1", "k4"])
    #expect(try keys(EmittedFilter(namespace: "sales", room: "ana", type: "even")) == ["k4"])
    #expect(try keys(EmittedFilter(namespace: "finance")) == ["k3"])
    let first = try #require(try store.emitted(EmittedFilter(namespace: "sales"), after: 0, limit: 1).first)
    #expect(try keys(EmittedFilter(namespace: "sales"), after: first.position) == ["k2", "k4"])
    let last = 10 + EmittedRow.kept + 2_000
    for start in stride(from: 10, to: last, by: 2_000) {
      _ = try store.commit(Batch { batch in batch.emitted = (start..<start + 2_000).map { event($0) } })
    }
    let left = try store.emitted(EmittedFilter(namespace: "sales"), after: 0, limit: 20_000)
    // A store may trim once for many.
    #expect((EmittedRow.kept..<EmittedRow.kept + 512).contains(left.count))
    #expect(left.map(\.key) == (last - left.count..<last).map { "k\($0)" })
    #expect(try keys(EmittedFilter(namespace: "finance")) == ["k3"])
  }
}

extension [ID<TriggerMessage>] {
  /// By the moment of arrival, as the store gives them.
  fileprivate func sortedByTime(_ store: any ReadModel) throws -> [ID<TriggerMessage>] {
    try sorted { left, right in
      let times = try [left, right].map { try store.triggerMessage($0)?.receivedAt ?? moment(0) }
      return (times[0], left) < (times[1], right)
    }
  }
}
