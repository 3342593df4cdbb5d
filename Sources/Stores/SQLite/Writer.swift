internal import Engine
internal import Model

/// The statements of the hot path, prepared once, and the rows that they write.
struct Writer: ~Copyable {
  private let insertEvent: Statement
  private let putStep: Statement
  private let insertJob: Statement
  private let updateJob: Statement
  private let updateFailedJob: Statement
  private let insertKey: Statement
  private let insertSubject: Statement
  private let inheritSubjects: Statement
  private let insertBody: Statement
  private let putSnapshot: Statement
  private let dropSnapshots: Statement
  private let putArtifact: Statement
  private let dropOwner: Statement

  init(_ database: borrowing Database) throws(SQLiteError) {
    let insertEvent = try database.prepare(SQL.insertEvent)
    let putStep = try database.prepare(SQL.putStep)
    let insertJob = try database.prepare(SQL.insertJob)
    let updateJob = try database.prepare(SQL.updateJob)
    let updateFailedJob = try database.prepare(SQL.updateFailedJob)
    let insertKey = try database.prepare(SQL.insertKey)
    let insertSubject = try database.prepare("INSERT OR IGNORE INTO subject_refs VALUES(?, ?, ?, ?)")
    let inheritSubjects = try database.prepare(SQL.inheritSubjects)
    let insertBody = try database.prepare("INSERT INTO bodies(id, job, sealed) VALUES(?, ?, ?)")
    let putSnapshot = try database.prepare(SQL.putSnapshot)
    let dropSnapshots = try database.prepare(SQL.dropSnapshots)
    let putArtifact = try database.prepare(SQL.putArtifact)
    let dropOwner = try database.prepare("DELETE FROM job_owners WHERE job = ?")
    // Together, after the last `throws`: a `~Copyable` value cannot be half made.
    self.insertEvent = insertEvent
    self.putStep = putStep
    self.insertJob = insertJob
    self.updateJob = updateJob
    self.updateFailedJob = updateFailedJob
    self.insertKey = insertKey
    self.insertSubject = insertSubject
    self.inheritSubjects = inheritSubjects
    self.insertBody = insertBody
    self.putSnapshot = putSnapshot
    self.dropSnapshots = dropSnapshots
    self.putArtifact = putArtifact
    self.dropOwner = dropOwner
  }

  /// Jobs that were there before come first: one that ends in this batch leaves its key to a new one.
  func write(_ batch: borrowing Batch) throws(SQLiteError) {
    let firstNew = batch.firstNewJob
    for row in batch.jobs where row.job < firstNew { try write(row) }
    for row in batch.newJobs { try write(row) }
    for row in batch.jobs where row.job >= firstNew { try write(row) }
    for row in batch.events {
      try insertEvent.run(
        [row.job.value, Int64(row.sequence), row.at.microseconds, Int64(row.version), batch.commit],
        batch.bytes, [row.payload, row.sealed, row.chain])
    }
    for row in batch.steps { try write(row) }
    for row in batch.bodies { try insertBody.run([row.id.value, row.job.value], batch.bytes, [row.sealed]) }
    for row in batch.snapshots {
      try putSnapshot.run(
        [row.job.value, Int64(row.sequence), Int64(row.format)], batch.bytes, [row.state, row.chain])
      try dropSnapshots.run([row.job.value])
    }
    for row in batch.artifacts { try write(row) }
  }

  func forgetDriveCount(of job: JobNumber) throws(SQLiteError) { try dropOwner.run([job.value]) }

  private func write(_ row: NewJob) throws(SQLiteError) {
    try insertJob.run([
      .integer(row.number.value), .text(row.id.description), .text(row.pipeline.namespace),
      .text(row.pipeline.name), .integer(Int64(row.revision)), SQLValue(row.key), .text(row.triggerType),
      SQLValue(row.triggerID), .text(row.actor), .bytes(row.wrappedKey), .integer(row.createdAt.microseconds),
      SQLValue(row.identity.correlation), SQLValue(row.identity.owner),
      .integer(Int64(row.identity.priority)), SQLValue(row.identity.fairKey),
      SQLValue(row.identity.parent?.value), SQLValue(row.identity.parentNode.map(Int64.init)),
      SQLValue(row.identity.rerunOf?.description),
    ])
    try writeSubjects(of: row)
    guard let key = row.idempotencyKey else { return }
    try insertKey.run([
      .text(row.pipeline.namespace), .text(row.pipeline.name), .text(key), .bytes(row.requestHash),
      .integer(row.number.value),
    ])
  }

  private func writeSubjects(of row: NewJob) throws(SQLiteError) {
    for use in row.subjects {
      try insertSubject.run([
        .text(row.pipeline.namespace), .bytes(use.subject.bytes), .integer(row.number.value),
        .text(use.input),
      ])
    }
    if row.identity.parent == nil, row.identity.rerunOf == nil { return }
    try inheritSubjects.run([
      .text(row.pipeline.namespace), .integer(row.number.value), SQLValue(row.identity.parent?.value),
      SQLValue(row.identity.rerunOf?.description),
    ])
  }

  private func write(_ row: StepRow) throws(SQLiteError) {
    let place = PlaceColumns(row.output)
    try putStep.run([
      row.job.value, Int64(row.node), Int64(row.step), Int64(row.status.rawValue), Int64(row.attempts),
      Int64(row.crashes), Int64(row.token), row.at.microseconds, place.event, place.offset, place.length,
      place.body,
    ])
  }

  private func write(_ row: JobRow) throws(SQLiteError) {
    let place = PlaceColumns(row.outputs)
    guard let errorClass = row.errorClass else {
      return try updateJob.run([
        row.job.value, Int64(row.status.rawValue), Int64(row.sequence), row.at.microseconds,
        row.startedAt?.microseconds, row.completedAt?.microseconds, place.event, place.offset, place.length,
        place.body,
      ])
    }
    try updateFailedJob.run([
      .integer(row.job.value), .integer(Int64(row.status.rawValue)), .integer(Int64(row.sequence)),
      .integer(row.at.microseconds), SQLValue(row.startedAt?.microseconds),
      SQLValue(row.completedAt?.microseconds), SQLValue(place.event), SQLValue(place.offset),
      SQLValue(place.length), SQLValue(place.body), .text(errorClass.rawValue), .text(row.errorCode),
      .text(row.errorMessage), .text(row.errorStep),
    ])
  }

  private func write(_ row: ArtifactRow) throws(SQLiteError) {
    try putArtifact.run([
      .integer(row.job.value), .integer(Int64(row.node)), .text(row.handle.name), .text(row.handle.sha256),
      .text(row.namespace), .text(row.path), .integer(row.handle.size), .text(row.handle.mediaType),
      .integer(row.at.microseconds),
    ])
  }
}

private enum SQL {
  static let insertEvent = """
    INSERT INTO job_events(job, sequence, at, version, commit_id, payload, sealed, chain)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)
    """
  static let putStep = "INSERT OR REPLACE INTO step_executions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
  static let insertJob = """
    INSERT INTO job_executions(job, id, namespace, pipeline, revision, key, trigger_type, trigger_id,
      triggered_by, wrapped_key, created_at, updated_at, correlation_id, owner, priority, fair_key,
      parent_job, parent_node, rerun_of)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
    """
  static let updateJob = """
    UPDATE job_executions SET status = ?2, last_seq = ?3, updated_at = ?4, started_at = ?5, completed_at = ?6,
      outputs_event = ?7, outputs_offset = ?8, outputs_length = ?9, outputs_body = ?10,
      error_class = NULL, error_code = NULL, error_message = NULL, error_step = NULL WHERE job = ?1
    """
  static let updateFailedJob = """
    UPDATE job_executions SET status = ?2, last_seq = ?3, updated_at = ?4, started_at = ?5, completed_at = ?6,
      outputs_event = ?7, outputs_offset = ?8, outputs_length = ?9, outputs_body = ?10,
      error_class = ?11, error_code = ?12, error_message = ?13, error_step = ?14 WHERE job = ?1
    """
  static let insertKey =
    "INSERT INTO idempotency_keys(namespace, pipeline, key, request_sha256, job) VALUES(?, ?, ?, ?, ?)"
  static let inheritSubjects = """
    INSERT INTO subject_refs SELECT DISTINCT namespace, subject_hmac, ?2, '' FROM subject_refs
    WHERE namespace = ?1 AND job IN (?3, (SELECT job FROM job_executions WHERE id = ?4))
    """
  static let putSnapshot =
    "INSERT OR REPLACE INTO job_snapshots(job, sequence, format, state, chain) VALUES(?, ?, ?, ?, ?)"
  static let dropSnapshots = """
    DELETE FROM job_snapshots WHERE job = ?1 AND sequence <
      (SELECT sequence FROM job_snapshots WHERE job = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET 1)
    """
  static let putArtifact = """
    INSERT OR REPLACE INTO artifact_refs(job, node, name, sha256, namespace, path, size, media_type, at)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
}

/// The four columns of a place, as they follow each other in the tables.
struct PlaceColumns {
  var event: Int64?
  var offset: Int64?
  var length: Int64?
  var body: Int64?

  init(_ place: BodyPlace?) {
    switch place {
    case .event(let sequence, let offset, let length):
      (event, self.offset, self.length) = (Int64(sequence), Int64(offset), Int64(length))
    case .row(let id): body = id.value
    case nil: break
    }
  }
}
