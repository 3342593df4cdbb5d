extension Migration {
  /// What triggers were given, and what steps emitted. `docs/storage.md` explains the tables.
  static let triggers = """
    CREATE TABLE trigger_messages(
      id TEXT NOT NULL PRIMARY KEY CHECK(length(id) = 36), namespace TEXT NOT NULL, pipeline TEXT NOT NULL,
      trigger_name TEXT NOT NULL, kind TEXT NOT NULL, state INTEGER NOT NULL, key TEXT NOT NULL,
      group_key TEXT, part TEXT, actor TEXT NOT NULL, received_at INTEGER NOT NULL, expires_at INTEGER,
      body BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX messages_of_pipeline ON trigger_messages(namespace, pipeline, id);
    CREATE TABLE taken_contents(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, trigger_name TEXT NOT NULL, sha256 TEXT NOT NULL,
      at INTEGER NOT NULL, PRIMARY KEY(namespace, pipeline, trigger_name, sha256)) STRICT, WITHOUT ROWID;
    CREATE TABLE emitted_events(
      position INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, namespace TEXT NOT NULL,
      type TEXT NOT NULL, room TEXT NOT NULL, job TEXT NOT NULL, path TEXT NOT NULL, key TEXT NOT NULL,
      body BLOB NOT NULL, UNIQUE(namespace, key)) STRICT;
    CREATE INDEX events_of_namespace ON emitted_events(namespace, position);
    CREATE INDEX events_of_room ON emitted_events(namespace, room, position);
    """

  /// Which batch took a content, so that it can be given back. What was taken before stays taken.
  static let contents = """
    ALTER TABLE taken_contents ADD COLUMN batch TEXT;
    CREATE INDEX contents_of_batch ON taken_contents(batch) WHERE batch IS NOT NULL;
    """
}
