public import Engine
public import Model
internal import Synchronization

/// Schedules, their due times and backfills, in the memory store.
struct MemorySchedules {
  var rows: [Trigger: ScheduleRow] = [:]
  var fires: [Due: ScheduleFireRow] = [:]
  var backfills: [ID<Backfill>: BackfillRow] = [:]

  struct Trigger: Hashable, Comparable {
    var pipeline: Name
    var trigger: ScalarString
    init(_ pipeline: PipelineName, _ trigger: String) {
      (self.pipeline, self.trigger) = (Name(pipeline.namespace, pipeline.name), ScalarString(trigger))
    }
    static func < (left: Self, right: Self) -> Bool {
      (left.pipeline, left.trigger) < (right.pipeline, right.trigger)
    }
  }

  struct Due: Hashable {
    var trigger: Trigger
    var at: Timestamp
  }

  mutating func apply(_ changes: [ScheduleChange]) {
    for change in changes {
      switch change {
      case .put(let row): rows[Trigger(row.pipeline, row.trigger)] = row
      case .remove(let pipeline, let trigger): rows[Trigger(pipeline, trigger)] = nil
      case .fire(let row, with: _):
        let due = Due(trigger: Trigger(row.pipeline, row.trigger), at: row.due)
        if fires[due]?.outcome != .started || row.outcome == .started { fires[due] = row }
      case .backfill(let row): backfills[row.id] = row
      }
    }
  }

  func schedules(in namespace: String?) -> [ScheduleRow] {
    rows.sorted { $0.key < $1.key }.map(\.value).filter { row in
      namespace.map { ScalarString($0) == ScalarString(row.pipeline.namespace) } ?? true
    }
  }

  func fires(_ filter: FireFilter) -> [ScheduleFireRow] {
    fires.values.filter { filter.takes($0) }.sorted { left, right in
      if left.due != right.due { return left.due > right.due }
      return Trigger(left.pipeline, left.trigger) < Trigger(right.pipeline, right.trigger)
    }
  }

  func backfills(in namespace: String?) -> [BackfillRow] {
    backfills.values.filter { row in
      namespace.map { ScalarString($0) == ScalarString(row.pipeline.namespace) } ?? true
    }.sorted { $0.id > $1.id }
  }
}

extension FireFilter {
  fileprivate func takes(_ row: ScheduleFireRow) -> Bool {
    if let namespace, ScalarString(namespace) != ScalarString(row.pipeline.namespace) { return false }
    if let pipeline, pipeline != row.pipeline { return false }
    if let trigger, ScalarString(trigger) != ScalarString(row.trigger) { return false }
    if !outcomes.isEmpty, !outcomes.contains(row.outcome) { return false }
    if let from, row.due < from { return false }
    if let to, row.due > to { return false }
    return true
  }
}

extension MemoryStore {
  public func schedules() throws(StoreError) -> [ScheduleRow] {
    rows.withLock { $0.schedules.schedules(in: nil) }
  }

  public func openBackfills() throws(StoreError) -> [BackfillRow] {
    rows.withLock { rows in
      rows.schedules.backfills(in: nil).reversed().filter { $0.state == .running || $0.state == .paused }
    }
  }

  public func readSchedules(in namespace: String?) throws(StoreError) -> [ScheduleRow] {
    rows.withLock { $0.schedules.schedules(in: namespace) }
  }

  public func fires(_ filter: FireFilter, limit: Int) throws(StoreError) -> [ScheduleFireRow] {
    rows.withLock { Array($0.schedules.fires(filter).prefix(limit)) }
  }

  public func fireCount(_ filter: FireFilter) throws(StoreError) -> Int {
    rows.withLock { $0.schedules.fires(filter).reduce(0) { $0 + $1.count } }
  }

  public func backfills(in namespace: String?, limit: Int) throws(StoreError) -> [BackfillRow] {
    rows.withLock { Array($0.schedules.backfills(in: namespace).prefix(limit)) }
  }

  public func backfill(_ id: ID<Backfill>) throws(StoreError) -> BackfillRow? {
    rows.withLock { $0.schedules.backfills[id] }
  }
}
