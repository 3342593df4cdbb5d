import API
import Engine
import Model
import Pipelines

/// Routes that make and change schedules beside those of files, and that pause many of them.
struct ScheduleChangeRoutes: Sendable {
  var backend: Backend
  private var reads: ScheduleRoutes { ScheduleRoutes(backend: backend) }

  init(_ backend: Backend) { self.backend = backend }

  var routes: [Route] {
    [
      .answer(
        ScheduleChangeCalls.create, in: .name { $0.pipeline },
        with: { request, caller in try await create(request, caller) }),
      .answer(ScheduleChangeCalls.update, in: .name { $0.id }) { change, caller in
        try await update(change, caller)
      },
      .answer(ScheduleChangeCalls.change, in: .name { $0.id }) { change, caller in
        let row = try Self.own(try reads.one(change.id), change.id)
        let rule = try change.applied(to: row.spec, inputs: row.inputs)
        return try await update(ScheduleReplacement(id: change.id, rule: rule), caller)
      },
      .answer(ScheduleChangeCalls.delete, in: .name { $0.id }) { path, caller in
        try await delete(path, caller)
      },
      .answer(ScheduleChangeCalls.preview, in: .granted) { request, caller in
        try SchedulePreviewing(backend: backend).preview(request, caller.language)
      },
      .answer(ScheduleChangeCalls.pauseAll, in: .list { $0.namespace }) { request, caller in
        try await pauseAll(request, caller)
      },
      .answer(ScheduleChangeCalls.resumeAll, in: .list { $0.namespace }) { request, caller in
        try await resumeAll(request, caller)
      },
    ]
  }

  private func create(_ request: ScheduleRequest, _ caller: Caller) async throws(Problem) -> MadeSchedule {
    let (node, pipeline) = (try backend.writer(), try NamespacedName(request.pipeline).pipeline)
    let id = "\(pipeline.id)~\(request.name)"
    caller.note.about(id, in: pipeline.namespace)
    let plan = try plan(of: pipeline)
    let known = try added(of: pipeline)
    if plan.triggers.contains(where: { ScalarString($0.name) == ScalarString(request.name) }) {
      throw Self.definedInFile(id)
    }
    if known.contains(where: { ScalarString($0.name) == ScalarString(request.name) }) {
      throw Self.exists(id)
    }
    guard known.count < AddedSchedule.most else { throw Self.tooMany(pipeline) }
    try ScheduleChecking(backend: backend, plan: plan).check(
      request.rule, name: request.name, caller.language)
    let now = backend.now()
    let row = AddedSchedule(
      pipeline: pipeline, name: request.name, spec: request.rule.spec, inputs: request.rule.inputs,
      createdAt: now, createdBy: caller.actor, updatedAt: now, updatedBy: caller.actor)
    caller.note.after(row.spec)
    if caller.isDryRun { return MadeSchedule(item: try reads.item(Self.found(row))) }
    try await node.write([.addedSchedule(row)])
    return MadeSchedule(item: try reads.item(try reads.one(id)))
  }

  private func update(_ change: ScheduleReplacement, _ caller: Caller) async throws(Problem) -> ScheduleItem {
    let (node, found) = (try backend.writer(), try reads.one(change.id))
    var row = try Self.own(found, change.id)
    try Precondition.demand(caller.request.ifMatch, try reads.item(found))
    let plan = try plan(of: row.pipeline)
    try ScheduleChecking(backend: backend, plan: plan).check(change.rule, name: row.name, caller.language)
    caller.note.before(row.spec)
    (row.spec, row.inputs, row.version) = (change.rule.spec, change.rule.inputs, row.version + 1)
    (row.updatedAt, row.updatedBy) = (backend.now(), caller.actor)
    caller.note.after(row.spec)
    if caller.isDryRun { return try reads.item(Self.found(row)) }
    try await node.write([.addedSchedule(row)])
    return try reads.item(try reads.one(change.id))
  }

  private func delete(_ path: SchedulePath, _ caller: Caller) async throws(Problem) -> Nothing {
    let (node, found) = (try backend.writer(), try reads.one(path.id))
    let row = try Self.own(found, path.id)
    if let ifMatch = caller.request.ifMatch { try Precondition.demand(ifMatch, try reads.item(found)) }
    caller.note.before(row.spec)
    if caller.isDryRun { return Nothing() }
    try await node.write([.removeAddedSchedule(row.pipeline, name: row.name)])
    return Nothing()
  }

  /// Those that are not paused yet: whoever paused one before has their own reason for it.
  private func pauseAll(_ request: ManyPauses, _ caller: Caller) async throws(Problem) -> ManySchedules {
    let (node, now) = (try backend.writer(), backend.now())
    try PauseRoutes.check(request.reason, until: request.until, at: now)
    var changed: [String] = []
    for namespace in caller.namespaces(request.namespace) {
      let paused = Set(try rows(in: namespace).filter { $0.pause?.holds(at: now) ?? false }.map(Self.name))
      for found in try reads.all(in: namespace) where !paused.contains(Self.name(found.name)) {
        _ = try await node.pauseSchedule(
          found.name, by: caller.actor, reason: request.reason, until: request.until)
        changed.append("\(found.name.pipeline.id)~\(found.name.trigger)")
      }
    }
    caller.note.after(["paused": .int(Int64(changed.count)), "reason": .string(request.reason)])
    return ManySchedules(schedules: changed.sorted { ScalarString($0) < ScalarString($1) })
  }

  private func resumeAll(_ request: ManyResumes, _ caller: Caller) async throws(Problem) -> ManySchedules {
    let node = try backend.writer()
    var changed: [String] = []
    for namespace in caller.namespaces(request.namespace) {
      for row in try rows(in: namespace) where row.pause != nil {
        _ = try await node.resumeSchedule(Node.TriggerName(row.pipeline, row.trigger), catchesUp: false)
        changed.append("\(row.pipeline.id)~\(row.trigger)")
      }
    }
    caller.note.after(["resumed": .int(Int64(changed.count))])
    return ManySchedules(schedules: changed.sorted { ScalarString($0) < ScalarString($1) })
  }

  private func rows(in namespace: String?) throws(Problem) -> [ScheduleRow] {
    try reading { () throws(StoreError) in try backend.readModel.readSchedules(in: namespace) }
  }

  private static func name(_ row: ScheduleRow) -> ScalarString {
    name(Node.TriggerName(row.pipeline, row.trigger))
  }

  private static func name(_ name: Node.TriggerName) -> ScalarString {
    ScalarString("\(name.pipeline.id)~\(name.trigger)")
  }

  private func added(of pipeline: PipelineName) throws(Problem) -> [AddedSchedule] {
    try reading { () throws(StoreError) in try backend.readModel.addedSchedules(of: pipeline) }
  }

  private func plan(of pipeline: PipelineName) throws(Problem) -> Plan {
    let record = try reading { () throws(StoreError) in
      try backend.readModel.readRevision(of: pipeline, number: nil)
    }
    guard let record else { throw PipelineRoutes.noPipeline(pipeline, nil) }
    let compiled = backend.compiler.compile(
      record.source,
      readFile: { path in record.files.first { ScalarString($0.path) == ScalarString(path) }?.bytes })
    guard let plan = compiled.plan else { throw PipelineRoutes.noPipeline(pipeline, record.number) }
    return plan
  }
}

extension ScheduleChangeRoutes {
  /// One that is not stored.
  private static func found(_ row: AddedSchedule) -> ScheduleRoutes.Found {
    ScheduleRoutes.Found(
      name: Node.TriggerName(row.pipeline, row.name), trigger: row.trigger, isEnabled: true, spec: nil,
      added: row)
  }

  private static func own(_ found: ScheduleRoutes.Found, _ id: String) throws(Problem) -> AddedSchedule {
    guard let row = found.added else { throw definedInFile(id) }
    return row
  }

  private static func definedInFile(_ id: String) -> Problem {
    Problem(
      "defined-in-file",
      Bilingual(
        "\(id) is a trigger of the pipeline's file.", pt: "\(id) é um gatilho do arquivo do pipeline."),
      remedy: Bilingual(
        "Change the file and apply it, or take another name.",
        pt: "Mude o arquivo e aplique, ou use outro nome."))
  }

  private static func exists(_ id: String) -> Problem {
    Problem(
      "schedule-exists",
      Bilingual("There is a schedule \(id) already.", pt: "Já existe o agendamento \(id)."),
      remedy: Bilingual(
        "Change it with PUT, or take another name.", pt: "Mude-o com PUT, ou use outro nome."))
  }

  private static func tooMany(_ pipeline: PipelineName) -> Problem {
    Problem(
      "too-many-schedules",
      Bilingual(
        "\(pipeline) has \(AddedSchedule.most) schedules beside its file already.",
        pt: "\(pipeline) já tem \(AddedSchedule.most) agendamentos ao lado do arquivo."),
      remedy: Bilingual("Delete one that is not needed.", pt: "Apague um que não faz falta."))
  }
}
