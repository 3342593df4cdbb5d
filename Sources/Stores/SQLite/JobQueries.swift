internal import Engine
internal import Model

/// Reading what belongs to a job.
extension Database {
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

extension Statement {
  func number(_ column: Int32) -> UInt32 { UInt32(truncatingIfNeeded: integer(column)) }

  func time(_ column: Int32) -> Timestamp? { optional(column).map(Timestamp.init(microseconds:)) }

  func id<Entity>(_ column: Int32) throws(SQLiteError) -> ID<Entity> {
    guard let id = ID<Entity>(text(column)) else { throw .unreadable("id \(text(column))") }
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
}

extension SQLiteError {
  /// A value that this program does not write.
  static func unreadable(_ what: String) -> SQLiteError {
    SQLiteError(code: 11, message: "The store holds a value that cannot be: \(what).")
  }
}
