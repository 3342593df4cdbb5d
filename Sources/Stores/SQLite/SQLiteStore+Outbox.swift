public import Engine
public import Model

/// The questions of the journal's thread about messages that leave.
extension SQLiteStore {
  public func outboxCount(of destination: String) throws(StoreError) -> Int {
    try ask { database throws(SQLiteError) in try database.outboxCount(of: destination) }
  }
  public func outboxRow(of destination: String, event: String) throws(StoreError) -> OutboxRow? {
    try ask { database throws(SQLiteError) in try database.outboxRow(of: destination, event: event) }
  }
  public func delivery(_ id: Int64) throws(StoreError) -> DeliveryRow? {
    try ask { database throws(SQLiteError) in try database.delivery(id) }
  }
  public func disabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try ask { database throws(SQLiteError) in try database.disabledDestinations() }
  }
  public func outboxDestinations() throws(StoreError) -> [String] {
    try ask { database throws(SQLiteError) in try database.outboxDestinations() }
  }
}

/// The read model is the reader's.
extension SQLiteStore {
  public func dueOutbox(
    of destination: String, at now: Timestamp, horizon: Timestamp, limit: Int
  ) throws(StoreError) -> [OutboxHead] {
    try reader.dueOutbox(of: destination, at: now, horizon: horizon, limit: limit)
  }
  public func nextOutbox(of destination: String, after now: Timestamp) throws(StoreError) -> Timestamp? {
    try reader.nextOutbox(of: destination, after: now)
  }
  public func readOutboxRow(_ position: Int64) throws(StoreError) -> OutboxRow? {
    try reader.readOutboxRow(position)
  }
  public func outboxSummaries() throws(StoreError) -> [OutboxSummary] { try reader.outboxSummaries() }
  public func readDisabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try reader.readDisabledDestinations()
  }
  public func deliveries(
    of destination: String, before: Int64?, limit: Int, oldestFirst: Bool
  ) throws(StoreError) -> [DeliveryRow] {
    try reader.deliveries(of: destination, before: before, limit: limit, oldestFirst: oldestFirst)
  }
}

/// Messages that leave, as the publisher, lists and pages read them.
extension SQLiteReader {
  public func dueOutbox(
    of destination: String, at now: Timestamp, horizon: Timestamp, limit: Int
  ) throws(StoreError) -> [OutboxHead] {
    try ask { database throws(SQLiteError) in
      try database.dueOutbox(of: destination, at: now, horizon: horizon, limit: limit)
    }
  }

  public func nextOutbox(of destination: String, after now: Timestamp) throws(StoreError) -> Timestamp? {
    try ask { database throws(SQLiteError) in try database.nextOutbox(of: destination, after: now) }
  }

  public func readOutboxRow(_ position: Int64) throws(StoreError) -> OutboxRow? {
    try ask { database throws(SQLiteError) in try database.outboxRow(position) }
  }

  public func outboxSummaries() throws(StoreError) -> [OutboxSummary] {
    try ask { database throws(SQLiteError) in try database.outboxSummaries() }
  }

  public func readDisabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try ask { database throws(SQLiteError) in try database.disabledDestinations() }
  }

  public func deliveries(
    of destination: String, before: Int64?, limit: Int, oldestFirst: Bool
  ) throws(StoreError) -> [DeliveryRow] {
    try ask { database throws(SQLiteError) in
      try database.deliveries(of: destination, before: before, limit: limit, oldestFirst: oldestFirst)
    }
  }
}
