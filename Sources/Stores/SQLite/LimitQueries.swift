internal import Engine
internal import Model

/// Reading limits: slots, governors, the cache, refusals and pauses.
extension Database {
  func slots() throws(SQLiteError) -> [SlotRow] {
    var slots: [SlotRow] = []
    try query("SELECT limit_key, slot_no, job, node, taken_at FROM slots ORDER BY limit_key, slot_no") {
      row in
      slots.append(
        SlotRow(
          key: row.text(0), number: Int(row.integer(1)), job: JobNumber(row.integer(2)),
          node: row.isNull(3) ? nil : row.number(3), takenAt: Timestamp(microseconds: row.integer(4))))
    }
    return slots
  }

  func governors() throws(SQLiteError) -> [GovernorRow] {
    var rows: [GovernorRow] = []
    try query("SELECT key, kind, state, updated_at FROM governors ORDER BY key") { row throws(SQLiteError) in
      rows.append(
        GovernorRow(
          key: row.text(0), kind: row.text(1), state: try row.json(2),
          updatedAt: Timestamp(microseconds: row.integer(3))))
    }
    return rows
  }

  func cached(_ key: String, in namespace: String) throws(SQLiteError) -> CacheRow? {
    var found: CacheRow?
    try query(
      "SELECT job, output, expires_at FROM caches WHERE namespace = ? AND key = ?",
      [.text(namespace), .text(key)]
    ) { row in
      found = CacheRow(
        namespace: namespace, key: key, job: row.text(0), output: row.bytes(1),
        expiresAt: Timestamp(microseconds: row.integer(2)))
    }
    return found
  }

  func refusals(in namespace: String?, limit: Int) throws(SQLiteError) -> [RefusalRow] {
    var rows: [RefusalRow] = []
    let (condition, values) = Self.within(namespace)
    try query(
      """
      SELECT at, namespace, pipeline, trigger_name, actor, reason, limit_key, idempotency_key FROM refusals
      \(condition) ORDER BY position DESC LIMIT ?
      """, values + [.integer(Int64(limit))]
    ) { row in
      rows.append(
        RefusalRow(
          at: Timestamp(microseconds: row.integer(0)), namespace: row.text(1), pipeline: row.text(2),
          trigger: row.optionalText(3), actor: row.text(4), reason: row.text(5), key: row.text(6),
          idempotencyKey: row.optionalText(7)))
    }
    return rows
  }

  func pauses(in namespace: String?) throws(SQLiteError) -> [PauseRecord] {
    let (condition, values) = Self.within(namespace)
    return try pauses("\(condition) ORDER BY namespace, pipeline", values)
  }

  func pause(of pipeline: PipelineName) throws(SQLiteError) -> PauseRecord? {
    try pauses(
      "WHERE namespace = ? AND pipeline = ?", [.text(pipeline.namespace), .text(pipeline.name)]
    ).first
  }

  private func pauses(_ rest: String, _ values: [SQLValue]) throws(SQLiteError) -> [PauseRecord] {
    var pauses: [PauseRecord] = []
    try query(
      "SELECT namespace, pipeline, paused_by, reason, at, until FROM pauses \(rest)", values
    ) { row in
      pauses.append(
        PauseRecord(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), by: row.text(2),
          reason: row.text(3), at: Timestamp(microseconds: row.integer(4)), until: row.time(5)))
    }
    return pauses
  }
}
