internal import Engine
internal import Model

/// Reading schedules, their due times and backfills.
extension Database {
  func schedules(in namespace: String?) throws(SQLiteError) -> [ScheduleRow] {
    var rows: [ScheduleRow] = []
    try query(
      """
      SELECT namespace, pipeline, trigger_name, rule, is_active, decided_until, paused_by, paused_reason,
        paused_at, paused_until FROM schedules \(namespace == nil ? "" : "WHERE namespace = ?")
      ORDER BY namespace, pipeline, trigger_name
      """, namespace.map { [.text($0)] } ?? []
    ) { row in
      let pause = row.optionalText(6).map { by in
        ScheduleRow.Pause(
          by: by, reason: row.optionalText(7) ?? "", at: row.time(8) ?? Timestamp(microseconds: 0),
          until: row.time(9))
      }
      rows.append(
        ScheduleRow(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), trigger: row.text(2),
          rule: row.text(3), isActive: row.integer(4) != 0,
          decidedUntil: Timestamp(microseconds: row.integer(5)), pause: pause))
    }
    return rows
  }

  /// The latest due times first.
  func fires(_ filter: FireFilter, limit: Int) throws(SQLiteError) -> [ScheduleFireRow] {
    let conditions = FireConditions(filter)
    var rows: [ScheduleFireRow] = []
    try query(
      """
      SELECT namespace, pipeline, trigger_name, due_at, outcome, job_id, reason, detail, decided_at, last_at,
        due_count FROM schedule_fires \(conditions.text) ORDER BY due_at DESC, pipeline, trigger_name LIMIT ?
      """, conditions.values + [.integer(Int64(limit))]
    ) { row throws(SQLiteError) in
      guard let outcome = ScheduleFireRow.Outcome(rawValue: UInt8(truncatingIfNeeded: row.integer(4))) else {
        throw .unreadable("outcome of a due time \(row.integer(4))")
      }
      rows.append(
        ScheduleFireRow(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), trigger: row.text(2),
          due: Timestamp(microseconds: row.integer(3)), outcome: outcome,
          job: row.optionalText(5).flatMap { ID<Job>($0) }, reason: row.optionalText(6),
          detail: row.optionalText(7), decidedAt: Timestamp(microseconds: row.integer(8)),
          last: row.time(9), count: Int(row.integer(10))))
    }
    return rows
  }

  func fireCount(_ filter: FireFilter) throws(SQLiteError) -> Int {
    let conditions = FireConditions(filter)
    return Int(
      try integer(
        "SELECT coalesce(sum(due_count), 0) FROM schedule_fires \(conditions.text)", conditions.values) ?? 0)
  }

  func openBackfills() throws(SQLiteError) -> [BackfillRow] {
    try backfills("WHERE state IN (0, 1) ORDER BY id", [])
  }

  func backfill(_ id: ID<Backfill>) throws(SQLiteError) -> BackfillRow? {
    try backfills("WHERE id = ?", [.text(id.description)]).first
  }

  /// Newest first.
  func backfills(in namespace: String?, limit: Int) throws(SQLiteError) -> [BackfillRow] {
    let condition = namespace == nil ? "" : "WHERE namespace = ?"
    return try backfills(
      "\(condition) ORDER BY id DESC LIMIT ?",
      (namespace.map { [.text($0)] } ?? []) + [.integer(Int64(limit))])
  }

  private func backfills(_ rest: String, _ values: [SQLValue]) throws(SQLiteError) -> [BackfillRow] {
    var rows: [BackfillRow] = []
    try query(
      """
      SELECT id, namespace, pipeline, trigger_name, from_at, to_at, dues, concurrency, state, next_due,
        existing, refused, succeeded, failed, created_by, created_at, ended_at FROM backfills \(rest)
      """, values
    ) { row throws(SQLiteError) in
      guard let state = BackfillRow.State(rawValue: UInt8(truncatingIfNeeded: row.integer(8))) else {
        throw .unreadable("backfill state \(row.integer(8))")
      }
      rows.append(
        BackfillRow(
          id: try row.id(0), pipeline: PipelineName(namespace: row.text(1), name: row.text(2)),
          trigger: row.text(3), from: Timestamp(microseconds: row.integer(4)),
          to: Timestamp(microseconds: row.integer(5)), dues: DueList.dues(row.bytes(6)),
          concurrency: Int(row.integer(7)), state: state, next: Int(row.integer(9)),
          counts: BackfillRow.Counts(
            existing: Int(row.integer(10)), refused: Int(row.integer(11)), succeeded: Int(row.integer(12)),
            failed: Int(row.integer(13))),
          createdBy: row.text(14), createdAt: Timestamp(microseconds: row.integer(15)),
          endedAt: row.time(16)))
    }
    return rows
  }
}

/// A filter as SQL.
private struct FireConditions {
  private(set) var values: [SQLValue] = []
  private var parts: [String] = []

  init(_ filter: FireFilter) {
    if let namespace = filter.namespace ?? filter.pipeline?.namespace {
      add("namespace = ?", .text(namespace))
    }
    if let pipeline = filter.pipeline { add("pipeline = ?", .text(pipeline.name)) }
    if let trigger = filter.trigger { add("trigger_name = ?", .text(trigger)) }
    if !filter.outcomes.isEmpty {
      parts.append("outcome IN (\(filter.outcomes.map { String($0.rawValue) }.joined(separator: ", ")))")
    }
    if let from = filter.from { add("due_at >= ?", .integer(from.microseconds)) }
    if let to = filter.to { add("due_at <= ?", .integer(to.microseconds)) }
  }

  private mutating func add(_ part: String, _ value: SQLValue) {
    parts.append(part)
    values.append(value)
  }

  var text: String { parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ") }
}
