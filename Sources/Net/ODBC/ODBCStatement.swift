internal import CODBC

/// A compiled statement and, once it runs, its rows, one in memory at a time. Blocks the thread of its
/// connection.
public final class ODBCStatement: SQLCursor {
  /// Of a row.
  public static let rowLimit = 16 << 20
  private static let chunk = 1 << 14

  public struct Column: Sendable, Hashable {
    public var name: String
    /// The standard's number of its type.
    public var type: Int16
    public var isRequired: Bool
  }

  private let handle: SQLHSTMT
  private let watch: ODBCWatch
  private let engine: ODBCEngine
  private let state = State()
  /// How many values `run` takes.
  public let parameters: [String?]

  private final class State {
    var columns: [Column]?
    var values: [SQLValue] = []
    var bytes = 0
    var changes: Int64 = 0
    var isOpen = false
    var types: [SQLSMALLINT]?
    var buffer = [UInt16](repeating: 0, count: ODBCStatement.chunk)
  }

  init(_ text: ODBCText, _ connection: borrowing ODBCConnection) throws(SQLFault) {
    (watch, engine, parameters) = (connection.watch, connection.engine, text.parameters)
    guard let odbc = esteira_odbc()?.pointee else { throw SQLFault(.driver, "unixODBC is gone") }
    var raw: SQLHANDLE?
    guard odbc.AllocHandle(SQLSMALLINT(SQL_HANDLE_STMT), connection.handle, &raw) >= 0, let raw else {
      throw SQLFault(odbc: SQL_HANDLE_DBC, connection.handle, engine)
    }
    handle = raw
    if !engine.cancelsExecutionAlone { watch.runs(raw) }
    try watch.check()
    var words = Array(text.sent.utf16)
    try done(odbc.Prepare(raw, &words, SQLINTEGER(words.count)))
  }

  /// For what the driver tells of tables, which is asked by a call and not by a statement.
  init(
    _ connection: borrowing ODBCConnection,
    _ ask: (esteira_odbc_calls, SQLHSTMT) -> SQLRETURN
  ) throws(SQLFault) {
    (watch, engine, parameters) = (connection.watch, connection.engine, [])
    guard let odbc = esteira_odbc()?.pointee else { throw SQLFault(.driver, "unixODBC is gone") }
    var raw: SQLHANDLE?
    guard odbc.AllocHandle(SQLSMALLINT(SQL_HANDLE_STMT), connection.handle, &raw) >= 0, let raw else {
      throw SQLFault(odbc: SQL_HANDLE_DBC, connection.handle, engine)
    }
    handle = raw
    if !engine.cancelsExecutionAlone { watch.runs(raw) }
    try watch.check()
    try done(ask(odbc, raw))
    state.isOpen = true
  }

  deinit {
    watch.ends(handle)
    _ = esteira_odbc()?.pointee.FreeHandle(SQLSMALLINT(SQL_HANDLE_STMT), handle)
  }

  private func done(_ code: SQLRETURN) throws(SQLFault) {
    if code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO || code == SQL_NO_DATA { return }
    var fault = SQLFault(odbc: SQL_HANDLE_STMT, handle, engine)
    if let halt = watch.halt { fault = SQLFault(halt, fault.message) }
    throw fault
  }

  /// What rows it gives; none of a statement that gives no rows.
  public func columns() throws(SQLFault) -> [Column] {
    if let known = state.columns { return known }
    guard let odbc = esteira_odbc()?.pointee else { return [] }
    var count: SQLSMALLINT = 0
    try done(odbc.NumResultCols(handle, &count))
    var columns: [Column] = []
    for place in 0..<max(0, count) {
      var name = [SQLWCHAR](repeating: 0, count: 512)
      var (length, type, digits, isNullable): (SQLSMALLINT, SQLSMALLINT, SQLSMALLINT, SQLSMALLINT) = (
        0, 0, 0, 0
      )
      var size: SQLULEN = 0
      try done(
        odbc.DescribeCol(
          handle, SQLUSMALLINT(place + 1), &name, SQLSMALLINT(name.count), &length, &type, &size, &digits,
          &isNullable))
      let shown = String(decoding: name.prefix(max(0, min(Int(length), name.count - 1))), as: UTF16.self)
      columns.append(Column(name: shown, type: type, isRequired: isNullable == SQL_NO_NULLS))
    }
    state.columns = columns
    return columns
  }

  public var columnNames: [String] { (state.columns ?? []).map(\.name) }
  public var rowBytes: Int { state.bytes }
  /// Rows inserted, updated or deleted; 0 where the driver does not say.
  public var changes: Int64 { state.changes }

  public func value(_ column: Int) throws(SQLFault) -> SQLValue { state.values[column] }

  /// `types`: those of the standard, where they are known better than the driver tells them.
  public func run(_ values: [SQLValue], as types: [Int16]? = nil) throws(SQLFault) {
    guard let odbc = esteira_odbc()?.pointee else { return }
    reset()
    try watch.check()
    let known = types ?? state.types ?? described(values.count)
    state.types = known
    let bound = ODBCValues(values)
    for (place, value) in bound.values.enumerated() {
      let type = known.indices.contains(place) && known[place] != 0 ? known[place] : value.usualType
      try done(
        odbc.BindParameter(
          handle, SQLUSMALLINT(place + 1), SQLSMALLINT(SQL_PARAM_INPUT), value.form, type, value.columnSize,
          0,
          value.start, value.bytes, bound.lengths + place))
    }
    // They hold what is freed at the end of this call; what the driver says of a fault goes with them.
    defer { _ = odbc.FreeStmt(handle, SQLUSMALLINT(SQL_RESET_PARAMS)) }
    try execute(odbc)
    var count: SQLLEN = 0
    state.changes = odbc.RowCount(handle, &count) >= 0 ? Int64(max(0, count)) : 0
    state.isOpen = true
    _ = try columns()
  }

  private func execute(_ odbc: esteira_odbc_calls) throws(SQLFault) {
    guard engine.cancelsExecutionAlone else { return try done(odbc.Execute(handle)) }
    watch.runs(handle)
    let code = odbc.Execute(handle)
    // From here on no cancel is under way, and none comes; one that came has taken the rows.
    watch.ends(handle)
    try done(code)
    try watch.check()
  }

  /// The types that the driver tells of the parameters; 0 where it tells none.
  private func described(_ count: Int) -> [SQLSMALLINT] {
    guard let odbc = esteira_odbc()?.pointee, engine != .sqlite else { return [] }
    return (0..<count).map { place in
      var (type, digits, isNullable): (SQLSMALLINT, SQLSMALLINT, SQLSMALLINT) = (0, 0, 0)
      var size: SQLULEN = 0
      let code = odbc.DescribeParam(handle, SQLUSMALLINT(place + 1), &type, &size, &digits, &isNullable)
      return code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO ? type : 0
    }
  }

  public func next() throws(SQLFault) -> Bool {
    guard state.isOpen, let columns = state.columns, !columns.isEmpty, let odbc = esteira_odbc()?.pointee
    else { return false }
    try watch.check()
    let code = odbc.Fetch(handle)
    guard code != SQL_NO_DATA else {
      reset()
      return false
    }
    try done(code)
    state.values.removeAll(keepingCapacity: true)
    state.bytes = 0
    for (place, column) in columns.enumerated() {
      state.values.append(try read(place, column, odbc))
    }
    return true
  }

  public func finish() throws(SQLFault) { while try next() {} }

  public func reset() {
    guard state.isOpen else { return }
    state.isOpen = false
    _ = esteira_odbc()?.pointee.FreeStmt(handle, SQLUSMALLINT(SQL_CLOSE))
  }

  private func read(
    _ place: Int, _ column: Column, _ odbc: esteira_odbc_calls
  ) throws(SQLFault) -> SQLValue {
    switch ODBCType(column.type) {
    case .integer:
      var number: Int64 = 0
      return try fixed(place, ESTEIRA_C_BIGINT, &number, odbc) ? .integer(number) : .null
    case .real:
      var number = 0.0
      return try fixed(place, ESTEIRA_C_DOUBLE, &number, odbc) ? .real(number) : .null
    case .boolean:
      var bit: UInt8 = 0
      return try fixed(place, ESTEIRA_C_BIT, &bit, odbc) ? .boolean(bit != 0) : .null
    case .bytes:
      var bytes: [UInt8] = []
      let isThere = try long(place, ESTEIRA_C_BINARY, ending: 0, odbc) { buffer in bytes += buffer }
      return isThere ? .bytes(bytes) : .null
    case .decimal: return try text(place, odbc).map { SQLValue(decimal: $0) } ?? .null
    case .moment: return try text(place, odbc).map { .text($0.replacing(" ", with: "T")) } ?? .null
    case .text, .date: return try text(place, odbc).map { .text($0) } ?? .null
    }
  }

  /// False of null.
  private func fixed<Value>(
    _ place: Int, _ form: SQLSMALLINT, _ value: inout Value, _ odbc: esteira_odbc_calls
  ) throws(SQLFault) -> Bool {
    var length: SQLLEN = 0
    let size = SQLLEN(MemoryLayout<Value>.size)
    let code = withUnsafeMutablePointer(to: &value) {
      odbc.GetData(handle, SQLUSMALLINT(place + 1), form, UnsafeMutableRawPointer($0), size, &length)
    }
    try done(code)
    try count(Int(size))
    return length != SQL_NULL_DATA
  }

  private func count(_ bytes: Int) throws(SQLFault) {
    state.bytes += bytes
    guard state.bytes <= Self.rowLimit else {
      reset()
      throw SQLFault(.tooLarge, "the row is larger than \(Self.rowLimit >> 20) MiB")
    }
  }

  private func text(_ place: Int, _ odbc: esteira_odbc_calls) throws(SQLFault) -> String? {
    var units: [UInt16] = []
    let isThere = try long(place, ESTEIRA_C_WCHAR, ending: 2, odbc) { buffer in
      units += buffer.bindMemory(to: UInt16.self)
    }
    guard isThere else { return nil }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw SQLFault(.value, "the text of column \(place + 1) is no Unicode")
    }
    return text
  }

  /// A value in pieces; `ending`: bytes of the zero that the driver puts behind each. False of null.
  private func long(
    _ place: Int, _ form: SQLSMALLINT, ending: Int, _ odbc: esteira_odbc_calls,
    _ take: (UnsafeRawBufferPointer) -> Void
  ) throws(SQLFault) -> Bool {
    let size = Self.chunk * 2
    while true {
      var length: SQLLEN = 0
      let code = state.buffer.withUnsafeMutableBytes {
        odbc.GetData(handle, SQLUSMALLINT(place + 1), form, $0.baseAddress, SQLLEN(size), &length)
      }
      if code == SQL_NO_DATA { return true }
      try done(code)
      if length == SQL_NULL_DATA { return false }
      let isWhole = code == SQL_SUCCESS || (length >= 0 && length <= size - ending)
      let count = isWhole ? max(0, min(Int(length), size - ending)) : size - ending
      try self.count(count)
      state.buffer.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      if isWhole { return true }
    }
  }
}
