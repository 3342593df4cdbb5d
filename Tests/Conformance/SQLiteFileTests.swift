import Engine
import Foundation
import Model
import Stores
import Testing

/// Runs SQL on a copy of nobody's file, as a careless person would.
func edit(_ path: String, _ sql: String) throws {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/python3")
  process.arguments = [
    "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()",
    path, sql,
  ]
  try process.run()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0)
}

@Suite("The SQLite file", .timeLimit(.minutes(1)))
struct SQLiteFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func fill(_ store: SQLiteStore) throws {
    _ = try store.commit(
      Batch {
        for job in 1...20 as ClosedRange<Int64> {
          $0.admit(.fixture(job, idempotencyKey: "\(job)"))
          for sequence in 2...10 as ClosedRange<UInt32> {
            $0.event(job, sequence, sealed: "0123456789")
            $0.steps.append(
              .fixture(job, node: sequence, output: .event(sequence: sequence, offset: 2, length: 8)))
          }
          $0.bodies.append(BodyRow(id: BodyID(job), job: JobNumber(job), sealed: $0.place("body")))
          $0.steps.append(.fixture(job, node: 50, output: .row(BodyID(job))))
        }
      })
  }

  @Test("is sound, and no row of it is an orphan")
  func sound() throws {
    let store = try Backend.sqlite(folder)
    try fill(store)
    #expect(try store.orphans() == [])
    #expect(try store.integrity() == ["ok"])
    try store.checkpoint()
  }

  @Test(
    "a planted orphan is found",
    arguments: [
      (
        "INSERT INTO step_executions SELECT 99, node, step, status, attempts, crashes, token, at, NULL, "
          + "NULL, NULL, NULL FROM step_executions LIMIT 1",
        "step_executions has rows of job 99, which does not exist."
      ),
      ("UPDATE bodies SET job = 98 WHERE id = 3", "bodies has rows of job 98, which does not exist."),
      (
        "DELETE FROM bodies WHERE id = 4",
        "step_executions has a row of job 4 (50) whose output is not there."
      ),
      (
        "DELETE FROM job_events WHERE job = 5 AND sequence = 4",
        "job_events has a gap: job 5 has 9 events up to 10."
      ),
      (
        "DELETE FROM job_events WHERE job = 6 AND sequence = 10",
        "step_executions has a row of job 6 (10) whose output is not there."
      ),
      ("DELETE FROM job_executions WHERE job = 7", "job_events has rows of job 7, which does not exist."),
      ("DELETE FROM job_events WHERE job = 8", "job_executions has job 8, which has no event."),
      (
        "UPDATE step_executions SET output_length = 9 WHERE job = 9 AND node = 4",
        "step_executions has a row of job 9 (4) whose output is not there."
      ),
    ])
  func orphans(sql: String, expected: String) throws {
    do { try fill(try Backend.sqlite(folder)) }
    try edit(folder.path("store.db"), sql)
    let found = try Backend.sqlite(folder).orphans()
    #expect(found.contains(expected), "\(found)")
  }

  @Test("has one writer: a second store on it is refused, until the first is let go")
  func oneWriter() throws {
    do {
      let store = try Backend.sqlite(folder)
      let problem = #expect(throws: Problem.self) { try Backend.sqlite(folder) }
      #expect(problem?.code == "store-in-use")
      try fill(store)
    }
    #expect(try Backend.sqlite(folder).liveJobs().count == 20)
  }

  @Test("of a newer program is refused, and stays as it was")
  func tooNew() throws {
    do { try fill(try Backend.sqlite(folder)) }
    try edit(folder.path("store.db"), "INSERT INTO migrations VALUES(999, 'later', '', 0)")
    for open in [{ _ = try Backend.sqlite(folder) }, { _ = try SQLiteReader(path: folder.path("store.db")) }]
    {
      let problem = #expect(throws: Problem.self) { try open() }
      #expect(problem?.code == "store-too-new")
    }
  }

  @Test(
    "whose migrations are others than this program's is refused, and stays as it was",
    arguments: [
      "UPDATE migrations SET checksum = 'x' WHERE version = 2", "DELETE FROM migrations WHERE version = 1",
      "UPDATE migrations SET checksum = 'x' WHERE version = (SELECT max(version) FROM migrations)",
    ])
  func otherMigrations(_ sql: String) throws {
    do { try fill(try Backend.sqlite(folder)) }
    try edit(folder.path("store.db"), sql)
    for open in [{ _ = try Backend.sqlite(folder) }, { _ = try SQLiteReader(path: folder.path("store.db")) }]
    {
      let problem = #expect(throws: Problem.self) { try open() }
      #expect(problem?.code == "store-mismatch")
    }
  }

  @Test("of the first schema is brought to the newest, with its jobs")
  func migrates() throws {
    let path = folder.path("store.db")
    do { try fill(try Backend.sqlite(folder)) }
    let tables = [
      "job_labels", "asks", "ask_assignees", "ask_answers", "signals", "parked_jobs", "waits", "slots",
      "governors", "caches", "refusals", "dead_letters", "pauses", "deleted_pipelines",
      "trigger_messages", "taken_contents", "emitted_events", "retention_rules", "deletions",
      "dead_letter_acts", "schedules", "schedule_fires", "backfills", "outbox", "deliveries",
      "disabled_destinations", "master_keys", "key_rotation", "added_schedules", "added_destinations",
      "holds", "namespaces", "subject_keys", "subject_refs", "erasures",
    ]
    let columns = [
      "correlation_id", "owner", "priority", "fair_key", "parent_job", "parent_node", "rerun_of",
    ]
    let indexes = [
      "bodies_of_job", "keys_of_job", "jobs_of_namespace", "jobs_of_correlation", "jobs_of_parent",
      "reruns_of_job", "jobs_of_time", "jobs_ended_badly", "jobs_with_error",
    ]
    let changes =
      tables.map { "DROP TABLE \($0);" } + indexes.map { "DROP INDEX \($0);" }
      + columns.map { "ALTER TABLE job_executions DROP COLUMN \($0);" }
      + ["expires_at", "last_used_at", "last_used_by"].map { "ALTER TABLE credentials DROP COLUMN \($0);" }
      + ["ALTER TABLE credential_versions DROP COLUMN usable_until;"]
    try edit(path, changes.joined() + "DELETE FROM migrations WHERE version > 1;")
    let store = try Backend.sqlite(folder)
    #expect(try store.liveJobs().count == 20)
    #expect(try store.job(jobID(3))?.identity == JobIdentity())
    #expect(try store.commit(Batch { $0.slots = [.take(.fixture("k", 0, job: 1))] }) == [])
    #expect(try store.orphans() == [])
  }

  @Test("that is no database is refused with a reason")
  func garbage() throws {
    try Data(repeating: 7, count: 8_192).write(to: URL(filePath: folder.path("store.db")))
    let problem = #expect(throws: Problem.self) { try Backend.sqlite(folder) }
    #expect(problem?.code == "store-unreadable")
  }

  @Test("can be read by another reader while it is written, which cannot write")
  func readers() throws {
    let store = try Backend.sqlite(folder)
    let reader = try SQLiteReader(path: folder.path("store.db"))
    #expect(try reader.jobs(JobFilter(), before: nil, limit: 5) == [])
    try fill(store)
    #expect(try reader.jobs(JobFilter(), before: nil, limit: 5).map(\.number.value) == [20, 19, 18, 17, 16])
    #expect(try store.jobs(JobFilter(), before: nil, limit: 100).count == 20)
  }

  @Test("keeps the log short: what it holds goes into the database after enough pages")
  func checkpoints() throws {
    let store = try Backend.sqlite(folder)
    let large = String(repeating: "x", count: 1_000_000)
    for number in 1...40 as ClosedRange<Int64> {
      _ = try store.commit(
        Batch {
          $0.admit(.fixture(number))
          $0.bodies.append(BodyRow(id: BodyID(number), job: JobNumber(number), sealed: $0.place(large)))
        })
      try store.checkpoint()
    }
    let size = try FileManager.default.attributesOfItem(atPath: folder.path("store.db-wal"))[.size] as? Int
    #expect(try #require(size) < 24_000_000)
  }

  @Test("keeps the log short also where each server is killed before it has written so much itself")
  func inheritedLog() throws {
    let large = String(repeating: "x", count: 1_000_000)
    var last = folder
    for life in 0..<10 as Range<Int64> {
      // What a kill leaves: the files as they are under a store that is still open.
      let next = try TemporaryFolder()
      let store = try Backend.sqlite(last)
      for number in life * 4 + 1...life * 4 + 4 {
        _ = try store.commit(
          Batch {
            $0.admit(.fixture(number))
            $0.bodies.append(BodyRow(id: BodyID(number), job: JobNumber(number), sealed: $0.place(large)))
          })
        try store.checkpoint()
      }
      for name in ["store.db", "store.db-wal"] {
        try FileManager.default.copyItem(atPath: last.path(name), toPath: next.path(name))
      }
      last = next
    }
    let size = try FileManager.default.attributesOfItem(atPath: last.path("store.db-wal"))[.size] as? Int
    #expect(try #require(size) < 24_000_000)
    #expect(try Backend.sqlite(last).jobs(JobFilter(), before: nil, limit: 100).count == 40)
  }
}
