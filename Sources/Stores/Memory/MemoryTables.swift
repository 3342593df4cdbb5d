internal import Engine
internal import Model

/// People, messages and limits in the memory store.
struct MemoryTables {
  var asks: [ID<Ask>: AskRow] = [:]
  var answers: [ID<Ask>: [AskAnswerRow]] = [:]
  var signals: [ID<Signal>: SignalRow] = [:]
  var messages: [Message: ID<Signal>] = [:]
  var slots: [SlotName: SlotRow] = [:]
  var governors: [ScalarString: GovernorRow] = [:]
  var caches: [Name: CacheRow] = [:]
  var refusals: [RefusalRow] = []
  var parked: [JobNumber: ParkedRow] = [:]

  struct SlotName: Hashable, Comparable {
    var key: ScalarString
    var number: Int
    static func < (left: Self, right: Self) -> Bool { (left.key, left.number) < (right.key, right.number) }
  }

  struct Message: Hashable {
    var name: Name
    var id: ScalarString
    init(_ id: String, name: String, in namespace: String) {
      (self.name, self.id) = (Name(namespace, name), ScalarString(id))
    }
  }

  /// A message id belongs to one signal of its name.
  func allows(_ signals: [SignalRow]) -> Bool {
    var after = messages
    for row in signals {
      guard let message = row.message else { continue }
      if let other = after[message], other != row.id { return false }
      after[message] = row.id
    }
    return true
  }

  mutating func apply(_ batch: Batch) {
    for row in batch.asks { asks[row.id] = row }
    for row in batch.answers { answers[row.ask, default: []].append(row) }
    for row in batch.signals {
      signals[row.id] = row
      if let message = row.message { messages[message] = row.id }
    }
    for row in batch.parked { parked[row.job] = row }
    for job in batch.unparked { parked[job] = nil }
    for row in batch.governors { governors[ScalarString(row.key)] = row }
    refusals += batch.refusals
    if let moment = batch.signalsForgotten { forgetSignals(before: moment) }
    if let moment = batch.cachesForgotten { caches = caches.filter { $0.value.expiresAt >= moment } }
  }

  mutating func erase(_ job: ExpiredJob) {
    caches = caches.filter { $0.value.job != job.id.description }
    for row in signals.values where row.takenBy == job.number {
      signals[row.id] = nil
      if let message = row.message { messages[message] = nil }
    }
  }

  mutating func keep(_ row: CacheRow) { caches[Name(row.namespace, row.key)] = row }

  /// False: the slot is held.
  mutating func apply(_ change: SlotChange) -> Bool {
    switch change {
    case .take(let row):
      let name = SlotName(key: ScalarString(row.key), number: row.number)
      if slots[name] != nil { return false }
      slots[name] = row
    case .free(let key, let number, let job):
      let name = SlotName(key: ScalarString(key), number: number)
      if slots[name]?.job == job { slots[name] = nil }
    }
    return true
  }

  private mutating func forgetSignals(before moment: Timestamp) {
    for row in signals.values where row.state != .waiting && row.expiresAt < moment {
      signals[row.id] = nil
      if let message = row.message { messages[message] = nil }
    }
  }
}

extension MemoryTables {
  func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) -> [AskRow] {
    let assignees = Set(filter.assignees.map { ScalarString($0) })
    func matches(_ row: AskRow) -> Bool {
      if let before, filter.isOldestFirst ? row.id <= before : row.id >= before { return false }
      if let job = filter.job, row.job != job { return false }
      if let namespace = filter.namespace, ScalarString(namespace) != ScalarString(row.namespace) {
        return false
      }
      if !filter.states.isEmpty, !filter.states.contains(row.state) { return false }
      return assignees.isEmpty || row.assignees.contains { assignees.contains(ScalarString($0)) }
    }
    let found = asks.values.filter(matches).sorted { ($0.id < $1.id) == filter.isOldestFirst }
    return Array(found.prefix(limit))
  }

  var waitingSignals: [SignalRow] {
    signals.values.filter { $0.state == .waiting }.sorted { ($0.receivedAt, $0.id) < ($1.receivedAt, $1.id) }
  }

  func signals(in namespace: String?, limit: Int) -> [SignalRow] {
    let rows = signals.values.filter { Self.isWithin(namespace, $0.namespace) }.sorted { $0.id > $1.id }
    return Array(rows.prefix(limit))
  }

  func refusals(in namespace: String?, limit: Int) -> [RefusalRow] {
    Array(refusals.reversed().filter { Self.isWithin(namespace, $0.namespace) }.prefix(limit))
  }

  private static func isWithin(_ wanted: String?, _ namespace: String) -> Bool {
    wanted.map { ScalarString($0) == ScalarString(namespace) } ?? true
  }
}

extension SignalRow {
  fileprivate var message: MemoryTables.Message? {
    messageID.map { MemoryTables.Message($0, name: name, in: namespace) }
  }
}
