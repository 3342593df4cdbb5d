public import Engine
public import Model
internal import Synchronization

/// What triggers were given and what steps emitted, in the memory store.
struct MemoryTriggers {
  var messages: [ID<TriggerMessage>: TriggerMessageRow] = [:]
  var taken: Set<Content> = []
  var emitted: [EmittedRow] = []
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
    case .taken(let contents, let pipeline, let trigger, at: _):
      for sha256 in contents { taken.insert(Content(sha256, by: pipeline, trigger: trigger)) }
    }
  }

  private mutating func keep(_ row: EmittedRow) {
    let isKnown = emitted.contains {
      ScalarString($0.namespace) == ScalarString(row.namespace) && $0.key == row.key
    }
    if isKnown { return }
    var kept = row
    lastPosition += 1
    kept.position = lastPosition
    emitted.append(kept)
    let own = emitted.filter { ScalarString($0.namespace) == ScalarString(row.namespace) }
    guard own.count > EmittedRow.kept else { return }
    let oldest = own[own.count - EmittedRow.kept].position
    emitted.removeAll {
      ScalarString($0.namespace) == ScalarString(row.namespace) && $0.position < oldest
    }
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
          rows.triggers.taken.contains(MemoryTriggers.Content($0, by: pipeline, trigger: trigger))
        })
    }
  }

  public func emitted(
    _ filter: EmittedFilter, after position: Int64, limit: Int
  ) throws(StoreError) -> [EmittedRow] {
    rows.withLock { rows in
      let matching = rows.triggers.emitted.lazy.filter { row in
        row.position > position && ScalarString(row.namespace) == ScalarString(filter.namespace)
          && (filter.room.map { ScalarString($0) == ScalarString(row.room) } ?? true)
          && (filter.type.map { ScalarString($0) == ScalarString(row.type) } ?? true)
      }
      return Array(matching.prefix(limit))
    }
  }
}
