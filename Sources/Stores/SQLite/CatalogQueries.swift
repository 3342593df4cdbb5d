internal import Engine
internal import Model

/// Reading what is not a job. Where `namespace` may be nil, that means all.
extension Database {
  func revision(of pipeline: PipelineName, number: Int?) throws(SQLiteError) -> RevisionRecord? {
    if number == nil, try isDeleted(pipeline) { return nil }
    guard var record = try revisions(of: pipeline, number: number, limit: 1).first else { return nil }
    record.files = try files(of: record)
    return record
  }

  private func isDeleted(_ pipeline: PipelineName) throws(SQLiteError) -> Bool {
    try integer(
      "SELECT 1 FROM deleted_pipelines WHERE namespace = ? AND pipeline = ?",
      [.text(pipeline.namespace), .text(pipeline.name)]) != nil
  }

  /// Newest first, without their files; those of a deleted pipeline, too.
  func revisions(
    of pipeline: PipelineName, number: Int? = nil, limit: Int = .max
  ) throws(SQLiteError) -> [RevisionRecord] {
    var records: [RevisionRecord] = []
    try query(
      """
      SELECT r.revision, r.title, c.bytes, r.sha256, r.created_at, r.created_by
      FROM pipeline_revisions r JOIN contents c ON c.sha256 = r.source
      WHERE r.namespace = ?1 AND r.pipeline = ?2 AND (?3 IS NULL OR r.revision = ?3)
      ORDER BY r.revision DESC LIMIT ?4
      """,
      [
        .text(pipeline.namespace), .text(pipeline.name), SQLValue(number.map(Int64.init)),
        .integer(Int64(limit)),
      ]
    ) { row in
      records.append(
        RevisionRecord(
          pipeline: pipeline, number: Int(row.integer(0)), title: row.text(1), source: row.bytes(2),
          sha256: row.bytes(3), files: [], createdAt: Timestamp(microseconds: row.integer(4)),
          createdBy: row.text(5)))
    }
    return records
  }

  private func files(of record: RevisionRecord) throws(SQLiteError) -> [RevisionRecord.File] {
    var files: [RevisionRecord.File] = []
    let pipeline = record.pipeline
    try query(
      """
      SELECT f.path, c.bytes, f.is_executable FROM revision_files f JOIN contents c ON c.sha256 = f.content
      WHERE f.namespace = ? AND f.pipeline = ? AND f.revision = ? ORDER BY f.place
      """, [.text(pipeline.namespace), .text(pipeline.name), .integer(Int64(record.number))]
    ) { row in
      files.append(
        RevisionRecord.File(path: row.text(0), bytes: row.bytes(1), isExecutable: row.integer(2) == 1))
    }
    return files
  }

  /// By the indexes, since each attempt asks.
  func fileSet(of pipeline: PipelineName, number: Int) throws(SQLiteError) -> [UInt8]? {
    var hash: [UInt8]?
    try query(
      """
      SELECT sha256 FROM pipeline_revisions r WHERE namespace = ?1 AND pipeline = ?2 AND revision = ?3
        AND EXISTS(
          SELECT 1 FROM revision_files f WHERE f.namespace = ?1 AND f.pipeline = ?2 AND f.revision = ?3)
      """, [.text(pipeline.namespace), .text(pipeline.name), .integer(Int64(number))]
    ) { row in hash = row.bytes(0) }
    return hash
  }

  func pipelines(in namespace: String?) throws(SQLiteError) -> [PipelineSummary] {
    var pipelines: [PipelineSummary] = []
    try query(
      """
      SELECT namespace, name, title, head_revision, created_at, updated_at FROM pipelines
      WHERE (?1 IS NULL OR namespace = ?1) AND NOT EXISTS(
        SELECT 1 FROM deleted_pipelines d WHERE d.namespace = pipelines.namespace AND d.pipeline = name)
      ORDER BY namespace, name
      """, [SQLValue(namespace)]
    ) { row in
      pipelines.append(
        PipelineSummary(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), title: row.text(2),
          revision: Int(row.integer(3)), createdAt: Timestamp(microseconds: row.integer(4)),
          updatedAt: Timestamp(microseconds: row.integer(5))))
    }
    return pipelines
  }

  private static let connectionColumns =
    "SELECT namespace, name, kind, address, egress, credential FROM connections"

  func connections(in namespace: String?) throws(SQLiteError) -> [Connection] {
    try connections(
      "\(Self.connectionColumns) WHERE ?1 IS NULL OR namespace = ?1 ORDER BY namespace, name",
      [SQLValue(namespace)])
  }

  /// By the index: each attempt with a connection asks for it.
  func connection(_ name: String, in namespace: String) throws(SQLiteError) -> Connection? {
    try connections(
      "\(Self.connectionColumns) WHERE namespace = ? AND name = ?", [.text(namespace), .text(name)]
    ).first
  }

  private func connections(_ sql: String, _ values: [SQLValue]) throws(SQLiteError) -> [Connection] {
    var connections: [Connection] = []
    try query(sql, values) { row throws(SQLiteError) in
      let egress = try row.json(4).array ?? []
      connections.append(
        Connection(
          namespace: row.text(0), name: row.text(1), kind: row.text(2), address: try row.json(3),
          allowedEgress: egress.compactMap(\.string), credential: row.optionalText(5)))
    }
    return connections
  }

  func namespaceKey(_ namespace: String) throws(SQLiteError) -> [UInt8]? {
    var key: [UInt8]?
    try query("SELECT wrapped FROM keys WHERE purpose = 'namespace' AND name = ?", [.text(namespace)]) {
      row in
      key = row.bytes(0)
    }
    return key
  }

  func canary() throws(SQLiteError) -> [UInt8]? {
    var canary: [UInt8]?
    try query("SELECT wrapped FROM keys WHERE purpose = 'master' AND name = 'canary'") { row in
      canary = row.bytes(0)
    }
    return canary
  }

  func settings(of namespace: String) throws(SQLiteError) -> JSONObject {
    var settings = JSONObject()
    try query(
      "SELECT name, value FROM settings WHERE namespace = ? ORDER BY name", [.text(namespace)]
    ) { row throws(SQLiteError) in settings[row.text(0)] = try row.json(1) }
    return settings
  }
}

extension Statement {
  /// Whether a column of JSON is `[]`.
  func isEmptyList(_ column: Int32) -> Bool { size(column) == 2 && bytes(column) == [0x5B, 0x5D] }

  func json(_ column: Int32) throws(SQLiteError) -> JSON {
    do { return try JSON(parsing: bytes(column)) } catch { throw .unreadable("JSON \(text(column))") }
  }
}
