import API
import Engine
import Model
import Pipelines

/// Routes of triggers and what they were given.
struct TriggerRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(TriggerCalls.list, in: .name { $0.id }) { path, _ in try list(path) },
      .answer(TriggerCalls.messages, in: .name { $0.id }) { path, _ in try messages(path) },
      .answer(
        TriggerCalls.send, in: .name { $0.id },
        status: { $0.outcome == "started" || $0.outcome == "stored" ? 202 : 200 },
        with: { request, caller in try await send(request, caller) }),
      .answer(TriggerCalls.refusals, in: .list { $0.namespace }) { query, caller in
        try refusals(query, caller)
      },
    ]
  }

  private static let limit = 10_000

  private func list(_ path: NamePath) throws(Problem) -> Page<TriggerItem> {
    let name = try NamespacedName(path.id).pipeline
    let (record, rows) = try reading { () throws(StoreError) in
      (
        try backend.readModel.readRevision(of: name, number: nil),
        try backend.readModel.triggerMessages(of: name, limit: Self.limit)
      )
    }
    guard let record else { throw PipelineRoutes.noPipeline(name, nil) }
    let compiled = backend.compiler.compile(
      record.source,
      readFile: { path in record.files.first { ScalarString($0.path) == ScalarString(path) }?.bytes })
    let (known, queues) = (backend.node?.triggers, backend.queues())
    return Page(
      (compiled.plan?.triggers ?? []).map { trigger in
        TriggerItem(
          name: trigger.name, kind: trigger.kind,
          isEnabled: known?[name, trigger.name]?.isEnabled ?? (trigger.enabled == nil),
          waiting: rows.count { ScalarString($0.trigger) == ScalarString(trigger.name) }, spec: trigger.spec,
          reader: queues.first { $0.triggers.contains(Node.TriggerName(name, trigger.name)) }
            .map(QueueReaderItem.init))
      })
  }

  private func messages(_ path: NamePath) throws(Problem) -> Page<TriggerMessageItem> {
    let name = try NamespacedName(path.id).pipeline
    let rows = try reading { () throws(StoreError) in
      try backend.readModel.triggerMessages(of: name, limit: Self.limit)
    }
    return Page(rows.map(TriggerMessageItem.init))
  }

  private func send(
    _ request: TriggerMessageRequest, _ caller: Caller
  ) async throws(Problem) -> TriggerResult {
    let handed = HandedMessage(
      pipeline: try NamespacedName(request.id).pipeline, trigger: request.name, message: request.message,
      idempotencyKey: request.idempotencyKey ?? caller.request.idempotencyKey, actor: caller.actor)
    return TriggerResult(try await backend.writer().hand(handed), caller.language)
  }

  private func refusals(_ query: SignalsQuery, _ caller: Caller) throws(Problem) -> Page<RefusalItem> {
    let limit = try PageBounds.limit(query.limit)
    let rows = try caller.page(
      query.namespace, limit: limit, inOrder: { $0.at > $1.at },
      { (namespace) throws(Problem) in
        try reading { () throws(StoreError) in try backend.readModel.refusals(in: namespace, limit: limit) }
      })
    return Page(
      rows.map {
        RefusalItem(
          at: $0.at, pipeline: "\($0.namespace)/\($0.pipeline)", trigger: $0.trigger, actor: $0.actor,
          reason: $0.reason, key: $0.key)
      })
  }
}

extension QueueReaderItem {
  init(_ standing: QueueStanding) {
    let status = standing.status
    self.init(
      namespace: standing.namespace, connection: standing.connection, source: standing.source,
      triggers: standing.triggers.map { "\($0.pipeline) \($0.trigger)" }, state: status.state.rawValue,
      received: status.received, stored: status.stored, deadLetters: status.deadLetters,
      failures: status.failures, lastFailure: status.lastFailure)
  }
}

extension TriggerMessageItem {
  init(_ row: TriggerMessageRow) {
    self.init(
      id: row.id.description, trigger: row.trigger, kind: row.kind, state: "\(row.state)", key: row.key,
      group: row.group, part: row.part, actor: row.actor, receivedAt: row.receivedAt,
      expiresAt: row.expiresAt)
  }
}

extension TriggerResult {
  init(_ outcome: TriggerOutcome, _ language: Language) {
    switch outcome {
    case .started(let job):
      self.init(outcome: job.isNew ? "started" : "existing", jobs: [job.job.description])
    case .delivered(let receipt):
      self.init(
        outcome: receipt.isDuplicate ? "duplicate" : receipt.isKept ? "kept" : "delivered",
        jobs: receipt.delivered.map(\.description))
    case .filtered: self.init(outcome: "filtered")
    case .stored(_, let reason): self.init(outcome: "stored", reason: reason[language])
    case .refused(let problem): self.init(outcome: "refused", reason: problem.message[language])
    case .deadLetter(let problem): self.init(outcome: "dead_letter", reason: problem.message[language])
    }
  }
}
