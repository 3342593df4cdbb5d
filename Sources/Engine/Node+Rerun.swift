public import Model

// What follows a job that has ended.
extension Node {
  /// Lets an ended job go on in place: what failed runs again, with all that waited for it. `paths`: only
  /// these of the failed steps.
  public func retry(_ job: ID<Job>, paths: [String] = [], actor: String) async throws(Problem) {
    if await isDriven(job) { throw .live(job) }
    let configuration = configuration
    let restored = try await offThread { () throws(Problem) in
      let earlier = try JobHistory(configuration).earlier(job)
      try Self.check(paths, earlier, job)
      return Restored(
        number: earlier.summary.number, id: job, pipeline: earlier.summary.pipeline,
        revision: earlier.summary.revision, plan: earlier.plan, key: earlier.key, state: earlier.state,
        chain: earlier.chain, identity: earlier.summary.identity)
    }
    try await send { .reopen(restored, paths: paths, actor: actor, $0) }
  }

  /// Throws what `retry` would refuse now.
  func checkRetry(_ job: ID<Job>, paths: [String]) async throws(Problem) {
    if await isDriven(job) { throw .live(job) }
    let configuration = configuration
    try await offThread { () throws(Problem) in
      try Self.check(paths, try JobHistory(configuration).earlier(job), job)
    }
  }

  private static func check(_ paths: [String], _ earlier: EarlierJob, _ id: ID<Job>) throws(Problem) {
    guard let root = earlier.state.roots.first else { throw .nothingToRetry(id) }
    var reopened = Reopened(state: earlier.state, plan: earlier.plan)
    for node in root.first..<root.first + root.count { reopened.collect(node) }
    let failed = reopened.failed.map { earlier.state.path(of: $0, in: earlier.plan) }
    if failed.isEmpty { throw .nothingToRetry(id) }
    for path in paths where !failed.contains(where: { ScalarString($0) == ScalarString(path) }) {
      throw .notFailed(path, id, failed)
    }
  }

  /// Repeats an ended job as a new one.
  public func rerun(_ request: RerunRequest) async throws(Problem) -> StartedJob {
    let configuration = configuration
    let prepared = try await offThread { () throws(Problem) in
      try RerunPreparation(configuration, request).prepare().job
    }
    return try await send { .admit(prepared, $0) }
  }

  /// What `rerun` would do, without doing it.
  public func planRerun(_ request: RerunRequest) async throws(Problem) -> RerunPlan {
    let configuration = configuration
    return try await offThread { () throws(Problem) in
      let prepared = try RerunPreparation(configuration, request).prepare()
      return RerunPlanning(prepared, request, now: configuration.clock.now).view
    }
  }
}
