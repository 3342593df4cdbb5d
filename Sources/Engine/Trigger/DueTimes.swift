internal import Model

/// What a schedule makes of the due times between two moments (S19). Pure: the same moments give the same.
struct DueTimes {
  let spec: ScheduleSpec
  let pause: ScheduleRow.Pause?

  struct Start: Hashable {
    var due: Timestamp
    /// It comes so late that `catch_up` decided over it.
    var isCaughtUp: Bool
  }

  /// A due time, or a stretch of them, that starts nothing.
  struct Left: Hashable {
    var due: Timestamp
    var outcome: ScheduleFireRow.Outcome
    var reason: String
    var detail: String?
    var last: Timestamp?
    var count = 1
  }

  struct Verdict {
    var starts: [Start] = []
    var left: [Left] = []
    /// The last due time that is among them.
    var decidedUntil: Timestamp
  }

  /// A due time that is later than this was missed: nothing ran, or the clock was put forward over it.
  static let onTime = Duration.seconds(60)
  /// Due times of one downtime that have a row of their own; those before them share one.
  static let mostRows = 1_000
  /// Due times that are looked at one by one; behind them only those of the last day are.
  static let mostLooked = 100_000
  private static let day = Duration.seconds(86_400)

  /// When the first behind that moment is released; nil where none comes.
  func release(after moment: Timestamp) -> Timestamp? {
    spec.cron.next(after: moment, in: spec.zone).map { spec.release($0.at) }
  }

  /// - Parameter isForced: a person asks for what a pause held back, however late it is.
  func decide(after start: Timestamp, until now: Timestamp, isForced: Bool = false) -> Verdict {
    var verdict = Verdict(decidedUntil: start)
    var late: [Timestamp] = []
    var (cursor, looked) = (start, 0)
    while let due = spec.cron.next(after: cursor, in: spec.zone)?.at, spec.release(due) <= now {
      if looked == Self.mostLooked, due < now + (.zero - Self.day) {
        // Of these nobody reads each; the stretch has a row.
        cursor = now + (.zero - Self.day)
        looked = 0
        continue
      }
      looked += 1
      (cursor, verdict.decidedUntil) = (due, due)
      if let left = left(due, isForced: isForced) {
        verdict.left.append(left)
      } else if isForced || now - spec.release(due) > Self.onTime {
        late.append(due)
      } else {
        verdict.starts.append(Start(due: due, isCaughtUp: false))
      }
    }
    catchUp(late, at: now, into: &verdict)
    return verdict
  }

  /// What no policy starts.
  private func left(_ due: Timestamp, isForced: Bool) -> Left? {
    if let pause, pause.holds(at: due), !isForced {
      return Left(
        due: due, outcome: .missed, reason: ScheduleFireRow.Reason.paused,
        detail: "\(pause.by): \(pause.reason)")
    }
    guard let calendar = spec.calendar else { return nil }
    guard let days = calendar.days else {
      return Left(
        due: due, outcome: .refused, reason: ScheduleFireRow.Reason.noCalendar, detail: calendar.name)
    }
    return days.reason(on: spec.date(of: due)).map { name in
      Left(
        due: due, outcome: .skipped, reason: ScheduleFireRow.Reason.calendar,
        detail: "\(calendar.name): \(name)")
    }
  }

  private func catchUp(_ late: [Timestamp], at now: Timestamp, into verdict: inout Verdict) {
    let wanted = late.suffix(spec.catchUp.last).filter { now - $0 <= spec.catchUp.within }
    verdict.starts.insert(contentsOf: wanted.map { Start(due: $0, isCaughtUp: true) }, at: 0)
    verdict.left += late.dropLast(wanted.count).map {
      Left(due: $0, outcome: .missed, reason: ScheduleFireRow.Reason.down)
    }
    verdict.left.sort { $0.due < $1.due }
    let many = verdict.left.count - Self.mostRows
    guard many > 1 else { return }
    var stretch = verdict.left[0]
    (stretch.last, stretch.count, stretch.detail) = (verdict.left[many - 1].due, many, nil)
    verdict.left.replaceSubrange(..<many, with: [stretch])
  }
}
