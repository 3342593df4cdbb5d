internal import CSQLite
internal import Engine

struct SQLiteError: Error, Hashable {
  var code: Int32
  var message: String

  /// A row breaks a rule of uniqueness or of presence.
  var isConflict: Bool { code & 0xFF == SQLITE_CONSTRAINT }
  var isBusy: Bool { [SQLITE_BUSY, SQLITE_LOCKED].contains(code & 0xFF) }

  /// A lock and a full disk pass; whatever else happens outside a conflict, the file cannot be relied on.
  var meaning: StoreError {
    isBusy || [SQLITE_FULL, SQLITE_NOMEM].contains(code & 0xFF) ? .unavailable(message) : .broken(message)
  }
}

/// Set once, before the first connection.
private let configured = csqlite_configure()

/// An open database: owns its handle, which is closed exactly once.
@safe struct Database: ~Copyable {
  private let handle: OpaquePointer

  private init(handle: OpaquePointer) { self.handle = handle }

  deinit { sqlite3_close_v2(handle) }

  enum Mode { case writes, reads }

  /// A function and not an `init`: a `~Copyable` value must not throw when it is half made.
  static func open(_ path: String, _ mode: Mode, setUp: String) throws(SQLiteError) -> Database {
    precondition(configured == SQLITE_OK, "SQLite was used before it was configured.")
    var opened: OpaquePointer?
    let access = mode == .writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
    let code = sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let opened else {
      sqlite3_close_v2(opened)  // SQLite may give a handle even when it cannot open the file.
      throw SQLiteError(code: code, message: "Cannot open \(path): \(String(cString: sqlite3_errstr(code))).")
    }
    let database = Database(handle: opened)
    try database.execute(setUp)
    return database
  }

  /// Runs statements that give no rows.
  func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle))) }
  }

  func prepare(_ sql: String) throws(SQLiteError) -> Statement { try Statement(sql, on: handle) }

  /// Runs one statement to its end; `read` gets each row.
  func query(
    _ sql: String, _ values: [SQLValue] = [],
    read: (borrowing Statement) throws(SQLiteError) -> Void = { _ in }
  ) throws(SQLiteError) {
    let statement = try prepare(sql)
    statement.bind(values)
    while try statement.next() { try read(statement) }
  }

  /// The single number that a query gives; nil where it gives no row or null.
  func integer(_ sql: String, _ values: [SQLValue] = []) throws(SQLiteError) -> Int64? {
    var result: Int64?
    try query(sql, values) { row in result = row.optional(0) }
    return result
  }

  /// Copies committed pages into the database file, as far as readers allow.
  func checkpoint() throws(SQLiteError) {
    let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
      throw SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
  }

  /// Pages written to the log by this connection so far; wraps around.
  var pagesWritten: Int32 {
    var now: Int32 = 0
    var peak: Int32 = 0
    sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_WRITE, &now, &peak, 0)
    return now
  }

  /// False once a failed statement has ended the transaction by itself.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
}
