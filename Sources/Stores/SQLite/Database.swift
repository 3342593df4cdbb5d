internal import CSQLite
internal import Engine
internal import Glibc

struct SQLiteError: Error, Hashable {
  var code: Int32
  var message: String

  /// A row breaks a rule of uniqueness or of presence.
  var isConflict: Bool { code & 0xFF == SQLITE_CONSTRAINT }
  var isBusy: Bool { [SQLITE_BUSY, SQLITE_LOCKED].contains(code & 0xFF) }

  /// There is no room for the log, or for the index of it in `-shm`. After a commit that ended so the log may
  /// hold it whole: the very same rows may be written again over it, and nothing else.
  var isFull: Bool { code & 0xFF == SQLITE_FULL || code == Self.noIndex }

  /// Codes that SQLite makes of two numbers, which its header does not hand to Swift.
  private static let noWrite = SQLITE_IOERR | 3 << 8
  private static let noIndex = SQLITE_IOERR | 19 << 8

  /// A lock and a full disk pass; whatever else happens outside a conflict, the file cannot be relied on.
  var meaning: StoreError {
    if isFull { return .full(message) }
    return isBusy || code & 0xFF == SQLITE_NOMEM ? .unavailable(message) : .broken(message)
  }
}

extension SQLiteError {
  /// What the connection says of its last call. A quota that is used up is a full disk, which SQLite does not
  /// know.
  init(_ code: Int32, on connection: OpaquePointer) {
    self.init(code: code, message: String(cString: sqlite3_errmsg(connection)))
    if code == Self.noWrite, sqlite3_system_errno(connection) == EDQUOT {
      (self.code, message) = (SQLITE_FULL, "the quota of the disk is used up")
    }
  }
}

/// Set once, before the first connection.
private let configured = csqlite_configure()

/// An open database: owns its handle, which is closed exactly once.
@safe struct Database: ~Copyable {
  private let handle: OpaquePointer
  private let spare = SpareStatements()

  private init(handle: OpaquePointer) { self.handle = handle }

  deinit { sqlite3_close_v2(handle) }

  enum Mode { case writes, reads }

  /// How long a call waits for another connection to let go, in milliseconds. In WAL mode that is for as long
  /// as it begins the log anew, or takes the index of it up again after a crash.
  static let patience: Int32 = 1_000

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
    sqlite3_busy_timeout(opened, patience)
    let database = Database(handle: opened)
    try database.execute(setUp)
    return database
  }

  /// Runs statements that give no rows.
  func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw SQLiteError(code, on: handle) }
  }

  func prepare(_ sql: String) throws(SQLiteError) -> Statement { try Statement(sql, on: handle) }

  /// Runs one statement to its end; `read` gets each row. It is kept for the next time: to read the text of
  /// most statements takes longer than to run them.
  func query(
    _ sql: String, _ values: [SQLValue] = [],
    read: (borrowing Statement) throws(SQLiteError) -> Void = { _ in }
  ) throws(SQLiteError) {
    let statement = if let kept = spare.take(sql) { Statement(kept, on: handle) } else { try prepare(sql) }
    statement.bind(values)
    while try statement.next() { try read(statement) }
    spare.keep(statement.release(), sql)
  }

  /// The single number that a query gives; nil where it gives no row or null.
  func integer(_ sql: String, _ values: [SQLValue] = []) throws(SQLiteError) -> Int64? {
    var result: Int64?
    try query(sql, values) { row in result = row.optional(0) }
    return result
  }

  /// Copies the whole database, as it is at one moment, into an empty one. Nobody who writes is held up.
  func copy(into target: borrowing Database) throws(SQLiteError) {
    guard let copying = sqlite3_backup_init(target.handle, "main", handle, "main") else {
      throw SQLiteError(sqlite3_errcode(target.handle), on: target.handle)
    }
    let code = sqlite3_backup_step(copying, -1)
    let end = sqlite3_backup_finish(copying)
    guard code == SQLITE_DONE, end == SQLITE_OK else {
      throw SQLiteError(end == SQLITE_OK ? code : end, on: target.handle)
    }
  }

  /// Copies committed pages into the database file, as far as readers allow.
  func checkpoint() throws(SQLiteError) {
    let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
      throw SQLiteError(code, on: handle)
    }
  }

  /// A page of the schema's size, and what stands before it in the log.
  static let bytesOfLoggedPage: Int64 = 4_096 + 24

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
