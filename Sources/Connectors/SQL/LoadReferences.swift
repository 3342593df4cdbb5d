import Engine
import Model
import Net

/// What foreign keys say of tables whose rows are about to be replaced.
enum LoadReferences {
  /// Refuses to replace rows that other rows refer to, where deleting them would delete or change those: the
  /// same keys come back a moment later, and nobody would know of what went with them. Among tables that are
  /// replaced as a whole that does no harm.
  static func check(
    _ tables: [String], _ mode: LoadPlan.Mode, on connection: borrowing SQLiteConnection
  ) throws(Failure) {
    let replaced = mode == .replace ? tables : []
    for table in tables {
      let references = try references(
        to: table, "AND f.on_delete NOT IN ('NO ACTION', 'RESTRICT')", connection)
      guard let found = references.first(where: { !isOne($0[0], of: replaced) }) else { continue }
      throw Failure(
        .configuration, code: "load-references",
        "Rows of `\(found[0])` refer to `\(table)` with ON DELETE \(found[1]): replacing would change "
          + "them too. Use `upsert`, or have that table refer without an action.")
    }
  }

  /// Whether any of the tables refers to one of them.
  static func areWithin(
    _ tables: [String], on connection: borrowing SQLiteConnection
  ) throws(Failure) -> Bool {
    for table in tables {
      let references = try references(to: table, "", connection)
      if references.contains(where: { isOne($0[0], of: tables) }) { return true }
    }
    return false
  }

  /// Names in the schema are as the database has them.
  private static func isOne(_ name: String, of tables: [String]) -> Bool {
    tables.contains { ScalarString($0) == ScalarString(name) }
  }

  /// The tables that refer to one, each with its action on deletion.
  private static func references(
    to table: String, _ condition: String, _ connection: borrowing SQLiteConnection
  ) throws(Failure) -> [[String]] {
    try LoadTable.texts(
      connection,
      """
      SELECT m.name, f.on_delete FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
      WHERE m.type = 'table' AND f."table" = ? COLLATE NOCASE \(condition)
      """, table)
  }
}
