internal import Crypto
internal import Model
internal import Pipelines

/// What a node does before its first turn: it loads the jobs that had not ended.
///
/// Recovery itself is an event that goes through `decide` and a commit, not a special path.
struct Recovery {
  let configuration: NodeConfiguration

  init(_ configuration: NodeConfiguration) { self.configuration = configuration }

  struct Job {
    var restored: Restored
    var report: RecoveredJob
  }

  /// A job out of memory, as its rows say it.
  typealias Parked = (row: ParkedRow, job: LiveJob)

  /// Loads the jobs among `live` that were in memory. Nil: the store is asked which live.
  func restore(_ live: [LiveJob]? = nil) throws -> [Job] {
    let store = configuration.store
    let live = try (live ?? store.liveJobs()).filter { !$0.isParked }
    // Raised before anything is driven: a job that kills its node at once is found by its count (S4).
    let counts = try store.raiseDriveCounts(of: live.map(\.number))
    var revisions = Revisions(configuration)
    var jobs: [Job] = []
    for (job, count) in zip(live, counts) {
      if let restored = try restore(job, &revisions, driveCount: count) { jobs.append(restored) }
    }
    return jobs
  }

  /// What is not loaded before something concerns it.
  func parked(_ live: [LiveJob]? = nil) throws -> [Parked] {
    let rows = try configuration.store.parkedJobs()
    if rows.isEmpty { return [] }
    // Both lists are in the order of the jobs.
    var rest = try (live ?? configuration.store.liveJobs())[...]
    return rows.compactMap { row in
      while let first = rest.first, first.number < row.job { rest.removeFirst() }
      return rest.first.flatMap { $0.number == row.job ? (row, $0) : nil }
    }
  }

  /// Loads parked jobs. One that cannot be driven is left out.
  func load(_ numbers: [JobNumber]) throws -> [Restored] {
    var live: [LiveJob] = []
    for number in numbers { if let job = try configuration.store.liveJob(number) { live.append(job) } }
    let counts = try configuration.store.raiseDriveCounts(of: live.map(\.number))
    var revisions = Revisions(configuration)
    return try zip(live, counts).compactMap { job, count in
      try restore(job, &revisions, driveCount: count)?.restored
    }
  }

  private func restore(_ live: LiveJob, _ revisions: inout Revisions, driveCount: Int) throws -> Job? {
    let key = try configuration.unwrap(live.wrappedKey)
    let plan: Plan
    switch try revisions.plan(of: live) {
    case .success(let found): plan = found
    case .failure(let error):
      // One file that this version refuses must not keep the node from the jobs of all others.
      configuration.incident(live.id, incident(live, "Its revision cannot be read: \(error)"))
      return nil
    }
    let store = configuration.store
    var loading = Loading(key: key, job: live.number, readModel: configuration.readModel)
    var quarantine: String?
    var loaded = Loading.Loaded(state: JobState(), chain: [UInt8](repeating: 0, count: SHA256.byteCount))
    do throws(LoadError) { loaded = try loading.load(store) } catch {
      switch error {
      case .store(let error): throw error
      case .damaged(let sequence, let text):
        // Nothing can be driven from it: the job stays as it is, for a person and `job replay`.
        configuration.incident(live.id, incident(live, "Event \(sequence): \(text)"))
        return nil
      }
    }
    if driveCount >= configuration.setting.driveLimit, loaded.state.quarantine == nil {
      quarantine = "it was taken over \(driveCount) times and never reached a commit."
      configuration.incident(live.id, incident(live, quarantine ?? ""))
    }
    let restored = Restored(
      number: live.number, id: live.id, pipeline: live.pipeline, revision: live.revision, plan: plan,
      key: key,
      state: loaded.state, chain: loaded.chain, quarantine: quarantine, identity: live.identity)
    return Job(restored: restored, report: report(restored))
  }

  private func report(_ job: Restored) -> RecoveredJob {
    let nodes = 0..<job.state.nextNode
    return RecoveredJob(
      id: job.id, pipeline: job.pipeline,
      lost: nodes.filter { job.state.runsAttempt($0) }.map { job.state.path(of: $0, in: job.plan) },
      kept: nodes.count { job.state[$0].status.hasEnded && job.state[$0].status != .skipped },
      quarantine: job.quarantine)
  }

  private func incident(_ job: LiveJob, _ reason: String) -> JSON {
    [
      "job": .string(job.id.description), "pipeline": .string(job.pipeline.description),
      "revision": .int(Int64(job.revision)), "drive_count": .int(Int64(job.driveCount)),
      "engine": .string(configuration.setting.version), "reason": .string(reason),
      "at": .string(configuration.clock.now.rfc3339),
    ]
  }
}

/// The plans of the jobs that are loaded together: many are of one revision, and its source is read once.
private struct Revisions {
  private struct Key: Hashable {
    var pipeline: PipelineName
    var number: Int
  }

  private let configuration: NodeConfiguration
  private var plans: [Key: Result<Plan, Problem>] = [:]

  init(_ configuration: NodeConfiguration) { self.configuration = configuration }

  mutating func plan(of job: LiveJob) throws -> Result<Plan, Problem> {
    let key = Key(pipeline: job.pipeline, number: job.revision)
    if let known = plans[key] { return known }
    guard let record = try configuration.store.revision(of: job.pipeline, number: job.revision) else {
      throw Problem.noPipeline(job.pipeline, revision: job.revision)
    }
    let plan = Result { () throws(Problem) in try configuration.plan(record) }
    plans[key] = plan
    return plan
  }
}
