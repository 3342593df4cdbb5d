internal import Engine
internal import Model

/// Writes what triggers were given and what steps emitted.
struct TriggerWriter: ~Copyable {
  private let put: Statement
  private let remove: Statement
  private let take: Statement
  private let release: Statement
  private let emit: Statement
  private let trim: Statement
  /// Events of each namespace since the file was opened.
  private var emittedCounts: [String: Int] = [:]

  /// Old events go with each so many new ones of their namespace: to find them costs a walk over all that are
  /// kept.
  static let eventsBetweenTrims = 256

  init(_ database: borrowing Database) throws(SQLiteError) {
    let put = try database.prepare(SQL.put)
    let remove = try database.prepare("DELETE FROM trigger_messages WHERE id = ?")
    let take = try database.prepare("INSERT OR IGNORE INTO taken_contents VALUES(?, ?, ?, ?, ?, ?)")
    let release = try database.prepare("DELETE FROM taken_contents WHERE batch = ?")
    let emit = try database.prepare(SQL.emit)
    let trim = try database.prepare(SQL.trim)
    // Together, after the last `throws`: a `~Copyable` value cannot be half made.
    self.put = put
    self.remove = remove
    self.take = take
    self.release = release
    self.emit = emit
    self.trim = trim
  }

  mutating func write(_ batch: borrowing Batch) throws(SQLiteError) {
    for change in batch.triggers { try write(change) }
    for row in batch.emitted { try write(row) }
  }

  private func write(_ change: TriggerChange) throws(SQLiteError) {
    switch change {
    case .put(let row, with: _):
      try put.run([
        .text(row.id.description), .text(row.pipeline.namespace), .text(row.pipeline.name),
        .text(row.trigger), .text(row.kind), .integer(Int64(row.state.rawValue)), .text(row.key),
        SQLValue(row.group), SQLValue(row.part), .text(row.actor), .integer(row.receivedAt.microseconds),
        SQLValue(row.expiresAt?.microseconds), .bytes(row.body),
      ])
    case .remove(let id, with: _): try remove.run([.text(id.description)])
    case .taken(let contents, let batch, let pipeline, let trigger, let time):
      for sha256 in contents {
        try take.run([
          .text(pipeline.namespace), .text(pipeline.name), .text(trigger), .text(sha256),
          .integer(time.microseconds), .text(batch.description),
        ])
      }
    case .released(let batch): try release.run([.text(batch.description)])
    }
  }

  private mutating func write(_ row: EmittedRow) throws(SQLiteError) {
    try emit.run([
      .integer(row.at.microseconds), .text(row.namespace), .text(row.type), .text(row.room), .text(row.job),
      .text(row.path), .text(row.key), .bytes(row.body),
    ])
    let count = emittedCounts[row.namespace, default: 0]
    emittedCounts[row.namespace] = count + 1
    // The first too, so that servers that never send so many between two starts trim as well.
    guard count.isMultiple(of: Self.eventsBetweenTrims) else { return }
    try trim.run([.text(row.namespace), .integer(Int64(EmittedRow.kept))])
  }
}

private enum SQL {
  static let put = """
    INSERT INTO trigger_messages VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT(id) DO UPDATE SET state = ?6, key = ?7, group_key = ?8, part = ?9, expires_at = ?12,
      body = CASE WHEN length(?13) > 0 THEN ?13 ELSE body END
    """
  static let emit = """
    INSERT OR IGNORE INTO emitted_events(at, namespace, type, room, job, path, key, body)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)
    """
  /// The rows behind the newest so many, found by one step into the index.
  static let trim = """
    DELETE FROM emitted_events WHERE namespace = ?1 AND position <=
      (SELECT position FROM emitted_events WHERE namespace = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)
    """
}
