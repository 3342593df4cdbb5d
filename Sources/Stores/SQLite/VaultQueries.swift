internal import Crypto
internal import Engine
internal import Model

// Credentials, keys, and what they seal.
extension Database {
  private static let credentialColumns = """
    SELECT c.namespace, c.name, v.connector_type, v.version, v.sealed, v.created_at, v.created_by,
      c.expires_at, c.last_used_at, c.last_used_by, v.usable_until
    FROM credentials c JOIN credential_versions v ON v.namespace = c.namespace AND v.name = c.name
    """

  /// The newest version of each.
  func credentials(in namespace: String?) throws(SQLiteError) -> [CredentialRecord] {
    try credentials(
      """
      \(Self.credentialColumns) AND v.version = c.current_version
      WHERE ?1 IS NULL OR c.namespace = ?1 ORDER BY c.namespace, c.name
      """, [SQLValue(namespace)])
  }

  /// Its newest version, by the index: each attempt with a credential asks for it.
  func credential(_ name: String, in namespace: String) throws(SQLiteError) -> CredentialRecord? {
    try credentials(
      """
      \(Self.credentialColumns) AND v.version = c.current_version WHERE c.namespace = ? AND c.name = ?
      """, [.text(namespace), .text(name)]
    ).first
  }

  func versions(ofCredential name: String, in namespace: String) throws(SQLiteError) -> [CredentialRecord] {
    try credentials(
      "\(Self.credentialColumns) WHERE c.namespace = ? AND c.name = ? ORDER BY v.version DESC",
      [.text(namespace), .text(name)])
  }

  private func credentials(_ sql: String, _ values: [SQLValue]) throws(SQLiteError) -> [CredentialRecord] {
    var records: [CredentialRecord] = []
    try query(sql, values) { row in
      var record = CredentialRecord(
        namespace: row.text(0), name: row.text(1), type: row.text(2), version: Int(row.integer(3)),
        sealed: row.bytes(4), createdAt: Timestamp(microseconds: row.integer(5)), createdBy: row.text(6),
        expiresAt: row.optional(7).map { Timestamp(microseconds: $0) })
      record.lastUsedAt = row.optional(8).map { Timestamp(microseconds: $0) }
      record.lastUsedBy = row.optionalText(9)
      record.usableUntil = row.optional(10).map { Timestamp(microseconds: $0) }
      records.append(record)
    }
    return records
  }

  /// Also of a file whose schema is older than these tables, such as that of a backup.
  func masterKeys() throws(SQLiteError) -> [MasterKeyRow] {
    var rows: [MasterKeyRow] = []
    if try integer("SELECT count(*) FROM sqlite_schema WHERE name = 'master_keys'") == 1 {
      try query("SELECT id, canary, state, created_at, created_by, retired_at FROM master_keys ORDER BY id") {
        row in
        rows.append(
          MasterKeyRow(
            id: KeyID(UInt32(truncatingIfNeeded: row.integer(0))), canary: row.bytes(1),
            // An unknown state is a newer program's, whose files this one refuses.
            state: MasterKeyRow.State(rawValue: UInt8(truncatingIfNeeded: row.integer(2))) ?? .active,
            createdAt: Timestamp(microseconds: row.integer(3)), createdBy: row.text(4),
            retiredAt: row.optional(5).map { Timestamp(microseconds: $0) }))
      }
    }
    guard rows.first?.id != .first, let canary = try canary() else { return rows }
    let made = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'created_at'"
    let first = MasterKeyRow(
      id: .first, canary: canary, state: .active, createdAt: Timestamp(microseconds: try integer(made) ?? 0),
      createdBy: "")
    return [first] + rows
  }

  func keyRotation() throws(SQLiteError) -> KeyRotationRow? {
    var found: KeyRotationRow?
    try query(
      "SELECT target, stage, rewrapped, unreadable, started_at, started_by, ended_at FROM key_rotation"
    ) { row in
      found = KeyRotationRow(
        target: KeyID(UInt32(truncatingIfNeeded: row.integer(0))),
        stage: row.optional(1).flatMap { WrappedKind(rawValue: UInt8(truncatingIfNeeded: $0)) },
        rewrapped: Int(row.integer(2)), unreadable: Int(row.integer(3)),
        startedAt: Timestamp(microseconds: row.integer(4)), startedBy: row.text(5),
        endedAt: row.optional(6).map { Timestamp(microseconds: $0) })
    }
    return found
  }

  func wrapped(
    _ kind: WrappedKind, notUnder header: [UInt8], after place: WrappedPlace?, limit: Int
  ) throws(SQLiteError) -> [WrappedRow] {
    let bounds: [SQLValue] = [.bytes(header), .integer(Int64(header.count)), .integer(Int64(limit))]
    return switch kind {
    case .credentials: try wrappedCredentials(bounds, after: place)
    case .namespaces: try wrappedNamespaces(bounds, after: place)
    case .jobs: try wrappedJobs(bounds, after: place)
    case .subjects: try wrappedSubjects(bounds, after: place)
    }
  }

  private func wrappedCredentials(
    _ bounds: [SQLValue], after place: WrappedPlace?
  ) throws(SQLiteError) -> [WrappedRow] {
    var last: [SQLValue] = [.text(""), .text(""), .integer(0)]
    if case .credential(let namespace, let name, let version) = place {
      last = [.text(namespace), .text(name), .integer(Int64(version))]
    }
    var rows: [WrappedRow] = []
    try query(
      """
      SELECT namespace, name, version, sealed FROM credential_versions
      WHERE (namespace, name, version) > (?4, ?5, ?6) AND substr(sealed, 1, ?2) <> ?1
      ORDER BY namespace, name, version LIMIT ?3
      """, bounds + last
    ) { row in
      let place = WrappedPlace.credential(
        namespace: row.text(0), name: row.text(1), version: Int(row.integer(2)))
      rows.append(WrappedRow(place, row.bytes(3)))
    }
    return rows
  }

  private func wrappedNamespaces(
    _ bounds: [SQLValue], after place: WrappedPlace?
  ) throws(SQLiteError) -> [WrappedRow] {
    var last = ""
    if case .namespace(let name) = place { last = name }
    var rows: [WrappedRow] = []
    try query(
      """
      SELECT name, wrapped FROM keys
      WHERE purpose = 'namespace' AND name > ?4 AND substr(wrapped, 1, ?2) <> ?1 ORDER BY name LIMIT ?3
      """, bounds + [.text(last)]
    ) { row in rows.append(WrappedRow(.namespace(row.text(0)), row.bytes(1))) }
    return rows
  }

  private func wrappedSubjects(
    _ bounds: [SQLValue], after place: WrappedPlace?
  ) throws(SQLiteError) -> [WrappedRow] {
    var last = ""
    if case .subjects(let name) = place { last = name }
    var rows: [WrappedRow] = []
    try query(
      """
      SELECT namespace, wrapped FROM subject_keys
      WHERE namespace > ?4 AND substr(wrapped, 1, ?2) <> ?1 ORDER BY namespace LIMIT ?3
      """, bounds + [.text(last)]
    ) { row in rows.append(WrappedRow(.subjects(row.text(0)), row.bytes(1))) }
    return rows
  }

  private func wrappedJobs(
    _ bounds: [SQLValue], after place: WrappedPlace?
  ) throws(SQLiteError) -> [WrappedRow] {
    var last: Int64 = 0
    if case .job(let number) = place { last = number.value }
    var rows: [WrappedRow] = []
    try query(
      """
      SELECT job, wrapped_key FROM job_executions
      WHERE job > ?4 AND substr(wrapped_key, 1, ?2) <> ?1 ORDER BY job LIMIT ?3
      """, bounds + [.integer(last)]
    ) { row in rows.append(WrappedRow(.job(JobNumber(row.integer(0))), row.bytes(1))) }
    return rows
  }
}
