import Engine
import Model
import Synchronization

/// The store under measurement. It keeps what was committed, so that a raw writer can write the same rows in
/// the same batches, and it says when jobs have ended.
final class RecordingStore: Store {
  private typealias Waiter = CheckedContinuation<ContinuousClock.Instant, Never>

  private struct State {
    var batches: [Batch] = []
    var moments: [Moment] = []
    var ended = 0
    var awaited = 0
    var continuation: Waiter?
  }

  /// When a commit had returned, and what the process had used by then.
  struct Moment {
    var time: ContinuousClock.Instant
    var cpu: Double
  }

  let store: any Store
  private let state = Mutex(State())

  init(_ store: any Store) { self.store = store }

  var batches: [Batch] { state.withLock(\.batches) }
  /// One for each batch.
  var moments: [Moment] { state.withLock(\.moments) }

  /// The moment at which the commit returned that ended the last of so many jobs, counted from the beginning.
  func end(ofJobs count: Int) async -> ContinuousClock.Instant {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.ended >= count { return true }
        (state.awaited, state.continuation) = (count, continuation)
        return false
      }
      if isOver { continuation.resume(returning: .now) }
    }
  }

  func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob] {
    let refused = try store.commit(batch)
    let (now, cpu) = (ContinuousClock.now, cpuSeconds())
    let kept = copy batch
    let waiter = state.withLock { state in
      state.batches.append(kept)
      state.moments.append(Moment(time: now, cpu: cpu))
      for row in kept.jobs where row.completedAt != nil { state.ended += 1 }
      guard state.ended >= state.awaited else { return Waiter?.none }
      defer { state.continuation = nil }
      return state.continuation
    }
    waiter?.resume(returning: now)
    return refused
  }

  func checkpoint() throws(StoreError) { try store.checkpoint() }
  func liveJobs() throws(StoreError) -> [LiveJob] { try store.liveJobs() }
  func history(of job: JobNumber, after sequence: UInt32) throws(StoreError) -> [StoredEvent] {
    try store.history(of: job, after: sequence)
  }
  func snapshot(of job: JobNumber) throws(StoreError) -> StoredSnapshot? { try store.snapshot(of: job) }
  func body(_ id: BodyID) throws(StoreError) -> [UInt8]? { try store.body(id) }
  func job(ofIdempotencyKey key: String, pipeline: PipelineName) throws(StoreError) -> IdempotentJob? {
    try store.job(ofIdempotencyKey: key, pipeline: pipeline)
  }
  func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int] {
    try store.raiseDriveCounts(of: jobs)
  }
  func revision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try store.revision(of: pipeline, number: number)
  }
  func connection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try store.connection(name, in: namespace)
  }
  func credential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try store.credential(name, in: namespace)
  }
  func waitingSignals() throws(StoreError) -> [SignalRow] { try store.waitingSignals() }
  func signal(messageID: String, name: String, in namespace: String) throws(StoreError) -> SignalRow? {
    try store.signal(messageID: messageID, name: name, in: namespace)
  }
  func openTriggerMessages() throws(StoreError) -> [TriggerMessageRow] { try store.openTriggerMessages() }
  func schedules() throws(StoreError) -> [ScheduleRow] { try store.schedules() }
  func openBackfills() throws(StoreError) -> [BackfillRow] { try store.openBackfills() }
  func heldSlots() throws(StoreError) -> [SlotRow] { try store.heldSlots() }
  func governors() throws(StoreError) -> [GovernorRow] { try store.governors() }
  func cached(_ key: String, in namespace: String) throws(StoreError) -> CacheRow? {
    try store.cached(key, in: namespace)
  }
  func parkedJobs() throws(StoreError) -> [ParkedRow] { try store.parkedJobs() }
  func liveJob(_ number: JobNumber) throws(StoreError) -> LiveJob? { try store.liveJob(number) }
  func highestNumbers() throws(StoreError) -> (job: Int64, body: Int64) { try store.highestNumbers() }
  func deadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? { try store.deadLetter(id) }
  func openDeadLetters(of job: ID<Job>) throws(StoreError) -> [DeadLetterRow] {
    try store.openDeadLetters(of: job)
  }
  func openDeadLetterCount(in namespace: String) throws(StoreError) -> Int {
    try store.openDeadLetterCount(in: namespace)
  }
  func underWayDeadLetters() throws(StoreError) -> [ID<TriggerMessage>: Int64] {
    try store.underWayDeadLetters()
  }
}

// Messages that leave.
extension RecordingStore {
  func outboxCount(of destination: String) throws(StoreError) -> Int {
    try store.outboxCount(of: destination)
  }
  func outboxRow(of destination: String, event: String) throws(StoreError) -> OutboxRow? {
    try store.outboxRow(of: destination, event: event)
  }
  func delivery(_ id: Int64) throws(StoreError) -> DeliveryRow? { try store.delivery(id) }
  func disabledDestinations() throws(StoreError) -> [DisabledDestination] {
    try store.disabledDestinations()
  }
  func outboxDestinations() throws(StoreError) -> [String] { try store.outboxDestinations() }
}
