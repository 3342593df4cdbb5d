import Engine
import Model

// Messages that leave.
extension FaultyStore {
  func outboxCount(of destination: String) throws(StoreError) -> Int {
    try real.outboxCount(of: destination)
  }
  func outboxRow(of destination: String, event: String) throws(StoreError) -> OutboxRow? {
    try real.outboxRow(of: destination, event: event)
  }
  func delivery(_ id: Int64) throws(StoreError) -> DeliveryRow? { try real.delivery(id) }
  func disabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try real.disabledDestinations()
  }
  func outboxDestinations() throws(StoreError) -> [String] { try real.outboxDestinations() }
}

extension WatchedReader {
  func dueOutbox(
    of destination: String, at now: Timestamp, horizon: Timestamp, limit: Int
  ) throws(StoreError) -> [OutboxHead] {
    try real.dueOutbox(of: destination, at: now, horizon: horizon, limit: limit)
  }
  func nextOutbox(of destination: String, after now: Timestamp) throws(StoreError) -> Timestamp? {
    try real.nextOutbox(of: destination, after: now)
  }
  func readOutboxRow(_ position: Int64) throws(StoreError) -> OutboxRow? { try real.readOutboxRow(position) }
  func outboxSummaries() throws(StoreError) -> [OutboxSummary] { try real.outboxSummaries() }
  func readDisabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try real.readDisabledDestinations()
  }
  func deliveries(
    of destination: String, before: Int64?, limit: Int, oldestFirst: Bool
  ) throws(StoreError) -> [DeliveryRow] {
    try real.deliveries(of: destination, before: before, limit: limit, oldestFirst: oldestFirst)
  }
}
