public import Engine
public import Model

// What the rules of retention give up.
extension SQLiteReader {
  public func retentionRules() throws(StoreError) -> [RetentionRule] {
    try ask { database throws(SQLiteError) in try database.retentionRules() }
  }

  public func holds() throws(StoreError) -> [Hold] {
    try ask { database throws(SQLiteError) in try database.holds() }
  }

  public func namespaceRecord(_ name: String) throws(StoreError) -> NamespaceRecord? {
    try ask { database throws(SQLiteError) in try database.namespaceRecord(name) }
  }

  public func deletions(in namespace: String?, limit: Int) throws(StoreError) -> [DeletionRow] {
    try ask { database throws(SQLiteError) in try database.deletions(in: namespace, limit: limit) }
  }

  public func expiredJobs(
    in namespace: String, before: Timestamp, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [ExpiredJob] {
    try ask { database throws(SQLiteError) in
      try database.expiredJobs(in: namespace, before: before, after: job, limit: limit)
    }
  }

  public func expired(
    _ retained: Retained, in namespace: String, before: Timestamp
  ) throws(StoreError) -> Expired {
    try ask { database throws(SQLiteError) in
      try database.expired(retained, in: namespace, before: before)
    }
  }

  public func expiredFires(in namespace: String, before: Timestamp) throws(StoreError) -> Expired {
    try ask { database throws(SQLiteError) in try database.expiredFires(in: namespace, before: before) }
  }

  public func referenced(_ sha256s: [String], in namespace: String) throws(StoreError) -> Set<String> {
    try ask { database throws(SQLiteError) in try database.referenced(sha256s, in: namespace) }
  }
}

extension SQLiteStore {
  public func retentionRules() throws(StoreError) -> [RetentionRule] { try reader.retentionRules() }
  public func holds() throws(StoreError) -> [Hold] { try reader.holds() }

  public func namespaceRecord(_ name: String) throws(StoreError) -> NamespaceRecord? {
    try reader.namespaceRecord(name)
  }

  public func deletions(in namespace: String?, limit: Int) throws(StoreError) -> [DeletionRow] {
    try reader.deletions(in: namespace, limit: limit)
  }

  public func expiredJobs(
    in namespace: String, before: Timestamp, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [ExpiredJob] {
    try reader.expiredJobs(in: namespace, before: before, after: job, limit: limit)
  }

  public func expired(
    _ retained: Retained, in namespace: String, before: Timestamp
  ) throws(StoreError) -> Expired {
    try reader.expired(retained, in: namespace, before: before)
  }

  public func expiredFires(in namespace: String, before: Timestamp) throws(StoreError) -> Expired {
    try reader.expiredFires(in: namespace, before: before)
  }

  public func referenced(_ sha256s: [String], in namespace: String) throws(StoreError) -> Set<String> {
    try reader.referenced(sha256s, in: namespace)
  }
}
