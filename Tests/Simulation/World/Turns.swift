import Model
import Pipelines

@testable import Engine

// Turns, commits and crashes.
extension World {
  /// One turn of the engine: what has come, its timers, and the commit.
  func takeTurn() throws {
    let arriving = restored + (try arrivals())
    restored = []
    turns += 1
    var taken = 0
    repeat {
      let first = taken
      taken = turn.take(arriving, from: first)
      for input in decided + arriving[first..<taken] { expect(input) }
      decided = []
      if try !commit() { return }
    } while taken < arriving.count
  }

  /// A turn in which jobs only go on is written by another thread, as far as anybody can tell: ends of
  /// attempts that come before it is durable are decided. Their facts come with the commit after it.
  private func decideMeanwhile() {
    guard let kept = turn.kept?.batch, !kept.isEmpty, kept.isProgressAlone else { return }
    inputs += outside.takeReports()
    inputs.removeAll { input in
      guard !isCalm, random.holds(50), turn.takeMeanwhile(input) else { return false }
      note(.meanwhile)
      decided.append(input)
      return true
    }
  }

  /// What comes to the node in this turn. Some of it is late, and some overtakes what came before.
  private func arrivals() throws -> [Input] {
    let waiting = asides + outside.takeAsides()
    asides = []
    for aside in waiting { if happens(.late, 20) { asides.append(aside) } else { aside() } }
    inputs += outside.takeReports()
    try land()
    var (arriving, late): ([Input], [Input]) = ([], [])
    for input in inputs { if happens(.late, 15) { late.append(input) } else { arriving.append(input) } }
    inputs = late
    if arriving.count > 1, happens(.reordered, 25) { arriving.shuffle(using: &random) }
    if let request = arriving.first(where: \.isRequest), happens(.again, 5) { arriving.append(request) }
    return arriving
  }

  /// False: the node is gone, and another has taken over.
  private func commit() throws -> Bool {
    turn.close()
    while try commitKept() {
      if turn.kept == nil { return true }
      // What was decided meanwhile followed at once.
      for input in decided { expect(input) }
      decided = []
    }
    return false
  }

  private func commitKept() throws -> Bool {
    decideMeanwhile()
    if happens(.crashBeforeCommit, 2) { return try restart() }
    store.become(fate())
    let crash: Fault? = happens(.crashAfterCommit, 2) ? .crashAfterCommit : nil
    let effects = happens(.crashAmongEffects, 2) ? random.below(5) : nil
    outside.live(effects: crash != nil ? 0 : effects)
    var isBroken = false
    let relays = !decided.isEmpty && random.holds(50)
    do throws(StoreError) { try turn.commitKept(relays: relays) } catch { isBroken = !outlasts(error) }
    if turn.kept != nil, !isBroken { note(.relay) }
    outside.live(effects: nil)
    store.become(.well)
    let isGone = isBroken || outside.isDead || crash != nil
    try readLog()
    keepStates()
    try ledger.settle(isKept: !isGone)
    if isGone { return try restart() }
    try checkAll()
    return true
  }

  /// As the engine's thread does it: a turn that the store does not take is kept whole and tried again, and
  /// meanwhile whoever asks is refused. False: the node ends, or dies while it waits.
  private func outlasts(_ first: StoreError) -> Bool {
    var error = first
    while true {
      tell("the store answers: \(error)")
      switch error {
      case .broken: return false
      case .full, .unavailable: break
      }
      let arrived = inputs + outside.takeReports()
      inputs = []
      turn.withhold(arrived, error, until: &inputs)
      clock.advance(by: .seconds(1))
      if happens(.crashBeforeCommit, 10) { return false }
      store.become(fate())
      do throws(StoreError) {
        try turn.commitKept()
        return true
      } catch let next { error = next }
    }
  }

  private func fate() -> FaultyStore.Fate {
    if fullFor > 0 {
      fullFor -= 1
      return .full
    }
    if happens(.fullDisk, 1) {
      fullFor = random.below(3)
      return .full
    }
    if happens(.commitKept, 1) { return .keptUnknown }
    return happens(.commitLost, 1) ? .lostUnknown : .well
  }

  private func readLog() throws {
    ledger.slots.lead = clock.lead
    for happening in log.takeAll() {
      switch happening {
      case .committed(let batch, let refused):
        tellFacts(batch)
        outlet.take(batch)
        try ledger.take(batch, refused: refused, at: clock.monotonic)
        for row in batch.events { committed[row.job] = nil }
      case .began(let work, let examines): try begin(work, examines)
      case .stopAsked(let job, let node, let token):
        tell("job \(job.value) asks \(node) to stop")
        for index in attempts.indices {
          let attempt = attempts[index]
          if attempt.job == job, attempt.order.node == node, attempt.order.token == token {
            attempts[index].isCancelled = true
          }
        }
      case .sent(let sending): outlet.sendings.append(sending)
      case .answered(let request, let answer): try hear(answer, request)
      }
    }
  }

  private func begin(_ work: Executor.Work, _ examines: Bool) throws {
    tell("job \(work.number.value) \(examines ? "examines" : "performs") \(work.order.path)")
    try require(
      .durableFirst, ledger.holdsStart(of: work.order.node, work.order.token, of: work.number),
      "\(work.order.path) began outside before its start was stored")
    attempts.append(
      Attempt(job: work.number, order: work.order, place: examines ? nil : work.call.connector.place))
  }

  /// The process is gone, with all that was not committed; another one takes over. False, for a turn.
  @discardableResult
  func restart() throws -> Bool {
    tell("the node dies, and another takes over")
    (attempts, inputs, asides, decided, fullFor) = ([], [], [], [], 0)
    _ = log.takeAll()
    outlet.sendings = []
    store.become(.well)
    clients.lose()
    ledger.slots.lead = clock.lead
    ledger.slots.restart()
    try ledger.settle(isKept: false)
    outside = Outside(log)
    let found = try Recovery(configuration).restore()
    turn = try Self.turn(configuration, outside)
    (isDraining, turns) = (false, 0)
    for job in found {
      let bytes = job.restored.state.encoded()
      let copy = try JobState(encoded: bytes)
      try require(.restored, copy.encoded() == bytes, "a snapshot gives back another state")
      if let known = committed[job.restored.number] {
        try require(.restored, bytes == known, "job \(job.restored.number.value) came back as another state")
      }
    }
    restored = found.map { .restored($0.restored) } + [.schedule(.begin)]
    return false
  }

  private func keepStates() {
    // What is decided and not stored is in memory all the same.
    let ahead = Set((turn.jobs.batch.events + (turn.kept?.batch.events ?? [])).map(\.job))
    for number in ledger.jobs where committed[number] == nil && !ahead.contains(number) {
      if let job = turn.jobs.inMemory(number) { committed[number] = job.state.encoded() }
    }
  }

  private func tellFacts(_ batch: Batch) {
    guard options.tells else { return }
    for row in batch.newJobs { tell("+ job \(row.number.value) of \(row.pipeline.name)") }
    for row in batch.events {
      tell(
        "+ job \(row.job.value) #\(row.sequence) \(String(decoding: batch.bytes[row.payload], as: UTF8.self))"
      )
    }
    for change in batch.slots { tell("+ slot \(change)") }
    for change in batch.triggers {
      switch change {
      case .put(let row, with: _): tell("+ message \(row.trigger) \(row.key) \(row.state)")
      case .remove(let id, with: _): tell("+ message \(id) is settled")
      case .taken, .released: break
      }
    }
  }
}

// What must hold after each commit.
extension World {
  private func checkAll() throws {
    try checkPlaces()
    if let overlap { try ledger.schedules.checkOverlap(overlap, ledger.books) }
    for number in ledger.jobs {
      if let job = turn.jobs.inMemory(number) { try Recount.check(job.state) }
    }
    // The first turn of a node settles what the last one held.
    if turns > 1 || (turns == 1 && restored.isEmpty) { try checkLeases() }
  }

  private func checkPlaces() throws {
    var taken = [Int](repeating: 0, count: ConnectorDescription.Place.allCases.count)
    let ordered = ((turn.kept?.orders ?? []) + turn.jobs.orders).compactMap(\.takenPlace)
    for place in attempts.compactMap(\.place) + inputs.compactMap(\.freedPlace) + ordered {
      taken[Int(place.rawValue)] += 1
    }
    let free = turn.jobs.governors.free
    try require(
      .places, free[0] + taken[0] == Self.nodeSlots && free[1] + taken[1] == Self.processSlots,
      "\(free) are free and \(taken) taken")
  }

  /// Whoever holds a slot works with it.
  private func checkLeases() throws {
    for (key, holder) in ledger.slots.all {
      guard let book = ledger.books[holder.job] else { continue }
      let isAtWork: Bool
      if let node = holder.node {
        isAtWork = book[node].status == .running || isUnderWay(holder.job, node)
      } else {
        isAtWork = !book.hasEnded
      }
      try require(
        .slots, isAtWork,
        "\(key) is held by job \(holder.job.value) \(holder.node ?? 0), which is not at work")
    }
  }

  /// What its end frees may be in the commit that comes next.
  private func isUnderWay(_ job: JobNumber, _ node: NodeNumber) -> Bool {
    attempts.contains { $0.job == job && $0.order.node == node }
      || (inputs + decided).contains { $0.freed.map { $0.job == job && $0.node == node } ?? false }
  }
}

extension Jobs.Order {
  /// Of an attempt that begins with the next commit.
  fileprivate var takenPlace: ConnectorDescription.Place? {
    guard case .execute(let job, let order) = self,
      case .connector(let call) = job.plan.steps[Int(order.step)].kind
    else { return nil }
    return call.connector.place
  }
}

extension Input {
  /// The attempt whose end it tells.
  var freed: (job: JobNumber, node: NodeNumber)? {
    if case .attemptEnded(let job, let node, token: _, _, _) = self { (job, node) } else { nil }
  }

  var freedPlace: ConnectorDescription.Place? {
    if case .attemptEnded(_, _, token: _, _, let place) = self { place } else { nil }
  }

  /// Whether a client sent it: it may come twice.
  fileprivate var isRequest: Bool {
    switch self {
    case .admit, .command, .ask, .arrive, .queued, .waiting: true
    // Without an id of its message it is another one.
    case .signal(let signal, _): signal.messageID != nil
    case .event, .attemptEnded, .examined, .childPrepared, .claimed, .fired, .triggers, .wakeTriggers,
      .withdraw, .emit, .refused, .read, .follow, .unfollow, .write, .delete, .pauseUnlessPaused, .endPause,
      .restored, .reopen, .letter, .outbox, .schedule, .landed, .listen, .drain, .stop:
      false
    }
  }
}
