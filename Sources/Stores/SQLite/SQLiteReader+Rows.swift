public import Engine
public import Model

/// People, messages and limits, as lists and pages read them.
extension SQLiteReader {
  public func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(StoreError) -> [AskRow] {
    try ask { database throws(SQLiteError) in try database.asks(filter, before: before, limit: limit) }
  }

  public func ask(_ id: ID<Ask>) throws(StoreError) -> AskRow? {
    try ask { database throws(SQLiteError) in try database.ask(id) }
  }

  public func asks(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Ask>] {
    try ask { database throws(SQLiteError) in try database.ids("asks", withPrefix: prefix, limit: limit) }
  }

  public func answers(of ask: ID<Ask>) throws(StoreError) -> [AskAnswerRow] {
    try self.ask { database throws(SQLiteError) in try database.answers(of: ask) }
  }

  public func job(number: JobNumber) throws(StoreError) -> JobSummary? {
    try ask { database throws(SQLiteError) in try database.job(number: number) }
  }

  public func signals(in namespace: String?, limit: Int) throws(StoreError) -> [SignalRow] {
    try ask { database throws(SQLiteError) in try database.signals(in: namespace, limit: limit) }
  }

  public func refusals(in namespace: String?, limit: Int) throws(StoreError) -> [RefusalRow] {
    try ask { database throws(SQLiteError) in try database.refusals(in: namespace, limit: limit) }
  }

  public func triggerMessages(
    of pipeline: PipelineName, limit: Int
  ) throws(StoreError) -> [TriggerMessageRow] {
    try ask { database throws(SQLiteError) in try database.triggerMessages(of: pipeline, limit: limit) }
  }

  public func triggerMessage(_ id: ID<TriggerMessage>) throws(StoreError) -> TriggerMessageRow? {
    try ask { database throws(SQLiteError) in try database.triggerMessage(id) }
  }

  public func takenContents(
    _ contents: [String], by pipeline: PipelineName, trigger: String
  ) throws(StoreError) -> Set<String> {
    try ask { database throws(SQLiteError) in
      try database.takenContents(contents, by: pipeline, trigger: trigger)
    }
  }

  public func emitted(
    _ filter: EmittedFilter, after position: Int64, limit: Int
  ) throws(StoreError) -> [EmittedRow] {
    try ask { database throws(SQLiteError) in try database.emitted(filter, after: position, limit: limit) }
  }

  public func pauses(in namespace: String?) throws(StoreError) -> [PauseRecord] {
    try ask { database throws(SQLiteError) in try database.pauses(in: namespace) }
  }

  public func pause(of pipeline: PipelineName) throws(StoreError) -> PauseRecord? {
    try ask { database throws(SQLiteError) in try database.pause(of: pipeline) }
  }

  public func readSlots() throws(StoreError) -> [SlotRow] {
    try ask { database throws(SQLiteError) in try database.slots() }
  }

  public func revisions(of pipeline: PipelineName) throws(StoreError) -> [RevisionRecord] {
    try ask { database throws(SQLiteError) in try database.revisions(of: pipeline) }
  }
}
