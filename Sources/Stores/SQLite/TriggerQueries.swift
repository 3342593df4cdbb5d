internal import Engine
internal import Model

/// Reading what triggers were given and what steps emitted.
extension Database {
  /// All that are open, oldest first, without their bodies.
  func openTriggerMessages() throws(SQLiteError) -> [TriggerMessageRow] {
    try triggerMessages("ORDER BY received_at, id", [], body: "x''")
  }

  /// Oldest first, without their bodies.
  func triggerMessages(of pipeline: PipelineName, limit: Int) throws(SQLiteError) -> [TriggerMessageRow] {
    try triggerMessages(
      "WHERE namespace = ? AND pipeline = ? ORDER BY received_at, id LIMIT ?",
      [.text(pipeline.namespace), .text(pipeline.name), .integer(Int64(limit))], body: "x''")
  }

  func triggerMessage(_ id: ID<TriggerMessage>) throws(SQLiteError) -> TriggerMessageRow? {
    try triggerMessages("WHERE id = ?", [.text(id.description)], body: "body").first
  }

  private func triggerMessages(
    _ rest: String, _ values: [SQLValue], body: String
  ) throws(SQLiteError) -> [TriggerMessageRow] {
    var rows: [TriggerMessageRow] = []
    try query(
      """
      SELECT id, namespace, pipeline, trigger_name, kind, state, key, group_key, part, actor, received_at,
        expires_at, \(body) FROM trigger_messages \(rest)
      """, values
    ) { row throws(SQLiteError) in
      guard let state = TriggerMessageRow.State(rawValue: UInt8(truncatingIfNeeded: row.integer(5))) else {
        throw .unreadable("trigger message state \(row.integer(5))")
      }
      rows.append(
        TriggerMessageRow(
          id: try row.id(0), pipeline: PipelineName(namespace: row.text(1), name: row.text(2)),
          trigger: row.text(3), kind: row.text(4), state: state, key: row.text(6),
          group: row.optionalText(7), part: row.optionalText(8), actor: row.text(9),
          receivedAt: Timestamp(microseconds: row.integer(10)), expiresAt: row.time(11), body: row.bytes(12)))
    }
    return rows
  }

  /// Those of the contents that the trigger has taken.
  func takenContents(
    _ contents: [String], by pipeline: PipelineName, trigger: String
  ) throws(SQLiteError) -> Set<String> {
    var taken: Set<String> = []
    for sha256 in contents {
      let found = try integer(
        """
        SELECT 1 FROM taken_contents
        WHERE namespace = ? AND pipeline = ? AND trigger_name = ? AND sha256 = ?
        """, [.text(pipeline.namespace), .text(pipeline.name), .text(trigger), .text(sha256)])
      if found != nil { taken.insert(sha256) }
    }
    return taken
  }

  /// Oldest first, those behind `position`.
  func emitted(
    _ filter: EmittedFilter, after position: Int64, limit: Int
  ) throws(SQLiteError) -> [EmittedRow] {
    var rows: [EmittedRow] = []
    let (room, type) = (filter.room == nil ? "" : "AND room = ?3", filter.type == nil ? "" : "AND type = ?4")
    try query(
      """
      SELECT position, at, namespace, type, room, job, path, key, body FROM emitted_events
      WHERE namespace = ?1 AND position > ?2 AND position < ?6 \(room) \(type)
      ORDER BY position \(filter.isNewestFirst ? "DESC" : "ASC") LIMIT ?5
      """,
      [
        .text(filter.namespace), .integer(position), SQLValue(filter.room), SQLValue(filter.type),
        .integer(Int64(limit)), .integer(filter.before ?? .max),
      ]
    ) { row in
      rows.append(
        EmittedRow(
          position: row.integer(0), at: Timestamp(microseconds: row.integer(1)), namespace: row.text(2),
          type: row.text(3), room: row.text(4), job: row.text(5), path: row.text(6), key: row.text(7),
          body: row.bytes(8)))
    }
    return rows
  }
}
