public import Access
internal import Engine
internal import Model
internal import Synchronization

/// Accounts and the audit, in an SQLite file of their own beside that of the jobs, with a lock of its own.
public final class AccessFile: AccessStore {
  private let database: Mutex<Database?>

  /// The file of a running server; it is made where it is missing.
  public init(path: String) throws(AccessFault) {
    database = Mutex(try Self.opened { () throws(SQLiteError) in try Self.openForWriting(path) })
  }

  /// For commands beside no server. Where there is no file, there never were accounts.
  public init(reading path: String, exists: Bool) throws(AccessFault) {
    guard exists else {
      database = Mutex(nil)
      return
    }
    database = Mutex(
      try Self.opened { () throws(SQLiteError) in
        try Self.checked(try Database.open(path, .reads, setUp: Database.reading), path)
      })
  }

  private static func opened(_ open: () throws(SQLiteError) -> Database) throws(AccessFault) -> Database {
    do throws(SQLiteError) { return try open() } catch { throw error.fault }
  }

  private static func openForWriting(_ path: String) throws(SQLiteError) -> Database {
    let database = try checked(try Database.open(path, .writes, setUp: AccessSQL.setUp), path)
    try database.execute(AccessSQL.schema)
    return database
  }

  private static func checked(
    _ database: consuming Database, _ path: String
  ) throws(SQLiteError) -> Database {
    guard try database.integer("PRAGMA user_version") ?? 0 <= AccessSQL.version else {
      throw SQLiteError(code: 0, message: "\(path) was made by a newer Esteira.")
    }
    return database
  }

  private func ask<Answer: Sendable>(
    orNothing nothing: Answer, _ body: (borrowing Database) throws(SQLiteError) -> Answer
  ) throws(AccessFault) -> Answer {
    try database.withLock { database throws(AccessFault) in
      switch database {
      case .none: return nothing
      case .some(let open):
        do throws(SQLiteError) { return try body(open) } catch { throw error.fault }
      }
    }
  }

  public func commit(_ transaction: AccessTransaction) throws(AccessFault) {
    do throws(AccessFault) {
      try ask(orNothing: ()) { database throws(SQLiteError) in try database.commit(transaction) }
    } catch  where error.kind == .broken {
      throw AccessFault("access.db: \(error.message)", .broken)
    }
  }

  public func load() throws(AccessFault) -> AccessRecords {
    try ask(orNothing: AccessRecords()) { database throws(SQLiteError) in
      AccessRecords(try database.accessChanges())
    }
  }

  public func loadChains() throws(AccessFault) -> AuditChains {
    try ask(orNothing: AuditChains()) { database throws(SQLiteError) in
      var chains = AuditChains()
      let heads = try database.auditHeads(AccessSQL.newestHeads, [])
      try database.query("SELECT sequence, at FROM audit ORDER BY sequence DESC LIMIT 1") { row in
        chains = AuditChains(
          lastSequence: row.integer(0), lastAt: Timestamp(microseconds: row.integer(1)), heads: heads)
      }
      return chains
    }
  }

  public func audit(_ query: AuditQuery) throws(AccessFault) -> [AuditEntry] {
    let (condition, values) = AuditCondition.of(query)
    let order = query.isOldestFirst ? "ASC" : "DESC"
    let sql =
      "SELECT \(AccessSQL.auditColumns) FROM audit WHERE \(condition) ORDER BY sequence \(order) LIMIT ?"
    return try ask(orNothing: []) { database throws(SQLiteError) in
      try database.auditEntries(sql, values + [.integer(Int64(query.limit))])
    }
  }

  public func audit(after sequence: Int64, limit: Int) throws(AccessFault) -> [AuditEntry] {
    let sql = "SELECT \(AccessSQL.auditColumns) FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?"
    return try ask(orNothing: []) { database throws(SQLiteError) in
      try database.auditEntries(sql, [.integer(sequence), .integer(Int64(limit))])
    }
  }

  public func auditHeads(since day: String?) throws(AccessFault) -> [AuditHead] {
    try ask(orNothing: []) { database throws(SQLiteError) in
      try database.auditHeads(
        "SELECT body FROM audit_heads WHERE day >= ? ORDER BY day, namespace", [.text(day ?? "")])
    }
  }
}

extension SQLiteError {
  fileprivate var fault: AccessFault {
    switch meaning {
    case .full(let reason): AccessFault(reason, .full)
    case .unavailable(let reason): AccessFault(reason)
    // A row that breaks a rule was refused, and the file is as it was.
    case .broken(let reason): AccessFault(reason, isConflict || code == 0 ? .refused : .broken)
    }
  }
}

extension Database {
  fileprivate borrowing func commit(_ transaction: AccessTransaction) throws(SQLiteError) {
    try execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      for change in transaction.changes { try write(change) }
      for entry in transaction.entries { try write(entry) }
      for head in transaction.heads { try write(head) }
      try execute("COMMIT")
    } catch {
      // What the first failure left open; it is the one to be told of.
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
  }
}

enum AccessSQL {
  static let version: Int64 = 1
  static let setUp = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
  /// `docs/storage.md` explains the tables.
  static let schema = """
    CREATE TABLE IF NOT EXISTS accounts(
      id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS groups(
      id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS group_members(
      "group" TEXT NOT NULL, account TEXT NOT NULL, PRIMARY KEY("group", account)) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS groups_of_account ON group_members(account);
    CREATE TABLE IF NOT EXISTS roles(
      name TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS role_bindings(
      subject TEXT NOT NULL, role TEXT NOT NULL, namespace TEXT NOT NULL,
      body TEXT NOT NULL CHECK(json_valid(body)),
      PRIMARY KEY(subject, role, namespace)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS sessions(
      id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sessions_of_account ON sessions(account);
    CREATE TABLE IF NOT EXISTS api_tokens(
      id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS tokens_of_account ON api_tokens(account);
    CREATE TABLE IF NOT EXISTS secrets(
      name TEXT NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS audit(
      sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, namespace TEXT NOT NULL, actor_kind TEXT NOT NULL,
      actor TEXT NOT NULL, actor_name TEXT NOT NULL, credential TEXT, action TEXT NOT NULL,
      resource_type TEXT NOT NULL, resource TEXT NOT NULL, before TEXT, after TEXT, outcome TEXT NOT NULL,
      address TEXT NOT NULL, user_agent TEXT NOT NULL, request TEXT NOT NULL, "of" INTEGER,
      previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS audit_of_namespace ON audit(namespace, sequence);
    CREATE INDEX IF NOT EXISTS audit_of_actor ON audit(actor, sequence);
    CREATE INDEX IF NOT EXISTS audit_of_actor_name ON audit(actor_name, sequence);
    CREATE INDEX IF NOT EXISTS audit_of_resource ON audit(resource_type, resource, sequence);
    CREATE INDEX IF NOT EXISTS audit_of_action ON audit(action, sequence);
    CREATE INDEX IF NOT EXISTS audit_at ON audit(at);
    CREATE INDEX IF NOT EXISTS audit_outcomes ON audit("of") WHERE "of" IS NOT NULL;
    CREATE INDEX IF NOT EXISTS audit_intents ON audit(sequence) WHERE outcome = 'intent';
    CREATE TABLE IF NOT EXISTS audit_heads(
      namespace TEXT NOT NULL, day TEXT NOT NULL, body TEXT NOT NULL CHECK(json_valid(body)),
      PRIMARY KEY(namespace, day)) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS heads_of_day ON audit_heads(day, namespace);
    PRAGMA user_version = 1;
    """
  static let auditColumns = """
    sequence, at, namespace, actor_kind, actor, actor_name, credential, action, resource_type, resource, \
    before, after, outcome, address, user_agent, request, "of", previous, hash
    """
  static let newestHeads = """
    SELECT body FROM audit_heads AS head WHERE day =
      (SELECT max(day) FROM audit_heads AS other WHERE other.namespace = head.namespace)
    """
}
