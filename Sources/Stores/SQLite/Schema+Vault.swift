extension Migration {
  /// More than one master key, and credentials whose versions overlap. `docs/storage.md` explains the tables.
  ///
  /// The first key's canary stays in `keys`, where every store has it; a row here for it says only that it is
  /// no longer the active one.
  static let vault = """
    CREATE TABLE master_keys(
      id INTEGER PRIMARY KEY CHECK(id > 0), canary BLOB NOT NULL, state INTEGER NOT NULL,
      created_at INTEGER NOT NULL, created_by TEXT NOT NULL, retired_at INTEGER) STRICT;
    CREATE TABLE key_rotation(
      id INTEGER PRIMARY KEY CHECK(id = 1), target INTEGER NOT NULL, stage INTEGER,
      rewrapped INTEGER NOT NULL, unreadable INTEGER NOT NULL, started_at INTEGER NOT NULL,
      started_by TEXT NOT NULL, ended_at INTEGER) STRICT;
    ALTER TABLE credentials ADD COLUMN expires_at INTEGER;
    ALTER TABLE credentials ADD COLUMN last_used_at INTEGER;
    ALTER TABLE credentials ADD COLUMN last_used_by TEXT;
    ALTER TABLE credential_versions ADD COLUMN usable_until INTEGER;
    """
}
