import API
import Engine
import Model
import Pipelines

/// The register of processing, made of the newest revision of every pipeline.
struct PrivacyRegister: Sendable {
  private let backend: Backend
  private let applier: PipelineApplier

  init(_ backend: Backend) { (self.backend, applier) = (backend, PipelineApplier(backend)) }

  /// By namespace and name.
  func page(_ query: ListQuery, _ caller: Caller) throws(Problem) -> Page<RegisterItem> {
    let all = try caller.rows(query.namespace) { (namespace) throws(StoreError) in
      try backend.readModel.pipelines(in: namespace)
    }
    let bounds = try PageBounds(cursor: query.cursor, limit: query.limit)
    let rules = try reading { () throws(StoreError) in try backend.readModel.retentionRules() }
    let shown = all.dropFirst(bounds.from).prefix(bounds.limit)
    var items: [RegisterItem] = []
    for summary in shown { items.append(try item(summary, rules)) }
    let end = bounds.from + shown.count
    return Page(items, nextCursor: end < all.count ? String(end) : nil)
  }

  private func item(
    _ summary: PipelineSummary, _ rules: [RetentionRule]
  ) throws(Problem) -> RegisterItem {
    // One that an older program took and this one does not read says nothing more than its title.
    let plan = try applier.record(summary.pipeline, summary.revision).flatMap { applier.compile($0).plan }
    let marked = (plan?.inputs ?? []).filter { $0.schema.marksPersonalData }.map(\.name)
    var item = RegisterItem(
      pipeline: summary.pipeline.description, revision: summary.revision, title: summary.title,
      inputs: marked)
    if let privacy = plan?.identity.privacy {
      (item.purpose, item.legalBasis) = (privacy["purpose"]?.string, privacy["legal_basis"]?.string)
      item.data = (privacy["data"]?.array ?? []).compactMap(\.string)
      (item.contact, item.retention) = (privacy["contact"]?.string, privacy["retention"]?.string)
    }
    item.keptDays =
      rules.first {
        $0.retained == .history && ScalarString($0.namespace) == ScalarString(summary.pipeline.namespace)
      }?.days
    return item
  }
}
