public import Engine
internal import Model
internal import Synchronization

/// How work goes, and schedules beside files, in the memory store.
extension MemoryStore {
  public func addedSchedules(in namespace: String?) throws(StoreError) -> [AddedSchedule] {
    rows.withLock { rows in
      rows.catalog.addedSchedules.sorted { $0.key < $1.key }.map(\.value).filter { row in
        Self.isWithin(namespace, row.pipeline)
      }
    }
  }

  public func addedSchedules(of pipeline: PipelineName) throws(StoreError) -> [AddedSchedule] {
    try addedSchedules(in: pipeline.namespace).filter { $0.pipeline == pipeline }
  }

  public func addedDestinations() throws(StoreError) -> [AddedDestination] {
    rows.withLock { rows in
      rows.catalog.addedDestinations.sorted { $0.key < $1.key }.map(\.value)
    }
  }

  public func measures(_ filter: MeasureFilter, limit: Int) throws(StoreError) -> [JobMeasure] {
    rows.withLock { rows in
      let wanted = JobFilter(namespace: filter.namespace, pipeline: filter.pipeline, since: filter.since)
      return rows.jobsInOrder.reversed().lazy.filter { $0.matches(wanted) }.prefix(limit).map { job in
        JobMeasure(
          createdAt: job.row.createdAt, startedAt: job.change?.startedAt,
          completedAt: job.change?.completedAt, status: job.status, errorClass: job.change?.errorClass)
      }
    }
  }

  public func liveCounts(in namespace: String?) throws(StoreError) -> [LiveCount] {
    rows.withLock { rows in
      let live = rows.jobsInOrder.filter {
        !$0.status.hasEnded && Self.isWithin(namespace, $0.row.pipeline)
      }
      let groups = Dictionary(grouping: live) { job in
        Counted(name: Name(job.row.pipeline.namespace, job.row.pipeline.name), rank: Int(job.status.rawValue))
      }
      return groups.sorted { $0.key < $1.key }.compactMap { _, jobs in
        guard let first = jobs.first, let oldest = jobs.map(\.row.createdAt).min() else { return nil }
        return LiveCount(
          pipeline: first.row.pipeline, status: first.status, count: jobs.count, oldestAt: oldest)
      }
    }
  }

  public func lineCounts(in namespace: String?) throws(StoreError) -> [LineCount] {
    rows.withLock { rows in
      let waiting = rows.triggers.all(of: nil).filter { Self.isWithin(namespace, $0.pipeline) }
      let groups = Dictionary(grouping: waiting) { row in
        [row.pipeline.namespace, row.pipeline.name, row.trigger, row.kind].map { ScalarString($0) }
      }
      return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, messages in
        guard let first = messages.first, let oldest = messages.map(\.receivedAt).min() else { return nil }
        return LineCount(
          pipeline: first.pipeline, trigger: first.trigger, kind: first.kind, count: messages.count,
          oldestAt: oldest)
      }
    }
  }

  public func namespaces() throws(StoreError) -> [String] {
    rows.withLock { rows in
      let catalog = rows.catalog
      var names = Set(catalog.pipelines(in: nil).map { ScalarString($0.pipeline.namespace) })
      names.formUnion(catalog.namespaces.keys)
      names.formUnion(catalog.connections.keys.map(\.first))
      names.formUnion(catalog.credentials.keys.map(\.first))
      names.formUnion(catalog.settings.filter { !$0.value.isEmpty }.keys)
      return names.sorted().map(\.string)
    }
  }

  private struct Counted: Hashable, Comparable {
    var name: Name
    var rank: Int
    static func < (left: Self, right: Self) -> Bool { (left.name, left.rank) < (right.name, right.rank) }
  }

  private static func isWithin(_ namespace: String?, _ pipeline: PipelineName) -> Bool {
    namespace.map { ScalarString($0) == ScalarString(pipeline.namespace) } ?? true
  }
}
