import API
import Crypto
import Engine
import Model
import Pipelines

struct PipelineRoutes: Sendable {
  var backend: Backend
  var applier: PipelineApplier

  var routes: [Route] {
    [
      .answer(PipelineCalls.list, in: .list { $0.namespace }) { query, caller in try list(query, caller) },
      .answer(PipelineCalls.rollback, in: .name { $0.id }) { request, caller in
        try await applier.rollback(request, caller)
      },
      .answer(PipelineCalls.apply, in: applier.places) { request, caller in
        try await applier.apply(request, caller)
      },
      .answer(PipelineCalls.plan, in: applier.places) { request, caller in try applier.plan(request, caller)
      },
      .answer(PipelineCalls.validate, in: .granted) { file, caller in validate(file, caller) },
      .answer(PipelineCalls.get, in: .name { $0.id }) { query, caller in try get(query, caller) },
      .answer(PipelineCalls.revisions, in: .name { $0.id }) { query, _ in try revisions(query) },
      .answer(
        PipelineCalls.execute, in: .name { $0.id }, status: { $0.isNew ? 202 : 200 },
        with: { request, caller in try await execute(request, caller) }),
      .answer(PipelineCalls.schema, in: .own) { _, _ in
        let schema = backend.compiler.pipelineSchema()
        return PublishedSchema(json: schema, tag: String(SHA256.hex(schema.serialized()).prefix(32)))
      },
    ]
  }

  private func list(_ query: ListQuery, _ caller: Caller) throws(Problem) -> Page<PipelineItem> {
    let bounds = try PageBounds(cursor: query.cursor, limit: query.limit)
    let all = try caller.rows(query.namespace) { (namespace) throws(StoreError) in
      try backend.readModel.pipelines(in: namespace)
    }
    let pauses = try pauses(in: query.namespace)
    let page = all.dropFirst(bounds.from).prefix(bounds.limit)
    let next = bounds.from + page.count
    let items = page.map { summary in
      PipelineItem(summary, pause: pauses.first { $0.pipeline == summary.pipeline })
    }
    return Page(items, nextCursor: next < all.count ? String(next) : nil)
  }

  /// Those that hold now.
  private func pauses(in namespace: String?) throws(Problem) -> [PauseRecord] {
    let now = backend.now()
    return try reading { () throws(StoreError) in try backend.readModel.pauses(in: namespace) }
      .filter { $0.holds(at: now) }
  }

  private func validate(_ file: SourceFile, _ caller: Caller) -> ValidationResult {
    let compilation = applier.compile(file)
    let findings = compilation.findings.map { FindingItem($0, file: file.name, caller.language) }
    return ValidationResult(
      isValid: compilation.plan != nil, findings: findings, order: compilation.order)
  }

  private func get(_ query: PipelineQuery, _ caller: Caller) throws(Problem) -> PipelineDetail {
    let record = try revision(try NamespacedName(query.id).pipeline, query.revision)
    let compilation = applier.compile(record)
    return PipelineDetail(
      id: record.pipeline.id, revision: record.number, title: record.title,
      source: String(decoding: record.source, as: UTF8.self), files: record.files.map(\.path),
      sha256: Hex.encode(record.sha256), createdAt: record.createdAt, createdBy: record.createdBy,
      explanation: compilation.plan?.explanation(caller.language) ?? "",
      pause: try pauses(in: record.pipeline.namespace).first { $0.pipeline == record.pipeline }
        .map(PauseItem.init))
  }

  private func revisions(_ query: PipelineQuery) throws(Problem) -> Page<RevisionItem> {
    let pipeline = try NamespacedName(query.id).pipeline
    let records = try reading { () throws(StoreError) in try backend.readModel.revisions(of: pipeline) }
    if records.isEmpty { throw Self.noPipeline(pipeline, nil) }
    return Page(
      records.prefix(Page<RevisionItem>.limits.upperBound).map { record in
        RevisionItem(
          revision: record.number, sha256: Hex.encode(record.sha256), createdAt: record.createdAt,
          createdBy: record.createdBy)
      })
  }

  private func execute(_ request: ExecuteRequest, _ caller: Caller) async throws(Problem) -> StartedItem {
    let pipeline = try NamespacedName(request.id).pipeline
    let started = try await backend.writer().start(
      JobRequest(
        pipeline: pipeline, revision: request.revision, inputs: request.inputs, message: request.message,
        idempotencyKey: request.idempotencyKey, key: request.key, settings: request.settings,
        actor: caller.actor))
    return StartedItem(
      id: started.job.description, pipeline: pipeline.description, revision: started.revision,
      isNew: started.isNew)
  }

  private func revision(_ pipeline: PipelineName, _ number: Int?) throws(Problem) -> RevisionRecord {
    let record = try reading { () throws(StoreError) in
      try backend.readModel.readRevision(of: pipeline, number: number)
    }
    guard let record else { throw Self.noPipeline(pipeline, number) }
    return record
  }

  static func noPipeline(_ pipeline: PipelineName, _ number: Int?) -> Problem {
    let wanted = number.map { "\(pipeline)@\($0)" } ?? pipeline.description
    return Problem(
      "no-pipeline",
      Bilingual("There is no pipeline \(wanted).", pt: "Não existe o pipeline \(wanted)."),
      remedy: Bilingual("`esteira pipeline ls` names them.", pt: "`esteira pipeline ls` mostra os nomes."))
  }
}

extension PipelineItem {
  init(_ summary: PipelineSummary, pause: PauseRecord?) {
    self.init(
      id: summary.pipeline.id, namespace: summary.pipeline.namespace, name: summary.pipeline.name,
      title: summary.title, revision: summary.revision, createdAt: summary.createdAt,
      updatedAt: summary.updatedAt, pause: pause.map(PauseItem.init))
  }
}

extension FindingItem {
  init(_ finding: Finding, file: String, _ language: Language) {
    self.init(
      code: finding.code, message: finding.message[language],
      severity: finding.severity == .error ? "error" : "warning", pointer: finding.path, line: finding.line,
      column: finding.column, remedy: finding.remedy?[language],
      rendered: finding.rendered(file: file, language: language))
  }
}
