internal import Engine
internal import Model

/// What is kept or left out together: the catalog's writes, a job's rows, one signal, or the rest.
struct BatchPart {
  var job: JobNumber
  /// Why it is left out when a row of it breaks a rule of uniqueness.
  var reason = RefusedJob.Reason.conflict
  var batch: Batch

  var refusal: RefusedJob { RefusedJob(job: job, reason: reason) }
}

extension Batch {
  /// New jobs have higher numbers than all jobs before them.
  var firstNewJob: JobNumber { newJobs.lazy.map(\.number).min() ?? JobNumber(.max) }

  /// The catalog's writes, and then each signal that nobody took, what belongs to no job, and each job as a
  /// batch of its own, over the same bytes. Slots are in none: they pass from job to job. Nor is the cache.
  ///
  /// Jobs that end come first, and new ones last: one that ends leaves its key to others.
  var parts: [BatchPart] {
    let jobs = jobParts
    let ending = Set(jobs.lazy.filter { $0.value.jobs.last?.status.hasEnded == true }.map(\.key))
    let firstNew = firstNewJob
    func rank(_ job: JobNumber) -> (Int, JobNumber) {
      (job < firstNew && ending.contains(job) ? 0 : 1, job)
    }
    let ordered = jobs.sorted { rank($0.key) < rank($1.key) }.map { BatchPart(job: $0.key, batch: $0.value) }
    return looseParts + ordered
  }

  private var jobParts: [JobNumber: Batch] {
    var parts: [JobNumber: Batch] = [:]
    for row in newJobs { parts[row.number, default: empty].newJobs.append(row) }
    for row in events { parts[row.job, default: empty].events.append(row) }
    for row in steps { parts[row.job, default: empty].steps.append(row) }
    for row in jobs { parts[row.job, default: empty].jobs.append(row) }
    for row in bodies { parts[row.job, default: empty].bodies.append(row) }
    for row in snapshots { parts[row.job, default: empty].snapshots.append(row) }
    for row in artifacts { parts[row.job, default: empty].artifacts.append(row) }
    for row in identities { parts[row.job, default: empty].identities.append(row) }
    for row in asks { parts[row.job, default: empty].asks.append(row) }
    for row in answers { parts[row.job, default: empty].answers.append(row) }
    for row in parked { parts[row.job, default: empty].parked.append(row) }
    for job in unparked { parts[job, default: empty].unparked.append(job) }
    for row in signals { if let job = row.takenBy { parts[job, default: empty].signals.append(row) } }
    for change in deadLetters {
      if let job = change.job { parts[job, default: empty].deadLetters.append(change) }
    }
    for change in triggers { if let job = change.job { parts[job, default: empty].triggers.append(change) } }
    for change in schedules {
      if let job = change.job { parts[job, default: empty].schedules.append(change) }
    }
    for change in outbox { if let job = change.job { parts[job, default: empty].outbox.append(change) } }
    return parts
  }

  private var looseParts: [BatchPart] {
    var parts: [BatchPart] = []
    let changes = writes.filter { !$0.isKey }
    if !changes.isEmpty {
      parts.append(BatchPart(job: .catalog, batch: empty))
      parts[0].batch.writes = changes
    }
    for row in signals where row.takenBy == nil {
      var batch = empty
      batch.signals = [row]
      parts.append(BatchPart(job: .signal, reason: .repeated(row.id), batch: batch))
    }
    // No rule of uniqueness can leave these out: what is sealed under a key of this very batch needs it.
    var rest = empty
    rest.writes = writes.filter(\.isKey)
    (rest.governors, rest.refusals) = (governors, refusals)
    rest.deadLetters = deadLetters.filter { $0.job == nil }
    (rest.signalsForgotten, rest.cachesForgotten) = (signalsForgotten, cachesForgotten)
    (rest.triggers, rest.emitted) = (triggers.filter { $0.job == nil }, emitted)
    rest.schedules = schedules.filter { $0.job == nil }
    rest.outbox = outbox.filter { $0.job == nil }
    rest.deletions = deletions
    if !rest.isEmpty { parts.append(BatchPart(job: .catalog, batch: rest)) }
    return parts
  }

  private var empty: Batch {
    var batch = Batch()
    (batch.commit, batch.bytes) = (commit, bytes)
    return batch
  }
}

extension Batch {
  /// The jobs whose drive counts end here: something was decided, or they came back into memory.
  var driven: [JobNumber] { events.map(\.job) + unparked }
}

extension CatalogWrite {
  fileprivate var isKey: Bool {
    if case .namespaceKey = self { return true }
    return if case .subjectKey = self { true } else { false }
  }
}

extension SlotChange {
  /// Who takes or frees it.
  var job: JobNumber {
    switch self {
    case .take(let row): row.job
    case .free(key: _, number: _, let job): job
    }
  }
}

extension [RefusedJob] {
  func contains(_ job: JobNumber) -> Bool { contains { $0.job == job } }

  var inOrder: [RefusedJob] { sorted { $0.job < $1.job } }
}
