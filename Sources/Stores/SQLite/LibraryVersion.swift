internal import CSQLite

extension SQLiteStore {
  /// Of the SQLite that this process runs with.
  public static var libraryVersion: String { String(cString: sqlite3_libversion()) }
}
