extension Migration {
  /// When schedules are due and what became of it. `docs/storage.md` explains the tables.
  static let schedules = """
    CREATE TABLE schedules(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, trigger_name TEXT NOT NULL, rule TEXT NOT NULL,
      is_active INTEGER NOT NULL, decided_until INTEGER NOT NULL, paused_by TEXT, paused_reason TEXT,
      paused_at INTEGER, paused_until INTEGER,
      PRIMARY KEY(namespace, pipeline, trigger_name)) STRICT, WITHOUT ROWID;
    CREATE TABLE schedule_fires(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, trigger_name TEXT NOT NULL, due_at INTEGER NOT NULL,
      outcome INTEGER NOT NULL, job_id TEXT, reason TEXT, detail TEXT, decided_at INTEGER NOT NULL,
      last_at INTEGER, due_count INTEGER NOT NULL,
      PRIMARY KEY(namespace, pipeline, trigger_name, due_at)) STRICT, WITHOUT ROWID;
    CREATE INDEX fires_of_namespace ON schedule_fires(namespace, due_at);
    CREATE TABLE backfills(
      id TEXT NOT NULL PRIMARY KEY CHECK(length(id) = 36), namespace TEXT NOT NULL, pipeline TEXT NOT NULL,
      trigger_name TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, dues BLOB NOT NULL,
      concurrency INTEGER NOT NULL, state INTEGER NOT NULL, next_due INTEGER NOT NULL,
      existing INTEGER NOT NULL, refused INTEGER NOT NULL, succeeded INTEGER NOT NULL,
      failed INTEGER NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL,
      ended_at INTEGER) STRICT, WITHOUT ROWID;
    CREATE INDEX open_backfills ON backfills(id) WHERE state IN (0, 1);
    CREATE INDEX backfills_of_namespace ON backfills(namespace, id);
    """
}
