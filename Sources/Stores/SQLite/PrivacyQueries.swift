internal import Crypto
internal import Engine
internal import Model

// Whom jobs are about, and what was erased of them.
extension Database {
  func subjectKey(_ namespace: String) throws(SQLiteError) -> [UInt8]? {
    var key: [UInt8]?
    try query("SELECT wrapped FROM subject_keys WHERE namespace = ?", [.text(namespace)]) { row in
      key = row.bytes(0)
    }
    return key
  }

  private static let held = isHeld(in: "j.namespace", pipeline: "j.pipeline", job: "j.id")

  func jobs(
    about subject: SubjectMark, in namespace: String, after job: JobNumber, limit: Int
  ) throws(SQLiteError) -> [SubjectJob] {
    var jobs: [SubjectJob] = []
    // By job and input, as the primary key has them.
    try query(
      """
      SELECT r.job, r.input, j.id, \(Self.isLive("j")), \(Self.held)
      FROM subject_refs r JOIN job_executions j ON j.job = r.job
      WHERE r.namespace = ?1 AND r.subject_hmac = ?2 AND r.job IN
        (SELECT DISTINCT job FROM subject_refs WHERE namespace = ?1 AND subject_hmac = ?2 AND job > ?3
          ORDER BY job LIMIT ?4)
      ORDER BY r.job, r.input
      """,
      [.text(namespace), .bytes(subject.bytes), .integer(job.value), .integer(Int64(limit))]
    ) { row in
      let (number, input) = (JobNumber(row.integer(0)), row.text(1))
      guard let id = ID<Job>(row.text(2)) else { return }
      if jobs.last?.number != number {
        jobs.append(
          SubjectJob(
            number: number, id: id, inputs: [], isLive: row.integer(3) == 1, isHeld: row.integer(4) == 1))
      }
      if !input.isEmpty { jobs[jobs.count - 1].inputs.append(input) }
    }
    return jobs
  }

  func counts(
    of subject: SubjectMark, in namespace: String, erasable: Bool
  ) throws(SQLiteError) -> SubjectCounts {
    var counts = SubjectCounts()
    try query(
      """
      WITH about AS MATERIALIZED (
        SELECT j.job, j.id, \(Self.isLive("j")) AS is_live, \(Self.held) AS is_held FROM job_executions j
        WHERE j.job IN (SELECT job FROM subject_refs WHERE namespace = ?1 AND subject_hmac = ?2)
          AND (?3 = 0 OR NOT \(Self.held)))
      SELECT count(*), coalesce(sum(is_live), 0), coalesce(sum(is_held), 0),
        (SELECT count(*) FROM asks WHERE job IN (SELECT job FROM about)),
        (SELECT count(*) FROM dead_letters WHERE job IN (SELECT id FROM about)),
        (SELECT count(*) FROM outbox WHERE job IN (SELECT id FROM about))
          + (SELECT count(*) FROM deliveries WHERE job IN (SELECT id FROM about)),
        (SELECT count(*) FROM emitted_events WHERE job IN (SELECT id FROM about)),
        (SELECT count(*) FROM signals WHERE taken_by IN (SELECT job FROM about)),
        (SELECT count(DISTINCT sha256) FROM artifact_refs WHERE job IN (SELECT job FROM about))
      FROM about
      """, [.text(namespace), .bytes(subject.bytes), .integer(erasable ? 1 : 0)]
    ) { row in
      (counts.jobs, counts.live, counts.held) = (row.count(0), row.count(1), row.count(2))
      (counts.asks, counts.deadLetters, counts.messages) = (row.count(3), row.count(4), row.count(5))
      (counts.events, counts.signals, counts.artifacts) = (row.count(6), row.count(7), row.count(8))
    }
    return counts
  }

  func put(_ erasure: Erasure) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO erasures VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .text(erasure.id.description), .text(erasure.namespace), .bytes(erasure.subject.bytes),
        .text(JSON.array(erasure.jobs.map { .string($0.description) }).text),
        .text(JSON.array(erasure.artifacts.map { .string($0) }).text), .text(erasure.basis),
        .text(erasure.reason), .text(erasure.by), .integer(erasure.at.microseconds),
        SQLValue(erasure.doneAt?.microseconds), .text(erasure.counts.json.text),
      ])
  }

  func erasures(
    in namespace: String?, before: ID<Erasure>?, limit: Int
  ) throws(SQLiteError) -> [Erasure] {
    try erasures(
      "WHERE (?1 IS NULL OR namespace = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
      [SQLValue(namespace), SQLValue(before?.description), .integer(Int64(limit))])
  }

  func openErasures() throws(SQLiteError) -> [Erasure] {
    try erasures("WHERE done_at IS NULL ORDER BY id", [])
  }

  private func erasures(_ condition: String, _ values: [SQLValue]) throws(SQLiteError) -> [Erasure] {
    var erasures: [Erasure] = []
    try query(
      """
      SELECT id, namespace, subject_hmac, jobs, artifacts, basis, reason, requested_by, requested_at, done_at,
        counts FROM erasures \(condition)
      """, values
    ) { row throws(SQLiteError) in
      guard let id = ID<Erasure>(row.text(0)) else { return }
      let (jobs, artifacts) = (try row.texts(3).compactMap { ID<Job>($0) }, try row.texts(4))
      let counts = SubjectCounts(try row.json(10))
      erasures.append(
        Erasure(
          id: id, namespace: row.text(1), subject: SubjectMark(row.bytes(2)),
          jobs: jobs, artifacts: artifacts, basis: row.text(5),
          reason: row.text(6), by: row.text(7), at: Timestamp(microseconds: row.integer(8)),
          doneAt: row.optional(9).map { Timestamp(microseconds: $0) },
          counts: counts))
    }
    return erasures
  }
}

// Erasing, as part of a commit.
extension Database {
  /// What other rules keep of a job that is erased: it would stay for ever, or until its own time comes.
  func eraseBesides(_ job: ExpiredJob) throws(SQLiteError) {
    let id = SQLValue.text(job.id.description)
    // Of a letter that became this job, what it holds is what the job was made of.
    let letters = """
      SELECT id FROM dead_letters WHERE job = ?1
      UNION SELECT d.id FROM dead_letters d, json_each(d.became, '$.jobs') b
      WHERE d.became IS NOT NULL AND b.value = ?1
      """
    try query("DELETE FROM dead_letter_acts WHERE letter IN (\(letters))", [id])
    try query("DELETE FROM dead_letters WHERE id IN (\(letters))", [id])
    try eraseMessages(id)
    try query("DELETE FROM emitted_events WHERE job = ?", [id])
    try query("DELETE FROM caches WHERE job = ?", [id])
    try query("DELETE FROM signals WHERE taken_by = ?", [.integer(job.number.value)])
  }

  /// What stands behind them in their lanes comes first.
  private func eraseMessages(_ job: SQLValue) throws(SQLiteError) {
    var lanes: [(destination: String, name: String)] = []
    try query("DELETE FROM outbox WHERE job = ? RETURNING destination, lane", [job]) { row in
      lanes.append((row.text(0), row.text(1)))
    }
    for lane in lanes {
      try query(OutboxWriter.promotion, [.text(lane.destination), .text(lane.name)])
    }
  }

  /// The number of a job of this id, and how many events it has.
  func expiredJob(_ id: ID<Job>) throws(SQLiteError) -> ExpiredJob? {
    var job: ExpiredJob?
    try query("SELECT job, last_seq FROM job_executions WHERE id = ?", [.text(id.description)]) { row in
      job = ExpiredJob(number: JobNumber(row.integer(0)), id: id, events: Int(row.integer(1)))
    }
    return job
  }
}

extension Statement {
  fileprivate func count(_ column: Int32) -> Int { Int(clamping: integer(column)) }

  fileprivate func texts(_ column: Int32) throws(SQLiteError) -> [String] {
    (try json(column).array ?? []).compactMap(\.string)
  }
}
