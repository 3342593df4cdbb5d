internal import Crypto
internal import Engine
internal import Model

/// Writes what is not a job. Rare, so its statements are prepared when they are needed.
extension Database {
  func write(_ write: CatalogWrite) throws(SQLiteError) {
    switch write {
    case .revision(let record):
      try put(record)
      try query(
        "DELETE FROM deleted_pipelines WHERE namespace = ? AND pipeline = ?",
        [.text(record.pipeline.namespace), .text(record.pipeline.name)])
    case .connection(let connection, let time, let actor): try put(connection, at: time, by: actor)
    case .removeConnection(let name, let namespace):
      try query("DELETE FROM connections WHERE namespace = ? AND name = ?", [.text(namespace), .text(name)])
    case .credential(let record): try put(record)
    case .removeCredential(let name, let namespace):
      try query("DELETE FROM credentials WHERE namespace = ? AND name = ?", [.text(namespace), .text(name)])
    case .namespaceKey(let namespace, let wrapped): try put(namespaceKey: wrapped, of: namespace)
    case .subjectKey(let namespace, let wrapped): try put(subjectKey: wrapped, of: namespace)
    case .erasure(let erasure): try put(erasure)
    case .setting(let namespace, let name, let value, let actor, let time):
      try put(setting: name, in: namespace, value: value, by: actor, at: time)
    case .pause(let pause): try put(pause)
    case .retention(let rule): try put(rule)
    case .keepForEver(let retained, let namespace):
      try query(
        "DELETE FROM retention_rules WHERE namespace = ? AND class = ?",
        [.text(namespace), .text(retained.rawValue)])
    case .deletePipeline(let pipeline, let time, let actor):
      try query(
        "INSERT INTO deleted_pipelines VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
          .text(pipeline.namespace), .text(pipeline.name), .integer(time.microseconds), .text(actor),
        ])
      try removeAddedSchedules(of: pipeline, name: nil)
    case .addedSchedule(let schedule): try put(schedule)
    case .removeAddedSchedule(let pipeline, let name): try removeAddedSchedules(of: pipeline, name: name)
    case .addedDestination(let destination): try put(destination)
    case .removeAddedDestination(let name): try removeAddedDestination(name)
    case .resume(let pipeline): try removePause(of: pipeline)
    case .hold(let hold): try put(hold)
    case .releaseHold(let id): try query("DELETE FROM holds WHERE id = ?", [.text(id.description)])
    case .namespace(let record): try put(record)
    case .masterKey(let row): try put(row)
    case .keyRotation(let row): try put(row)
    case .rewrap(let rows): for row in rows { try put(row) }
    case .retireVersions(let name, let namespace, let version, let time):
      try retire(name, in: namespace, before: version, until: time)
    case .forgetVersions(let time):
      try query(
        "DELETE FROM credential_versions WHERE usable_until <= ?", [.integer(time.microseconds)])
    case .credentialUses(let uses): for use in uses { try put(use) }
    }
  }

  private func removePause(of pipeline: PipelineName) throws(SQLiteError) {
    try query(
      "DELETE FROM pauses WHERE namespace = ? AND pipeline = ?",
      [.text(pipeline.namespace), .text(pipeline.name)])
  }

  private func put(_ pause: PauseRecord) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO pauses VALUES(?, ?, ?, ?, ?, ?)",
      [
        .text(pause.pipeline.namespace), .text(pause.pipeline.name), .text(pause.by), .text(pause.reason),
        .integer(pause.at.microseconds), SQLValue(pause.until?.microseconds),
      ])
  }

  /// The same revision again changes nothing; another one of the same number is a conflict.
  private func put(_ record: RevisionRecord) throws(SQLiteError) {
    let (namespace, name) = (SQLValue.text(record.pipeline.namespace), SQLValue.text(record.pipeline.name))
    let number = SQLValue.integer(Int64(record.number))
    let isThere = try integer(
      "SELECT 1 FROM pipeline_revisions WHERE namespace = ? AND pipeline = ? AND revision = ? AND sha256 = ?",
      [namespace, name, number, .bytes(record.sha256)])
    if isThere != nil { return }
    let time = SQLValue.integer(record.createdAt.microseconds)
    try query(
      """
      INSERT INTO pipelines VALUES(?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO UPDATE
      SET title = excluded.title, head_revision = excluded.head_revision, updated_at = excluded.updated_at
      WHERE excluded.head_revision > head_revision
      """, [namespace, name, .text(record.title), number, time])
    try query(
      "INSERT INTO pipeline_revisions VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      [
        namespace, name, number, .text(record.title), try content(record.source), .bytes(record.sha256), time,
        .text(record.createdBy),
      ])
    for (place, file) in record.files.enumerated() {
      try query(
        "INSERT INTO revision_files VALUES(?, ?, ?, ?, ?, ?, ?)",
        [
          namespace, name, number, .integer(Int64(place)), .text(file.path), try content(file.bytes),
          .integer(file.isExecutable ? 1 : 0),
        ])
    }
  }

  /// Keeps the bytes once, however many revisions have them, and answers with their address.
  private func content(_ bytes: [UInt8]) throws(SQLiteError) -> SQLValue {
    let address = SQLValue.bytes(SHA256.digest(bytes))
    try query("INSERT INTO contents VALUES(?, ?) ON CONFLICT DO NOTHING", [address, .bytes(bytes)])
    return address
  }

  private func put(
    _ connection: Connection, at time: Timestamp, by actor: String
  ) throws(SQLiteError) {
    let egress = JSON.array(connection.allowedEgress.map(JSON.string))
    try query(
      "INSERT OR REPLACE INTO connections VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .text(connection.namespace), .text(connection.name), .text(connection.kind),
        .text(connection.address.text), .text(egress.text), SQLValue(connection.credential),
        .integer(time.microseconds), .text(actor),
      ])
  }

  private func put(_ record: CredentialRecord) throws(SQLiteError) {
    let (namespace, name) = (SQLValue.text(record.namespace), SQLValue.text(record.name))
    try query(
      """
      INSERT INTO credentials(namespace, name, current_version, expires_at) VALUES(?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at,
        current_version = max(current_version, excluded.current_version)
      """,
      [
        namespace, name, .integer(Int64(record.version)), SQLValue(record.expiresAt?.microseconds),
      ])
    try query(
      "INSERT INTO credential_versions VALUES(?, ?, ?, ?, ?, ?, ?, NULL)",
      [
        namespace, name, .integer(Int64(record.version)), .text(record.type), .bytes(record.sealed),
        .integer(record.createdAt.microseconds), .text(record.createdBy),
      ])
  }

  private func put(
    setting name: String, in namespace: String, value: JSON?, by actor: String, at time: Timestamp
  ) throws(SQLiteError) {
    guard let value else {
      return try query(
        "DELETE FROM settings WHERE namespace = ? AND name = ?", [.text(namespace), .text(name)])
    }
    try query(
      "INSERT OR REPLACE INTO settings VALUES(?, ?, ?, ?, ?)",
      [.text(namespace), .text(name), .text(value.text), .text(actor), .integer(time.microseconds)])
  }
}
