internal import Engine
internal import Model

// What stays whatever the rules say.
extension Database {
  /// Whether something is held. `pipeline` and `job` are SQL texts; nil: it belongs to none.
  static func isHeld(in namespace: String, pipeline: String?, job: String?) -> String {
    let (pipeline, job) = (pipeline ?? "NULL", job ?? "NULL")
    return """
      EXISTS (SELECT 1 FROM holds h WHERE h.namespace = \(namespace) AND CASE
        WHEN h.job IS NOT NULL THEN h.job IS \(job)
        WHEN h.pipeline IS NOT NULL THEN h.pipeline IS \(pipeline) ELSE 1 END)
      """
  }

  func put(_ hold: Hold) throws(SQLiteError) {
    var (pipeline, job): (String?, String?) = (nil, nil)
    switch hold.subject {
    case .namespace: break
    case .pipeline(let name): pipeline = name
    case .job(let id): job = id.description
    }
    try query(
      "INSERT OR REPLACE INTO holds VALUES(?, ?, ?, ?, ?, ?, ?)",
      [
        .text(hold.id.description), .text(hold.namespace), SQLValue(pipeline), SQLValue(job),
        .text(hold.reason), .text(hold.by), .integer(hold.at.microseconds),
      ])
  }

  func holds() throws(SQLiteError) -> [Hold] {
    var holds: [Hold] = []
    try query(
      "SELECT id, namespace, pipeline, job, reason, placed_by, placed_at FROM holds ORDER BY placed_at, id"
    ) { row in
      guard let id = ID<Hold>(row.text(0)) else { return }
      let subject: Hold.Subject
      if let job = row.optionalText(3).flatMap({ ID<Job>($0) }) {
        subject = .job(job)
      } else {
        subject = row.optionalText(2).map { .pipeline($0) } ?? .namespace
      }
      holds.append(
        Hold(
          id: id, namespace: row.text(1), subject: subject, reason: row.text(4), by: row.text(5),
          at: Timestamp(microseconds: row.integer(6))))
    }
    return holds
  }

  func put(_ record: NamespaceRecord) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO namespaces VALUES(?, ?, ?, ?, ?)",
      [
        .text(record.name), .text(record.title), .text(record.summary), .text(record.by),
        .integer(record.at.microseconds),
      ])
  }

  func namespaceRecord(_ name: String) throws(SQLiteError) -> NamespaceRecord? {
    var record: NamespaceRecord?
    try query(
      "SELECT name, title, summary, updated_by, updated_at FROM namespaces WHERE name = ?", [.text(name)]
    ) { row in
      record = NamespaceRecord(
        name: row.text(0), title: row.text(1), summary: row.text(2), by: row.text(3),
        at: Timestamp(microseconds: row.integer(4)))
    }
    return record
  }
}
