internal import Crypto
internal import Model

/// A signal that has just come, and whose it is to be.
struct IncomingSignal: Sendable {
  var id: ID<Signal>
  var namespace: String
  var name: String
  /// Nil, for one job alone: whatever key its wait has.
  var key: String?
  var payload: JSON
  var bytes: [UInt8]
  var messageID: String?
  var source: String
  var keep: Duration
  var deadLetters: Bool
  /// For the waits of this job alone; nothing of it is kept.
  var job: ID<Job>?
}

extension IncomingSignal {
  /// Checks what a sender may choose.
  init(
    _ request: SignalRequest, namespace: String, job: ID<Job>?, at now: Timestamp,
    random: @escaping @Sendable (Int) -> [UInt8]
  ) throws(Problem) {
    let texts = [request.name, request.key ?? "", request.messageID ?? ""]
    guard !request.name.isEmpty, texts.allSatisfy({ $0.utf8.count <= SignalRequest.longestName }) else {
      throw .badSignalName
    }
    bytes = request.payload.serialized()
    guard bytes.count <= SignalRequest.longestPayload else { throw .signalTooLarge(bytes.count) }
    var generator = ByteGenerator(bytes: random)
    id = ID<Signal>.generate(at: now, using: &generator)
    (self.namespace, self.job, name, key) = (namespace, job, request.name, request.key)
    (payload, messageID, source) = (request.payload, request.messageID, request.actor)
    keep = min(max(.zero, request.keep), SignalRequest.longestKeep)
    deadLetters = request.deadLetters
  }
}

// Signals meet waits: the row of a signal and the end of the wait that takes it are one commit (S13).
extension Jobs {
  /// Gives the signal to whoever waits for it, or keeps it. What the sender hears depends on `Subject`.
  mutating func receive(
    _ signal: IncomingSignal, at now: Timestamp
  ) throws(Problem) -> (SignalReceipt, Subject) {
    forgetOldSignals(at: now)
    var signal = signal
    if let id = signal.job {
      guard let job = job(id), !job.state.status.hasEnded else { throw .ended(id) }
      signal.namespace = job.pipeline.namespace
    }
    if let known = try repeated(signal) { return (known, .nothing) }
    var receipt = SignalReceipt(id: signal.id, delivered: [], isKept: false, isDuplicate: false)
    var taker: JobNumber?
    for waiter in try takers(of: signal) {
      guard let job = waitingJob(waiter) else { continue }
      signals.remove(waiter.job, waiter.node)
      receipt.delivered.append(job.id)
      if !waiter.isBroadcast || signal.job != nil { taker = job.number }
      decide(job, .signalled(waiter.node, id: signal.id.description, payload: signal.payload), at: now)
    }
    if receipt.delivered.isEmpty {
      if let id = signal.job { throw .noWait(id, signal.name, signal.key) }
      try keep(signal, at: now)
      receipt.isKept = true
    } else if taker != nil || signal.messageID != nil {
      // Its payload is part of the jobs' histories now. Of one that only broadcasts took nothing is stored
      // but its message id (S14).
      var row = row(of: signal, at: now)
      (row.state, row.takenBy) = (.taken, taker)
      batch.signals.append(row)
    }
    return (receipt, taker.map { .job($0) } ?? .nothing)
  }

  /// Every broadcast wait, and of the others the one that has waited longest.
  private mutating func takers(of signal: IncomingSignal) throws(Problem) -> [Signals.Waiter] {
    guard let id = signal.job else {
      let all = signals.waiters(at: Signals.Channel(signal.namespace, signal.name, signal.key ?? ""))
      let oldest = oldestTaker(all)
      return all.filter { $0.isBroadcast || $0 == oldest }
    }
    guard let job = job(id) else { throw .ended(id) }
    let own = signals.waits(of: job.number).filter { wait in
      wait.channel.name == ScalarString(signal.name)
        && (signal.key.map { ScalarString($0) == wait.channel.key } ?? true)
    }
    return Array(own.map(\.waiter).prefix(1))
  }

  private mutating func oldestTaker(_ waiters: [Signals.Waiter]) -> Signals.Waiter? {
    for waiter in waiters where !waiter.isBroadcast && waitingJob(waiter) != nil { return waiter }
    return nil
  }

  /// The job of a wait, where it can be given a signal now: one in quarantine hears nothing.
  private mutating func waitingJob(_ waiter: Signals.Waiter) -> OwnedJob? {
    guard let job = job(waiter.job), job.state.quarantine == nil, job.state.wait(of: waiter.node) != nil
    else { return nil }
    return job
  }

  /// Once more the same message: it is counted and changes nothing else.
  private mutating func repeated(_ signal: IncomingSignal) throws(Problem) -> SignalReceipt? {
    guard let id = signal.messageID else { return nil }
    func isSame(_ row: SignalRow) -> Bool {
      row.messageID.map { ScalarString($0) } == ScalarString(id)
        && ScalarString(row.name) == ScalarString(signal.name)
        && ScalarString(row.namespace) == ScalarString(signal.namespace)
    }
    var known = batch.signals.last(where: isSame)
    if known == nil {
      do throws(StoreError) {
        known = try configuration.store.signal(messageID: id, name: signal.name, in: signal.namespace)
      } catch { throw .store(error) }
    }
    // One that expired and is sent again from the dead letters is not its own repetition.
    guard var row = known, row.id != signal.id || row.state != .expired else { return nil }
    row.duplicates += 1
    signals.repeated(row)
    batch.signals.append(row)
    return SignalReceipt(id: row.id, delivered: [], isKept: false, isDuplicate: true)
  }

  private mutating func keep(_ signal: IncomingSignal, at now: Timestamp) throws(Problem) {
    let size = signals.size(of: signal.namespace)
    guard size.count < setting.openSignals, size.bytes + signal.bytes.count <= setting.inboxBytes else {
      throw .inboxFull(signal.namespace, setting)
    }
    let key = try key(ofNamespace: signal.namespace)
    // Two of one moment are in the order in which they came, also in the store.
    var row = row(of: signal, at: signals.nextMoment(now))
    row.payload = AES256GCM.seal(signal.bytes, key: key, additionalData: row.place)
    signals.keep(row)
    batch.signals.append(row)
    setAlarm(for: row.expiresAt)
  }

  private func row(of signal: IncomingSignal, at now: Timestamp) -> SignalRow {
    SignalRow(
      id: signal.id, namespace: signal.namespace, name: signal.name, key: signal.key ?? "",
      messageID: signal.messageID, payload: [], source: signal.source, receivedAt: now,
      expiresAt: now + signal.keep, deadLetters: signal.deadLetters)
  }
}

extension Jobs {
  /// By node, the other jobs that one signal may reach in place of this one (S14).
  func rivals(of id: ID<Job>) -> [NodeNumber: [ID<Job>]] {
    guard let number = numbers[id] else { return [:] }
    var rivals: [NodeNumber: [ID<Job>]] = [:]
    for (waiter, channel) in signals.waits(of: number) {
      let others = signals.rivals(of: waiter, at: channel).compactMap { owned[$0]?.id ?? parked[$0]?.id }
      if !others.isEmpty { rivals[waiter.node] = others }
    }
    return rivals
  }
}

// Signals that lie in the inbox.
extension Jobs {
  /// The wait has begun. One that takes what came before it does so in this very turn.
  mutating func awaitSignal(_ node: NodeNumber, name: String, key: String, isBroadcast: Bool, _ job: OwnedJob)
  {
    let channel = Signals.Channel(job.pipeline.namespace, name, key)
    signals.add(
      .init(job: job.number, node: node, since: job.state[node].readyAt, isBroadcast: isBroadcast),
      to: channel)
    if !isBroadcast, signals.first(at: channel) != nil { followUps.append(.match(channel)) }
  }

  /// Gives out the kept signals of a channel, oldest to oldest, as long as there are both.
  mutating func match(_ channel: Signals.Channel, at now: Timestamp) {
    while signals.first(at: channel) != nil {
      guard let waiter = oldestTaker(signals.waiters(at: channel)), let job = waitingJob(waiter),
        knowsKey(of: channel), var row = signals.takeFirst(at: channel)
      else { return }
      guard let payload = open(row) else {
        expire(
          row, code: "signal-unreadable", "Its payload does not open with the key of its namespace.", now)
        continue
      }
      signals.remove(waiter.job, waiter.node)
      signals.lend(row, to: job.number)
      (row.state, row.takenBy, row.payload) = (.taken, job.number, [])
      batch.signals.append(row)
      decide(job, .signalled(waiter.node, id: row.id.description, payload: payload), at: now)
    }
  }

  /// A store that cannot say the key now must not cost the signal: it stays where it is, for the next who
  /// waits or sends. One whose key does not open is given up.
  private mutating func knowsKey(of channel: Signals.Channel) -> Bool {
    do throws(Problem) { _ = try key(ofNamespace: channel.namespace.string) } catch {
      return error.code != "store-unavailable"
    }
    return true
  }

  private mutating func open(_ row: SignalRow) -> JSON? {
    do {
      let key = try key(ofNamespace: row.namespace)
      let plain = try AES256GCM.open(row.payload, key: key, additionalData: row.place)
      return try JSON(parsing: plain)
    } catch { return nil }
  }

  /// The commit is over: what refused jobs were to take lies in the inbox as before.
  mutating func settleSignals(_ lent: [Signals.Loan], _ refused: [RefusedJob]) {
    for channel in signals.takeBack(lent, from: refused.map(\.job)) { followUps.append(.match(channel)) }
  }

  /// Nobody came for them in time.
  mutating func expireSignals(at now: Timestamp) {
    for row in signals.takeExpired(at: now) {
      expire(row, code: "signal-expired", "No job took it before \(row.expiresAt.rfc3339).", now)
    }
    if let next = signals.resetAlarm() { timers.add(Timers.Instant(due: next, job: .signals, wake: nil)) }
    forgetOldSignals(at: now)
  }

  private mutating func expire(_ row: SignalRow, code: String, _ message: String, _ now: Timestamp) {
    var row = row
    let keep = row.expiresAt - row.receivedAt
    // Of one whose time passed while no node was there, the row is remembered from now on.
    (row.state, row.expiresAt) = (.expired, max(row.expiresAt, now))
    batch.signals.append(row)
    guard row.deadLetters else { return }
    bury(
      DeadLetterRow(
        at: now, namespace: row.namespace, kind: .signal, key: "signal \(row.id)",
        source: [
          "id": .string(row.id.description), "name": .string(row.name), "key": .string(row.key),
          "source": .string(row.source), "received_at": .string(row.receivedAt.rfc3339),
          "message_id": row.messageID.map { .string($0) } ?? .null, "keep": .int(keep.microseconds),
        ], fingerprint: "\(code) \(row.name)",
        error: ["code": .string(code), "message": .string(message)], body: row.payload))
  }

  private mutating func setAlarm(for moment: Timestamp) {
    guard let alarm = signals.nextAlarm(for: moment) else { return }
    timers.add(Timers.Instant(due: alarm, job: .signals, wake: nil))
  }

  /// Rows that only remember what was, for a day after they could have been taken.
  private mutating func forgetOldSignals(at now: Timestamp) {
    if let last = signalsForgottenAt, now - last < Self.forgetsEvery { return }
    signalsForgottenAt = now
    batch.signalsForgotten = now + (.zero - setting.signalsRemembered)
  }

  /// Takes over what the store keeps, before any job is restored.
  mutating func restore(_ rows: [SignalRow]) {
    for row in rows { signals.keep(row) }
    if let next = signals.resetAlarm() { timers.add(Timers.Instant(due: next, job: .signals, wake: nil)) }
  }

  private static let forgetsEvery = Duration.seconds(3_600)
}

extension JobNumber {
  /// In a timer: no job, but the inbox.
  static let signals = JobNumber(0)
}

extension SignalRow {
  /// Binds a sealed payload to its signal, so that it cannot be moved to another.
  fileprivate var place: [UInt8] { Array("signal \(namespace) \(id)".utf8) }
}
