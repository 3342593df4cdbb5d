internal import Engine
internal import Model

/// What the store does under its one writing connection.
struct SQLiteJournal: ~Copyable {
  let database: Database
  private let writer: Writer
  private let rows: RowWriter
  private var triggers: TriggerWriter
  private let schedules: ScheduleWriter
  private var letters: LetterWriter
  private var outbox: OutboxWriter
  private let idempotentJob: Statement
  private let beginning: Statement
  private let ending: Statement
  /// Jobs with a row in `job_owners`: it goes with the job's first commit.
  private var raised: Set<JobNumber>
  /// What this connection had written when the log was last copied. At first it is less by what another
  /// process left in the log, so that servers which end early copy it as well.
  private var checkpointed: Int32

  /// The log is copied into the database when it has grown by this many pages: 16 MiB.
  static let checkpointPages: Int32 = 4_000

  static func open(_ path: String, canary: [UInt8], now: Timestamp) throws(SQLiteError) -> SQLiteJournal {
    let database = try Database.open(path, .writes, setUp: Database.writing)
    try database.migrate(canary: canary, at: now)
    let writer = try Writer(database)
    let rows = try RowWriter(database)
    let triggers = try TriggerWriter(database)
    let schedules = try ScheduleWriter(database)
    let letters = try LetterWriter(database)
    let outbox = try OutboxWriter(database)
    let idempotentJob = try database.prepare(idempotentJobQuery)
    let beginning = try database.prepare("BEGIN IMMEDIATE")
    let ending = try database.prepare("COMMIT")
    var raised: Set<JobNumber> = []
    try database.query("SELECT job FROM job_owners") { row in raised.insert(JobNumber(row.integer(0))) }
    let checkpointed = database.pagesWritten &- pages(inLogOf: path)
    return SQLiteJournal(
      database: database, writer: writer, rows: rows, triggers: triggers, schedules: schedules,
      letters: letters, outbox: outbox, idempotentJob: idempotentJob, beginning: beginning, ending: ending,
      raised: raised, checkpointed: checkpointed)
  }

  /// A log is not cut when it was copied, so its size says how much is in it at most.
  private static func pages(inLogOf path: String) -> Int32 {
    guard let log = try? File.open(path + "-wal", .read), let size = try? log.size() else { return 0 }
    return Int32(clamping: size / Database.bytesOfLoggedPage)
  }

  /// One transaction for all jobs of a batch. Only after a first conflict is it done again job by job, so
  /// the usual case pays nothing for it (S3).
  mutating func commit(_ batch: Batch) throws(StoreError) -> [RefusedJob] {
    let refused = try written(batch)
    // A COMMIT that fails for another reason than a lock or a full disk leaves unknown what is in the file.
    do {
      try ending.run()
    } catch {
      guard error.isBusy || error.isFull else { throw .broken("COMMIT failed: \(error.message)") }
      throw undone(error)
    }
    if raised.isEmpty { return refused }
    for job in batch.driven where !refused.contains(job) { raised.remove(job) }
    return refused
  }

  /// Leaves the transaction open, with all rows in it but those of the refused.
  private mutating func written(_ batch: Batch) throws(StoreError) -> [RefusedJob] {
    if batch.withheld.isEmpty {
      do {
        try begin()
        try write(batch)
        return []
      } catch {
        guard error.isConflict else { throw undone(error) }
        _ = undone(error)
      }
    }
    do {
      try begin()
      return try writeApart(batch)
    } catch {
      throw undone(error)
    }
  }

  private func begin() throws(SQLiteError) { try beginning.run() }

  private mutating func write(_ batch: Batch) throws(SQLiteError) {
    for write in batch.writes { try database.write(write) }
    try writer.write(batch)
    try rows.write(batch)
    try triggers.write(batch)
    try schedules.write(batch.schedules)
    for deletion in batch.deletions { try database.perform(deletion) }
    try letters.write(batch)
    if !batch.outbox.isEmpty { try outbox.write(batch.outbox, database) }
    for change in batch.slots { try rows.write(change) }
    if raised.isEmpty { return }
    for job in batch.driven where raised.contains(job) { try writer.forgetDriveCount(of: job) }
  }

  /// Every part in a savepoint of its own. A job that takes a slot which is not free, perhaps because the
  /// one that would have freed it was refused, is refused too: then all is written again without it.
  private mutating func writeApart(_ batch: Batch) throws(SQLiteError) -> [RefusedJob] {
    let parts = batch.parts
    var without = batch.withheld
    while true {
      try database.execute("SAVEPOINT attempt")
      let refused = try write(parts, without: without)
      if let job = try slotConflict(batch.slots, without: refused) {
        try database.execute("ROLLBACK TO attempt; RELEASE attempt")
        without.append(RefusedJob(job: job, reason: .conflict))
        continue
      }
      for row in batch.caches {
        if let job = try number(of: row.job), refused.contains(job) { continue }
        try rows.write(row)
      }
      try database.execute("RELEASE attempt")
      return refused.inOrder
    }
  }

  private mutating func write(
    _ parts: [BatchPart], without known: [RefusedJob]
  ) throws(SQLiteError) -> [RefusedJob] {
    var refused = known
    for part in parts where !known.contains(part.job) {
      try database.execute("SAVEPOINT part")
      do {
        try write(part.batch)
      } catch {
        guard error.isConflict else { throw error }
        try database.execute("ROLLBACK TO part")
        refused.append(part.refusal)
      }
      try database.execute("RELEASE part")
    }
    return refused
  }

  /// Writes the changes of all jobs but those left out, up to the first that takes a slot which is held.
  private func slotConflict(
    _ changes: [SlotChange], without refused: [RefusedJob]
  ) throws(SQLiteError) -> JobNumber? {
    for change in changes where !refused.contains(change.job) {
      do { try rows.write(change) } catch {
        guard error.isConflict else { throw error }
        return change.job
      }
    }
    return nil
  }

  private func number(of job: String) throws(SQLiteError) -> JobNumber? {
    try database.integer("SELECT job FROM job_executions WHERE id = ?", [.text(job)]).map(JobNumber.init)
  }

  /// Ends the transaction without a trace and says what the error means to the caller.
  private func undone(_ error: SQLiteError) -> StoreError {
    guard database.isInTransaction else { return error.meaning }
    do {
      try database.execute("ROLLBACK")
      return error.meaning
    } catch let second {
      return .broken("\(error.message) ROLLBACK failed: \(second.message)")
    }
  }

  mutating func checkpoint() throws(SQLiteError) {
    let written = database.pagesWritten
    guard written &- checkpointed >= Self.checkpointPages else { return }
    // One that a full disk stops is tried again after the next commit; until then the log holds the pages.
    try database.checkpoint()
    checkpointed = written
  }

  mutating func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int] {
    var counts: [Int] = []
    do {
      try begin()
      for job in jobs {
        try database.query(Self.raiseQuery, [.integer(job.value)]) { row in counts.append(Int(row.integer(0)))
        }
      }
      try database.execute("COMMIT")
    } catch {
      throw undone(error)
    }
    raised.formUnion(jobs)
    return counts
  }

  func job(ofIdempotencyKey key: String, pipeline: PipelineName) throws(SQLiteError) -> IdempotentJob? {
    idempotentJob.bind([.text(pipeline.namespace), .text(pipeline.name), .text(key)])
    guard try idempotentJob.next() else { return nil }
    defer { idempotentJob.reset() }
    return ID<Job>(idempotentJob.text(0)).map { IdempotentJob(job: $0, requestHash: idempotentJob.bytes(1)) }
  }

  private static let raiseQuery = """
    INSERT INTO job_owners VALUES(?, 1) ON CONFLICT DO UPDATE SET drive_count = drive_count + 1
    RETURNING drive_count
    """
  private static let idempotentJobQuery = """
    SELECT j.id, k.request_sha256 FROM idempotency_keys k JOIN job_executions j USING(job)
    WHERE k.namespace = ? AND k.pipeline = ? AND k.key = ?
    """
}
