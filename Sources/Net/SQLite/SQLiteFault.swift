internal import CSQLite

extension SQLFault {
  /// What a code of SQLite means, with the words that the connection has for it.
  init(_ code: Int32, on handle: OpaquePointer?, watch: SQLiteGuard) {
    let words = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    let offset = handle.map { Int(sqlite3_error_offset($0)) } ?? -1
    self.init(Self.kind(code, watch), words, offset: offset < 0 ? nil : offset)
    // The engine has several words and codes for what its guard refused.
    if [.denied, .statement].contains(kind), let denied = watch.actions.denied.first {
      kind = .denied
      message = denied.object.isEmpty ? denied.action : "\(denied.action) \(denied.object)"
    }
  }

  /// `SQLITE_CONSTRAINT_DATATYPE`, a macro that Swift cannot import: a strict table refused a value.
  private static let wrongType = SQLITE_CONSTRAINT | 12 << 8

  private static func kind(_ code: Int32, _ watch: SQLiteGuard) -> Kind {
    switch code & 0xFF {
    case SQLITE_ERROR: .statement
    case SQLITE_AUTH: .denied
    case SQLITE_INTERRUPT: watch.halt == .timeout ? .timeout : .cancelled
    case SQLITE_BUSY, SQLITE_LOCKED: watch.halt == .cancelled ? .cancelled : .busy
    case SQLITE_CONSTRAINT: code == wrongType ? .value : .constraint
    case SQLITE_MISMATCH, SQLITE_RANGE: .value
    case SQLITE_TOOBIG: .tooLarge
    case SQLITE_FULL: .full
    case SQLITE_IOERR: .io
    case SQLITE_NOMEM: .outOfMemory
    case SQLITE_READONLY, SQLITE_PERM: .readOnly
    case SQLITE_CANTOPEN: .cannotOpen
    case SQLITE_CORRUPT: .corrupt
    case SQLITE_NOTADB: .notADatabase
    default: .other
    }
  }
}
