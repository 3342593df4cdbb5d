import Engine
import Model
import Testing

/// Lists that are in the order of time, the other way round: every page goes on behind the one before.
@Suite("Lists the other way round", .timeLimit(.minutes(1)))
struct OldestFirstTests {
  /// All that lies behind each other's ends, two at a time.
  private func pages<Row, Place>(
    _ read: (Place?) throws -> [Row], place: (Row) -> Place
  ) rethrows -> [[Row]] {
    var (pages, last): ([[Row]], Place?) = ([], nil)
    while case let page = try read(last), let end = page.last {
      pages.append(page)
      last = place(end)
    }
    return pages
  }

  @Test("questions", arguments: Backend.all)
  func asks(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    _ = try store.commit(Batch { $0.admit(.fixture(1)) })
    let rows = (1...5 as ClosedRange<UInt64>).map { AskRow.fixture($0, job: 1) }
    _ = try store.commit(Batch { $0.asks = rows })
    for states in [[], [AskRow.State.open]] {
      var filter = AskFilter(states: states)
      filter.isOldestFirst = true
      let found = try pages {
        try store.asks(filter, before: $0, limit: 2)
      } place: {
        $0.id
      }
      #expect(found.map { $0.map(\.id) } == [[1, 2], [3, 4], [5]].map { $0.map { askID($0) } })
    }
  }

  @Test("letters, by their last failure", arguments: Backend.all)
  func letters(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    let times: [Int64] = [5, 1, 5, 3]
    let rows = times.enumerated().map { number, at in
      DeadLetterRow(
        at: moment(at), namespace: "sales", kind: .message, key: "message \(number)", pipeline: daily,
        source: [:], fingerprint: "f", error: [:], body: [1])
    }
    #expect(try store.commit(Batch { $0.deadLetters = rows.map { .bury($0, with: nil) } }) == [])
    var filter = DeadLetterFilter(namespace: "sales")
    filter.isOldestFirst = true
    let found = try pages {
      try store.deadLetters(filter, before: $0, limit: 2)
    } place: {
      DeadLetterPlace(lastAt: $0.lastAt, id: $0.id)
    }
    #expect(found.map { $0.map(\.id) } == [[2, 4], [1, 3]])
  }

  @Test("events, the newest first", arguments: Backend.all)
  func events(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    _ = try store.commit(
      Batch { batch in
        for number in 1...5 as ClosedRange<Int64> {
          batch.emitted.append(
            EmittedRow(
              at: moment(number), namespace: "sales", type: "t", room: number == 3 ? "x" : "r", job: "j",
              path: "p", key: "\(number)", body: [1]))
        }
      })
    var filter = EmittedFilter(namespace: "sales", room: "r")
    filter.isNewestFirst = true
    let found = try pages { before in
      filter.before = before
      return try store.emitted(filter, after: 1, limit: 2)
    } place: {
      $0.position
    }
    #expect(found.map { $0.map(\.position) } == [[5, 4], [2]])
    filter.isNewestFirst = false
    filter.before = 4
    #expect(try store.emitted(filter, after: 0, limit: 9).map(\.position) == [1, 2])
  }

  @Test("tries of a destination", arguments: Backend.all)
  func deliveries(_ backend: Backend) throws {
    let store = try backend.open(try TemporaryFolder())
    let rows = (1...5 as ClosedRange<Int64>).map { number in
      DeliveryRow(
        destination: number == 2 ? "other" : "ops", namespace: "sales", event: "e", type: "t", lane: "a",
        attempt: 1, outcome: .delivered, status: 204, duration: .zero, at: moment(number))
    }
    _ = try store.commit(Batch { $0.outbox = rows.map { .delivery($0) } })
    let found = try pages {
      try store.deliveries(of: "ops", before: $0, limit: 2, oldestFirst: true)
    } place: {
      $0.id
    }
    #expect(found.map { $0.map(\.id) } == [[1, 3], [4, 5]])
  }
}
