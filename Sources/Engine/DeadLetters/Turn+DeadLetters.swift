internal import Crypto
internal import Model

// What people do with dead letters. The letter and what comes of it are one commit.
extension Turn {
  mutating func take(_ order: LetterOrder, _ reply: @escaping Reply<LetterOutcome>, at now: Timestamp) {
    do throws(Problem) {
      let row = try openLetter(order.letter)
      guard row.edited == order.seen || order.act.isDiscard else { throw .letterChanged(row.id) }
      switch order.act {
      case .hand(let arrival, let contents):
        try hand(arrival, contents, row, order, reply, at: now)
      case .signal(let signal): try send(signal, row, order, reply, at: now)
      case .publish(let message): try publish(message, row, order, reply, at: now)
      case .discard(let reason): discard(row, order, reason, reply, at: now)
      }
    } catch {
      let problem = error
      // What it says may be about this very turn.
      jobs.after(.nothing) { _ in reply(.failure(problem)) }
    }
  }

  /// With what this very turn has done to it.
  private func openLetter(_ id: Int64) throws(Problem) -> DeadLetterRow {
    let stored: DeadLetterRow?
    do throws(StoreError) { stored = try store.deadLetter(id) } catch { throw .store(error) }
    guard var row = stored else { throw .noLetter(id) }
    for case .handle(let handling, with: _) in jobs.batch.deadLetters where handling.letter == id {
      (row.state, row.handledBy, row.handledAt) = (handling.state, handling.by, handling.at)
      (row.note, row.became) = (handling.note, handling.became)
    }
    guard row.state == .open else { throw .letterHandled(row) }
    return row
  }

  private mutating func hand(
    _ arrival: TriggerArrival, _ contents: [String], _ row: DeadLetterRow, _ order: LetterOrder,
    _ reply: @escaping Reply<LetterOutcome>, at now: Timestamp
  ) throws(Problem) {
    let place = TriggerLines.Place(arrival.pipeline, arrival.trigger)
    // Of another message with its key the job is made; this one would not be told from it.
    guard jobs.triggers.lines.open(arrival.key, at: place) == nil, jobs.triggers.lines[arrival.id] == nil
    else { throw .letterWaits(row.id, arrival) }
    if try areTaken(contents, arrival) { throw .contentsTaken(row.id, arrival) }
    let edited = try sealed(order.edit, row)
    _ = try jobs.arrive(arrival, at: now)
    if !contents.isEmpty {
      jobs.batch.triggers.append(
        .taken(contents, with: arrival.id, by: arrival.pipeline, trigger: arrival.trigger, at: now))
    }
    handle(row, DeadLetterHandling(order, row, .replayed, edited: edited, at: now))
    jobs.letters.underWay[arrival.id] = row.id
    jobs.triggers.replies[arrival.id, default: []].append { result in
      reply(result.map { .handed($0) })
    }
  }

  /// The same content may have come again since, and have been a job's.
  private func areTaken(_ contents: [String], _ arrival: TriggerArrival) throws(Problem) -> Bool {
    if contents.isEmpty { return false }
    let wanted = Set(contents)
    for case .taken(let taken, with: _, let pipeline, let trigger, at: _) in jobs.batch.triggers
    where pipeline == arrival.pipeline && ScalarString(trigger) == ScalarString(arrival.trigger) {
      if !wanted.isDisjoint(with: taken) { return true }
    }
    do throws(StoreError) {
      return try !configuration.readModel.takenContents(
        contents, by: arrival.pipeline, trigger: arrival.trigger
      ).isEmpty
    } catch { throw .store(error) }
  }

  private mutating func send(
    _ signal: IncomingSignal, _ row: DeadLetterRow, _ order: LetterOrder,
    _ reply: @escaping Reply<LetterOutcome>, at now: Timestamp
  ) throws(Problem) {
    let edited = try sealed(order.edit, row)
    let (receipt, subject) = try jobs.receive(signal, at: now)
    var taker: JobNumber?
    if case .job(let number) = subject { taker = number }
    var handling = DeadLetterHandling(order, row, .replayed, edited: edited, at: now)
    handling.became = receipt.became
    handle(row, handling, with: taker)
    jobs.after(subject) { result in reply(result.map { .signalled(receipt) }) }
  }

  /// Under the same id, so that a receiver that had it after all can tell.
  private mutating func publish(
    _ message: OutboxRow, _ row: DeadLetterRow, _ order: LetterOrder,
    _ reply: @escaping Reply<LetterOutcome>, at now: Timestamp
  ) throws(Problem) {
    guard let line = jobs.outbox.configuredLine(of: message.destination) else {
      throw .noDestination(message.destination)
    }
    try jobs.makeSureOfRoom(inOutboxOf: line)
    jobs.put(message, line)
    var handling = DeadLetterHandling(order, row, .replayed, edited: nil, at: now)
    handling.became = [
      "outcome": "queued", "destination": .string(message.destination), "event": .string(message.event),
    ]
    handle(row, handling)
    jobs.after(.nothing) { _ in reply(.success(.queued(destination: message.destination))) }
  }

  private mutating func discard(
    _ row: DeadLetterRow, _ order: LetterOrder, _ reason: String, _ reply: @escaping Reply<LetterOutcome>,
    at now: Timestamp
  ) {
    var handling = DeadLetterHandling(order, row, .discarded, edited: nil, at: now)
    handling.note = reason
    handle(row, handling)
    if row.kind == .delivery, let destination = row.source["destination"]?.string {
      // Where it keeps its lane closed, the next may come.
      jobs.batch.outbox.append(.drop(destination: destination, event: row.sourceID))
      if let line = jobs.outbox.line(of: destination) {
        jobs.outbox[line].isStale = true
        jobs.call(line)
      }
    }
    // What a trigger was given has led to nothing: that is a row, whoever decided it (S25).
    if row.kind == .message, let pipeline = row.pipeline {
      jobs.batch.refusals.append(
        RefusalRow(
          at: now, namespace: row.namespace, pipeline: pipeline.name, trigger: row.source["trigger"]?.string,
          actor: order.actor, reason: RefusalRow.discarded, key: row.sourceID,
          idempotencyKey: row.source["key"]?.string))
    }
    jobs.after(.nothing) { _ in reply(.success(.discarded)) }
  }

  private mutating func handle(
    _ row: DeadLetterRow, _ handling: DeadLetterHandling, with job: JobNumber? = nil
  ) {
    jobs.batch.deadLetters.append(.handle(handling, with: job))
    jobs.letters.counts[row.namespace]? -= 1
  }

  private mutating func sealed(_ edit: JSON?, _ row: DeadLetterRow) throws(Problem) -> [UInt8]? {
    guard let edit else { return nil }
    let key = try jobs.key(ofNamespace: row.namespace)
    return AES256GCM.seal(edit.serialized(), key: key, additionalData: row.editBinding)
  }

  /// To let a job go on in place is to replay what its letters are about, however it was asked for.
  func openLetters(of job: ID<Job>) throws(Problem) -> [DeadLetterRow] {
    do throws(StoreError) {
      // That somebody was not told of it is a matter of its own.
      return try store.openDeadLetters(of: job).filter { $0.kind != .delivery }
    } catch { throw .store(error) }
  }
}

extension Jobs {
  mutating func replayed(
    _ rows: [DeadLetterRow], with job: JobNumber, _ id: ID<Job>, actor: String, at now: Timestamp
  ) -> [DeadLetterChange] {
    rows.map { row in
      letters.counts[row.namespace]? -= 1
      let handling = DeadLetterHandling(
        letter: row.id, namespace: row.namespace, state: .replayed, by: actor, at: now,
        became: ["outcome": "retried", "jobs": [.string(id.description)]])
      return .handle(handling, with: job)
    }
  }
}

extension LetterOrder.Act {
  fileprivate var isDiscard: Bool {
    if case .discard = self { true } else { false }
  }
}

extension DeadLetterHandling {
  fileprivate init(
    _ order: LetterOrder, _ row: DeadLetterRow, _ state: DeadLetterRow.State, edited: [UInt8]?, at: Timestamp
  ) {
    self.init(
      letter: row.id, namespace: row.namespace, state: state, by: order.actor, at: at, edited: edited)
  }
}

extension RefusalRow {
  /// The reason of a message whose letter somebody discarded.
  static let discarded = "discarded"
}
