public import Engine
public import Model
internal import Synchronization

/// The questions of the journal's thread about people, messages and limits.
extension MemoryStore {
  public func waitingSignals() throws(StoreError) -> [SignalRow] {
    rows.withLock { $0.tables.waitingSignals }
  }

  public func signal(
    messageID: String, name: String, in namespace: String
  ) throws(StoreError) -> SignalRow? {
    rows.withLock { rows in
      let message = MemoryTables.Message(messageID, name: name, in: namespace)
      return rows.tables.messages[message].flatMap { rows.tables.signals[$0] }
    }
  }

  public func heldSlots() throws(StoreError) -> [SlotRow] {
    rows.withLock { $0.tables.slots.sorted { $0.key < $1.key }.map(\.value) }
  }

  public func governors() throws(StoreError) -> [GovernorRow] {
    rows.withLock { $0.tables.governors.sorted { $0.key < $1.key }.map(\.value) }
  }

  public func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow? {
    rows.withLock { $0.tables.caches[Name(namespace, key)] }
  }

  public func parkedJobs() throws(StoreError) -> [ParkedRow] {
    rows.withLock { $0.tables.parked.values.sorted { $0.job < $1.job } }
  }

  public func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob? {
    rows.withLock { $0.liveJob(number) }
  }
}

/// The same for lists and pages.
extension MemoryStore {
  public func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(StoreError) -> [AskRow] {
    rows.withLock { $0.tables.asks(filter, before: before, limit: limit) }
  }

  public func ask(_ id: ID<Ask>) throws(StoreError) -> AskRow? { rows.withLock { $0.tables.asks[id] } }

  public func asks(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Ask>] {
    let prefix = prefix.lowercased()
    return rows.withLock { rows in
      Array(rows.tables.asks.keys.filter { $0.description.hasPrefix(prefix) }.sorted().prefix(limit))
    }
  }

  public func answers(of ask: ID<Ask>) throws(StoreError) -> [AskAnswerRow] {
    rows.withLock { $0.tables.answers[ask] ?? [] }
  }

  public func job(number: JobNumber) throws(StoreError) -> JobSummary? {
    rows.withLock { $0.jobs[number]?.summary }
  }

  public func signals(in namespace: String?, limit: Int) throws(StoreError) -> [SignalRow] {
    rows.withLock { $0.tables.signals(in: namespace, limit: limit) }
  }

  public func refusals(in namespace: String?, limit: Int) throws(StoreError) -> [RefusalRow] {
    rows.withLock { $0.tables.refusals(in: namespace, limit: limit) }
  }

  public func pauses(in namespace: String?) throws(StoreError) -> [PauseRecord] {
    rows.withLock { $0.catalog.pauses.inOrder(namespace) }
  }

  public func pause(of pipeline: PipelineName) throws(StoreError) -> PauseRecord? {
    rows.withLock { $0.catalog.pauses[Name(pipeline.namespace, pipeline.name)] }
  }

  public func readSlots() throws(StoreError) -> [SlotRow] { try heldSlots() }

  public func revisions(of pipeline: PipelineName) throws(StoreError) -> [RevisionRecord] {
    rows.withLock { rows in
      let records = rows.catalog.revisions[Name(pipeline.namespace, pipeline.name)] ?? []
      return records.reversed().map { record in
        var record = record
        record.files = []
        return record
      }
    }
  }
}
