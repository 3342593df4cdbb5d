internal import Crypto
internal import Expressions
public import Model
internal import Pipelines
internal import Synchronization

/// One running engine over one store: what the server, `run` and tests hold.
///
/// Every method returns after the commit that it caused. A `Problem` says what the caller did wrong; a store
/// that breaks ends the process instead (architecture D5).
public final class Node: Sendable {
  /// What was unfinished when the node started, in the order of the jobs.
  public let recovered: [RecoveredJob]
  /// The triggers that had begun to take a batch of files when the last node ended.
  public let begun: Set<TriggerName>
  let configuration: NodeConfiguration
  private let loop: EngineLoop
  private let executor: Executor
  private let followers = Mutex(0)
  private let past: JobHistory
  private let book: Mutex<TriggerBook>
  /// How many readings of triggers have begun.
  private let readings = Mutex(0)
  /// Whether a deletion by the rules is under way.
  let retaining = Mutex(false)
  /// Who drained it; nil while it begins what it is given.
  let drainOrder = Mutex<NodeDrain?>(nil)
  let setUp: Mutex<SetUp>

  /// Takes over what the store holds and starts the engine's thread.
  public init(_ configuration: NodeConfiguration) throws {
    self.configuration = configuration
    setUp = Mutex(SetUp(destinations: configuration.destinations))
    past = JobHistory(configuration)
    let recovery = Recovery(configuration)
    let live = configuration.restores ? try configuration.store.liveJobs() : nil
    let restored = try live.map { try recovery.restore($0) } ?? []
    recovered = restored.map(\.report)
    let reading = TriggerReading(configuration: configuration)
    let triggers = TriggerBook.Reading(entries: try reading.all())
    var book = TriggerBook()
    book.replace(by: triggers)
    self.book = Mutex(book)
    let opening = try EngineLoop.Opening(configuration, triggers, live: live)
    begun = Set(
      opening.messages.filter { $0.state == .claiming }.map { TriggerName($0.pipeline, $0.trigger) })
    let loop = EngineLoop(configuration, numbers: try configuration.store.highestNumbers(), opening)
    let executor = try Executor(
      connectors: configuration.connectors, environment: configuration.environment,
      clock: configuration.clock, cancelGrace: configuration.setting.cancelGrace,
      desk: ControlDesk(configuration: configuration) { loop.inbox.push($0) },
      report: { loop.inbox.push($0) })
    (self.loop, self.executor) = (loop, executor)
    for job in restored { loop.inbox.push(.restored(job.restored)) }
    // Behind the jobs: whether one of a schedule is live decides what its next due time may do.
    if configuration.restores { loop.inbox.push(.schedule(.begin)) }
    if restored.isEmpty { loop.settled.open() }
    startThread { loop.run(executor) }
  }

  /// Returns once it is decided what becomes of every attempt that the last node took with it. A child
  /// process that still has to end holds it up, so whoever waits sets a bound.
  public func settled() async { await loop.settled.wait() }

  /// Admits a job, or finds the one that its keys name.
  public func start(_ request: JobRequest) async throws(Problem) -> StartedJob {
    let prepared = try await prepare(request)
    return try await send { .admit(prepared, $0) }
  }

  /// The first cancel stops what runs and then runs the handlers; a second one changes nothing (S16).
  public func cancel(_ job: ID<Job>, actor: String, reason: String) async throws(Problem) {
    _ = try await order(job, .cancel(actor: actor, reason: reason))
  }

  /// Fences all attempts now and skips the handlers. Returns the paths of what may still run outside.
  public func kill(_ job: ID<Job>, actor: String, reason: String) async throws(Problem) -> [String] {
    try await order(job, .kill(actor: actor, reason: reason))
  }

  /// Answers "did it happen?" of a step in `needs_attention`. `didNotHappen` lets a quarantined job go on.
  public func resolve(
    _ job: ID<Job>, path: String, _ resolution: Resolution, actor: String
  ) async throws(Problem) {
    _ = try await order(job, .resolve(path: path, resolution, actor: actor))
  }

  /// Takes a result that came too late (S18), while the step has not ended otherwise.
  public func adopt(_ job: ID<Job>, path: String, actor: String) async throws(Problem) {
    _ = try await order(job, .adopt(path: path, actor: actor))
  }

  /// Changes the priority or the labels of a live job. The history of one that has ended is closed, and lists
  /// would show of it what its history does not say.
  public func update(_ job: ID<Job>, _ update: JobUpdate, actor: String) async throws(Problem) {
    _ = try await order(job, .update(update, actor: actor))
  }

  /// Gives a message to whoever waits for it in the namespace, or keeps it for who comes.
  public func signal(
    _ request: SignalRequest, in namespace: String
  ) async throws(Problem) -> SignalReceipt {
    try await send(try incoming(request, namespace: namespace, job: nil))
  }

  /// Gives a message to a wait of this job; where it has none for it, nothing happens and the sender is told.
  public func signal(_ request: SignalRequest, to job: ID<Job>) async throws(Problem) -> SignalReceipt {
    try await send(try incoming(request, namespace: "", job: job))
  }

  /// Makes catalog changes durable, all or none. When this returns, triggers are as the changes say.
  public func write(_ writes: [CatalogWrite]) async throws(Problem) {
    try await send { .write(writes, $0) }
    try await refreshTriggers(after: writes)
  }

  /// Grows with each turn of the engine's thread: whether it lives can be seen without asking it anything.
  public var turns: UInt64 { loop.turns.load(ordering: .relaxed) }

  /// Lets the engine's thread take a turn; returns at once.
  public func nudge() { loop.inbox.wake() }

  /// Asks running attempts to end for `drain`, then stops the engine's thread. What was cut off is found
  /// again by the next node.
  public func stop(drain: Duration) async {
    push(.drain(true))
    await executor.stop(drain: drain)
    await withCheckedContinuation { continuation in loop.inbox.push(.stop { continuation.resume() }) }
  }

  /// Stops the engine's thread at once, as a crash would: for tests.
  package func abandon() async {
    await withCheckedContinuation { continuation in loop.inbox.push(.stop { continuation.resume() }) }
  }
}

// Reading.
extension Node {
  /// A job with its steps, live or ended. `from` and `limit` are places in `steps`.
  public func view(_ job: ID<Job>, from: Int = 0, limit: Int = 200) async throws(Problem) -> JobView {
    let history = past
    if let live = await live(job) {
      return try history.view(job, live.state, live.plan, from: from, limit: limit)
    }
    return try await offThread { () throws(Problem) in try history.view(job, from: from, limit: limit) }
  }

  /// The stored decisions behind `sequence`, at most `limit`.
  public func history(
    _ job: ID<Job>, after sequence: UInt32, limit: Int
  ) async throws(Problem) -> [HistoryEvent] {
    let history = past
    let live = await live(job)
    return try await offThread { () throws(Problem) in
      try history.events(job, live, after: sequence, limit: limit)
    }
  }

  /// The decisions behind `sequence` as they are committed; ends after the one that ends the job. A reader
  /// that falls behind reads them from the store.
  public func follow(
    _ job: ID<Job>, after sequence: UInt32
  ) async throws(Problem) -> AsyncStream<HistoryEvent> {
    let id = followers.withLock { count in
      count += 1
      return count
    }
    let (live, liveEvents) = AsyncStream.makeStream(
      of: HistoryEvent.self, bufferingPolicy: .bufferingNewest(Self.followBuffer))
    let isLive = try await send { .follow(job, Follower(id: id, continuation: liveEvents), $0) }
    if !isLive { liveEvents.finish() }
    // Told here, where it can be: a job that does not exist. Later the page of a store that fails is empty.
    _ = try await history(job, after: sequence, limit: 1)
    let following = Following(after: sequence, live: live) { [self] after in
      (try? await history(job, after: after, limit: Self.historyPage)) ?? []
    } leave: { [loop] in
      loop.inbox.push(.unfollow(job, follower: id))
    }
    return AsyncStream { await following.next() }
  }

  /// Everything that a job does or waits for now.
  public func why(_ job: ID<Job>) async throws(Problem) -> [Blocker] {
    let sighting = await sight(job)
    if let live = sighting.live {
      return live.state.blockers(
        live.plan, id: job, now: configuration.clock.now, sighting.rivals, sighting.waits)
    }
    let history = past
    if sighting.isParked {
      let now = configuration.clock.now
      return try await offThread { () throws(Problem) in try history.why(job, now: now, sighting.rivals) }
    }
    let summary = try await offThread { () throws(Problem) in try history.summary(job) }
    if summary.status.hasEnded { return [] }
    throw .notDriven(job)
  }

  private static let followBuffer = 256
  private static let historyPage = 100
}

// The way to the engine's thread and back.
extension Node {
  var jobHistory: JobHistory { past }
  var runningAttempts: [RunningAttempt] { executor.attempts }

  func live(_ job: ID<Job>) async -> LiveView? { await sight(job).live }

  private func sight(_ job: ID<Job>) async -> Sighting {
    await loop.requests.answer(since: configuration.clock.monotonic, reads: true, instead: .stored) { give in
      loop.inbox.push(.read(job, give))
    }
  }

  /// Reads the triggers anew that these writes changed.
  private func refreshTriggers(after writes: [CatalogWrite]) async throws(Problem) {
    let (reading, known) = (TriggerReading(configuration: configuration), triggers)
    let number = readings.withLock { count in
      count += 1
      return count
    }
    for pipeline in writes.compactMap(\.paused) { loop.inbox.push(.wakeTriggers(of: pipeline)) }
    let changed = try await offThread { () throws(Problem) in
      do throws(StoreError) { return try reading.changed(by: writes, known) } catch { throw .store(error) }
    }
    if !changed.isEmpty {
      let read = TriggerBook.Reading(number: number, entries: changed)
      try await send { .triggers(read, $0) }
      book.withLock { $0.replace(by: read) }
    }
    if !changed.isEmpty || writes.contains(where: \.resumes) { configuration.triggersChanged() }
  }

  /// The triggers as they stand.
  public var triggers: TriggerBook { book.withLock(\.self) }

  func isDriven(_ job: ID<Job>) async -> Bool { await live(job) != nil }

  var feed: Feed { loop.feed }

  func push(_ input: Input) { loop.inbox.push(input) }

  func send<Value: Sendable>(
    _ input: (@escaping Reply<Value>) -> Input
  ) async throws(Problem) -> Value {
    try await result(input).get()
  }

  private func result<Value: Sendable>(
    _ input: (@escaping Reply<Value>) -> Input
  ) async -> Result<Value, Problem> {
    let (setting, moment) = (configuration.setting, configuration.clock.monotonic)
    let instead = Result<Value, Problem>.failure(.notYetStored(after: setting.storeAnswerLimit))
    return await loop.requests.answer(since: moment, instead: instead) { loop.inbox.push(input($0)) }
  }

  func order(_ job: ID<Job>, _ command: Command) async throws(Problem) -> [String] {
    try await explained(await result { .command(job, command, $0) }, job)
  }

  /// The engine knows only live jobs: says which of three it is.
  private func explained<Value: Sendable>(
    _ result: Result<Value, Problem>, _ job: ID<Job>?
  ) async throws(Problem) -> Value {
    switch result {
    case .success(let value): return value
    case .failure(let problem):
      guard problem.code == "job-ended", let job else { throw problem }
      let history = past
      let summary = try await offThread { () throws(Problem) in try history.summary(job) }
      throw summary.status.hasEnded ? problem : .notDriven(job)
    }
  }

  private func send(_ signal: IncomingSignal) async throws(Problem) -> SignalReceipt {
    try await explained(await result { .signal(signal, $0) }, signal.job)
  }

  private func incoming(
    _ request: SignalRequest, namespace: String, job: ID<Job>?
  ) throws(Problem) -> IncomingSignal {
    try IncomingSignal(
      request, namespace: namespace, job: job, at: configuration.clock.now, random: configuration.random)
  }

  private func prepare(_ request: JobRequest) async throws(Problem) -> PreparedJob {
    let configuration = configuration
    return try await offThread { () throws(Problem) in try Preparation(configuration, request).prepare() }
  }
}

/// Reads of the store block, so they have a thread of their own.
func offThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws(Problem) -> Value
) async throws(Problem) -> Value {
  let result: Result<Value, Problem> = await withCheckedContinuation { continuation in
    SpareThreads.shared.run {
      do throws(Problem) { continuation.resume(returning: .success(try body())) } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }
  return try result.get()
}
