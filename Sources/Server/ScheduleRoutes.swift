import API
import Engine
import Model
import Pipelines

/// Routes of schedules.
struct ScheduleRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(ScheduleCalls.list, in: .list { $0.namespace }) { query, caller in try list(query, caller) },
      .answer(ScheduleCalls.get, in: .name { $0.id }) { path, _ in try item(try one(path.id)) },
      .answer(ScheduleCalls.next, in: .name { $0.id }) { query, _ in try next(query) },
      .answer(ScheduleCalls.fires, in: .name { $0.id ?? "" }) { query, caller in try fires(query, caller) },
      .answer(ScheduleCalls.allFires, in: .list { $0.namespace }) { query, caller in try fires(query, caller)
      },
      .answer(ScheduleCalls.pause, in: .name { $0.id }) { request, caller in try await pause(request, caller)
      },
      .answer(ScheduleCalls.resume, in: .name { $0.id }) { request, _ in try await resume(request) },
      .answer(
        ScheduleCalls.trigger, in: .name { $0.id }, status: { $0.outcome == "started" ? 202 : 200 },
        with: { path, caller in
          let outcome = try await backend.writer().startSchedule(try one(path.id).name, by: caller.actor)
          return TriggerResult(outcome, caller.language)
        }),
    ]
  }

  /// A schedule as its file says it.
  struct Found {
    var name: Node.TriggerName
    var trigger: TriggerPlan
    var isEnabled: Bool
    var spec: ScheduleSpec?
    /// Where it stands beside the file.
    var added: AddedSchedule?
  }

  private static let missedWithin = Duration.seconds(7 * 86_400)
  private static let mostNext = 1_000

  /// Only another order than that of the names needs to know when each of them is due.
  private func list(_ query: SchedulesQuery, _ caller: Caller) throws(Problem) -> Page<ScheduleItem> {
    var found: [Found] = []
    for namespace in caller.namespaces(query.namespace) { found += try all(in: namespace) }
    guard let sort = query.sort, !["name", "-name"].contains(sort) else {
      let order = ListOrder<Found>(name: Self.id(of:))
      let page = try order.page(
        found, .init(sort: query.sort, cursor: query.cursor, limit: query.limit))
      return Page(try items(page.rows), nextCursor: page.next)
    }
    let order = ListOrder<ScheduleItem>(
      name: \.id,
      ["next_at": { $0.nextAt?.microseconds }, "last_at": { $0.lastAt?.microseconds }])
    let page = try order.page(
      try items(found), .init(sort: sort, cursor: query.cursor, limit: query.limit))
    return Page(page.rows, nextCursor: page.next)
  }

  private func items(_ found: [Found]) throws(Problem) -> [ScheduleItem] {
    var items: [ScheduleItem] = []
    for schedule in found { items.append(try item(schedule)) }
    return items
  }

  private static func id(of found: Found) -> String {
    "\(found.name.pipeline.id)~\(found.trigger.name)"
  }

  /// From the running node; beside none the stored files are read.
  func all(in namespace: String?) throws(Problem) -> [Found] {
    if let node = backend.node {
      return node.triggers.all.filter { entry in
        entry.trigger.kind == "schedule"
          && (namespace.map { ScalarString($0) == ScalarString(entry.pipeline.namespace) } ?? true)
      }.map { entry in
        Found(
          name: Node.TriggerName(entry.pipeline, entry.trigger.name), trigger: entry.trigger,
          isEnabled: entry.isEnabled, spec: entry.schedule, added: entry.added)
      }
    }
    var found: [Found] = []
    for summary in try reading({ () throws(StoreError) in try backend.readModel.pipelines(in: namespace) }) {
      found += try stored(summary.pipeline)
    }
    return found
  }

  private func stored(_ pipeline: PipelineName) throws(Problem) -> [Found] {
    let (record, settings, added) = try reading { () throws(StoreError) in
      (
        try backend.readModel.readRevision(of: pipeline, number: nil),
        try backend.readModel.settings(of: pipeline.namespace),
        try backend.readModel.addedSchedules(of: pipeline)
      )
    }
    guard let record else { throw PipelineRoutes.noPipeline(pipeline, nil) }
    let compiled = backend.compiler.compile(
      record.source,
      readFile: { path in record.files.first { ScalarString($0.path) == ScalarString(path) }?.bytes })
    let triggers = compiled.plan?.triggers ?? []
    var found = triggers.filter { $0.kind == "schedule" }.map { trigger in
      Found(
        name: Node.TriggerName(pipeline, trigger.name), trigger: trigger, isEnabled: trigger.enabled == nil,
        spec: ScheduleSpec(
          trigger.spec, of: pipeline, trigger: trigger.name, zones: backend.zones, settings: settings))
    }
    let names = Set(triggers.map { ScalarString($0.name) })
    for row in added where !names.contains(ScalarString(row.name)) {
      found.append(
        Found(
          name: Node.TriggerName(pipeline, row.name), trigger: row.trigger, isEnabled: true,
          spec: ScheduleSpec(
            row.spec, of: pipeline, trigger: row.name, zones: backend.zones, settings: settings), added: row))
    }
    return found
  }

  /// `namespace~pipeline~trigger`, or the only schedule of `namespace~pipeline`.
  func one(_ id: String) throws(Problem) -> Found {
    let parts = id.cut(at: "~")
    guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
      throw Problem(
        "invalid-request",
        Bilingual(
          "\"\(id)\" is not namespace~pipeline~trigger.", pt: "\"\(id)\" não é espaço~pipeline~gatilho."))
    }
    let pipeline = PipelineName(namespace: parts[0], name: parts[1])
    let known = try stored(pipeline)
    let matching = known.filter { found in
      parts.count == 2 || ScalarString(found.name.trigger) == ScalarString(parts[2])
    }
    guard matching.count == 1, var found = matching.first else {
      throw Self.notOne(pipeline, parts.count == 3 ? parts[2] : nil, known.map(\.name.trigger))
    }
    if let entry = backend.node?.triggers[pipeline, found.name.trigger] {
      (found.isEnabled, found.spec) = (entry.isEnabled, entry.schedule)
    }
    return found
  }

  private static func notOne(_ pipeline: PipelineName, _ wanted: String?, _ known: [String]) -> Problem {
    let list = known.isEmpty ? "-" : known.joined(separator: ", ")
    let name = wanted.map { " \($0)" } ?? ""
    return Problem(
      "no-schedule",
      known.isEmpty || wanted != nil
        ? Bilingual(
          "\(pipeline) has no schedule\(name).", pt: "\(pipeline) não tem o agendamento\(name).")
        : Bilingual(
          "\(pipeline) has \(known.count) schedules.", pt: "\(pipeline) tem \(known.count) agendamentos."),
      remedy: Bilingual(
        "Name one of these behind the pipeline: \(list).",
        pt: "Indique um destes depois do pipeline: \(list)."))
  }

  func item(_ found: Found) throws(Problem) -> ScheduleItem {
    let (pipeline, trigger) = (found.name.pipeline, found.name.trigger)
    let now = backend.now()
    let (row, last, missed) = try reading { () throws(StoreError) in
      (
        try backend.readModel.readSchedules(in: pipeline.namespace).first {
          $0.pipeline == pipeline && ScalarString($0.trigger) == ScalarString(trigger)
        },
        try backend.readModel.fires(
          FireFilter(pipeline: pipeline, trigger: trigger, outcomes: [.started, .delivered]), limit: 1
        ).first,
        try backend.readModel.fireCount(
          FireFilter(
            pipeline: pipeline, trigger: trigger, outcomes: [.missed],
            from: now + (.zero - Self.missedWithin)))
      )
    }
    var item = ScheduleItem(
      id: "\(pipeline.id)~\(trigger)", pipeline: pipeline.description, name: trigger,
      spec: found.trigger.spec, isEnabled: found.isEnabled, lastAt: last?.due,
      lastJob: last?.job?.description, missed: missed)
    if let added = found.added {
      (item.origin, item.version, item.inputs) = ("api", added.version, added.inputs)
    }
    if let pause = row?.pause, pause.holds(at: now) {
      item.pause = PauseItem(by: pause.by, reason: pause.reason, at: pause.at, until: pause.until)
    }
    if let spec = found.spec, found.isEnabled {
      item.nextAt = spec.cron.next(after: max(now, row?.decidedUntil ?? now), in: spec.zone)?.at
      if let calendar = spec.calendar, calendar.days == nil {
        item.problem = "no-calendar: \(calendar.name)"
      }
    } else if found.spec == nil {
      item.problem = "no-zone: \(found.trigger.spec["timezone"]?.string ?? "UTC")"
    }
    return item
  }

  private func next(_ query: NextQuery) throws(Problem) -> Page<NextItem> {
    guard let spec = try one(query.id).spec else { return Page([]) }
    var (items, moment): ([NextItem], Timestamp) = ([], query.from ?? backend.now())
    while items.count < min(max(query.limit ?? 5, 1), Self.mostNext) {
      guard let due = spec.cron.next(after: moment, in: spec.zone) else { break }
      items.append(NextItem(due, spec))
      moment = due.at
    }
    return Page(items)
  }

  private func fires(_ query: FiresQuery, _ caller: Caller) throws(Problem) -> Page<FireItem> {
    var filter = FireFilter(namespace: query.namespace, from: query.since)
    if let id = query.id {
      let name = try one(id).name
      (filter.pipeline, filter.trigger) = (name.pipeline, name.trigger)
    }
    if let word = query.outcome {
      guard let outcome = ScheduleFireRow.Outcome.allCases.first(where: { $0.word == word }) else {
        let list = ScheduleFireRow.Outcome.allCases.map(\.word).joined(separator: ", ")
        throw Problem(
          "invalid-request",
          Bilingual("There is no outcome \"\(word)\".", pt: "Não existe o resultado \"\(word)\"."),
          remedy: Bilingual("There are: \(list).", pt: "Existem: \(list)."))
      }
      filter.outcomes = [outcome]
    }
    let limit = min(max(query.limit ?? 50, 1), 1_000)
    let wanted = filter
    let rows = try caller.page(
      query.namespace, limit: limit, inOrder: { $0.due > $1.due },
      { (namespace) throws(Problem) in
        var filter = wanted
        filter.namespace = namespace ?? filter.namespace
        let narrowed = filter
        return try reading { () throws(StoreError) in try backend.readModel.fires(narrowed, limit: limit) }
      })
    return Page(rows.map(FireItem.init))
  }

  private func pause(_ request: SchedulePauseRequest, _ caller: Caller) async throws(Problem) -> ScheduleItem
  {
    let (node, found) = (try backend.writer(), try one(request.id))
    try PauseRoutes.check(request.reason, until: request.until, at: backend.now())
    _ = try await node.pauseSchedule(
      found.name, by: caller.actor, reason: request.reason, until: request.until)
    return try item(found)
  }

  private func resume(_ request: ResumeRequest) async throws(Problem) -> ScheduleItem {
    let (node, found) = (try backend.writer(), try one(request.id))
    _ = try await node.resumeSchedule(found.name, catchesUp: request.catchesUp)
    return try item(found)
  }
}

extension NextItem {
  fileprivate init(_ due: DueTime, _ spec: ScheduleSpec) {
    self.init(due)
    (startsAt, closed) = (spec.release(due.at), spec.closure(at: due.at))
  }

  /// Without what a schedule adds to its line.
  init(_ due: DueTime) {
    self.init(due: due.at, startsAt: due.at)
    switch due.note {
    case .moved(from: let time):
      note = "moved"
      skipped = String(time.seconds.clockText)
    case .onlyFirst: note = "only_first"
    case .first: note = "first"
    case .second: note = "second"
    case nil: break
    }
  }
}

extension Int64 {
  /// The time of the day of local seconds, such as `02:30`.
  fileprivate var clockText: String {
    let time = CivilTime(seconds: self)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = "\(two(time.hour)):\(two(time.minute))"
    return time.second == 0 ? minutes : "\(minutes):\(two(time.second))"
  }
}

extension FireItem {
  init(_ row: ScheduleFireRow) {
    self.init(
      pipeline: row.pipeline.description, trigger: row.trigger, due: row.due, outcome: row.outcome.word,
      job: row.job?.description, reason: row.reason, detail: row.detail, decidedAt: row.decidedAt,
      last: row.last, count: row.count)
  }
}
