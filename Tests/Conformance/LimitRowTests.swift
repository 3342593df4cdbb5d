import Engine
import Model
import Stores
import Testing

@Suite("What every store does with limits", .timeLimit(.minutes(1)))
struct LimitRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func filled(_ backend: Backend, jobs: Int64 = 5) throws -> any Store & ReadModel {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { for job in 1...jobs { $0.admit(.fixture(job)) } })
    return store
  }

  private func change(_ store: any Store, _ changes: [SlotChange], fill: (inout Batch) -> Void = { _ in })
    throws -> [Int64]
  {
    let refused = try store.commit(
      Batch {
        $0.slots = changes
        fill(&$0)
      })
    #expect(refused.allSatisfy { $0.reason == .conflict })
    return refused.map(\.job.value)
  }

  @Test("a slot is held until its holder frees it, also over a restart (S10)", arguments: Backend.all)
  func slots(_ backend: Backend) throws {
    let rows: [SlotRow] = [
      .fixture("sales/a", 0, job: 1), .fixture("sales/a", 1, job: 2, node: 7),
      .fixture("sales/b", 0, job: 1, node: 3),
    ]
    do {
      let store = try filled(backend)
      #expect(try change(store, rows.reversed().map { .take($0) }) == [])
    }
    let store = try backend.open(folder)
    #expect(try store.heldSlots() == rows)
    #expect(try store.readSlots() == rows)
    // Another job cannot free it.
    #expect(try change(store, [.free(key: "sales/a", number: 0, job: JobNumber(2)), rows[2].freed]) == [])
    #expect(try store.heldSlots() == Array(rows.prefix(2)))
  }

  @Test("an end frees nothing by itself", arguments: Backend.all)
  func noHiddenDeletes(_ backend: Backend) throws {
    let store = try filled(backend)
    _ = try change(store, [.take(.fixture("k", 0, job: 1))])
    _ = try change(store, []) {
      $0.event(1, 2)
      $0.jobs = [.fixture(1, .success, sequence: 2)]
    }
    #expect(try store.heldSlots().map(\.job.value) == [1])
  }

  @Test("who takes a held slot is refused alone, with all its rows (S3)", arguments: Backend.all)
  func conflict(_ backend: Backend) throws {
    let store = try filled(backend)
    #expect(try change(store, [.take(.fixture("k", 0, job: 1))]) == [])
    let ask = AskRow.fixture(1, job: 2)
    let refused = try change(
      store,
      [.take(.fixture("k", 0, job: 2)), .take(.fixture("m", 0, job: 2)), .take(.fixture("k", 1, job: 3))]
    ) {
      for job in 2...3 as ClosedRange<Int64> {
        $0.event(job, 2)
        $0.steps.append(.fixture(job, node: 0, .running))
      }
      $0.asks = [ask]
      $0.answers = [
        AskAnswerRow(
          ask: ask.id, job: JobNumber(2), by: "ana", onBehalfOf: nil, choice: "yes", counts: true,
          at: moment(1), content: nil)
      ]
      $0.parked = [ParkedRow(job: JobNumber(2), due: nil, waits: [.fixture(1, "a")])]
      $0.signals = [.fixture(1), .fixture(1, .taken, takenBy: 2)]
      $0.caches = [2, 3].map { job in
        CacheRow(
          namespace: "sales", key: "\(job)", job: jobID(job).description, output: [1], expiresAt: moment(9))
      }
      $0.governors = [GovernorRow(key: "r", kind: "rate", state: [:], updatedAt: moment(1))]
    }
    #expect(refused == [2])
    #expect(try store.heldSlots() == [.fixture("k", 0, job: 1), .fixture("k", 1, job: 3)])
    #expect(try store.history(of: JobNumber(2), after: 0).count == 1)
    #expect(try store.history(of: JobNumber(3), after: 0).count == 2)
    #expect(try store.stepRows(of: JobNumber(2)) == [])
    #expect(try store.ask(ask.id) == nil)
    #expect(try store.answers(of: ask.id) == [])
    #expect(try store.parkedJobs() == [])
    #expect(try store.waitingSignals() == [.fixture(1)])
    #expect(try store.cached("2", in: "sales") == nil)
    #expect(try store.cached("3", in: "sales")?.output == [1])
    #expect(try store.governors().count == 1)
  }

  @Test("a slot passes from one job to another in one batch, whatever their numbers", arguments: Backend.all)
  func passes(_ backend: Backend) throws {
    let store = try filled(backend)
    let (first, second) = (SlotRow.fixture("k", 0, job: 4), SlotRow.fixture("k", 0, job: 2))
    _ = try change(store, [.take(first)])
    #expect(try change(store, [first.freed, .take(second)]) == [])
    #expect(try store.heldSlots() == [second])
    // The same when a neighbour is refused, so that the batch is written again job by job.
    let refused = try change(store, [second.freed, .take(first)]) { $0.event(5, 1) }
    #expect(refused == [5])
    #expect(try store.heldSlots() == [first])
    // Taken before it is free: the order counts.
    #expect(try change(store, [.take(second), first.freed]) == [2])
    #expect(try store.heldSlots() == [])
  }

  @Test(
    "what a refused job would have freed stays held, and who counted on it is refused", arguments: Backend.all
  )
  func chain(_ backend: Backend) throws {
    let store = try filled(backend)
    let (held, next, last) = (
      SlotRow.fixture("k", 0, job: 1), SlotRow.fixture("k", 0, job: 2), SlotRow.fixture("m", 0, job: 3)
    )
    _ = try change(store, [.take(held), .take(.fixture("m", 0, job: 2))])
    let refused = try change(
      store,
      [
        held.freed, .take(next), SlotRow.fixture("m", 0, job: 2).freed, .take(last),
        .take(.fixture("n", 0, job: 4)),
      ]
    ) {
      $0.event(1, 1)
      $0.event(2, 2)
      $0.event(3, 2)
      $0.event(4, 2)
    }
    #expect(refused == [1, 2, 3])
    #expect(
      try store.heldSlots() == [held, .fixture("m", 0, job: 2), .fixture("n", 0, job: 4)])
    #expect(try store.history(of: JobNumber(4), after: 0).count == 2)
  }

  @Test("a governor keeps its last state; the cache its last output", arguments: Backend.all)
  func governors(_ backend: Backend) throws {
    func cache(_ namespace: String, _ output: UInt8) -> CacheRow {
      CacheRow(
        namespace: namespace, key: "é", job: jobID(1).description, output: [output, 0],
        expiresAt: moment(Int64(output)))
    }
    let rate = GovernorRow(key: "a", kind: "rate", state: ["tokens": 1.0], updatedAt: moment(2))
    let circuit = GovernorRow(key: "b", kind: "circuit", state: ["open": true], updatedAt: moment(1))
    do {
      let store = try filled(backend)
      var old = rate
      old.state = 1
      _ = try store.commit(
        Batch {
          $0.governors = [circuit, old, rate]
          $0.caches = [cache("sales", 1), cache("sales", 2), cache("finance", 3)]
        })
    }
    let store = try backend.open(folder)
    #expect(try store.governors() == [rate, circuit])
    #expect(try store.cached("é", in: "sales") == cache("sales", 2))
    #expect(try store.cached("e\u{301}", in: "sales") == nil)
    _ = try store.commit(Batch { $0.cachesForgotten = moment(3) })
    #expect(try store.cached("é", in: "sales") == nil)
    #expect(try store.cached("é", in: "finance") == cache("finance", 3))
  }

  @Test("what was turned away is kept, newest first (S25)", arguments: Backend.all)
  func refusals(_ backend: Backend) throws {
    func refusal(_ number: Int64, _ namespace: String) -> RefusalRow {
      RefusalRow(
        at: moment(number), namespace: namespace, pipeline: "daily",
        trigger: number == 1 ? nil : "hourly", actor: "local:ana", reason: "skipped", key: "k",
        idempotencyKey: number == 1 ? "m" : nil)
    }
    let store = try filled(backend)
    _ = try store.commit(Batch { $0.refusals = [refusal(1, "sales"), refusal(2, "finance")] })
    _ = try store.commit(Batch { $0.refusals = [refusal(3, "sales")] })
    #expect(try store.refusals(in: "sales", limit: 9) == [refusal(3, "sales"), refusal(1, "sales")])
    #expect(try store.refusals(in: nil, limit: 2) == [refusal(3, "sales"), refusal(2, "finance")])
    #expect(try store.refusals(in: "none", limit: 2) == [])
  }

  @Test("a pause stays until it is taken back, whatever is applied (S31)", arguments: Backend.all)
  func pauses(_ backend: Backend) throws {
    func pause(_ namespace: String, _ reason: String, until: Timestamp? = nil) -> PauseRecord {
      PauseRecord(
        pipeline: PipelineName(namespace: namespace, name: "daily"), by: "local:ana", reason: reason,
        at: moment(1), until: until)
    }
    do {
      let store = try filled(backend)
      let revision = RevisionRecord(
        pipeline: daily, number: 1, title: "", source: [1], sha256: [UInt8](repeating: 1, count: 32),
        files: [], createdAt: moment(1), createdBy: "ana")
      _ = try store.commit(
        Batch {
          $0.writes = [
            .pause(pause("sales", "old")), .pause(pause("sales", "new", until: moment(9))),
            .pause(pause("finance", "x")), .revision(revision),
          ]
        })
    }
    let store = try backend.open(folder)
    #expect(try store.pause(of: daily) == pause("sales", "new", until: moment(9)))
    #expect(try store.pauses(in: nil).map(\.reason) == ["x", "new"])
    _ = try store.commit(Batch { $0.writes = [.resume(daily)] })
    #expect(try store.pause(of: daily) == nil)
    #expect(try store.pauses(in: "sales") == [])
    #expect(try store.pauses(in: "finance").count == 1)
  }
}
