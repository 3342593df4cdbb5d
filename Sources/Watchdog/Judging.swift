internal import Model

/// Says how an expectation stands. Pure but for the evidence that it asks for.
struct Judging {
  let evidence: any Evidence
  let now: Timestamp

  /// - Parameter since: when the expectation began; what was before is not held against it.
  func verdict(
    on expectation: Expectation, of pipeline: Watched, since: Timestamp, samples: [Sample]
  ) throws(WatchFault) -> Verdict {
    if let calendar = expectation.calendar, calendar.days == nil {
      return Verdict(
        isLate: true, Finding(.noCalendar, ["calendar": .string(calendar.name)]), deadline: since)
    }
    var verdict = try bare(expectation, pipeline, since, samples)
    if verdict.isLate, let pause = pipeline.pause {
      verdict.finding.values["paused_by"] = .string(pause.by)
      verdict.finding.values["paused_reason"] = .string(pause.reason)
    }
    return verdict
  }

  private func bare(
    _ expectation: Expectation, _ pipeline: Watched, _ since: Timestamp, _ samples: [Sample]
  ) throws(WatchFault) -> Verdict {
    let time = OpenTime(zone: expectation.zone, days: expectation.calendar?.days)
    switch expectation.rule {
    case .successEvery(let limit):
      let last = try evidence.lastSuccess(of: pipeline.name)
      return silence(.noSuccess, last, limit, since, time)
    case .eventEvery(let limit):
      let last = try evidence.lastEvent(of: pipeline.name)
      return silence(.noEvent, last, limit, since, time)
    case .startWithin(let limit): return try start(within: limit, of: pipeline, since)
    case .finishBy(let hour, let minute):
      let rule = Finishing(hour: hour, minute: minute, time: time, schedules: pipeline.schedules)
      return try finish(rule, of: pipeline, since)
    case .volume(let volume): return volume.verdict(on: samples, time)
    }
  }

  private func silence(
    _ code: Finding.Code, _ last: Timestamp?, _ limit: Duration, _ since: Timestamp, _ time: OpenTime
  ) -> Verdict {
    let deadline = time.end(of: limit, since: max(last ?? since, since))
    guard deadline <= now else { return .fine(until: deadline) }
    return Verdict(
      isLate: true,
      Finding(
        code,
        [
          "last": last.map { .string($0.toSecond) }, "since": .string(since.toSecond),
          "limit": .string(limit.text),
        ]), deadline: deadline)
  }
}

// What should begin.
extension Judging {
  private func start(
    within limit: Duration, of pipeline: Watched, _ since: Timestamp
  ) throws(WatchFault) -> Verdict {
    var next: Timestamp?
    if let oldest = try evidence.oldestUnstarted(of: pipeline.name) {
      let deadline = max(oldest.createdAt, since) + limit
      if deadline <= now {
        return Verdict(
          isLate: true,
          Finding(
            .notBegun,
            [
              "job": .string(oldest.job), "at": .string(oldest.createdAt.toSecond),
              "limit": .string(limit.text),
            ]), deadline: deadline)
      }
      next = deadline
    }
    for schedule in pipeline.schedules {
      let verdict = try start(within: limit, of: pipeline, schedule, since)
      if verdict.isLate { return verdict }
      if let deadline = verdict.deadline { next = next.map { min($0, deadline) } ?? deadline }
    }
    return .fine(until: next)
  }

  private func start(
    within limit: Duration, of pipeline: Watched, _ schedule: Watched.Schedule, _ since: Timestamp
  ) throws(WatchFault) -> Verdict {
    guard let fires = try evidence.fires(of: pipeline.name, schedule: schedule.name), !fires.isPaused else {
      return .fine(until: nil)
    }
    let allowed = limit + schedule.jitter
    func late(_ code: Finding.Code, _ due: Timestamp, _ reason: String?) -> Verdict {
      Verdict(
        isLate: true,
        Finding(
          code,
          [
            "schedule": .string(schedule.name), "due": .string(due.toSecond),
            "reason": reason.map { .string($0) },
          ]), deadline: due + allowed)
    }
    if let last = fires.last, last.due >= since {
      switch last.outcome {
      case .began, .leftOut: break
      case .waiting: if last.due + allowed <= now { return late(.missedDue, last.due, "waiting") }
      case .notBegun: return late(.missedDue, last.due, last.reason)
      }
    }
    // From its own reckoning, so that an engine that decides nothing is seen.
    guard let due = schedule.cron.next(after: max(fires.decidedUntil, since), in: schedule.zone)?.at else {
      return .fine(until: nil)
    }
    return due + allowed <= now ? late(.undecidedDue, due, nil) : .fine(until: due + allowed)
  }
}

// What should have ended.
extension Judging {
  private func finish(
    _ rule: Finishing, of pipeline: Watched, _ since: Timestamp
  ) throws(WatchFault) -> Verdict {
    let next = rule.next(after: now)
    guard let day = rule.last(until: now), day.deadline >= since else { return .fine(until: next) }
    if let last = try evidence.lastSuccess(of: pipeline.name), last >= day.begin { return .fine(until: next) }
    return Verdict(
      isLate: true, Finding(.notFinished, ["deadline": .string(day.deadline.toSecond)]),
      deadline: day.deadline
    )
  }
}

/// The days on which something has to be finished.
struct Finishing {
  let hour: Int
  let minute: Int
  let time: OpenTime
  let schedules: [Watched.Schedule]

  struct Day {
    /// A success that ended before this belongs to an earlier day.
    var begin: Timestamp
    var deadline: Timestamp
  }

  /// How far is looked for a day on which something is due.
  private static let reach = 400

  /// The newest whose time has come.
  func last(until now: Timestamp) -> Day? {
    let today = time.date(of: now).daysSince1970
    for back in 0..<Int64(Self.reach) {
      let date = CivilDate(daysSince1970: today - back)
      if let day = day(date), day.deadline <= now { return day }
    }
    return nil
  }

  func next(after now: Timestamp) -> Timestamp? {
    let today = time.date(of: now).daysSince1970
    for ahead in 0..<Int64(Self.reach) {
      let date = CivilDate(daysSince1970: today + ahead)
      if let day = day(date), day.deadline > now { return day.deadline }
    }
    return nil
  }

  /// Nil where nothing is expected: the day is closed, or no schedule of the pipeline is due before its
  /// deadline. What is due late in the evening and has to be finished in the morning belongs to the morning.
  private func day(_ date: CivilDate) -> Day? {
    guard time.isOpen(date) else { return nil }
    let deadline = moment(date)
    if schedules.isEmpty { return Day(begin: time.beginning(of: date), deadline: deadline) }
    let before = moment(CivilDate(daysSince1970: date.daysSince1970 - 1))
    let dues = schedules.compactMap { $0.cron.next(after: before, in: $0.zone)?.at }.filter { $0 < deadline }
    return dues.min().map { Day(begin: $0, deadline: deadline) }
  }

  private func moment(_ date: CivilDate) -> Timestamp {
    time.moment(of: CivilTime(date: date, hour: hour, minute: minute))
  }
}
