import Engine
import Model
import Net

/// The PostgreSQL server behind a connection of kind `postgresql`.
enum PostgresAddress {
  static let kind = "postgresql"
  private static let members = ["host", "port", "database", "user", "security", "ca_file", "read_only"]

  static func isMeant(by attempt: Attempt) -> Bool { attempt.connection?.kind == kind }

  /// Looks at connection and credential alone; nothing is asked.
  static func place(_ attempt: Attempt, writing: Bool) throws(Failure) -> PostgresPlace {
    guard let connection = attempt.connection else {
      throw Failure(
        .configuration, code: "invalid-connection", "The step needs a connection of kind `\(kind)`.")
    }
    let address = connection.address
    let login = try login(attempt.credential)
    let security =
      address["security"].map { $0.string.flatMap(PostgresPlace.Security.init(rawValue:)) } ?? .verify
    let port = address["port"].map { $0.int.flatMap { UInt16(exactly: $0) } } ?? PostgresPlace.usualPort
    guard let security, let port, port > 0, let host = address["host"]?.string, isPlain(host),
      let database = address["database"]?.string, isPlain(database),
      let readOnly = address["read_only"].map({ $0.bool }) ?? false,
      let user = login?.user ?? address["user"]?.string, isPlain(user),
      (address.object?.keys ?? []).allSatisfy({ members.contains($0) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` needs an address such as {host: db.example.com, port: 5432, "
          + "database: sales, security: verify | encrypt | none, ca_file: /etc/ssl/db.pem}, and a credential "
          + "of type database, or `user` in the address.")
    }
    if writing, readOnly {
      throw Failure(
        .configuration, code: "read-only-database",
        "`\(connection.name)` may only be read, says its connection.")
    }
    return PostgresPlace(
      host: host, port: port, database: database, user: user, password: login?.password, security: security,
      authorities: address["ca_file"]?.string, egress: try Egress(of: connection))
  }

  private static func isPlain(_ text: String) -> Bool { !text.isEmpty && !text.utf8.contains(0) }

  static func login(
    _ credential: Credential?
  ) throws(Failure) -> (user: String, password: String)? {
    guard let credential else { return nil }
    guard ["database", "basic"].contains(credential.type), let user = credential["username"],
      let password = credential["password"]
    else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The credential `\(credential.name)` has the type `\(credential.type)`; a database takes database or "
          + "basic.")
    }
    return (user.reveal(), password.reveal())
  }
}

/// Runs blocking work on a PostgreSQL database for one attempt.
enum PostgresWork {
  /// `timeout` counts from the opening. Cancelling the attempt ends what the server is doing.
  static func run<Output: Sendable>(
    _ attempt: Attempt, writing: Bool, timeout: Duration? = nil,
    _ work: @escaping @Sendable (borrowing PostgresConnection) throws(Failure) -> Output
  ) async throws(Failure) -> Output {
    let (place, stop) = (try PostgresAddress.place(attempt, writing: writing), SQLStop())
    let result: Result<Output, Failure> = await withTaskCancellationHandler {
      await OwnThread.run {
        do throws(Failure) {
          return .success(try Self.work(at: place, stop, timeout, work))
        } catch { return .failure(error) }
      }
    } onCancel: {
      stop.ask()
    }
    return try result.get()
  }

  private static func work<Output>(
    at place: PostgresPlace, _ stop: SQLStop, _ timeout: Duration?,
    _ work: (borrowing PostgresConnection) throws(Failure) -> Output
  ) throws(Failure) -> Output {
    let connection = try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      let opened = try PostgresConnection.open(place, stop: stop)
      try opened.limit(to: timeout)
      return opened
    }
    return try work(connection)
  }
}

extension PostgresConnection {
  /// Runs `work` where nothing can be changed, and leaves nothing behind. The first reading within makes it
  /// impossible to ask for more later in the same transaction.
  borrowing func reading<Output>(
    _ work: () throws(Failure) -> Output
  ) throws(Failure) -> Output {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      try execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1")
    }
    defer { rollBack() }
    return try work()
  }

  /// Runs `work` in a transaction: all of it stays, or none. `isRepeatable`: whether the step may be done
  /// again where the answer to the commit is lost.
  borrowing func writing<Output>(
    isRepeatable: Bool, _ work: () throws(Failure) -> Output
  ) throws(Failure) -> Output {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in try execute("BEGIN") }
    do throws(Failure) {
      let output = try work()
      guard isInTransaction else {
        throw Failure(.configuration, code: "sql-refused", "A statement ended the transaction of the step.")
      }
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

  /// The statement with its values, compiled by the server. It runs under `name` or none.
  borrowing func compile(
    _ text: PostgresText, _ parameters: SQLParameters, in sql: String
  ) throws(Failure) -> (shape: PostgresShape, values: [SQLValue]) {
    guard !text.firstWord.isEmpty else {
      throw Failure(.configuration, code: "sql-invalid", "The statement is empty.")
    }
    guard !SQLiteStatement.hasNull(sql) else {
      throw Failure(.configuration, code: "sql-invalid", "The statement has a zero byte.")
    }
    let shape: PostgresShape
    do throws(SQLFault) { shape = try prepare(text) } catch {
      guard error.message.contains("cannot insert multiple commands") else { throw Failure(error, in: sql) }
      throw Failure(
        .configuration, code: "several-statements",
        "Only one statement is allowed, and another text follows its `;`.")
    }
    let byNumber = Array(repeating: String?.none, count: shape.parameters)
    let wanted = text.names.isEmpty ? byNumber : text.names.map { ":\($0)" }
    guard wanted.count == shape.parameters else {
      throw Failure(
        .configuration, code: "sql-parameters",
        "The statement has parameters by name (`:name`) and by number (`$1`); use one kind.")
    }
    return (shape, try parameters.values(for: wanted))
  }
}
