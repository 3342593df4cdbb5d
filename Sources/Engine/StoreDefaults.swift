public import Model

extension Store {
  public func waitingSignals() throws(StoreError) -> [SignalRow] { [] }
  public func signal(
    messageID: String, name: String, in namespace: String
  ) throws(StoreError) -> SignalRow? { nil }
  public func heldSlots() throws(StoreError) -> [SlotRow] { [] }
  public func governors() throws(StoreError) -> [GovernorRow] { [] }
  public func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow? { nil }
  public func parkedJobs() throws(StoreError) -> [ParkedRow] { [] }
  public func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob? { nil }
}

extension ReadModel {
  public func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(StoreError) -> [AskRow] { [] }
  public func ask(_ id: ID<Ask>) throws(StoreError) -> AskRow? { nil }
  public func asks(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Ask>] { [] }
  public func answers(of ask: ID<Ask>) throws(StoreError) -> [AskAnswerRow] { [] }
  public func job(number: JobNumber) throws(StoreError) -> JobSummary? { nil }
  public func signals(in namespace: String?, limit: Int) throws(StoreError) -> [SignalRow] { [] }
  public func refusals(in namespace: String?, limit: Int) throws(StoreError) -> [RefusalRow] { [] }
  public func deadLetters(in namespace: String?, limit: Int) throws(StoreError) -> [DeadLetterRow] { [] }
  public func pauses(in namespace: String?) throws(StoreError) -> [PauseRecord] { [] }
  public func pause(of pipeline: PipelineName) throws(StoreError) -> PauseRecord? { nil }
  public func readSlots() throws(StoreError) -> [SlotRow] { [] }
  public func revisions(of pipeline: PipelineName) throws(StoreError) -> [RevisionRecord] { [] }
}
