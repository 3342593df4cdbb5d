extension Migration {
  /// How long things are kept, and the proof of what was deleted. `docs/storage.md` explains the tables.
  static let retention = """
    CREATE TABLE retention_rules(
      namespace TEXT NOT NULL, class TEXT NOT NULL, days INTEGER NOT NULL CHECK(days >= 0),
      updated_by TEXT NOT NULL, updated_at INTEGER NOT NULL,
      PRIMARY KEY(namespace, class)) STRICT, WITHOUT ROWID;
    CREATE TABLE deletions(
      at INTEGER NOT NULL, namespace TEXT NOT NULL, class TEXT NOT NULL, days INTEGER NOT NULL,
      before INTEGER NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL, deleted_by TEXT NOT NULL,
      PRIMARY KEY(at, namespace, class)) STRICT, WITHOUT ROWID;
    CREATE INDEX bodies_of_job ON bodies(job);
    CREATE INDEX keys_of_job ON idempotency_keys(job);
    """
}
