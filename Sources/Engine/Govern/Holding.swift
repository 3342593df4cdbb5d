internal import Model

// What is held, and how it becomes free.
extension Governors {
  /// The attempt that works with what the claimant holds.
  mutating func performs(_ claimant: Claimant, token: UInt32) { holdings[claimant]?.token = token }

  /// What the claimant holds is free, but not before the attempt that works with it is over.
  mutating func release(_ claimant: Claimant) -> [SlotChange] {
    guard !holdings.isEmpty, let holding = holdings.removeValue(forKey: claimant) else { return [] }
    if holding.token != nil {
      leaving[claimant, default: []].append(holding)
      return []
    }
    return free(holding, claimant.job)
  }

  /// The attempt is over, whatever its job made of it.
  mutating func attemptEnded(_ claimant: Claimant, token: UInt32) -> [SlotChange] {
    if holdings.isEmpty && leaving.isEmpty { return [] }
    if holdings[claimant]?.token == token { holdings[claimant]?.token = nil }
    guard let index = leaving[claimant]?.firstIndex(where: { $0.token == token }),
      let holding = leaving[claimant]?.remove(at: index)
    else { return [] }
    if leaving[claimant]?.isEmpty == true { leaving[claimant] = nil }
    return free(holding, claimant.job)
  }

  /// Whether an attempt of the job that the history has ended may still run, with what it holds.
  func isLeaving(_ job: JobNumber) -> Bool { leaving.keys.contains { $0.job == job } }

  private mutating func free(_ holding: Holding, _ job: JobNumber) -> [SlotChange] {
    lendingIsDue = true
    return holding.slots.map { slot in
      slots.free(slot.key, slot.number)
      touched.append(.slot(ScalarString(slot.key)))
      return .free(key: slot.key, number: slot.number, job: job)
    }
  }

  /// The store refused a job: what it was given here counts no longer.
  mutating func forget(_ job: JobNumber) {
    for claimant in (holdings.keys.filter { $0.job == job }).sorted() {
      holdings[claimant]?.token = nil
      _ = release(claimant)
    }
    for claimant in (waiting.keys.filter { $0.job == job }).sorted() { leave(claimant) }
    exit(job)
  }
}

// After a restart.
extension Governors {
  /// Takes over the rows of the last node. The slots of jobs that have ended are free.
  mutating func restore(
    _ rows: [SlotRow], _ governors: [GovernorRow], isLive: (JobNumber) -> Bool, at moment: Moment
  ) -> [SlotChange] {
    var free: [SlotChange] = []
    for row in rows {
      guard isLive(row.job) else {
        free.append(.free(key: row.key, number: row.number, job: row.job))
        continue
      }
      let claimant = Claimant(row.job, row.node)
      slots.restore(row.key, row.number, to: claimant)
      holdings[claimant, default: Holding()].slots.append((row.key, row.number))
    }
    for row in governors where row.kind == "rate" {
      rates[ScalarString(row.key)] = Rate(
        window: RateWindow(state: row.state, passed: moment.wall - row.updatedAt, at: moment.before))
    }
    return free
  }

  /// What a job holds that was taken over.
  enum Use { case none, attempt, others }

  mutating func reconcile(_ job: JobNumber, _ use: (NodeNumber?) -> Use) -> [SlotChange] {
    var free: [SlotChange] = []
    for claimant in (holdings.keys.filter { $0.job == job }).sorted() {
      switch use(claimant.node) {
      case .none: free += release(claimant)
      case .attempt: holdings[claimant]?.holdsOthers = false
      case .others: holdings[claimant]?.holdsOthers = true
      }
    }
    return free
  }

  /// So many windows are kept before those that are over are forgotten.
  private static let keptRates = 1_000

  /// The rows of the rates that granted something since they were last taken.
  mutating func takeRateRows(at moment: Moment) -> [GovernorRow] {
    if changedRates.isEmpty { return [] }
    let rows = changedRates.sorted().map { rateRow($0.string, at: moment) }
    changedRates = []
    if rates.count > Self.keptRates {
      rates = rates.filter { lines[.rate($0.key)] != nil || !$0.value.window.isOver(at: moment.after) }
    }
    return rows
  }

  private func rateRow(_ key: String, at moment: Moment) -> GovernorRow {
    let state = rates[ScalarString(key)]?.window.state(at: moment.after) ?? .null
    return GovernorRow(key: key, kind: "rate", state: state, updatedAt: moment.wall)
  }

  /// What these rows let through since `start` happens only now: the store took its time. Gives the rows
  /// that say so.
  mutating func moveStarts(_ rows: [GovernorRow], since start: Duration, to now: Moment) -> [GovernorRow] {
    rows.map { row in
      let key = ScalarString(row.key)
      guard let delay = rates[key]?.window.move(since: start, to: now.after) else { return row }
      if delay > rates[key]?.window.grain ?? .zero { changedRates.insert(key) }
      if dues[key] != nil, let claim = rates[key]?.claim {
        dues[key] = rates[key]?.window.due(claim.limit, per: claim.per, at: now.after)
      }
      return rateRow(row.key, at: now)
    }
  }

  /// How an attempt ended; nil where it says nothing about the other side.
  mutating func note(_ succeeded: Bool?, _ claimant: Claimant, _ claim: CircuitClaim, at now: Duration) {
    let key = ScalarString(claim.key)
    switch succeeded {
    case true?: circuits[key] = nil
    case false?: circuits[key, default: Circuit()].failed(claim, at: now)
    case nil: circuits[key]?.left(claimant)
    }
  }
}
