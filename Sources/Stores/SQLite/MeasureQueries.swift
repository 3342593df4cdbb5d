internal import Engine
internal import Model

/// How work goes, out of the rows of jobs and messages.
extension Database {
  func measures(_ filter: MeasureFilter, limit: Int) throws(SQLiteError) -> [JobMeasure] {
    var measures: [JobMeasure] = []
    let (sql, values) = Self.measuring(filter)
    try query(sql, values + [.integer(Int64(limit))]) { row throws(SQLiteError) in
      measures.append(
        JobMeasure(
          createdAt: Timestamp(microseconds: row.integer(0)), startedAt: row.time(1),
          completedAt: row.time(2),
          status: try row.jobStatus(3), errorClass: row.optionalText(4).flatMap(ErrorClass.init(rawValue:))))
    }
    return measures
  }

  /// Jobs have their numbers in the order of time, so that the walk back from the newest ends at the first
  /// that was made before the window, with a margin for a clock that was put back.
  static func measuring(_ filter: MeasureFilter) -> (sql: String, values: [SQLValue]) {
    var (parts, values): ([String], [SQLValue]) = ([], [])
    func add(_ part: String, _ value: SQLValue) {
      parts.append(part)
      values.append(value)
    }
    add("created_at >= ?", .integer(filter.since.microseconds))
    add(
      """
      job >= coalesce((SELECT job FROM job_executions WHERE id >= ? ORDER BY id LIMIT 1), \(Int64.max))
      """, .text((filter.since + (.zero - idMargin)).firstID))
    if let namespace = filter.namespace { add("namespace = ?", .text(namespace)) }
    if let pipeline = filter.pipeline { add("pipeline = ?", .text(pipeline)) }
    return (
      """
      SELECT created_at, started_at, completed_at, status, error_class FROM job_executions
      WHERE \(parts.joined(separator: " AND ")) ORDER BY job DESC LIMIT ?
      """, values
    )
  }

  /// An id is made a little before its row, by a clock that may have been put back since.
  private static let idMargin = Duration.seconds(3_600)

  /// The groups would rather be read in the order of another index, which has all jobs that ever were.
  func liveCounts(in namespace: String?) throws(SQLiteError) -> [LiveCount] {
    var counts: [LiveCount] = []
    try query(
      """
      SELECT j.namespace, j.pipeline, j.status, count(*), min(j.created_at)
      FROM job_executions j INDEXED BY live_jobs
      WHERE \(Self.isLive("j")) \(namespace == nil ? "" : "AND +j.namespace = ?")
      GROUP BY j.namespace, j.pipeline, j.status ORDER BY j.namespace, j.pipeline, j.status
      """, namespace.map { [.text($0)] } ?? []
    ) { row throws(SQLiteError) in
      counts.append(
        LiveCount(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), status: try row.jobStatus(2),
          count: Int(row.integer(3)), oldestAt: Timestamp(microseconds: row.integer(4))))
    }
    return counts
  }

  func lineCounts(in namespace: String?) throws(SQLiteError) -> [LineCount] {
    var counts: [LineCount] = []
    try query(
      """
      SELECT namespace, pipeline, trigger_name, kind, count(*), min(received_at) FROM trigger_messages
      \(namespace == nil ? "" : "WHERE namespace = ?")
      GROUP BY namespace, pipeline, trigger_name, kind ORDER BY namespace, pipeline, trigger_name, kind
      """, namespace.map { [.text($0)] } ?? []
    ) { row in
      counts.append(
        LineCount(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), trigger: row.text(2),
          kind: row.text(3), count: Int(row.integer(4)), oldestAt: Timestamp(microseconds: row.integer(5))))
    }
    return counts
  }

  func namespaces() throws(SQLiteError) -> [String] {
    var names: [String] = []
    try query(
      """
      SELECT namespace FROM pipelines p WHERE NOT EXISTS(
        SELECT 1 FROM deleted_pipelines d WHERE d.namespace = p.namespace AND d.pipeline = p.name)
      UNION SELECT namespace FROM connections UNION SELECT namespace FROM credentials
      UNION SELECT namespace FROM settings UNION SELECT name FROM namespaces ORDER BY 1
      """
    ) { row in names.append(row.text(0)) }
    return names
  }
}

extension Timestamp {
  /// The smallest id that is made at this time or later, as the text of a UUIDv7 begins.
  fileprivate var firstID: String {
    let digits = Array("0123456789abcdef".utf8)
    let moment = UInt64(max(0, microseconds / 1_000))
    let text = stride(from: 44, through: 0, by: -4).map { digits[Int(moment >> $0 & 15)] }
    return String(decoding: text[..<8] + [UInt8(ascii: "-")] + text[8...], as: UTF8.self)
  }
}
