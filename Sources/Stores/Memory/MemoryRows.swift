internal import Engine
internal import Model

/// The rows of the memory store, and the one rule by which they change.
struct MemoryRows {
  var commits: Int64 = 0
  var jobs: [JobNumber: MemoryJob] = [:]
  var numbers: [ID<Job>: JobNumber] = [:]
  var bodies: [BodyID: [UInt8]] = [:]
  var driveCounts: [JobNumber: Int] = [:]
  var idempotentJobs: [KeyOfPipeline: IdempotentJob] = [:]
  var liveKeys: [KeyOfPipeline: JobNumber] = [:]
  var catalog = MemoryCatalog()
  var tables = MemoryTables()
  var triggers = MemoryTriggers()
  var schedules = MemorySchedules()
  var retention = MemoryRetention()
  var letters = MemoryLetters()
  var outbox = MemoryOutbox()
  /// Whom each job is about.
  var subjects: [JobNumber: Set<SubjectUse>] = [:]
  /// That any job has had.
  var highestJob: Int64 = 0

  var jobsInOrder: [MemoryJob] { jobs.values.sorted { $0.row.number < $1.row.number } }

  /// Every part that breaks no rule is kept; the others leave no trace.
  mutating func commit(_ batch: Batch) -> [RefusedJob] {
    if batch.slots.isEmpty { return keep(batch, without: batch.withheld) }
    // A job that takes a slot which is not free, perhaps because the one that would have freed it was
    // refused, is refused too: then all is done again without it.
    let before = self
    var without = batch.withheld
    while true {
      let refused = keep(batch, without: without)
      let conflict = batch.slots.first { !refused.contains($0.job) && !tables.apply($0) }
      guard let conflict else { return refused }
      self = before
      without.append(RefusedJob(job: conflict.job, reason: .conflict))
    }
  }

  private mutating func keep(_ batch: Batch, without known: [RefusedJob]) -> [RefusedJob] {
    var refused = known
    for part in batch.parts where !known.contains(part.job) {
      if isAllowed(part.batch) {
        apply(part.batch, of: part.job)
      } else {
        refused.append(part.refusal)
      }
    }
    for row in batch.caches {
      if let job = ID<Job>(row.job).flatMap({ numbers[$0] }), refused.contains(job) { continue }
      tables.keep(row)
    }
    return refused.inOrder
  }

  private func isAllowed(_ batch: Batch) -> Bool {
    guard catalog.allows(batch.writes), tables.allows(batch.signals) else { return false }
    for row in batch.newJobs {
      if jobs[row.number] != nil || numbers[row.id] != nil { return false }
      if let key = row.liveKey, liveKeys[key] != nil { return false }
      if let key = row.requestKey, idempotentJobs[key] != nil { return false }
    }
    for row in batch.jobs where !row.status.hasEnded {
      // A job that is reopened needs its key back.
      if let key = jobs[row.job]?.row.liveKey, let owner = liveKeys[key], owner != row.job { return false }
    }
    var sequences: Set<UInt32> = []
    for row in batch.events {
      if jobs[row.job]?.has(row.sequence) == true { return false }
      if !sequences.insert(row.sequence).inserted { return false }
    }
    return batch.bodies.allSatisfy { bodies[$0.id] == nil }
  }

  private mutating func apply(_ batch: Batch, of number: JobNumber) {
    catalog.apply(batch.writes)
    rewrapJobs(batch.writes)
    tables.apply(batch)
    triggers.apply(batch)
    schedules.apply(batch.schedules)
    for deletion in batch.deletions { perform(deletion) }
    letters.apply(batch)
    outbox.apply(batch.outbox)
    for row in batch.newJobs { add(row) }
    for row in batch.bodies { bodies[row.id] = Array(batch.bytes[row.sealed]) }
    if !batch.events.isEmpty || !batch.unparked.isEmpty { driveCounts[number] = nil }
    guard jobs[number] != nil else { return }
    for row in batch.jobs { change(row) }
    for row in batch.identities { change(row) }
    jobs[number]?.append(batch)
  }

  private mutating func change(_ row: IdentityRow) {
    if let priority = row.priority { jobs[row.job]?.row.identity.priority = priority }
    if let labels = row.labels { jobs[row.job]?.row.identity.labels = Self.inOrder(labels) }
  }

  private static func inOrder(_ labels: [JobIdentity.Label]) -> [JobIdentity.Label] {
    Set(labels).sorted { Name($0.name, $0.value) < Name($1.name, $1.value) }
  }

  private mutating func add(_ row: NewJob) {
    var kept = row
    kept.identity.labels = Self.inOrder(row.identity.labels)
    jobs[row.number] = MemoryJob(row: kept)
    highestJob = max(highestJob, row.number.value)
    numbers[row.id] = row.number
    addSubjects(of: row)
    if let key = row.liveKey { liveKeys[key] = row.number }
    if let key = row.requestKey {
      idempotentJobs[key] = IdempotentJob(job: row.id, requestHash: row.requestHash)
    }
  }

  private mutating func change(_ row: JobRow) {
    jobs[row.job]?.change = row
    guard let key = jobs[row.job]?.row.liveKey else { return }
    if !row.status.hasEnded {
      liveKeys[key] = row.job
    } else if liveKeys[key] == row.job {
      liveKeys[key] = nil
    }
  }

  func liveJob(_ number: JobNumber) -> LiveJob? {
    guard let job = jobs[number], !job.status.hasEnded else { return nil }
    return LiveJob(
      number: number, id: job.row.id, pipeline: job.row.pipeline, revision: job.row.revision,
      wrappedKey: job.row.wrappedKey, driveCount: driveCounts[number] ?? 0, status: job.status,
      identity: job.row.identity, isParked: tables.parked[number] != nil, key: job.row.key,
      triggerType: job.row.triggerType, triggerID: job.row.triggerID)
  }
}

/// A job and what belongs to it.
struct MemoryJob {
  var row: NewJob
  /// The newest; nil where the job is as it was admitted.
  var change: JobRow?
  var events: [StoredEvent] = []
  var steps: [UInt32: StepRow] = [:]
  var snapshots: [StoredSnapshot] = []
  var artifacts: [ArtifactRow.Place: ArtifactRow] = [:]
  var bodies: [BodyID] = []

  var status: JobStatus { change?.status ?? .pending }

  func has(_ sequence: UInt32) -> Bool {
    guard let last = events.last, sequence <= last.sequence else { return false }
    return events.contains { $0.sequence == sequence }
  }

  mutating func append(_ batch: Batch) {
    var isSorted = true
    for row in batch.events {
      isSorted = isSorted && (events.last?.sequence ?? 0) < row.sequence
      events.append(
        StoredEvent(
          sequence: row.sequence, at: row.at, version: row.version, payload: Array(batch.bytes[row.payload]),
          sealed: Array(batch.bytes[row.sealed]), chain: Array(batch.bytes[row.chain])))
    }
    if !isSorted { events.sort { $0.sequence < $1.sequence } }
    for row in batch.steps { steps[row.node] = row }
    for row in batch.snapshots {
      snapshots.removeAll { $0.sequence == row.sequence }
      snapshots.append(
        StoredSnapshot(
          sequence: row.sequence, format: row.format, state: Array(batch.bytes[row.state]),
          chain: Array(batch.bytes[row.chain])))
      snapshots = snapshots.sorted { $0.sequence < $1.sequence }.suffix(2)
    }
    for row in batch.artifacts { artifacts[row.place] = row }
    bodies += batch.bodies.map(\.id)
  }

  func matches(_ filter: JobFilter) -> Bool {
    if let namespace = filter.namespace, ScalarString(namespace) != ScalarString(row.pipeline.namespace) {
      return false
    }
    if let pipeline = filter.pipeline, ScalarString(pipeline) != ScalarString(row.pipeline.name) {
      return false
    }
    if let since = filter.since, row.createdAt < since { return false }
    let identity = row.identity
    if let correlation = filter.correlation {
      guard let own = identity.correlation, ScalarString(own) == ScalarString(correlation) else {
        return false
      }
    }
    if let parent = filter.parent, parent != identity.parent { return false }
    if let rerun = filter.rerunOf, rerun != identity.rerunOf { return false }
    let labels = Set(identity.labels.map { Name($0.name, $0.value) })
    guard filter.labels.allSatisfy({ labels.contains(Name($0.name, $0.value)) }) else { return false }
    if filter.withoutLabels.contains(where: { labels.contains(Name($0.name, $0.value)) }) { return false }
    guard filter.statuses.isEmpty || filter.statuses.contains(status) else { return false }
    let summary = filter.terms.isEmpty ? nil : summary
    return filter.terms.allSatisfy { term in
      summary.map { term.holds(of: $0, isRetrying: isRetrying) } ?? true
    }
  }

  private var isRetrying: Bool { !status.hasEnded && steps.values.contains { $0.status == .retrying } }

  var summary: JobSummary {
    let failure = change.flatMap { change in
      change.errorClass.map {
        Failure($0, code: change.errorCode, change.errorMessage, step: change.errorStep)
      }
    }
    return JobSummary(
      number: row.number, id: row.id, pipeline: row.pipeline, revision: row.revision, key: row.key,
      status: status, triggerType: row.triggerType, actor: row.actor, createdAt: row.createdAt,
      startedAt: change?.startedAt, completedAt: change?.completedAt, failure: failure,
      outputs: change?.outputs, lastSequence: events.last?.sequence ?? 0, wrappedKey: row.wrappedKey,
      identity: row.identity)
  }
}

extension ArtifactRow {
  /// What is unique among the artifacts of a job, in their order.
  var place: Place { Place(node: node, name: Name(handle.name, handle.sha256)) }

  struct Place: Hashable, Comparable {
    var node: UInt32
    var name: Name
    static func < (left: Place, right: Place) -> Bool { (left.node, left.name) < (right.node, right.name) }
  }
}

/// Two texts that name a thing together; in order by the first, then the second.
struct Name: Hashable, Comparable {
  var first: ScalarString
  var second: ScalarString
  init(_ first: String, _ second: String) {
    (self.first, self.second) = (ScalarString(first), ScalarString(second))
  }
  static func < (left: Name, right: Name) -> Bool { (left.first, left.second) < (right.first, right.second) }
}

struct KeyOfPipeline: Hashable {
  var pipeline: Name
  var key: ScalarString
  init(_ pipeline: PipelineName, _ key: String) {
    (self.pipeline, self.key) = (Name(pipeline.namespace, pipeline.name), ScalarString(key))
  }
}

extension NewJob {
  var liveKey: KeyOfPipeline? { key.map { KeyOfPipeline(pipeline, $0) } }
  var requestKey: KeyOfPipeline? { idempotencyKey.map { KeyOfPipeline(pipeline, $0) } }
}
