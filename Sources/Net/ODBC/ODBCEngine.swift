/// The database behind an ODBC driver, by the name that the driver gives it.
///
/// What every engine has goes by the standard; here is what it leaves open: how a transaction is made one
/// that only reads, how long a lock is waited for, and how texts and comments are written.
public enum ODBCEngine: String, Sendable, Hashable {
  case postgresql, mysql, sqlite, sqlserver, oracle
  case other = "odbc"

  init(name: String) {
    let name = name.lowercased()
    self =
      switch true {
      case name.contains("postgres"): .postgresql
      case name.contains("mysql"), name.contains("mariadb"): .mysql
      case name.contains("sqlite"): .sqlite
      case name.contains("sql server"): .sqlserver
      case name.contains("oracle"): .oracle
      case _: .other
      }
  }

  /// What a driver is to be told, so that rows come as they are asked for and not all at once into its
  /// memory, where it can; by its name, since it has to be known before the connection is made. Others do so
  /// by themselves.
  static func options(ofDriver driver: String, writing: Bool) -> [String] {
    let driver = driver.lowercased()
    if driver.contains("psqlodbc") || driver.contains("postgres") {
      // A cursor of the server is for SELECT alone. Boolean is a type of its own.
      return ["BoolsAsChar=0"] + (writing ? [] : ["UseDeclareFetch=1", "Fetch=1000"])
    }
    // By steps (`StepAPI`) it would free a statement under whoever fetches from it, at a cancel.
    if driver.contains("sqlite") { return ["StepAPI=0", "NoTXN=0"] }
    if driver.contains("mysql") || driver.contains("myodbc") || driver.contains("maodbc") {
      return writing ? [] : ["NO_CACHE=1", "FORWARD_CURSOR=1"]
    }
    return []
  }

  /// Whether only the execution of a statement may be cancelled. SQLite's driver frees the rows at a cancel,
  /// also under whoever fetches them; all are in memory by then, so that fetching takes no time of its own.
  var cancelsExecutionAlone: Bool { self == .sqlite }

  /// Of every session, before its first transaction.
  func session(writing: Bool) -> [String] {
    let seconds = ODBCConnection.lockLimit.components.seconds
    switch self {
    case .postgresql:
      return [
        "SET lock_timeout = '\(seconds)s'", "SET TimeZone = 'UTC'",
        "SET idle_in_transaction_session_timeout = '10min'",
      ]
        + (writing
          ? []
          : ["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"])
    case .mysql:
      return ["SET SESSION innodb_lock_wait_timeout = \(seconds)"]
        + (writing ? [] : ["SET SESSION TRANSACTION READ ONLY"])
    case .sqlite:
      return ["PRAGMA busy_timeout = \(seconds * 1_000)"]
        + (writing ? ["PRAGMA foreign_keys = ON"] : ["PRAGMA query_only = ON"])
    case .sqlserver: return ["SET LOCK_TIMEOUT \(seconds * 1_000)"]
    case .oracle, .other: return []
    }
  }

  /// The first statements of a transaction that only reads.
  var reading: [String] {
    switch self {
    // The first reading makes it impossible to ask for more later in the same transaction.
    case .postgresql: ["SELECT 1"]
    case .oracle: ["SET TRANSACTION READ ONLY"]
    case .mysql, .sqlite, .sqlserver, .other: []
    }
  }

  /// Whether the engine itself refuses a change in such a transaction.
  public var keepsReadOnly: Bool {
    switch self {
    case .postgresql, .mysql, .sqlite, .oracle: true
    case .sqlserver, .other: false
    }
  }

  var lexicon: SQLScanner.Lexicon {
    switch self {
    case .postgresql: .postgresql
    case .mysql: [.backslashes, .backticks, .hashComments]
    case .sqlite: [.backticks, .brackets]
    case .sqlserver: [.brackets, .nestedComments]
    case .oracle, .other: []
    }
  }
}
