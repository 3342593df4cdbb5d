internal import CSQLite
internal import Glibc

extension SQLFault {
  /// What a code of SQLite means, with the words that the connection has for it.
  init(_ code: Int32, on handle: OpaquePointer?, watch: SQLiteGuard) {
    let words = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    let offset = handle.map { Int(sqlite3_error_offset($0)) } ?? -1
    let system = handle.map { sqlite3_system_errno($0) } ?? 0
    self.init(Self.kind(code, system: system, watch), words, offset: offset < 0 ? nil : offset)
    if kind == .outOfMemory, csqlite_memory_was_refused() != 0 {
      (kind, message) = (.tooLarge, "it takes more than \(SQLiteLimits.memory >> 20) MiB of memory")
    }
    if [SQLITE_CANTOPEN, SQLITE_IOERR].contains(code & 0xFF), system != 0 {
      message += ": \(String(cString: strerror(system)))"
    }
    // The engine has several words and codes for what its guard refused.
    if [.denied, .statement].contains(kind), let denied = watch.actions.denied.first {
      kind = .denied
      message = denied.object.isEmpty ? denied.action : "\(denied.action) \(denied.object)"
    }
  }

  /// `SQLITE_CONSTRAINT_DATATYPE`, a macro that Swift cannot import: a strict table refused a value.
  private static let wrongType = SQLITE_CONSTRAINT | 12 << 8
  /// `SQLITE_READONLY_RECOVERY` and `SQLITE_READONLY_ROLLBACK`, likewise.
  private static let unfinished = [SQLITE_READONLY | 1 << 8, SQLITE_READONLY | 3 << 8]

  /// `system`: the errno of a file that could not be opened.
  static func kind(_ code: Int32, system: Int32, _ watch: SQLiteGuard) -> Kind {
    switch code & 0xFF {
    case SQLITE_ERROR: .statement
    case SQLITE_AUTH: .denied
    case SQLITE_INTERRUPT: watch.halt == .timeout ? .timeout : .cancelled
    // A race for the locks of a log, a schema that keeps changing, a transaction that was taken back
    // meanwhile.
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL, SQLITE_SCHEMA, SQLITE_ABORT:
      watch.halt == .cancelled ? .cancelled : .busy
    case SQLITE_CONSTRAINT: code == wrongType ? .value : .constraint
    case SQLITE_MISMATCH, SQLITE_RANGE: .value
    case SQLITE_TOOBIG: .tooLarge
    case SQLITE_FULL: .full
    case SQLITE_IOERR: .io
    case SQLITE_NOMEM: .outOfMemory
    case SQLITE_READONLY, SQLITE_PERM: unfinished.contains(code) ? .unfinished : .readOnly
    case SQLITE_CANTOPEN: opening(system)
    case SQLITE_CORRUPT: .corrupt
    case SQLITE_NOTADB: .notADatabase
    default: .other
    }
  }

  /// The file may be fine, and only the node be short of something.
  private static func opening(_ system: Int32) -> Kind {
    switch system {
    case EMFILE, ENFILE, ENOMEM: .outOfMemory
    case ENOSPC, EDQUOT: .full
    case EIO: .io
    default: .cannotOpen
    }
  }
}
