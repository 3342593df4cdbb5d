internal import Crypto
internal import Expressions
internal import Model
internal import Pipelines

/// What is to be made of the first of a trigger's line, found out beside the engine's thread.
enum Firing: Sendable {
  case job(PreparedJob)
  case signal(IncomingSignal)
  /// It waits for the other parts of its join.
  case gather(key: String, within: Duration, parts: [String])
  /// The trigger's `if` says no.
  case filtered
  /// The pipeline is paused, or the trigger is disabled: it waits until then, or until that changes.
  case rests(Bilingual, until: Timestamp?)
  /// A due time that comes while its pipeline is paused or its trigger disabled is nobody's.
  case missed(LeftOut)
  /// The store does not have these: they were taken away, or never kept.
  case gone([ID<TriggerMessage>])
}

/// A firing and what it is about.
struct FiredTrigger: Sendable {
  var place: TriggerLines.Place
  var element: TriggerLines.Element
  /// One message, or the parts of a join.
  var messages: [ID<TriggerMessage>]
  var result: Result<Firing, Problem>
}

/// Reads, opens, evaluates. Blocks: each firing has a thread of its own.
struct FiringPreparation {
  let configuration: NodeConfiguration
  let place: TriggerLines.Place
  let element: TriggerLines.Element
  let messages: [ID<TriggerMessage>]

  func prepare() throws(Problem) -> Firing {
    let rows = try reading { () throws(StoreError) in
      var rows: [TriggerMessageRow] = []
      for id in messages { if let row = try configuration.readModel.triggerMessage(id) { rows.append(row) } }
      return rows
    }
    guard let first = rows.first, rows.count == messages.count else {
      return .gone(messages.filter { id in !rows.contains { $0.id == id } })
    }
    let (record, settings, pause) = try reading { () throws(StoreError) in
      (
        try configuration.readModel.readRevision(of: place.pipeline, number: nil),
        try configuration.readModel.settings(of: place.pipeline.namespace),
        try configuration.readModel.pause(of: place.pipeline)
      )
    }
    guard let record else { throw .noPipeline(place.pipeline, revision: nil) }
    let plan = try configuration.plan(record)
    // One of another kind is another trigger, even under the same name.
    let kind = first.kind == TriggerMessageRow.backfillKind ? TriggerMessageRow.scheduleKind : first.kind
    let named = plan.triggers.filter { ScalarString($0.name) == place.trigger }
    let added = named.isEmpty && kind == TriggerMessageRow.scheduleKind ? try added() : nil
    guard let trigger = named.first(where: { $0.kind == kind }) ?? added else {
      throw .noTrigger(place.trigger.string, of: place.pipeline, plan.triggers.map(\.name))
    }
    let now = configuration.clock.now
    if let pause, pause.holds(at: now) {
      if first.kind == TriggerMessageRow.scheduleKind {
        return .missed(.pipelinePaused(by: pause.by, pause.reason))
      }
      return .rests(Self.paused(pause), until: pause.until)
    }
    var origin = try origin(of: rows, first)
    origin.added = added
    if let loop = Lineage.loop(origin.lineage, to: place.pipeline, at: now) { throw loop }
    return try firing(first, trigger, origin, settings, revision: record.number)
  }

  /// The schedule of that name beside the file.
  private func added() throws(Problem) -> TriggerPlan? {
    try reading { () throws(StoreError) in
      try configuration.readModel.addedSchedules(of: place.pipeline)
    }.first { ScalarString($0.name) == place.trigger }?.trigger
  }

  private func firing(
    _ row: TriggerMessageRow, _ trigger: TriggerPlan, _ origin: TriggerOrigin, _ settings: JSONObject,
    revision: Int
  ) throws(Problem) -> Firing {
    let resolver = AdmissionResolver(
      context: [
        "inputs": [:], "vars": [:], "settings": .object(settings),
        "trigger": origin.trigger(actor: row.actor),
      ],
      job: [
        "namespace": .string(place.pipeline.namespace), "pipeline": .string(place.pipeline.name),
        "revision": .int(Int64(revision)), "created_at": .string(configuration.clock.now.rfc3339),
      ], now: configuration.clock.now)
    let evaluation = TriggerEvaluation(
      trigger: trigger, resolver: resolver, random: RandomSource(take: configuration.random))
    if let enabled = trigger.enabled, try !evaluation.holds(enabled, "enabled") {
      if row.kind == TriggerMessageRow.scheduleKind { return .missed(.disabled) }
      return .rests(Self.disabled, until: nil)
    }
    // What a join's `if` reads is there once the join is whole.
    if let join = trigger.completion?.join, case .message = element {
      return .gather(
        key: try evaluation.text(join.key, "pipeline.key"), within: join.within,
        parts: trigger.completion?.sources ?? [])
    }
    if let condition = trigger.condition, try !evaluation.holds(condition, "if") { return .filtered }
    if let deliver = trigger.deliver {
      return .signal(try signal(deliver, evaluation, origin, actor: row.actor))
    }
    var request = JobRequest(pipeline: place.pipeline, revision: revision, actor: row.actor)
    request.origin = origin
    return .job(try Preparation(configuration, request).prepare())
  }

  private func signal(
    _ deliver: DeliverPlan, _ evaluation: TriggerEvaluation, _ origin: TriggerOrigin, actor: String
  ) throws(Problem) -> IncomingSignal {
    let key = try deliver.key.map { (template) throws(Problem) in try evaluation.text(template, "deliver.key")
    }
    let id = try evaluation.trigger.idempotencyKey.flatMap { (template) throws(Problem) in
      try evaluation.value(template, "idempotency_key").isNull
        ? nil : try evaluation.text(template, "idempotency_key")
    }
    let request = SignalRequest(
      name: try evaluation.text(deliver.signal, "deliver.signal"), key: key,
      payload: try evaluation.value(deliver.payload, "deliver.payload"),
      messageID: id ?? "\(place.pipeline.name) \(origin.defaultKey)", keep: deliver.keep,
      deadLetters: deliver.then == .deadLetter, actor: "trigger:\(place.pipeline)/\(place.trigger.string)")
    return try IncomingSignal(
      request, namespace: place.pipeline.namespace, job: nil, at: configuration.clock.now,
      random: configuration.random)
  }

  private func origin(of rows: [TriggerMessageRow], _ first: TriggerMessageRow) throws(Problem)
    -> TriggerOrigin
  {
    var bodies: [(row: TriggerMessageRow, body: JSON)] = []
    let opening = MessageOpening(configuration: configuration)
    for row in rows { bodies.append((row, try opening.open(row))) }
    var origin = TriggerOrigin(
      name: first.trigger, kind: first.kind, at: rows.map(\.receivedAt).max() ?? first.receivedAt,
      members: JSONObject(), defaultKey: "trigger \(first.trigger) \(first.key)")
    if let due = first.due {
      (origin.at, origin.backfill) = (due, first.backfill)
      if let backfill = first.backfill {
        origin.members["backfill"] = .string(backfill.description)
        // Without the id of the backfill: the next one fills only the holes that this one leaves (S21).
        origin.defaultKey = "backfill/\(place.pipeline.name)/\(first.trigger)/\(due.rfc3339)"
      }
      return origin
    }
    guard first.kind == "pipeline" else {
      origin.members = bodies[0].body.object ?? JSONObject()
      return origin
    }
    // The last to come is `trigger.job`; of a join all are there, by the names of their pipelines.
    let ordered = bodies.sorted { ($0.row.receivedAt, $0.row.id) < ($1.row.receivedAt, $1.row.id) }
    origin.members["job"] = ordered.last?.body["job"]
    let lineages = bodies.compactMap { $0.body["lineage"]?.array }
    origin.lineage = lineages.max { $0.count < $1.count } ?? []
    guard case .join = element else { return origin }
    let named = bodies.sorted { ScalarString($0.row.part ?? "") < ScalarString($1.row.part ?? "") }
    origin.members["jobs"] = .object(JSONObject(named.map { ($0.row.part ?? "", $0.body["job"] ?? .null) }))
    // Each key names a job and its round: one that was retried in place has ended once more.
    let ends = named.map(\.row.key).joined(separator: " ")
    origin.defaultKey = "join \(first.trigger) \(SHA256.hex(Array(ends.utf8)))"
    return origin
  }

  private func reading<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }

  static func paused(_ pause: PauseRecord) -> Bilingual {
    Bilingual(
      "\(pause.pipeline) is paused by \(pause.by): \(pause.reason)",
      pt: "\(pause.pipeline) está pausado por \(pause.by): \(pause.reason)")
  }

  private static let disabled = Bilingual("the trigger is disabled", pt: "o gatilho está desativado")
}

/// The expressions of a trigger, over what it was given.
struct TriggerEvaluation {
  let trigger: TriggerPlan
  let resolver: AdmissionResolver
  let random: any RandomBytes

  func holds(_ condition: BoundExpression, _ key: String) throws(Problem) -> Bool {
    do {
      guard case .bool(let answer) = try condition.value(resolver) else { return false }
      return answer
    } catch { throw .admission("triggers.\(trigger.name).\(key)", error) }
  }

  func value(_ template: Template, _ key: String) throws(Problem) -> JSON {
    do { return try template.evaluate(resolver, random: random) } catch {
      throw .admission("triggers.\(trigger.name).\(key)", error)
    }
  }

  func text(_ template: Template, _ key: String) throws(Problem) -> String {
    let value = try value(template, key)
    return value.string ?? value.text
  }
}

extension TriggerOrigin {
  func trigger(actor: String) -> JSON {
    var trigger = JSONObject([
      ("id", .string(name)), ("type", .string(kind)), ("time", .string(at.rfc3339)),
      ("actor", .string(actor)),
    ])
    for member in members { trigger[member.key] = member.value }
    return .object(trigger)
  }
}
