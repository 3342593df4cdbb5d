internal import Engine
internal import Model

/// Writes messages that leave, and what became of them.
struct OutboxWriter: ~Copyable {
  private let put: Statement
  private let tried: Statement
  private let remove: Statement
  private let drop: Statement
  private let promote: Statement
  private let deliver: Statement
  private let trim: Statement
  /// Deliveries to each destination since the file was opened.
  private var counts: [String: Int] = [:]

  /// Old deliveries go with each so many new ones.
  static let betweenTrims = 64

  /// The first of a destination's lane is due at its time, unless it is held.
  static let promotion = SQL.promote

  init(_ database: borrowing Database) throws(SQLiteError) {
    let put = try database.prepare(SQL.put)
    let tried = try database.prepare(SQL.tried)
    let remove = try database.prepare(SQL.remove)
    let drop = try database.prepare(SQL.drop)
    let promote = try database.prepare(SQL.promote)
    let deliver = try database.prepare(SQL.deliver)
    let trim = try database.prepare(SQL.trim)
    // Together, after the last `throws`: a `~Copyable` value cannot be half made.
    self.put = put
    self.tried = tried
    self.remove = remove
    self.drop = drop
    self.promote = promote
    self.deliver = deliver
    self.trim = trim
  }

  mutating func write(_ changes: [OutboxChange], _ database: borrowing Database) throws(SQLiteError) {
    for change in changes {
      switch change {
      case .put(let row, with: _): try write(row)
      case .tried(let position, let tries, let nextAt, let error, let isHeld):
        try tried.run([
          .integer(position), .integer(Int64(tries)), .integer(nextAt.microseconds), .text(error.text),
          .integer(isHeld ? 1 : 0),
        ])
      case .remove(let position):
        remove.bind([.integer(position)])
        try finish(remove)
      case .drop(let destination, let event):
        drop.bind([.text(destination), .text(event)])
        try finish(drop)
      case .disable(let row):
        try database.query(
          "INSERT OR REPLACE INTO disabled_destinations VALUES(?, ?, ?)",
          [.text(row.name), .text(row.reason), .integer(row.at.microseconds)])
      case .enable(let name):
        try database.query("DELETE FROM disabled_destinations WHERE name = ?", [.text(name)])
      case .delivery(let row): try write(row)
      }
    }
  }

  private func write(_ row: OutboxRow) throws(SQLiteError) {
    try put.run([
      .text(row.destination), .text(row.namespace), .text(row.lane), .text(row.event), .text(row.type),
      SQLValue(row.pipeline?.description), SQLValue(row.job?.description), .integer(row.isHeld ? 1 : 0),
      .integer(Int64(row.tries)), .integer(row.firstAt.microseconds), .integer(row.nextAt.microseconds),
      row.error.map { .text($0.text) } ?? .null, .bytes(row.body),
    ])
    try promote.run([.text(row.destination), .text(row.lane)])
  }

  /// Removes what the statement means; the next of its lane comes first.
  private func finish(_ removal: borrowing Statement) throws(SQLiteError) {
    var lane: (destination: String, name: String)?
    while try removal.next() { lane = (removal.text(0), removal.text(1)) }
    guard let lane else { return }
    try promote.run([.text(lane.destination), .text(lane.name)])
  }

  private mutating func write(_ row: DeliveryRow) throws(SQLiteError) {
    try deliver.run([
      .text(row.destination), .text(row.namespace), .text(row.event), .text(row.type), .text(row.lane),
      SQLValue(row.pipeline?.description), SQLValue(row.job?.description), .integer(Int64(row.attempt)),
      .text(row.outcome.rawValue), SQLValue(row.status.map(Int64.init)),
      .integer(row.duration.microseconds), .text(row.code), .text(row.message),
      .integer(row.at.microseconds), .bytes(row.body),
    ])
    let count = counts[row.destination, default: 0]
    counts[row.destination] = count + 1
    // The first too, so that servers that never send so many between two starts trim as well.
    guard count.isMultiple(of: Self.betweenTrims) else { return }
    try trim.run([.text(row.destination), .integer(Int64(DeliveryRow.kept))])
  }
}

private enum SQL {
  static let put = """
    INSERT INTO outbox(destination, namespace, lane, event, type, pipeline, job, held, tries, first_at,
      due_at, error, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT(destination, event) DO UPDATE SET held = ?8, tries = ?9, due_at = ?11,
      next_at = CASE WHEN next_at IS NULL THEN NULL ELSE ?11 END, error = ?12
    """
  static let tried = """
    UPDATE outbox SET tries = ?2, due_at = ?3, next_at = CASE ?5 WHEN 0 THEN ?3 ELSE NULL END, error = ?4,
      held = ?5 WHERE position = ?1
    """
  static let remove = "DELETE FROM outbox WHERE position = ? RETURNING destination, lane"
  static let drop = "DELETE FROM outbox WHERE destination = ? AND event = ? RETURNING destination, lane"
  /// The first of the lane is due at its time, unless it is held.
  static let promote = """
    UPDATE outbox SET next_at = due_at WHERE held = 0 AND next_at IS NULL AND position =
      (SELECT min(position) FROM outbox WHERE destination = ?1 AND lane = ?2)
    """
  static let deliver = """
    INSERT INTO deliveries(destination, namespace, event, type, lane, pipeline, job, attempt, outcome, status,
      duration, code, message, at, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
  static let trim = """
    DELETE FROM deliveries WHERE destination = ?1 AND id <=
      (SELECT id FROM deliveries WHERE destination = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
    """
}
