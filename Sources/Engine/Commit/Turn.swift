internal import Model
internal import Pipelines

/// One turn of the engine: inputs in, one commit, then everything that waited for it.
struct Turn: ~Copyable {
  var jobs: Jobs
  let store: any Store
  let executor: any Performer
  let configuration: NodeConfiguration
  /// Opens once nothing of the last node's attempts is open any more.
  let settled: Gate
  /// Lost attempts whose connector has been asked and has not answered.
  private var examinations = 0
  var stopped: (() -> Void)?
  private var commits: Int64 = 0
  /// What the store has not taken yet; no other turn is taken before it.
  private(set) var kept: Jobs.DecidedTurn?
  /// The kept turn followed the one before it at once: no timer fired between, and no queue was served.
  private var isRelayed = false

  init(
    jobs: consuming Jobs, store: any Store, executor: any Performer, configuration: NodeConfiguration,
    settled: Gate
  ) {
    self.jobs = jobs
    (self.store, self.executor, self.configuration) = (store, executor, configuration)
    self.settled = settled
  }

  /// A turn whose inputs gave this many bytes takes no further input: thousands may come at once.
  private static let enough = 4 << 20
  /// From so many inputs on, writing them takes longer than to wake another thread for it.
  private static let many = 64

  /// Whether the turn is to be written aside, while the next ends of attempts are decided.
  var isForTheWriter: Bool { jobs.batch.events.count >= Self.many / 2 && jobs.batch.isProgressAlone }

  /// Takes inputs from `first` on, and says with which the next turn begins. Of many ends of attempts that is
  /// the middle one: the other half is decided while this one is written.
  mutating func take(_ inputs: [Input], from first: Int) -> Int {
    let before = configuration.clock.monotonic
    let now = configuration.clock.now
    jobs.fireTimers(at: now, before: before)
    var taken = first
    let limit = jobs.batch.bytes.count + Self.enough
    let half = first + (inputs.count - first + 1) / 2
    while taken < inputs.count, jobs.batch.bytes.count < limit {
      if taken == half, taken - first >= Self.many / 2, isForTheWriter { break }
      take(inputs[taken], at: now)
      taken += 1
    }
    jobs.serveQueue(at: now)
    return taken
  }

  private mutating func take(_ input: Input, at now: Timestamp) {
    switch input {
    case .admit(let prepared, let reply): admit(prepared, reply, at: now)
    case .command(let id, let command, let reply): order(id, command, reply, at: now)
    case .ask(let order, let reply): take(order, reply, at: now)
    case .event(let number, let event): if let job = jobs.job(number) { jobs.decide(job, event, at: now) }
    case .attemptEnded(let number, let node, let token, let end, let place):
      jobs.attemptEnded(number, node, token: token, place)
      configuration.crashPoint(.result)
      settleOnceDurable(number, node, token: token, place)
      if let job = jobs.job(number) { jobs.decide(job, .finished(node, token: token, end), at: now) }
      jobs.tallyStep(number, node, token: token, end)
    case .examined(let number, let node, let token, let end):
      examinations -= 1
      if let job = jobs.job(number) { jobs.decide(job, .examined(node, token: token, end), at: now) }
    case .childPrepared(let caller, let result): takeChild(caller, result, at: now)
    case .signal(let signal, let reply): take(signal, reply, at: now)
    case .arrive, .queued, .waiting, .claimed, .fired, .triggers, .wakeTriggers, .withdraw, .emit, .refused,
      .schedule:
      take(trigger: input, at: now)
    case .read(let id, let give):
      // What is shown has been stored.
      let job = jobs.inMemory(id)
      let (isParked, rivals) = (job == nil && jobs.numbers[id] != nil, jobs.rivals(of: id))
      let waits = job.map { jobs.waits(of: $0, at: now) } ?? [:]
      jobs.after(.nothing) { _ in
        let live = job.map { LiveView(state: $0.state, plan: $0.plan) }
        give(Sighting(live: live, isParked: isParked, rivals: rivals, waits: waits))
      }
    case .follow(let id, let follower, let reply):
      jobs.job(id)?.followers.append(follower)
      reply(.success(jobs.job(id) != nil))
    case .unfollow(let id, let follower): jobs.unfollow(id, follower: follower)
    case .listen(let begins, let reply): jobs.listen(begins, reply)
    case .write(let writes, let reply):
      jobs.add(writes)
      jobs.after(.write) { reply($0) }
    case .delete(let deletion, let reply): delete(deletion, reply)
    case .pauseUnlessPaused(let wanted, let reply): pause(wanted, reply)
    case .endPause(let pipeline, let job, let reply): endPause(of: pipeline, by: job, reply)
    case .restored(let restored):
      configuration.crashPoint(.recovery)
      jobs.restore(restored, at: now)
    case .reopen(let restored, let paths, let actor, let reply):
      reopen(restored, paths, actor: actor, reply, at: now)
    case .letter(let order, let reply): take(order, reply, at: now)
    case .outbox(let input): take(input, at: now)
    case .landed: break
    case .drain(let begins): drain(begins, at: now)
    case .stop(let done): stopped = done
    }
  }

  /// Decides the end of an attempt while the last turn is being written. False, and no change, for any other
  /// input and where enough was decided meanwhile: what needs the timers, the queue or the store has its turn
  /// when that one is durable.
  mutating func takeMeanwhile(_ input: Input) -> Bool {
    guard case .attemptEnded(let number, _, token: _, _, _) = input, jobs.inMemory(number) != nil,
      jobs.batch.bytes.count < Self.enough
    else { return false }
    take(input, at: configuration.clock.now)
    return true
  }

  /// Ends the turn: what it decided is kept until the store has taken it.
  mutating func close() {
    kept = jobs.takeTurn()
    guard kept?.batch.isEmpty == false else { return }
    commits += 1
    kept?.batch.commit = commits
  }

  /// Makes the turn durable, then lets its effects happen. A turn that the store does not take now is kept.
  mutating func commit() throws(StoreError) {
    close()
    try commitKept()
  }

  /// The same turn once more. Only since when its rates count is new.
  mutating func commitKept(relays: Bool = false) throws(StoreError) {
    if let rows = kept?.batch.governors, kept?.wasTried == true {
      kept?.batch.governors = jobs.moveStarts(rows)
    }
    kept?.wasTried = true
    guard let turn = kept else { return }
    var refused: [RefusedJob] = []
    if !turn.batch.isEmpty {
      configuration.crashPoint(.beforeCommit)
      refused = try store.commit(turn.batch)
      configuration.crashPoint(.afterCommit)
    }
    if let landed = takeKept(refused, relays: relays) { land(landed, refused) }
    if !turn.batch.isEmpty { try store.checkpointUnlessFull() }
  }

  /// The kept turn, which is durable but for the rows of these jobs; its effects may happen. With `relays`,
  /// what was decided while it was written is kept in its place where it may follow at once: whoever writes
  /// turns has no reason to wait for the effects of the last one. Not twice in a row, so that timers and
  /// queues have their turn.
  mutating func takeKept(_ refused: [RefusedJob], relays: Bool) -> Jobs.DecidedTurn? {
    guard let turn = kept else { return nil }
    kept = nil
    isRelayed = relays && !isRelayed && refused.isEmpty && stopped == nil
    isRelayed = isRelayed && !jobs.isDraining && !jobs.batch.isEmpty && jobs.batch.isProgressAlone
    if isRelayed { close() }
    return turn
  }

  /// The effects of a durable turn happen.
  mutating func land(_ turn: Jobs.DecidedTurn, _ refused: [RefusedJob]) {
    for order in turn.orders { perform(order, refused) }
    _ = jobs.moveStarts(turn.batch.governors)
    if !turn.batch.isEmpty {
      jobs.settleSignals(turn.signals, refused)
      jobs.settleTriggers(turn.messages, refused)
      if turn.settlesLetters { jobs.settleLetters() }
    }
    for refusal in refused { giveUp(refusal.job) }
    // What was decided for them meanwhile follows rows that the store does not have.
    if !jobs.batch.isEmpty { jobs.batch.withheld += refused.filter { $0.job > .catalog } }
    if examinations == 0 { settled.open() }
  }
}

extension Store {
  /// The turn is durable: that its log is not copied for want of room holds nothing up.
  func checkpointUnlessFull() throws(StoreError) {
    do throws(StoreError) { try checkpoint() } catch {
      switch error {
      case .full, .unavailable: return
      case .broken: throw error
      }
    }
  }
}

// What comes from people.
extension Turn {
  private mutating func admit(
    _ prepared: PreparedJob, _ reply: @escaping Reply<StartedJob>, at now: Timestamp
  ) {
    let subjects: [SubjectUse]
    do throws(Problem) {
      if let existing = try existing(prepared) {
        return jobs.after(.nothing) { _ in reply(.success(existing)) }
      }
      if let pause = prepared.pause { throw .paused(pause) }
      subjects = try jobs.subjects(of: prepared)
    } catch {
      return reply(.failure(error))
    }
    if let problem = refusal(of: prepared, at: now) {
      return jobs.after(.write) { result in reply(result.flatMap { .failure(problem) }) }
    }
    let job = jobs.admit(prepared, subjects, at: now)
    jobs.makeRoom(for: job, at: now)
    let started = StartedJob(job: prepared.id, revision: prepared.revision, isNew: true)
    jobs.after(.job(job.number)) { result in reply(result.map { started }) }
  }

  /// The job that a key of this one leads to.
  func existing(_ prepared: PreparedJob) throws(Problem) -> StartedJob? {
    if let key = prepared.idempotencyKey {
      let known: IdempotentJob?
      do { known = try store.job(ofIdempotencyKey: key, pipeline: prepared.pipeline) } catch {
        throw .store(error)
      }
      if let known {
        guard prepared.isKeyTrusted || known.requestHash == prepared.requestHash else {
          throw .keyReused(key)
        }
        return StartedJob(job: known.job, revision: prepared.revision, isNew: false)
      }
      if let pending = jobs.pendingJob(idempotencyKey: key, prepared.pipeline) {
        guard prepared.isKeyTrusted || pending.requestHash == prepared.requestHash else {
          throw .keyReused(key)
        }
        return StartedJob(job: pending.id, revision: pending.revision, isNew: false)
      }
    }
    if let key = prepared.key, let live = jobs.liveJob(of: prepared.pipeline, key: key) {
      return StartedJob(job: live.id, revision: live.revision, isNew: false)
    }
    return nil
  }

  private mutating func take(
    _ signal: IncomingSignal, _ reply: @escaping Reply<SignalReceipt>, at now: Timestamp
  ) {
    do throws(Problem) {
      let (receipt, subject) = try jobs.receive(signal, at: now)
      jobs.after(subject) { result in reply(result.map { receipt }) }
    } catch {
      reply(.failure(error))
    }
  }
}

// What follows a commit.
extension Turn {
  private mutating func perform(_ order: Jobs.Order, _ refused: [RefusedJob]) {
    switch order {
    case .execute(let job, let attempt):
      if isRefused(job, refused) { return release(job, attempt) }
      configuration.crashPoint(.spawn)
      execute(job, attempt)
    case .examine(let job, let attempt):
      if !isRefused(job, refused), let work = work(job, attempt) {
        examinations += 1
        executor.examine(work)
      }
    case .findChild(let child, let caller): findChild(child, caller)
    case .prepareChild(let job, let order): if !isRefused(job, refused) { prepareChild(job, order) }
    case .countLines(let job, let node, let handle):
      if isRefused(job, refused) { return }
      executor.countLines(job.number, job.pipeline.namespace, node, handle)
    case .readLines(let job, let slice):
      if isRefused(job, refused) { return }
      executor.readLines(job.number, job.pipeline.namespace, slice)
    case .cancel(let job, let node, let token): executor.cancel(job.number, node, token: token)
    case .tell(let job, let events):
      if isRefused(job, refused) { return }
      for follower in job.followers { for event in events { follower.continuation.yield(event) } }
    case .publishNews(let job, let news):
      if !isRefused(job, refused) { jobs.feed.append(news, of: job.forFeed) }
    case .ended(let job):
      guard jobs.inMemory(job.number) != nil, !isRefused(job, refused) else { return }
      for follower in job.followers { follower.continuation.finish() }
      jobs.disown(job)
      executor.forget(job.id)
    case .parked(let job): if jobs.inMemory(job.number) == nil { executor.forget(job.id) }
    case .fire(let place): fire(place)
    case .publish(let line): publish(line)
    case .retain: configuration.retentionDue?()
    case .reply(let subject, let reply): reply(verdict(on: subject, refused))
    }
  }

  private func isRefused(_ job: OwnedJob, _ refused: [RefusedJob]) -> Bool {
    !refused.isEmpty && refused.contains { $0.job == job.number }
  }

  /// What the attempt's place keeps of its end for a recovery may go with the commit that holds the end.
  private mutating func settleOnceDurable(
    _ number: JobNumber, _ node: NodeNumber, token: UInt32, _ place: ConnectorDescription.Place
  ) {
    guard place == .process, let job = jobs.job(number), job.state[node].token == token else { return }
    let identity = AttemptIdentity(
      job: job.id, pipeline: job.pipeline, revision: job.revision, node: node,
      number: Int(job.state[node].attempt))
    jobs.after(.job(number)) { [executor] result in
      if case .success = result { executor.settle(identity) }
    }
  }

  private func verdict(on subject: Jobs.Subject, _ refused: [RefusedJob]) -> Result<Void, Problem> {
    guard let refusal = refused.first(where: { $0.job == subject.job }) else { return .success(()) }
    return .failure(.refused(refusal.reason))
  }

  /// The store holds another history of this job than the memory does: it is not driven any further here,
  /// and its neighbours of the batch do not notice (S3).
  private mutating func giveUp(_ number: JobNumber) {
    guard let job = jobs.inMemory(number) else { return }
    for node in 0..<job.state.nextNode where job.state.runsAttempt(node) {
      executor.cancel(number, node, token: job.state[node].token)
    }
    for follower in job.followers { follower.continuation.finish() }
    jobs.governors.forget(number)
    jobs.disown(job)
    tellCallers(ofRefused: job.id)
  }

  private func execute(_ job: OwnedJob, _ order: AttemptOrder) {
    guard case .connector(let call) = job.plan.steps[Int(order.step)].kind else { return }
    if let end = executor.endInPlace(call, order.with) {
      return executor.report(
        .attemptEnded(job.number, order.node, token: order.token, end, call.connector.place))
    }
    if let work = work(job, order) { executor.execute(work) }
  }

  /// The place of an attempt that was counted and does not begin.
  private mutating func release(_ job: OwnedJob, _ order: AttemptOrder) {
    guard case .connector(let call) = job.plan.steps[Int(order.step)].kind else { return }
    jobs.attemptEnded(job.number, order.node, token: order.token, call.connector.place)
  }

  private func work(_ job: OwnedJob, _ order: AttemptOrder) -> Executor.Work? {
    guard case .connector(let call) = job.plan.steps[Int(order.step)].kind else { return nil }
    return Executor.Work(
      number: job.number, id: job.id, key: job.state.creation?.key ?? job.id.description,
      pipeline: job.pipeline, revision: job.revision, call: call, order: order, trace: job.state.trace)
  }
}
