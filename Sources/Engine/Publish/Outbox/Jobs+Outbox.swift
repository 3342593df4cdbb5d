internal import Crypto
internal import Model

// Messages and their rows.
extension Jobs {
  /// How soon a message is looked at again for which there is no room among the dead letters, or that the
  /// store could not give.
  private static let laterAgain = Duration.seconds(60)

  /// Puts a message for each of them into this commit; with a job, together with that job's rows.
  mutating func tell(
    _ telling: Telling, to listeners: OutboxBook.Listeners, with job: JobNumber? = nil, at now: Timestamp
  ) {
    var (sealed, problem): ([UInt8], Problem?) = ([], nil)
    do throws(Problem) { sealed = try seal(telling, at: now) } catch { problem = error }
    for (line, types) in listeners.each where types.contains(telling.type) {
      let row = OutboxRow(
        destination: outbox[line].destination.name, namespace: telling.namespace, lane: telling.lane,
        event: telling.id, type: telling.type.name, pipeline: telling.pipeline, job: telling.job,
        firstAt: now, nextAt: now, body: sealed)
      do throws(Problem) {
        if let problem { throw problem }
        try makeSureOfRoom(inOutboxOf: line)
        put(row, line, with: job)
      } catch {
        bury(row, error, with: job, at: now)
      }
    }
  }

  private mutating func seal(_ telling: Telling, at now: Timestamp) throws(Problem) -> [UInt8] {
    let body = telling.event(from: setting.name, at: now).serialized()
    guard body.count <= OutgoingMessage.longest else { throw .eventTooLong(telling.type.name, body.count) }
    let key = try key(ofNamespace: telling.namespace)
    return AES256GCM.seal(
      body, key: key, additionalData: OutboxRow.binding(telling.namespace, telling.id))
  }

  /// Throws `outbox-full` where so many wait that no more may.
  mutating func makeSureOfRoom(inOutboxOf line: Int) throws(Problem) {
    if let count = outbox[line].count, count < setting.outboxRows { return }
    let name = outbox[line].destination.name
    var count: Int
    do throws(StoreError) { count = try configuration.store.outboxCount(of: name) } catch {
      throw .store(error)
    }
    for case .put(let row, with: _) in batch.outbox where row.destination == name { count += 1 }
    outbox[line].count = count
    guard count < setting.outboxRows else { throw .outboxFull(name, setting.outboxRows) }
  }

  mutating func put(_ row: OutboxRow, _ line: Int, with job: JobNumber? = nil) {
    batch.outbox.append(.put(row, with: job))
    outbox[line].count? += 1
    outbox[line].isStale = true
    call(line)
  }

  /// Has the destination looked at once this commit is over.
  mutating func call(_ line: Int) {
    if outbox[line].isCalled { return }
    outbox[line].isCalled = true
    orders.append(.publish(line))
  }

  /// A message that cannot even be stored as it should is a letter at once.
  private mutating func bury(_ row: OutboxRow, _ problem: Problem, with job: JobNumber?, at now: Timestamp) {
    let letter = DeadLetterRow(
      row, ["code": .string(problem.code), "message": .string(problem.message.english)], at: now)
    do throws(Problem) {
      try makeSureOfRoom(forLettersOf: row.namespace)
      bury(letter, with: job)
    } catch {
      // The job itself is the record; a row says why nobody was told.
      batch.refusals.append(
        RefusalRow(
          at: now, namespace: row.namespace, pipeline: row.pipeline?.name ?? "", trigger: nil,
          actor: "destination:\(row.destination)", reason: error.code, key: letter.key, idempotencyKey: nil))
    }
  }

  /// What a try has come to.
  mutating func settle(
    _ row: OutboxRow, _ outcome: DeliveryOutcome, took duration: Duration, _ line: Int, at now: Timestamp
  ) {
    let destination = outbox[line].destination
    var (note, tries) = (DeliveryRow(row, outcome, took: duration, at: now), row.tries + 1)
    switch outcome.verdict {
    case .delivered:
      note.body = row.body
      batch.outbox.append(.remove(position: row.position))
      outbox[line].count? -= 1
    case .gone:
      // The message is not to blame: it waits until the destination is enabled again.
      tries = row.tries
      outbox[line].isDisabled = true
      batch.outbox.append(
        .disable(DisabledDestination(name: destination.name, reason: outcome.message, at: now)))
      keep(row, outcome, tries: tries, nextAt: now)
    case .refused: giveUp(row, outcome, tries: tries, line, at: now)
    case .retry(let asked):
      let pause = destination.plan.pause(after: tries, asked: asked, chance: chance)
      if let pause {
        keep(row, outcome, tries: tries, nextAt: now + pause)
      } else {
        giveUp(row, outcome, tries: tries, line, at: now)
      }
    }
    batch.outbox.append(.delivery(note))
  }

  private var chance: Double {
    let bytes = configuration.random(2)
    return Double(bytes.reduce(0) { $0 << 8 | Int($1) }) / 65_535
  }

  private mutating func keep(
    _ row: OutboxRow, _ outcome: DeliveryOutcome, tries: Int, nextAt: Timestamp, isHeld: Bool = false
  ) {
    batch.outbox.append(
      .tried(
        position: row.position, tries: tries, nextAt: nextAt, error: outcome.error, isHeld: isHeld))
  }

  /// The message is a letter from now on, and its lane moves on, or waits for what becomes of the letter.
  private mutating func giveUp(
    _ row: OutboxRow, _ outcome: DeliveryOutcome, tries: Int, _ line: Int, at now: Timestamp
  ) {
    do throws(Problem) { try makeSureOfRoom(forLettersOf: row.namespace) } catch {
      return keep(row, outcome, tries: row.tries, nextAt: now + Self.laterAgain)
    }
    var tried = row
    tried.tries = tries
    bury(DeadLetterRow(tried, outcome.error, at: now))
    switch outbox[line].destination.ordering {
    case .strict: keep(row, outcome, tries: tries, nextAt: now, isHeld: true)
    case .lane:
      batch.outbox.append(.remove(position: row.position))
      outbox[line].count? -= 1
    }
  }

  mutating func wakeOutbox(at now: Timestamp) {
    for line in outbox.wake(at: now) { call(line) }
    setOutboxAlarm()
  }

  mutating func setOutboxAlarm() {
    guard let next = outbox.nextAlarm, outbox.alarm.map({ next < $0 }) ?? true else { return }
    outbox.alarm = next
    timers.add(Timers.Instant(due: next, job: .outbox, wake: nil))
  }

  /// The store could not say what is due, or give a message.
  mutating func lookLater(at line: Int, _ now: Timestamp) {
    outbox[line].isStale = false
    outbox[line].heads = Deque()
    outbox[line].next = now + Self.laterAgain
    setOutboxAlarm()
  }
}

extension DeliveryOutcome {
  /// `{code, message, status?}`.
  var error: JSON {
    var error = JSONObject([("code", .string(code)), ("message", .string(message))])
    error["status"] = status.map { .int(Int64($0)) }
    return .object(error)
  }
}

extension DeliveryRow {
  init(_ row: OutboxRow, _ outcome: DeliveryOutcome, took duration: Duration, at now: Timestamp) {
    let word: Outcome =
      switch outcome.verdict {
      case .delivered: .delivered
      case .retry: .failed
      case .gone: .gone
      case .refused: .refused
      }
    self.init(
      destination: row.destination, namespace: row.namespace, event: row.event, type: row.type,
      lane: row.lane, pipeline: row.pipeline, job: row.job, attempt: row.tries + 1, outcome: word,
      status: outcome.status, duration: duration, code: outcome.code, message: outcome.message, at: now)
  }
}

extension DeadLetterRow {
  /// A message that ran out. Its source says all that it takes to send it again.
  fileprivate init(_ row: OutboxRow, _ error: JSON, at now: Timestamp) {
    var source = JSONObject([
      ("id", .string(row.event)), ("destination", .string(row.destination)), ("type", .string(row.type)),
      ("lane", .string(row.lane)), ("first_at", .string(row.firstAt.rfc3339)),
      ("tries", .int(Int64(row.tries))),
    ])
    source["job"] = row.job.map { .string($0.description) }
    self.init(
      at: now, namespace: row.namespace, kind: .delivery, key: "delivery \(row.destination) \(row.event)",
      pipeline: row.pipeline, job: row.job, source: .object(source),
      fingerprint: "\(error["code"]?.string ?? "") \(row.destination)", error: error,
      body: row.body.isEmpty ? nil : row.body)
  }
}

extension OutboxRow {
  /// The message of a letter, to be sent again from the start. Nil where the letter does not hold it.
  init?(_ letter: DeadLetterRow, at now: Timestamp) {
    guard letter.kind == .delivery, let body = letter.body,
      let destination = letter.source["destination"]?.string, let type = letter.source["type"]?.string,
      let lane = letter.source["lane"]?.string
    else { return nil }
    self.init(
      destination: destination, namespace: letter.namespace, lane: lane, event: letter.sourceID, type: type,
      pipeline: letter.pipeline, job: letter.job, firstAt: now, nextAt: now, body: body)
  }

  /// The same of a message that was delivered.
  init?(_ delivery: DeliveryRow, at now: Timestamp) {
    if delivery.body.isEmpty { return nil }
    self.init(
      destination: delivery.destination, namespace: delivery.namespace, lane: delivery.lane,
      event: delivery.event, type: delivery.type, pipeline: delivery.pipeline, job: delivery.job,
      firstAt: now, nextAt: now, body: delivery.body)
  }
}
