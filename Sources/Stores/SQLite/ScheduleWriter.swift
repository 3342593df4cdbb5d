internal import Engine
internal import Model

/// Writes when schedules are due, what became of it, and backfills.
struct ScheduleWriter: ~Copyable {
  private let put: Statement
  private let remove: Statement
  private let fire: Statement
  private let backfill: Statement

  init(_ database: borrowing Database) throws(SQLiteError) {
    let put = try database.prepare(SQL.put)
    let remove = try database.prepare(SQL.remove)
    let fire = try database.prepare(SQL.fire)
    let backfill = try database.prepare(SQL.backfill)
    // Together, after the last `throws`: a `~Copyable` value cannot be half made.
    self.put = put
    self.remove = remove
    self.fire = fire
    self.backfill = backfill
  }

  func write(_ changes: [ScheduleChange]) throws(SQLiteError) {
    for change in changes {
      switch change {
      case .put(let row): try write(row)
      case .remove(let pipeline, let trigger):
        try remove.run([.text(pipeline.namespace), .text(pipeline.name), .text(trigger)])
      case .fire(let row, with: _): try write(row)
      case .backfill(let row): try write(row)
      }
    }
  }

  private func write(_ row: ScheduleRow) throws(SQLiteError) {
    try put.run([
      .text(row.pipeline.namespace), .text(row.pipeline.name), .text(row.trigger), .text(row.rule),
      .integer(row.isActive ? 1 : 0), .integer(row.decidedUntil.microseconds), SQLValue(row.pause?.by),
      SQLValue(row.pause?.reason), SQLValue(row.pause?.at.microseconds),
      SQLValue(row.pause?.until?.microseconds),
    ])
  }

  private func write(_ row: ScheduleFireRow) throws(SQLiteError) {
    try fire.run([
      .text(row.pipeline.namespace), .text(row.pipeline.name), .text(row.trigger),
      .integer(row.due.microseconds), .integer(Int64(row.outcome.rawValue)), SQLValue(row.job?.description),
      SQLValue(row.reason), SQLValue(row.detail), .integer(row.decidedAt.microseconds),
      SQLValue(row.last?.microseconds), .integer(Int64(row.count)),
    ])
  }

  private func write(_ row: BackfillRow) throws(SQLiteError) {
    try backfill.run([
      .text(row.id.description), .text(row.pipeline.namespace), .text(row.pipeline.name), .text(row.trigger),
      .integer(row.from.microseconds), .integer(row.to.microseconds), .bytes(DueList.bytes(row.dues)),
      .integer(Int64(row.concurrency)), .integer(Int64(row.state.rawValue)), .integer(Int64(row.next)),
      .integer(Int64(row.counts.existing)), .integer(Int64(row.counts.refused)),
      .integer(Int64(row.counts.succeeded)), .integer(Int64(row.counts.failed)), .text(row.createdBy),
      .integer(row.createdAt.microseconds), SQLValue(row.endedAt?.microseconds),
    ])
  }
}

/// Due times side by side, each as 8 bytes, the highest first.
enum DueList {
  static func bytes(_ dues: [Timestamp]) -> [UInt8] {
    dues.flatMap { due in
      stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: due.microseconds >> $0) }
    }
  }

  static func dues(_ bytes: [UInt8]) -> [Timestamp] {
    stride(from: 0, to: bytes.count - 7, by: 8).map { start in
      Timestamp(
        microseconds: bytes[start..<start + 8].reduce(Int64(0)) { $0 << 8 | Int64($1) })
    }
  }
}

private enum SQL {
  static let put = "INSERT OR REPLACE INTO schedules VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
  static let remove = "DELETE FROM schedules WHERE namespace = ? AND pipeline = ? AND trigger_name = ?"
  /// 1 is `started`, which only another start replaces.
  static let fire = """
    INSERT INTO schedule_fires VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT DO UPDATE SET outcome = ?5, job_id = ?6, reason = ?7, detail = ?8, decided_at = ?9,
      last_at = ?10, due_count = ?11 WHERE outcome <> 1 OR ?5 = 1
    """
  static let backfill =
    "INSERT OR REPLACE INTO backfills VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
}
