public import Engine
public import Model

/// The questions of the journal's thread about people, messages and limits.
extension SQLiteStore {
  public func waitingSignals() throws(StoreError) -> [SignalRow] {
    try ask { database throws(SQLiteError) in try database.waitingSignals() }
  }

  public func signal(
    messageID: String, name: String, in namespace: String
  ) throws(StoreError) -> SignalRow? {
    try ask { database throws(SQLiteError) in
      try database.signal(messageID: messageID, name: name, in: namespace)
    }
  }

  public func openTriggerMessages() throws(StoreError) -> [TriggerMessageRow] {
    try ask { database throws(SQLiteError) in try database.openTriggerMessages() }
  }

  public func heldSlots() throws(StoreError) -> [SlotRow] {
    try ask { database throws(SQLiteError) in try database.slots() }
  }

  public func governors() throws(StoreError) -> [GovernorRow] {
    try ask { database throws(SQLiteError) in try database.governors() }
  }

  public func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow? {
    try ask { database throws(SQLiteError) in try database.cached(key, in: namespace) }
  }

  public func parkedJobs() throws(StoreError) -> [ParkedRow] {
    try ask { database throws(SQLiteError) in try database.parkedJobs() }
  }

  public func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob? {
    try ask { database throws(SQLiteError) in try database.liveJob(number) }
  }
}

/// The read model is the reader's.
extension SQLiteStore {
  public func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(StoreError) -> [AskRow] {
    try reader.asks(filter, before: before, limit: limit)
  }
  public func ask(_ id: ID<Ask>) throws(StoreError) -> AskRow? {
    try reader.ask(id)
  }
  public func asks(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Ask>] {
    try reader.asks(withPrefix: prefix, limit: limit)
  }
  public func answers(of ask: ID<Ask>) throws(StoreError) -> [AskAnswerRow] {
    try reader.answers(of: ask)
  }
  public func job(number: JobNumber) throws(StoreError) -> JobSummary? {
    try reader.job(number: number)
  }
  public func signals(in namespace: String?, limit: Int) throws(StoreError) -> [SignalRow] {
    try reader.signals(in: namespace, limit: limit)
  }
  public func refusals(in namespace: String?, limit: Int) throws(StoreError) -> [RefusalRow] {
    try reader.refusals(in: namespace, limit: limit)
  }
  public func triggerMessages(
    of pipeline: PipelineName, limit: Int
  ) throws(StoreError) -> [TriggerMessageRow] {
    try reader.triggerMessages(of: pipeline, limit: limit)
  }
  public func triggerMessage(_ id: ID<TriggerMessage>) throws(StoreError) -> TriggerMessageRow? {
    try reader.triggerMessage(id)
  }
  public func takenContents(
    _ contents: [String], by pipeline: PipelineName, trigger: String
  ) throws(StoreError) -> Set<String> {
    try reader.takenContents(contents, by: pipeline, trigger: trigger)
  }
  public func emitted(
    _ filter: EmittedFilter, after position: Int64, limit: Int
  ) throws(StoreError) -> [EmittedRow] {
    try reader.emitted(filter, after: position, limit: limit)
  }
  public func pauses(in namespace: String?) throws(StoreError) -> [PauseRecord] {
    try reader.pauses(in: namespace)
  }
  public func pause(of pipeline: PipelineName) throws(StoreError) -> PauseRecord? {
    try reader.pause(of: pipeline)
  }
  public func readSlots() throws(StoreError) -> [SlotRow] {
    try reader.readSlots()
  }
  public func revisions(of pipeline: PipelineName) throws(StoreError) -> [RevisionRecord] {
    try reader.revisions(of: pipeline)
  }
}
