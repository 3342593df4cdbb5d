internal import Engine
internal import Model

/// Writes dead letters and what people do with them.
struct LetterWriter: ~Copyable {
  private let bury: Statement
  private let handle: Statement
  private let became: Statement
  private let act: Statement
  private let trimActs: Statement
  private let trim: Statement
  /// Letters of each namespace that were handled since the file was opened.
  private var handledCounts: [String: Int] = [:]

  /// Old letters go with each so many that are handled: to find them costs a walk over all that are kept.
  static let handledBetweenTrims = 256

  init(_ database: borrowing Database) throws(SQLiteError) {
    let bury = try database.prepare(SQL.bury)
    let handle = try database.prepare(SQL.handle)
    let became = try database.prepare("UPDATE dead_letters SET became = ? WHERE id = ? AND state = 1")
    let act = try database.prepare("INSERT INTO dead_letter_acts VALUES(NULL, ?, ?, ?, ?, ?)")
    let trimActs = try database.prepare("DELETE FROM dead_letter_acts WHERE letter IN (\(SQL.old))")
    let trim = try database.prepare("DELETE FROM dead_letters WHERE id IN (\(SQL.old))")
    // Together, after the last `throws`: a `~Copyable` value cannot be half made.
    self.bury = bury
    self.handle = handle
    self.became = became
    self.act = act
    self.trimActs = trimActs
    self.trim = trim
  }

  mutating func write(_ batch: borrowing Batch) throws(SQLiteError) {
    for change in batch.deadLetters {
      switch change {
      case .bury(let row, with: _): try write(row)
      case .handle(let handling, with: _): try write(handling)
      case .became(let id, let json, with: _): try became.run([.text(json.text), .integer(id)])
      }
    }
  }

  private func write(_ row: DeadLetterRow) throws(SQLiteError) {
    try bury.run([
      .integer(row.lastAt.microseconds), .text(row.namespace), .text(row.kind.rawValue), .text(row.key),
      SQLValue(row.pipeline?.description), SQLValue(row.job?.description), .text(row.source.text),
      .text(row.fingerprint), .text(row.error.text), row.body.map(SQLValue.bytes) ?? .null,
    ])
  }

  private mutating func write(_ handling: DeadLetterHandling) throws(SQLiteError) {
    try handle.run([
      .integer(handling.letter), .integer(Int64(handling.state.rawValue)), .text(handling.by),
      .integer(handling.at.microseconds), SQLValue(handling.note),
      handling.edited.map(SQLValue.bytes) ?? .null, handling.became.map { .text($0.text) } ?? .null,
    ])
    for act in handling.acts {
      try self.act.run([
        .integer(handling.letter), .integer(act.at.microseconds), .text(act.act.rawValue), .text(act.by),
        SQLValue(act.note),
      ])
    }
    let count = handledCounts[handling.namespace, default: 0]
    handledCounts[handling.namespace] = count + 1
    // The first too, so that servers that never handle so many between two starts trim as well.
    guard count.isMultiple(of: Self.handledBetweenTrims) else { return }
    for state in [DeadLetterRow.State.replayed, .discarded] {
      let values: [SQLValue] = [
        .text(handling.namespace), .integer(Int64(state.rawValue)),
        .integer(Int64(DeadLetterRow.handledKept)),
      ]
      try trimActs.run(values)
      try trim.run(values)
    }
  }
}

private enum SQL {
  static let bury = """
    INSERT INTO dead_letters(last_at, first_at, namespace, kind, key, pipeline, job, source, fingerprint,
      error, body) VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT(namespace, key) WHERE key IS NOT NULL DO UPDATE SET last_at = ?1, fingerprint = ?8,
      error = ?9, body = coalesce(body, ?10), tries = tries + 1, state = 0, became = NULL, handled_by = NULL,
      handled_at = NULL, note = NULL
    """
  static let handle = """
    UPDATE dead_letters SET state = ?2, handled_by = ?3, handled_at = ?4, note = ?5,
      edited = coalesce(?6, edited), became = ?7 WHERE id = ?1
    """
  /// Of those handled in one way the ones behind the newest so many. One that waits before its trigger stays:
  /// something will come of it.
  static let old = """
    SELECT id FROM dead_letters WHERE namespace = ?1 AND state = ?2 AND (state = 2 OR became IS NOT NULL)
    ORDER BY last_at DESC, id DESC LIMIT -1 OFFSET ?3
    """
}
