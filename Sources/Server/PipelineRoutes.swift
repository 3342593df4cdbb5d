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
      .answer(PipelineCalls.list) { query, _ in try list(query) },
      .answer(PipelineCalls.apply) { request, caller in try await applier.apply(request, caller) },
      .answer(PipelineCalls.plan) { request, caller in try applier.plan(request, caller) },
      .answer(PipelineCalls.validate) { file, caller in validate(file, caller) },
      .answer(PipelineCalls.get) { query, caller in try get(query, caller) },
      .answer(PipelineCalls.revisions) { query, _ in try revisions(query) },
      .answer(
        PipelineCalls.execute, status: { $0.isNew ? 202 : 200 },
        with: { request, caller in try await execute(request, caller) }),
      .answer(PipelineCalls.schema) { _, _ in backend.compiler.pipelineSchema() },
    ]
  }

  private func list(_ query: ListQuery) throws(Problem) -> Page<PipelineItem> {
    let bounds = try PageBounds(cursor: query.cursor, limit: query.limit)
    let all = try reading { () throws(StoreError) in try backend.readModel.pipelines(in: query.namespace) }
    let page = all.dropFirst(bounds.from).prefix(bounds.limit)
    let next = bounds.from + page.count
    return Page(page.map(PipelineItem.init), nextCursor: next < all.count ? String(next) : nil)
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
      explanation: compilation.plan?.explanation(caller.language) ?? "")
  }

  private func revisions(_ query: PipelineQuery) throws(Problem) -> Page<RevisionItem> {
    let newest = try revision(try NamespacedName(query.id).pipeline, nil)
    var items: [RevisionItem] = []
    for number in stride(
      from: newest.number, to: max(0, newest.number - Page<RevisionItem>.limits.upperBound), by: -1)
    {
      let record = number == newest.number ? newest : try revision(newest.pipeline, number)
      items.append(
        RevisionItem(
          revision: record.number, sha256: Hex.encode(record.sha256), createdAt: record.createdAt,
          createdBy: record.createdBy))
    }
    return Page(items)
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
    guard let record else {
      let wanted = number.map { "\(pipeline)@\($0)" } ?? pipeline.description
      throw Problem(
        "no-pipeline",
        Bilingual("There is no pipeline \(wanted).", pt: "Não existe o pipeline \(wanted)."),
        remedy: Bilingual("`esteira pipeline ls` names them.", pt: "`esteira pipeline ls` mostra os nomes."))
    }
    return record
  }
}

extension PipelineItem {
  init(_ summary: PipelineSummary) {
    self.init(
      id: summary.pipeline.id, namespace: summary.pipeline.namespace, name: summary.pipeline.name,
      title: summary.title, revision: summary.revision, createdAt: summary.createdAt,
      updatedAt: summary.updatedAt)
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
