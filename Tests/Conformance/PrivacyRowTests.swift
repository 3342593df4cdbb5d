import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("Whom jobs are about, and what is erased of them", .timeLimit(.minutes(1)))
struct PrivacyRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let ana = SubjectMark([UInt8](repeating: 0xA0, count: 32))
  private static let bia = SubjectMark([UInt8](repeating: 0xB0, count: 32))
  private static let elsewhere = PipelineName(namespace: "finance", name: "daily")

  private static func job(
    _ number: Int64, about subjects: [(SubjectMark, String)] = [], pipeline: PipelineName = daily,
    parent: Int64? = nil, rerunOf: Int64? = nil
  ) -> NewJob {
    var job = NewJob.fixture(number, pipeline: pipeline)
    job.subjects = subjects.map { SubjectUse(subject: $0.0, input: $0.1) }
    job.identity.parent = parent.map { JobNumber($0) }
    job.identity.rerunOf = rerunOf.map { jobID($0) }
    return job
  }

  private static func ended(_ number: Int64) -> JobRow {
    var row = JobRow.fixture(number, .success, sequence: 1)
    row.completedAt = moment(number)
    return row
  }

  /// Job 1 is about Ana by two inputs, 2 about both, 3 about Bia; 4 was called by 1 and 5 repeats it; 6 was
  /// called by 1 in another namespace, and 7 is about Ana there. All but 5 have ended.
  private func filled(_ backend: Backend) throws -> any Store & ReadModel {
    let store = try backend.open(folder)
    let jobs = [
      Self.job(1, about: [(Self.ana, "cpf"), (Self.ana, "name")]),
      Self.job(2, about: [(Self.ana, "cpf"), (Self.bia, "cpf")]), Self.job(3, about: [(Self.bia, "cpf")]),
      Self.job(4, parent: 1), Self.job(5, rerunOf: 1), Self.job(6, pipeline: Self.elsewhere, parent: 1),
      Self.job(7, about: [(Self.ana, "cpf")], pipeline: Self.elsewhere),
    ]
    #expect(try store.commit(Batch { for job in jobs { $0.admit(job) } }) == [])
    #expect(
      try store.commit(Batch { $0.jobs = [1, 2, 3, 4, 6, 7].map { Self.ended($0) } }) == [])
    return store
  }

  private func found(
    _ store: any ReadModel, _ subject: SubjectMark, in namespace: String = "sales", after job: Int64 = 0,
    limit: Int = 9
  ) throws -> [Int64] {
    try store.jobs(about: subject, in: namespace, after: JobNumber(job), limit: limit).map(\.number.value)
  }

  @Test(
    "a job is found by the inputs that name the person, its calls and repetitions by it",
    arguments: Backend.all)
  func found(_ backend: Backend) throws {
    let store = try filled(backend)
    #expect(try found(store, Self.ana) == [1, 2, 4, 5])
    #expect(try found(store, Self.bia) == [2, 3])
    #expect(try found(store, Self.ana, in: "finance") == [7])
    #expect(try found(store, Self.ana, in: "nowhere") == [])
    #expect(try found(store, Self.ana, after: 1, limit: 2) == [2, 4])
    let jobs = try store.jobs(about: Self.ana, in: "sales", after: JobNumber(0), limit: 9)
    #expect(jobs.map(\.inputs) == [["cpf", "name"], ["cpf"], [], []])
    #expect(jobs.map(\.isLive) == [false, false, false, true])
    #expect(jobs.map(\.id) == [1, 2, 4, 5].map { jobID($0) })
  }

  @Test("a job that is refused is about nobody", arguments: Backend.all)
  func refused(_ backend: Backend) throws {
    let store = try backend.open(folder)
    var twin = Self.job(2, about: [(Self.ana, "cpf")])
    twin.id = jobID(1)
    #expect(
      try store.commit(
        Batch {
          $0.admit(Self.job(1))
          $0.admit(twin)
        }
      ).map(\.job) == [JobNumber(2)])
    #expect(try found(store, Self.ana) == [])
  }

  @Test("the first key of a namespace stands, and a rotation seals it anew", arguments: Backend.all)
  func keys(_ backend: Backend) throws {
    let store = try backend.open(folder)
    #expect(try store.subjectKey("sales") == nil)
    for key in [[5, 1], [5, 2]] as [[UInt8]] {
      _ = try store.commit(Batch { $0.writes = [.subjectKey(namespace: "sales", wrapped: key)] })
    }
    #expect(try store.subjectKey("sales") == [5, 1] && store.namespaceKey("sales") == nil)
    let row = try #require(try store.wrapped(.subjects, notUnder: [8], after: nil, limit: 9).first)
    #expect(row == WrappedRow(.subjects("sales"), [5, 1]))
    #expect(try store.wrapped(.subjects, notUnder: [5], after: nil, limit: 9) == [])
    #expect(try store.wrapped(.subjects, notUnder: [8], after: row.place, limit: 9) == [])
    let rewraps = [
      Rewrap(row.place, old: [9], new: [7]), Rewrap(row.place, old: [5, 1], new: [8, 5, 1]),
    ]
    _ = try store.commit(Batch { $0.writes = [.rewrap(rewraps)] })
    #expect(try store.subjectKey("sales") == [8, 5, 1])
  }

  /// Something of every kind about each of these jobs.
  private func surround(_ store: any Store, _ jobs: [Int64]) throws {
    func letter(_ job: Int64, _ key: String) -> DeadLetterRow {
      DeadLetterRow(
        at: moment(job), namespace: "sales", kind: .job, key: "job \(key)", pipeline: daily, job: jobID(job),
        source: ["id": .string(key)], fingerprint: "f", error: ["code": "e"], body: [7])
    }
    let batch = Batch {
      for job in jobs {
        let (number, id) = (JobNumber(job), jobID(job))
        $0.asks.append(.fixture(UInt64(job), job: job))
        $0.deadLetters.append(.bury(letter(job, "\(job)"), with: nil))
        $0.outbox.append(.put(Self.message(job), with: nil))
        $0.outbox.append(
          .delivery(
            DeliveryRow(
              destination: "ops", namespace: "sales", event: "d\(job)", type: "t", lane: "a", pipeline: daily,
              job: id, attempt: 1, outcome: .delivered, status: 204, duration: .zero, at: moment(job),
              body: [7])))
        $0.emitted.append(
          EmittedRow(
            at: moment(job), namespace: "sales", type: "t", room: "r", job: id.description, path: "p",
            key: "\(job)", body: [1]))
        $0.signals.append(.fixture(UInt64(job), .taken, takenBy: job))
        $0.caches.append(
          CacheRow(
            namespace: "sales", key: "\(job)", job: id.description, output: [1], expiresAt: moment(9)))
        $0.artifacts.append(
          ArtifactRow(
            job: number, node: 0, namespace: "sales", path: "work",
            handle: ArtifactHandle(
              sha256: String(repeating: "ab", count: 32), name: "list", size: 5, mediaType: "text/plain"),
            at: moment(job)))
      }
    }
    #expect(try store.commit(batch) == [])
  }

  private static func message(_ job: Int64) -> OutboxRow {
    OutboxRow(
      destination: "ops", namespace: "sales", lane: "a", event: "e\(job)", type: "t", pipeline: daily,
      job: jobID(job), firstAt: moment(job), nextAt: moment(job), body: [7])
  }

  private static func erasing(_ jobs: [Int64]) -> Deletion {
    Deletion(
      rule: RetentionRule(namespace: "sales", retained: .history, days: 0, by: "local:ana", at: moment(50)),
      before: moment(50),
      content: .erased(jobs.map { ExpiredJob(number: JobNumber($0), id: jobID($0), events: 1) }),
      run: moment(50), by: "local:ana")
  }

  @Test(
    "counts say how much there is, and erasing leaves none of it and all of others", arguments: Backend.all)
  func erased(_ backend: Backend) throws {
    let store = try filled(backend)
    try surround(store, [1, 3])
    var counts = try store.counts(of: Self.ana, in: "sales", erasable: false)
    #expect((counts.jobs, counts.live, counts.held) == (4, 1, 0))
    #expect((counts.asks, counts.deadLetters, counts.messages) == (1, 1, 2))
    #expect((counts.events, counts.signals, counts.artifacts) == (1, 1, 1))
    #expect(try store.commit(Batch { $0.deletions = [Self.erasing([1, 2, 4, 5])] }) == [])
    // 5 has not ended.
    #expect(try found(store, Self.ana) == [5] && found(store, Self.bia) == [3])
    counts = try store.counts(of: Self.ana, in: "sales", erasable: true)
    #expect((counts.jobs, counts.live) == (1, 1))
    #expect(counts.asks + counts.deadLetters + counts.messages + counts.events + counts.signals == 0)
    counts = try store.counts(of: Self.bia, in: "sales", erasable: true)
    #expect((counts.asks, counts.deadLetters, counts.messages) == (1, 1, 2))
    #expect((counts.events, counts.signals, counts.artifacts) == (1, 1, 1))
    #expect(try store.cached("1", in: "sales") == nil && store.cached("3", in: "sales") != nil)
    #expect(try store.deletions(in: "sales", limit: 9).map(\.count) == [3])
    // The message behind the one that is gone is the first of its lane.
    let due = try store.dueOutbox(of: "ops", at: moment(99), horizon: moment(999), limit: 9)
    #expect(due.count == 1)
  }

  @Test("no byte of what was erased is left in the database file")
  func overwritten() throws {
    let canary = Array("kanarienvogel".utf8)
    do {
      let store = try #require(try filled(Backend.all[1]) as? SQLiteStore)
      #expect(
        try store.commit(
          Batch {
            $0.bytes = (0..<2_000).flatMap { _ in canary }
            let small = canary.count
            for body in 1...3 as ClosedRange<Int64> {
              let size = body == 3 ? $0.bytes.count : small
              $0.bodies.append(BodyRow(id: BodyID(body), job: JobNumber(1), sealed: 0..<size))
            }
          }) == [])
      #expect(try store.commit(Batch { $0.deletions = [Self.erasing([1])] }) == [])
      #expect(try store.body(BodyID(1)) == nil)
    }
    try edit(folder.path("store.db"), "PRAGMA wal_checkpoint(TRUNCATE);")
    let bytes = try Data(contentsOf: URL(filePath: folder.path("store.db")))
    #expect(bytes.count > 50_000 && bytes.range(of: Data(canary)) == nil)
  }

  @Test("a letter that became a job goes with it", arguments: Backend.all)
  func replayedLetter(_ backend: Backend) throws {
    let store = try filled(backend)
    let letters = [1, 3].map { (job: Int64) in
      DeadLetterRow(
        at: moment(job), namespace: "sales", kind: .message, key: "message \(job)", pipeline: daily,
        source: ["id": .string("\(job)")], fingerprint: "f", error: ["code": "e"], body: [7])
    }
    _ = try store.commit(Batch { $0.deadLetters = letters.map { .bury($0, with: nil) } })
    for (letter, job) in [(Int64(1), Int64(1)), (2, 3)] {
      let handling = DeadLetterHandling(
        letter: letter, namespace: "sales", state: .replayed, by: "local:ana", at: moment(60), note: nil,
        edited: nil, became: ["outcome": "started", "jobs": [.string(jobID(job).description)]])
      _ = try store.commit(Batch { $0.deadLetters = [.handle(handling, with: nil)] })
    }
    _ = try store.commit(Batch { $0.deletions = [Self.erasing([1])] })
    #expect(try store.readDeadLetter(1) == nil && store.readDeadLetter(2) != nil)
  }

  @Test("a job that is held stays, with its index", arguments: Backend.all)
  func held(_ backend: Backend) throws {
    let store = try filled(backend)
    let hold = Hold(
      id: ID(high: 0x7000, low: 1 << 63), namespace: "sales", subject: .job(jobID(1)), reason: "case 17",
      by: "local:ana", at: moment(9))
    _ = try store.commit(Batch { $0.writes = [.hold(hold)] })
    #expect(try store.counts(of: Self.ana, in: "sales", erasable: false).held == 1)
    #expect(try store.counts(of: Self.ana, in: "sales", erasable: true).jobs == 3)
    _ = try store.commit(Batch { $0.deletions = [Self.erasing([1, 2, 4])] })
    #expect(try found(store, Self.ana) == [1, 5])
  }

  @Test("what retention deletes is about nobody any more", arguments: Backend.all)
  func retained(_ backend: Backend) throws {
    let store = try filled(backend)
    var deletion = Self.erasing([])
    deletion.content = .jobs([JobNumber(2)])
    _ = try store.commit(Batch { $0.deletions = [deletion] })
    #expect(try found(store, Self.ana) == [1, 4, 5] && found(store, Self.bia) == [3])
    if let file = store as? SQLiteStore {
      #expect(try file.orphans().filter { $0.contains("subject") } == [])
    }
  }

  private static func erasure(_ number: Int64, _ jobs: [Int64], in namespace: String = "sales") -> Erasure {
    var counts = SubjectCounts()
    (counts.jobs, counts.held) = (jobs.count, 2)
    return Erasure(
      id: ID(high: 0x0190_0000_0000_7000 | UInt64(number) << 16, low: 1 << 63), namespace: namespace,
      subject: Self.ana, jobs: jobs.map { jobID($0) }, artifacts: ["ab"], basis: "LGPD art. 18, VI",
      reason: "request é", by: "local:ana", at: moment(number), counts: counts)
  }

  @Test("erasures stay, newest first, and those that are open are known", arguments: Backend.all)
  func erasures(_ backend: Backend) throws {
    let rows = [Self.erasure(1, [1, 2]), Self.erasure(2, []), Self.erasure(3, [7], in: "finance")]
    do {
      let store = try backend.open(folder)
      _ = try store.commit(Batch { $0.writes = rows.map { .erasure($0) } })
    }
    let store = try backend.open(folder)
    #expect(try store.erasures(in: nil, before: nil, limit: 9) == rows.reversed())
    #expect(try store.erasures(in: "sales", before: nil, limit: 9) == [rows[1], rows[0]])
    #expect(try store.erasures(in: nil, before: rows[2].id, limit: 1) == [rows[1]])
    #expect(try store.openErasures() == rows)
    var done = rows[0]
    (done.doneAt, done.artifacts) = (moment(70), [])
    _ = try store.commit(Batch { $0.writes = [.erasure(done)] })
    #expect(try store.openErasures() == [rows[1], rows[2]])
    #expect(try store.erasures(in: "sales", before: nil, limit: 9) == [rows[1], done])
  }

  @Test("an older store that meets the file erases again, also what lives or is held in it")
  func replayed() throws {
    let sqlite = Backend.all[1]
    let store = try #require(try filled(sqlite) as? SQLiteStore)
    try surround(store, [1, 3])
    let hold = Hold(
      id: ID(high: 0x7000, low: 1 << 63), namespace: "sales", subject: .job(jobID(1)), reason: "then",
      by: "local:ana", at: moment(9))
    _ = try store.commit(Batch { $0.writes = [.hold(hold)] })
    let file = ErasureFile(folder: folder.path)
    // The last line of an id counts, and one that a crash cut off is none.
    try file.add([Self.erasure(8, [1, 2, 3, 5])])
    try file.add([Self.erasure(8, [1, 2, 5])])
    let text = try String(contentsOfFile: folder.path(ErasureFile.name), encoding: .utf8)
    try (text + "{\"id\": \"0190").write(
      toFile: folder.path(ErasureFile.name), atomically: true, encoding: .utf8)
    try file.settle(with: store)
    #expect(try found(store, Self.ana) == [4] && found(store, Self.bia) == [3])
    #expect(try store.liveJobs().isEmpty && store.orphans().isEmpty)
    // Its files are still to go, by the node.
    let open = try #require(try store.openErasures().first)
    #expect(open.jobs == [1, 2, 5].map { jobID($0) })
    #expect(open.artifacts == [String(repeating: "ab", count: 32)])
    #expect(try store.deletions(in: "sales", limit: 9).map(\.count) == [3])
    // Once is enough: what is new since then is not touched, and what only the store knows is written down.
    _ = try store.commit(Batch { $0.writes = [.erasure(Self.erasure(9, []))] })
    try file.settle(with: store)
    #expect(try file.read().map(\.id) == [Self.erasure(8, []).id, Self.erasure(9, []).id])
  }

  @Test("a restored folder has the erasures of its backup, of those beside it and of the data folder")
  func restored() throws {
    let (data, target) = (folder.path("data"), folder.path("backups"))
    let holder = try DataFolder(path: data)
    let (store, _) = try holder.open(now: moment(1))
    _ = try store.commit(Batch { $0.admit(Self.job(1)) })
    func backup(_ time: Int64) throws -> BackupFolder {
      try BackupFolder.create(of: data, in: target, withKey: false, version: "test", now: moment(time))
    }
    let file = ErasureFile(folder: data)
    try file.add([Self.erasure(1, [1])])
    let first = try backup(1_000_000)
    try file.add([Self.erasure(2, [2])])
    let second = try backup(2_000_000)
    #expect(second.faults() == [] && second.manifest.files.map(\.path).contains(ErasureFile.name))
    try file.add([Self.erasure(3, [3])])
    for (data, known) in [(data, [1, 2, 3]), (folder.path("lost"), [1, 2])] as [(String, [Int64])] {
      let place = folder.path("restored-\(known.count)")
      try first.restore(
        to: place, key: holder.keyPath, erasures: try first.knownErasures(beside: data))
      #expect(try ErasureFile(folder: place).read().map(\.jobs) == known.map { [jobID($0)] })
    }
  }

  @Test("a damaged line of the file is told, not passed over")
  func damagedFile() throws {
    let file = ErasureFile(folder: folder.path)
    #expect(try file.read() == [])
    try file.add([Self.erasure(1, [1])])
    #expect(try file.read().map(\.jobs) == [[jobID(1)]])
    try "\n{\"id\": 1}\n".write(toFile: folder.path(ErasureFile.name), atomically: true, encoding: .utf8)
    #expect(throws: Problem.self) { try file.read() }
  }
}
