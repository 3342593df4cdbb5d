internal import Model
internal import Pipelines

/// The jobs of one owner, and the only code that drives them. Lives on the engine's thread: whoever holds it
/// takes turns with it.
struct Jobs: ~Copyable {
  let configuration: NodeConfiguration
  var setting: NodeSetting { configuration.setting }
  var clock: any EngineClock { configuration.clock }
  /// Those in memory.
  private(set) var owned: [JobNumber: OwnedJob] = [:]
  /// Those out of memory: small, and without values.
  var parked: [JobNumber: ParkedJob] = [:]
  /// Of both.
  private(set) var numbers: [ID<Job>: JobNumber] = [:]
  /// The live jobs that have a key, by pipeline and key.
  private var liveKeys: [LiveKey: JobNumber] = [:]
  var timers = Timers()
  var signals = Signals()
  var signalsForgottenAt: Timestamp?
  var governors: Governors
  var namespaceKeys: NamespaceKeys
  var subjectKeys: SubjectKeys
  /// The clock as it was read for this turn.
  var moment: Governors.Moment
  private var decision = Decision()
  private var recorder = Recorder()
  var batch = Batch()
  /// What follows the commit, in order.
  var orders: [Order] = []
  private var nextJob: Int64
  /// Counts the turns.
  private(set) var turn = 1
  private(set) var isDraining = false
  /// What the effects of decisions ask for inside the node; taken up in order.
  var followUps: [FollowUp] = []
  private var isFollowing = false
  /// Of the sub-jobs that are under way.
  var callers = Callers()
  var triggers = TriggerInbox()
  var schedules = Schedules()
  var backfills = Backfills()
  var letters = LetterBook()
  var outbox: OutboxBook
  let feed: Feed
  /// How many listen to the feed.
  var listeners = 0

  enum FollowUp {
    case event(JobNumber, Event)
    /// A wait and a kept signal are at one place.
    case match(Signals.Channel)
  }

  /// What the shell does once the batch is durable.
  enum Order {
    case execute(OwnedJob, AttemptOrder)
    case examine(OwnedJob, AttemptOrder)
    case countLines(OwnedJob, NodeNumber, ArtifactHandle)
    case readLines(OwnedJob, LineSlice)
    case cancel(OwnedJob, NodeNumber, token: UInt32)
    case tell(OwnedJob, [HistoryEvent])
    case publishNews(OwnedJob, [Feed.News])
    case ended(OwnedJob)
    case prepareChild(OwnedJob, ChildOrder)
    case findChild(ID<Job>, Callers.Caller)
    /// The job is out of memory.
    case parked(OwnedJob)
    /// Something lies before this trigger.
    case fire(TriggerLines.Place)
    /// Something waits for the destination in this place.
    case publish(Int)
    /// It is time to delete what the rules give up.
    case retain
    case reply(Subject, (Result<Void, Problem>) -> Void)
  }

  /// What a reply depends on.
  enum Subject {
    case nothing
    case write
    case job(JobNumber)

    /// The job whose rows must have been stored, or the catalog.
    var job: JobNumber? {
      switch self {
      case .nothing: nil
      case .write: .catalog
      case .job(let number): number
      }
    }
  }

  /// What waits for one commit.
  struct DecidedTurn {
    var batch: Batch
    var orders: [Order]
    /// What its jobs took of signals and messages. It comes back from those that the store refuses.
    var signals: [Signals.Loan]
    var messages: [TriggerInbox.Loan]
    var settlesLetters: Bool
    var wasTried = false
  }

  private struct LiveKey: Hashable {
    var pipeline: PipelineName
    var key: ScalarString
  }

  init(_ configuration: NodeConfiguration, numbers: (job: Int64, body: Int64), feed: Feed = Feed(from: 0)) {
    self.feed = feed
    let (setting, clock) = (configuration.setting, configuration.clock)
    (self.configuration, nextJob) = (configuration, numbers.job + 1)
    (namespaceKeys, subjectKeys) = (NamespaceKeys(configuration), SubjectKeys(configuration))
    outbox = OutboxBook(configuration.destinations)
    governors = Governors(free: ConnectorDescription.Place.allCases.map { setting.slots($0) })
    moment = Governors.Moment(wall: clock.now, before: clock.monotonic, after: clock.monotonic)
    decision.nextBody = numbers.body + 1
  }

  /// What was decided since the last call.
  mutating func takeTurn() -> DecidedTurn {
    batch.governors += governors.takeRateRows(at: moment)
    let taken = DecidedTurn(
      batch: batch, orders: orders, signals: signals.takeLent(), messages: triggers.takeLent(),
      settlesLetters: letters.hasSettled)
    letters.hasSettled = false
    turn += 1
    (batch, orders) = (Batch(expecting: taken.batch), [])
    orders.reserveCapacity(min(taken.orders.count, Batch.mostExpected))
    return taken
  }

  /// The job where it is in memory: what must not bring a parked one back.
  func inMemory(_ id: ID<Job>) -> OwnedJob? { numbers[id].flatMap { owned[$0] } }
  func inMemory(_ number: JobNumber) -> OwnedJob? { owned[number] }
  var liveCount: Int { numbers.count }

  /// Admits a prepared job. The caller has made sure that its keys are free.
  mutating func admit(_ prepared: PreparedJob, _ subjects: [SubjectUse], at now: Timestamp) -> OwnedJob {
    let job = OwnedJob(
      number: JobNumber(nextJob), id: prepared.id, pipeline: prepared.pipeline, revision: prepared.revision,
      plan: prepared.plan, key: prepared.dataKey)
    job.identity = prepared.identity
    nextJob += 1
    batch.newJobs.append(
      NewJob(
        number: job.number, id: job.id, pipeline: job.pipeline, revision: job.revision, key: prepared.key,
        triggerType: prepared.triggerType, triggerID: prepared.triggerID, actor: prepared.actor,
        idempotencyKey: prepared.idempotencyKey, requestHash: prepared.requestHash,
        wrappedKey: prepared.wrappedKey, createdAt: now, identity: prepared.identity,
        subjects: subjects))
    own(job, key: prepared.key)
    enter(job, prepared.context, prepared.identity)
    count(job.number, of: job.pipeline, prepared.triggerType, prepared.triggerID)
    let creation = Fact.Creation(
      namespace: job.pipeline.namespace, pipeline: job.pipeline.name, revision: job.revision,
      engine: setting.version, key: prepared.key)
    decide(job, .admitted(creation, context: prepared.context), at: now)
    return job
  }

  func liveJob(of pipeline: PipelineName, key: String) -> (id: ID<Job>, revision: Int)? {
    guard let number = liveKeys[LiveKey(pipeline: pipeline, key: ScalarString(key))] else { return nil }
    if let job = owned[number] { return (job.id, job.revision) }
    return parked[number].map { ($0.id, $0.revision) }
  }

  /// Takes over a job that the store gave back.
  mutating func restore(_ restored: Restored, at now: Timestamp) {
    let job = take(restored, at: now)
    if let reason = restored.quarantine, job.state.quarantine == nil {
      return decide(job, .quarantined(reason: reason), at: now)
    }
    decide(job, .recovered(node: setting.name), at: now)
  }

  /// Puts a job into memory as it was stored, and sets its timers anew.
  mutating func take(_ restored: Restored, at now: Timestamp) -> OwnedJob {
    let job = OwnedJob(
      number: restored.number, id: restored.id, pipeline: restored.pipeline, revision: restored.revision,
      plan: restored.plan, key: restored.key)
    job.state = restored.state
    job.chain = restored.chain
    job.writtenStatus = restored.state.status
    job.identity = restored.identity
    own(job, key: restored.state.creation?.key)
    enter(job, restored.state.context?.value, restored.identity)
    count(job)
    reconcile(job)
    let decider = Decider(job.state, job.plan, .init(job: job.id), now: now, decision: Decision())
    for (wake, after) in decider.pendingWakes() { addTimer(wake, after: after, job.number) }
    for (wake, instant) in decider.pendingInstants() {
      timers.add(Timers.Instant(due: instant, job: job.number, wake: wake))
    }
    return job
  }

  /// Drives an ended job again. False, and no change, where nothing of it failed.
  mutating func reopen(_ restored: Restored, _ paths: [String], actor: String, at now: Timestamp) -> Bool {
    let job = OwnedJob(
      number: restored.number, id: restored.id, pipeline: restored.pipeline, revision: restored.revision,
      plan: restored.plan, key: restored.key)
    (job.state, job.chain, job.writtenStatus) = (restored.state, restored.chain, restored.state.status)
    job.identity = restored.identity
    own(job, key: restored.state.creation?.key)
    enter(job, restored.state.context?.value, restored.identity)
    count(job)
    decide(job, .retried(actor: actor, paths: paths), at: now)
    if job.state.round > restored.state.round { return true }
    disown(job)
    return false
  }

  private mutating func own(_ job: OwnedJob, key: String?) {
    owned[job.number] = job
    know(job.number, job.id, key: key, job.pipeline)
  }

  mutating func know(_ number: JobNumber, _ id: ID<Job>, key: String?, _ pipeline: PipelineName) {
    numbers[id] = number
    if let key { liveKeys[LiveKey(pipeline: pipeline, key: ScalarString(key))] = number }
  }

  /// Gives a job up after its last commit.
  mutating func disown(_ job: OwnedJob) {
    owned[job.number] = nil
    parked[job.number] = nil
    numbers[job.id] = nil
    leaveSchedule(job.number)
    governors.exit(job.number)
    signals.removeAll(of: job.number)
    guard let key = job.state.creation?.key else { return }
    let live = LiveKey(pipeline: job.pipeline, key: ScalarString(key))
    if liveKeys[live] == job.number { liveKeys[live] = nil }
  }

  mutating func leaveMemory(_ job: OwnedJob) {
    owned[job.number] = nil
    orders.append(.parked(job))
  }

  /// Stores the state as it is, so that loading it again costs little.
  mutating func snapshot(_ job: OwnedJob) {
    if job.factsSinceSnapshot > 0 { recorder.snapshot(job, job.state, into: &batch) }
  }

  /// Decides an event and all that follows from it inside the node, before anything else can come between.
  mutating func decide(_ job: OwnedJob, _ event: Event, at now: Timestamp) {
    decideAlone(job, event, at: now)
    if followUps.isEmpty || isFollowing { return }
    isFollowing = true
    var position = 0
    while position < followUps.count {
      follow(followUps[position], at: now)
      position += 1
    }
    followUps.removeAll(keepingCapacity: true)
    isFollowing = false
  }

  private mutating func follow(_ next: FollowUp, at now: Timestamp) {
    switch next {
    case .event(let number, let event): if let job = job(number) { decideAlone(job, event, at: now) }
    case .match(let channel): match(channel, at: now)
    }
  }

  private mutating func decideAlone(_ job: OwnedJob, _ event: Event, at now: Timestamp) {
    var deciderSetting = Decider.Setting(job: job.id)
    deciderSetting.cancelGrace = setting.cancelGrace
    deciderSetting.handlersTimeout = setting.handlersTimeout
    deciderSetting.crashBudget = setting.crashBudget
    let offered = offered(to: event)
    let endedIn = job.state.status.hasEnded ? job.state.round : nil
    let before = outbox.hasListeners ? JobStanding(job) : nil
    var decider = Decider(
      job.takeState(), job.plan, deciderSetting, now: now, decision: takeDecision(offered))
    decider.decide(event)
    if decider.decision.facts > 0 {
      recorder.record(decider.decision, decider.state, of: job, at: now, into: &batch)
      job.turn = turn
    }
    // Handed over, not copied.
    swap(&job.state, &decider.state)
    swap(&decision, &decider.decision)
    if decision.facts > 0, !job.followers.isEmpty { tell(job, at: now) }
    if decision.isHeard { tellFeed(decision.moves, of: job, at: now) }
    if !isDraining { governors.take(offered, left: decision.freeSlots) }
    for effect in decision.effects { order(effect, job) }
    if let before {
      tellListeners(of: job, event, decision.effects, decision.changed, since: before, at: now)
    }
    if case .examined(let node, token: _, _) = event { buryIfCrashed(node, of: job, at: now) }
    guard job.state.status.hasEnded else { return notice(job) }
    orders.append(.ended(job))
    tellCallers(of: job)
    tellSubscribers(of: job, at: now)
    tellSchedule(of: job)
    // A result that comes after the end is no second one.
    if endedIn != job.state.round {
      bury(job, at: now)
      tallyJob(job, at: now)
    }
  }

  /// The emptied arrays of the last decision, to be used again by their only owner.
  private mutating func takeDecision(_ offered: [Int]) -> Decision {
    var taken = Decision()
    swap(&taken, &decision)
    taken.removeAll()
    taken.freeSlots = offered
    taken.isHeard = listeners > 0
    return taken
  }

  private mutating func tell(_ job: OwnedJob, at now: Timestamp) {
    let events = decision.segments.map { segment in
      HistoryEvent(
        sequence: segment.sequence, at: now, text: decision.text[segment.facts], job.state, job.plan)
    }
    orders.append(.tell(job, events))
  }

  private mutating func order(_ effect: Effect, _ job: OwnedJob) {
    switch effect {
    case .execute(let order): orders.append(.execute(job, order))
    case .examine(let order): orders.append(.examine(job, order))
    case .wake(let wake, let after): addTimer(wake, after: after, job.number)
    case .wakeAt(let wake, let instant):
      timers.add(Timers.Instant(due: instant, job: job.number, wake: wake))
    case .queue(let node, let place):
      governors.wait(Claimant(job.number, node), for: place, since: job.state[node].readyAt)
    case .leaveQueue(let node): governors.leave(Claimant(job.number, node))
    case .claim, .unclaim, .attemptEnded, .cache: govern(effect, job)
    case .cancelAttempt(let node, let token): orders.append(.cancel(job, node, token: token))
    case .stored(let handles, let node):
      for handle in handles {
        batch.artifacts.append(
          ArtifactRow(
            job: job.number, node: node, namespace: job.pipeline.namespace,
            path: job.state.path(of: node, in: job.plan), handle: handle, at: clock.now))
      }
    case .ask(let change): batch.add(change, of: job, at: clock.now)
    case .awaitSignal(let node, let name, let key, let isBroadcast):
      awaitSignal(node, name: name, key: key, isBroadcast: isBroadcast, job)
    case .leaveSignal(let node): signals.remove(job.number, node)
    case .startChild(let order): orders.append(.prepareChild(job, order))
    case .awaitChild(let node, let child):
      let caller = Callers.Caller(job: job.number, node: node)
      callers.add(caller, of: child)
      orders.append(.findChild(child, caller))
    case .cancelChild(let child, let kills, let reason):
      cancelChild(child, of: job, kills: kills, reason: reason)
    case .countLines(let node, let handle): orders.append(.countLines(job, node, handle))
    case .slice(let item, let handle, let first, let count, let isBatch):
      orders.append(
        .readLines(job, LineSlice(item: item, handle: handle, range: first..<first + count, isBatch: isBatch))
      )
    case .identify(let priority, let labels): identify(job, priority: priority, labels: labels)
    }
  }

  private mutating func addTimer(_ wake: Wake, after: Duration, _ job: JobNumber) {
    timers.add(Timers.Entry(due: clock.monotonic + after, job: job, wake: wake))
  }

  /// From now on every start is queued, for the next node to find.
  mutating func drain() { isDraining = true }

  /// Starts happen again. False where they did not cease.
  mutating func endDrain() -> Bool {
    defer { isDraining = false }
    return isDraining
  }

  /// An answer that no job takes any more.
  mutating func keep(_ answer: AskAnswerRow) { batch.answers.append(answer) }

  mutating func add(_ writes: [CatalogWrite]) { batch.writes.append(contentsOf: writes) }

  /// Replies once the batch is durable, or was refused.
  mutating func after(_ subject: Subject, _ reply: @escaping (Result<Void, Problem>) -> Void) {
    orders.append(.reply(subject, reply))
  }

  /// A job of this very batch, which the store does not know yet.
  func pendingJob(idempotencyKey: String, _ pipeline: PipelineName) -> NewJob? {
    batch.newJobs.first {
      $0.pipeline == pipeline && $0.idempotencyKey.map { ScalarString($0) } == ScalarString(idempotencyKey)
    }
  }
}
