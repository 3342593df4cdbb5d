internal import Engine
internal import Model

/// Reading signals, and jobs that wait for them out of memory.
extension Database {
  func waitingSignals() throws(SQLiteError) -> [SignalRow] {
    try signals("INDEXED BY waiting_signals WHERE state = 0 ORDER BY received_at, id", [])
  }

  func signal(
    messageID: String, name: String, in namespace: String
  ) throws(SQLiteError) -> SignalRow? {
    try signals(
      "WHERE namespace = ? AND name = ? AND message_id = ?",
      [.text(namespace), .text(name), .text(messageID)]
    ).first
  }

  func signals(in namespace: String?, limit: Int) throws(SQLiteError) -> [SignalRow] {
    let (condition, values) = Self.within(namespace)
    return try signals("\(condition) ORDER BY id DESC LIMIT ?", values + [.integer(Int64(limit))])
  }

  private func signals(_ rest: String, _ values: [SQLValue]) throws(SQLiteError) -> [SignalRow] {
    var signals: [SignalRow] = []
    try query(
      """
      SELECT id, namespace, name, key, message_id, payload, source, received_at, expires_at, dead_letters,
        state, taken_by, duplicates FROM signals \(rest)
      """, values
    ) { row throws(SQLiteError) in
      guard let state = SignalRow.State(rawValue: UInt8(truncatingIfNeeded: row.integer(10))) else {
        throw .unreadable("signal state \(row.integer(10))")
      }
      signals.append(
        SignalRow(
          id: try row.id(0), namespace: row.text(1), name: row.text(2), key: row.text(3),
          messageID: row.optionalText(4), payload: row.bytes(5), source: row.text(6),
          receivedAt: Timestamp(microseconds: row.integer(7)),
          expiresAt: Timestamp(microseconds: row.integer(8)), deadLetters: row.integer(9) == 1, state: state,
          takenBy: row.optional(11).map(JobNumber.init), duplicates: Int(row.integer(12))))
    }
    return signals
  }

  func parkedJobs() throws(SQLiteError) -> [ParkedRow] {
    var rows: [ParkedRow] = []
    try query(
      """
      SELECT p.job, p.due, p.after, w.node, w.namespace, w.name, w.key, w.since, w.broadcast
      FROM parked_jobs p LEFT JOIN waits w ON w.job = p.job ORDER BY p.job, w.place
      """
    ) { row in
      let job = JobNumber(row.integer(0))
      if rows.last?.job != job {
        let after = row.optional(2).map(Duration.microseconds)
        rows.append(ParkedRow(job: job, due: row.time(1), after: after, waits: []))
      }
      if row.isNull(3) { return }
      rows[rows.count - 1].waits.append(
        ParkedRow.Wait(
          node: row.number(3), namespace: row.text(4), name: row.text(5), key: row.text(6),
          since: Timestamp(microseconds: row.integer(7)), broadcast: row.integer(8) == 1))
    }
    return rows
  }

  /// Two statements in place of `?1 IS NULL OR …`, with which no index could be used.
  static func within(_ namespace: String?) -> (condition: String, values: [SQLValue]) {
    namespace.map { ("WHERE namespace = ?", [.text($0)]) } ?? ("", [])
  }
}
