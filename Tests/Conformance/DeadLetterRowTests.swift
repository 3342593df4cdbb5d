import Engine
import Model
import Stores
import Testing

@Suite("What every store does with dead letters", .timeLimit(.minutes(1)))
struct DeadLetterRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func letter(
    _ number: Int64, at: Int64? = nil, in namespace: String = "sales", _ kind: DeadLetterRow.Kind = .message,
    fingerprint: String = "f", job: Int64? = nil, body: [UInt8]? = [7]
  ) -> DeadLetterRow {
    DeadLetterRow(
      at: moment(at ?? number), namespace: namespace, kind: kind, key: "\(kind) \(number)",
      pipeline: kind == .signal ? nil : PipelineName(namespace: namespace, name: "daily"),
      job: job.map { jobID($0) }, source: ["id": .string("\(number)")], fingerprint: fingerprint,
      error: ["code": .string("e\(number)")], body: body)
  }

  private func handled(
    _ id: Int64, _ state: DeadLetterRow.State = .replayed, at: Int64 = 90, note: String? = nil,
    edited: [UInt8]? = nil, became: JSON? = nil
  ) -> DeadLetterChange {
    .handle(
      DeadLetterHandling(
        letter: id, namespace: "sales", state: state, by: "local:ana", at: moment(at), note: note,
        edited: edited, became: became), with: nil)
  }

  private func commit(_ store: any Store, _ changes: [DeadLetterChange]) throws {
    #expect(try store.commit(Batch { $0.deadLetters = changes }) == [])
  }

  private func ids(
    _ store: any ReadModel, _ filter: DeadLetterFilter, before: DeadLetterPlace? = nil, limit: Int = 9
  ) throws -> [Int64] {
    try store.deadLetters(filter, before: before, limit: limit).map(\.id)
  }

  @Test("they stay, each under a number; lists have them without their bodies", arguments: Backend.all)
  func kept(_ backend: Backend) throws {
    let rows = [letter(1), letter(2, in: "finance", .signal, body: []), letter(3, .job, job: 3, body: nil)]
    do { try commit(try backend.open(folder), rows.map { .bury($0, with: nil) }) }
    let store = try backend.open(folder)
    for (number, row) in zip(Int64(1)..., rows) {
      var expected = row
      expected.id = number
      #expect(try store.readDeadLetter(number) == expected)
      #expect(try store.deadLetter(number) == expected)
    }
    #expect(try store.readDeadLetter(4) == nil && store.deadLetter(4) == nil)
    let listed = try store.deadLetters(DeadLetterFilter(), before: nil, limit: 9)
    #expect(listed.map(\.body) == [nil, [], []])
    #expect(try store.openDeadLetterCount(in: "sales") == 2)
    #expect(try store.openDeadLetters(of: jobID(3)).map(\.id) == [3])
    #expect(try store.openDeadLetters(of: jobID(4)).isEmpty)
  }

  @Test("they are found by all that a filter says, page by page", arguments: Backend.all)
  func filters(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try commit(
      store,
      [
        letter(1, at: 5), letter(2, in: "finance"), letter(3, .signal, fingerprint: "é"), letter(4, .job),
        letter(5, .step, fingerprint: "e\u{301}"), letter(6, at: 5),
      ].map { .bury($0, with: nil) })
    try commit(store, [handled(4, .discarded)])
    #expect(try ids(store, DeadLetterFilter()) == [6, 5, 1, 4, 3, 2])
    #expect(try ids(store, DeadLetterFilter(namespace: "sales", state: .open)) == [6, 5, 1, 3])
    #expect(try ids(store, DeadLetterFilter(state: .discarded)) == [4])
    #expect(try ids(store, DeadLetterFilter(kind: .signal)) == [3])
    let finance = PipelineName(namespace: "finance", name: "daily")
    #expect(try ids(store, DeadLetterFilter(pipeline: finance)) == [2])
    #expect(try ids(store, DeadLetterFilter(fingerprint: "é")) == [3])
    let page = try store.deadLetters(DeadLetterFilter(), before: nil, limit: 2)
    let last = try #require(page.last)
    let place = DeadLetterPlace(lastAt: last.lastAt, id: last.id)
    #expect(try ids(store, DeadLetterFilter(), before: place, limit: 2) == [1, 4])
    #expect(try store.oldestDeadLetters(DeadLetterFilter(state: .open), limit: 3) == [2, 3, 1])
  }

  @Test(
    "those that failed alike are one group, with their count and the newest as the example",
    arguments: Backend.all)
  func groups(_ backend: Backend) throws {
    let store = try backend.open(folder)
    try commit(
      store,
      [letter(1), letter(2), letter(3, fingerprint: "g"), letter(4, in: "finance")].map {
        .bury($0, with: nil)
      })
    try commit(store, [.bury(letter(1, at: 60), with: nil), handled(3)])
    let groups = try store.deadLetterGroups(DeadLetterFilter(state: .open), limit: 9)
    #expect(
      groups == [
        DeadLetterGroup(
          namespace: "sales", kind: .message, fingerprint: "f", count: 2, tries: 3, firstAt: moment(1),
          lastAt: moment(60), example: 2, error: ["code": "e2"]),
        DeadLetterGroup(
          namespace: "finance", kind: .message, fingerprint: "f", count: 1, tries: 1, firstAt: moment(4),
          lastAt: moment(4), example: 4, error: ["code": "e4"]),
      ])
    #expect(try store.deadLetterGroups(DeadLetterFilter(), limit: 1).count == 1)
  }

  @Test("what was done with one stays beside it; what fails again is open again", arguments: Backend.all)
  func acts(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      try commit(store, [.bury(letter(1), with: nil)])
      try commit(store, [handled(1, edited: [9], became: nil)])
      try commit(store, [.became(1, ["outcome": "started"], with: nil)])
    }
    let store = try backend.open(folder)
    var expected = letter(1)
    (expected.id, expected.state, expected.edited) = (1, .replayed, [9])
    (expected.handledBy, expected.handledAt) = ("local:ana", moment(90))
    expected.became = ["outcome": "started"]
    #expect(try store.readDeadLetter(1) == expected)
    #expect(try store.openDeadLetterCount(in: "sales") == 0)

    var again = letter(1, at: 95, fingerprint: "g", body: [8])
    again.error = ["code": "other"]
    try commit(store, [.bury(again, with: nil)])
    (expected.state, expected.handledBy, expected.handledAt, expected.became) = (.open, nil, nil, nil)
    (expected.tries, expected.lastAt, expected.fingerprint) = (2, moment(95), "g")
    expected.error = ["code": "other"]
    #expect(try store.readDeadLetter(1) == expected, "Its body and what stands in place of it stay.")
    // It is open: nothing has come of it.
    try commit(store, [.became(1, ["outcome": "started"], with: nil)])
    #expect(try store.readDeadLetter(1) == expected)

    try commit(store, [handled(1, .discarded, at: 99, note: "old")])
    #expect(try store.readDeadLetter(1)?.note == "old")
    #expect(
      try store.deadLetterActs(of: 1) == [
        DeadLetterAct(at: moment(90), by: "local:ana", act: .edited, note: nil),
        DeadLetterAct(at: moment(90), by: "local:ana", act: .replayed, note: nil),
        DeadLetterAct(at: moment(99), by: "local:ana", act: .discarded, note: "old"),
      ])
  }

  @Test("those of messages that wait before their triggers are found again", arguments: Backend.all)
  func underWay(_ backend: Backend) throws {
    func message(_ number: UInt64) -> ID<TriggerMessage> {
      ID(high: 0x0190_0000_0000_7000 | number << 16, low: 0x8000_0000_0000_0003)
    }
    do {
      let store = try backend.open(folder)
      let rows = (1...3 as ClosedRange<UInt64>).map { number in
        var row = letter(Int64(number))
        row.source = ["id": .string(message(number).description)]
        return DeadLetterChange.bury(row, with: nil)
      }
      try commit(store, rows + [handled(1), handled(2), .became(2, [:], with: nil)])
    }
    #expect(try backend.open(folder).underWayDeadLetters() == [message(1): 1])
  }

  @Test("one that goes with a job is left out with it", arguments: Backend.all)
  func refused(_ backend: Backend) throws {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { $0.admit(.fixture(1)) })
    try commit(store, [.bury(letter(1), with: nil)])
    let refused = try store.commit(
      Batch { batch in
        batch.event(1, 1)
        batch.deadLetters = [
          .bury(letter(2, .job, job: 1), with: JobNumber(1)), .bury(letter(3), with: nil),
          .handle(
            DeadLetterHandling(
              letter: 1, namespace: "sales", state: .replayed, by: "local:ana", at: moment(9)),
            with: JobNumber(1)),
        ]
      })
    #expect(refused.map(\.job.value) == [1])
    #expect(
      try store.deadLetters(DeadLetterFilter(), before: nil, limit: 9).map(\.key) == [
        "message 3", "message 1",
      ])
    #expect(try store.readDeadLetter(1)?.state == .open && store.deadLetterActs(of: 1).isEmpty)
  }

  @Test("a file of the schema before them keeps its letters, which are open and can be found")
  func migrated() throws {
    let path = folder.path("store.db")
    do { _ = try Backend.sqlite(folder) }
    let undo = """
      DROP TABLE dead_letters; DROP TABLE dead_letter_acts;
      DROP TABLE outbox; DROP TABLE deliveries; DROP TABLE disabled_destinations;
      DROP TABLE added_schedules; DROP TABLE added_destinations;
      DROP TABLE holds; DROP TABLE namespaces;
      DROP TABLE subject_keys; DROP TABLE subject_refs; DROP TABLE erasures;
      DROP INDEX events_of_job; DROP INDEX signals_of_job; DROP INDEX caches_of_job;
      DROP TABLE retention_rules; DROP TABLE deletions; DROP INDEX bodies_of_job; DROP INDEX keys_of_job;
      DROP TABLE master_keys; DROP TABLE key_rotation; DROP INDEX jobs_of_time; DROP INDEX jobs_ended_badly;
      DROP INDEX jobs_with_error; ALTER TABLE credentials DROP COLUMN expires_at;
      ALTER TABLE credentials DROP COLUMN last_used_at; ALTER TABLE credentials DROP COLUMN last_used_by;
      ALTER TABLE credential_versions DROP COLUMN usable_until;
      DELETE FROM migrations WHERE version >= (SELECT version FROM migrations WHERE name = 'dead letters');
      CREATE TABLE dead_letters(
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, namespace TEXT NOT NULL, kind TEXT NOT NULL,
        source TEXT NOT NULL, fingerprint TEXT NOT NULL, error TEXT NOT NULL, body BLOB) STRICT;
      CREATE INDEX dead_letters_of_namespace ON dead_letters(namespace, id);
      INSERT INTO dead_letters VALUES(5, 3, 'sales', 'message',
        '{"id":"m1","pipeline":"sales/daily"}', 'f', '{}', x'07');
      INSERT INTO dead_letters VALUES(6, 4, 'sales', 'signal', '{"id":"s1","name":"paid"}', 'g', '{}', x'08');
      """
    try edit(path, undo)
    let store = try Backend.sqlite(folder)
    let first = try #require(try store.readDeadLetter(5))
    #expect(first.key == "message m1" && first.pipeline == daily && first.state == .open && first.tries == 1)
    #expect(first.firstAt == Timestamp(microseconds: 3) && first.lastAt == first.firstAt)
    #expect(try store.readDeadLetter(6)?.pipeline == nil)
    var again = letter(1)
    again.key = "message m1"
    _ = try store.commit(Batch { $0.deadLetters = [.bury(again, with: nil)] })
    #expect(try store.readDeadLetter(5)?.tries == 2)
  }
}
