internal import Engine
internal import Model

/// The statements for people, messages and limits: run only where a batch has such rows.
struct RowWriter: ~Copyable {
  private let putAsk: Statement
  private let dropAssignees: Statement
  private let insertAssignee: Statement
  private let insertAnswer: Statement
  private let putSignal: Statement
  private let putParked: Statement
  private let dropParked: Statement
  private let insertWait: Statement
  private let dropWaits: Statement
  private let takeSlot: Statement
  private let freeSlot: Statement
  private let putGovernor: Statement
  private let putCache: Statement
  private let insertRefusal: Statement
  private let insertLabel: Statement
  private let dropLabels: Statement
  private let prioritize: Statement
  private let dropSignals: Statement
  private let dropCaches: Statement

  init(_ database: borrowing Database) throws(SQLiteError) {
    let putAsk = try database.prepare(SQL.putAsk)
    let dropAssignees = try database.prepare("DELETE FROM ask_assignees WHERE ask = ?")
    let insertAssignee = try database.prepare("INSERT OR IGNORE INTO ask_assignees VALUES(?, ?, ?)")
    let insertAnswer = try database.prepare(SQL.insertAnswer)
    let putSignal = try database.prepare(SQL.putSignal)
    let putParked = try database.prepare("INSERT OR REPLACE INTO parked_jobs VALUES(?, ?, ?)")
    let dropParked = try database.prepare("DELETE FROM parked_jobs WHERE job = ?")
    let insertWait = try database.prepare("INSERT INTO waits VALUES(?, ?, ?, ?, ?, ?, ?, ?)")
    let dropWaits = try database.prepare("DELETE FROM waits WHERE job = ?")
    let takeSlot = try database.prepare("INSERT INTO slots VALUES(?, ?, ?, ?, ?)")
    let freeSlot = try database.prepare(SQL.freeSlot)
    let putGovernor = try database.prepare("INSERT OR REPLACE INTO governors VALUES(?, ?, ?, ?)")
    let putCache = try database.prepare("INSERT OR REPLACE INTO caches VALUES(?, ?, ?, ?, ?)")
    let insertRefusal = try database.prepare("INSERT INTO refusals VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?)")
    let insertLabel = try database.prepare("INSERT OR IGNORE INTO job_labels VALUES(?, ?, ?)")
    let dropLabels = try database.prepare("DELETE FROM job_labels WHERE job = ?")
    let prioritize = try database.prepare("UPDATE job_executions SET priority = ?2 WHERE job = ?1")
    let dropSignals = try database.prepare("DELETE FROM signals WHERE state <> 0 AND expires_at < ?")
    let dropCaches = try database.prepare("DELETE FROM caches WHERE expires_at < ?")
    // Together, after the last `throws`: a `~Copyable` value cannot be half made.
    self.putAsk = putAsk
    self.dropAssignees = dropAssignees
    self.insertAssignee = insertAssignee
    self.insertAnswer = insertAnswer
    self.putSignal = putSignal
    self.putParked = putParked
    self.dropParked = dropParked
    self.insertWait = insertWait
    self.dropWaits = dropWaits
    self.takeSlot = takeSlot
    self.freeSlot = freeSlot
    self.putGovernor = putGovernor
    self.putCache = putCache
    self.insertRefusal = insertRefusal
    self.insertLabel = insertLabel
    self.dropLabels = dropLabels
    self.prioritize = prioritize
    self.dropSignals = dropSignals
    self.dropCaches = dropCaches
  }

  /// All but the slots, which pass from job to job.
  func write(_ batch: borrowing Batch) throws(SQLiteError) {
    for job in batch.newJobs { for label in job.identity.labels { try write(label, of: job.number) } }
    for row in batch.identities { try write(row) }
    for row in batch.asks { try write(row) }
    for row in batch.answers { try write(row) }
    for row in batch.signals { try write(row) }
    for row in batch.parked { try write(row) }
    for job in batch.unparked { try unpark(job) }
    for row in batch.governors {
      try putGovernor.run([
        .text(row.key), .text(row.kind), .text(row.state.text), .integer(row.updatedAt.microseconds),
      ])
    }
    for row in batch.caches { try write(row) }
    for row in batch.refusals { try write(row) }
    if let moment = batch.signalsForgotten { try dropSignals.run([moment.microseconds]) }
    if let moment = batch.cachesForgotten { try dropCaches.run([moment.microseconds]) }
  }

  func write(_ change: SlotChange) throws(SQLiteError) {
    switch change {
    case .take(let row):
      try takeSlot.run([
        .text(row.key), .integer(Int64(row.number)), .integer(row.job.value),
        SQLValue(row.node.map(Int64.init)), .integer(row.takenAt.microseconds),
      ])
    case .free(let key, let number, let job):
      try freeSlot.run([.text(key), .integer(Int64(number)), .integer(job.value)])
    }
  }

  func write(_ row: CacheRow) throws(SQLiteError) {
    try putCache.run([
      .text(row.namespace), .text(row.key), .text(row.job), .bytes(row.output),
      .integer(row.expiresAt.microseconds),
    ])
  }

  private func write(_ label: JobIdentity.Label, of job: JobNumber) throws(SQLiteError) {
    try insertLabel.run([.text(label.name), .text(label.value), .integer(job.value)])
  }

  private func write(_ row: IdentityRow) throws(SQLiteError) {
    if let priority = row.priority { try prioritize.run([row.job.value, Int64(priority)]) }
    guard let labels = row.labels else { return }
    try dropLabels.run([row.job.value])
    for label in labels { try write(label, of: row.job) }
  }

  private func write(_ row: AskRow) throws(SQLiteError) {
    let place = PlaceColumns(row.content)
    try putAsk.run([
      .text(row.id.description), .integer(row.job.value), .integer(Int64(row.node)), .text(row.namespace),
      .text(row.path), .integer(Int64(row.state.rawValue)), .integer(Int64(row.quorum)),
      .integer(row.openedAt.microseconds), SQLValue(row.expiresAt?.microseconds),
      SQLValue(row.decidedChoice), SQLValue(row.decidedAt?.microseconds), SQLValue(place.event),
      SQLValue(place.offset), SQLValue(place.length), SQLValue(place.body),
    ])
    try dropAssignees.run([.text(row.id.description)])
    for (place, principal) in row.assignees.enumerated() {
      try insertAssignee.run([.text(principal), .text(row.id.description), .integer(Int64(place))])
    }
  }

  private func write(_ row: AskAnswerRow) throws(SQLiteError) {
    let place = PlaceColumns(row.content)
    try insertAnswer.run([
      .text(row.ask.description), .integer(row.job.value), .text(row.by), SQLValue(row.onBehalfOf),
      .text(row.choice), .integer(row.counts ? 1 : 0), .integer(row.at.microseconds), SQLValue(place.event),
      SQLValue(place.offset), SQLValue(place.length), SQLValue(place.body),
    ])
  }

  private func write(_ row: SignalRow) throws(SQLiteError) {
    try putSignal.run([
      .text(row.id.description), .text(row.namespace), .text(row.name), .text(row.key),
      SQLValue(row.messageID), .bytes(row.payload), .text(row.source), .integer(row.receivedAt.microseconds),
      .integer(row.expiresAt.microseconds), .integer(row.deadLetters ? 1 : 0),
      .integer(Int64(row.state.rawValue)), SQLValue(row.takenBy?.value), .integer(Int64(row.duplicates)),
    ])
  }

  private func write(_ row: ParkedRow) throws(SQLiteError) {
    try putParked.run([row.job.value, row.due?.microseconds, row.after?.microseconds])
    try dropWaits.run([row.job.value])
    for (place, wait) in row.waits.enumerated() {
      try insertWait.run([
        .integer(row.job.value), .integer(Int64(place)), .integer(Int64(wait.node)), .text(wait.namespace),
        .text(wait.name), .text(wait.key), .integer(wait.since.microseconds),
        .integer(wait.broadcast ? 1 : 0),
      ])
    }
  }

  private func unpark(_ job: JobNumber) throws(SQLiteError) {
    try dropParked.run([job.value])
    try dropWaits.run([job.value])
  }

  private func write(_ row: RefusalRow) throws(SQLiteError) {
    try insertRefusal.run([
      .integer(row.at.microseconds), .text(row.namespace), .text(row.pipeline), SQLValue(row.trigger),
      .text(row.actor), .text(row.reason), .text(row.key), SQLValue(row.idempotencyKey),
    ])
  }
}

private enum SQL {
  static let putAsk = """
    INSERT OR REPLACE INTO asks(id, job, node, namespace, path, state, quorum, opened_at, expires_at,
      decided_choice, decided_at, content_event, content_offset, content_length, content_body)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
  static let insertAnswer = """
    INSERT INTO ask_answers(ask, job, answered_by, on_behalf_of, choice, counts, at,
      content_event, content_offset, content_length, content_body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
  /// Not `OR REPLACE`, which would remove another signal with the same message id.
  static let putSignal = """
    INSERT INTO signals VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT(id) DO UPDATE
    SET payload = ?6, source = ?7, received_at = ?8, expires_at = ?9, dead_letters = ?10, state = ?11,
      taken_by = ?12, duplicates = ?13
    """
  static let freeSlot = "DELETE FROM slots WHERE limit_key = ? AND slot_no = ? AND job = ?"
}
