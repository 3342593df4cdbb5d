import Engine
import Glibc
import Model
import Net

/// The database that a connection names, checked: a file of SQLite. `PostgresAddress` and `ODBCAddress` are
/// the others.
///
/// Statements, values, faults and the stop are the same for every engine (`Net/SQL`); what differs is here.
struct SQLPlace: Sendable {
  static let kind = "sqlite"
  /// Those that the four connectors take.
  static let kinds = "\(kind)|\(PostgresAddress.kind)|\(ODBCAddress.kind)"
  private static let members = ["path", "read_only", "create"]

  private let name: String
  private let root: FileRoots.Root
  private let rest: String
  private let isOwn: Bool
  private let isReadOnly: Bool
  private let mayCreate: Bool

  /// Looks at the connection alone, not yet at the disk.
  init(_ attempt: Attempt) throws(Failure) {
    guard let connection = attempt.connection else {
      throw Failure(
        .configuration, code: "invalid-connection", "The step needs a connection of kind `sqlite`.")
    }
    name = connection.name
    guard connection.kind == Self.kind else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(name)` is of kind `\(connection.kind)`; this version speaks `sqlite`, "
          + "`postgresql` and `odbc`.")
    }
    let address = connection.address
    guard let path = address["path"]?.string, !path.isEmpty,
      let readOnly = address["read_only"].map({ $0.bool }) ?? false,
      let create = address["create"].map({ $0.bool }) ?? false,
      (address.object?.keys ?? []).allSatisfy({ Self.members.contains($0) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(name)` needs an address such as {path: data.db, read_only: true, create: false}.")
    }
    guard let place = attempt.services.roots.place(of: path), !place.rest.isEmpty else {
      throw Failure(
        .configuration, code: "outside-roots",
        "The database of `\(name)` lies outside the folders of the namespace; use a relative path, or let "
          + "the operator grant the folder under `roots` in esteira.yaml.")
    }
    (root, rest, isReadOnly, mayCreate) = (place.root, place.rest, readOnly, create)
    isOwn = place.root.path == attempt.services.roots.own
  }

  /// Opens it for reading, or for writing where connection and folder allow that. Blocks.
  func open(writing: Bool, stop: SQLStop) throws(Failure) -> SQLiteConnection {
    if writing, isReadOnly || !root.isWritable {
      throw Failure(
        .configuration, code: "read-only-database",
        "`\(name)` may only be read, says its \(isReadOnly ? "connection" : "folder's grant")."
      )
    }
    let path = try path(creating: writing && mayCreate)
    return try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      try SQLiteConnection.open(path, access(writing: writing), stop: stop)
    }
  }

  private func access(writing: Bool) -> SQLiteConnection.Access {
    if writing { return mayCreate ? .creates : .writes }
    return root.isWritable && !isReadOnly ? .recovers : .reads
  }

  /// The file, below its root without a link. It is only looked at, never opened: closing a file that a
  /// connection of this process uses would end that connection's locks.
  private func path(creating: Bool) throws(Failure) -> String {
    if isOwn, creating, !Folders.make(root.path, durable: true) { throw .sqlStorage(SystemError.text(errno)) }
    guard let base = realpath(root.path, nil) else { throw missing }
    defer { free(base) }
    var path = String(cString: base)
    let parts = rest.utf8.split(separator: UInt8(ascii: "/"))
    for (place, part) in parts.enumerated() {
      path += "/" + String(decoding: part, as: UTF8.self)
      let isLast = place == parts.count - 1
      switch Folders.kind(of: path) {
      case .file? where isLast, .folder? where !isLast: break
      case nil where isLast && creating: break
      case nil: throw missing
      case .other?:
        throw Failure(
          .configuration, code: "unsafe-path",
          "The database of `\(name)` is reached over a link or is no plain file; name the file itself.")
      case .file?, .folder?: throw notADatabase
      }
    }
    return path
  }

  private var missing: Failure {
    Failure(
      .configuration, code: "file-not-found",
      "The database of `\(name)` is not there; check `path`, or say `create: true` for a step that writes.")
  }

  private var notADatabase: Failure {
    Failure(.configuration, code: "not-a-database", "The `path` of `\(name)` names a folder, not a database.")
  }
}

/// Runs blocking work on a database for one attempt.
enum SQLWork {
  /// `timeout` counts from the opening. Cancelling the attempt ends what the engine is doing.
  static func run<Output: Sendable>(
    _ attempt: Attempt, writing: Bool, timeout: Duration? = nil,
    _ work: @escaping @Sendable (borrowing SQLiteConnection) throws(Failure) -> Output
  ) async throws(Failure) -> Output {
    let (place, stop) = (try SQLPlace(attempt), SQLStop())
    let result: Result<Output, Failure> = await withTaskCancellationHandler {
      await OwnThread.run {
        do throws(Failure) {
          let connection = try place.open(writing: writing, stop: stop)
          connection.limit(to: timeout)
          return .success(try work(connection))
        } catch { return .failure(error) }
      }
    } onCancel: {
      stop.ask()
    }
    return try result.get()
  }

  /// `timeout` of `with`.
  static func timeout(_ with: JSON) throws(Failure) -> Duration? {
    guard let text = with["timeout"]?.string else { return nil }
    guard let duration = Duration(text: text), duration > .zero else {
      throw Failure(
        .configuration, code: "invalid-with",
        "The timeout `\(text.prefix(40))` is no duration such as 30s or 2m.")
    }
    return duration
  }
}

extension SQLiteConnection {
  /// Runs `work` in a transaction that holds the database for writing from its begin. Whatever it throws, and
  /// a process that dies, leaves nothing of it.
  func transaction<Output>(_ work: () throws(Failure) -> Output) throws(Failure) -> Output {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in try execute("BEGIN IMMEDIATE") }
    do throws(Failure) {
      let output = try work()
      try Failure.ofSQL(in: nil) { () throws(SQLFault) in try execute("COMMIT") }
      return output
    } catch {
      rollBack()
      throw error
    }
  }

  /// The one statement of a text; a second one is refused, whatever it would do.
  func single(_ sql: String, allowing allowance: SQLAllowance) throws(Failure) -> SQLiteStatement {
    let statement = try Failure.ofSQL(in: sql) { () throws(SQLFault) in try prepare(sql, allowing: allowance)
    }
    if statement.isEmpty {
      throw Failure(.configuration, code: "sql-invalid", "The statement is empty.")
    }
    guard isBlank(statement.rest) else {
      throw Failure(
        .configuration, code: "several-statements",
        "Only one statement is allowed, and another text follows its `;`.")
    }
    return statement
  }

  /// Whether the engine finds nothing in it but blanks, comments and semicolons.
  private func isBlank(_ text: String) -> Bool {
    var rest = text
    while !rest.isEmpty {
      // What the engine cannot read or the guard refuses is certainly not blank.
      guard let next = try? prepare(rest, allowing: .reads), next.isEmpty,
        next.rest.utf8.count < rest.utf8.count
      else { return false }
      rest = next.rest
    }
    return true
  }
}
