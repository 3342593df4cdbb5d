import API
import Engine
import Model
import Pipelines

/// Sums of how work goes. They are made from the store when they are asked for, over a window and a number of
/// rows that have limits.
struct MetricsRoutes: Sendable {
  var backend: Backend

  /// Jobs that one answer adds up, the newest first.
  static let mostJobs = 250_000
  /// Jobs whose steps one answer about a connector looks at, and steps of each.
  static let mostHistories = 100
  static let mostSteps = 200

  var routes: [Route] {
    [
      .answer(MetricsCalls.summary, in: .list { $0.namespace }) { query, caller in
        try summary(query, caller)
      },
      .answer(MetricsCalls.pipeline, in: .name { $0.id }) { query, _ in try pipeline(query) },
      .answer(MetricsCalls.connector, in: .list { $0.namespace }) { query, caller in
        try await connector(query, caller)
      },
    ]
  }

  private func summary(_ query: MetricsQuery, _ caller: Caller) throws(Problem) -> MetricsSummary {
    let window = try FigureWindow(since: query.since, now: backend.now())
    var (figuring, left) = (JobFiguring(window), Self.mostJobs)
    var isTruncated = false
    var live: [LiveCount] = []
    for namespace in caller.namespaces(query.namespace) {
      let filter = MeasureFilter(namespace: namespace, since: window.since)
      let jobs = try measures(filter, left + 1)
      isTruncated = isTruncated || jobs.count > left
      for job in jobs.prefix(left) { figuring.add(job) }
      left -= min(left, jobs.count)
      live += try reading { () throws(StoreError) in try backend.readModel.liveCounts(in: namespace) }
    }
    func count(_ statuses: JobStatus...) -> Int {
      live.reduce(0) { $0 + (statuses.contains($1.status) ? $1.count : 0) }
    }
    return MetricsSummary(
      namespace: query.namespace, figures: figuring.figures(isTruncated: isTruncated),
      queueDepth: count(.pending, .queued), active: count(.running),
      waiting: count(.waiting, .needsAttention),
      queues: caller.namespaces(query.namespace).flatMap { namespace in
        backend.queues().filter { namespace == nil || $0.namespace == namespace }.map(QueueReaderItem.init)
      })
  }

  private func pipeline(_ query: PipelineMetricsQuery) throws(Problem) -> PipelineMetrics {
    let window = try FigureWindow(since: query.since, now: backend.now())
    let name = try NamespacedName(query.id).pipeline
    let isKnown = try reading { () throws(StoreError) in
      try backend.readModel.readRevision(of: name, number: nil) != nil
    }
    guard isKnown else { throw PipelineRoutes.noPipeline(name, nil) }
    var figuring = JobFiguring(window)
    let filter = MeasureFilter(namespace: name.namespace, pipeline: name.name, since: window.since)
    let jobs = try measures(filter, Self.mostJobs + 1)
    for job in jobs.prefix(Self.mostJobs) { figuring.add(job) }
    return PipelineMetrics(
      id: name.id, figures: figuring.figures(isTruncated: jobs.count > Self.mostJobs))
  }

  private func measures(_ filter: MeasureFilter, _ limit: Int) throws(Problem) -> [JobMeasure] {
    try reading { () throws(StoreError) in try backend.readModel.measures(filter, limit: limit) }
  }

  /// The steps of a job stand in its history, so the newest jobs are read whole, and no others.
  private func connector(
    _ query: ConnectorMetricsQuery, _ caller: Caller
  ) async throws(Problem) -> ConnectorMetrics {
    guard backend.connectors.contains(where: { $0.name == query.name }) else {
      throw SystemRoutes.unknown(query.name)
    }
    let window = try FigureWindow(since: query.since, now: backend.now())
    let (jobs, isTruncated) = try jobs(using: query.name, since: window.since, query.namespace, caller)
    var figuring = StepFiguring(window)
    for job in jobs {
      // One that a rule of retention takes away meanwhile is not there any more.
      guard let view = try? await backend.jobs.view(job, 0, Self.mostSteps) else { continue }
      for step in view.steps where step.connector == query.name { figuring.add(step) }
    }
    return figuring.metrics(query.name, jobs: jobs.count, isTruncated: isTruncated)
  }

  /// Of pipelines whose newest file names the connector.
  private func jobs(
    using connector: String, since: Timestamp, _ namespace: String?, _ caller: Caller
  ) throws(Problem) -> ([ID<Job>], isTruncated: Bool) {
    let word = Array(connector.utf8)
    var found: [JobSummary] = []
    for place in caller.namespaces(namespace) {
      let pipelines = try reading { () throws(StoreError) in try backend.readModel.pipelines(in: place) }
      for summary in pipelines {
        let name = summary.pipeline
        found += try reading { () throws(StoreError) in
          guard let record = try backend.readModel.readRevision(of: name, number: nil),
            record.source.contains(word)
          else { return [] }
          return try backend.readModel.jobs(
            JobFilter(namespace: name.namespace, pipeline: name.name, since: since), before: nil,
            limit: Self.mostHistories + 1)
        }
      }
    }
    let newest = found.sorted { $0.createdAt > $1.createdAt }
    return (newest.prefix(Self.mostHistories).map(\.id), newest.count > Self.mostHistories)
  }
}

/// Adds steps up.
private struct StepFiguring {
  var window: FigureWindow
  private var (steps, attempts) = (0, 0)
  private var durations: [Int64] = []
  private var errors: [ErrorClass: Int] = [:]
  private var series: [SeriesItem]

  init(_ window: FigureWindow) { (self.window, series) = (window, window.series) }

  mutating func add(_ step: StepView) {
    guard let started = step.startedAt, started >= window.since else { return }
    steps += 1
    attempts += step.attempts
    let place = window.place(of: started, in: series)
    series[place].started += 1
    if step.status.hasOutput { series[place].succeeded += 1 }
    if let failure = step.failure {
      errors[failure.errorClass, default: 0] += 1
      if step.status.hasEnded { series[place].failed += 1 }
    }
    if let ended = step.endedAt, ended >= started {
      durations.append((ended.microseconds - started.microseconds) / 1_000)
    }
  }

  func metrics(_ name: String, jobs: Int, isTruncated: Bool) -> ConnectorMetrics {
    ConnectorMetrics(
      name: name, since: window.since, until: window.until, jobs: jobs, steps: steps, attempts: attempts,
      duration: DurationSummary(durations), series: series,
      errors: JSONObject(
        ErrorClass.allCases.compactMap { kind in errors[kind].map { (kind.rawValue, .int(Int64($0))) } }),
      isTruncated: isTruncated)
  }
}
