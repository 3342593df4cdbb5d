internal import Model

extension JobNumber {
  /// In a timer: no job, but the schedules.
  static let schedules = JobNumber(-4)
}

/// Why a due time started nothing, where its outcome alone does not say it.
struct LeftOut: Sendable {
  var outcome: ScheduleFireRow.Outcome
  var reason: String
  var detail: String?

  static func pipelinePaused(by: String, _ reason: String) -> LeftOut {
    LeftOut(
      outcome: .missed, reason: ScheduleFireRow.Reason.pipelinePaused, detail: "\(by): \(reason)")
  }
  static let disabled = LeftOut(outcome: .missed, reason: ScheduleFireRow.Reason.disabled)
  static func purged(by actor: String) -> LeftOut {
    LeftOut(outcome: .skipped, reason: ScheduleFireRow.Reason.purged, detail: actor)
  }
  static func replaced(by due: Timestamp) -> LeftOut {
    LeftOut(outcome: .skipped, reason: ScheduleFireRow.Reason.replaced, detail: due.rfc3339)
  }
  static func overlap(_ holder: ID<Job>?) -> LeftOut {
    LeftOut(
      outcome: .skipped, reason: ScheduleFireRow.Reason.overlap, detail: holder.map { "job \($0)" })
  }
}

// Due times, in turns of the engine.
extension Jobs {
  /// Takes over what the store keeps. Nothing is decided before `begin`.
  mutating func restore(_ rows: [ScheduleRow], _ open: [BackfillRow]) {
    schedules.restore(rows)
    for row in open { backfills.keep(row) }
  }

  /// The jobs are there: the due times of the downtime may be decided.
  mutating func beginSchedules(at now: Timestamp) {
    takeSchedules(of: schedules.pipelines.union(triggers.book.all.map(\.pipeline)), at: now)
    for id in backfills.ids { pump(id) }
  }

  mutating func takeSchedules(of pipelines: Set<PipelineName>, at now: Timestamp) {
    if !configuration.restores { return }
    for pipeline in pipelines.sorted(by: { $0.description < $1.description }) {
      batch.schedules += schedules.take(triggers.book.entries(of: pipeline), of: pipeline, at: now)
    }
    setScheduleAlarm()
  }

  private mutating func setScheduleAlarm() {
    guard let next = schedules.next, schedules.alarm.map({ next < $0 }) ?? true else { return }
    schedules.alarm = next
    timers.add(Timers.Instant(due: next, job: .schedules, wake: nil))
  }

  /// Decides what is due: a message for each due time that starts, a row for each.
  mutating func tickSchedules(at now: Timestamp) {
    schedules.alarm = nil
    // What is due from now on is the next node's.
    if isDraining { return }
    decideDue(at: now)
    setScheduleAlarm()
  }

  private mutating func decideDue(at now: Timestamp) {
    for (place, verdict) in schedules.takeDue(at: now) {
      if let row = schedules.rows[place] { batch.schedules.append(.put(row)) }
      for left in verdict.left {
        leaveOut(
          left.due, at: place, LeftOut(outcome: left.outcome, reason: left.reason, detail: left.detail), now,
          last: left.last, count: left.count)
      }
      for start in verdict.starts { begin(start, at: place, now) }
    }
  }

  private mutating func leaveOut(
    _ due: Timestamp, at place: Schedules.Place, _ left: LeftOut, _ now: Timestamp, last: Timestamp? = nil,
    count: Int = 1
  ) {
    let fire = ScheduleFireRow(
      pipeline: place.pipeline, trigger: place.trigger.string, due: due, outcome: left.outcome,
      reason: left.reason, detail: left.detail, decidedAt: now, last: last, count: count)
    batch.schedules.append(.fire(fire, with: nil))
    tellListeners(of: fire, at: now)
  }

  /// What is caught up waits for its turn whatever `overlap` says; a due time of now is in the way of a live
  /// job or is not.
  private mutating func begin(_ start: DueTimes.Start, at place: Schedules.Place, _ now: Timestamp) {
    if !start.isCaughtUp, let left = makeWay(for: start.due, at: place, now) {
      return leaveOut(start.due, at: place, left, now)
    }
    _ = arrive(
      start.due, at: place, isCaughtUp: start.isCaughtUp,
      actor: "trigger:\(place.pipeline)/\(place.trigger.string)", now)
  }

  /// The message of a due time; nil, and a row, where it cannot be kept.
  mutating func arrive(
    _ due: Timestamp, at place: Schedules.Place, isCaughtUp: Bool = false, actor: String, _ now: Timestamp
  ) -> ID<TriggerMessage>? {
    var generator = ByteGenerator(bytes: configuration.random)
    var arrival = TriggerArrival(
      id: ID<TriggerMessage>.generate(at: now, using: &generator), pipeline: place.pipeline,
      trigger: place.trigger.string, kind: TriggerMessageRow.scheduleKind, key: due.rfc3339,
      part: isCaughtUp ? TriggerMessageRow.caughtUp : nil, actor: actor, body: [:])
    if let backfill = place.backfill {
      (arrival.kind, arrival.group) = (TriggerMessageRow.backfillKind, backfill.description)
      arrival.key = "\(backfill) \(due.rfc3339)"
    }
    do throws(Problem) {
      let id = try arrive(arrival, at: now)
      batch.schedules.append(
        .fire(
          ScheduleFireRow(
            pipeline: place.pipeline, trigger: place.trigger.string, due: due, outcome: .waiting,
            decidedAt: now), with: nil))
      return id
    } catch {
      leaveOut(
        due, at: place, LeftOut(outcome: .refused, reason: error.code, detail: error.message.english), now)
      return nil
    }
  }

  /// Why the due time is left out while others of its schedule wait or run; nil where it may come.
  private mutating func makeWay(
    for due: Timestamp, at place: Schedules.Place, _ now: Timestamp
  ) -> LeftOut? {
    let (live, waiting) = (schedules.live(at: place), triggers.lines.messages(at: place))
    let holder = live.first.flatMap { number in id(of: number) }
    switch schedules.spec(at: place)?.overlap ?? .skip {
    case .allow, .bufferAll: return nil
    case .skip: return live.isEmpty && waiting.isEmpty ? nil : .overlap(holder)
    case .bufferOne:
      // The one that is about to start does not wait.
      let starting = live.isEmpty && triggers.lines.isUnderWay(place) ? 1 : 0
      return waiting.count > starting ? .overlap(holder) : nil
    case .cancelRunning:
      replace(waiting.filter { !isCaughtUp($0) }, at: place, by: due)
      for number in live {
        guard let job = job(number), job.state.cancel == nil else { continue }
        decide(
          job,
          .cancelled(
            actor: "trigger:\(place.pipeline)/\(place.trigger.string)",
            reason: "The due time \(due.rfc3339) takes its place."), at: now)
      }
      return nil
    }
  }

  private mutating func replace(
    _ waiting: [ID<TriggerMessage>], at place: Schedules.Place, by due: Timestamp
  ) {
    let taken = triggers.lines.withdraw(Set(waiting), of: place.pipeline) { _ in false }
    settle(waiting.filter(taken.contains), .filtered, .nothing, left: .replaced(by: due))
  }

  private func isCaughtUp(_ id: ID<TriggerMessage>) -> Bool {
    triggers.lines[id]?.part == TriggerMessageRow.caughtUp
  }

  /// With `cancel_running` a due time that had its turn when the next one came is replaced by it, too.
  func replacement(of fired: FiredTrigger) -> LeftOut? {
    guard schedules.spec(at: fired.place)?.overlap == .cancelRunning, let first = fired.messages.first,
      triggers.lines[first]?.kind == TriggerMessageRow.scheduleKind, !isCaughtUp(first)
    else { return nil }
    let newest = triggers.lines.messages(at: fired.place).last { $0 != first && !isCaughtUp($0) }
    return newest.flatMap { triggers.lines[$0]?.due }.map { .replaced(by: $0) }
  }

  func id(of number: JobNumber) -> ID<Job>? { inMemory(number)?.id ?? parked[number]?.id }

  /// Why a due time waits: an earlier one's job is live, and the file does not let them overlap.
  func overlap(of fired: FiredTrigger) -> Bilingual? {
    guard let first = fired.messages.first, triggers.lines[first]?.kind == TriggerMessageRow.scheduleKind,
      schedules.spec(at: fired.place)?.overlap != .allow,
      let holder = schedules.live(at: fired.place).first.flatMap({ number in id(of: number) })
    else { return nil }
    return Bilingual(
      "the job \(holder) of an earlier due time has not ended",
      pt: "o job \(holder) de um vencimento anterior não terminou")
  }
}

// Rows and jobs of due times.
extension Jobs {
  /// The row of the due time that a settled message was about.
  mutating func note(
    _ row: TriggerMessageRow, _ outcome: TriggerOutcome, _ left: LeftOut?, with job: JobNumber?
  ) {
    guard let due = row.due else { return }
    var fire = ScheduleFireRow(
      pipeline: row.pipeline, trigger: row.trigger, due: due, outcome: .refused, decidedAt: clock.now)
    switch outcome {
    case .started(let started): (fire.outcome, fire.job) = (.started, started.job)
    case .delivered: fire.outcome = .delivered
    case .filtered:
      (fire.outcome, fire.reason, fire.detail) = (
        left?.outcome ?? .skipped, left?.reason ?? ScheduleFireRow.Reason.condition, left?.detail
      )
    case .stored: fire.outcome = .waiting
    case .deadLetter(let problem), .refused(let problem):
      (fire.reason, fire.detail) = (problem.code, problem.message.english)
    }
    batch.schedules.append(.fire(fire, with: job))
    tellListeners(of: fire, at: clock.now)
    if let id = row.backfill { count(outcome, of: id) }
  }

  /// A live job of a schedule or a backfill.
  mutating func count(_ job: JobNumber, of pipeline: PipelineName, _ kind: String, _ trigger: String?) {
    guard let trigger else { return }
    if kind == TriggerMessageRow.scheduleKind {
      schedules.enter(job, at: Schedules.Place(pipeline, trigger))
    } else if kind == TriggerMessageRow.backfillKind,
      let id = trigger.split(separator: "/").last.flatMap({ ID<Backfill>(String($0)) })
    {
      backfills.enter(job, of: id)
    }
  }

  /// The same for one that was loaded: its context says what made it.
  mutating func count(_ job: OwnedJob) {
    guard let origin = job.state.context?.value["trigger"], let kind = origin["type"]?.string,
      let name = origin["id"]?.string
    else { return }
    let backfill = origin["backfill"]?.string
    count(job.number, of: job.pipeline, kind, backfill.map { "\(name)/\($0)" } ?? name)
  }

  /// The job has ended: what waited for that may start.
  mutating func tellSchedule(of job: OwnedJob) {
    leaveSchedule(job.number)
    guard let id = backfills.leave(job.number), var row = backfills[id] else { return }
    if job.state.status == .success || job.state.status == .partial {
      row.counts.succeeded += 1
    } else {
      row.counts.failed += 1
    }
    backfills.keep(row)
    pump(id, isChanged: true)
  }

  mutating func leaveSchedule(_ job: JobNumber) {
    guard let place = schedules.leave(job) else { return }
    triggers.lines.wake(place)
    orders.append(.fire(place))
  }

  private mutating func count(_ outcome: TriggerOutcome, of id: ID<Backfill>) {
    guard var row = backfills[id] else { return }
    switch outcome {
    case .started(let job): row.counts.existing += job.isNew ? 0 : 1
    case .delivered: row.counts.succeeded += 1
    case .stored: break
    case .filtered, .deadLetter, .refused: row.counts.refused += 1
    }
    backfills.keep(row)
  }

  /// Hands out as many due times as may run at once, and ends the backfill behind the last.
  mutating func pump(_ id: ID<Backfill>, isChanged: Bool = false) {
    guard var row = backfills[id] else { return }
    let before = row
    let place = Schedules.Place(row.pipeline, row.trigger, backfill: id)
    while row.state == .running, row.next < row.dues.count,
      backfills.liveCount(of: id) + triggers.lines.count(at: place) < row.concurrency
    {
      let due = row.dues[row.next]
      row.next += 1
      if arrive(due, at: place, actor: row.createdBy, clock.now) == nil { row.counts.refused += 1 }
    }
    let isIdle = backfills.liveCount(of: id) == 0 && triggers.lines.count(at: place) == 0
    if row.state == .running, row.next == row.dues.count, isIdle {
      (row.state, row.endedAt) = (.done, clock.now)
    }
    backfills.keep(row)
    if row != before || isChanged { batch.schedules.append(.backfill(row)) }
  }
}
