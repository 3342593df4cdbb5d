extension Migration {
  /// Whom jobs are about, and what was erased of them. `docs/storage.md` explains the tables. The indexes
  /// find the rows of one job that other rules keep.
  static let privacy = """
    CREATE TABLE subject_keys(
      namespace TEXT NOT NULL PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE subject_refs(
      namespace TEXT NOT NULL, subject_hmac BLOB NOT NULL CHECK(length(subject_hmac) = 32),
      job INTEGER NOT NULL, input TEXT NOT NULL,
      PRIMARY KEY(namespace, subject_hmac, job, input)) STRICT, WITHOUT ROWID;
    CREATE INDEX subjects_of_job ON subject_refs(job);
    CREATE TABLE erasures(
      id TEXT NOT NULL PRIMARY KEY CHECK(length(id) = 36), namespace TEXT NOT NULL,
      subject_hmac BLOB NOT NULL, jobs TEXT NOT NULL CHECK(json_valid(jobs)),
      artifacts TEXT NOT NULL CHECK(json_valid(artifacts)), basis TEXT NOT NULL, reason TEXT NOT NULL,
      requested_by TEXT NOT NULL, requested_at INTEGER NOT NULL, done_at INTEGER,
      counts TEXT NOT NULL CHECK(json_valid(counts))) STRICT, WITHOUT ROWID;
    CREATE INDEX erasures_of_namespace ON erasures(namespace, id);
    CREATE INDEX open_erasures ON erasures(id) WHERE done_at IS NULL;
    CREATE INDEX letters_of_job ON dead_letters(job) WHERE job IS NOT NULL;
    CREATE INDEX outbox_of_job ON outbox(job) WHERE job IS NOT NULL;
    CREATE INDEX events_of_job ON emitted_events(job);
    CREATE INDEX signals_of_job ON signals(taken_by) WHERE taken_by IS NOT NULL;
    CREATE INDEX caches_of_job ON caches(job);
    """
}
