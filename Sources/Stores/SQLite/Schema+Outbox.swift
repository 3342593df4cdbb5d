extension Migration {
  /// Messages that leave. `docs/storage.md` explains the tables. A row has a `next_at` only while it is the
  /// first of its lane and not held, so that what is due is found without a look at what stands behind.
  static let outbox = """
    CREATE TABLE outbox(
      position INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, namespace TEXT NOT NULL,
      lane TEXT NOT NULL, event TEXT NOT NULL, type TEXT NOT NULL, pipeline TEXT, job TEXT,
      held INTEGER NOT NULL, tries INTEGER NOT NULL, first_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
      next_at INTEGER, error TEXT CHECK(error IS NULL OR json_valid(error)), body BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX outbox_events ON outbox(destination, event);
    CREATE INDEX outbox_lanes ON outbox(destination, lane, position);
    CREATE INDEX outbox_due ON outbox(destination, next_at, position) WHERE next_at IS NOT NULL;
    CREATE TABLE deliveries(
      id INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, namespace TEXT NOT NULL,
      event TEXT NOT NULL, type TEXT NOT NULL, lane TEXT NOT NULL, pipeline TEXT, job TEXT,
      attempt INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER, duration INTEGER NOT NULL,
      code TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE INDEX deliveries_of_destination ON deliveries(destination, id);
    CREATE INDEX deliveries_of_job ON deliveries(job) WHERE job IS NOT NULL;
    CREATE TABLE disabled_destinations(
      name TEXT PRIMARY KEY, reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """
}
