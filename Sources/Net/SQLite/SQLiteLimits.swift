internal import CSQLite

/// What statements of users may cost, so that none of them exhausts the node.
enum SQLiteLimits {
  /// A text, a value of bytes, a row as it is stored, and all values of a row that a statement gives.
  static let value = 16 << 20
  /// All that the engine holds for a connection: its cache, the values of a row, what an aggregate gathers.
  static let memory: Int64 = 256 << 20
  static let cacheKiB = 2_000
  static let statement = 1 << 20
  static let parameters = 32_766
  static let pattern = 1_000
  static let depth = 1_000
  static let program = 5_000_000
  static let triggers = 100
  /// Instructions of the engine between two looks at the clock and the stop.
  static let progress: Int32 = 2_000
  /// How long a lock of somebody else is waited for.
  static let busy = Duration.seconds(10)
  static let busyPause: Int32 = 20

  static let all: [(name: Int32, value: Int)] = [
    (SQLITE_LIMIT_LENGTH, value), (SQLITE_LIMIT_SQL_LENGTH, statement),
    (SQLITE_LIMIT_VARIABLE_NUMBER, parameters), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, pattern),
    (SQLITE_LIMIT_EXPR_DEPTH, depth), (SQLITE_LIMIT_VDBE_OP, program),
    (SQLITE_LIMIT_TRIGGER_DEPTH, triggers), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_WORKER_THREADS, 0),
  ]

  /// Double-quoted words are names and never texts: a mistyped column is an error and not a constant.
  static let switches: [(name: Int32, on: Int32)] = [
    (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0), (SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0),
    (SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0), (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_DQS_DDL, 0),
    (SQLITE_DBCONFIG_ENABLE_FKEY, 1),
  ]
}
