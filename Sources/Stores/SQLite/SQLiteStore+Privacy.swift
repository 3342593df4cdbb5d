public import Engine
public import Model

// Whom jobs are about.
extension SQLiteReader {
  public func subjectKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    try ask { database throws(SQLiteError) in try database.subjectKey(namespace) }
  }

  public func jobs(
    about subject: SubjectMark, in namespace: String, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [SubjectJob] {
    try ask { database throws(SQLiteError) in
      try database.jobs(about: subject, in: namespace, after: job, limit: limit)
    }
  }

  public func counts(
    of subject: SubjectMark, in namespace: String, erasable: Bool
  ) throws(StoreError) -> SubjectCounts {
    try ask { database throws(SQLiteError) in
      try database.counts(of: subject, in: namespace, erasable: erasable)
    }
  }

  public func erasures(
    in namespace: String?, before: ID<Erasure>?, limit: Int
  ) throws(StoreError) -> [Erasure] {
    try ask { database throws(SQLiteError) in
      try database.erasures(in: namespace, before: before, limit: limit)
    }
  }

  public func openErasures() throws(StoreError) -> [Erasure] {
    try ask { database throws(SQLiteError) in try database.openErasures() }
  }
}

extension SQLiteStore {
  public func subjectKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    try reader.subjectKey(namespace)
  }

  public func jobs(
    about subject: SubjectMark, in namespace: String, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [SubjectJob] {
    try reader.jobs(about: subject, in: namespace, after: job, limit: limit)
  }

  public func counts(
    of subject: SubjectMark, in namespace: String, erasable: Bool
  ) throws(StoreError) -> SubjectCounts {
    try reader.counts(of: subject, in: namespace, erasable: erasable)
  }

  public func erasures(
    in namespace: String?, before: ID<Erasure>?, limit: Int
  ) throws(StoreError) -> [Erasure] {
    try reader.erasures(in: namespace, before: before, limit: limit)
  }

  public func openErasures() throws(StoreError) -> [Erasure] { try reader.openErasures() }
}

// An older backup brings back what was erased.
extension SQLiteStore {
  /// Erases the jobs of these erasures again, before any node reads the store: also jobs that live in the
  /// backup, or that it holds, since they had ended and nothing held them when they were erased. What of them
  /// lies in files is still to go afterwards (`Node.finishErasures`).
  public func replay(_ erasures: [Erasure]) throws(StoreError) {
    if erasures.isEmpty { return }
    try ask { database throws(SQLiteError) in
      try database.execute("BEGIN IMMEDIATE")
      do throws(SQLiteError) {
        for erasure in erasures { try database.replay(erasure) }
        try database.execute("COMMIT")
      } catch {
        if database.isInTransaction { try database.execute("ROLLBACK") }
        throw error
      }
    }
  }
}

extension Database {
  fileprivate func replay(_ erasure: Erasure) throws(SQLiteError) {
    var (open, artifacts): (Erasure, Set<String>) = (erasure, [])
    var jobs: [ExpiredJob] = []
    for id in erasure.jobs { if let job = try expiredJob(id) { jobs.append(job) } }
    for job in jobs {
      try query("SELECT sha256 FROM artifact_refs WHERE job = ?", [.integer(job.number.value)]) { row in
        artifacts.insert(row.text(0))
      }
    }
    let rule = RetentionRule(
      namespace: erasure.namespace, retained: .history, days: 0, by: erasure.by, at: erasure.at)
    try perform(
      Deletion(
        rule: rule, before: erasure.at, content: .erased(jobs), run: erasure.at, by: erasure.by),
      whatever: true)
    (open.artifacts, open.doneAt) = (artifacts.sorted(), nil)
    try put(open)
  }
}
