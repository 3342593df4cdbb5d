internal import Crypto
internal import Model
internal import Pipelines

/// Files that their watcher has moved to where a batch says, or has found gone.
struct ClaimedFiles: Sendable {
  var pipeline: PipelineName
  var trigger: String
  var key: String
  /// `{files, batch_sha256}` as they are now; nil where nothing is left and the intent ends.
  var body: JSON?
  /// The contents that are taken from now on.
  var contents: [String]
}

/// An event that a step sends.
struct Emission: Sendable {
  var namespace: String
  var type: String
  var room: String
  var data: JSON
  var job: String
  var path: String
  var key: String
}

// Triggers, as inputs of the engine's thread.
extension Turn {
  mutating func take(trigger input: Input, at now: Timestamp) {
    switch input {
    case .arrive(let arrival, let accepted, let outcome): take(arrival, accepted, outcome, at: now)
    case .queued(let routes, let reply):
      let receipts = routes.map { jobs.receipt(for: $0, at: now) }
      jobs.after(.nothing) { result in reply(result.map { receipts }) }
    case .waiting(let places, let reply):
      let counts = places.map { jobs.triggers.lines.count(at: $0) }
      jobs.after(.nothing) { _ in reply(.success(counts)) }
    case .claimed(let claimed, let reply): take(claimed, reply, at: now)
    case .fired(let fired): take(fired, at: now)
    case .triggers(let reading, let reply):
      jobs.triggers.book.replace(by: reading)
      jobs.takeSchedules(of: Set(reading.entries.keys), at: now)
      for pipeline in reading.entries.keys { wakeTriggers(of: pipeline) }
      jobs.after(.nothing) { _ in reply(.success(())) }
    case .wakeTriggers(let pipeline): wakeTriggers(of: pipeline)
    case .withdraw(let ids, let pipeline, let actor, let reply):
      withdraw(ids, of: pipeline, by: actor, reply, at: now)
    case .emit(let emission, let reply): emit(emission, reply, at: now)
    case .schedule(let order): jobs.take(order, at: now)
    case .refused(let row, let reply):
      jobs.batch.refusals.append(row)
      jobs.after(.nothing) { _ in reply(.success(())) }
    case .admit, .command, .ask, .event, .attemptEnded, .examined, .childPrepared, .signal, .read, .follow,
      .unfollow, .listen, .write, .delete, .pauseUnlessPaused, .endPause, .restored, .reopen, .letter,
      .outbox, .landed, .drain, .stop:
      break
    }
  }

  /// `accepted` comes once it is durable, `outcome` once it is durable what became of it.
  private mutating func take(
    _ arrival: TriggerArrival, _ accepted: Reply<ID<TriggerMessage>>?, _ outcome: Reply<TriggerOutcome>?,
    at now: Timestamp
  ) {
    do throws(Problem) {
      let id = try jobs.arrive(arrival, at: now)
      if let accepted { jobs.after(.nothing) { _ in accepted(.success(id)) } }
      guard let outcome else { return }
      jobs.triggers.replies[id, default: []].append(outcome)
      // What came before with this key may stand in a line at rest, where nothing else would answer.
      if id != arrival.id {
        jobs.orders.append(.fire(TriggerLines.Place(arrival.pipeline, arrival.trigger)))
      }
    } catch {
      accepted?(.failure(error))
      outcome?(.failure(error))
    }
  }

  private mutating func wakeTriggers(of pipeline: PipelineName) {
    for place in jobs.triggers.lines.wake(pipeline) { jobs.orders.append(.fire(place)) }
  }

  /// Of a batch that is not open any more the job has been made: the watcher asks again after a crash.
  private mutating func take(_ claimed: ClaimedFiles, _ reply: @escaping Reply<Void>, at now: Timestamp) {
    let place = TriggerLines.Place(claimed.pipeline, claimed.trigger)
    do throws(Problem) {
      if let id = jobs.triggers.lines.open(claimed.key, at: place), let row = jobs.triggers.lines[id],
        row.state == .claiming
      {
        try take(claimed, row, at: place, now)
      }
    } catch { return reply(.failure(error)) }
    jobs.after(.nothing) { _ in reply(.success(())) }
  }

  private mutating func take(
    _ claimed: ClaimedFiles, _ claiming: TriggerMessageRow, at place: TriggerLines.Place, _ now: Timestamp
  ) throws(Problem) {
    guard let body = claimed.body else { return jobs.settle([claiming.id], .filtered, .nothing) }
    let key = try jobs.key(ofNamespace: claiming.pipeline.namespace)
    var row = claiming
    row.state = .waiting
    jobs.triggers.lines.know(row)
    row.body = AES256GCM.seal(body.serialized(), key: key, additionalData: row.binding)
    jobs.batch.triggers.append(.put(row, with: nil))
    jobs.batch.triggers.append(
      .taken(claimed.contents, with: row.id, by: row.pipeline, trigger: row.trigger, at: now))
    jobs.lineUp(.message(row.id), at: place)
  }

  /// A row says who took which message away.
  private mutating func withdraw(
    _ ids: [ID<TriggerMessage>], of pipeline: PipelineName, by actor: String,
    _ reply: @escaping Reply<[ID<TriggerMessage>]>, at now: Timestamp
  ) {
    let book = jobs.triggers.book
    var taken = jobs.triggers.lines.withdraw(Set(ids), of: pipeline) { row in
      !(book[row.pipeline, row.trigger]?.watches(row) ?? false)
    }
    let withdrawn = ids.filter { taken.remove($0) != nil }
    jobs.batch.refusals += withdrawn.compactMap { jobs.triggers.lines[$0] }.map { row in
      RefusalRow(
        at: now, namespace: row.pipeline.namespace, pipeline: row.pipeline.name, trigger: row.trigger,
        actor: actor, reason: RefusalRow.purged, key: row.id.description, idempotencyKey: row.key)
    }
    jobs.settle(withdrawn, .filtered, .nothing, left: .purged(by: actor))
    jobs.after(.nothing) { _ in reply(.success(withdrawn)) }
  }

  private mutating func emit(_ emission: Emission, _ reply: @escaping Reply<Void>, at now: Timestamp) {
    let key: SymmetricKey
    do throws(Problem) { key = try jobs.key(ofNamespace: emission.namespace) } catch {
      return reply(.failure(error))
    }
    var row = EmittedRow(
      at: now, namespace: emission.namespace, type: emission.type, room: emission.room, job: emission.job,
      path: emission.path, key: emission.key, body: [])
    let data = emission.data.serialized()
    row.body = AES256GCM.seal(data, key: key, additionalData: row.binding)
    jobs.batch.emitted.append(row)
    jobs.tellFeed(emission, bytes: data.count, at: now)
    let tally = configuration.tally
    jobs.after(.nothing) { _ in
      tally.emitted(emission.type, emission.data)
      reply(.success(()))
    }
  }

  private static let restingReason = Bilingual(
    "its trigger waits: the pipeline is paused, or a limit is full",
    pt: "seu gatilho espera: o pipeline está pausado, ou um limite está cheio")
  private static let gatheringReason = Bilingual(
    "the rest of its join has not come", pt: "o resto da sua junção não chegou")
  private static let drainingReason = Bilingual(
    "this server begins nothing now: it is drained or stops, and goes on with it afterwards",
    pt: "este servidor não começa nada agora: está em dreno ou parando, e continua depois")
}

// The way of a message from its line to what it leads to.
extension Turn {
  /// Begins with the first of the line, off the engine's thread; what comes back is an input.
  mutating func fire(_ place: TriggerLines.Place) {
    guard configuration.restores, !jobs.isDraining else {
      if !jobs.triggers.lines.isUnderWay(place) { tell(place, Self.drainingReason) }
      return
    }
    let moment = configuration.clock.monotonic
    guard let element = jobs.triggers.lines.begin(place, at: moment) else {
      if jobs.triggers.lines.rests(place, at: moment) { tell(place, Self.restingReason) }
      return
    }
    let messages: [ID<TriggerMessage>]
    switch element {
    case .message(let id): messages = [id]
    case .join(let group):
      messages = jobs.triggers.lines.parts(of: group).sorted { ScalarString($0.key) < ScalarString($1.key) }
        .map(\.value)
    }
    let preparation = FiringPreparation(
      configuration: configuration, place: place, element: element, messages: messages)
    let executor = executor
    executor.aside {
      let result: Result<Firing, Problem>
      do throws(Problem) { result = .success(try preparation.prepare()) } catch { result = .failure(error) }
      executor.report(
        .fired(FiredTrigger(place: place, element: element, messages: messages, result: result)))
    }
  }

  /// Whoever handed something to a line at rest need not wait for its turn.
  private mutating func tell(_ place: TriggerLines.Place, _ reason: Bilingual) {
    if jobs.triggers.replies.isEmpty { return }
    for id in jobs.triggers.lines.messages(at: place) {
      jobs.answer(id, .stored(id, reason: reason), .nothing)
    }
  }

  private mutating func take(_ fired: FiredTrigger, at now: Timestamp) {
    do throws(Problem) {
      switch try fired.result.get() {
      case .job(let prepared): try admit(prepared, fired, at: now)
      case .signal(let signal): try deliver(signal, fired, at: now)
      case .gather(let key, let within, let parts): gather(fired, key, within, parts, at: now)
      case .filtered: finish(fired, .filtered)
      case .missed(let left):
        jobs.settle(fired.messages, .filtered, .nothing, left: left)
        next(fired.place)
      case .gone(let messages):
        for id in messages {
          jobs.triggers.lines.forget(id)
          jobs.answer(id, .filtered, .nothing)
        }
        next(fired.place)
      case .rests(let reason, let until): rest(fired.place, reason, until: until)
      }
    } catch {
      refuse(fired, error, at: now)
    }
  }

  private mutating func rest(_ place: TriggerLines.Place, _ reason: Bilingual, until: Timestamp?) {
    guard jobs.triggers.lines.rest(place, until: until) else { return jobs.orders.append(.fire(place)) }
    if let until { jobs.timers.add(Timers.Instant(due: until, job: .triggers, wake: nil)) }
    tell(place, reason)
  }

  private mutating func admit(
    _ prepared: PreparedJob, _ fired: FiredTrigger, at now: Timestamp
  ) throws(Problem) {
    if let existing = try existing(prepared) { return finish(fired, .started(existing)) }
    if let left = jobs.replacement(of: fired) {
      jobs.settle(fired.messages, .filtered, .nothing, left: left)
      return next(fired.place)
    }
    if let holder = jobs.overlap(of: fired) { return rest(fired.place, holder, until: nil) }
    if let pause = prepared.pause {
      return rest(fired.place, FiringPreparation.paused(pause), until: pause.until)
    }
    let subjects = try jobs.subjects(of: prepared)
    if let problem = refusal(of: prepared, at: now) {
      // It stays in its line, so that nothing was turned away.
      if fullRule(at: fired.place) == .requeue { jobs.batch.refusals.removeLast() }
      throw problem
    }
    let job = jobs.admit(prepared, subjects, at: now)
    jobs.makeRoom(for: job, at: now)
    let started = StartedJob(job: prepared.id, revision: prepared.revision, isNew: true)
    finish(fired, .started(started), with: job.number, .job(job.number))
  }

  private mutating func deliver(
    _ signal: IncomingSignal, _ fired: FiredTrigger, at now: Timestamp
  ) throws(Problem) {
    let (receipt, subject) = try jobs.receive(signal, at: now)
    var taker: JobNumber?
    if case .job(let number) = subject { taker = number }
    finish(fired, .delivered(receipt), with: taker, subject)
  }

  private mutating func gather(
    _ fired: FiredTrigger, _ key: String, _ within: Duration, _ parts: [String], at now: Timestamp
  ) {
    guard let id = fired.messages.first else { return }
    let whole = jobs.gather(id, key: key, within: within, wanted: parts, at: now)
    if let whole {
      jobs.lineUp(.join(whole), at: fired.place)
    } else {
      jobs.answer(id, .stored(id, reason: Self.gatheringReason), .nothing)
    }
    next(fired.place)
  }

  private mutating func finish(
    _ fired: FiredTrigger, _ outcome: TriggerOutcome, with job: JobNumber? = nil,
    _ subject: Jobs.Subject = .nothing
  ) {
    jobs.settle(fired.messages, outcome, with: job, subject)
    next(fired.place)
  }

  private mutating func next(_ place: TriggerLines.Place) {
    jobs.triggers.lines.finish(place)
    jobs.orders.append(.fire(place))
    // What has left the line may have been all that a join was waited with.
    jobs.setTriggerAlarm(at: place)
  }

  /// What may pass is tried again; what a limit turns away for good leaves a row; the rest waits for a
  /// person.
  private mutating func refuse(_ fired: FiredTrigger, _ problem: Problem, at now: Timestamp) {
    switch problem.code {
    case "store-unavailable", "node-full", "queue-full", "inbox-full": delay(fired.place, problem)
    case "skipped-by-limit":
      switch fullRule(at: fired.place) {
      case .skip: finish(fired, .refused(problem))
      case .deadLetter: bury(fired, problem, at: now)
      case .requeue: delay(fired.place, problem)
      }
    case _: bury(fired, problem, at: now)
    }
  }

  private func fullRule(at place: TriggerLines.Place) -> FullRule {
    FullRule(jobs.triggers.book[place.pipeline, place.trigger.string])
  }

  private mutating func bury(_ fired: FiredTrigger, _ problem: Problem, at now: Timestamp) {
    do throws(Problem) {
      try jobs.bury(fired.messages, problem, at: now)
      next(fired.place)
    } catch { delay(fired.place, error) }
  }

  private mutating func delay(_ place: TriggerLines.Place, _ problem: Problem) {
    let moment = configuration.clock.monotonic
    let pause = jobs.triggers.lines.delay(place, at: moment)
    jobs.timers.add(Timers.Entry(due: moment + pause, job: .triggers, wake: nil))
    tell(place, problem.message)
  }
}
