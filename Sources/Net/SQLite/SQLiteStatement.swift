internal import CSQLite

/// A compiled statement of a user's database. Blocks the thread that its connection belongs to.
public struct SQLiteStatement: ~Copyable {
  private let handle: OpaquePointer?
  private let connection: OpaquePointer
  private let watch: SQLiteGuard
  private let allowance: SQLAllowance
  /// What the text has after the statement, with its blanks and comments.
  public let rest: String
  /// What the guard noted while it was compiled.
  public let actions: SQLActions

  /// Bytes of a statement that SQLite would not read: it stops at the first zero.
  public static func hasNull(_ sql: String) -> Bool { sql.utf8.contains(0) }

  init(
    _ sql: String, on connection: OpaquePointer, watch: SQLiteGuard, allowing allowance: SQLAllowance
  ) throws(SQLFault) {
    (watch.allowance, watch.actions) = (allowance, SQLActions())
    watch.begin()
    guard !Self.hasNull(sql) else { throw SQLFault(.statement, "the statement has a zero byte") }
    var text = sql
    let (code, prepared, used) = text.withUTF8 { buffer -> (Int32, OpaquePointer?, Int) in
      guard let start = buffer.baseAddress, !buffer.isEmpty else { return (SQLITE_OK, nil, 0) }
      return start.withMemoryRebound(to: CChar.self, capacity: buffer.count) { start in
        var (prepared, tail): (OpaquePointer?, UnsafePointer<CChar>?) = (nil, nil)
        let code = sqlite3_prepare_v3(connection, start, Int32(buffer.count), 0, &prepared, &tail)
        return (code, prepared, tail.map { $0 - start } ?? buffer.count)
      }
    }
    guard code == SQLITE_OK else { throw SQLFault(code, on: connection, watch: watch) }
    (handle, self.connection, self.watch, self.allowance) = (prepared, connection, watch, allowance)
    actions = watch.actions
    rest = String(decoding: text.utf8.dropFirst(used), as: UTF8.self)
  }

  deinit { sqlite3_finalize(handle) }

  /// Nothing but blanks and comments.
  public var isEmpty: Bool { handle == nil }
  /// By what it was compiled into, whatever its words are.
  public var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }
  public var columnCount: Int { Int(sqlite3_column_count(handle)) }
  public var columnNames: [String] {
    (0..<Int32(columnCount)).map { column in
      sqlite3_column_name(handle, column).map { String(cString: $0) } ?? ""
    }
  }

  /// The name of each parameter with its sign, such as `:id`; nil for one that has only a place.
  public var parameters: [String?] {
    let count = sqlite3_bind_parameter_count(handle)
    return (0..<count).map { place in
      sqlite3_bind_parameter_name(handle, place + 1).map { String(cString: $0) }
    }
  }

  /// Moves to the next row; false after the last one, when the statement is ready to be used again.
  public func next() throws(SQLFault) -> Bool {
    // A changed schema makes SQLite compile anew here, under the same rules.
    watch.allowance = allowance
    if sqlite3_stmt_busy(handle) == 0 {
      watch.begin()
      watch.actions = SQLActions()
    }
    guard watch.goesOn() else { throw halted }
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW {
      guard rowBytes > SQLiteLimits.value else { return true }
      sqlite3_reset(handle)
      throw SQLFault(.tooLarge, "the row is larger than \(SQLiteLimits.value >> 20) MiB")
    }
    if code == SQLITE_DONE {
      sqlite3_reset(handle)
      return false
    }
    let fault = SQLFault(code, on: connection, watch: watch)
    sqlite3_reset(handle)
    throw fault
  }

  /// What the texts and bytes of the row take that `next` moved to; looked at before any of it is copied.
  public var rowBytes: Int {
    (0..<sqlite3_column_count(handle)).reduce(0) { sum, column in
      // Asked of a number, SQLite would turn it into text.
      let type = sqlite3_column_type(handle, column)
      guard type == SQLITE_TEXT || type == SQLITE_BLOB else { return sum }
      return sum + Int(sqlite3_column_bytes(handle, column))
    }
  }

  private var halted: SQLFault {
    watch.halt == .timeout ? SQLFault(.timeout, "out of time") : SQLFault(.cancelled, "cancelled")
  }

  /// Runs a statement to its end without looking at rows.
  public func run(_ values: [SQLValue] = []) throws(SQLFault) {
    try bind(values)
    while try next() {}
  }

  /// One value for each parameter, in their order.
  public func bind(_ values: [SQLValue]) throws(SQLFault) {
    precondition(values.count == Int(sqlite3_bind_parameter_count(handle)), "One value for each parameter.")
    for (place, value) in zip(Int32(1)..., values) {
      let code =
        switch value {
        case .null: sqlite3_bind_null(handle, place)
        case .integer(let integer): sqlite3_bind_int64(handle, place, integer)
        case .real(let real): sqlite3_bind_double(handle, place, real)
        case .text(let text): Self.bind(text, handle, place)
        case .bytes(let bytes): Self.bind(bytes, handle, place)
        case .boolean(let yes): sqlite3_bind_int64(handle, place, yes ? 1 : 0)
        case .document(let text): Self.bind(text, handle, place)
        }
      if code != SQLITE_OK { throw SQLFault(code, on: connection, watch: watch) }
    }
  }

  private static func bind(_ text: String, _ handle: OpaquePointer?, _ place: Int32) -> Int32 {
    guard let count = Int32(exactly: text.utf8.count) else { return SQLITE_TOOBIG }
    return csqlite_bind_text(handle, place, text, count)
  }

  private static func bind(_ bytes: [UInt8], _ handle: OpaquePointer?, _ place: Int32) -> Int32 {
    guard let count = Int32(exactly: bytes.count) else { return SQLITE_TOOBIG }
    return csqlite_bind_blob(handle, place, bytes, count)
  }

  /// A column of the row that `next` moved to, from 0, exactly as it is stored.
  public func value(_ column: Int) throws(SQLFault) -> SQLValue {
    let column = Int32(column)
    switch sqlite3_column_type(handle, column) {
    case SQLITE_NULL: return .null
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
    case SQLITE_TEXT:
      let start = sqlite3_column_text(handle, column)
      let buffer = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
      guard let text = String(validating: buffer, as: UTF8.self) else {
        throw SQLFault(.value, "the text of column \(column + 1) is not UTF-8")
      }
      return .text(text)
    default:
      guard let start = sqlite3_column_blob(handle, column) else { return .bytes([]) }
      let count = Int(sqlite3_column_bytes(handle, column))
      return .bytes([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
    }
  }

  /// Ends a query before its last row.
  public func reset() { sqlite3_reset(handle) }
}
