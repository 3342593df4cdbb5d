import Engine
import Model
import Net

extension Failure {
  /// Runs work of the engine; `sql` is the statement that a place in its text is shown of.
  static func ofSQL<Output: ~Copyable>(
    in sql: String?, _ work: () throws(SQLFault) -> Output
  ) throws(Failure) -> Output {
    do throws(SQLFault) { return try work() } catch { throw Failure(error, in: sql) }
  }

  /// Commits a transaction. `isRepeatable`: whether the step may be done again where the answer is lost.
  static func ofCommit(
    isRepeatable: Bool, _ commit: () throws(SQLFault) -> Void
  ) throws(Failure) {
    do throws(SQLFault) { try commit() } catch {
      guard error.kind == .interrupted else { throw Failure(error) }
      throw isRepeatable
        ? Failure(
          .transient, code: "interrupted", "The connection broke while the transaction was committed.")
        : Failure(SQLFault(.unknown, error.message))
    }
  }

  init(_ fault: SQLFault, in sql: String? = nil) {
    let said = String(fault.message.prefix(500))
    switch fault.kind {
    case .statement, .other:
      self.init(
        .configuration, code: "sql-invalid",
        "The database refuses the statement\(Self.place(fault, sql)): \(said).")
    case .denied:
      self.init(
        .configuration, code: "sql-refused", "The statement may not do this here: \(said).")
    case .cancelled:
      self.init(.cancelled, code: "confirmed", "The statement was cancelled; nothing of it stays.")
    case .timeout:
      self.init(
        .timeout, code: "timeout",
        "The statement took longer than its `timeout`; raise it, or let it read less (an index, a LIMIT).")
    case .busy:
      self.init(.transient, code: "sql-busy", "Somebody else holds the database: \(said).")
    case .unfinished:
      self.init(
        .transient, code: "sql-busy",
        "A program was killed while it wrote to the database; a step that may write over this connection, or "
          + "that program, takes back what it had not committed.")
    case .constraint:
      self.init(.data, code: "sql-constraint", "A row breaks a rule of its table: \(said).")
    case .value:
      self.init(.data, code: "sql-value", "A value cannot be kept or shown: \(said).")
    case .tooLarge:
      self.init(
        .data, code: "sql-value", "A value, a row or the statement is larger than its limit: \(said).")
    case .full, .io, .outOfMemory: self = .sqlStorage(said)
    case .readOnly:
      self.init(.configuration, code: "read-only-database", "The database may only be read: \(said).")
    case .cannotOpen:
      self.init(
        .configuration, code: "not-a-database",
        "The database cannot be opened: \(said); check the owner of the file and of its folder.")
    case .corrupt:
      self.init(
        .data, code: "sql-corrupt",
        "The database file is damaged: \(said); restore it from a backup, or see what `.recover` saves.")
    case .unreachable, .egress, .tls, .login, .interrupted, .unknown, .driver:
      self = .ofServer(fault.kind, said)
    case .notADatabase:
      self.init(
        .configuration, code: "not-a-database",
        "The file is no SQLite database, or an encrypted one: \(said).")
    }
  }

  /// What is wrong between here and a server.
  private static func ofServer(_ kind: SQLFault.Kind, _ said: String) -> Failure {
    switch kind {
    case .unreachable:
      Failure(.transient, code: "unreachable", "The database cannot be reached: \(said).")
    case .egress:
      Failure(
        .configuration, code: "egress-refused",
        "\(said); allow the address in the connection's `egress`.")
    case .tls:
      Failure(
        .configuration, code: "tls",
        "The server is not trusted: \(said); name its authority in `ca_file` of the address.")
    case .login: Failure(.credential, code: "sql-login", "The server lets this user not in: \(said).")
    case .driver: Failure(.configuration, code: "odbc-driver", "\(said).")
    case .unknown:
      Failure(
        .lost, code: "effect-unknown",
        "The connection broke while the transaction was committed: \(said). Whether it took effect is "
          + "unknown.")
    case .interrupted, .statement, .denied, .cancelled, .timeout, .busy, .unfinished, .constraint, .value,
      .tooLarge, .full, .io, .outOfMemory, .readOnly, .cannotOpen, .corrupt, .notADatabase, .other:
      Failure(.transient, code: "interrupted", "The connection broke, and nothing of it stays: \(said).")
    }
  }

  static func sqlStorage(_ said: String) -> Failure {
    Failure(.transient, code: "sql-storage", "The disk does not serve the database: \(said).")
  }

  private static func place(_ fault: SQLFault, _ sql: String?) -> String {
    guard let sql, let offset = fault.offset else { return "" }
    let position = SQLPosition(byte: offset, of: sql)
    return " at line \(position.line), column \(position.column)"
  }
}

/// A place in a statement, from 1; columns are Unicode scalars.
struct SQLPosition: Sendable, Hashable {
  var line: Int
  var column: Int

  init(byte offset: Int, of sql: String) {
    let before = sql.utf8.prefix(offset)
    let newline = UInt8(ascii: "\n")
    line = 1 + before.count { $0 == newline }
    let start = before.lastIndex(of: newline).map { before.index(after: $0) } ?? before.startIndex
    column = 1 + before[start...].count { $0 & 0xC0 != 0x80 }
  }

  var json: JSON { ["line": .int(Int64(line)), "column": .int(Int64(column))] }
}
