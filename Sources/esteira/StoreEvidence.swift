import Engine
import Model
import Pipelines
import Synchronization
import Watchdog

/// What the watcher looks at, read from the store of the jobs by connections that only read.
final class StoreEvidence: Evidence {
  private struct Known {
    var revision: Int
    /// Nil: nothing is expected.
    var plan: Plan?
  }

  private let readModel: any ReadModel
  private let compiler: PipelineCompiler
  private let zones: ZoneDatabase
  /// The outputs of a job that ended well; nil where they are gone or cannot be opened.
  private let outputs: @Sendable (ID<Job>) -> JSON?
  private let known = Mutex<[PipelineName: Known]>([:])
  /// The word that a file with expectations contains, in YAML and JSON alike.
  private static let word = Array("expect".utf8)
  /// A job that began earlier and ended later than so many others is not seen as the latest success.
  private static let successes = 50
  private static let page = 200
  /// Jobs that have not begun are looked through in pages, so far.
  private static let mostPages = 50

  init(
    readModel: any ReadModel, compiler: PipelineCompiler, zones: ZoneDatabase,
    outputs: @escaping @Sendable (ID<Job>) -> JSON?
  ) {
    (self.readModel, self.compiler, self.zones, self.outputs) = (readModel, compiler, zones, outputs)
  }

  func watched() throws(WatchFault) -> [Watched] {
    let summaries = try read { () throws(StoreError) in try readModel.pipelines(in: nil) }
    var found: [Watched] = []
    for summary in summaries {
      guard let plan = try plan(summary), !plan.identity.expect.isNull else { continue }
      let pause = try read { () throws(StoreError) in try readModel.pause(of: summary.pipeline) }
      found.append(
        Watched(
          name: summary.pipeline.description, expect: plan.identity.expect,
          schedules: try schedules(plan, of: summary.pipeline),
          pause: pause.flatMap {
            $0.holds(at: Program.now()) ? Watched.Pause(by: $0.by, reason: $0.reason) : nil
          }))
    }
    known.withLock { known in
      let names = Set(summaries.map(\.pipeline))
      known = known.filter { names.contains($0.key) }
    }
    return found
  }

  /// Compiled once for each revision; nothing is kept of a file that expects nothing.
  private func plan(_ summary: PipelineSummary) throws(WatchFault) -> Plan? {
    if let known = known.withLock({ $0[summary.pipeline] }), known.revision == summary.revision {
      return known.plan
    }
    let record = try read { () throws(StoreError) in
      try readModel.readRevision(of: summary.pipeline, number: nil)
    }
    guard let record else { return nil }
    var plan: Plan?
    if record.source.firstRange(of: Self.word) != nil {
      let files = record.files
      plan =
        compiler.compile(
          record.source,
          readFile: { path in files.first { ScalarString($0.path) == ScalarString(path) }?.bytes }
        ).plan
      if plan?.identity.expect.isNull == true { plan = nil }
    }
    let found = plan
    known.withLock { $0[summary.pipeline] = Known(revision: record.number, plan: found) }
    return plan
  }

  private func schedules(
    _ plan: Plan, of pipeline: PipelineName
  ) throws(WatchFault) -> [Watched.Schedule] {
    let triggers = plan.triggers.filter { $0.kind == "schedule" }
    if triggers.isEmpty { return [] }
    let settings = try read { () throws(StoreError) in try readModel.settings(of: pipeline.namespace) }
    return triggers.compactMap { trigger in
      guard
        let spec = ScheduleSpec(
          trigger.spec, of: pipeline, trigger: trigger.name, zones: zones, settings: settings)
      else { return nil }
      return Watched.Schedule(name: trigger.name, cron: spec.cron, zone: spec.zone, jitter: spec.jitter)
    }
  }

  func calendar(_ name: String, of pipeline: String) throws(WatchFault) -> ClosedDays? {
    guard let pipeline = Self.name(pipeline) else { return nil }
    let settings = try read { () throws(StoreError) in try readModel.settings(of: pipeline.namespace) }
    return settings[name].flatMap { try? ClosedDays($0) }
  }

  func lastSuccess(of pipeline: String) throws(WatchFault) -> Timestamp? {
    try jobs(of: pipeline, [.success], limit: Self.successes).compactMap(\.completedAt).max()
  }

  /// Jobs that triggers made, what stands in line for the triggers, and what came and could not be used.
  func lastEvent(of pipeline: String) throws(WatchFault) -> Timestamp? {
    guard let name = Self.name(pipeline) else { return nil }
    let made = try jobs(of: pipeline, [], limit: Self.page).filter { Self.events.contains($0.triggerType) }
    let waiting = try read { () throws(StoreError) in
      try readModel.triggerMessages(of: name, limit: Self.page)
    }
    let letters = try read { () throws(StoreError) in
      try readModel.deadLetters(
        DeadLetterFilter(kind: .message, pipeline: name), before: nil, limit: Self.page)
    }
    return
      (made.map(\.createdAt) + letters.map(\.lastAt)
      + waiting.filter { Self.events.contains($0.kind) }.map(\.receivedAt)).max()
  }
  private static let events: Set<String> = ["files", "queue", "webhook", "pipeline"]

  func oldestUnstarted(of pipeline: String) throws(WatchFault) -> Unstarted? {
    guard let name = Self.name(pipeline) else { return nil }
    let filter = JobFilter(
      namespace: name.namespace, pipeline: name.name, statuses: [.pending, .queued])
    var (last, before): (JobSummary?, ID<Job>?) = (nil, nil)
    for _ in 0..<Self.mostPages {
      let cursor = before
      let page = try read { () throws(StoreError) in
        try readModel.jobs(filter, before: cursor, limit: Self.page)
      }
      if let oldest = page.last { last = oldest }
      guard page.count == Self.page else { break }
      before = page.last?.id
    }
    return last.map { Unstarted(job: $0.id.description, createdAt: $0.createdAt) }
  }

  func fires(of pipeline: String, schedule: String) throws(WatchFault) -> Fires? {
    guard let name = Self.name(pipeline) else { return nil }
    let rows = try read { () throws(StoreError) in try readModel.readSchedules(in: name.namespace) }
    guard
      let row = rows.first(where: {
        $0.pipeline == name && ScalarString($0.trigger) == ScalarString(schedule)
      }), row.isActive
    else { return nil }
    let fires = try read { () throws(StoreError) in
      try readModel.fires(FireFilter(pipeline: name, trigger: schedule), limit: 1)
    }
    return Fires(
      decidedUntil: row.decidedUntil, last: fires.first.map(Self.last),
      isPaused: row.pause?.holds(at: Program.now()) ?? false)
  }

  private static func last(_ fire: ScheduleFireRow) -> Fires.Last {
    let outcome: Fires.Last.Outcome =
      switch fire.outcome {
      case .waiting: .waiting
      case .started, .delivered: .began
      case .skipped: .leftOut
      case .refused: .notBegun
      // Somebody wanted it so, or nothing ran that could have started it.
      case .missed: fire.reason == ScheduleFireRow.Reason.down ? .notBegun : .leftOut
      }
    return Fires.Last(due: fire.last ?? fire.due, outcome: outcome, reason: fire.reason)
  }

  func samples(
    of pipeline: String, metric: String, after job: String?, limit: Int
  ) throws(WatchFault) -> [Sample] {
    var found: [Sample] = []
    for summary in try jobs(of: pipeline, [.success], limit: limit) {
      if summary.id.description == job { break }
      guard let endedAt = summary.completedAt else { continue }
      let value = outputs(summary.id)?[metric]?.number
      found.append(Sample(job: summary.id.description, endedAt: endedAt, value: value))
    }
    return found.reversed()
  }

  private func jobs(
    of pipeline: String, _ statuses: [JobStatus], limit: Int
  ) throws(WatchFault) -> [JobSummary] {
    guard let name = Self.name(pipeline) else { return [] }
    let filter = JobFilter(namespace: name.namespace, pipeline: name.name, statuses: statuses)
    return try read { () throws(StoreError) in try readModel.jobs(filter, before: nil, limit: limit) }
  }

  private func read<Value>(_ body: () throws(StoreError) -> Value) throws(WatchFault) -> Value {
    do throws(StoreError) { return try body() } catch { throw WatchFault(error.description) }
  }

  private static func name(_ text: String) -> PipelineName? {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    return parts.count == 2 ? PipelineName(namespace: parts[0], name: parts[1]) : nil
  }
}
