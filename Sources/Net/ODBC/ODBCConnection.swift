internal import CODBC

/// An open connection over an ODBC driver. It belongs to one thread, which it blocks; its watch reaches it
/// from another.
///
/// unixODBC is loaded when the first connection is opened, and not linked: a node without it starts, and one
/// that needs no ODBC does not pay for it.
public struct ODBCConnection: ~Copyable {
  /// For name, connection and login.
  public static let connectLimit = Duration.seconds(15)
  /// How long a statement waits for a lock that somebody else holds, where the engine can be told.
  public static let lockLimit = Duration.seconds(10)

  let handle: SQLHDBC
  let watch: ODBCWatch
  public private(set) var engine = ODBCEngine.other
  /// What names are quoted with; empty where the engine quotes none.
  private var quote = "\""

  private init(handle: SQLHDBC, watch: ODBCWatch) { (self.handle, self.watch) = (handle, watch) }

  deinit {
    guard let odbc = esteira_odbc()?.pointee else { return }
    _ = odbc.EndTran(SQLSMALLINT(SQL_HANDLE_DBC), handle, SQLSMALLINT(SQL_ROLLBACK))
    _ = odbc.Disconnect(handle)
    _ = odbc.FreeHandle(SQLSMALLINT(SQL_HANDLE_DBC), handle)
  }

  /// Blocks for at most `connectLimit`, as far as the driver keeps it.
  public static func open(
    _ place: ODBCPlace, writing: Bool, watch: ODBCWatch
  ) throws(SQLFault) -> ODBCConnection {
    guard let odbc = esteira_odbc()?.pointee else {
      throw SQLFault(
        .driver,
        "unixODBC is not on this node (\(String(cString: esteira_odbc_why()))); install it, as with `apt-get "
          + "install unixodbc`, and the driver of the database")
    }
    guard !ODBCWatch.isCrowded else {
      throw SQLFault(
        .busy, "\(ODBCWatch.abandonedLimit) calls of ODBC drivers do not come back; start the node again")
    }
    let driver = try place.driver()
    try place.checkEgress()
    let text = try place.text(ODBCEngine.options(ofDriver: driver, writing: writing))
    var raw: SQLHANDLE?
    guard odbc.AllocHandle(SQLSMALLINT(SQL_HANDLE_DBC), odbc.environment, &raw) == SQL_SUCCESS, let raw else {
      throw SQLFault(.outOfMemory, "unixODBC gave no handle")
    }
    let seconds = connectLimit.components.seconds
    _ = odbc.SetConnectAttr(
      raw, SQL_ATTR_LOGIN_TIMEOUT, UnsafeMutableRawPointer(bitPattern: UInt(seconds)), 0)
    if !writing { _ = odbc.SetConnectAttr(raw, SQL_ATTR_ACCESS_MODE, Self.number(1), 0) }
    watch.opening(true)
    defer { watch.opening(false) }
    var words = Array(text.utf16)
    let code = odbc.DriverConnect(raw, nil, &words, SQLSMALLINT(words.count), nil, 0, nil, 0)
    guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else {
      let fault = SQLFault(odbc: SQL_HANDLE_DBC, raw, .other, isOpening: true)
      _ = odbc.FreeHandle(SQLSMALLINT(SQL_HANDLE_DBC), raw)
      throw fault
    }
    var connection = ODBCConnection(handle: raw, watch: watch)
    try connection.begin(writing: writing)
    return connection
  }

  /// What settings take for a pointer.
  private static func number(_ value: UInt) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: value)
  }

  private mutating func begin(writing: Bool) throws(SQLFault) {
    engine = ODBCEngine(name: info(SQL_DBMS_NAME))
    let mark = info(SQL_IDENTIFIER_QUOTE_CHAR)
    quote = mark == " " ? "" : mark
    for statement in engine.session(writing: writing) { try execute(statement) }
    guard let odbc = esteira_odbc()?.pointee else { return }
    let code = odbc.SetConnectAttr(handle, SQL_ATTR_AUTOCOMMIT, Self.number(0), 0)
    guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else {
      throw SQLFault(.driver, "The driver of \(engine.rawValue) has no transactions, which every step needs")
    }
    if !writing { for statement in engine.reading { try execute(statement) } }
  }

  /// Name and version of the database, as its driver tells them.
  public var product: String { "\(info(SQL_DBMS_NAME)) \(info(SQL_DBMS_VER))" }

  private borrowing func info(_ what: Int32) -> String {
    guard let odbc = esteira_odbc()?.pointee else { return "" }
    var text = [SQLWCHAR](repeating: 0, count: 256)
    var bytes: SQLSMALLINT = 0
    let size = SQLSMALLINT(text.count * MemoryLayout<SQLWCHAR>.size)
    guard odbc.GetInfo(handle, SQLUSMALLINT(what), &text, size, &bytes) >= 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }, as: UTF16.self)
  }

  /// From now on a statement that works longer is ended with `timeout`.
  public borrowing func limit(to duration: Duration?) { watch.limit(to: duration) }

  /// Compiles a statement, where the driver does so before it runs it.
  public borrowing func prepare(_ text: ODBCText) throws(SQLFault) -> ODBCStatement {
    try ODBCStatement(text, self)
  }

  /// One of our own statements, whose rows do not matter.
  public borrowing func execute(_ sql: String, _ values: [SQLValue] = []) throws(SQLFault) {
    let statement = try ODBCStatement(ODBCText(sql, engine), self)
    try statement.run(values)
  }

  /// Throws `unknown` where nobody knows whether it took effect. Neither a stop nor the time's end is heard
  /// meanwhile.
  public borrowing func commit() throws(SQLFault) {
    try watch.check()
    watch.committing(true)
    defer { watch.committing(false) }
    try end(SQL_COMMIT)
  }

  /// Where it cannot be said, the server takes the transaction back by itself when the connection closes.
  public borrowing func rollBack() { try? end(SQL_ROLLBACK) }

  private borrowing func end(_ how: Int32) throws(SQLFault) {
    guard let odbc = esteira_odbc()?.pointee else { return }
    let code = odbc.EndTran(SQLSMALLINT(SQL_HANDLE_DBC), handle, SQLSMALLINT(how))
    guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else {
      throw SQLFault(odbc: SQL_HANDLE_DBC, handle, engine)
    }
  }

  /// A name as SQL: whatever stands in it, it is one name.
  public borrowing func quoted(_ name: String) -> String {
    quote.isEmpty ? name : quote + name.replacing(quote, with: quote + quote) + quote
  }
}
