import API
import Engine
import Model
import Pipelines
import Synchronization

/// The list of pipelines: filtered as a whole, then cut into pages.
struct PipelineLists: Sendable {
  var backend: Backend
  var applier: PipelineApplier
  private let labels = PipelineLabels()

  init(backend: Backend, applier: PipelineApplier) { (self.backend, self.applier) = (backend, applier) }

  func page(_ query: PipelinesQuery, _ caller: Caller) throws(Problem) -> Page<PipelineItem> {
    let pauses = try pauses(in: query.namespace)
    let all = try caller.rows(query.namespace) { (namespace) throws(StoreError) in
      try backend.readModel.pipelines(in: namespace)
    }
    let dueTimes = try dueTimes(in: query.namespace)
    let order = ListOrder<PipelineSummary>(
      name: { $0.pipeline.id },
      [
        "created_at": { $0.createdAt.microseconds }, "updated_at": { $0.updatedAt.microseconds },
        "next_at": { dueTimes[$0.pipeline]?.microseconds },
      ])
    let wish = ListOrder<PipelineSummary>.Wish(sort: query.sort, cursor: query.cursor, limit: query.limit)
    let page = try order.page(all, wish) { (summary) throws(Problem) in try matches(summary, query, pauses) }
    var items: [PipelineItem] = []
    for summary in page.rows {
      var item = PipelineItem(summary, pause: pauses.first { $0.pipeline == summary.pipeline })
      item.lastJob = try lastJob(of: summary.pipeline)
      item.nextAt = dueTimes[summary.pipeline]
      items.append(item)
    }
    return Page(items, nextCursor: page.next)
  }

  private func matches(
    _ summary: PipelineSummary, _ query: PipelinesQuery, _ pauses: [PauseRecord]
  ) throws(Problem) -> Bool {
    if let isActive = query.isActive, isActive == pauses.contains(where: { $0.pipeline == summary.pipeline })
    {
      return false
    }
    if let text = query.text, !TextPattern.contains(text, in: summary.pipeline.name),
      !TextPattern.contains(text, in: summary.title)
    {
      return false
    }
    if query.labels.isEmpty { return true }
    let own = try labels.of(summary, applier)
    return query.labels.allSatisfy { wanted in
      own.contains(where: { $0.isSame(as: wanted) })
        != wanted.isNegated
    }
  }

  /// Those that hold now.
  func pauses(in namespace: String?) throws(Problem) -> [PauseRecord] {
    let now = backend.now()
    return try reading { () throws(StoreError) in try backend.readModel.pauses(in: namespace) }
      .filter { $0.holds(at: now) }
  }

  private func lastJob(of pipeline: PipelineName) throws(Problem) -> LastJobItem? {
    let filter = JobFilter(namespace: pipeline.namespace, pipeline: pipeline.name)
    let job = try reading { () throws(StoreError) in
      try backend.readModel.jobs(filter, before: nil, limit: 1).first
    }
    return job.map {
      LastJobItem(
        id: $0.id.description, status: $0.status.word, createdAt: $0.createdAt, completedAt: $0.completedAt)
    }
  }

  /// When the schedules of each start its next job. Beside no server nothing starts.
  private func dueTimes(in namespace: String?) throws(Problem) -> [PipelineName: Timestamp] {
    guard let node = backend.node else { return [:] }
    let now = backend.now()
    let rows = try reading { () throws(StoreError) in try backend.readModel.readSchedules(in: namespace) }
    let known = Dictionary(rows.map { (Node.TriggerName($0.pipeline, $0.trigger), $0) }) { $1 }
    var times: [PipelineName: Timestamp] = [:]
    for entry in node.triggers.all where entry.isEnabled {
      let row = known[Node.TriggerName(entry.pipeline, entry.trigger.name)]
      guard let spec = entry.schedule, !(row?.pause?.holds(at: now) ?? false),
        let due = spec.cron.next(after: max(now, row?.decidedUntil ?? now), in: spec.zone)?.at
      else { continue }
      times[entry.pipeline] = min(times[entry.pipeline] ?? due, due)
    }
    return times
  }
}

/// The labels of pipelines, which only their files say: read once for each revision.
private final class PipelineLabels: Sendable {
  private struct Key: Hashable {
    var pipeline: PipelineName
    var revision: Int
  }
  private static let most = 10_000
  private let known = Mutex<[Key: [JobIdentity.Label]]>([:])

  func of(_ summary: PipelineSummary, _ applier: PipelineApplier) throws(Problem) -> [JobIdentity.Label] {
    let key = Key(pipeline: summary.pipeline, revision: summary.revision)
    if let labels = known.withLock({ $0[key] }) { return labels }
    let plan = try applier.record(summary.pipeline, summary.revision).flatMap { applier.compile($0).plan }
    let labels = (plan?.labels ?? []).map { JobIdentity.Label(name: $0.name, value: $0.value) }
    known.withLock { known in
      if known.count >= Self.most { known = [:] }
      known[key] = labels
    }
    return labels
  }
}

extension JobIdentity.Label {
  fileprivate func isSame(as wanted: LabelCondition) -> Bool {
    ScalarString(name) == ScalarString(wanted.name) && ScalarString(value) == ScalarString(wanted.value)
  }
}
