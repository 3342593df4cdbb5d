internal import CPostgres
internal import Glibc

/// An open connection to a PostgreSQL server, over libpq. It belongs to one thread, which it blocks; only
/// `SQLStop` reaches it from elsewhere.
///
/// Every statement goes by the extended protocol, in which the server itself takes one statement a text.
public struct PostgresConnection: ~Copyable {
  /// For name, connection, handshake and login.
  public static let connectLimit = Duration.seconds(15)
  /// How long a statement waits for a lock that somebody else holds.
  public static let lockLimit = Duration.seconds(10)
  /// How long the server may take to confirm that it stopped; after that the connection is cut.
  static let cancelLimit = Duration.seconds(5)

  let handle: OpaquePointer
  let wait: PostgresWait

  private init(handle: OpaquePointer, wait: PostgresWait) { (self.handle, self.wait) = (handle, wait) }

  deinit { PQfinish(handle) }

  /// Blocks for at most `connectLimit`.
  public static func open(
    _ place: PostgresPlace, stop: SQLStop = SQLStop()
  ) throws(SQLFault) -> PostgresConnection {
    let address = try address(of: place)
    var options: [(String, String)] = [
      ("host", place.host), ("hostaddr", address), ("port", "\(place.port)"), ("dbname", place.database),
      ("user", place.user), ("sslmode", place.security.mode), ("gssencmode", "disable"),
      ("application_name", "esteira"), ("client_encoding", "UTF8"), ("keepalives_idle", "30"),
      ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
      ("options", Self.settings),
      // Whatever lies in the home of the server's user is not ours to send.
      ("sslcert", "/nonexistent"), ("sslkey", "/nonexistent"), ("passfile", "/nonexistent"),
      ("sslrootcert", place.authorities ?? "/etc/ssl/certs/ca-certificates.crt"),
    ]
    if let password = place.password { options.append(("password", password)) }
    guard let handle = Self.start(options) else {
      throw SQLFault(.outOfMemory, "no connection could be made")
    }
    let connection = PostgresConnection(handle: handle, wait: PostgresWait(stop: stop))
    try connection.finishOpening(place)
    return connection
  }

  /// What every session has: dates and numbers are written in one way, whatever the server's file says.
  private static let settings =
    "-c DateStyle=ISO,YMD -c TimeZone=UTC -c IntervalStyle=iso_8601 -c bytea_output=hex "
    + "-c extra_float_digits=1 -c lock_timeout=\(lockLimit.components.seconds)s "
    + "-c idle_in_transaction_session_timeout=10min -c standard_conforming_strings=on"

  private static func address(of place: PostgresPlace) throws(SQLFault) -> String {
    let found: [IPAddress]
    do throws(NetError) { found = try NameLookup.ask(place.host) } catch {
      throw SQLFault(.unreachable, "the name `\(place.host)` has no address")
    }
    guard let address = found.first(where: { place.egress.permits($0) }) else {
      throw SQLFault(
        .egress, "\(place.host) leads to \(found[0].description), where this connection may not go")
    }
    return address.description
  }

  private static func start(_ options: [(String, String)]) -> OpaquePointer? {
    let names = options.map { strdup($0.0) }
    let values = options.map { strdup($0.1) }
    defer { for text in names + values { free(text) } }
    let keys: [UnsafePointer<CChar>?] = names.map { UnsafePointer($0) } + [nil]
    let words: [UnsafePointer<CChar>?] = values.map { UnsafePointer($0) } + [nil]
    return PQconnectStartParams(keys, words, 0)
  }

  private borrowing func finishOpening(_ place: PostgresPlace) throws(SQLFault) {
    let deadline = ContinuousClock.now + Self.connectLimit
    var status = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    while status != PGRES_POLLING_OK {
      guard status != PGRES_POLLING_FAILED else { throw refused(place) }
      let events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
      guard try wait.ready(PQsocket(handle), Int16(events), until: deadline) else {
        throw SQLFault(
          .unreachable, "\(place.host) did not answer in \(Self.connectLimit.components.seconds) s")
      }
      status = PQconnectPoll(handle)
    }
    PQsetnonblocking(handle, 1)
  }

  /// libpq gives no code for a connection that failed; its own words are the same in every version since 9.
  private borrowing func refused(_ place: PostgresPlace) -> SQLFault {
    let said = SQLFault.trimmed(String(cString: PQerrorMessage(handle)))
    let lines = said.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)) }
    let text = lines.last ?? said
    func has(_ words: String...) -> Bool { words.contains { said.contains($0) } }
    if has("password authentication failed", "no password supplied", "does not exist", "pg_hba.conf", "SASL")
    {
      return SQLFault(.login, text)
    }
    if has("SSL", "certificate") { return SQLFault(.tls, text) }
    return SQLFault(has("too many clients", "starting up", "shutting down") ? .busy : .unreachable, text)
  }

  /// From now on a statement that works longer is ended with `timeout`; the server keeps the limit too, for
  /// the case that this process is gone.
  public borrowing func limit(to duration: Duration?) throws(SQLFault) {
    wait.deadline = duration.map { ContinuousClock.now + $0 }
    guard let duration else { return }
    let milliseconds =
      duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    try execute("SET statement_timeout = \(max(1, milliseconds) + 1_000)")
  }

  /// One of our own statements, or several, without parameters and without rows that matter.
  public borrowing func execute(_ sql: String) throws(SQLFault) {
    try begun(PQsendQuery(handle, sql))
    var fault: SQLFault?
    while let result = try nextResult() {
      defer { PQclear(result) }
      let status = PQresultStatus(result)
      if status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE, fault == nil {
        fault = self.fault(result, nil)
      }
    }
    if let fault { throw fault }
  }

  /// Compiles a statement without running it.
  public borrowing func prepare(_ text: PostgresText, as name: String = "") throws(SQLFault) -> PostgresShape
  {
    try begun(PQsendPrepare(handle, name, text.sent, 0, nil))
    try expectDone(text)
    try begun(PQsendDescribePrepared(handle, name))
    var shape: PostgresShape?
    var fault: SQLFault?
    while let result = try nextResult() {
      defer { PQclear(result) }
      if PQresultStatus(result) == PGRES_COMMAND_OK {
        shape = PostgresShape(result)
      } else if fault == nil {
        fault = self.fault(result, text)
      }
    }
    if let fault { throw fault }
    guard let shape else { throw SQLFault(.interrupted, "the server did not describe the statement") }
    return shape
  }

  /// Runs what was prepared, with a value for each parameter; the rows come one at a time. Until they are all
  /// read, or `reset`, nothing else can be asked.
  public borrowing func run(
    _ text: PostgresText, as name: String = "", _ values: [SQLValue]
  ) throws(SQLFault) -> PostgresRows {
    let texts = values.map { Self.text($0).map { strdup($0) } ?? nil }
    defer { for text in texts { free(text) } }
    let pointers: [UnsafePointer<CChar>?] = texts.map { UnsafePointer($0) }
    try begun(PQsendQueryPrepared(handle, name, Int32(values.count), pointers, nil, nil, 0))
    PQsetSingleRowMode(handle)
    return PostgresRows(handle: handle, wait: wait, text: text)
  }

  /// Whether a transaction is open and whole; false too where it failed or somebody ended it.
  public var isInTransaction: Bool { PQtransactionStatus(handle) == PQTRANS_INTRANS }

  /// Neither a stop nor the time's end is heard meanwhile: what is asked for now is what counts.
  /// `interrupted` where nobody knows whether it took effect.
  public borrowing func commit() throws(SQLFault) {
    wait.isEnding = true
    defer { wait.isEnding = false }
    try execute("COMMIT")
  }

  /// Ends an open transaction, if the connection still stands.
  public borrowing func rollBack() {
    abandonCopy()
    let status = PQtransactionStatus(handle)
    guard status == PQTRANS_INTRANS || status == PQTRANS_INERROR else { return }
    wait.isEnding = true
    // Where it cannot be said, the server takes the transaction back by itself when the connection closes.
    try? execute("ROLLBACK")
    wait.isEnding = false
  }

  /// As the server reads it; nil is null.
  static func text(_ value: SQLValue) -> String? {
    switch value {
    case .null: nil
    case .integer(let integer): "\(integer)"
    case .real(let real): "\(real)"
    case .boolean(let yes): yes ? "true" : "false"
    case .text(let text), .document(let text): text
    case .bytes(let bytes): "\\x" + hex(bytes)
    }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// A name as SQL: whatever stands in it, it is one name.
  public static func quoted(_ name: String) -> String { SQLiteConnection.quoted(name) }
}

/// What a compiled statement takes and gives.
public struct PostgresShape: Sendable, Hashable {
  public let parameters: Int
  public let columns: [String]
  /// The same as `columns.isEmpty` of a statement that can give no rows.
  public var givesRows: Bool { !columns.isEmpty }

  init(_ result: OpaquePointer) {
    parameters = Int(PQnparams(result))
    columns = (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
  }
}
