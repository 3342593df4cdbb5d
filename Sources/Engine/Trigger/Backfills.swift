internal import Model

/// The backfills that go on, and which of their jobs are live. Part of `Jobs`.
struct Backfills {
  private(set) var rows: [ID<Backfill>: BackfillRow] = [:]
  private var live: [ID<Backfill>: Set<JobNumber>] = [:]
  private var owners: [JobNumber: ID<Backfill>] = [:]

  /// Backfills that go on at once; more are refused.
  static let most = 100

  var count: Int { rows.count }
  /// In the order in which they were made.
  var ids: [ID<Backfill>] { rows.keys.sorted() }

  subscript(id: ID<Backfill>) -> BackfillRow? { rows[id] }

  mutating func keep(_ row: BackfillRow) {
    switch row.state {
    case .running, .paused: rows[row.id] = row
    case .cancelled, .done: rows[row.id] = nil
    }
  }

  mutating func enter(_ job: JobNumber, of id: ID<Backfill>) {
    live[id, default: []].insert(job)
    owners[job] = id
  }

  /// The backfill whose job it was.
  mutating func leave(_ job: JobNumber) -> ID<Backfill>? {
    guard let id = owners.removeValue(forKey: job) else { return nil }
    live[id]?.remove(job)
    if live[id]?.isEmpty == true { live[id] = nil }
    return id
  }

  func liveCount(of id: ID<Backfill>) -> Int { live[id]?.count ?? 0 }
}
