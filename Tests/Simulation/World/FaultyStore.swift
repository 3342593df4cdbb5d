import Engine
import Model
import Synchronization

/// A store whose commits end as the world says. It outlives the nodes, and writes down what it has kept.
final class FaultyStore: Store {
  enum Fate: Sendable { case well, keptUnknown, lostUnknown, full }

  private let real: any Store
  private let log: Log
  private let fate = Mutex(Fate.well)

  init(_ real: any Store, _ log: Log) { (self.real, self.log) = (real, log) }

  /// Of the commits from now on.
  func become(_ fate: Fate) { self.fate.withLock { $0 = fate } }

  func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob] {
    let fate = fate.withLock(\.self)
    switch fate {
    case .full: throw .full("the disk is full")
    case .lostUnknown: throw .broken("the connection is lost")
    case .well, .keptUnknown: break
    }
    let refused = try real.commit(batch)
    log.add(.committed(copy batch, refused: refused))
    if fate == .keptUnknown { throw .broken("the connection is lost") }
    return refused
  }

  func checkpoint() throws(StoreError) { try real.checkpoint() }
  func liveJobs() throws(StoreError) -> [LiveJob] { try real.liveJobs() }

  func history(of job: JobNumber, after sequence: UInt32) throws(StoreError) -> [StoredEvent] {
    try real.history(of: job, after: sequence)
  }

  func snapshot(of job: JobNumber) throws(StoreError) -> StoredSnapshot? { try real.snapshot(of: job) }
  func body(_ id: BodyID) throws(StoreError) -> [UInt8]? { try real.body(id) }

  func job(ofIdempotencyKey key: String, pipeline: PipelineName) throws(StoreError) -> IdempotentJob? {
    try real.job(ofIdempotencyKey: key, pipeline: pipeline)
  }

  func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int] {
    if fate.withLock({ $0 == .full }) { throw .full("the disk is full") }
    return try real.raiseDriveCounts(of: jobs)
  }

  func revision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try real.revision(of: pipeline, number: number)
  }

  func connection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try real.connection(name, in: namespace)
  }

  func credential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try real.credential(name, in: namespace)
  }

  func waitingSignals() throws(StoreError) -> [SignalRow] { try real.waitingSignals() }

  func signal(messageID: String, name: String, in namespace: String) throws(StoreError) -> SignalRow? {
    try real.signal(messageID: messageID, name: name, in: namespace)
  }

  func openTriggerMessages() throws(StoreError) -> [TriggerMessageRow] { try real.openTriggerMessages() }
  func schedules() throws(StoreError) -> [ScheduleRow] { try real.schedules() }
  func openBackfills() throws(StoreError) -> [BackfillRow] { try real.openBackfills() }
  func deadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? { try real.deadLetter(id) }

  func openDeadLetters(of job: ID<Job>) throws(StoreError) -> [DeadLetterRow] {
    try real.openDeadLetters(of: job)
  }

  func openDeadLetterCount(in namespace: String) throws(StoreError) -> Int {
    try real.openDeadLetterCount(in: namespace)
  }

  func underWayDeadLetters() throws(StoreError) -> [ID<TriggerMessage>: Int64] {
    try real.underWayDeadLetters()
  }

  func heldSlots() throws(StoreError) -> [SlotRow] { try real.heldSlots() }
  func governors() throws(StoreError) -> [GovernorRow] { try real.governors() }

  func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow? {
    try real.cached(key, in: namespace)
  }

  func parkedJobs() throws(StoreError) -> [ParkedRow] { try real.parkedJobs() }
  func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob? { try real.liveJob(number) }
  func highestNumbers() throws(StoreError) -> (job: Int64, body: Int64) { try real.highestNumbers() }
}

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
