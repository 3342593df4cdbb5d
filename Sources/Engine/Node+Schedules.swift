public import Model
internal import Pipelines

// Schedules and backfills. Each of these returns after the commit that it caused.
extension Node {
  /// From now on its due times are missed, until the pause ends.
  public func pauseSchedule(
    _ name: TriggerName, by actor: String, reason: String, until: Timestamp?
  ) async throws(Problem) -> ScheduleRow {
    let pause = ScheduleRow.Pause(by: actor, reason: reason, at: configuration.clock.now, until: until)
    return try await send { .schedule(.pause(name.place, pause, $0)) }
  }

  /// Also of one that is not paused. With `catchesUp` what the pause held back is made up for, as far as the
  /// schedule's `catch_up` goes.
  public func resumeSchedule(_ name: TriggerName, catchesUp: Bool) async throws(Problem) -> ScheduleRow {
    try await send { .schedule(.resume(name.place, catchesUp: catchesUp, $0)) }
  }

  /// A job now, as if it were due.
  public func startSchedule(_ name: TriggerName, by actor: String) async throws(Problem) -> TriggerOutcome {
    let now = configuration.clock.now
    return try await send { .schedule(.start(name.place, at: now, by: actor, $0)) }
  }

  /// The due times that a backfill would fill; nothing is kept yet.
  public func planBackfill(_ wish: BackfillWish) async throws(Problem) -> BackfillRow {
    guard let spec = triggers[wish.schedule.pipeline, wish.schedule.trigger]?.schedule else {
      throw .noSchedule(wish.schedule.place)
    }
    let now = configuration.clock.now
    guard wish.from <= wish.to, wish.to <= now else { throw .badRange(wish.from, wish.to) }
    guard BackfillRow.concurrencyRange.contains(wish.concurrency) else { throw .badConcurrency }
    let filled = wish.onlyMissing ? try await filled(wish) : []
    var dues: [Timestamp] = []
    var cursor = wish.from + .microseconds(-1)
    while let due = spec.cron.next(after: cursor, in: spec.zone)?.at, due <= wish.to {
      cursor = due
      if filled.contains(due) || spec.isClosed(due) { continue }
      dues.append(due)
      if dues.count > BackfillRow.mostDues { throw .tooManyDues(BackfillRow.mostDues) }
    }
    var generator = ByteGenerator(bytes: configuration.random)
    return BackfillRow(
      id: ID<Backfill>.generate(at: now, using: &generator), pipeline: wish.schedule.pipeline,
      trigger: wish.schedule.trigger, from: wish.from, to: wish.to, dues: dues,
      concurrency: wish.concurrency, createdBy: wish.actor, createdAt: now)
  }

  private func filled(_ wish: BackfillWish) async throws(Problem) -> Set<Timestamp> {
    let filter = FireFilter(
      pipeline: wish.schedule.pipeline, trigger: wish.schedule.trigger, outcomes: [.started, .delivered],
      from: wish.from, to: wish.to)
    let readModel = configuration.readModel
    return try await offThread { () throws(Problem) in
      do throws(StoreError) {
        return Set(try readModel.fires(filter, limit: BackfillRow.mostDues).map(\.due))
      } catch { throw .store(error) }
    }
  }

  public func backfill(_ wish: BackfillWish) async throws(Problem) -> BackfillRow {
    let row = try await planBackfill(wish)
    return try await send { .schedule(.backfill(row, $0)) }
  }

  /// Lets a backfill rest, go on, or end before its last due time. Its live jobs go on in any case.
  public func change(
    _ backfill: ID<Backfill>, to state: BackfillRow.State
  ) async throws(Problem) -> BackfillRow {
    try await send { .schedule(.change(backfill, state, $0)) }
  }
}

/// What a person wants filled.
public struct BackfillWish: Sendable {
  public var schedule: Node.TriggerName
  /// The first and the last moment at which something may be due, both included.
  public var from: Timestamp
  public var to: Timestamp
  /// Leaves out due times that have their job.
  public var onlyMissing: Bool
  public var concurrency: Int
  public var actor: String

  public init(
    schedule: Node.TriggerName, from: Timestamp, to: Timestamp, onlyMissing: Bool = false,
    concurrency: Int = 1, actor: String
  ) {
    (self.schedule, self.from, self.to) = (schedule, from, to)
    (self.onlyMissing, self.concurrency, self.actor) = (onlyMissing, concurrency, actor)
  }
}

extension Node.TriggerName {
  var place: TriggerLines.Place { TriggerLines.Place(pipeline, trigger) }
}

extension ScheduleSpec {
  /// Whether its calendar is closed on that day.
  func isClosed(_ due: Timestamp) -> Bool { calendar?.days?.reason(on: date(of: due)) != nil }

  /// What its calendar says of that day: the name of the holiday.
  public func closure(at due: Timestamp) -> String? { calendar?.days?.reason(on: date(of: due)) }
}

extension Problem {
  fileprivate static func badRange(_ from: Timestamp, _ to: Timestamp) -> Problem {
    Problem(
      "bad-range",
      Bilingual(
        "\(from.rfc3339) to \(to.rfc3339) is no stretch of the past.",
        pt: "\(from.rfc3339) a \(to.rfc3339) não é um trecho do passado."),
      remedy: Bilingual(
        "Begin with the earlier moment, and end before now.",
        pt: "Comece pelo momento anterior, e termine antes de agora."))
  }

  fileprivate static let badConcurrency: Problem = {
    let (least, most) = (BackfillRow.concurrencyRange.lowerBound, BackfillRow.concurrencyRange.upperBound)
    return Problem(
      "invalid-request",
      Bilingual(
        "A backfill runs from \(least) to \(most) jobs at once.",
        pt: "Um backfill executa de \(least) a \(most) jobs de uma vez."))
  }()

  fileprivate static func tooManyDues(_ most: Int) -> Problem {
    Problem(
      "too-many-dues",
      Bilingual(
        "More than \(most) due times lie in that stretch.",
        pt: "Há mais de \(most) vencimentos nesse trecho."),
      remedy: Bilingual(
        "Fill it in several backfills.", pt: "Preencha-o em vários backfills."))
  }
}
