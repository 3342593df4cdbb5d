public import Engine
public import Model
internal import Synchronization

/// A store in one SQLite file. One connection makes all writes and checkpoints, in the callers' threads; the
/// read model has read-only connections of its own.
///
/// Debian's SQLite 3.40.1 can corrupt a log that two connections write or checkpoint at once. With one
/// writer it cannot, so a second store on the same file is refused by a lock beside it.
public final class SQLiteStore: Store {
  private let state: Mutex<State>
  let reader: SQLiteReader
  private let lock: FileLock

  private struct State: ~Copyable {
    var journal: SQLiteJournal
    /// Why nothing can be relied on any more; every later call says it again.
    var fault: String?
  }

  /// Opens the file, makes or mends its schema, and takes its lock until the store is let go.
  ///
  /// `canary` is what a new file keeps as the proof of its key; `canary()` gives it back.
  public init(path: String, canary: [UInt8] = [], now: Timestamp) throws(Problem) {
    guard let lock = FileLock(path: path + ".lock") else { throw .storeInUse(path) }
    self.lock = lock
    try Self.checkVersion(path)
    do {
      state = Mutex(State(journal: try SQLiteJournal.open(path, canary: canary, now: now)))
      reader = try SQLiteReader(file: path)
    } catch {
      throw .storeUnreadable(path, error.message)
    }
  }

  /// Before anything is written: a newer Esteira may have made the file.
  private static func checkVersion(_ path: String) throws(Problem) {
    let problem: Problem?
    do throws(SQLiteError) {
      problem = try Database.open(path, .writes, setUp: "").schemaProblem(path)
    } catch {
      throw .storeUnreadable(path, error.message)
    }
    if let problem { throw problem }
  }

  /// What the file has kept since it was made.
  public func canary() throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.canary() }
  }

  public func commit(_ batch: borrowing Batch) throws(StoreError) -> [RefusedJob] {
    let batch = copy batch
    return try withJournal { journal throws(StoreError) in try journal.commit(batch) }
  }

  public func checkpoint() throws(StoreError) {
    try withJournal { journal throws(StoreError) in
      do throws(SQLiteError) { try journal.checkpoint() } catch { throw error.meaning }
    }
  }

  public func raiseDriveCounts(of jobs: [JobNumber]) throws(StoreError) -> [Int] {
    try withJournal { journal throws(StoreError) in try journal.raiseDriveCounts(of: jobs) }
  }

  public func job(
    ofIdempotencyKey key: String, pipeline: PipelineName
  ) throws(StoreError) -> IdempotentJob? {
    try withJournal { journal throws(StoreError) in
      do throws(SQLiteError) { return try journal.job(ofIdempotencyKey: key, pipeline: pipeline) } catch {
        throw error.meaning
      }
    }
  }

  /// For questions of the journal's thread about rows that it has just written.
  func ask<Answer: Sendable>(
    _ body: (borrowing Database) throws(SQLiteError) -> Answer
  ) throws(StoreError) -> Answer {
    try withJournal { journal throws(StoreError) in
      do throws(SQLiteError) { return try body(journal.database) } catch { throw error.meaning }
    }
  }

  /// The lock is the connection's turn, so it is held through the call into SQLite. The engine's thread waits
  /// for it where it asks something while another commits for it.
  private func withJournal<Answer: Sendable>(
    _ body: (inout SQLiteJournal) throws(StoreError) -> Answer
  ) throws(StoreError) -> Answer {
    try state.withLock { state throws(StoreError) in
      if let fault = state.fault { throw .broken(fault) }
      do throws(StoreError) {
        return try body(&state.journal)
      } catch {
        if case .broken(let fault) = error { state.fault = fault }
        throw error
      }
    }
  }
}

/// The questions of the journal's thread.
extension SQLiteStore {
  public func liveJobs() throws(StoreError) -> [LiveJob] {
    try ask { database throws(SQLiteError) in try database.liveJobs() }
  }

  public func history(of job: JobNumber, after sequence: UInt32) throws(StoreError) -> [StoredEvent] {
    try ask { database throws(SQLiteError) in try database.events(of: job, after: sequence, limit: .max) }
  }

  public func snapshot(of job: JobNumber) throws(StoreError) -> StoredSnapshot? {
    try ask { database throws(SQLiteError) in try database.snapshot(of: job) }
  }

  public func body(_ id: BodyID) throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.body(id) }
  }

  public func revision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try ask { database throws(SQLiteError) in try database.revision(of: pipeline, number: number) }
  }

  public func connection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try ask { database throws(SQLiteError) in try database.connection(name, in: namespace) }
  }

  public func credential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try ask { database throws(SQLiteError) in try database.credential(name, in: namespace) }
  }

  public func highestNumbers() throws(StoreError) -> (job: Int64, body: Int64) {
    try ask { database throws(SQLiteError) in
      (try database.highestJob(), try database.integer("SELECT max(id) FROM bodies") ?? 0)
    }
  }

  /// Rows without what they belong to, each as a sentence; none in a sound store.
  public func orphans() throws(StoreError) -> [String] {
    try ask { database throws(SQLiteError) in try database.orphans() }
  }

  /// SQLite's own check of the file: `ok`, or what is wrong with it.
  public func integrity() throws(StoreError) -> [String] {
    try ask { database throws(SQLiteError) in
      var lines: [String] = []
      try database.query("PRAGMA integrity_check") { row in lines.append(row.text(0)) }
      return lines
    }
  }
}

/// The read model is the reader's.
extension SQLiteStore: ReadModel {
  public func version() throws(StoreError) -> Int64? { try reader.version() }
  public func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(StoreError) -> [JobSummary] {
    try reader.jobs(filter, before: before, limit: limit)
  }
  public func job(_ id: ID<Job>) throws(StoreError) -> JobSummary? { try reader.job(id) }
  public func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Job>] {
    try reader.jobs(withPrefix: prefix, limit: limit)
  }
  public func stepRows(of job: JobNumber) throws(StoreError) -> [StepRow] { try reader.stepRows(of: job) }
  public func artifacts(of job: JobNumber) throws(StoreError) -> [ArtifactRow] {
    try reader.artifacts(of: job)
  }
  public func pipelines(in namespace: String?) throws(StoreError) -> [PipelineSummary] {
    try reader.pipelines(in: namespace)
  }
  public func connections(in namespace: String?) throws(StoreError) -> [Connection] {
    try reader.connections(in: namespace)
  }
  public func readConnection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try reader.readConnection(name, in: namespace)
  }
  public func credentials(in namespace: String?) throws(StoreError) -> [CredentialRecord] {
    try reader.credentials(in: namespace)
  }
  public func readCredential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try reader.readCredential(name, in: namespace)
  }
  public func namespaceKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    try reader.namespaceKey(namespace)
  }
  public func settings(of namespace: String) throws(StoreError) -> JSONObject {
    try reader.settings(of: namespace)
  }
  public func events(of job: JobNumber, after sequence: UInt32, limit: Int) throws(StoreError)
    -> [StoredEvent]
  {
    try reader.events(of: job, after: sequence, limit: limit)
  }
  public func readBody(_ id: BodyID) throws(StoreError) -> [UInt8]? { try reader.readBody(id) }
  public func readRevision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try reader.readRevision(of: pipeline, number: number)
  }
  public func fileSet(of pipeline: PipelineName, number: Int) throws(StoreError) -> [UInt8]? {
    try reader.fileSet(of: pipeline, number: number)
  }
}
