internal import Engine
internal import Model

/// Reading messages that leave.
extension Database {
  func outboxCount(of destination: String) throws(SQLiteError) -> Int {
    let count = try integer("SELECT count(*) FROM outbox WHERE destination = ?", [.text(destination)])
    return Int(count ?? 0)
  }

  func outboxRow(of destination: String, event: String) throws(SQLiteError) -> OutboxRow? {
    try outboxRow("destination = ? AND event = ?", [.text(destination), .text(event)])
  }

  func outboxRow(_ position: Int64) throws(SQLiteError) -> OutboxRow? {
    try outboxRow("position = ?", [.integer(position)])
  }

  private func outboxRow(_ condition: String, _ values: [SQLValue]) throws(SQLiteError) -> OutboxRow? {
    var found: OutboxRow?
    try query(
      """
      SELECT position, destination, namespace, lane, event, type, pipeline, job, held, tries, first_at,
        due_at, error, body FROM outbox WHERE \(condition)
      """, values
    ) { row throws(SQLiteError) in
      found = OutboxRow(
        position: row.integer(0), destination: row.text(1), namespace: row.text(2), lane: row.text(3),
        event: row.text(4), type: row.text(5),
        pipeline: row.optionalText(6).flatMap(PipelineName.init(slashed:)),
        job: row.isNull(7) ? nil : try row.id(7), isHeld: row.integer(8) != 0, tries: Int(row.integer(9)),
        firstAt: Timestamp(microseconds: row.integer(10)), nextAt: Timestamp(microseconds: row.integer(11)),
        error: row.isNull(12) ? nil : try row.json(12), body: row.bytes(13))
    }
    return found
  }

  func outboxDestinations() throws(SQLiteError) -> [String] {
    var names: [String] = []
    // One seek for each name, however many rows it has.
    var last: String?
    while let name = try firstDestination(after: last) {
      names.append(name)
      last = name
    }
    return names
  }

  private func firstDestination(after last: String?) throws(SQLiteError) -> String? {
    var found: String?
    let condition = last == nil ? "" : "WHERE destination > ?"
    try query("SELECT min(destination) FROM outbox \(condition)", last.map { [.text($0)] } ?? []) { row in
      found = row.optionalText(0)
    }
    return found
  }

  func dueOutbox(
    of destination: String, at now: Timestamp, horizon: Timestamp, limit: Int
  ) throws(SQLiteError) -> [OutboxHead] {
    var heads: [OutboxHead] = []
    for (condition, moment) in [("<= ?2", now), ("> ?2", horizon)] {
      try query(
        """
        SELECT position, lane FROM outbox INDEXED BY outbox_due
        WHERE destination = ?1 AND next_at IS NOT NULL AND next_at \(condition)
        ORDER BY next_at, position LIMIT ?3
        """, [.text(destination), .integer(moment.microseconds), .integer(Int64(limit - heads.count))]
      ) { row in heads.append(OutboxHead(position: row.integer(0), lane: row.text(1))) }
    }
    return heads
  }

  func nextOutbox(of destination: String, after now: Timestamp) throws(SQLiteError) -> Timestamp? {
    try integer(
      """
      SELECT min(next_at) FROM outbox INDEXED BY outbox_due
      WHERE destination = ? AND next_at IS NOT NULL AND next_at > ?
      """, [.text(destination), .integer(now.microseconds)]
    ).map { Timestamp(microseconds: $0) }
  }

  func outboxSummaries() throws(SQLiteError) -> [OutboxSummary] {
    var summaries: [OutboxSummary] = []
    try query(
      """
      SELECT destination, count(*), min(first_at), sum(next_at IS NOT NULL AND tries > 0), sum(held)
      FROM outbox GROUP BY destination ORDER BY destination
      """
    ) { row in
      summaries.append(
        OutboxSummary(
          destination: row.text(0), waiting: Int(row.integer(1)),
          oldestAt: Timestamp(microseconds: row.integer(2)), failing: Int(row.integer(3)),
          held: Int(row.integer(4))))
    }
    return summaries
  }

  func disabledDestinations() throws(SQLiteError) -> [DisabledDestination] {
    var rows: [DisabledDestination] = []
    try query("SELECT name, reason, at FROM disabled_destinations ORDER BY name") { row in
      rows.append(
        DisabledDestination(
          name: row.text(0), reason: row.text(1), at: Timestamp(microseconds: row.integer(2))))
    }
    return rows
  }

  func delivery(_ id: Int64) throws(SQLiteError) -> DeliveryRow? {
    try deliveries("WHERE id = ?", [.integer(id)], body: "body").first
  }

  func deliveries(
    of destination: String, before: Int64?, limit: Int, oldestFirst: Bool
  ) throws(SQLiteError) -> [DeliveryRow] {
    let (sign, order) = oldestFirst ? (">", "ASC") : ("<", "DESC")
    return try deliveries(
      "WHERE destination = ? AND id \(sign) ? ORDER BY id \(order) LIMIT ?",
      [.text(destination), .integer(before ?? (oldestFirst ? 0 : .max)), .integer(Int64(limit))],
      body: "x''")
  }

  private func deliveries(
    _ rest: String, _ values: [SQLValue], body: String
  ) throws(SQLiteError) -> [DeliveryRow] {
    var rows: [DeliveryRow] = []
    try query(
      """
      SELECT id, destination, namespace, event, type, lane, pipeline, job, attempt, outcome, status, duration,
        code, message, at, \(body) FROM deliveries \(rest)
      """, values
    ) { row throws(SQLiteError) in
      guard let outcome = DeliveryRow.Outcome(rawValue: row.text(9)) else {
        throw .unreadable("outcome of a delivery \(row.text(9))")
      }
      rows.append(
        DeliveryRow(
          id: row.integer(0), destination: row.text(1), namespace: row.text(2), event: row.text(3),
          type: row.text(4), lane: row.text(5),
          pipeline: row.optionalText(6).flatMap(PipelineName.init(slashed:)),
          job: row.isNull(7) ? nil : try row.id(7), attempt: Int(row.integer(8)), outcome: outcome,
          status: row.optional(10).map(Int.init), duration: .microseconds(row.integer(11)),
          code: row.text(12), message: row.text(13), at: Timestamp(microseconds: row.integer(14)),
          body: row.bytes(15)))
    }
    return rows
  }
}
