import Engine
import Model
import Net
import Synchronization

/// The data source behind a connection of kind `odbc`.
enum ODBCAddress {
  static let kind = "odbc"
  private static let members = ["dsn", "read_only"]

  static func isMeant(by attempt: Attempt) -> Bool { attempt.connection?.kind == kind }

  /// Looks at connection and credential alone; nothing is asked.
  static func place(_ attempt: Attempt, writing: Bool) throws(Failure) -> ODBCPlace {
    guard let connection = attempt.connection else {
      throw Failure(
        .configuration, code: "invalid-connection", "The step needs a connection of kind `\(kind)`.")
    }
    let address = connection.address
    let login = try PostgresAddress.login(attempt.credential)
    guard let source = address["dsn"]?.string, ODBCPlace.isName(source),
      let readOnly = address["read_only"].map({ $0.bool }) ?? false,
      (address.object?.keys ?? []).allSatisfy({ members.contains($0) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` needs an address such as {dsn: warehouse, read_only: true}; the "
          + "operator writes driver, server and options of that name in odbc.ini.")
    }
    if writing, readOnly {
      throw Failure(
        .configuration, code: "read-only-database",
        "`\(connection.name)` may only be read, says its connection.")
    }
    return ODBCPlace(
      source: source, user: login?.user, password: login?.password, egress: try Egress(of: connection))
  }
}

/// Runs blocking work over an ODBC driver for one attempt.
enum ODBCWork {
  /// `timeout` counts from the opening. Cancelling the attempt ends what the driver is doing; where the
  /// driver does not listen, the attempt ends without it.
  static func run<Output: Sendable>(
    _ attempt: Attempt, writing: Bool, timeout: Duration? = nil,
    _ work: @escaping @Sendable (borrowing ODBCConnection) throws(Failure) -> Output
  ) async throws(Failure) -> Output {
    let (place, stop) = (try ODBCAddress.place(attempt, writing: writing), SQLStop())
    let watch = ODBCWatch(stop: stop)
    let result: Result<Output, Failure> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let first = FirstResult(continuation)
        Task {
          if let fault = await OwnThread.run({ watch.keep() }) { first.give(.failure(Failure(fault))) }
        }
        Task {
          let result: Result<Output, Failure> = await OwnThread.run {
            defer { watch.end() }
            do throws(Failure) {
              return .success(try Self.work(at: place, writing, watch, timeout, work))
            } catch { return .failure(error) }
          }
          first.give(result)
        }
      }
    } onCancel: {
      stop.ask()
    }
    return try result.get()
  }

  private static func work<Output>(
    at place: ODBCPlace, _ writing: Bool, _ watch: ODBCWatch, _ timeout: Duration?,
    _ work: (borrowing ODBCConnection) throws(Failure) -> Output
  ) throws(Failure) -> Output {
    let connection = try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      let opened = try ODBCConnection.open(place, writing: writing, watch: watch)
      opened.limit(to: timeout)
      return opened
    }
    return try work(connection)
  }

  /// Of the work and of who watches it, whichever comes first.
  private final class FirstResult<Output: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Result<Output, Failure>, Never>?>

    init(_ continuation: CheckedContinuation<Result<Output, Failure>, Never>) {
      waiting = Mutex(continuation)
    }

    func give(_ result: Result<Output, Failure>) {
      let continuation = waiting.withLock { waiting in
        defer { waiting = nil }
        return waiting
      }
      continuation?.resume(returning: result)
    }
  }
}

extension ODBCConnection {
  /// Runs `work` where nothing is ever committed.
  borrowing func reading<Output>(
    _ work: () throws(Failure) -> Output
  ) throws(Failure) -> Output {
    defer { rollBack() }
    return try work()
  }

  /// Runs `work` in a transaction: all of it stays, or none. `isRepeatable`: whether the step may be done
  /// again where the answer to the commit is lost.
  borrowing func writing<Output>(
    isRepeatable: Bool, _ work: () throws(Failure) -> Output
  ) throws(Failure) -> Output {
    do throws(Failure) {
      let output = try work()
      try commit(isRepeatable: isRepeatable)
      return output
    } catch {
      rollBack()
      throw error
    }
  }

  borrowing func commit(isRepeatable: Bool) throws(Failure) {
    try Failure.ofCommit(isRepeatable: isRepeatable) { () throws(SQLFault) in try commit() }
  }

  /// The statement with its values, if its first word is one of `words`.
  borrowing func compile(
    _ sql: String, _ parameters: SQLParameters, words: Set<String>
  ) throws(Failure) -> (statement: ODBCStatement, values: [SQLValue]) {
    guard !SQLiteStatement.hasNull(sql) else {
      throw Failure(.configuration, code: "sql-invalid", "The statement has a zero byte.")
    }
    let text = ODBCText(sql, engine)
    guard !text.firstWord.isEmpty else {
      throw Failure(.configuration, code: "sql-invalid", "The statement is empty.")
    }
    guard !text.hasSeveral else {
      throw Failure(
        .configuration, code: "several-statements",
        "Only one statement is allowed, and another text follows its `;`.")
    }
    guard words.contains(text.firstWord) else {
      throw Failure(
        .configuration, code: "sql-refused",
        "A step may not run \(text.firstWord.prefix(40)) here; sql.query only reads, and in sql.execute the "
          + "step is the transaction.")
    }
    let values = try parameters.values(for: text.parameters.map { name in name.map { ":\($0)" } })
    let statement = try Failure.ofSQL(in: sql) { () throws(SQLFault) in try prepare(text) }
    return (statement, values)
  }
}
