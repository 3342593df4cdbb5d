public import Engine
public import Model
internal import Synchronization

/// A store without a disk, for tests and for what may be forgotten. The object stands for the disk: a node
/// that is dropped and made again with the same object finds what was committed, and nothing else.
public final class MemoryStore: Store {
  let rows = Mutex(MemoryRows())

  public init() {}

  public func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob] {
    let batch = copy batch
    return rows.withLock { rows in
      rows.commits += 1
      return rows.commit(batch)
    }
  }

  public func checkpoint() throws(StoreError) {}

  public func liveJobs() throws(StoreError) -> [LiveJob] {
    rows.withLock { rows in
      rows.jobsInOrder.compactMap { rows.liveJob($0.row.number) }
    }
  }

  public func history(of job: JobNumber, after sequence: UInt32) throws(StoreError) -> [StoredEvent] {
    try events(of: job, after: sequence, limit: .max)
  }

  public func snapshot(of job: JobNumber) throws(StoreError) -> StoredSnapshot? {
    rows.withLock { $0.jobs[job]?.snapshots.last }
  }

  public func body(_ id: BodyID) throws(StoreError) -> [UInt8]? { rows.withLock { $0.bodies[id] } }

  public func job(
    ofIdempotencyKey key: String, pipeline: PipelineName
  ) throws(StoreError) -> IdempotentJob? {
    rows.withLock { $0.idempotentJobs[KeyOfPipeline(pipeline, key)] }
  }

  public func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int] {
    rows.withLock { rows in
      jobs.map { job in
        rows.driveCounts[job, default: 0] += 1
        return rows.driveCounts[job, default: 0]
      }
    }
  }

  public func revision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    rows.withLock { $0.catalog.revision(of: pipeline, number: number) }
  }

  public func connection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    rows.withLock { $0.catalog.connections[Name(namespace, name)] }
  }

  public func credential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    rows.withLock { $0.catalog.credentials[Name(namespace, name)]?.newest }
  }

  public func highestNumbers() throws(StoreError) -> (job: Int64, body: Int64) {
    rows.withLock { rows in
      (rows.highestJob, rows.bodies.keys.lazy.map(\.value).max() ?? 0)
    }
  }
}

extension MemoryStore: ReadModel {
  public func version() throws(StoreError) -> Int64? { rows.withLock { $0.commits } }

  public func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(StoreError) -> [JobSummary] {
    rows.withLock { rows in
      let inOrder = rows.jobsInOrder
      let place = before.map { id in rows.numbers[id] ?? inOrder.last { $0.row.id < id }?.row.number }
      let rest = inOrder.filter { job in
        switch place {
        case nil: true
        case .some(nil): filter.isOldestFirst
        case .some(let number?):
          // Of a job that is gone the one before it is not yet shown.
          filter.isOldestFirst
            ? job.row.number > number
            : before.map { rows.numbers[$0] != nil } == true
              ? job.row.number < number : job.row.number <= number
        }
      }
      let matching = rest.lazy.filter { $0.matches(filter) }
      return (filter.isOldestFirst ? Array(matching.prefix(limit)) : matching.suffix(limit).reversed())
        .map(\.summary)
    }
  }

  public func job(_ id: ID<Job>) throws(StoreError) -> JobSummary? {
    rows.withLock { rows in rows.numbers[id].flatMap { rows.jobs[$0]?.summary } }
  }

  public func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Job>] {
    let prefix = prefix.lowercased()
    return rows.withLock { rows in
      Array(rows.numbers.keys.filter { $0.description.hasPrefix(prefix) }.sorted().prefix(limit))
    }
  }

  public func stepRows(of job: JobNumber) throws(StoreError) -> [StepRow] {
    rows.withLock { rows in (rows.jobs[job]?.steps ?? [:]).values.sorted { $0.node < $1.node } }
  }

  public func artifacts(of job: JobNumber) throws(StoreError) -> [ArtifactRow] {
    rows.withLock { rows in
      (rows.jobs[job]?.artifacts ?? [:]).values.sorted { $0.place < $1.place }
    }
  }

  public func events(
    of job: JobNumber, after sequence: UInt32, limit: Int
  ) throws(StoreError) -> [StoredEvent] {
    rows.withLock { rows in
      Array((rows.jobs[job]?.events ?? []).lazy.filter { $0.sequence > sequence }.prefix(limit))
    }
  }

  public func pipelines(in namespace: String?) throws(StoreError) -> [PipelineSummary] {
    rows.withLock { $0.catalog.pipelines(in: namespace) }
  }

  public func connections(in namespace: String?) throws(StoreError) -> [Connection] {
    rows.withLock { $0.catalog.connections.inOrder(namespace) }
  }

  public func readConnection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try connection(name, in: namespace)
  }

  public func credentials(in namespace: String?) throws(StoreError) -> [CredentialRecord] {
    rows.withLock { $0.catalog.credentials.inOrder(namespace).compactMap(\.newest) }
  }

  public func readCredential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try credential(name, in: namespace)
  }

  public func namespaceKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    rows.withLock { $0.catalog.namespaceKeys[ScalarString(namespace)] }
  }

  public func settings(of namespace: String) throws(StoreError) -> JSONObject {
    rows.withLock { rows in
      let members = (rows.catalog.settings[ScalarString(namespace)] ?? [:]).sorted { $0.key < $1.key }
      return JSONObject(members.map { ($0.key.string, $0.value) })
    }
  }

  public func readBody(_ id: BodyID) throws(StoreError) -> [UInt8]? { try body(id) }

  public func readRevision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try revision(of: pipeline, number: number)
  }

  public func fileSet(of pipeline: PipelineName, number: Int) throws(StoreError) -> [UInt8]? {
    guard let record = try revision(of: pipeline, number: number), !record.files.isEmpty else { return nil }
    return record.sha256
  }
}
