import Engine
import Model
import Stores
import Testing

@Suite("What every store does with people and messages", .timeLimit(.minutes(1)))
struct MessageRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func filled(_ backend: Backend) throws -> any Store & ReadModel {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { for job in 1...5 as ClosedRange<Int64> { $0.admit(.fixture(job)) } })
    return store
  }

  private func numbers(
    _ store: any ReadModel, _ filter: AskFilter, before: UInt64? = nil, limit: Int = 100
  ) throws -> [Int64] {
    try store.asks(filter, before: before.map { askID($0) }, limit: limit).map {
      $0.openedAt.microseconds - moment(0).microseconds
    }
  }

  @Test("an ask is found by its job, its state and its people, newest first", arguments: Backend.all)
  func asks(_ backend: Backend) throws {
    let people = ["user:ana", "group:compliance", "user:bob"]
    do {
      let store = try filled(backend)
      _ = try store.commit(
        Batch { batch in
          for number in 1...9 as ClosedRange<UInt64> {
            batch.asks.append(
              .fixture(
                number, job: Int64(number % 3 + 1), namespace: number < 4 ? "finance" : "sales",
                number > 6 ? .open : .expired, assignees: Array(people.dropFirst(Int(number % 3)))))
          }
        })
      // The later row replaces the earlier, and its people replace the people.
      _ = try store.commit(Batch { $0.asks = [.fixture(7, job: 2, .decided, assignees: ["user:eve"])] })
    }
    let store = try backend.open(folder)
    #expect(try numbers(store, AskFilter()) == [9, 8, 7, 6, 5, 4, 3, 2, 1])
    #expect(try numbers(store, AskFilter(), before: 7, limit: 2) == [6, 5])
    #expect(try numbers(store, AskFilter(states: [.open])) == [9, 8])
    #expect(try numbers(store, AskFilter(states: [.open]), before: 9) == [8])
    #expect(try numbers(store, AskFilter(states: [.open], assignees: ["user:ana"])) == [9])
    #expect(try numbers(store, AskFilter(assignees: ["user:ana", "user:eve"])) == [9, 7, 6, 3])
    #expect(try numbers(store, AskFilter(states: [.decided, .expired], assignees: ["user:ana"])) == [6, 3])
    #expect(try numbers(store, AskFilter(namespace: "finance")) == [3, 2, 1])
    #expect(try numbers(store, AskFilter(states: [.open], job: JobNumber(1))) == [9])
    #expect(try numbers(store, AskFilter(assignees: ["user:x"])) == [])
    #expect(try store.ask(askID(7)) == .fixture(7, job: 2, .decided, assignees: ["user:eve"]))
    #expect(try store.ask(askID(9))?.assignees == people)
    #expect(try store.ask(askID(10)) == nil)
    #expect(try store.asks(withPrefix: askID(8).description, limit: 3) == [askID(8)])
    #expect(try store.asks(withPrefix: String(askID(8).description.prefix(8)), limit: 3).count == 3)
  }

  @Test("answers stay in the order in which they came, those that do not count too", arguments: Backend.all)
  func answers(_ backend: Backend) throws {
    func answer(_ by: String, counts: Bool, content: BodyPlace?) -> AskAnswerRow {
      AskAnswerRow(
        ask: askID(1), job: JobNumber(1), by: by, onBehalfOf: counts ? "eve" : nil, choice: "yes",
        counts: counts, at: moment(5), content: content)
    }
    let rows = [
      answer("zoe", counts: true, content: .event(sequence: 1, offset: 0, length: 0)),
      answer("ana", counts: false, content: nil), answer("ana", counts: false, content: nil),
    ]
    let store = try filled(backend)
    _ = try store.commit(
      Batch {
        $0.asks = [.fixture(1, job: 1, content: .row(BodyID(3)))]
        $0.bodies = [BodyRow(id: BodyID(3), job: JobNumber(1), sealed: $0.place("ask"))]
        $0.answers = [rows[0]]
      })
    _ = try store.commit(Batch { $0.answers = Array(rows.dropFirst()) })
    #expect(try store.answers(of: askID(1)) == rows)
    #expect(try store.answers(of: askID(2)) == [])
    #expect(try store.ask(askID(1))?.content == .row(BodyID(3)))
    if let store = store as? SQLiteStore { #expect(try store.orphans() == []) }
  }

  @Test("signals wait, oldest first, until they are taken or run out", arguments: Backend.all)
  func signals(_ backend: Backend) throws {
    do {
      let store = try filled(backend)
      _ = try store.commit(
        Batch {
          $0.signals = [
            .fixture(1, receivedAt: 9), .fixture(2, receivedAt: 3), .fixture(3, namespace: "finance"),
            .fixture(4),
          ]
        })
      _ = try store.commit(
        Batch {
          $0.event(1, 2)
          $0.signals = [.fixture(4, .taken, takenBy: 1), .fixture(3, namespace: "finance", .expired)]
        })
    }
    let store = try backend.open(folder)
    #expect(try store.waitingSignals() == [.fixture(2, receivedAt: 3), .fixture(1, receivedAt: 9)])
    #expect(try store.signals(in: "sales", limit: 2).map(\.id) == [signalID(4), signalID(2)])
    #expect(try store.signals(in: nil, limit: 9).map(\.state) == [.taken, .expired, .waiting, .waiting])
    #expect(try store.signals(in: nil, limit: 1).first?.takenBy == JobNumber(1))
    _ = try store.commit(Batch { $0.signalsForgotten = moment(1_000) })
    #expect(try store.signals(in: nil, limit: 9).count == 4)
    _ = try store.commit(Batch { $0.signalsForgotten = moment(1_001) })
    // Those that wait are never forgotten.
    #expect(try store.signals(in: nil, limit: 9).map(\.id) == [2, 1].map { signalID($0) })
  }

  @Test("a sender's message id belongs to one signal of its name", arguments: Backend.all)
  func repeats(_ backend: Backend) throws {
    let store = try filled(backend)
    let first = SignalRow.fixture(1, messageID: "m")
    #expect(
      try store.commit(
        Batch { $0.signals = [first, .fixture(2, namespace: "finance", messageID: "m"), .fixture(3)] }) == [])
    let refused = try store.commit(
      Batch {
        $0.signals = [.fixture(4, messageID: "m"), .fixture(5, messageID: "n"), .fixture(6, messageID: "n")]
        $0.writes = [.setting(namespace: "sales", name: "a", value: 1, by: "ana", at: moment(1))]
        $0.event(1, 2)
      })
    #expect(
      refused == [4, 6].map { RefusedJob(job: .signal, reason: .repeated(signalID($0))) })
    #expect(try store.settings(of: "sales")["a"] == 1)
    #expect(try store.history(of: JobNumber(1), after: 0).count == 2)
    #expect(try store.signals(in: "sales", limit: 9).map(\.id) == [5, 3, 1].map { signalID($0) })
    // The same signal again is a change of it.
    let counted = SignalRow.fixture(1, messageID: "m", duplicates: 1)
    #expect(try store.commit(Batch { $0.signals = [counted] }) == [])
    #expect(try store.signal(messageID: "m", name: "paid", in: "sales") == counted)
    #expect(try store.signal(messageID: "m", name: "paid", in: "other") == nil)
  }

  @Test("a parked job says what it waits for, and is live", arguments: Backend.all)
  func parked(_ backend: Backend) throws {
    let waits: [ParkedRow.Wait] = [.fixture(9, "a"), .fixture(2, "b")]
    let row = ParkedRow(job: JobNumber(2), due: moment(8), after: .milliseconds(1_500), waits: waits)
    do {
      let store = try filled(backend)
      _ = try store.commit(
        Batch {
          $0.parked = [
            ParkedRow(job: JobNumber(4), due: nil, waits: []),
            ParkedRow(job: JobNumber(2), due: nil, waits: waits + waits), row,
            ParkedRow(job: JobNumber(1), due: nil, waits: waits),
          ]
        })
      _ = try store.commit(Batch { $0.unparked = [JobNumber(1)] })
    }
    let store = try backend.open(folder)
    #expect(try store.parkedJobs() == [row, ParkedRow(job: JobNumber(4), due: nil, waits: [])])
    #expect(try store.liveJobs().filter(\.isParked).map(\.number.value) == [2, 4])
    #expect(try store.liveJob(JobNumber(2))?.isParked == true)
    #expect(try store.liveJob(JobNumber(1))?.isParked == false)
    #expect(try store.liveJob(JobNumber(9)) == nil)
  }
}
