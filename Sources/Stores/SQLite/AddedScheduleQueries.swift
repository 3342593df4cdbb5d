internal import Engine
internal import Model

/// Schedules that stand beside their pipelines' files.
extension Database {
  func addedSchedules(in namespace: String?, pipeline: String? = nil) throws(SQLiteError) -> [AddedSchedule] {
    var (conditions, values): ([String], [SQLValue]) = ([], [])
    if let namespace { (conditions, values) = (["namespace = ?"], [.text(namespace)]) }
    if let pipeline {
      conditions.append("pipeline = ?")
      values.append(.text(pipeline))
    }
    let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    var rows: [AddedSchedule] = []
    try query(
      """
      SELECT namespace, pipeline, name, spec, inputs, version, created_at, created_by, updated_at, updated_by
      FROM added_schedules \(condition) ORDER BY namespace, pipeline, name
      """, values
    ) { row throws(SQLiteError) in
      rows.append(
        AddedSchedule(
          pipeline: PipelineName(namespace: row.text(0), name: row.text(1)), name: row.text(2),
          spec: try row.json(3), inputs: try row.json(4).object ?? JSONObject(), version: Int(row.integer(5)),
          createdAt: Timestamp(microseconds: row.integer(6)), createdBy: row.text(7),
          updatedAt: Timestamp(microseconds: row.integer(8)), updatedBy: row.text(9)))
    }
    return rows
  }

  /// A row that is not of the version before this one leaves NULL where none may be: the writes are refused.
  func put(_ schedule: AddedSchedule) throws(SQLiteError) {
    let (namespace, pipeline) = (schedule.pipeline.namespace, schedule.pipeline.name)
    try query(
      """
      INSERT INTO added_schedules VALUES(?1, ?2, ?3, ?4, ?5, CASE WHEN ?6 = 1 OR EXISTS(
          SELECT 1 FROM added_schedules WHERE namespace = ?1 AND pipeline = ?2 AND name = ?3) THEN ?6 END,
        ?7, ?8, ?9, ?10)
      ON CONFLICT DO UPDATE SET spec = ?4, inputs = ?5, updated_at = ?9, updated_by = ?10,
        version = CASE WHEN version = ?6 - 1 THEN ?6 END
      """,
      [
        .text(namespace), .text(pipeline), .text(schedule.name), .text(schedule.spec.text),
        .text(JSON.object(schedule.inputs).text), .integer(Int64(schedule.version)),
        .integer(schedule.createdAt.microseconds), .text(schedule.createdBy),
        .integer(schedule.updatedAt.microseconds), .text(schedule.updatedBy),
      ])
  }

  func removeAddedSchedules(of pipeline: PipelineName, name: String?) throws(SQLiteError) {
    let (namespace, pipeline) = (SQLValue.text(pipeline.namespace), SQLValue.text(pipeline.name))
    guard let name else {
      return try query(
        "DELETE FROM added_schedules WHERE namespace = ? AND pipeline = ?", [namespace, pipeline])
    }
    try query(
      "DELETE FROM added_schedules WHERE namespace = ? AND pipeline = ? AND name = ?",
      [namespace, pipeline, .text(name)])
  }
}
