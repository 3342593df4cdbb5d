internal import Crypto
internal import Model
internal import Pipelines

/// Which triggers there are, what lies before them, and who waits to hear of it. Part of `Jobs`.
struct TriggerInbox {
  var book = TriggerBook()
  var lines = TriggerLines()
  var replies: [ID<TriggerMessage>: [Reply<TriggerOutcome>]] = [:]
  /// Settled in this turn with a job.
  private var lent: [Loan] = []

  typealias Loan = (job: JobNumber, row: TriggerMessageRow)

  /// The earliest moment for which a timer was set.
  var alarm: Timestamp?
  /// Of the newest message: two of one moment are in the order in which they came, also in the store.
  var newest = Timestamp(microseconds: 0)

  mutating func lend(_ row: TriggerMessageRow, to job: JobNumber) { lent.append((job, row)) }

  /// What was settled since the last call: it is decided with the commit of that turn whether it stays so.
  mutating func takeLent() -> [Loan] {
    defer { lent = [] }
    return lent
  }
}

extension JobNumber {
  /// In a timer: no job, but the triggers.
  static let triggers = JobNumber(-2)
}

// What comes to triggers, and its rows.
extension Jobs {
  /// Takes over what the store keeps, before any job is restored.
  mutating func restore(_ reading: TriggerBook.Reading, _ rows: [TriggerMessageRow]) {
    triggers.book.replace(by: reading)
    for row in rows {
      triggers.newest = max(triggers.newest, row.receivedAt)
      triggers.lines.know(row)
      switch row.state {
      // The watcher of the folder goes on with it.
      case .claiming: break
      case .waiting: lineUp(.message(row.id), at: row.place)
      case .gathered: restoreGathered(row)
      }
    }
    setTriggerAlarm()
  }

  private mutating func restoreGathered(_ row: TriggerMessageRow) {
    guard let group = row.joinGroup, let part = row.part else { return }
    _ = triggers.lines.gather(row.id, in: group, part: part)
    let wanted = triggers.book[row.pipeline, row.trigger]?.trigger.completion?.sources ?? []
    let parts = triggers.lines.parts(of: group)
    if !wanted.isEmpty, wanted.allSatisfy({ parts[$0] != nil }) { lineUp(.join(group), at: row.place) }
  }

  mutating func lineUp(_ element: TriggerLines.Element, at place: TriggerLines.Place) {
    triggers.lines.line(up: element, at: place)
    orders.append(.fire(place))
  }

  /// Makes it durable in this commit; with a job, together with that job's rows. What came before with the
  /// same key and is still open is the same.
  mutating func arrive(
    _ arrival: TriggerArrival, with job: JobNumber? = nil, at now: Timestamp
  ) throws(Problem) -> ID<TriggerMessage> {
    let place = arrival.place
    if let known = triggers.lines.open(arrival.key, at: place) { return known }
    guard triggers.lines.count(at: place) < TriggerLines.mostOpen else { throw .triggerFull(arrival) }
    let key = try key(ofNamespace: arrival.pipeline.namespace)
    let moment = max(now, triggers.newest + .microseconds(1))
    triggers.newest = moment
    var row = TriggerMessageRow(
      id: arrival.id, pipeline: arrival.pipeline, trigger: arrival.trigger, kind: arrival.kind,
      state: arrival.state, key: arrival.key, group: arrival.group, part: arrival.part, actor: arrival.actor,
      receivedAt: moment, body: [])
    row.body = AES256GCM.seal(arrival.body.serialized(), key: key, additionalData: row.binding)
    batch.triggers.append(.put(row, with: job))
    triggers.lines.know(row)
    if row.state == .waiting { lineUp(.message(row.id), at: row.place) }
    return row.id
  }

  /// The end of a job is told to the pipelines that wait for it, in the commit of the end (S33).
  mutating func tellSubscribers(of job: OwnedJob, at now: Timestamp) {
    let status = job.state.status
    for subscription in triggers.book.subscribers(of: job.pipeline, ending: status) {
      var generator = ByteGenerator(bytes: configuration.random)
      let arrival = TriggerArrival(
        id: ID<TriggerMessage>.generate(at: now, using: &generator), pipeline: subscription.pipeline,
        trigger: subscription.trigger, kind: "pipeline", key: "\(job.id) \(job.state.round)",
        part: job.pipeline.name, actor: "job:\(job.id)", body: job.completion)
      // A trigger that is full, or a key that does not open, must not hold the end of the job up.
      do throws(Problem) { _ = try arrive(arrival, with: job.number, at: now) } catch {
        refuse(arrival, error, at: now)
      }
    }
  }

  private mutating func refuse(_ arrival: TriggerArrival, _ problem: Problem, at now: Timestamp) {
    batch.refusals.append(
      RefusalRow(
        at: now, namespace: arrival.pipeline.namespace, pipeline: arrival.pipeline.name,
        trigger: arrival.trigger, actor: arrival.actor, reason: problem.code, key: arrival.key,
        idempotencyKey: nil))
  }

  /// The commit is over: what refused jobs were made of lies before its trigger as before, and what ended
  /// with a refused job never came.
  mutating func settleTriggers(_ lent: [TriggerInbox.Loan], _ refused: [RefusedJob]) {
    for (job, row) in lent where refused.contains(where: { $0.job == job }) {
      triggers.lines.know(row)
      lineUp(.message(row.id), at: row.place)
    }
  }

  /// Retries what was put off, goes on where a pause is over, and gives joins up whose time is over.
  mutating func wakeTriggers(at now: Timestamp) {
    triggers.lines.wake(at: now)
    var isPutOff = false
    for group in triggers.lines.expired(at: now) {
      do throws(Problem) { try giveUp(group, at: now) } catch { isPutOff = true }
    }
    for place in triggers.lines.places { orders.append(.fire(place)) }
    triggers.alarm = nil
    guard isPutOff else { return setTriggerAlarm() }
    timers.add(
      Timers.Entry(due: clock.monotonic + TriggerLines.firstDelay, job: .triggers, wake: nil))
  }

  /// For the joins of one place, whose line has moved, or for all.
  mutating func setTriggerAlarm(at place: TriggerLines.Place? = nil) {
    guard let next = triggers.lines.nextExpiry(at: place), triggers.alarm.map({ next < $0 }) ?? true else {
      return
    }
    triggers.alarm = next
    timers.add(Timers.Instant(due: next, job: .triggers, wake: nil))
  }
}

// What becomes of it.
extension Jobs {
  /// The rows go with the commit of what they led to. Where no job came of a batch of files, their contents
  /// may come again.
  mutating func settle(
    _ ids: [ID<TriggerMessage>], _ outcome: TriggerOutcome, with job: JobNumber? = nil, _ subject: Subject,
    left: LeftOut? = nil
  ) {
    var backfills: [ID<Backfill>] = []
    for id in ids {
      if let row = triggers.lines[id] {
        note(row, outcome, left, with: job)
        if let backfill = row.backfill { backfills.append(backfill) }
      }
      if let row = triggers.lines[id], let job { triggers.lend(row, to: job) }
      if triggers.lines[id]?.kind == "files", !outcome.isUse { batch.triggers.append(.released(by: id)) }
      batch.triggers.append(.remove(id, with: job))
      noteReplay(of: id, outcome, with: job)
      triggers.lines.forget(id)
      answer(id, outcome, subject)
    }
    for id in backfills { pump(id) }
  }

  mutating func answer(_ id: ID<TriggerMessage>, _ outcome: TriggerOutcome, _ subject: Subject) {
    guard let replies = triggers.replies.removeValue(forKey: id) else { return }
    after(subject) { result in for reply in replies { reply(result.map { outcome }) } }
  }

  /// Nothing can be made of it: it is kept for a person, with the reason. Throws, and changes nothing, where
  /// the store does not answer: the message is not to lose its body.
  mutating func bury(_ ids: [ID<TriggerMessage>], _ problem: Problem, at now: Timestamp) throws(Problem) {
    var bodies: [ID<TriggerMessage>: [UInt8]] = [:]
    for id in ids {
      if let row = triggers.lines[id] { try makeSureOfRoom(forLettersOf: row.pipeline.namespace) }
      // It lies in the store, sealed under the namespace's key already.
      do throws(StoreError) { bodies[id] = try configuration.readModel.triggerMessage(id)?.body } catch {
        throw .store(error)
      }
    }
    for id in ids {
      if let row = triggers.lines[id] { bury(DeadLetterRow(row, problem, body: bodies[id], at: now)) }
    }
    settle(ids, .deadLetter(problem), .nothing)
  }

  /// The rest of a join did not come in time.
  private mutating func giveUp(_ group: TriggerLines.Group, at now: Timestamp) throws(Problem) {
    let parts = triggers.lines.parts(of: group)
    let wanted = triggers.book[group.place.pipeline, group.place.trigger.string]?.trigger.completion
    let missing = (wanted?.sources ?? []).filter { parts[$0] == nil }
    // The file was changed since: what has come is all there is to wait for.
    if wanted != nil, missing.isEmpty { return lineUp(.join(group), at: group.place) }
    try bury(
      parts.sorted { ScalarString($0.key) < ScalarString($1.key) }.map(\.value), .joinExpired(group, missing),
      at: now)
  }

  /// The part waits for the others. The group where they are all there.
  mutating func gather(
    _ id: ID<TriggerMessage>, key: String, within: Duration, wanted: [String], at now: Timestamp
  ) -> TriggerLines.Group? {
    guard var row = triggers.lines[id], let part = row.part else { return nil }
    (row.state, row.group) = (.gathered, key)
    guard let group = row.joinGroup else { return nil }
    // All are given up at the time of the first.
    row.expiresAt = min(triggers.lines.expiry(of: group) ?? row.receivedAt + within, row.receivedAt + within)
    triggers.lines.know(row)
    batch.triggers.append(.put(row, with: nil))
    if let earlier = triggers.lines.gather(id, in: group, part: part) { replace(earlier, at: now) }
    let parts = triggers.lines.parts(of: group)
    return wanted.allSatisfy { parts[$0] != nil } ? group : nil
  }

  /// A later end of the same pipeline counts in place of this one; a row says so.
  private mutating func replace(_ id: ID<TriggerMessage>, at now: Timestamp) {
    guard let row = triggers.lines[id] else { return }
    batch.refusals.append(
      RefusalRow(
        at: now, namespace: row.pipeline.namespace, pipeline: row.pipeline.name, trigger: row.trigger,
        actor: row.actor, reason: "replaced", key: row.group ?? "", idempotencyKey: row.key))
    settle([id], .filtered, .nothing)
  }
}

// What queues deliver.
extension Jobs {
  /// What is said of it holds once this turn is durable.
  mutating func receipt(for route: QueueRoute, at now: Timestamp) -> QueueReceipt {
    do throws(Problem) {
      switch route {
      case .failed(let problem): throw problem
      case .nobody: return .stored
      case .triggers(let arrivals):
        for arrival in arrivals { _ = try arrive(arrival, at: now) }
        return .stored
      case .poison(let message):
        try bury(message, at: now)
        return .deadLetter(message.problem)
      }
    } catch { return .putOff(error) }
  }

  /// It never stood before its trigger. Under its own id, so that one that comes again is the same letter.
  private mutating func bury(_ message: PoisonedMessage, at now: Timestamp) throws(Problem) {
    let arrival = message.arrival
    try makeSureOfRoom(forLettersOf: arrival.pipeline.namespace)
    let key = try key(ofNamespace: arrival.pipeline.namespace)
    let row = TriggerMessageRow(
      id: arrival.id, pipeline: arrival.pipeline, trigger: arrival.trigger, kind: arrival.kind,
      state: .waiting, key: arrival.key, actor: arrival.actor, receivedAt: now, body: [])
    let body = AES256GCM.seal(arrival.body.serialized(), key: key, additionalData: row.binding)
    bury(DeadLetterRow(row, message.problem, body: body, at: now))
  }
}

extension DeadLetterRow {
  /// Of a message of which nothing can be made.
  fileprivate init(_ row: TriggerMessageRow, _ problem: Problem, body: [UInt8]?, at now: Timestamp) {
    self.init(
      at: now, namespace: row.pipeline.namespace, kind: .message, key: "message \(row.id)",
      pipeline: row.pipeline,
      source: [
        "id": .string(row.id.description), "pipeline": .string(row.pipeline.description),
        "trigger": .string(row.trigger), "kind": .string(row.kind), "key": .string(row.key),
        "actor": .string(row.actor), "received_at": .string(row.receivedAt.rfc3339),
      ], fingerprint: "\(problem.code) \(row.pipeline) \(row.trigger)",
      error: ["code": .string(problem.code), "message": .string(problem.message.english)], body: body)
  }
}

extension OwnedJob {
  /// What a pipeline that waits for the end of this job is given.
  fileprivate var completion: JSON {
    var job = JSONObject([
      ("id", .string(id.description)), ("pipeline", .string(pipeline.description)),
      ("revision", .int(Int64(revision))), ("status", .string(state.status.word)),
      ("created_at", .string(state.createdAt.rfc3339)),
    ])
    if let key = state.creation?.key { job["key"] = .string(key) }
    if let started = state.startedAt.orNil { job["started_at"] = .string(started.rfc3339) }
    if let ended = state.endedAt.orNil { job["ended_at"] = .string(ended.rfc3339) }
    if let correlation = identity.correlation { job["correlation"] = .string(correlation) }
    job["inputs"] = state.context?.value["inputs"] ?? [:]
    job["outputs"] = state.outputs?.value ?? [:]
    if let failure = state.failure {
      job["error"] = [
        "class": .string(failure.errorClass.rawValue), "code": .string(failure.code),
        "message": .string(failure.message), "step": .string(failure.step),
      ]
    }
    return ["job": .object(job), "lineage": .array(lineage)]
  }

  /// The chain of jobs that led here, with this one as the last: what its end and its calls hand on (S33).
  var lineage: [JSON] {
    let before = state.context?.value["lineage"]?.array ?? []
    return before + [Lineage.entry(pipeline, id, at: state.createdAt)]
  }
}
