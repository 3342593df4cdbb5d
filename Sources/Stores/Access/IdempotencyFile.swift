public import Access
public import Model
internal import Synchronization

/// Answers to requests with a key, in an SQLite file of their own: their loss costs no job, and their fsync
/// holds up none.
public final class IdempotencyFile: Sendable {
  private let database: Mutex<Database>
  private let most: Int
  private let threads = BlockingThreads(count: 1)

  /// `requests.db` of the data folder; it is made where it is missing.
  public init(path: String, most: Int = KeptAnswers.most) throws(Problem) {
    self.most = most
    do throws(SQLiteError) {
      database = Mutex(try Self.open(path))
    } catch {
      throw .storeUnreadable(path, error.message)
    }
  }

  private static func open(_ path: String) throws(SQLiteError) -> Database {
    let database = try Database.open(path, .writes, setUp: SQL.setUp)
    guard try database.integer("PRAGMA user_version") ?? 0 <= SQL.version else {
      throw SQLiteError(code: 0, message: "\(path) was made by a newer Esteira.")
    }
    try database.execute(SQL.schema)
    return database
  }

  public var answers: KeptAnswers {
    KeptAnswers(
      find: { [self] (principal, key) throws(Problem) in
        try await threads.run { [self] () throws(Problem) in
          try ask { database throws(SQLiteError) in try database.kept(principal, key) }
        }
      },
      keep: { [self] (principal, key, row, oldest) throws(Problem) in
        try await threads.run { [self] () throws(Problem) in
          try ask { database throws(SQLiteError) in
            try database.keep(principal, key, row, oldest: oldest, most: most)
          }
        }
      })
  }

  /// How many answers there are.
  public func count() throws(Problem) -> Int {
    try ask { database throws(SQLiteError) in
      Int(try database.integer("SELECT count(*) FROM answers") ?? 0)
    }
  }

  private func ask<Answer: Sendable>(
    _ body: (borrowing Database) throws(SQLiteError) -> Answer
  ) throws(Problem) -> Answer {
    try database.withLock { database throws(Problem) in
      do throws(SQLiteError) { return try body(database) } catch {
        throw Problem(
          "store-unavailable",
          Bilingual(
            "The answers to requests cannot be read or kept: \(error.message)",
            pt: "As respostas a pedidos não podem ser lidas ou guardadas: \(error.message)"),
          remedy: Bilingual("Run `esteira doctor`.", pt: "Execute `esteira doctor`."))
      }
    }
  }
}

extension Database {
  fileprivate func kept(_ principal: String, _ key: String) throws(SQLiteError) -> KeptRow? {
    var found: KeptRow?
    try query(SQL.find, [.text(principal), .text(key)]) { row in
      let answer = KeptAnswer(
        status: Int(row.integer(3)), contentType: row.text(4), entityTag: row.optionalText(5),
        location: row.optionalText(6), body: row.isNull(7) ? nil : row.bytes(7))
      found = KeptRow(
        route: row.text(0), digest: row.bytes(1), answer: answer,
        at: Timestamp(microseconds: row.integer(2)))
    }
    return found
  }

  fileprivate func keep(
    _ principal: String, _ key: String, _ row: KeptRow, oldest: Timestamp, most: Int
  ) throws(SQLiteError) {
    try execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      try query(
        SQL.keep,
        [
          .text(principal), .text(key), .text(row.route), .bytes(row.digest), .integer(row.at.microseconds),
          .integer(Int64(row.answer.status)), .text(row.answer.contentType), SQLValue(row.answer.entityTag),
          SQLValue(row.answer.location), row.answer.body.map { .bytes($0) } ?? .null,
        ])
      try query(SQL.forget, [.integer(oldest.microseconds)])
      try query(SQL.shorten, [.integer(Int64(most))])
      try execute("COMMIT")
    } catch {
      if isInTransaction { try? execute("ROLLBACK") }  // The first failure is the one to tell.
      throw error
    }
  }
}

private enum SQL {
  static let version: Int64 = 1
  static let setUp = """
    PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-512;
    """
  static let schema = """
    CREATE TABLE IF NOT EXISTS answers(
      number INTEGER PRIMARY KEY AUTOINCREMENT, principal TEXT NOT NULL, key TEXT NOT NULL,
      route TEXT NOT NULL, digest BLOB NOT NULL, kept_at INTEGER NOT NULL, status INTEGER NOT NULL,
      content_type TEXT NOT NULL, entity_tag TEXT, location TEXT, body BLOB) STRICT;
    CREATE UNIQUE INDEX IF NOT EXISTS answers_of_key ON answers(principal, key);
    CREATE INDEX IF NOT EXISTS answers_by_time ON answers(kept_at);
    PRAGMA user_version = 1;
    """
  static let find = """
    SELECT route, digest, kept_at, status, content_type, entity_tag, location, body FROM answers
    WHERE principal = ? AND key = ?
    """
  static let keep = "INSERT OR REPLACE INTO answers VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
  static let forget = "DELETE FROM answers WHERE kept_at < ?"
  /// Those in front of the last so many. Numbers follow each other, so that none is counted.
  static let shorten = "DELETE FROM answers WHERE number <= (SELECT max(number) FROM answers) - ?"
}
