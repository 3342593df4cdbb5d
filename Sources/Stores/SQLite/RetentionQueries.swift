internal import Engine
internal import Model

// What is older than a rule says.
extension Database {
  /// Ended jobs of namespace ?1 before ?2 that nothing needs: no rerun of them is there, no live job called
  /// them or was called by them, no open dead letter names them, and nothing holds them.
  private static let unneeded = """
    FROM job_executions j WHERE j.namespace = ?1 AND j.completed_at < ?2 AND NOT \(isLive("j"))
      AND NOT EXISTS (SELECT 1 FROM job_executions r WHERE r.rerun_of = j.id)
      AND NOT EXISTS (SELECT 1 FROM job_executions c WHERE c.parent_job = j.job AND \(isLive("c")))
      AND NOT EXISTS (SELECT 1 FROM job_executions p WHERE p.job = j.parent_job AND \(isLive("p")))
      AND NOT EXISTS (SELECT 1 FROM dead_letters d WHERE d.job = j.id AND d.state = 0)
      AND NOT \(isHeld(in: "j.namespace", pipeline: "j.pipeline", job: "j.id"))
    """

  /// The bytes of a job's rows, by what its number is called.
  private static func bytes(of job: String) -> String {
    """
    (SELECT coalesce(sum(length(payload) + length(sealed) + length(chain)), 0) FROM job_events
      WHERE job = \(job))
    + (SELECT coalesce(sum(length(sealed)), 0) FROM bodies WHERE job = \(job))
    + (SELECT coalesce(sum(length(state)), 0) FROM job_snapshots WHERE job = \(job))
    """
  }

  func retentionRules() throws(SQLiteError) -> [RetentionRule] {
    var rules: [RetentionRule] = []
    try query("SELECT namespace, class, days, updated_by, updated_at FROM retention_rules ORDER BY 1, 2") {
      row in
      guard let retained = Retained(rawValue: row.text(1)) else { return }
      rules.append(
        RetentionRule(
          namespace: row.text(0), retained: retained, days: Int(row.integer(2)), by: row.text(3),
          at: Timestamp(microseconds: row.integer(4))))
    }
    return rules
  }

  func deletions(in namespace: String?, limit: Int) throws(SQLiteError) -> [DeletionRow] {
    var rows: [DeletionRow] = []
    try query(
      """
      SELECT at, namespace, class, days, before, count, bytes, deleted_by FROM deletions
      WHERE ?1 IS NULL OR namespace = ?1 ORDER BY at DESC, namespace, class LIMIT ?2
      """, [SQLValue(namespace), .integer(Int64(limit))]
    ) { row in
      guard let retained = Retained(rawValue: row.text(2)) else { return }
      rows.append(
        DeletionRow(
          at: Timestamp(microseconds: row.integer(0)), namespace: row.text(1), retained: retained,
          days: Int(row.integer(3)), before: Timestamp(microseconds: row.integer(4)), count: row.integer(5),
          bytes: row.integer(6), by: row.text(7)))
    }
    return rows
  }

  func expiredJobs(
    in namespace: String, before: Timestamp, after job: JobNumber, limit: Int
  ) throws(SQLiteError) -> [ExpiredJob] {
    var jobs: [ExpiredJob] = []
    try query(
      "SELECT j.job, j.id, j.last_seq \(Self.unneeded) AND j.job > ?3 ORDER BY j.job LIMIT ?4",
      [.text(namespace), .integer(before.microseconds), .integer(job.value), .integer(Int64(limit))]
    ) { row in
      guard let id = ID<Job>(row.text(1)) else { return }
      jobs.append(ExpiredJob(number: JobNumber(row.integer(0)), id: id, events: Int(row.integer(2))))
    }
    return jobs
  }

  func expired(
    _ retained: Retained, in namespace: String, before: Timestamp
  ) throws(SQLiteError) -> Expired {
    let sql: String
    if let rows = retained.rows {
      sql = "SELECT count(*), coalesce(sum(\(rows.bytes)), 0) \(rows.old)"
    } else if retained == .history {
      sql = "SELECT count(*), coalesce(sum(\(Self.bytes(of: "j.job"))), 0) \(Self.unneeded)"
    } else {
      return Expired()
    }
    var found = Expired()
    try query(sql, [.text(namespace), .integer(before.microseconds)]) { row in
      found = Expired(count: row.integer(0), bytes: row.integer(1))
    }
    return found
  }

  /// Due times of namespace ?1 that were decided before ?2, and whose job is not there.
  private static let oldFires = """
    FROM schedule_fires f WHERE f.namespace = ?1 AND f.due_at < ?2 AND f.decided_at < ?2 AND f.outcome <> 0
      AND NOT EXISTS (SELECT 1 FROM job_executions j WHERE j.id = f.job_id)
      AND NOT \(isHeld(in: "f.namespace", pipeline: "f.pipeline", job: "f.job_id"))
    """
  private static let bytesOfFire = "coalesce(length(reason), 0) + coalesce(length(detail), 0)"

  func expiredFires(in namespace: String, before: Timestamp) throws(SQLiteError) -> Expired {
    var found = Expired()
    try query(
      "SELECT count(*), coalesce(sum(\(Self.bytesOfFire)), 0) \(Self.oldFires)",
      [.text(namespace), .integer(before.microseconds)]
    ) { row in found = Expired(count: row.integer(0), bytes: row.integer(1)) }
    return found
  }

  private func deleteFires(_ deletion: Deletion, _ limit: Int) throws(SQLiteError) -> Expired {
    let key = "namespace, pipeline, trigger_name, due_at"
    let values: [SQLValue] = [
      .text(deletion.rule.namespace), .integer(deletion.before.microseconds), .integer(Int64(limit)),
    ]
    var gone = Expired()
    try query(
      """
      DELETE FROM schedule_fires WHERE (\(key)) IN (SELECT \(key) \(Self.oldFires) ORDER BY due_at LIMIT ?3)
      RETURNING \(Self.bytesOfFire)
      """, values
    ) { row in gone = Expired(count: gone.count + 1, bytes: gone.bytes + row.integer(0)) }
    return gone
  }

  /// Those of these artifacts that a job of the namespace refers to.
  func referenced(_ sha256s: [String], in namespace: String) throws(SQLiteError) -> Set<String> {
    var found: Set<String> = []
    let use = try prepare("SELECT 1 FROM artifact_refs WHERE namespace = ? AND sha256 = ? LIMIT 1")
    for sha256 in sha256s {
      use.bind([.text(namespace), .text(sha256)])
      if try use.next() { found.insert(sha256) }
      use.reset()
    }
    return found
  }
}

// Deleting, as part of a commit.
extension Database {
  /// `whatever`: also jobs that are live or held.
  func perform(_ deletion: Deletion, whatever: Bool = false) throws(SQLiteError) {
    var gone = Expired()
    switch deletion.content {
    case .jobs(let jobs):
      try keepHighestJob()
      for job in jobs { _ = try delete(job, &gone) }
    case .erased(let jobs):
      try keepHighestJob()
      // What stood there is overwritten, which costs too much for every other deletion.
      let before = try integer("PRAGMA secure_delete") ?? 0
      try execute("PRAGMA secure_delete=ON")
      for job in jobs where try delete(job.number, whatever: whatever, &gone) { try eraseBesides(job) }
      try execute("PRAGMA secure_delete=\(before == 2 ? "FAST" : "\(before)")")
    case .rows(let limit): gone = try deleteRows(deletion, limit)
    case .files(let count, let bytes): gone = Expired(count: Int64(count), bytes: bytes)
    }
    if gone.count == 0 { return }
    let rule = deletion.rule
    try query(
      """
      INSERT INTO deletions VALUES(?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count, bytes = bytes + excluded.bytes
      """,
      [
        .integer(deletion.run.microseconds), .text(rule.namespace), .text(rule.retained.rawValue),
        .integer(Int64(rule.days)), .integer(deletion.before.microseconds), .integer(gone.count),
        .integer(gone.bytes), .text(deletion.by),
      ])
  }

  /// The highest number that a job has had: none is given twice, since what is kept of other jobs names it.
  func highestJob() throws(SQLiteError) -> Int64 {
    let there = try integer("SELECT max(job) FROM job_executions") ?? 0
    let kept = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'highest_job'"
    return max(there, try integer(kept) ?? 0)
  }

  private func keepHighestJob() throws(SQLiteError) {
    try query(
      "INSERT INTO meta VALUES('highest_job', ?1) ON CONFLICT DO UPDATE SET value = ?1",
      [.text(String(try highestJob()))])
  }

  /// Of a job that is live (again), or held by now, nothing is touched, and the answer is no.
  private func delete(
    _ job: JobNumber, whatever: Bool = false, _ gone: inout Expired
  ) throws(SQLiteError) -> Bool {
    let number = [SQLValue.integer(job.value)]
    let ended = """
      SELECT 1 FROM job_executions j WHERE j.job = ?1 AND (?2 OR NOT \(Self.isLive("j"))
        AND NOT \(Self.isHeld(in: "j.namespace", pipeline: "j.pipeline", job: "j.id")))
      """
    guard try integer(ended, number + [.integer(whatever ? 1 : 0)]) != nil else { return false }
    gone.count += 1
    gone.bytes += try integer("SELECT \(Self.bytes(of: "?1"))", number) ?? 0
    try query(
      "DELETE FROM deliveries WHERE job = (SELECT id FROM job_executions WHERE job = ?)", number)
    let asks = "(SELECT id FROM asks WHERE job = ?)"
    try query("DELETE FROM ask_assignees WHERE ask IN \(asks)", number)
    try query("DELETE FROM ask_answers WHERE ask IN \(asks)", number)
    for table in [
      "asks", "job_labels", "job_events", "job_snapshots", "step_executions", "bodies", "artifact_refs",
      "idempotency_keys", "job_owners", "parked_jobs", "waits", "slots", "subject_refs", "job_executions",
    ] {
      try query("DELETE FROM \(table) WHERE job = ?", number)
    }
    return true
  }

  private func deleteRows(_ deletion: Deletion, _ limit: Int) throws(SQLiteError) -> Expired {
    if deletion.rule.retained == .history { return try deleteFires(deletion, limit) }
    guard let rows = deletion.rule.retained.rows else { return Expired() }
    let (table, bytes) = (rows.table, rows.bytes)
    let oldest = "\(rows.old) ORDER BY position LIMIT ?3"
    let values: [SQLValue] = [
      .text(deletion.rule.namespace), .integer(deletion.before.microseconds), .integer(Int64(limit)),
    ]
    var gone = Expired()
    try query("SELECT count(*), coalesce(sum(bytes), 0) FROM (SELECT \(bytes) AS bytes \(oldest))", values) {
      row in gone = Expired(count: row.integer(0), bytes: row.integer(1))
    }
    try query("DELETE FROM \(table) WHERE position IN (SELECT position \(oldest))", values)
    return gone
  }

  func put(_ rule: RetentionRule) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO retention_rules VALUES(?, ?, ?, ?, ?)",
      [
        .text(rule.namespace), .text(rule.retained.rawValue), .integer(Int64(rule.days)), .text(rule.by),
        .integer(rule.at.microseconds),
      ])
  }
}

extension Retained {
  /// The table whose rows are deleted by their age, what a row's bytes are, and which are old.
  fileprivate var rows: (table: String, bytes: String, old: String)? {
    switch self {
    case .events:
      let pipeline = "(SELECT j.pipeline FROM job_executions j WHERE j.id = r.job)"
      let held = Database.isHeld(in: "r.namespace", pipeline: pipeline, job: "r.job")
      return ("emitted_events", "length(body)", Self.old("emitted_events", held))
    case .refusals:
      let held = Database.isHeld(in: "r.namespace", pipeline: "r.pipeline", job: nil)
      return (
        "refusals", "length(actor) + length(reason) + length(limit_key)", Self.old("refusals", held)
      )
    case .history, .logs, .artifacts: return nil
    }
  }

  private static func old(_ table: String, _ held: String) -> String {
    "FROM \(table) r WHERE r.namespace = ?1 AND r.at < ?2 AND NOT \(held)"
  }
}
