public import Model

/// What is to be erased, and why.
public struct ErasureOrder: Sendable {
  public var namespace: String
  public var subject: SubjectMark
  public var basis: String
  public var reason: String
  public var actor: String
  public init(namespace: String, subject: SubjectMark, basis: String, reason: String, actor: String) {
    (self.namespace, self.subject, self.basis) = (namespace, subject, basis)
    (self.reason, self.actor) = (reason, actor)
  }
}

extension Node {
  /// How a person is called in a namespace; nil where nobody was ever indexed there.
  public func mark(of subject: Subject, in namespace: String) async throws(Problem) -> SubjectMark? {
    let configuration = configuration
    return try await offThread { () throws(Problem) in
      try Erasing(configuration).mark(of: subject, in: namespace)
    }
  }

  /// Erases all that is held about a person and that nothing holds. `subject-live` where a job has not ended.
  ///
  /// It is written down first, so that it is gone on with after a crash; what comes back is not done yet
  /// where a file has to wait for a job that may need it.
  public func erase(_ order: ErasureOrder) async throws(Problem) -> Erasure {
    let (configuration, now) = (configuration, configuration.clock.now)
    let erasure = try await offThread { () throws(Problem) in
      try Erasing(configuration).plan(order, at: now)
    }
    try await write([.erasure(erasure)])
    try await offThread { () throws(Problem) in try configuration.keepErasure(erasure) }
    return try await finish(erasure)
  }

  /// Goes on with what a crash, a restored backup or a file that was still needed left over.
  public func finishErasures() async throws(Problem) {
    let configuration = configuration
    let open = try await offThread { () throws(Problem) in try Erasing(configuration).open() }
    for erasure in open { _ = try await finish(erasure) }
  }

  private func finish(_ erasure: Erasure) async throws(Problem) -> Erasure {
    let (configuration, before) = (configuration, erasure)
    let erasing = Erasing(configuration)
    var erasure = erasure
    for start in stride(from: 0, to: erasure.jobs.count, by: Self.jobsOfPart) {
      let ids = Array(erasure.jobs[start..<min(start + Self.jobsOfPart, erasure.jobs.count)])
      for part in try await offThread({ () throws(Problem) in try erasing.parts(of: ids) }) {
        let deletion = Deletion(
          rule: RetentionRule(
            namespace: erasure.namespace, retained: .history, days: 0, by: erasure.by, at: erasure.at),
          before: erasure.at, content: .erased(part), run: erasure.at, by: erasure.by)
        try await send { .delete(deletion, $0) }
      }
      try await offThread { () throws(Problem) in try erasing.removeLogs(of: ids) }
    }
    let told = erasure
    erasure = try await offThread { () throws(Problem) in try erasing.settled(told) }
    if erasure != before {
      let done = erasure
      try await write([.erasure(done)])
      if done.jobs != before.jobs {
        try await offThread { () throws(Problem) in try configuration.keepErasure(done) }
      }
    }
    return erasure
  }
}

/// Looks for what is to be erased. Its calls block.
struct Erasing: Sendable {
  let configuration: NodeConfiguration
  private var readModel: any ReadModel { configuration.readModel }
  private var files: RetainedFiles { configuration.retainedFiles }

  init(_ configuration: NodeConfiguration) { self.configuration = configuration }

  private static let page = 500

  func mark(of subject: Subject, in namespace: String) throws(Problem) -> SubjectMark? {
    let wrapped = try reading { () throws(StoreError) in try readModel.subjectKey(namespace) }
    return try wrapped.map { (wrapped) throws(Problem) in
      subject.mark(try configuration.unwrapSubjectKey(wrapped, namespace))
    }
  }

  func open() throws(Problem) -> [Erasure] {
    try reading { () throws(StoreError) in try readModel.openErasures() }
  }

  func plan(_ order: ErasureOrder, at now: Timestamp) throws(Problem) -> Erasure {
    var counts = try reading { () throws(StoreError) in
      try readModel.counts(of: order.subject, in: order.namespace, erasable: true)
    }
    guard counts.live == 0 else { throw .subjectLive(counts.live) }
    counts.held = try reading { () throws(StoreError) in
      try readModel.counts(of: order.subject, in: order.namespace, erasable: false).held
    }
    let jobs = try jobs(order)
    var artifacts: Set<String> = []
    for job in jobs {
      let rows = try reading { () throws(StoreError) in try readModel.artifacts(of: job.number) }
      artifacts.formUnion(rows.map(\.handle.sha256))
    }
    var generator = ByteGenerator(bytes: configuration.random)
    return Erasure(
      id: ID.generate(at: now, using: &generator), namespace: order.namespace, subject: order.subject,
      jobs: jobs.map(\.id), artifacts: artifacts.sorted(), basis: order.basis, reason: order.reason,
      by: order.actor, at: now, counts: counts)
  }

  private func jobs(_ order: ErasureOrder) throws(Problem) -> [SubjectJob] {
    var (jobs, last): ([SubjectJob], JobNumber) = ([], JobNumber(0))
    while jobs.count < Erasure.mostJobs {
      let page = try reading { () throws(StoreError) in
        try readModel.jobs(about: order.subject, in: order.namespace, after: last, limit: Self.page)
      }
      jobs += page.filter { !$0.isHeld && !$0.isLive }
      guard let end = page.last, page.count == Self.page else { break }
      last = end.number
    }
    return Array(jobs.prefix(Erasure.mostJobs))
  }

  /// Those that are still there, in parts that one commit may delete each.
  func parts(of ids: [ID<Job>]) throws(Problem) -> [[ExpiredJob]] {
    var (parts, events): ([[ExpiredJob]], Int) = ([], .max)
    for id in ids {
      guard let job = try reading({ () throws(StoreError) in try readModel.job(id) }) else { continue }
      let count = Int(job.lastSequence)
      if parts.isEmpty || events + count > Node.eventsOfPart { (events, parts) = (0, parts + [[]]) }
      events += count
      parts[parts.count - 1].append(ExpiredJob(number: job.number, id: id, events: count))
    }
    return parts
  }

  func removeLogs(of ids: [ID<Job>]) throws(Problem) {
    for id in ids where try !isThere(id) { files.removeLog(id) }
  }

  /// What became of it: jobs that are still there, since they were held or run again meanwhile, are none of
  /// it, and neither are files that another job refers to.
  func settled(_ erasure: Erasure) throws(Problem) -> Erasure {
    var erasure = erasure
    var gone: [ID<Job>] = []
    for id in erasure.jobs where try !isThere(id) { gone.append(id) }
    let kept = erasure.jobs.count - gone.count
    (erasure.jobs, erasure.counts.jobs) = (gone, gone.count)
    erasure.counts.held += kept
    erasure.artifacts = try leftArtifacts(of: erasure)
    if erasure.artifacts.isEmpty { erasure.doneAt = erasure.doneAt ?? configuration.clock.now }
    return erasure
  }

  private func isThere(_ id: ID<Job>) throws(Problem) -> Bool {
    try reading { () throws(StoreError) in try readModel.job(id) } != nil
  }

  /// Removes the files that nobody refers to, and returns those that a live job may refer to soon.
  private func leftArtifacts(of erasure: Erasure) throws(Problem) -> [String] {
    if erasure.artifacts.isEmpty { return [] }
    let namespace = erasure.namespace
    let used = try reading { () throws(StoreError) in
      try readModel.referenced(erasure.artifacts, in: namespace)
    }
    let wanted = Set(erasure.artifacts).subtracting(used)
    let bound = try oldestLiveJob(in: namespace)
    var left: [String] = []
    for file in files.artifacts(namespace) where wanted.contains(file.sha256) {
      // An attempt stores a file before its job says so.
      let isSafe = bound.map { file.at < $0 } ?? true
      let isGone =
        isSafe
        && files.removeArtifact(namespace, file) {
          // What cannot be asked now stays.
          (try? readModel.referenced([file.sha256], in: namespace).isEmpty) ?? false
        }
      if !isGone { left.append(file.sha256) }
    }
    return left.sorted()
  }

  private func oldestLiveJob(in namespace: String) throws(Problem) -> Timestamp? {
    var filter = JobFilter(namespace: namespace, statuses: JobStatus.allCases.filter { !$0.hasEnded })
    filter.isOldestFirst = true
    let live = filter
    return try reading { () throws(StoreError) in try readModel.jobs(live, before: nil, limit: 1) }
      .first?.createdAt
  }

  private func reading<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }
}
