internal import Model
internal import Pipelines

/// A job out of memory: what must be known of it here while it waits (`semantics.md`, S27).
///
/// An object: a dictionary of a hundred thousand has room for two and a half times as many.
final class ParkedJob {
  let id: ID<Job>
  let pipeline: PipelineName
  let revision: Int
  /// Keeps its place among the live keys.
  let key: String?
  /// The timers that bring it back, where it was parked by this very process.
  let wakes: [Wake]
  /// When its time comes by the wall, where the last process parked it.
  let due: Timestamp?
  /// Whether a timer without a wake brings it back. One that was to park it means nothing any more.
  var hasAlarm: Bool

  init(
    id: ID<Job>, pipeline: PipelineName, revision: Int, key: String?, wakes: [Wake] = [],
    due: Timestamp? = nil, hasAlarm: Bool = false
  ) {
    (self.id, self.pipeline, self.revision, self.key) = (id, pipeline, revision, key)
    (self.wakes, self.due, self.hasAlarm) = (wakes, due, hasAlarm)
  }
}

// Jobs that wait long with nothing running leave the memory, and come back with whatever concerns them.
extension Jobs {
  /// A turn loads no more of those that are due, so that one instant for ten thousand jobs stops nobody.
  static let loadsATurn = 200
  /// So many of the times for which a parked job waits are known here, the first ones.
  static let wakesKept = 64
  /// How soon a job is looked for again that the store could not give.
  static let loadsAgain = Duration.seconds(60)

  /// The job, loaded where it was parked; nil where this node does not drive it.
  mutating func job(_ number: JobNumber) -> OwnedJob? {
    if let job = inMemory(number) { return job }
    if parked[number] == nil { return nil }
    load([number], at: clock.now)
    return inMemory(number)
  }

  mutating func job(_ id: ID<Job>) -> OwnedJob? {
    guard let number = numbers[id] else { return nil }
    return job(number)
  }

  /// Called after each decision: a job that rests is looked at again once it has rested long enough.
  mutating func notice(_ job: OwnedJob) {
    // Field by field: a question to the whole state would copy it, after each decision.
    let (status, quarantine) = (job.state.status, job.state.quarantine)
    guard JobState.mayRest(status, quarantine: quarantine) else {
      job.restsSince = nil
      return
    }
    job.restsSince = clock.monotonic
    if !job.isWatched { watch(job, from: clock.monotonic) }
  }

  private mutating func watch(_ job: OwnedJob, from moment: Duration) {
    job.isWatched = true
    timers.add(Timers.Entry(due: moment + setting.parksAfter, job: job.number, wake: nil))
  }

  /// Parks the job if it has rested long enough and nobody reads along.
  mutating func look(at job: OwnedJob) {
    job.isWatched = false
    guard let since = job.restsSince else { return }
    let moment = clock.monotonic
    if moment - since < setting.parksAfter { return watch(job, from: since) }
    guard isParkable(job) else { return watch(job, from: moment) }
    park(job)
  }

  /// Whoever brings it back reads what is stored, so that nothing of it may still wait for a commit. What an
  /// attempt holds that is stopping stays held until it is over, and if this node dies first, only the job
  /// that is taken over gives it back: a parked one is not.
  private func isParkable(_ job: OwnedJob) -> Bool {
    job.followers.isEmpty && job.turn < turn && job.state.rests && !governors.isLeaving(job.number)
  }

  /// Somebody stopped reading along: perhaps the last thing that kept it in memory.
  mutating func unfollow(_ id: ID<Job>, follower: Int) {
    guard let job = inMemory(id) else { return }
    job.followers.removeAll { $0.id == follower }
    guard let since = job.restsSince, clock.monotonic - since >= setting.parksAfter else { return }
    if isParkable(job) { return park(job) }
    if !job.isWatched { watch(job, from: clock.monotonic) }
  }

  private mutating func park(_ job: OwnedJob) {
    let decider = Decider(job.state, job.plan, .init(job: job.id), now: clock.now, decision: Decision())
    // Not the first alone: it may have passed and be without a timer, and after a jump of the wall another
    // may come before it.
    let pauses = decider.pendingWakes().sorted { $0.after < $1.after }
    let pause = pauses.first
    let instant = decider.pendingInstants().min { $0.at < $1.at }
    let dues = [pause.map { clock.now + $0.after }, instant?.at].compactMap { $0 }
    let waits = signals.waits(of: job.number).map { wait in
      ParkedRow.Wait(
        node: wait.waiter.node, namespace: wait.channel.namespace.string, name: wait.channel.name.string,
        key: wait.channel.key.string, since: wait.waiter.since, broadcast: wait.waiter.isBroadcast)
    }
    snapshot(job)
    batch.parked.append(ParkedRow(job: job.number, due: dues.min(), after: pause?.after, waits: waits))
    parked[job.number] = ParkedJob(
      id: job.id, pipeline: job.pipeline, revision: job.revision, key: job.state.creation?.key,
      wakes: pauses.prefix(Self.wakesKept).map(\.0) + [instant?.0].compactMap { $0 })
    leaveMemory(job)
  }

  /// Takes over the parked jobs of the last node without loading one.
  mutating func restore(_ jobs: [Recovery.Parked], at now: Timestamp) {
    for (row, live) in jobs {
      parked[row.job] = ParkedJob(
        id: live.id, pipeline: live.pipeline, revision: live.revision, key: live.key, due: row.due,
        hasAlarm: row.due != nil)
      know(row.job, live.id, key: live.key, live.pipeline)
      count(row.job, of: live.pipeline, live.triggerType, live.triggerID)
      for wait in row.waits {
        signals.add(
          .init(job: row.job, node: wait.node, since: wait.since, isBroadcast: wait.broadcast),
          to: Signals.Channel(wait.namespace, wait.name, wait.key))
      }
      guard let due = row.due else { continue }
      timers.add(Timers.Instant(due: due, job: row.job, wake: nil))
      if let after = row.after {
        let left = min(max(.zero, due - now), after)
        timers.add(Timers.Entry(due: clock.monotonic + left, job: row.job, wake: nil))
      }
    }
  }

  /// Brings parked jobs back, with what they wait for. Those that the store cannot give now stay parked.
  ///
  /// `dues` are those whose time has come on the monotonic clock, with what the wall should say by then: set
  /// back meanwhile, it must not hold them up (S12).
  mutating func load(_ jobs: [JobNumber], at now: Timestamp, dues: [JobNumber: Timestamp] = [:]) {
    let wanted = jobs.filter { parked[$0] != nil }
    let found: [Restored]
    do { found = try Recovery(configuration).load(wanted) } catch {
      for job in wanted {
        parked[job]?.hasAlarm = true
        timers.add(Timers.Entry(due: clock.monotonic + Self.loadsAgain, job: job, wake: nil))
      }
      return
    }
    for restored in found {
      parked[restored.number] = nil
      batch.parked.removeAll { $0.job == restored.number }
      batch.unparked.append(restored.number)
      let job = take(restored, at: max(now, dues[restored.number] ?? now))
      if let reason = restored.quarantine, job.state.quarantine == nil {
        followUps.append(.event(job.number, .quarantined(reason: reason)))
      }
      notice(job)
    }
  }

  /// Fires what is due. What is due for a parked job brings it back first.
  ///
  /// `before` is the monotonic clock as it was read before `now`.
  mutating func fireTimers(at now: Timestamp, before: Duration? = nil) {
    let after = clock.monotonic
    moment = Governors.Moment(wall: now, before: before ?? after, after: after)
    var back: [(JobNumber, Wake?)] = []
    while back.count < Self.loadsATurn, let (number, wake) = timers.take(due: after, now) {
      if number == .signals {
        expireSignals(at: now)
      } else if number == .triggers {
        wakeTriggers(at: now)
      } else if number == .schedules {
        tickSchedules(at: now)
      } else if number == .outbox {
        wakeOutbox(at: now)
      } else if number == .retention {
        orders.append(.retain)
        setRetentionTimer(at: after + setting.retentionEvery)
      } else if let job = inMemory(number) {
        if let wake { fire(wake, job, at: now) } else { look(at: job) }
      } else if let sleeper = parked[number], wake.map({ sleeper.wakes.contains($0) }) ?? sleeper.hasAlarm {
        back.append((number, wake))
      }
    }
    if !back.isEmpty {
      let dues = back.compactMap { job, wake in wake == nil ? parked[job]?.due.map { (job, $0) } : nil }
      load(back.map(\.0), at: now, dues: Dictionary(dues) { first, _ in first })
    }
    for (number, wake) in back {
      if let wake, let job = inMemory(number) { fire(wake, job, at: now) }
    }
    sweepTimers()
  }

  private mutating func fire(_ wake: Wake, _ job: OwnedJob, at now: Timestamp) {
    decide(job, .fired(wake), at: now)
    if wake == .start { findRoom(for: job, at: now) }
  }

  private mutating func sweepTimers() {
    guard timers.isSwollen else { return }
    let (owned, parked) = (owned, parked)
    timers.sweep { number, wake in
      if [.signals, .triggers, .schedules, .retention, .outbox].contains(number) { return true }
      if let job = owned[number] { return wake.map { job.awaits($0) } ?? job.isWatched }
      guard let sleeper = parked[number] else { return false }
      return wake.map { sleeper.wakes.contains($0) } ?? sleeper.hasAlarm
    }
  }
}

extension JobState {
  /// Whether the job may be at rest: asked after each decision, so it looks at no node.
  static func mayRest(_ status: JobStatus, quarantine: String?) -> Bool {
    (status == .waiting || status == .needsAttention) && quarantine == nil
  }

  /// Whether nothing of it is at work or in a queue of this node: only times, people, messages and other jobs
  /// can move it.
  var rests: Bool {
    guard Self.mayRest(status, quarantine: quarantine) else { return false }
    return (0..<nextNode).allSatisfy { node in
      switch self[node].status {
      case .queued: false
      case .running: holdsOthers(node)
      case .pending, .waiting, .retrying, .success, .partial, .failed, .cancelled, .timeout, .skipped,
        .needsAttention:
        true
      }
    }
  }
}
