public import Engine
public import Model
internal import Synchronization

/// Messages that leave, in the memory store.
struct MemoryOutbox {
  /// In the order of their positions.
  private(set) var rows: [OutboxRow] = []
  private(set) var deliveries: [DeliveryRow] = []
  private(set) var disabled: [ScalarString: DisabledDestination] = [:]
  private var lastPosition: Int64 = 0
  private var lastDelivery: Int64 = 0

  mutating func apply(_ changes: [OutboxChange]) {
    for change in changes {
      switch change {
      case .put(let row, with: _): put(row)
      case .tried(let position, let tries, let nextAt, let error, let isHeld):
        guard let index = rows.firstIndex(where: { $0.position == position }) else { continue }
        (rows[index].tries, rows[index].nextAt) = (tries, nextAt)
        (rows[index].error, rows[index].isHeld) = (error, isHeld)
      case .remove(let position): rows.removeAll { $0.position == position }
      case .drop(let destination, let event): rows.removeAll { $0.isMessage(event, of: destination) }
      case .disable(let row): disabled[ScalarString(row.name)] = row
      case .enable(let name): disabled[ScalarString(name)] = nil
      case .delivery(let row): add(row)
      }
    }
  }

  private mutating func put(_ row: OutboxRow) {
    if let index = rows.firstIndex(where: { $0.isMessage(row.event, of: row.destination) }) {
      (rows[index].isHeld, rows[index].tries) = (row.isHeld, row.tries)
      (rows[index].nextAt, rows[index].error) = (row.nextAt, row.error)
      return
    }
    var row = row
    lastPosition += 1
    row.position = lastPosition
    rows.append(row)
  }

  private mutating func add(_ row: DeliveryRow) {
    var row = row
    lastDelivery += 1
    row.id = lastDelivery
    deliveries.append(row)
    let own = deliveries.filter { $0.isOf(row.destination) }
    guard own.count > DeliveryRow.kept else { return }
    let oldest = own[own.count - DeliveryRow.kept].id
    deliveries.removeAll { $0.isOf(row.destination) && $0.id < oldest }
  }

  mutating func erase(_ job: ID<Job>) { rows.removeAll { $0.job == job } }

  mutating func deleteDeliveries(of job: ID<Job>) { deliveries.removeAll { $0.job == job } }

  /// The first of each lane, where it is not held.
  func heads(of destination: String) -> [OutboxRow] {
    var seen: Set<ScalarString> = []
    return rows.filter {
      ScalarString($0.destination) == ScalarString(destination) && seen.insert(ScalarString($0.lane)).inserted
        && !$0.isHeld
    }
  }

  var destinations: [ScalarString] { Set(rows.map { ScalarString($0.destination) }).sorted() }

  func summary(of destination: ScalarString) -> OutboxSummary {
    let own = rows.filter { ScalarString($0.destination) == destination }
    return OutboxSummary(
      destination: destination.string, waiting: own.count,
      oldestAt: own.map(\.firstAt).min() ?? Timestamp(microseconds: 0),
      failing: heads(of: destination.string).filter { $0.tries > 0 }.count,
      held: own.filter(\.isHeld).count)
  }
}

extension OutboxRow {
  fileprivate func isMessage(_ event: String, of destination: String) -> Bool {
    ScalarString(self.event) == ScalarString(event)
      && ScalarString(self.destination) == ScalarString(destination)
  }
}

extension DeliveryRow {
  fileprivate func isOf(_ destination: String) -> Bool {
    ScalarString(self.destination) == ScalarString(destination)
  }
}

extension MemoryStore {
  public func outboxCount(of destination: String) throws(StoreError) -> Int {
    rows.withLock { rows in
      rows.outbox.rows.filter { ScalarString($0.destination) == ScalarString(destination) }.count
    }
  }

  public func outboxRow(of destination: String, event: String) throws(StoreError) -> OutboxRow? {
    rows.withLock { $0.outbox.rows.first { $0.isMessage(event, of: destination) } }
  }

  public func delivery(_ id: Int64) throws(StoreError) -> DeliveryRow? {
    rows.withLock { $0.outbox.deliveries.first { $0.id == id } }
  }

  public func disabledDestinations() throws(StoreError) -> [DisabledDestination] {
    rows.withLock { $0.outbox.disabled.sorted { $0.key < $1.key }.map(\.value) }
  }

  public func outboxDestinations() throws(StoreError) -> [String] {
    rows.withLock { $0.outbox.destinations.map(\.string) }
  }

  public func dueOutbox(
    of destination: String, at now: Timestamp, horizon: Timestamp, limit: Int
  ) throws(StoreError) -> [OutboxHead] {
    rows.withLock { rows in
      let heads = rows.outbox.heads(of: destination).sorted {
        ($0.nextAt, $0.position) < ($1.nextAt, $1.position)
      }
      let due = heads.filter { $0.nextAt <= now } + heads.filter { $0.nextAt > horizon }
      return due.prefix(limit).map { OutboxHead(position: $0.position, lane: $0.lane) }
    }
  }

  public func nextOutbox(of destination: String, after now: Timestamp) throws(StoreError) -> Timestamp? {
    rows.withLock { $0.outbox.heads(of: destination).map(\.nextAt).filter { $0 > now }.min() }
  }

  public func readOutboxRow(_ position: Int64) throws(StoreError) -> OutboxRow? {
    rows.withLock { $0.outbox.rows.first { $0.position == position } }
  }

  public func outboxSummaries() throws(StoreError) -> [OutboxSummary] {
    rows.withLock { rows in rows.outbox.destinations.map { rows.outbox.summary(of: $0) } }
  }

  public func readDisabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try disabledDestinations()
  }

  public func deliveries(
    of destination: String, before: Int64?, limit: Int, oldestFirst: Bool
  ) throws(StoreError) -> [DeliveryRow] {
    rows.withLock { rows in
      let all = oldestFirst ? rows.outbox.deliveries : rows.outbox.deliveries.reversed()
      let own = all.filter { row in
        row.isOf(destination) && (before.map { oldestFirst ? row.id > $0 : row.id < $0 } ?? true)
      }
      return own.prefix(limit).map { row in
        var row = row
        row.body = []
        return row
      }
    }
  }
}
