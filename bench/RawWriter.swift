import CSQLite
import Engine
import Model

/// The limit of this machine: the rows of recorded batches, written by prepared statements in the same
/// transactions, with the same settings and checkpoints, and nothing else.
struct RawWriter: ~Copyable {
  private let database: OpaquePointer
  private let statements: [String: OpaquePointer]
  private static let checkpointPages: Int32 = 4_000
  private var checkpointed: Int32 = 0

  private static let texts = [
    "begin": "BEGIN IMMEDIATE", "commit": "COMMIT",
    "event": """
    INSERT INTO job_events(job, sequence, at, version, commit_id, payload, sealed, chain)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)
    """,
    "step": "INSERT OR REPLACE INTO step_executions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "job": """
    INSERT INTO job_executions(job, id, namespace, pipeline, revision, key, trigger_type, trigger_id,
      triggered_by, wrapped_key, created_at, updated_at)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
    """,
    "change": """
    UPDATE job_executions SET status = ?2, last_seq = ?3, updated_at = ?4, started_at = ?5, completed_at = ?6,
      outputs_event = ?7, outputs_offset = ?8, outputs_length = ?9, outputs_body = ?10,
      error_class = NULL, error_code = NULL, error_message = NULL, error_step = NULL WHERE job = ?1
    """,
    "message": """
    INSERT INTO outbox(destination, namespace, lane, event, type, pipeline, job, held, tries, first_at,
      due_at, next_at, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?8, ?8, ?9)
    """,
    "sent": "DELETE FROM outbox WHERE position = ?",
    "delivery": """
    INSERT INTO deliveries(destination, namespace, lane, event, type, pipeline, job, attempt, outcome,
      duration, code, message, at, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 'delivered', 0, '', '', ?8, ?9)
    """,
  ]

  /// A file whose schema a store has made.
  init(path: String) throws {
    var opened: OpaquePointer?
    guard sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK,
      let opened
    else { throw BenchError("The raw writer cannot open \(path).") }
    let settings = """
      PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;
      PRAGMA cache_size=-8192; PRAGMA foreign_keys=ON;
      """
    sqlite3_exec(opened, settings, nil, nil, nil)
    var prepared: [String: OpaquePointer] = [:]
    for (name, text) in Self.texts {
      var statement: OpaquePointer?
      sqlite3_prepare_v3(opened, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
      guard let statement else { throw BenchError("The raw writer cannot prepare \(name).") }
      prepared[name] = statement
    }
    (database, statements) = (opened, prepared)
  }

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close_v2(database)
  }

  mutating func write(_ batches: ArraySlice<Batch>) throws {
    let (begin, commit) = (try statement("begin"), try statement("commit"))
    let (event, step) = (try statement("event"), try statement("step"))
    let (job, change) = (try statement("job"), try statement("change"))
    for batch in batches {
      try run(begin)
      for row in batch.newJobs { try write(row, job) }
      for row in batch.jobs { try write(row, change) }
      try batch.bytes.withUnsafeBytes { bytes in
        for row in batch.events { try write(row, batch.commit, bytes, event) }
      }
      for row in batch.steps { try write(row, step) }
      for change in batch.outbox { try write(change) }
      try run(commit)
      checkpoint()
    }
  }

  private func statement(_ name: String) throws -> OpaquePointer {
    guard let statement = statements[name] else { throw BenchError("No statement \(name).") }
    return statement
  }

  private func run(_ statement: OpaquePointer) throws {
    guard sqlite3_step(statement) == SQLITE_DONE else {
      throw BenchError("The raw writer: \(String(cString: sqlite3_errmsg(database)))")
    }
    sqlite3_reset(statement)
  }

  private func write(
    _ row: EventRow, _ commit: Int64, _ bytes: UnsafeRawBufferPointer, _ statement: OpaquePointer
  ) throws {
    sqlite3_bind_int64(statement, 1, row.job.value)
    sqlite3_bind_int64(statement, 2, Int64(row.sequence))
    sqlite3_bind_int64(statement, 3, row.at.microseconds)
    sqlite3_bind_int64(statement, 4, Int64(row.version))
    sqlite3_bind_int64(statement, 5, commit)
    for (column, range) in [(Int32(6), row.payload), (7, row.sealed), (8, row.chain)] {
      let start = bytes.baseAddress?.advanced(by: range.lowerBound)
      if range.isEmpty {
        sqlite3_bind_zeroblob(statement, column, 0)
      } else {
        sqlite3_bind_blob(statement, column, start, Int32(range.count), nil)
      }
    }
    try run(statement)
  }

  private func write(_ row: StepRow, _ statement: OpaquePointer) throws {
    sqlite3_bind_int64(statement, 1, row.job.value)
    sqlite3_bind_int64(statement, 2, Int64(row.node))
    sqlite3_bind_int64(statement, 3, Int64(row.step))
    sqlite3_bind_int64(statement, 4, Int64(row.status.rawValue))
    sqlite3_bind_int64(statement, 5, Int64(row.attempts))
    sqlite3_bind_int64(statement, 6, Int64(row.crashes))
    sqlite3_bind_int64(statement, 7, Int64(row.token))
    sqlite3_bind_int64(statement, 8, row.at.microseconds)
    bind(row.output, from: 9, statement)
    try run(statement)
  }

  private func bind(_ place: BodyPlace?, from column: Int32, _ statement: OpaquePointer) {
    for offset in 0..<Int32(4) { sqlite3_bind_null(statement, column + offset) }
    switch place {
    case .event(let sequence, let offset, let length):
      sqlite3_bind_int64(statement, column, Int64(sequence))
      sqlite3_bind_int64(statement, column + 1, Int64(offset))
      sqlite3_bind_int64(statement, column + 2, Int64(length))
    case .row(let id): sqlite3_bind_int64(statement, column + 3, id.value)
    case nil: break
    }
  }

  private func write(_ row: JobRow, _ statement: OpaquePointer) throws {
    sqlite3_bind_int64(statement, 1, row.job.value)
    sqlite3_bind_int64(statement, 2, Int64(row.status.rawValue))
    sqlite3_bind_int64(statement, 3, Int64(row.sequence))
    sqlite3_bind_int64(statement, 4, row.at.microseconds)
    bind(row.startedAt, 5, statement)
    bind(row.completedAt, 6, statement)
    bind(row.outputs, from: 7, statement)
    try run(statement)
  }

  /// What happens to messages where every destination takes them at once.
  private func write(_ change: OutboxChange) throws {
    switch change {
    case .put(let row, with: _):
      let texts = [
        row.destination, row.namespace, row.lane, row.event, row.type, row.pipeline?.description ?? "",
        row.job?.description ?? "",
      ]
      try write(texts, row.firstAt, row.body, try statement("message"))
    case .remove(let position):
      let sent = try statement("sent")
      sqlite3_bind_int64(sent, 1, position)
      try run(sent)
    case .delivery(let row):
      let texts = [
        row.destination, row.namespace, row.lane, row.event, row.type, row.pipeline?.description ?? "",
        row.job?.description ?? "",
      ]
      try write(texts, row.at, row.body, try statement("delivery"))
    case .tried, .drop, .disable, .enable: throw BenchError("A message did not leave at once.")
    }
  }

  private func write(
    _ texts: [String], _ at: Timestamp, _ body: [UInt8], _ statement: OpaquePointer
  ) throws {
    for (column, text) in zip(Int32(1)..., texts) {
      csqlite_bind_text(statement, column, text, Int32(text.utf8.count))
    }
    sqlite3_bind_int64(statement, 8, at.microseconds)
    csqlite_bind_blob(statement, 9, body, Int32(body.count))
    try run(statement)
  }

  private func bind(_ time: Timestamp?, _ column: Int32, _ statement: OpaquePointer) {
    if let time {
      sqlite3_bind_int64(statement, column, time.microseconds)
    } else {
      sqlite3_bind_null(statement, column)
    }
  }

  private func write(_ row: NewJob, _ statement: OpaquePointer) throws {
    sqlite3_bind_int64(statement, 1, row.number.value)
    sqlite3_bind_int64(statement, 5, Int64(row.revision))
    sqlite3_bind_int64(statement, 11, row.createdAt.microseconds)
    let texts = [
      (Int32(2), row.id.description), (3, row.pipeline.namespace), (4, row.pipeline.name),
      (7, row.triggerType), (9, row.actor),
    ]
    for (column, text) in texts { csqlite_bind_text(statement, column, text, Int32(text.utf8.count)) }
    csqlite_bind_blob(statement, 10, row.wrappedKey, Int32(row.wrappedKey.count))
    try run(statement)
  }

  private mutating func checkpoint() {
    var (now, peak): (Int32, Int32) = (0, 0)
    sqlite3_db_status(database, SQLITE_DBSTATUS_CACHE_WRITE, &now, &peak, 0)
    guard now - checkpointed >= Self.checkpointPages else { return }
    checkpointed = now
    sqlite3_wal_checkpoint_v2(database, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
  }
}
