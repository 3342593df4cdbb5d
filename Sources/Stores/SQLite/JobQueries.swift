internal import Engine
internal import Model

/// Reading jobs and what belongs to them.
extension Database {
  func liveJobs() throws(SQLiteError) -> [LiveJob] {
    var jobs: [LiveJob] = []
    try query(
      """
      SELECT j.job, j.id, j.namespace, j.pipeline, j.revision, j.wrapped_key,
        coalesce(o.drive_count, 0), j.status
      FROM job_executions j LEFT JOIN job_owners o USING(job)
      WHERE j.status IN (0, 1, 2, 3, 9) ORDER BY j.job
      """
    ) { row throws(SQLiteError) in
      jobs.append(
        LiveJob(
          number: JobNumber(row.integer(0)), id: try row.id(1),
          pipeline: PipelineName(namespace: row.text(2), name: row.text(3)), revision: Int(row.integer(4)),
          wrappedKey: row.bytes(5), driveCount: Int(row.integer(6)), status: try row.jobStatus(7)))
    }
    return jobs
  }

  func events(of job: JobNumber, after sequence: UInt32, limit: Int) throws(SQLiteError) -> [StoredEvent] {
    var events: [StoredEvent] = []
    try query(
      """
      SELECT sequence, at, version, payload, sealed, chain FROM job_events
      WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?
      """, [.integer(job.value), .integer(Int64(sequence)), .integer(Int64(limit))]
    ) { row in
      events.append(
        StoredEvent(
          sequence: row.number(0), at: Timestamp(microseconds: row.integer(1)), version: Int(row.integer(2)),
          payload: row.bytes(3), sealed: row.bytes(4), chain: row.bytes(5)))
    }
    return events
  }

  func snapshot(of job: JobNumber) throws(SQLiteError) -> StoredSnapshot? {
    var snapshot: StoredSnapshot?
    try query(
      "SELECT sequence, format, state, chain FROM job_snapshots WHERE job = ? ORDER BY sequence DESC LIMIT 1",
      [.integer(job.value)]
    ) { row in
      snapshot = StoredSnapshot(
        sequence: row.number(0), format: Int(row.integer(1)), state: row.bytes(2), chain: row.bytes(3))
    }
    return snapshot
  }

  func body(_ id: BodyID) throws(SQLiteError) -> [UInt8]? {
    var body: [UInt8]?
    try query("SELECT sealed FROM bodies WHERE id = ?", [.integer(id.value)]) { row in body = row.bytes(0) }
    return body
  }

  func stepRows(of job: JobNumber) throws(SQLiteError) -> [StepRow] {
    var rows: [StepRow] = []
    try query(
      """
      SELECT node, step, status, attempts, crashes, token, at, output_event, output_offset, output_length,
        output_body FROM step_executions WHERE job = ? ORDER BY node
      """, [.integer(job.value)]
    ) { row throws(SQLiteError) in
      guard let status = StepStatus(rawValue: UInt8(truncatingIfNeeded: row.integer(2))) else {
        throw .unreadable("step status \(row.integer(2))")
      }
      rows.append(
        StepRow(
          job: job, node: row.number(0), step: row.number(1), status: status, attempts: Int(row.integer(3)),
          crashes: Int(row.integer(4)), token: row.number(5), at: Timestamp(microseconds: row.integer(6)),
          output: row.place(7)))
    }
    return rows
  }

  func artifacts(of job: JobNumber) throws(SQLiteError) -> [ArtifactRow] {
    var rows: [ArtifactRow] = []
    try query(
      """
      SELECT node, namespace, path, sha256, name, size, media_type, at FROM artifact_refs
      WHERE job = ? ORDER BY node, name, sha256
      """, [.integer(job.value)]
    ) { row in
      let handle = ArtifactHandle(
        sha256: row.text(3), name: row.text(4), size: row.integer(5), mediaType: row.text(6))
      rows.append(
        ArtifactRow(
          job: job, node: row.number(0), namespace: row.text(1), path: row.text(2), handle: handle,
          at: Timestamp(microseconds: row.integer(7))))
    }
    return rows
  }
}

/// Lists of jobs.
extension Database {
  func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(SQLiteError) -> [JobSummary] {
    var (conditions, values): ([String], [SQLValue]) = ([], [])
    func add(_ condition: String, _ value: SQLValue) {
      conditions.append(condition)
      values.append(value)
    }
    if let namespace = filter.namespace { add("namespace = ?", .text(namespace)) }
    if let pipeline = filter.pipeline { add("pipeline = ?", .text(pipeline)) }
    if let since = filter.since { add("created_at >= ?", .integer(since.microseconds)) }
    if let before { add("job < (SELECT job FROM job_executions WHERE id = ?)", .text(before.description)) }
    if !filter.statuses.isEmpty {
      // Numbers of our own, not text of a user.
      conditions.append("status IN (\(filter.statuses.map { "\($0.rawValue)" }.joined(separator: ", ")))")
    }
    let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    return try summaries("\(condition) ORDER BY job DESC LIMIT ?", values + [.integer(Int64(limit))])
  }

  func job(_ id: ID<Job>) throws(SQLiteError) -> JobSummary? {
    try summaries("WHERE id = ?", [.text(id.description)]).first
  }

  /// Ids are 36 characters of `0-9a-f-`, so that a prefix is a range of the index.
  func jobs(withPrefix prefix: String, limit: Int) throws(SQLiteError) -> [ID<Job>] {
    var ids: [ID<Job>] = []
    let prefix = prefix.lowercased()
    try query(
      "SELECT id FROM job_executions WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
      [.text(prefix), .text(prefix + "g"), .integer(Int64(limit))]
    ) { row throws(SQLiteError) in ids.append(try row.id(0)) }
    return ids
  }

  private func summaries(_ rest: String, _ values: [SQLValue]) throws(SQLiteError) -> [JobSummary] {
    var summaries: [JobSummary] = []
    try query(
      """
      SELECT job, id, namespace, pipeline, revision, key, status, trigger_type, triggered_by, created_at,
        started_at, completed_at, error_class, error_code, error_message, error_step, outputs_event,
        outputs_offset, outputs_length, outputs_body,
        (SELECT max(sequence) FROM job_events e WHERE e.job = job_executions.job), wrapped_key
      FROM job_executions \(rest)
      """, values
    ) { row throws(SQLiteError) in summaries.append(try row.summary()) }
    return summaries
  }
}

extension Statement {
  func number(_ column: Int32) -> UInt32 { UInt32(truncatingIfNeeded: integer(column)) }

  func time(_ column: Int32) -> Timestamp? { optional(column).map(Timestamp.init(microseconds:)) }

  func id(_ column: Int32) throws(SQLiteError) -> ID<Job> {
    guard let id = ID<Job>(text(column)) else { throw .unreadable("job id \(text(column))") }
    return id
  }

  func jobStatus(_ column: Int32) throws(SQLiteError) -> JobStatus {
    let value = integer(column)
    guard let status = JobStatus(rawValue: UInt8(truncatingIfNeeded: value)) else {
      throw .unreadable("job status \(value)")
    }
    return status
  }

  /// Four columns from `first`: event, offset, length, body.
  func place(_ first: Int32) -> BodyPlace? {
    if let body = optional(first + 3) { return .row(BodyID(body)) }
    if isNull(first) { return nil }
    return .event(sequence: number(first), offset: number(first + 1), length: number(first + 2))
  }

  fileprivate func summary() throws(SQLiteError) -> JobSummary {
    let errorClass = optionalText(12).flatMap(ErrorClass.init(rawValue:))
    let failure = errorClass.map { Failure($0, code: text(13), text(14), step: text(15)) }
    return JobSummary(
      number: JobNumber(integer(0)), id: try id(1), pipeline: PipelineName(namespace: text(2), name: text(3)),
      revision: Int(integer(4)), key: optionalText(5), status: try jobStatus(6), triggerType: text(7),
      actor: text(8), createdAt: Timestamp(microseconds: integer(9)), startedAt: time(10),
      completedAt: time(11), failure: failure, outputs: place(16), lastSequence: number(20),
      wrappedKey: bytes(21))
  }
}

extension SQLiteError {
  /// A value that this program does not write.
  static func unreadable(_ what: String) -> SQLiteError {
    SQLiteError(code: 11, message: "The store holds a value that cannot be: \(what).")
  }
}
