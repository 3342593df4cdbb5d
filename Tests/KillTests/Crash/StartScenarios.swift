import Foundation
import Model
import Testing

@testable import Stores

/// The first start of all, and the first job.
struct FirstStartScenario: CrashScenario {
  let name = "first-start"
  private static let pipeline = "demo/hello"

  func prepare(_ installation: Installation) throws {
    try installation.write(
      "hello.yaml",
      """
      apiVersion: esteira/v1
      id: hello
      namespace: demo
      steps:
        one: {uses: json.transform, with: {value: 1, expression: value + 1}}

      """)
  }

  func advance(_ life: Life) throws {
    let known = try life.run("pipeline", "ls", "-o", "id").output
    for pipeline in life.ledger.pipelines where life.server.wasReady {
      life.ledger.expect(known.contains(pipeline), "The pipeline \(pipeline) is lost.")
    }
    try life.apply("hello.yaml", as: Self.pipeline)
    if let job = try life.start(Self.pipeline, key: "first") { try life.follow(job) }
  }

  func check(_ life: Life) throws {
    life.ledger.expect(life.server.wasReady, "The server did not start: \(life.installation.complaint)")
    life.ledger.expect(life.ledger.jobs.count == 1, "No job was started.")
    try expectSuccess(life.ledger.jobs.values, steps: 1, life)
    try expectJobs(Set(life.ledger.jobs.values), life)
  }
}

/// A store that the first schema made, with a job in it, is brought to the newest one.
struct MigrationScenario: CrashScenario {
  let name = "migration"
  private static let first = FirstStartScenario()

  func prepare(_ installation: Installation) throws {
    try Self.first.prepare(installation)
    try withServer(installation) { life in
      try Self.first.advance(life)
      try installation.write("first-job", try #require(life.ledger.jobs["first"]))
    }
    try OldStore.make(of: installation, version: 1)
  }

  func advance(_ life: Life) throws { try Self.first.advance(life) }

  func check(_ life: Life) throws {
    try Self.first.check(life)
    let job = try String(contentsOfFile: life.installation.place("first-job"), encoding: .utf8)
    life.ledger.expect(life.ledger.jobs["first"] == job, "The job \(job) of the older store is lost.")
    let version = try life.installation.sql("SELECT max(version) FROM migrations")
    life.ledger.expect(version == ["\(Migration.newest)"], "The schema has version \(version).")
  }
}

/// The store of an earlier version, made of a store of today.
enum OldStore {
  /// Replaces the store, which nobody may have open.
  static func make(of installation: Installation, version: Int64) throws {
    let (new, old) = (installation.data + "/esteira.db", installation.aside.appending(path: "old.db").path)
    let ledger = try installation.sql(
      "SELECT sql || ';' FROM sqlite_schema WHERE name IN ('meta', 'migrations')")
    let migrations = Migration.all.filter { $0.version <= version }.map(\.sql)
    let mode = "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
    try run(([mode] + ledger + migrations).joined(separator: "\n"), in: old)
    let copies = try installation.sql(
      """
      ATTACH '\(old)' AS old;
      SELECT 'INSERT INTO main.' || t.name || '(' || group_concat(c.name) || ') SELECT '
        || group_concat(c.name) || ' FROM new.' || t.name || ';'
      FROM old.sqlite_schema t, pragma_table_info(t.name, 'old') c WHERE t.type = 'table' GROUP BY t.name
      """)
    let mark = """
      DELETE FROM migrations WHERE version > \(version);
      UPDATE meta SET value = \(version) WHERE key = 'schema_version';
      """
    try run("ATTACH '\(new)' AS new;\n" + copies.joined(separator: "\n") + mark, in: old)
    let files = FileManager.default
    for ending in ["", "-wal", "-shm"] where files.fileExists(atPath: new + ending) {
      try files.removeItem(atPath: new + ending)
    }
    try files.moveItem(atPath: old, toPath: new)
  }

  private static func run(_ sql: String, in file: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = ["-bail", file, sql]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "The older store cannot be made.")
  }
}
