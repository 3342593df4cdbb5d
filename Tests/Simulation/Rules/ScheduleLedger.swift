import Model

@testable import Engine

/// What became of the due times of the one schedule (S19 to S21), read commit by commit.
struct ScheduleLedger {
  /// The schedule is due each time that this has passed since 1970.
  static let distance: Int64 = 300_000_000
  static let trigger = "tick"

  private(set) var fires: [Timestamp: ScheduleFireRow] = [:]
  private var decidedUntil: Timestamp?
  /// The jobs that it started.
  private(set) var jobs: Set<JobNumber> = []

  mutating func take(_ batch: Batch, _ messages: MessageLedger) throws(Violation) {
    for row in batch.newJobs where row.triggerType == "schedule" { jobs.insert(row.number) }
    let before = decidedUntil
    for change in batch.schedules {
      switch change {
      case .put(let row):
        let isForward = decidedUntil.map { $0 <= row.decidedUntil } ?? true
        try require(.dueOnce, isForward, "due times up to \(row.decidedUntil.rfc3339) are decided once more")
        decidedUntil = row.decidedUntil
      case .fire(let row, with: _): try take(row)
      case .remove, .backfill: break
      }
    }
    if let before, let decidedUntil { try checkRows(after: before, upTo: decidedUntil) }
    for row in fires.values where row.outcome == .waiting {
      let isThere = messages.open.values.contains { $0.trigger == Self.trigger && $0.due == row.due }
      try require(.dueOnce, isThere, "\(row.due.rfc3339) waits, and has no message")
    }
  }

  private mutating func take(_ row: ScheduleFireRow) throws(Violation) {
    try require(
      .dueOnce, decidedUntil.map { row.due <= $0 } ?? false,
      "\(row.due.rfc3339) is \(row.outcome.word), and its schedule has not come so far")
    let known = fires[row.due]
    if let job = known?.job {
      try require(
        .oneJobPerDue, row.job == nil || row.job == job, "\(row.due.rfc3339) has two jobs")
      // Only another start replaces a start.
      if row.job == nil { return }
    }
    fires[row.due] = row
  }

  /// Each due time of the stretch has its row, or lies in the stretch of one.
  private func checkRows(after start: Timestamp, upTo end: Timestamp) throws(Violation) {
    var due = (start.microseconds / Self.distance + 1) * Self.distance
    while due <= end.microseconds {
      let moment = Timestamp(microseconds: due)
      let isTold =
        fires[moment] != nil
        || fires.values.contains { row in row.last.map { row.due <= moment && moment <= $0 } ?? false }
      try require(.dueOnce, isTold, "\(moment.rfc3339) was decided and has no row")
      due += Self.distance
    }
  }

  /// Unless they may, no two of its jobs are live at once.
  func checkOverlap(_ overlap: ScheduleSpec.Overlap, _ books: [JobNumber: Book]) throws(Violation) {
    guard overlap != .allow else { return }
    let live = jobs.filter { books[$0]?.hasEnded == false }
    try require(.overlap, live.count <= 1, "\(live.count) jobs of the schedule are live")
  }

  func checkEnd() throws(Violation) {
    let waiting = fires.values.filter { $0.outcome == .waiting }.map(\.due.rfc3339).sorted()
    try require(.ends, waiting.isEmpty, "\(waiting) still wait for their turn")
  }
}
