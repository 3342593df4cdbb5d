public import Engine
public import Model
internal import Synchronization

/// Proofs in the memory store.
struct MemoryRetention {
  /// In the order of their runs.
  var deletions: [DeletionRow] = []

  mutating func prove(_ deletion: Deletion, _ gone: Expired) {
    if gone.count == 0 { return }
    let rule = deletion.rule
    let known = deletions.firstIndex {
      $0.at == deletion.run && $0.namespace == rule.namespace && $0.retained == rule.retained
    }
    if let known {
      deletions[known].count += gone.count
      deletions[known].bytes += gone.bytes
    } else {
      deletions.append(
        DeletionRow(
          at: deletion.run, namespace: rule.namespace, retained: rule.retained, days: rule.days,
          before: deletion.before, count: gone.count, bytes: gone.bytes, by: deletion.by))
    }
  }
}

extension MemoryRows {
  mutating func perform(_ deletion: Deletion) {
    var gone = Expired()
    let rule = deletion.rule
    switch deletion.content {
    case .jobs(let numbers):
      for number in numbers {
        guard let job = jobs[number], job.status.hasEnded, !isHeld(job) else { continue }
        gone.count += 1
        gone.bytes += bytes(of: job)
        delete(job)
      }
    case .erased(let erased):
      for one in erased {
        guard let job = jobs[one.number], job.status.hasEnded, !isHeld(job) else { continue }
        gone.count += 1
        gone.bytes += bytes(of: job)
        delete(job)
        eraseBesides(one)
      }
    case .rows(let limit) where rule.retained == .history:
      for (due, row) in oldFires(in: rule.namespace, before: deletion.before).prefix(limit) {
        schedules.fires[due] = nil
        gone = Expired(count: gone.count + 1, bytes: gone.bytes + row.bytes)
      }
    case .rows(let limit):
      gone = deleteRows(rule, before: deletion.before, limit)
    case .files(let count, let bytes): gone = Expired(count: Int64(count), bytes: bytes)
    }
    retention.prove(deletion, gone)
  }

  func isHeld(_ job: MemoryJob) -> Bool {
    catalog.isHeld(job.row.id, of: job.row.pipeline.name, in: job.row.pipeline.namespace)
  }

  /// Events of a namespace that are older and that nothing holds.
  func oldEvents(in namespace: String, before: Timestamp) -> [EmittedRow] {
    triggers.oldEvents(in: namespace, before: before).filter { row in
      let job = ID<Job>(row.job)
      let pipeline = job.flatMap { numbers[$0] }.flatMap { jobs[$0] }?.row.pipeline.name
      return !catalog.isHeld(job, of: pipeline, in: namespace)
    }
  }

  func oldRefusals(in namespace: String, before: Timestamp) -> [RefusalRow] {
    tables.refusals.filter {
      $0.at < before && ScalarString($0.namespace) == ScalarString(namespace)
        && !catalog.isHeld(nil, of: $0.pipeline, in: namespace)
    }
  }

  private mutating func deleteRows(_ rule: RetentionRule, before: Timestamp, _ limit: Int) -> Expired {
    var gone = Expired()
    switch rule.retained {
    case .events:
      for row in oldEvents(in: rule.namespace, before: before).prefix(limit) {
        triggers.delete(row)
        gone = Expired(count: gone.count + 1, bytes: gone.bytes + Int64(row.body.count))
      }
    case .refusals:
      let catalog = catalog
      tables.refusals.removeAll { row in
        guard gone.count < limit, row.at < before,
          ScalarString(row.namespace) == ScalarString(rule.namespace),
          !catalog.isHeld(nil, of: row.pipeline, in: rule.namespace)
        else { return false }
        gone = Expired(count: gone.count + 1, bytes: gone.bytes + row.bytes)
        return true
      }
    case .history, .logs, .artifacts: break
    }
    return gone
  }

  private mutating func delete(_ job: MemoryJob) {
    let number = job.row.number
    jobs[number] = nil
    subjects[number] = nil
    numbers[job.row.id] = nil
    driveCounts[number] = nil
    outbox.deleteDeliveries(of: job.row.id)
    idempotentJobs = idempotentJobs.filter { $0.value.job != job.row.id }
    for id in job.bodies { bodies[id] = nil }
    for ask in tables.asks.values where ask.job == number {
      tables.asks[ask.id] = nil
      tables.answers[ask.id] = nil
    }
  }

  func oldFires(
    in namespace: String, before: Timestamp
  ) -> [(due: MemorySchedules.Due, row: ScheduleFireRow)] {
    schedules.fires.filter { due, row in
      ScalarString(row.pipeline.namespace) == ScalarString(namespace) && row.due < before
        && row.decidedAt < before && row.outcome != .waiting && row.job.map { numbers[$0] == nil } ?? true
        && !catalog.isHeld(row.job, of: row.pipeline.name, in: namespace)
    }.map { (due: $0.key, row: $0.value) }.sorted {
      ($0.due.at, $0.due.trigger) < ($1.due.at, $1.due.trigger)
    }
  }

  func bytes(of job: MemoryJob) -> Int64 {
    let events = job.events.reduce(0) { $0 + $1.payload.count + $1.sealed.count + $1.chain.count }
    let sealed = job.bodies.reduce(0) { $0 + (bodies[$1]?.count ?? 0) }
    return Int64(events + sealed + job.snapshots.reduce(0) { $0 + $1.state.count })
  }

  func expiredJobs(in namespace: String, before: Timestamp) -> [MemoryJob] {
    jobsInOrder.filter { job in
      guard ScalarString(job.row.pipeline.namespace) == ScalarString(namespace), job.status.hasEnded,
        let end = job.change?.completedAt, end < before, !isHeld(job)
      else { return false }
      let others = jobs.values
      if others.contains(where: { $0.row.identity.rerunOf == job.row.id }) { return false }
      if others.contains(where: { $0.row.identity.parent == job.row.number && !$0.status.hasEnded }) {
        return false
      }
      if let parent = job.row.identity.parent, let caller = jobs[parent], !caller.status.hasEnded {
        return false
      }
      return !letters.rows.values.contains { $0.state == .open && $0.job == job.row.id }
    }
  }
}

extension RefusalRow {
  fileprivate var bytes: Int64 {
    Int64(actor.unicodeScalars.count + reason.unicodeScalars.count + key.unicodeScalars.count)
  }
}

extension ScheduleFireRow {
  fileprivate var bytes: Int64 {
    Int64((reason?.unicodeScalars.count ?? 0) + (detail?.unicodeScalars.count ?? 0))
  }
}

extension MemoryStore {
  public func retentionRules() throws(StoreError) -> [RetentionRule] {
    rows.withLock { rows in rows.catalog.retentionRules.inOrder(nil) }
  }

  public func holds() throws(StoreError) -> [Hold] {
    rows.withLock { rows in rows.catalog.holds.values.sorted { ($0.at, $0.id) < ($1.at, $1.id) } }
  }

  public func namespaceRecord(_ name: String) throws(StoreError) -> NamespaceRecord? {
    rows.withLock { rows in rows.catalog.namespaces[ScalarString(name)] }
  }

  public func deletions(in namespace: String?, limit: Int) throws(StoreError) -> [DeletionRow] {
    rows.withLock { rows in
      let all = rows.retention.deletions.filter { namespace == nil || $0.namespace == namespace }
      let sorted = all.sorted {
        if $0.at != $1.at { return $0.at > $1.at }
        return Name($0.namespace, $0.retained.rawValue) < Name($1.namespace, $1.retained.rawValue)
      }
      return Array(sorted.prefix(limit))
    }
  }

  public func expiredJobs(
    in namespace: String, before: Timestamp, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [ExpiredJob] {
    rows.withLock { rows in
      rows.expiredJobs(in: namespace, before: before).filter { $0.row.number > job }.prefix(limit).map {
        ExpiredJob(number: $0.row.number, id: $0.row.id, events: Int($0.change?.sequence ?? 0))
      }
    }
  }

  public func expired(
    _ retained: Retained, in namespace: String, before: Timestamp
  ) throws(StoreError) -> Expired {
    rows.withLock { rows in
      switch retained {
      case .history:
        let jobs = rows.expiredJobs(in: namespace, before: before)
        return Expired(count: Int64(jobs.count), bytes: jobs.reduce(0) { $0 + rows.bytes(of: $1) })
      case .events:
        let events = rows.oldEvents(in: namespace, before: before)
        return Expired(count: Int64(events.count), bytes: events.reduce(0) { $0 + Int64($1.body.count) })
      case .refusals:
        let refusals = rows.oldRefusals(in: namespace, before: before)
        return Expired(count: Int64(refusals.count), bytes: refusals.reduce(0) { $0 + $1.bytes })
      case .logs, .artifacts: return Expired()
      }
    }
  }

  public func expiredFires(in namespace: String, before: Timestamp) throws(StoreError) -> Expired {
    rows.withLock { rows in
      let fires = rows.oldFires(in: namespace, before: before)
      return Expired(count: Int64(fires.count), bytes: fires.reduce(0) { $0 + $1.row.bytes })
    }
  }

  public func referenced(_ sha256s: [String], in namespace: String) throws(StoreError) -> Set<String> {
    rows.withLock { rows in
      let used = rows.jobs.values.flatMap { $0.artifacts.values }
        .filter { ScalarString($0.namespace) == ScalarString(namespace) }.map(\.handle.sha256)
      return Set(sha256s).intersection(used)
    }
  }
}
