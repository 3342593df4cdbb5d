public import Engine
public import Model
internal import Synchronization

// Whom jobs are about, in the memory store.
extension MemoryRows {
  mutating func addSubjects(of row: NewJob) {
    let before = [row.identity.parent, row.identity.rerunOf.flatMap { numbers[$0] }].compactMap { $0 }
    let others = before.filter { jobs[$0].map { isSameNamespace($0.row, row) } ?? false }
    let inherited = others.flatMap { subjects[$0] ?? [] }.map { SubjectUse(subject: $0.subject, input: "") }
    let all = Set(row.subjects + inherited)
    if !all.isEmpty { subjects[row.number] = all }
  }

  private func isSameNamespace(_ one: NewJob, _ other: NewJob) -> Bool {
    ScalarString(one.pipeline.namespace) == ScalarString(other.pipeline.namespace)
  }

  func about(_ subject: SubjectMark, in namespace: String) -> [MemoryJob] {
    jobsInOrder.filter { job in
      ScalarString(job.row.pipeline.namespace) == ScalarString(namespace)
        && (subjects[job.row.number] ?? []).contains { $0.subject == subject }
    }
  }

  mutating func eraseBesides(_ job: ExpiredJob) {
    letters.erase(job.id)
    outbox.erase(job.id)
    triggers.erase(job.id)
    tables.erase(job)
  }

  func counts(of subject: SubjectMark, in namespace: String, erasable: Bool) -> SubjectCounts {
    let jobs = about(subject, in: namespace).filter { !erasable || !isHeld($0) }
    let (numbers, ids) = (Set(jobs.map(\.row.number)), Set(jobs.map(\.row.id)))
    func isOfThem(_ id: ID<Job>?) -> Bool { id.map { ids.contains($0) } ?? false }
    var counts = SubjectCounts()
    counts.jobs = jobs.count
    counts.live = jobs.filter { !$0.status.hasEnded }.count
    counts.held = jobs.filter { isHeld($0) }.count
    counts.asks = tables.asks.values.filter { numbers.contains($0.job) }.count
    counts.deadLetters = letters.rows.values.filter { isOfThem($0.job) }.count
    counts.messages =
      outbox.rows.filter { isOfThem($0.job) }.count + outbox.deliveries.filter { isOfThem($0.job) }.count
    counts.events = triggers.emitted.values.joined().filter { isOfThem(ID<Job>($0.job)) }.count
    counts.signals = tables.signals.values.filter { $0.takenBy.map { numbers.contains($0) } ?? false }.count
    counts.artifacts = Set(jobs.flatMap { $0.artifacts.values.map(\.handle.sha256) }).count
    return counts
  }
}

extension MemoryStore {
  public func subjectKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    rows.withLock { $0.catalog.subjectKeys[ScalarString(namespace)] }
  }

  public func jobs(
    about subject: SubjectMark, in namespace: String, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [SubjectJob] {
    rows.withLock { rows in
      rows.about(subject, in: namespace).filter { $0.row.number > job }.prefix(limit).map { found in
        let uses = (rows.subjects[found.row.number] ?? []).filter { $0.subject == subject }
        return SubjectJob(
          number: found.row.number, id: found.row.id,
          inputs: uses.map(\.input).filter { !$0.isEmpty }.map { ScalarString($0) }.sorted().map(\.string),
          isLive: !found.status.hasEnded, isHeld: rows.isHeld(found))
      }
    }
  }

  public func counts(
    of subject: SubjectMark, in namespace: String, erasable: Bool
  ) throws(StoreError) -> SubjectCounts {
    rows.withLock { $0.counts(of: subject, in: namespace, erasable: erasable) }
  }

  public func erasures(
    in namespace: String?, before: ID<Erasure>?, limit: Int
  ) throws(StoreError) -> [Erasure] {
    rows.withLock { rows in
      let wanted = namespace.map { ScalarString($0) }
      let all = rows.catalog.erasures.values.filter { erasure in
        (wanted.map { $0 == ScalarString(erasure.namespace) } ?? true)
          && before.map { erasure.id < $0 } ?? true
      }
      return Array(all.sorted { $0.id > $1.id }.prefix(limit))
    }
  }

  public func openErasures() throws(StoreError) -> [Erasure] {
    rows.withLock { rows in
      rows.catalog.erasures.values.filter { $0.doneAt == nil }.sorted { $0.id < $1.id }
    }
  }
}
