public import Engine
public import Model
internal import Synchronization

/// What triggers were given and what steps emitted, in the memory store.
struct MemoryTriggers {
  var messages: [ID<TriggerMessage>: TriggerMessageRow] = [:]
  /// With the batch that took each.
  var taken: [Content: ID<TriggerMessage>] = [:]
  /// By namespace, oldest first.
  var emitted: [ScalarString: [EmittedRow]] = [:]
  private var eventKeys: Set<Name> = []
  private var lastPosition: Int64 = 0

  struct Content: Hashable {
    var pipeline: Name
    var place: Name
    init(_ sha256: String, by pipeline: PipelineName, trigger: String) {
      (self.pipeline, place) = (Name(pipeline.namespace, pipeline.name), Name(trigger, sha256))
    }
  }

  mutating func apply(_ batch: Batch) {
    for change in batch.triggers { apply(change) }
    for row in batch.emitted { keep(row) }
  }

  private mutating func apply(_ change: TriggerChange) {
    switch change {
    case .put(var row, with: _):
      if row.body.isEmpty, let stored = messages[row.id] { row.body = stored.body }
      messages[row.id] = row
    case .remove(let id, with: _): messages[id] = nil
    case .taken(let contents, let batch, let pipeline, let trigger, at: _):
      for sha256 in contents {
        let content = Content(sha256, by: pipeline, trigger: trigger)
        if taken[content] == nil { taken[content] = batch }
      }
    case .released(let batch): taken = taken.filter { $0.value != batch }
    }
  }

  private mutating func keep(_ row: EmittedRow) {
    let namespace = ScalarString(row.namespace)
    guard eventKeys.insert(Name(row.namespace, row.key)).inserted else { return }
    var kept = row
    lastPosition += 1
    kept.position = lastPosition
    emitted[namespace, default: []].append(kept)
    guard let count = emitted[namespace]?.count, count > EmittedRow.kept else { return }
    let gone = emitted[namespace]?.removeFirst()
    if let gone { eventKeys.remove(Name(gone.namespace, gone.key)) }
  }

  func oldEvents(in namespace: String, before: Timestamp) -> [EmittedRow] {
    (emitted[ScalarString(namespace)] ?? []).filter { $0.at < before }
  }

  mutating func delete(_ event: EmittedRow) {
    emitted[ScalarString(event.namespace)]?.removeAll { $0.position == event.position }
    eventKeys.remove(Name(event.namespace, event.key))
  }

  mutating func erase(_ job: ID<Job>) {
    let name = job.description
    for row in emitted.values.joined() where row.job == name { delete(row) }
  }

  /// Oldest first, without bodies.
  func all(of pipeline: PipelineName?) -> [TriggerMessageRow] {
    messages.values.filter { pipeline == nil || $0.pipeline == pipeline }
      .sorted { ($0.receivedAt, $0.id) < ($1.receivedAt, $1.id) }.map { row in
        var row = row
        row.body = []
        return row
      }
  }
}

extension MemoryStore {
  public func openTriggerMessages() throws(StoreError) -> [TriggerMessageRow] {
    rows.withLock { $0.triggers.all(of: nil) }
  }

  public func triggerMessages(
    of pipeline: PipelineName, limit: Int
  ) throws(StoreError) -> [TriggerMessageRow] {
    rows.withLock { Array($0.triggers.all(of: pipeline).prefix(limit)) }
  }

  public func triggerMessage(_ id: ID<TriggerMessage>) throws(StoreError) -> TriggerMessageRow? {
    rows.withLock { $0.triggers.messages[id] }
  }

  public func takenContents(
    _ contents: [String], by pipeline: PipelineName, trigger: String
  ) throws(StoreError) -> Set<String> {
    rows.withLock { rows in
      Set(
        contents.filter {
          rows.triggers.taken[MemoryTriggers.Content($0, by: pipeline, trigger: trigger)] != nil
        })
    }
  }

  public func emitted(
    _ filter: EmittedFilter, after position: Int64, limit: Int
  ) throws(StoreError) -> [EmittedRow] {
    rows.withLock { rows in
      let own = rows.triggers.emitted[ScalarString(filter.namespace)] ?? []
      let matching = own.lazy.filter { row in
        row.position > position && row.position < filter.before ?? .max
          && (filter.room.map { ScalarString($0) == ScalarString(row.room) } ?? true)
          && (filter.type.map { ScalarString($0) == ScalarString(row.type) } ?? true)
      }
      return Array(filter.isNewestFirst ? matching.suffix(limit).reversed() : Array(matching.prefix(limit)))
    }
  }
}
