internal import Crypto
internal import Engine
internal import Model

// Keys, and what they seal.
extension Database {
  func put(_ row: MasterKeyRow) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO master_keys VALUES(?, ?, ?, ?, ?, ?)",
      [
        .integer(Int64(row.id.number)), .bytes(row.canary), .integer(Int64(row.state.rawValue)),
        .integer(row.createdAt.microseconds), .text(row.createdBy), SQLValue(row.retiredAt?.microseconds),
      ])
  }

  func put(_ row: KeyRotationRow) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO key_rotation VALUES(1, ?, ?, ?, ?, ?, ?, ?)",
      [
        .integer(Int64(row.target.number)), SQLValue(row.stage.map { Int64($0.rawValue) }),
        .integer(Int64(row.rewrapped)), .integer(Int64(row.unreadable)),
        .integer(row.startedAt.microseconds), .text(row.startedBy), SQLValue(row.endedAt?.microseconds),
      ])
  }

  /// The first that is stored stands; so it is of the key of subjects.
  func put(namespaceKey wrapped: [UInt8], of namespace: String) throws(SQLiteError) {
    try query(
      "INSERT INTO keys VALUES('namespace', ?, ?) ON CONFLICT DO NOTHING",
      [.text(namespace), .bytes(wrapped)])
  }

  func put(subjectKey wrapped: [UInt8], of namespace: String) throws(SQLiteError) {
    try query(
      "INSERT INTO subject_keys VALUES(?, ?) ON CONFLICT DO NOTHING", [.text(namespace), .bytes(wrapped)])
  }

  /// Somebody may have stored a new one meanwhile, which then stays.
  func put(_ row: Rewrap) throws(SQLiteError) {
    let (new, old) = (SQLValue.bytes(row.new), SQLValue.bytes(row.old))
    switch row.place {
    case .job(let job):
      try query(
        "UPDATE job_executions SET wrapped_key = ? WHERE job = ? AND wrapped_key = ?",
        [new, .integer(job.value), old])
    case .namespace(let namespace):
      try query(
        "UPDATE keys SET wrapped = ? WHERE purpose = 'namespace' AND name = ? AND wrapped = ?",
        [new, .text(namespace), old])
    case .subjects(let namespace):
      try query(
        "UPDATE subject_keys SET wrapped = ? WHERE namespace = ? AND wrapped = ?",
        [new, .text(namespace), old])
    case .credential(let namespace, let name, let version):
      try query(
        """
        UPDATE credential_versions SET sealed = ?
        WHERE namespace = ? AND name = ? AND version = ? AND sealed = ?
        """, [new, .text(namespace), .text(name), .integer(Int64(version)), old])
    }
  }

  func retire(
    _ name: String, in namespace: String, before version: Int, until time: Timestamp
  ) throws(SQLiteError) {
    try query(
      """
      UPDATE credential_versions SET usable_until = min(coalesce(usable_until, ?1), ?1)
      WHERE namespace = ?2 AND name = ?3 AND version < ?4
      """, [.integer(time.microseconds), .text(namespace), .text(name), .integer(Int64(version))])
  }

  func put(_ use: CredentialUse) throws(SQLiteError) {
    try query(
      """
      UPDATE credentials SET last_used_at = ?1, last_used_by = ?2
      WHERE namespace = ?3 AND name = ?4 AND coalesce(last_used_at, ?1) <= ?1
      """, [.integer(use.at.microseconds), .text(use.by), .text(use.namespace), .text(use.name)])
  }
}
