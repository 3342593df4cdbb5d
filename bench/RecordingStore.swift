import Engine
import Model
import Synchronization

/// The store under measurement: it says when jobs have ended, and may keep what was committed, so that a raw
/// writer can write the same rows in the same batches.
final class RecordingStore: Store {
  private typealias Waiter = CheckedContinuation<ContinuousClock.Instant, Never>

  private struct State {
    var batches: [Batch] = []
    var moments: [Moment] = []
    var counts: [Count: Int] = [:]
    var awaited: (count: Count, most: Int)?
    var continuation: Waiter?
  }

  /// What is waited for.
  enum Count { case ended, parked }

  /// One commit, as the engine's thread saw it.
  struct Moment {
    var began: ContinuousClock.Instant
    /// When it had returned, with the checkpoint that may have followed.
    var time: ContinuousClock.Instant
    /// What the process had used by then.
    var cpu: Double
    /// What SQLite had asked of the file system by then.
    var files: CountedFiles.Counts
    /// How many jobs had ended with it, of all.
    var ended: Int
  }

  let store: any Store
  let keeps: Bool
  private let state = Mutex(State())

  init(_ store: any Store, keeps: Bool) { (self.store, self.keeps) = (store, keeps) }

  /// Empty where none are kept.
  var batches: [Batch] { state.withLock(\.batches) }
  /// One for each commit with rows.
  var moments: [Moment] { state.withLock(\.moments) }

  /// The moment at which the commit returned with which so many were reached, from the beginning on.
  func reaches(_ count: Count, _ most: Int) async -> ContinuousClock.Instant {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.counts[count, default: 0] >= most { return true }
        (state.awaited, state.continuation) = ((count, most), continuation)
        return false
      }
      if isOver { continuation.resume(returning: .now) }
    }
  }

  func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob] {
    let began = ContinuousClock.now
    let refused = try store.commit(batch)
    let (now, cpu, files) = (ContinuousClock.now, cpuSeconds(), CountedFiles.counts)
    let (ended, parked) = (batch.jobs.count { $0.completedAt != nil }, batch.parked.count)
    let kept = keeps ? copy batch : nil
    let waiter = state.withLock { state in
      if let kept { state.batches.append(kept) }
      state.counts[.ended, default: 0] += ended
      state.counts[.parked, default: 0] += parked
      state.moments.append(
        Moment(began: began, time: now, cpu: cpu, files: files, ended: state.counts[.ended, default: 0]))
      guard let awaited = state.awaited, state.counts[awaited.count, default: 0] >= awaited.most else {
        return Waiter?.none
      }
      defer { (state.awaited, state.continuation) = (nil, nil) }
      return state.continuation
    }
    waiter?.resume(returning: now)
    return refused
  }

  func checkpoint() throws(StoreError) {
    let before = CountedFiles.counts
    try store.checkpoint()
    let files = CountedFiles.counts
    if files.syncs == before.syncs { return }
    let (now, cpu) = (ContinuousClock.now, cpuSeconds())
    state.withLock { state in
      guard let last = state.moments.indices.last else { return }
      (state.moments[last].time, state.moments[last].cpu, state.moments[last].files) = (now, cpu, files)
    }
  }
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
