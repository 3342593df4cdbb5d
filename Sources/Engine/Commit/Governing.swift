internal import Model
internal import Pipelines

// What jobs share: the governors' verdicts become events, and what they hold becomes rows of the same commit.
extension Jobs {
  /// When to look again though nothing comes in.
  var due: Duration? {
    guard let due = governors.due, !isDraining else { return timers.next(clock) }
    return timers.next(clock).map { min($0, due) } ?? due
  }

  /// The places that a decision may take: all of them where it is the turn of its node.
  func offered(to event: Event) -> [Int] {
    if isDraining { return governors.free.map { _ in 0 } }
    if case .slotFreed = event { return governors.free }
    return governors.offered
  }

  mutating func enter(_ job: OwnedJob, _ context: JSON?, _ identity: JobIdentity) {
    let parent = identity.parent.map { Claimant($0, identity.parentNode) }
    governors.enter(
      job.number, Entrant(job.pipeline, context: context, priority: identity.priority, parent: parent))
  }

  /// Lists find the job by its new identity with the commit of this decision.
  mutating func identify(_ job: OwnedJob, priority: Int?, labels: [JobIdentity.Label]?) {
    batch.identities.append(IdentityRow(job: job.number, priority: priority, labels: labels))
    if let labels { job.identity.labels = labels }
    guard let priority else { return }
    job.identity.priority = priority
    governors.prioritize(job.number, priority) { node in
      node.map { job.plan.steps[Int(job.state[$0].step)].limits?.priority == nil } ?? true
    }
  }

  mutating func govern(_ effect: Effect, _ job: OwnedJob) {
    switch effect {
    case .claim(let claim): self.claim(claim, job)
    case .unclaim(let node): batch.slots += governors.release(Claimant(job.number, node))
    case .attemptEnded(let node, let circuit, let succeeded):
      governors.note(succeeded, Claimant(job.number, node), circuit, at: moment.before)
    case .cache(_, let entry): keep(entry, of: job)
    case .execute, .examine, .wake, .wakeAt, .queue, .leaveQueue, .cancelAttempt, .stored, .awaitSignal,
      .leaveSignal, .ask, .startChild, .awaitChild, .cancelChild, .countLines, .slice, .identify:
      break
    }
  }

  private mutating func claim(_ claim: Claim, _ job: OwnedJob) {
    let claimant = Claimant(job.number, claim.node)
    if let key = claim.cacheKey, let node = claim.node,
      let hit = cachedOutput(of: key, in: job.pipeline.namespace)
    {
      followUps.append(.event(job.number, .cached(node, hit.output, from: hit.job)))
      return
    }
    let since = claim.node.map { job.state[$0].readyAt } ?? job.state.queuedSince
    governors.claim(claim, by: claimant, since: since)
  }

  /// An attempt's task is over: its place is free, and with it what it held beyond the end of its step.
  mutating func attemptEnded(
    _ job: JobNumber, _ node: NodeNumber, token: UInt32, _ place: ConnectorDescription.Place
  ) {
    governors.release(place)
    batch.slots += governors.attemptEnded(Claimant(job, node), token: token)
  }

  /// Lets those start whose turn it is, until nobody can any more.
  mutating func serveQueue(at now: Timestamp) {
    if isDraining { return }
    while true {
      while let verdict = governors.next(at: moment) { follow(verdict, at: now) }
      let limited = governors.takeLimited()
      if limited.isEmpty { return }
      for claimant in limited {
        if let job = job(claimant.job), let node = claimant.node { decide(job, .limited(node), at: now) }
      }
    }
  }

  private mutating func follow(_ verdict: Governors.Verdict, at now: Timestamp) {
    switch verdict {
    case .place(let claimant):
      if let job = job(claimant.job), let node = claimant.node { decide(job, .slotFreed(node), at: now) }
    case .granted(let claimant, let claim, let rows):
      batch.slots += rows.map { .take($0) }
      grant(claimant, claim, at: now)
    case .refused(let claimant, let failure):
      if let job = job(claimant.job), let node = claimant.node {
        decide(job, .refused(node, failure), at: now)
      }
    }
  }

  private mutating func grant(_ claimant: Claimant, _ claim: Claim, at now: Timestamp) {
    let job = job(claimant.job)
    if let job { decide(job, .granted(claimant.node), at: now) }
    if let job, let node = claimant.node, claim.place != nil, job.state[node].status == .running {
      return governors.performs(claimant, token: job.state[node].token)
    }
    if let job, let node = claimant.node, claim.place == nil, job.state[node].status != .queued { return }
    // One in quarantine is not queued either.
    if let job, claimant.node == nil, job.state.status != .queued, job.state.quarantine == nil { return }
    // Nothing came of it: the job is gone, or must not move.
    if let place = claim.place { governors.release(place) }
    batch.slots += governors.release(claimant)
  }

  /// Those of this turn that a rate let through start now, not when that was decided: the distance to the
  /// next ones counts from here.
  mutating func moveStarts(_ rows: [GovernorRow]) -> [GovernorRow] {
    if rows.isEmpty { return rows }
    let (wall, after) = (clock.now, clock.monotonic)
    let now = Governors.Moment(wall: wall, before: after, after: after)
    return governors.moveStarts(rows, since: moment.after, to: now)
  }

  /// What the job held when the last node ended and still has a use for stays held.
  mutating func reconcile(_ job: OwnedJob) {
    let state = job.state
    batch.slots += governors.reconcile(job.number) { node in
      guard let node else { return state.roots.isEmpty || state.status.hasEnded ? .none : .others }
      guard Int(node) < state.nodes.count else { return .none }
      switch state[node].status {
      case .running where state.runsAttempt(node): return .attempt
      // Its own attempt is over, and a rescue asks for itself.
      case .running where state.asides(of: node).last?.kind == .rescue: return .none
      case .running, .waiting: return .others
      case .pending, .queued, .retrying, .success, .partial, .failed, .cancelled, .timeout, .skipped,
        .needsAttention:
        return .none
      }
    }
  }

  /// Takes over what the store says is held; to be called before any job is restored.
  mutating func restore(_ limits: HeldLimits) {
    batch.slots += governors.restore(limits.slots, limits.governors, isLive: limits.live.contains, at: moment)
  }
}

// What `job why` says of those that wait.
extension Jobs {
  func waits(of job: OwnedJob, at now: Timestamp) -> Waits {
    let queued = (0..<job.state.nextNode).lazy.filter { job.state[$0].status == .queued }
    let nodes: [NodeNumber?] = [nil] + queued.prefix(JobState.blockersShown).map { $0 }
    let standings = governors.standings(of: nodes.map { Claimant(job.number, $0) }, at: moment)
    var waits: Waits = [:]
    for node in nodes {
      guard let standing = standings[Claimant(job.number, node)] else { continue }
      let holders = standing.holders.compactMap { inMemory($0) }
      let late = holders.first { holder in
        let time = setting.cancelGrace + setting.handlersTimeout
        return node == nil && holder.state.cancel.map { $0.at + time < now } == true
      }
      let names = standing.holders.map { inMemory($0)?.id.description ?? "#\($0.value)" }
      waits[node] = Wait(standing: standing, holders: names, overdue: late?.id.description)
    }
    return waits
  }
}

/// What a node finds of its predecessor's limits.
struct HeldLimits: Sendable {
  var slots: [SlotRow] = []
  var governors: [GovernorRow] = []
  /// The jobs that have not ended: only they can hold a slot.
  var live: Set<JobNumber> = []

  init() {}

  init(_ store: any Store, live known: [LiveJob]?) throws(StoreError) {
    slots = try store.heldSlots()
    governors = try store.governors()
    if slots.isEmpty { return }
    let jobs: [LiveJob]
    if let known { jobs = known } else { jobs = try store.liveJobs() }
    live = Set(jobs.map(\.number))
  }
}
