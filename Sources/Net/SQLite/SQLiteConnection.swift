internal import CSQLite

/// Set once, before the first connection.
private let configured = csqlite_configure()

/// An open database file of a user: nothing in the file or in a statement is trusted.
///
/// A connection belongs to one thread, which it blocks. Only `SQLStop` reaches it from elsewhere.
public struct SQLiteConnection: ~Copyable {
  public enum Access: Sendable, Hashable {
    case reads
    /// Reads; but where a killed writer left a transaction, that is taken back first, which writes.
    case recovers
    case writes, creates
  }

  private let handle: OpaquePointer
  private let watch: SQLiteGuard

  private init(handle: OpaquePointer, watch: SQLiteGuard) { (self.handle, self.watch) = (handle, watch) }

  deinit {
    sqlite3_close_v2(handle)
    csqlite_unlimit_memory()
  }

  /// `path` is absolute and has no link in it; SQLite refuses one.
  public static func open(
    _ path: String, _ access: Access, stop: SQLStop = SQLStop()
  ) throws(SQLFault) -> SQLiteConnection {
    guard access == .recovers else { return try connect(path, access, stop) }
    do throws(SQLFault) { return try connect(path, .reads, stop) } catch {
      guard error.kind == .unfinished else { throw error }
    }
    // A writer takes the transaction back when it first reads, which it does while it is opened.
    _ = try connect(path, .writes, stop)
    return try connect(path, .reads, stop)
  }

  private static func connect(
    _ path: String, _ access: Access, _ stop: SQLStop
  ) throws(SQLFault) -> SQLiteConnection {
    precondition(configured == SQLITE_OK, "SQLite cannot be configured.")
    // Without a name SQLite would take its own, in which a journal makes it delete files of other names.
    guard let files = csqlite_guarded_files() else {
      throw SQLFault(.other, "SQLite cannot register its files")
    }
    let watch = SQLiteGuard(stop: stop)
    var opened: OpaquePointer?
    let flags =
      switch access {
      case .reads, .recovers: SQLITE_OPEN_READONLY
      case .writes: SQLITE_OPEN_READWRITE
      case .creates: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      }
    let always = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW
    csqlite_limit_memory(SQLiteLimits.memory)
    let code = sqlite3_open_v2(path, &opened, flags | always, files)
    guard code == SQLITE_OK, let opened else {
      let fault = SQLFault(code, on: opened, watch: watch)
      sqlite3_close_v2(opened)  // SQLite may give a handle even when it cannot open the file.
      csqlite_unlimit_memory()
      throw fault
    }
    let connection = SQLiteConnection(handle: opened, watch: watch)
    try connection.harden(access)
    return connection
  }

  private func harden(_ access: Access) throws(SQLFault) {
    for (name, value) in SQLiteLimits.all { sqlite3_limit(handle, name, Int32(value)) }
    for (name, on) in SQLiteLimits.switches {
      let code = csqlite_db_switch(handle, name, on)
      guard code == SQLITE_OK else { throw SQLFault(code, on: handle, watch: watch) }
    }
    watch.watch(handle)
    // The version makes SQLite read the file's head, so that a file of another kind is found here.
    // The file itself says how much of it is to be cached, unless it is said here.
    let settings = """
      PRAGMA cell_size_check=1; PRAGMA mmap_size=0; PRAGMA schema_version;
      PRAGMA cache_size=-\(SQLiteLimits.cacheKiB)
      """
    try execute(access == .reads ? "PRAGMA query_only=1; \(settings)" : settings)
    try wakeVirtualTables()
  }

  /// A virtual table compiles its own writing statements when it is first named, also by a reader, and the
  /// guard would take those for the reader's.
  private func wakeVirtualTables() throws(SQLFault) {
    let names = try prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'",
      allowing: .control)
    while try names.next() {
      guard case .text(let name) = try names.value(0) else { continue }
      var woken: OpaquePointer?
      // One of a module that this build lacks stays asleep: who names it hears why.
      sqlite3_prepare_v3(handle, "SELECT 1 FROM \(Self.quoted(name))", -1, 0, &woken, nil)
      sqlite3_finalize(woken)
    }
  }

  /// Our own statements without rows, such as `BEGIN IMMEDIATE`.
  public func execute(_ sql: String) throws(SQLFault) {
    (watch.allowance, watch.actions) = (.control, SQLActions())
    watch.begin()
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw SQLFault(code, on: handle, watch: watch) }
  }

  /// Compiles the first statement of a text; see `SQLiteStatement.rest` for what follows it.
  public func prepare(_ sql: String, allowing allowance: SQLAllowance) throws(SQLFault) -> SQLiteStatement {
    try SQLiteStatement(sql, on: handle, watch: watch, allowing: allowance)
  }

  /// What the guard noted while the last statement was compiled, also of one that it refused.
  public var actions: SQLActions { watch.actions }

  /// From now on a statement that works longer is ended with `timeout`.
  public func limit(to duration: Duration?) {
    watch.deadline = duration.map { ContinuousClock.now + $0 }
  }

  /// Ends an open transaction; some failures have ended it already.
  public func rollBack() {
    guard sqlite3_get_autocommit(handle) == 0 else { return }
    watch.allowance = .control
    sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
  }

  /// Rows changed by all statements so far, also by triggers.
  public var totalChanges: Int64 { sqlite3_total_changes64(handle) }
  /// Rows changed by the last statement that changes rows, without those of triggers.
  public var lastChanges: Int64 { sqlite3_changes64(handle) }
  /// The rowid of the last row inserted since it was last forgotten; nil without one.
  public var lastInsertedID: Int64? {
    let id = sqlite3_last_insert_rowid(handle)
    return id == 0 ? nil : id
  }
  public func forgetInsertedID() { sqlite3_set_last_insert_rowid(handle, 0) }

  /// A name as SQL: whatever stands in it, it is one name.
  public static func quoted(_ name: String) -> String {
    // By scalars: to Swift a quote with an accent over it is another character, to SQLite it is a quote.
    var quoted = "\""
    for scalar in name.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
