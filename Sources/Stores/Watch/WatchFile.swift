public import Model
internal import Synchronization
public import Watchdog

/// What the watcher keeps, in an SQLite file of its own beside that of the jobs, with a lock of its own.
public final class WatchFile: WatchStore {
  private let database: Mutex<Database?>

  /// The file of a running server; it is made where it is missing.
  public init(path: String) throws(WatchFault) {
    database = Mutex(try Self.opened { () throws(SQLiteError) in try Self.openForWriting(path) })
  }

  /// For commands beside no server. Where there is no file, nothing was ever watched.
  public init(reading path: String, exists: Bool) throws(WatchFault) {
    guard exists else {
      database = Mutex(nil)
      return
    }
    database = Mutex(
      try Self.opened { () throws(SQLiteError) in try Database.open(path, .reads, setUp: Database.reading) })
  }

  private static func opened(_ open: () throws(SQLiteError) -> Database) throws(WatchFault) -> Database {
    do throws(SQLiteError) { return try open() } catch { throw WatchFault(error.message) }
  }

  private static func openForWriting(_ path: String) throws(SQLiteError) -> Database {
    let database = try Database.open(path, .writes, setUp: SQL.setUp)
    guard try database.integer("PRAGMA user_version") ?? 0 <= SQL.version else {
      throw SQLiteError(code: 0, message: "\(path) was made by a newer Esteira.")
    }
    try database.execute(SQL.schema)
    return database
  }

  private func ask<Answer: Sendable>(
    orNothing nothing: Answer, _ body: (borrowing Database) throws(SQLiteError) -> Answer
  ) throws(WatchFault) -> Answer {
    try database.withLock { database throws(WatchFault) in
      switch database {
      case .none: return nothing
      case .some(let open):
        do throws(SQLiteError) { return try body(open) } catch { throw WatchFault(error.message) }
      }
    }
  }
}

// Writing.
extension WatchFile {
  public func save(_ changes: [WatchChange]) throws(WatchFault) {
    try ask(orNothing: ()) { database throws(SQLiteError) in
      try database.execute("BEGIN IMMEDIATE")
      do throws(SQLiteError) {
        for change in changes { try database.write(change) }
        try database.execute("COMMIT")
      } catch {
        if database.isInTransaction { try? database.execute("ROLLBACK") }
        throw error
      }
    }
  }
}

extension Database {
  fileprivate func write(_ change: WatchChange) throws(SQLiteError) {
    switch change {
    case .begun(let key, let begun): try write(begun, of: key)
    case .heartbeat(let beat):
      try query(SQL.putBeat, [.text(beat.name), .text(beat.json.text)])
    case .forget(let name): try query("DELETE FROM heartbeats WHERE name = ?", [.text(name)])
    case .alert(let alert):
      try query(
        SQL.putAlert,
        [
          .text(alert.id.description), .text(alert.state.rawValue),
          SQLValue(alert.resolvedAt?.microseconds), .text(alert.json.text),
        ])
    case .mute(let mute):
      try query(
        SQL.putMute, [.text(mute.pattern), .integer(mute.until.microseconds), .text(mute.json.text)])
    case .unmute(let pattern): try query("DELETE FROM mutes WHERE pattern = ?", [.text(pattern)])
    case .rule(let rule): try query(SQL.putRule, [.text(rule.name), .text(rule.json.text)])
    case .removeRule(let name): try query("DELETE FROM rules WHERE name = ?", [.text(name)])
    case .samples(let key, let samples, let keep): try write(samples, of: key, keep: keep)
    case .notice(let told):
      try query(
        SQL.putNotice,
        [
          .text(told.notice.id.description), .text(told.notice.alert.id.description),
          .text(told.state.rawValue), .text(told.json.text),
        ])
    case .prune(let moment): try prune(before: moment.microseconds)
    }
  }

  private func write(_ begun: Begun?, of key: String) throws(SQLiteError) {
    guard let begun else {
      try query("DELETE FROM begun WHERE key = ?", [.text(key)])
      try query("DELETE FROM samples WHERE key = ?", [.text(key)])
      return
    }
    if try integer("SELECT 1 FROM begun WHERE key = ? AND wanted <> ?", [.text(key), .text(begun.text)])
      != nil
    {
      try query("DELETE FROM samples WHERE key = ?", [.text(key)])
    }
    try query(SQL.putBegun, [.text(key), .text(begun.text), .integer(begun.since.microseconds)])
  }

  private func write(_ samples: [Sample], of key: String, keep: Int) throws(SQLiteError) {
    for sample in samples {
      let value: SQLValue = sample.value.map { .text(JSON.double($0).text) } ?? .null
      try query(
        SQL.putSample, [.text(key), .text(sample.job), .integer(sample.endedAt.microseconds), value])
    }
    try query(SQL.cutSamples, [.text(key), .text(key), .integer(Int64(keep))])
  }

  private func prune(before moment: Int64) throws(SQLiteError) {
    try query(
      "DELETE FROM notices WHERE alert IN (SELECT id FROM alerts WHERE resolved_at < ?)", [.integer(moment)])
    try query("DELETE FROM alerts WHERE resolved_at < ?", [.integer(moment)])
    try query("DELETE FROM mutes WHERE until_at < ?", [.integer(moment)])
  }
}

// Reading.
extension WatchFile {
  public func load() throws(WatchFault) -> WatchRecords {
    try ask(orNothing: WatchRecords()) { database throws(SQLiteError) in try database.records() }
  }

  public func alerts(
    _ states: [Alert.State], before: ID<Alert>?, limit: Int
  ) throws(WatchFault) -> [Alert] {
    let wanted = (states.isEmpty ? Alert.State.allCases : states).map { "'\($0.rawValue)'" }
    let sql =
      "SELECT body FROM alerts WHERE state IN (\(wanted.joined(separator: ", "))) AND id < ? "
      + "ORDER BY id DESC LIMIT ?"
    let last = before?.description ?? "~"
    return try ask(orNothing: []) { database throws(SQLiteError) in
      try database.bodies(sql, [.text(last), .integer(Int64(limit))]).compactMap { Alert($0) }
    }
  }

  public func alerts(withPrefix prefix: String, limit: Int) throws(WatchFault) -> [Alert] {
    let sql = "SELECT body FROM alerts WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    return try ask(orNothing: []) { database throws(SQLiteError) in
      try database.bodies(sql, [.text(prefix), .text(prefix + "~"), .integer(Int64(limit))])
        .compactMap { Alert($0) }
    }
  }

  public func notices(of alert: ID<Alert>, limit: Int) throws(WatchFault) -> [Told] {
    let sql = "SELECT body FROM notices WHERE alert = ? ORDER BY id DESC LIMIT ?"
    return try ask(orNothing: []) { database throws(SQLiteError) in
      try database.bodies(sql, [.text(alert.description), .integer(Int64(limit))]).compactMap { Told($0) }
    }
  }

  public func unsent(limit: Int) throws(WatchFault) -> [Told] {
    let sql = "SELECT body FROM notices WHERE state = 'waiting' ORDER BY id LIMIT ?"
    return try ask(orNothing: []) { database throws(SQLiteError) in
      try database.bodies(sql, [.integer(Int64(limit))]).compactMap { Told($0) }
    }
  }
}

extension Database {
  fileprivate func bodies(_ sql: String, _ values: [SQLValue] = []) throws(SQLiteError) -> [JSON] {
    var found: [JSON] = []
    try query(sql, values) { row throws(SQLiteError) in
      if let json = try? JSON(parsing: row.bytes(0)) { found.append(json) }
    }
    return found
  }

  fileprivate func records() throws(SQLiteError) -> WatchRecords {
    var records = WatchRecords()
    records.heartbeats = try bodies("SELECT body FROM heartbeats ORDER BY name").compactMap { Heartbeat($0) }
    records.mutes = try bodies("SELECT body FROM mutes ORDER BY pattern").compactMap { Mute($0) }
    // A file of an earlier version that is only read has none.
    if try integer("SELECT 1 FROM sqlite_schema WHERE name = 'rules'") != nil {
      records.rules = try bodies("SELECT body FROM rules ORDER BY name").compactMap { AlertRule($0) }
    }
    records.alerts = try bodies(SQL.lately).compactMap { Alert($0) }
    try query("SELECT key, wanted, since FROM begun") { row in
      records.begun[row.text(0)] = Begun(
        text: row.text(1), since: Timestamp(microseconds: row.integer(2)))
    }
    try query("SELECT key, job, ended_at, value FROM samples ORDER BY key, ended_at, job") { row in
      records.samples[row.text(0), default: []].append(
        Sample(
          job: row.text(1), endedAt: Timestamp(microseconds: row.integer(2)),
          value: row.optionalText(3).flatMap { Double($0) }))
    }
    return records
  }
}

private enum SQL {
  static let version: Int64 = 1
  static let setUp = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
  /// `docs/storage.md` explains the tables.
  static let schema = """
    CREATE TABLE IF NOT EXISTS begun(
      key TEXT NOT NULL PRIMARY KEY, wanted TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS heartbeats(
      name TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS alerts(
      id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, resolved_at INTEGER,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS open_alerts ON alerts(id) WHERE state <> 'resolved';
    CREATE TABLE IF NOT EXISTS mutes(
      pattern TEXT NOT NULL PRIMARY KEY, until_at INTEGER NOT NULL,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rules(
      name TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS samples(
      key TEXT NOT NULL, job TEXT NOT NULL, ended_at INTEGER NOT NULL, value TEXT,
      PRIMARY KEY(key, job)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS notices(
      id TEXT NOT NULL PRIMARY KEY, alert TEXT NOT NULL, state TEXT NOT NULL,
      body TEXT NOT NULL CHECK(json_valid(body))) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS notices_of_alert ON notices(alert, id);
    CREATE INDEX IF NOT EXISTS unsent_notices ON notices(id) WHERE state = 'waiting';
    PRAGMA user_version = 1;
    """
  static let putBeat = "INSERT OR REPLACE INTO heartbeats(name, body) VALUES(?, ?)"
  static let putAlert = "INSERT OR REPLACE INTO alerts(id, state, resolved_at, body) VALUES(?, ?, ?, ?)"
  static let putMute = "INSERT OR REPLACE INTO mutes(pattern, until_at, body) VALUES(?, ?, ?)"
  static let putRule = "INSERT OR REPLACE INTO rules(name, body) VALUES(?, ?)"
  static let putNotice = "INSERT OR REPLACE INTO notices(id, alert, state, body) VALUES(?, ?, ?, ?)"
  static let putBegun = "INSERT OR REPLACE INTO begun(key, wanted, since) VALUES(?, ?, ?)"
  static let putSample = "INSERT OR REPLACE INTO samples(key, job, ended_at, value) VALUES(?, ?, ?, ?)"
  static let cutSamples = """
    DELETE FROM samples WHERE key = ? AND job NOT IN
      (SELECT job FROM samples WHERE key = ? ORDER BY ended_at DESC, job DESC LIMIT ?)
    """
  /// Open, or resolved within a day before the newest of all.
  static let lately = """
    SELECT body FROM alerts WHERE state <> 'resolved' OR resolved_at >=
      (SELECT max(resolved_at) FROM alerts) - 86400000000 ORDER BY id
    """
}
