extension Migration {
  /// What retention leaves alone, and what people say of a namespace. `docs/storage.md` explains the tables.
  static let holds = """
    CREATE TABLE holds(
      id TEXT PRIMARY KEY CHECK(length(id) = 36), namespace TEXT NOT NULL, pipeline TEXT, job TEXT,
      reason TEXT NOT NULL, placed_by TEXT NOT NULL, placed_at INTEGER NOT NULL,
      CHECK(pipeline IS NULL OR job IS NULL)) STRICT, WITHOUT ROWID;
    CREATE INDEX holds_of_namespace ON holds(namespace);
    CREATE TABLE namespaces(
      name TEXT PRIMARY KEY, title TEXT NOT NULL, summary TEXT NOT NULL, updated_by TEXT NOT NULL,
      updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """
}
