internal import Engine
internal import Model

/// Destinations that stand beside those of `esteira.yaml`.
extension Database {
  func addedDestinations() throws(SQLiteError) -> [AddedDestination] {
    var rows: [AddedDestination] = []
    try query(
      """
      SELECT name, spec, version, created_at, created_by, updated_at, updated_by
      FROM added_destinations ORDER BY name
      """
    ) { row throws(SQLiteError) in
      rows.append(
        AddedDestination(
          name: row.text(0), spec: try row.json(1), version: Int(row.integer(2)),
          createdAt: Timestamp(microseconds: row.integer(3)), createdBy: row.text(4),
          updatedAt: Timestamp(microseconds: row.integer(5)), updatedBy: row.text(6)))
    }
    return rows
  }

  /// A row that is not of the version before this one leaves NULL where none may be: the writes are refused.
  func put(_ destination: AddedDestination) throws(SQLiteError) {
    try query(
      """
      INSERT INTO added_destinations VALUES(?1, ?2, CASE WHEN ?3 = 1 OR EXISTS(
          SELECT 1 FROM added_destinations WHERE name = ?1) THEN ?3 END, ?4, ?5, ?6, ?7)
      ON CONFLICT DO UPDATE SET spec = ?2, updated_at = ?6, updated_by = ?7,
        version = CASE WHEN version = ?3 - 1 THEN ?3 END
      """,
      [
        .text(destination.name), .text(destination.spec.text), .integer(Int64(destination.version)),
        .integer(destination.createdAt.microseconds), .text(destination.createdBy),
        .integer(destination.updatedAt.microseconds), .text(destination.updatedBy),
      ])
  }

  func removeAddedDestination(_ name: String) throws(SQLiteError) {
    try query("DELETE FROM added_destinations WHERE name = ?", [.text(name)])
  }
}
