public import Model
internal import Synchronization

// What is older than the rules say goes, in small parts.
extension Node {
  /// Jobs of one part, and the events that they have together: what one commit deletes.
  static let jobsOfPart = 50
  static let eventsOfPart = 5_000
  static let rowsOfPart = 1_000
  /// Files of one part of the proof.
  static let filesOfPart = 1_000
  /// An artifact may be stored before the job that refers to it says so.
  static let leastArtifactAge = Duration.seconds(86_400)

  /// Each rule with what it would delete.
  public func forecast() async throws(Problem) -> [RetentionForecast] {
    let (configuration, now) = (configuration, configuration.clock.now)
    return try await offThread { () throws(Problem) in
      let retention = Retention(configuration)
      var found: [RetentionForecast] = []
      for rule in try retention.rules() { found.append(try retention.forecast(of: rule, at: now)) }
      return found
    }
  }

  /// What a rule would delete, which need not be one that counts.
  public func forecast(of rule: RetentionRule) async throws(Problem) -> RetentionForecast {
    let (configuration, now) = (configuration, configuration.clock.now)
    return try await offThread { () throws(Problem) in
      try Retention(configuration).forecast(of: rule, at: now)
    }
  }

  /// Deletes what the rules give up, and returns the proofs. `retention-running` where a run is under way.
  public func retain(by actor: String) async throws(Problem) -> [DeletionRow] {
    let isFirst = retaining.withLock { isUnderWay in
      defer { isUnderWay = true }
      return !isUnderWay
    }
    guard isFirst else { throw .retentionRunning }
    defer { retaining.withLock { $0 = false } }
    let (configuration, run) = (configuration, configuration.clock.now)
    let retention = Retention(configuration)
    for rule in try await offThread({ () throws(Problem) in try retention.rules() }) {
      let deletion = Deletion(
        rule: rule, before: rule.bound(at: run), content: .jobs([]), run: run, by: actor)
      switch rule.retained {
      case .history:
        try await retainJobs(deletion, retention)
        // Behind the jobs that they name.
        try await retainRows(deletion, retention)
      case .events, .refusals: try await retainRows(deletion, retention)
      case .logs, .artifacts: try await retainFiles(deletion, retention)
      }
    }
    try await finishErasures()
    return try await offThread { () throws(Problem) in try retention.proofs(of: run) }
  }

  private func retainJobs(_ whole: Deletion, _ retention: Retention) async throws(Problem) {
    var last = JobNumber(0)
    while true {
      let after = last
      let jobs = try await offThread { () throws(Problem) in try retention.part(whole, after: after) }
      guard let end = jobs.last else { break }
      last = end.number
      var part = whole
      part.content = .jobs(jobs.map(\.number))
      try await delete(part)
      // A log that a crash leaves here is found by the next run, since its job is gone.
      for job in jobs { try await removeLogOfGone(job.id, retention) }
    }
    try await offThread { () throws(Problem) in try retention.removeStrayLogs() }
  }

  private func removeLogOfGone(_ job: ID<Job>, _ retention: Retention) async throws(Problem) {
    try await offThread { () throws(Problem) in
      if try !retention.isThere(job) { retention.files.removeLog(job) }
    }
  }

  private func retainRows(_ whole: Deletion, _ retention: Retention) async throws(Problem) {
    var part = whole
    part.content = .rows(limit: Self.rowsOfPart)
    while try await offThread({ () throws(Problem) in try retention.count(whole) }) > 0 {
      try await delete(part)
    }
  }

  private func retainFiles(_ whole: Deletion, _ retention: Retention) async throws(Problem) {
    var left = try await offThread { () throws(Problem) in try retention.expiredFiles(whole)[...] }
    while !left.isEmpty {
      let these = Array(left.prefix(Self.filesOfPart))
      left = left.dropFirst(these.count)
      let gone = try await offThread { () throws(Problem) in retention.remove(these, whole) }
      if gone.count == 0 { continue }
      var part = whole
      part.content = .files(count: Int(gone.count), bytes: gone.bytes)
      try await delete(part)
    }
  }

  /// One part in one commit, with whatever else is ready: so a deletion takes turns with all other work.
  private func delete(_ part: Deletion) async throws(Problem) { try await send { .delete(part, $0) } }
}

/// Looks for what the rules give up. Its calls block.
struct Retention: Sendable {
  let readModel: any ReadModel
  let files: RetainedFiles

  init(_ configuration: NodeConfiguration) {
    (readModel, files) = (configuration.readModel, configuration.retainedFiles)
  }

  enum Found: Sendable {
    case log(ID<Job>, Int64)
    case artifact(RetainedFiles.Artifact)

    var bytes: Int64 {
      switch self {
      case .log(_, let bytes): bytes
      case .artifact(let artifact): artifact.bytes
      }
    }
  }

  func rules() throws(Problem) -> [RetentionRule] {
    try reading { () throws(StoreError) in try readModel.retentionRules() }
  }

  func proofs(of run: Timestamp) throws(Problem) -> [DeletionRow] {
    let limit = 10_000
    return try reading { () throws(StoreError) in
      try readModel.deletions(in: nil, limit: limit).filter { $0.at == run }
    }
  }

  func isThere(_ job: ID<Job>) throws(Problem) -> Bool {
    try reading { () throws(StoreError) in try readModel.job(job) } != nil
  }

  func forecast(of rule: RetentionRule, at now: Timestamp) throws(Problem) -> RetentionForecast {
    let soon = now + .seconds(86_400 * RetentionForecast.days)
    return RetentionForecast(rule: rule, now: try expired(rule, at: now), soon: try expired(rule, at: soon))
  }

  func holds() throws(Problem) -> [Hold] {
    try reading { () throws(StoreError) in try readModel.holds() }
  }

  func expired(_ rule: RetentionRule, at now: Timestamp) throws(Problem) -> Expired {
    let before = rule.bound(at: now)
    switch rule.retained {
    case .history, .events, .refusals:
      return try reading { () throws(StoreError) in
        let rows = try readModel.expired(rule.retained, in: rule.namespace, before: before)
        if rule.retained != .history { return rows }
        let fires = try readModel.expiredFires(in: rule.namespace, before: before)
        return Expired(count: rows.count + fires.count, bytes: rows.bytes + fires.bytes)
      }
    case .logs, .artifacts:
      let deletion = Deletion(rule: rule, before: before, content: .jobs([]), run: now, by: "")
      let found = try expiredFiles(deletion)
      return Expired(count: Int64(found.count), bytes: found.reduce(0) { $0 + $1.bytes })
    }
  }

  /// Of rows; jobs are no rows in this sense.
  func count(_ deletion: Deletion) throws(Problem) -> Int64 {
    let namespace = deletion.rule.namespace
    return try reading { () throws(StoreError) in
      if deletion.rule.retained == .history {
        return try readModel.expiredFires(in: namespace, before: deletion.before).count
      }
      return try readModel.expired(deletion.rule.retained, in: namespace, before: deletion.before).count
    }
  }

  /// The next jobs, and no more events of them than one commit may delete, but at least one job.
  func part(_ deletion: Deletion, after last: JobNumber) throws(Problem) -> [ExpiredJob] {
    let jobs = try reading { () throws(StoreError) in
      try readModel.expiredJobs(
        in: deletion.rule.namespace, before: deletion.before, after: last, limit: Node.jobsOfPart)
    }
    var events = 0
    let count = jobs.prefix { job in
      defer { events += job.events }
      return events == 0 || events + job.events <= Node.eventsOfPart
    }
    return Array(count)
  }

  func expiredFiles(_ deletion: Deletion) throws(Problem) -> [Found] {
    deletion.rule.retained == .logs ? try logs(deletion) : try artifacts(deletion)
  }

  private func logs(_ deletion: Deletion) throws(Problem) -> [Found] {
    var found: [Found] = []
    let holds = try holds()
    for (id, bytes) in files.logs() {
      let job = try reading { () throws(StoreError) in try readModel.job(id) }
      guard let job, job.pipeline.namespace == deletion.rule.namespace, job.status.hasEnded,
        let end = job.completedAt, end < deletion.before, !holds.hold(job)
      else { continue }
      found.append(.log(id, bytes))
    }
    return found
  }

  private func artifacts(_ deletion: Deletion) throws(Problem) -> [Found] {
    let namespace = deletion.rule.namespace
    // To which job such bytes belonged is not known any more: a hold of the namespace keeps them.
    if try holds().contains(where: { $0.holds(nil, of: nil, in: namespace) }) { return [] }
    let before = min(deletion.before, deletion.run + (.zero - Node.leastArtifactAge))
    let old = files.artifacts(namespace).filter { $0.at < before }
    var found: [Found] = []
    for start in stride(from: 0, to: old.count, by: Node.filesOfPart) {
      let page = old[start..<min(start + Node.filesOfPart, old.count)]
      let used = try reading { () throws(StoreError) in
        try readModel.referenced(page.map(\.sha256), in: namespace)
      }
      found += page.filter { !used.contains($0.sha256) }.map { .artifact($0) }
    }
    return found
  }

  func remove(_ found: [Found], _ deletion: Deletion) -> Expired {
    var gone = Expired()
    for one in found {
      switch one {
      case .log(let job, _):
        if !mayGo(job) { continue }
        files.removeLog(job)
      case .artifact(let artifact):
        let namespace = deletion.rule.namespace
        let isGone = files.removeArtifact(namespace, artifact) {
          // What cannot be asked now stays.
          ((try? readModel.referenced([artifact.sha256], in: namespace).isEmpty) ?? false)
            && (try? holds().contains { $0.holds(nil, of: nil, in: namespace) }) == false
        }
        if !isGone { continue }
      }
      gone.count += 1
      gone.bytes += one.bytes
    }
    return gone
  }

  /// Not where somebody held it since it was found, nor where that cannot be asked now.
  private func mayGo(_ id: ID<Job>) -> Bool {
    guard let job = try? readModel.job(id), let holds = try? holds() else { return false }
    return !holds.hold(job)
  }

  /// Of jobs that were deleted when the process ended.
  func removeStrayLogs() throws(Problem) {
    for (job, _) in files.logs() where try !isThere(job) { files.removeLog(job) }
  }

  private func reading<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }
}

extension [Hold] {
  fileprivate func hold(_ job: JobSummary) -> Bool {
    contains { $0.holds(job.id, of: job.pipeline.name, in: job.pipeline.namespace) }
  }
}

extension Problem {
  static let retentionRunning = Problem(
    "retention-running",
    Bilingual("A deletion by the rules is under way.", pt: "Uma exclusão pelas regras está em andamento."),
    remedy: Bilingual(
      "Wait for its end; see it with: esteira retention show --done",
      pt: "Espere o fim; veja com: esteira retention show --done"))
}
