internal import Model

/// What people ask of schedules and backfills.
enum ScheduleOrder: Sendable {
  /// The node has taken over its jobs.
  case begin
  case pause(Schedules.Place, ScheduleRow.Pause, Reply<ScheduleRow>)
  case resume(Schedules.Place, catchesUp: Bool, Reply<ScheduleRow>)
  /// A job now, as if this were a due time.
  case start(Schedules.Place, at: Timestamp, by: String, Reply<TriggerOutcome>)
  case backfill(BackfillRow, Reply<BackfillRow>)
  case change(ID<Backfill>, BackfillRow.State, Reply<BackfillRow>)

  /// Says no to the person who asks; false where nobody does.
  func refuse(_ problem: Problem) -> Bool {
    switch self {
    case .begin: return false
    case .pause(_, _, let reply), .resume(_, catchesUp: _, let reply): reply(.failure(problem))
    case .start(_, at: _, by: _, let reply): reply(.failure(problem))
    case .backfill(_, let reply), .change(_, _, let reply): reply(.failure(problem))
    }
    return true
  }
}

extension Jobs {
  mutating func take(_ order: ScheduleOrder, at now: Timestamp) {
    switch order {
    case .begin: beginSchedules(at: now)
    case .pause(let place, let pause, let reply):
      answer(schedules.pause(place, pause), at: place, reply)
    case .resume(let place, let catchesUp, let reply):
      let verdict = schedules.resume(place, catchesUp: catchesUp, at: now)
      answer(schedules.rows[place], at: place, reply)
      let actor = "trigger:\(place.pipeline)/\(place.trigger.string)"
      for start in verdict?.starts ?? [] {
        _ = arrive(start.due, at: place, isCaughtUp: true, actor: actor, now)
      }
    case .start(let place, let due, let actor, let reply):
      guard schedules.rows[place] != nil else { return reply(.failure(.noSchedule(place))) }
      guard let id = arrive(due, at: place, actor: actor, now) else {
        return after(.nothing) { _ in reply(.failure(.scheduleRefused(place))) }
      }
      triggers.replies[id, default: []].append(reply)
    case .backfill(let row, let reply):
      guard backfills.count < Backfills.most else {
        return reply(.failure(.tooManyBackfills(Backfills.most)))
      }
      backfills.keep(row)
      batch.schedules.append(.backfill(row))
      pump(row.id)
      let kept = backfills[row.id] ?? row
      after(.nothing) { _ in reply(.success(kept)) }
    case .change(let id, let state, let reply): change(id, state, reply, at: now)
    }
  }

  private mutating func answer(
    _ row: ScheduleRow?, at place: Schedules.Place, _ reply: @escaping Reply<ScheduleRow>
  ) {
    guard let row else { return reply(.failure(.noSchedule(place))) }
    batch.schedules.append(.put(row))
    after(.nothing) { _ in reply(.success(row)) }
  }

  /// What a cancelled one has in line is taken away; its live jobs go on.
  private mutating func change(
    _ id: ID<Backfill>, _ state: BackfillRow.State, _ reply: @escaping Reply<BackfillRow>, at now: Timestamp
  ) {
    guard var row = backfills[id] else { return reply(.failure(.backfillEnded(id))) }
    row.state = state
    if state == .cancelled { row.endedAt = now }
    backfills.keep(row)
    batch.schedules.append(.backfill(row))
    if state == .cancelled {
      let place = Schedules.Place(row.pipeline, row.trigger, backfill: id)
      let waiting = triggers.lines.messages(at: place)
      let taken = triggers.lines.withdraw(Set(waiting), of: place.pipeline) { _ in false }
      settle(waiting.filter(taken.contains), .filtered, .nothing, left: .purged(by: row.createdBy))
    }
    pump(id)
    let kept = backfills[id] ?? row
    after(.nothing) { _ in reply(.success(kept)) }
  }
}

extension Problem {
  static func noSchedule(_ place: TriggerLines.Place) -> Problem {
    Problem(
      "no-schedule",
      Bilingual(
        "\(place.pipeline) has no schedule \(place.trigger.string).",
        pt: "\(place.pipeline) não tem o agendamento \(place.trigger.string)."),
      remedy: Bilingual("See them with: esteira schedule ls", pt: "Veja-os com: esteira schedule ls"))
  }

  static func scheduleRefused(_ place: TriggerLines.Place) -> Problem {
    Problem(
      "schedule-refused",
      Bilingual(
        "\(place.pipeline) takes nothing from its schedule \(place.trigger.string) now.",
        pt: "\(place.pipeline) não aceita nada do agendamento \(place.trigger.string) agora."),
      remedy: Bilingual(
        "See why with: esteira schedule missed \(place.pipeline)/\(place.trigger.string)",
        pt: "Veja por quê com: esteira schedule missed \(place.pipeline)/\(place.trigger.string)"))
  }

  static func tooManyBackfills(_ most: Int) -> Problem {
    Problem(
      "too-many-backfills",
      Bilingual(
        "\(most) backfills go on already.", pt: "\(most) backfills já estão em andamento."),
      remedy: Bilingual(
        "Wait until one has ended, or cancel one: esteira backfill ls",
        pt: "Espere que um termine, ou cancele um: esteira backfill ls"))
  }

  static func backfillEnded(_ id: ID<Backfill>) -> Problem {
    Problem(
      "backfill-ended",
      Bilingual(
        "The backfill \(id) has ended, or there is none of this id.",
        pt: "O backfill \(id) já terminou, ou não existe um com esse id."),
      remedy: Bilingual("See them with: esteira backfill ls", pt: "Veja-os com: esteira backfill ls"))
  }
}
