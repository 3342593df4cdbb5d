import API
import Crypto
import Engine
import Model
import Pipelines

struct PipelineRoutes: Sendable {
  var backend: Backend
  var applier: PipelineApplier
  private let lists: PipelineLists

  init(backend: Backend, applier: PipelineApplier) {
    (self.backend, self.applier) = (backend, applier)
    lists = PipelineLists(backend: backend, applier: applier)
  }

  var routes: [Route] {
    [
      .answer(PipelineCalls.list, in: .list { $0.namespace }) { query, caller in
        try lists.page(query, caller)
      },
      .answer(PipelineCalls.rollback, in: .name { $0.id }) { request, caller in
        try await applier.rollback(request, caller)
      },
      .answer(PipelineCalls.apply, in: applier.places) { request, caller in
        try await applier.apply(request, caller)
      },
      .answer(PipelineCalls.plan, in: applier.places) { request, caller in try applier.plan(request, caller)
      },
      .answer(PipelineCalls.validate, in: .granted) { file, caller in validate(file, caller) },
      .answer(PipelineCalls.get, in: .name { $0.id }, as: Self.source) { query, caller in
        try get(query, caller)
      },
      .answer(PipelineCalls.revision, in: .name { $0.id }, as: Self.source) { path, caller in
        try get(PipelineQuery(id: path.id, revision: path.revision), caller)
      },
      .answer(PipelineCalls.revisions, in: .name { $0.id }) { query, _ in try revisions(query) },
      .answer(
        PipelineCalls.execute, in: .name { $0.id }, status: { $0.isNew ? 202 : 200 },
        with: { request, caller in try await execute(request, caller) }),
      .answer(PipelineCalls.schema, in: .own) { _, _ in
        let schema = backend.compiler.pipelineSchema()
        return PublishedSchema(json: schema, tag: String(SHA256.hex(schema.serialized()).prefix(32)))
      },
    ] + DefinitionRoutes(backend: backend, applier: applier).routes
  }

  /// The source alone, where that is asked for.
  private static func source(_ detail: PipelineDetail, _ request: APIRequest) -> APIResponse? {
    let forms = ["application/json", "application/yaml"]
    guard Accepting.form(of: request.accept, among: forms) == "application/yaml" else { return nil }
    let bytes = Array(detail.source.utf8)
    var response = APIResponse(contentType: "application/yaml", body: .bytes(bytes))
    response.entityTag = DefinitionTag(revision: detail.revision, sha256: detail.sha256).text(shownAs: bytes)
    response.headers.append(("vary", "accept"))
    return response
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
      pause: try lists.pauses(in: record.pipeline.namespace).first { $0.pipeline == record.pipeline }
        .map(PauseItem.init))
  }

  private func revisions(_ query: RevisionsQuery) throws(Problem) -> Page<RevisionItem> {
    let pipeline = try NamespacedName(query.id).pipeline
    let limit = try PageBounds.limit(query.limit)
    let last = try query.cursor.map { text throws(Problem) -> Int in
      guard let number = Int(text), number > 0 else { throw PageBounds.wrongCursor(text) }
      return number
    }
    let records = try reading { () throws(StoreError) in try backend.readModel.revisions(of: pipeline) }
    if records.isEmpty { throw Self.noPipeline(pipeline, nil) }
    let rest = records.filter { record in last.map { record.number < $0 } ?? true }
    let items = rest.prefix(limit).map { record in
      RevisionItem(
        revision: record.number, sha256: Hex.encode(record.sha256), createdAt: record.createdAt,
        createdBy: record.createdBy)
    }
    return Page(items, nextCursor: rest.count > limit ? items.last.map { String($0.revision) } : nil)
  }

  private func execute(_ request: ExecuteRequest, _ caller: Caller) async throws -> StartedItem {
    let pipeline = try NamespacedName(request.id).pipeline
    var wanted = JobRequest(
      pipeline: pipeline, revision: request.revision, inputs: request.inputs, message: request.message,
      idempotencyKey: request.idempotencyKey ?? caller.request.idempotencyKey, key: request.key,
      settings: request.settings,
      update: JobUpdate(priority: request.priority, labels: request.labels), actor: caller.actor)
    (wanted.runAt, wanted.trace) = (request.runAt, caller.request.traceParent)
    if let runAt = request.runAt, runAt > backend.now() + JobRequest.farthestStart { throw Self.tooFar }
    let started = try await backend.writer().start(wanted)
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

  private static let tooFar = Problem(
    "too-far-ahead",
    Bilingual(
      "\"run_at\" is more than \(JobRequest.farthestDays) days ahead.",
      pt: "\"run_at\" está a mais de \(JobRequest.farthestDays) dias."),
    remedy: Bilingual(
      "Give a sooner moment, or use a schedule.", pt: "Dê um momento mais próximo, ou use um agendamento."))

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
