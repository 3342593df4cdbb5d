internal import Crypto
internal import Model

/// One step of the schema's history. A migration that was released is never edited: a new one is added.
struct Migration {
  var version: Int64
  var name: String
  var sql: String

  var checksum: String { SHA256.hex(Array(sql.utf8)) }

  static let all = [
    Migration(version: 1, name: "spine", sql: spine), Migration(version: 2, name: "wider", sql: wider),
    Migration(version: 3, name: "triggers", sql: triggers),
    Migration(version: 4, name: "contents", sql: contents),
    Migration(version: 5, name: "schedules", sql: schedules),
    Migration(version: 6, name: "dead letters", sql: deadLetters),
    Migration(version: 7, name: "retention", sql: retention),
    Migration(version: 8, name: "outbox", sql: outbox),
    Migration(version: 9, name: "live jobs", sql: liveJobs),
    Migration(version: 10, name: "vault", sql: vault),
    Migration(version: 11, name: "job searches", sql: jobSearches),
    Migration(version: 12, name: "added schedules", sql: addedSchedules),
    Migration(version: 13, name: "holds", sql: holds),
    Migration(version: 14, name: "added destinations", sql: addedDestinations),
    Migration(version: 15, name: "privacy", sql: privacy),
  ]
  static var newest: Int64 { all.reduce(0) { max($0, $1.version) } }

  /// `docs/storage.md` explains the tables.
  private static let spine = """
    CREATE TABLE job_executions(
      job INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id) = 36),
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, revision INTEGER NOT NULL, key TEXT,
      status INTEGER NOT NULL DEFAULT 0, trigger_type TEXT NOT NULL, trigger_id TEXT,
      triggered_by TEXT NOT NULL, wrapped_key BLOB NOT NULL, created_at INTEGER NOT NULL,
      started_at INTEGER, completed_at INTEGER, updated_at INTEGER NOT NULL,
      last_seq INTEGER NOT NULL DEFAULT 0,
      error_class TEXT, error_code TEXT, error_message TEXT, error_step TEXT,
      outputs_event INTEGER, outputs_offset INTEGER, outputs_length INTEGER, outputs_body INTEGER) STRICT;
    CREATE INDEX jobs_of_pipeline ON job_executions(namespace, pipeline, job);
    CREATE INDEX live_jobs ON job_executions(job) WHERE status IN (0, 1, 2, 3, 9);
    CREATE UNIQUE INDEX live_keys ON job_executions(namespace, pipeline, key)
      WHERE key IS NOT NULL AND status IN (0, 1, 2, 3, 9);
    CREATE TABLE job_owners(job INTEGER PRIMARY KEY, drive_count INTEGER NOT NULL) STRICT;
    CREATE TABLE job_events(
      position INTEGER PRIMARY KEY, job INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
      version INTEGER NOT NULL, commit_id INTEGER NOT NULL, payload BLOB NOT NULL, sealed BLOB NOT NULL,
      chain BLOB NOT NULL, UNIQUE(job, sequence)) STRICT;
    CREATE TABLE job_snapshots(
      job INTEGER NOT NULL, sequence INTEGER NOT NULL, format INTEGER NOT NULL, state BLOB NOT NULL,
      chain BLOB NOT NULL, PRIMARY KEY(job, sequence)) STRICT;
    CREATE TABLE step_executions(
      job INTEGER NOT NULL, node INTEGER NOT NULL, step INTEGER NOT NULL, status INTEGER NOT NULL,
      attempts INTEGER NOT NULL, crashes INTEGER NOT NULL, token INTEGER NOT NULL, at INTEGER NOT NULL,
      output_event INTEGER, output_offset INTEGER, output_length INTEGER, output_body INTEGER,
      PRIMARY KEY(job, node)) STRICT, WITHOUT ROWID;
    CREATE TABLE bodies(id INTEGER PRIMARY KEY, job INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
    CREATE TABLE artifact_refs(
      job INTEGER NOT NULL, node INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
      namespace TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, media_type TEXT NOT NULL,
      at INTEGER NOT NULL, PRIMARY KEY(job, node, name, sha256)) STRICT, WITHOUT ROWID;
    CREATE INDEX artifact_uses ON artifact_refs(namespace, sha256);
    CREATE TABLE idempotency_keys(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, key TEXT NOT NULL, request_sha256 BLOB NOT NULL,
      job INTEGER NOT NULL, PRIMARY KEY(namespace, pipeline, key)) STRICT, WITHOUT ROWID;

    CREATE TABLE pipelines(
      namespace TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, head_revision INTEGER NOT NULL,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
      PRIMARY KEY(namespace, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE contents(sha256 BLOB NOT NULL UNIQUE CHECK(length(sha256) = 32), bytes BLOB NOT NULL) STRICT;
    CREATE TABLE pipeline_revisions(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, revision INTEGER NOT NULL, title TEXT NOT NULL,
      source BLOB NOT NULL REFERENCES contents(sha256), sha256 BLOB NOT NULL, created_at INTEGER NOT NULL,
      created_by TEXT NOT NULL, PRIMARY KEY(namespace, pipeline, revision),
      FOREIGN KEY(namespace, pipeline) REFERENCES pipelines(namespace, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE revision_files(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, revision INTEGER NOT NULL, place INTEGER NOT NULL,
      path TEXT NOT NULL, content BLOB NOT NULL REFERENCES contents(sha256), is_executable INTEGER NOT NULL,
      PRIMARY KEY(namespace, pipeline, revision, place), UNIQUE(namespace, pipeline, revision, path),
      FOREIGN KEY(namespace, pipeline, revision) REFERENCES pipeline_revisions) STRICT, WITHOUT ROWID;

    CREATE TABLE connections(
      namespace TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
      address TEXT NOT NULL CHECK(json_valid(address)), egress TEXT NOT NULL CHECK(json_valid(egress)),
      credential TEXT, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
      PRIMARY KEY(namespace, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE credentials(
      namespace TEXT NOT NULL, name TEXT NOT NULL, current_version INTEGER NOT NULL,
      PRIMARY KEY(namespace, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE credential_versions(
      namespace TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, connector_type TEXT NOT NULL,
      sealed BLOB NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
      PRIMARY KEY(namespace, name, version),
      FOREIGN KEY(namespace, name) REFERENCES credentials ON DELETE CASCADE) STRICT, WITHOUT ROWID;
    CREATE TABLE settings(
      namespace TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL CHECK(json_valid(value)),
      updated_by TEXT NOT NULL, updated_at INTEGER NOT NULL,
      PRIMARY KEY(namespace, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE keys(
      purpose TEXT NOT NULL CHECK(purpose IN ('master', 'namespace')), name TEXT NOT NULL,
      wrapped BLOB NOT NULL, PRIMARY KEY(purpose, name)) STRICT, WITHOUT ROWID;
    """

  /// The same indexes in other words: a list of five values is made into a table of its own, four times for
  /// each change of a job.
  static let liveJobs = """
    DROP INDEX live_jobs;
    DROP INDEX live_keys;
    CREATE INDEX live_jobs ON job_executions(job) WHERE (status <= 3 OR status = 9);
    CREATE UNIQUE INDEX live_keys ON job_executions(namespace, pipeline, key)
      WHERE key IS NOT NULL AND (status <= 3 OR status = 9);
    """
}

extension Database {
  /// For the one connection that writes. The page size is for a new file only.
  static let writing = """
    PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192; PRAGMA foreign_keys=ON;
    """
  static let reading = "PRAGMA query_only=ON; PRAGMA cache_size=-1024;"

  private static let ledger = """
    CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS migrations(
      version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
      applied_at INTEGER NOT NULL) STRICT;
    """

  /// The version of the file's schema; 0 for a new file.
  func schemaVersion() throws(SQLiteError) -> Int64 {
    let hasLedger = try integer("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'") == 1
    return hasLedger ? try integer("SELECT max(version) FROM migrations") ?? 0 : 0
  }

  /// Why this program must not touch the file: a newer one made it, or one whose migrations are others.
  func schemaProblem(_ path: String) throws(SQLiteError) -> Problem? {
    let version = try schemaVersion()
    if version > Migration.newest { return .storeTooNew(path, version: version, newest: Migration.newest) }
    if version == 0 { return nil }
    var made: [Int64: (name: String, checksum: String)] = [:]
    try query("SELECT version, name, checksum FROM migrations") { row in
      made[row.integer(0)] = (row.text(1), row.text(2))
    }
    let known = Dictionary(uniqueKeysWithValues: Migration.all.map { ($0.version, $0) })
    // One that is missing below the newest was never made, and never would be.
    let all = Set(made.keys).union(known.keys.filter { $0 <= version })
    let other = all.sorted().first { made[$0]?.checksum != known[$0]?.checksum }
    return other.map { .storeMismatch(path, $0, made[$0]?.name ?? known[$0]?.name ?? "") }
  }

  /// Brings the file to the newest schema. `canary` is sealed under the master key; it is written with the
  /// first schema, so that no file with rows is without one.
  func migrate(canary: [UInt8], at time: Timestamp) throws(SQLiteError) {
    let version = try schemaVersion()
    guard Migration.all.contains(where: { $0.version > version }) else { return }
    try execute("BEGIN IMMEDIATE")
    do {
      try execute(Self.ledger)
      for migration in Migration.all where migration.version > version { try apply(migration, at: time) }
      if version == 0 {
        try query("INSERT INTO keys VALUES('master', 'canary', ?)", [.bytes(canary)])
        try query("INSERT INTO meta VALUES('created_at', ?)", [.text(String(time.microseconds))])
      }
      try execute("COMMIT")
    } catch {
      if isInTransaction { try execute("ROLLBACK") }
      throw error
    }
  }

  private func apply(_ migration: Migration, at time: Timestamp) throws(SQLiteError) {
    try execute(migration.sql)
    try query(
      "INSERT INTO migrations VALUES(?, ?, ?, ?)",
      [
        .integer(migration.version), .text(migration.name), .text(migration.checksum),
        .integer(time.microseconds),
      ])
    try query(
      "INSERT INTO meta VALUES('schema_version', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      [.text(String(migration.version))])
  }
}
