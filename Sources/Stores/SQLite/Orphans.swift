internal import Model

/// Hot tables have no foreign keys, since a check for each row costs; this asks the same questions at once.
extension Database {
  private static let owned = [
    "job_events", "step_executions", "bodies", "job_snapshots", "artifact_refs", "idempotency_keys",
    "job_owners", "job_labels", "asks", "ask_answers", "parked_jobs", "waits", "slots",
    "subject_refs",
  ]

  /// A place in an event lies within the event's sealed bytes; a body's place has its row.
  private static let places = [
    ("step_executions", "node", "output"), ("job_executions", "id", "outputs"), ("asks", "id", "content"),
    ("ask_answers", "position", "content"),
  ]

  func orphans() throws(SQLiteError) -> [String] {
    var found: [String] = []
    for table in Self.owned {
      let sql =
        "SELECT DISTINCT job FROM \(table) WHERE job NOT IN (SELECT job FROM job_executions) ORDER BY job"
      try query(sql) { row in
        found.append("\(table) has rows of job \(row.integer(0)), which does not exist.")
      }
    }
    for (table, name, column) in Self.places { found += try lostPlaces(table, name: name, column: column) }
    try query("SELECT job FROM job_executions WHERE job NOT IN (SELECT job FROM job_events) ORDER BY job") {
      row in
      found.append("job_executions has job \(row.integer(0)), which has no event.")
    }
    try query(
      """
      SELECT job, max(sequence), count(*) FROM job_events GROUP BY job
      HAVING max(sequence) <> count(*) OR min(sequence) <> 1 ORDER BY job
      """
    ) { row in
      found.append(
        "job_events has a gap: job \(row.integer(0)) has \(row.integer(2)) events up to \(row.integer(1)).")
    }
    return found
  }

  private func lostPlaces(_ table: String, name: String, column: String) throws(SQLiteError) -> [String] {
    var found: [String] = []
    try query(
      """
      SELECT t.job, t.\(name) FROM \(table) t
      LEFT JOIN job_events e ON e.job = t.job AND e.sequence = t.\(column)_event
      LEFT JOIN bodies b ON b.id = t.\(column)_body AND b.job = t.job
      WHERE (t.\(column)_event IS NOT NULL
          AND (e.position IS NULL OR t.\(column)_offset + t.\(column)_length > length(e.sealed)))
        OR (t.\(column)_body IS NOT NULL AND b.id IS NULL) ORDER BY t.job, t.\(name)
      """
    ) { row in
      found.append(
        "\(table) has a row of job \(row.integer(0)) (\(row.text(1))) whose \(column) is not there.")
    }
    return found
  }
}
