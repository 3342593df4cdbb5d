public import Engine
public import Model
internal import Synchronization

/// The read model of a SQLite file, over read-only connections: beside the store in a server, or alone for
/// the commands that only read.
///
/// A call blocks its thread for as long as SQLite reads.
public final class SQLiteReader: ReadModel {
  /// So many calls can read at once; more wait for their turn.
  static let connections = 4

  /// The lock is the connection's turn, so it is held through the call into SQLite.
  private final class Slot: Sendable {
    let database: Mutex<Database>
    init(_ file: String) throws(SQLiteError) {
      database = Mutex(try Database.open(file, .reads, setUp: Database.reading))
    }
  }

  private let slots: [Slot]
  /// SQLite counts for each connection what others have committed, so that one connection is asked for it.
  private let counting: Slot
  private let next = Atomic<Int>(0)

  /// For a file that no server has open, too. A file of a newer Esteira is refused.
  public convenience init(path: String) throws(Problem) {
    let problem: Problem?
    do {
      problem = try Database.open(path, .reads, setUp: Database.reading).schemaProblem(path)
      try self.init(file: path)
    } catch {
      throw .storeUnreadable(path, error.message)
    }
    if let problem { throw problem }
  }

  init(file: String) throws(SQLiteError) {
    var slots: [Slot] = []
    for _ in 0..<Self.connections { slots.append(try Slot(file)) }
    self.slots = slots
    counting = try Slot(file)
  }

  func ask<Answer: Sendable>(
    _ body: (borrowing Database) throws(SQLiteError) -> Answer
  ) throws(StoreError) -> Answer {
    let turn = next.add(1, ordering: .relaxed).oldValue
    for place in turn..<turn + slots.count {
      let found = try slots[place % slots.count].database.withLockIfAvailable { database throws(StoreError) in
        do throws(SQLiteError) { return try body(database) } catch { throw error.meaning }
      }
      if let found { return found }
    }
    return try slots[turn % slots.count].database.withLock { database throws(StoreError) in
      do throws(SQLiteError) { return try body(database) } catch { throw error.meaning }
    }
  }
}

extension SQLiteReader {
  public func version() throws(StoreError) -> Int64? {
    try counting.database.withLock { database throws(StoreError) -> Int64? in
      do throws(SQLiteError) { return try database.integer("PRAGMA data_version") } catch {
        throw error.meaning
      }
    }
  }

  public func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(StoreError) -> [JobSummary] {
    try ask { database throws(SQLiteError) in try database.jobs(filter, before: before, limit: limit) }
  }

  public func job(_ id: ID<Job>) throws(StoreError) -> JobSummary? {
    try ask { database throws(SQLiteError) in try database.job(id) }
  }

  public func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Job>] {
    try ask { database throws(SQLiteError) in try database.jobs(withPrefix: prefix, limit: limit) }
  }

  public func stepRows(of job: JobNumber) throws(StoreError) -> [StepRow] {
    try ask { database throws(SQLiteError) in try database.stepRows(of: job) }
  }

  public func artifacts(of job: JobNumber) throws(StoreError) -> [ArtifactRow] {
    try ask { database throws(SQLiteError) in try database.artifacts(of: job) }
  }

  public func pipelines(in namespace: String?) throws(StoreError) -> [PipelineSummary] {
    try ask { database throws(SQLiteError) in try database.pipelines(in: namespace) }
  }

  public func connections(in namespace: String?) throws(StoreError) -> [Connection] {
    try ask { database throws(SQLiteError) in try database.connections(in: namespace) }
  }

  public func readConnection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try ask { database throws(SQLiteError) in try database.connection(name, in: namespace) }
  }

  public func credentials(in namespace: String?) throws(StoreError) -> [CredentialRecord] {
    try ask { database throws(SQLiteError) in try database.credentials(in: namespace) }
  }

  public func readCredential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try ask { database throws(SQLiteError) in try database.credential(name, in: namespace) }
  }

  public func namespaceKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.namespaceKey(namespace) }
  }

  public func settings(of namespace: String) throws(StoreError) -> JSONObject {
    try ask { database throws(SQLiteError) in try database.settings(of: namespace) }
  }

  public func events(
    of job: JobNumber, after sequence: UInt32, limit: Int
  ) throws(StoreError) -> [StoredEvent] {
    try ask { database throws(SQLiteError) in try database.events(of: job, after: sequence, limit: limit) }
  }

  func canary() throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.canary() }
  }

  public func readBody(_ id: BodyID) throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.body(id) }
  }

  public func readRevision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try ask { database throws(SQLiteError) in try database.revision(of: pipeline, number: number) }
  }

  public func fileSet(of pipeline: PipelineName, number: Int) throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.fileSet(of: pipeline, number: number) }
  }
}
