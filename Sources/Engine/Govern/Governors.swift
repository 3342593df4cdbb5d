internal import Model

/// All that jobs share: the node's places, the slots of limits, rates and circuits, and who waits for which
/// of them. No clock and no store: time comes in, rows and verdicts go out (`semantics.md`, S11).
///
/// Whoever waits stands in one queue, that of the first thing that it lacks. When the thing is there it
/// either has all the rest and starts, or moves on to the queue of what it lacks next; its age goes with it.
struct Governors {
  /// What one may have to wait for.
  enum Resource: Hashable {
    case place(Int)
    case slot(ScalarString)
    case rate(ScalarString)
  }

  /// A claim that was not granted yet.
  struct Waiting {
    var claim: Claim
    var since: Timestamp
    /// Where it stands; nil: it has just come.
    var resource: Resource?
    /// Whether its job knows that it waits for a limit.
    var isTold = false
  }

  /// What a claimant holds.
  struct Holding {
    var slots: [(key: String, number: Int)] = []
    /// It has no attempt of its own: those inside it work with what it holds.
    var holdsOthers = false
    /// The attempt that works with it, until it is known to be over.
    var token: UInt32?
  }

  /// What becomes of a claimant.
  enum Verdict {
    /// A place of the node is free for it.
    case place(Claimant)
    /// It has all that it asked for; these rows say so.
    case granted(Claimant, Claim, [SlotRow])
    case refused(Claimant, Failure)
  }

  /// A reading of the clock. The wall was read between the two others: what is granted at `before` and noted
  /// as of `after` keeps its distance in wall time, too.
  struct Moment {
    var wall: Timestamp
    var before: Duration
    var after: Duration
  }

  /// By `ConnectorDescription.Place`.
  private(set) var free: [Int]
  private(set) var queues: [FairQueue]
  var slots = LimitSlots()
  var rates: [ScalarString: Rate] = [:]
  var circuits: [ScalarString: Circuit] = [:]
  /// Of claims alone: who waits for nothing but a place stands in `queues`.
  var waiting: [Claimant: Waiting] = [:]
  /// How many of them want a slot of a key.
  private(set) var wanted: [ScalarString: Int] = [:]
  /// Of slots and rates; those of places are `queues`.
  var lines: [Resource: FairQueue] = [:]
  var holdings: [Claimant: Holding] = [:]
  /// Of attempts that the history has ended and that may still run.
  var leaving: [Claimant: [Holding]] = [:]
  private(set) var entrants: [JobNumber: Entrant] = [:]
  /// What has changed, in order: only there may somebody be next.
  var touched: [Resource] = []
  private var fresh = Deque<Claimant>()
  /// When a rate that somebody waits for has room again.
  var dues: [ScalarString: Duration] = [:]
  /// Rates whose rows are to be written.
  var changedRates: Set<ScalarString> = []
  /// Priorities that waiters lend to the jobs that hold what they wait for.
  var lent: [JobNumber: Int] = [:]
  /// Whether any two priorities differ: only then is there something to lend.
  private var mayLend = false
  /// Whether somebody began or ceased to wait for a slot, or to hold one.
  var lendingIsDue = false
  /// Those in a line of a limit, of which their jobs do not know it yet.
  private var untold: [Claimant] = []

  struct Rate {
    var window = RateWindow()
    /// As the newest claim says it.
    var claim: RateClaim?
  }

  /// `free`: by `ConnectorDescription.Place`.
  init(free: [Int]) {
    self.free = free
    queues = free.map { _ in FairQueue() }
  }

  mutating func enter(_ job: JobNumber, _ entrant: Entrant) {
    entrants[job] = entrant
    if entrant.priority != Claim.defaultPriority { mayLend = true }
  }

  /// The job is driven here no longer; what it holds stays held.
  mutating func exit(_ job: JobNumber) {
    entrants[job] = nil
    lent[job] = nil
  }

  /// The job has another priority from now on: what waits of it for that priority's sake takes its new place,
  /// and has waited as long as before. `follows`: whether a claimant's priority is the job's, nil is the job.
  mutating func prioritize(_ job: JobNumber, _ priority: Int, where follows: (NodeNumber?) -> Bool) {
    entrants[job]?.priority = priority
    (mayLend, lendingIsDue) = (true, true)
    for claimant in waiting.keys.filter({ $0.job == job && follows($0.node) }).sorted() {
      waiting[claimant]?.claim.priority = priority
      if let resource = waiting[claimant]?.resource { join(claimant, resource) }
    }
    for place in queues.indices {
      let waiters = queues[place].waiters.filter { $0.claimant.job == job && waiting[$0.claimant] == nil }
      for waiter in waiters.sorted(by: { $0.claimant < $1.claimant }) {
        wait(waiter.claimant, for: place, since: waiter.since)
      }
    }
  }

  /// The next moment at which time alone lets somebody start.
  var due: Duration? { dues.values.min() }
}

// The node's places.
extension Governors {
  /// Places that a decision may take without asking: none while somebody waits for one.
  var offered: [Int] {
    if queues.allSatisfy(\.isEmpty) { return free }
    return free.indices.map { queues[$0].isEmpty ? free[$0] : 0 }
  }

  /// What is left of the places that were offered to a decision.
  mutating func take(_ offered: [Int], left: [Int]) {
    for place in free.indices { free[place] -= offered[place] - left[place] }
  }

  mutating func release(_ place: ConnectorDescription.Place) {
    let place = Int(place.rawValue)
    free[place] += 1
    if !queues[place].isEmpty { touched.append(.place(place)) }
  }

  mutating func wait(_ claimant: Claimant, for place: ConnectorDescription.Place, since: Timestamp) {
    wait(claimant, for: Int(place.rawValue), since: since)
  }

  private mutating func wait(_ claimant: Claimant, for place: Int, since: Timestamp) {
    queues[place].join(waiter(claimant, nil, since))
    if free[place] > 0 { touched.append(.place(place)) }
  }

  private func waiter(_ claimant: Claimant, _ claim: Claim?, _ since: Timestamp) -> FairQueue.Waiter {
    let entrant = entrants[claimant.job]
    let own = claim?.priority ?? entrant?.priority ?? Claim.defaultPriority
    return FairQueue.Waiter(
      claimant: claimant, namespace: entrant?.namespace ?? "", weight: entrant?.weight ?? 1,
      fairKey: entrant?.fairKey ?? ScalarString(""), priority: max(own, lent[claimant.job] ?? 0), since: since
    )
  }
}

// Who waits.
extension Governors {
  mutating func claim(_ claim: Claim, by claimant: Claimant, since: Timestamp) {
    leave(claimant)
    for slot in claim.slots {
      slots.note(slot)
      wanted[ScalarString(slot.key), default: 0] += 1
    }
    if let rate = claim.rate { rates[ScalarString(rate.key), default: Rate()].claim = rate }
    waiting[claimant] = Waiting(claim: claim, since: since)
    fresh.append(claimant)
    if claim.priority != Claim.defaultPriority { mayLend = true }
  }

  /// It does not want to start any more.
  mutating func leave(_ claimant: Claimant) {
    for place in queues.indices where !queues[place].isEmpty { queues[place].leave(claimant) }
    guard let known = stopWaiting(claimant) else { return }
    leaveLine(claimant, known.resource)
  }

  @discardableResult
  private mutating func stopWaiting(_ claimant: Claimant) -> Waiting? {
    guard let known = waiting.removeValue(forKey: claimant) else { return nil }
    for slot in known.claim.slots {
      let key = ScalarString(slot.key)
      wanted[key] = wanted[key].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
    return known
  }

  private mutating func leaveLine(_ claimant: Claimant, _ resource: Resource?) {
    lendingIsDue = true
    switch resource {
    case nil: break
    case .place(let place)?: queues[place].leave(claimant)
    case .slot?, .rate?:
      guard let resource else { return }
      lines[resource]?.leave(claimant)
      forgetIfEmpty(resource)
    }
  }

  private mutating func forgetIfEmpty(_ resource: Resource) {
    guard lines[resource]?.isEmpty == true else { return }
    lines[resource] = nil
    if case .rate(let key) = resource { dues[key] = nil }
  }

  mutating func join(_ claimant: Claimant, _ resource: Resource) {
    guard let known = waiting[claimant] else { return }
    leaveLine(claimant, known.resource)
    waiting[claimant]?.resource = resource
    let waiter = waiter(claimant, known.claim, known.since)
    switch resource {
    case .place(let place): queues[place].join(waiter)
    case .slot, .rate:
      lines[resource, default: FairQueue()].join(waiter)
      if known.isTold == false { untold.append(claimant) }
      lendingIsDue = true
    }
    touched.append(resource)
  }

  /// The step executions that turned out to wait for a limit since it was last asked.
  mutating func takeLimited() -> [Claimant] {
    if untold.isEmpty { return [] }
    defer { untold = [] }
    return untold.filter { claimant in
      guard claimant.node != nil, let known = waiting[claimant], !known.isTold else { return false }
      switch known.resource {
      case .slot?, .rate?: waiting[claimant]?.isTold = true
      case .place?, nil: return false
      }
      return true
    }
  }
}

// Who is next.
extension Governors {
  /// The next verdict; nil once nobody can start now.
  mutating func next(at moment: Moment) -> Verdict? {
    while let claimant = fresh.popFirst() {
      if let verdict = arrive(claimant, moment) { return verdict }
    }
    if mayLend && lendingIsDue { lend() }
    for key in dues.keys.sorted() where dues[key].map({ $0 <= moment.before }) == true {
      dues[key] = nil
      touched.append(.rate(key))
    }
    while let resource = touched.last {
      guard hasRoom(resource, moment), let waiter = take(from: resource, at: moment.wall) else {
        touched.removeLast()
        continue
      }
      if let verdict = advance(waiter.claimant, moment) { return verdict }
    }
    return nil
  }

  private mutating func arrive(_ claimant: Claimant, _ moment: Moment) -> Verdict? {
    guard let claim = waiting[claimant]?.claim, waiting[claimant]?.resource == nil else { return nil }
    guard let first = resources(claim).first else { return advance(claimant, moment) }
    join(claimant, first)
    return nil
  }

  private func resources(_ claim: Claim) -> [Resource] {
    claim.slots.map { .slot(ScalarString($0.key)) } + (claim.rate.map { [.rate(ScalarString($0.key))] } ?? [])
      + (claim.place.map { [.place(Int($0.rawValue))] } ?? [])
  }

  private mutating func hasRoom(_ resource: Resource, _ moment: Moment) -> Bool {
    switch resource {
    case .place(let place): return free[place] > 0
    case .slot(let key): return slots.isFree(key)
    case .rate(let key):
      guard let claim = rates[key]?.claim else { return true }
      let now = moment.before
      let due = rates[key]?.window.due(claim.limit, per: claim.per, at: now) ?? now
      if due <= now { return true }
      if lines[resource] != nil { dues[key] = due }
      return false
    }
  }

  private mutating func take(from resource: Resource, at now: Timestamp) -> FairQueue.Waiter? {
    switch resource {
    case .place(let place): return queues[place].take(at: now)
    case .slot, .rate:
      defer { forgetIfEmpty(resource) }
      return lines[resource]?.take(at: now)
    }
  }

  /// What it stood in line for is there: it starts, or goes on to what it lacks next.
  private mutating func advance(_ claimant: Claimant, _ moment: Moment) -> Verdict? {
    guard let claim = waiting[claimant]?.claim else { return .place(claimant) }
    waiting[claimant]?.resource = nil
    if let failure = refusal(of: claim, to: claimant, at: moment.before) {
      stopWaiting(claimant)
      return .refused(claimant, failure)
    }
    for resource in resources(claim) where !hasRoom(resource, moment) {
      join(claimant, resource)
      return nil
    }
    return grant(claimant, claim, moment)
  }

  private func refusal(of claim: Claim, to claimant: Claimant, at now: Duration) -> Failure? {
    guard let wanted = claim.circuit, let circuit = circuits[ScalarString(wanted.key)],
      case .open(let pause) = circuit.answer(to: claimant, wanted, at: now)
    else { return nil }
    return Failure(
      .circuitOpen, code: "circuit-open",
      "The circuit \(wanted.key) is open after \(circuit.failures) failures in a row.", retryAfter: pause)
  }

  private mutating func grant(_ claimant: Claimant, _ claim: Claim, _ moment: Moment) -> Verdict {
    stopWaiting(claimant)
    lendingIsDue = true
    var (holding, rows) = (Holding(), [SlotRow]())
    for slot in claim.slots {
      let number = slots.take(slot, by: claimant)
      holding.slots.append((slot.key, number))
      rows.append(
        SlotRow(
          key: slot.key, number: number, job: claimant.job, node: claimant.node, takenAt: moment.wall))
    }
    holding.holdsOthers = claim.place == nil
    if !rows.isEmpty { holdings[claimant] = holding }
    if let wanted = claim.rate {
      let key = ScalarString(wanted.key)
      let current = rates[key]?.claim ?? wanted
      rates[key, default: Rate()].window.note(current.limit, per: current.per, at: moment.after)
      changedRates.insert(key)
    }
    if let circuit = claim.circuit { circuits[ScalarString(circuit.key)]?.started(claimant) }
    if let place = claim.place { free[Int(place.rawValue)] -= 1 }
    return .granted(claimant, claim, rows)
  }
}
