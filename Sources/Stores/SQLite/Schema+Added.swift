extension Migration {
  /// Schedules that stand beside their pipelines' files. `docs/storage.md` explains the table.
  static let addedSchedules = """
    CREATE TABLE added_schedules(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, name TEXT NOT NULL,
      spec TEXT NOT NULL CHECK(json_valid(spec)), inputs TEXT NOT NULL CHECK(json_valid(inputs)),
      version INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
      updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
      PRIMARY KEY(namespace, pipeline, name)) STRICT, WITHOUT ROWID;
    """

  /// Destinations that stand beside those of `esteira.yaml`.
  static let addedDestinations = """
    CREATE TABLE added_destinations(
      name TEXT NOT NULL PRIMARY KEY, spec TEXT NOT NULL CHECK(json_valid(spec)),
      version INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
      updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """
}
