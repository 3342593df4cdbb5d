import Engine
import Model
import Net

/// A table of PostgreSQL that rows are loaded into.
struct PostgresTable {
  /// With its schema, quoted.
  let name: String
  let columns: LoadTable

  /// `name` as SQL has it: `orders`, `sales.orders`, `"Orders"`.
  init(_ name: String, on connection: borrowing PostgresConnection) throws(Failure) {
    let found = try PostgresRecords.texts(
      """
      SELECT n.nspname, c.relname, c.oid::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE '\\_esteira\\_%'
      """, [.text(name)], on: connection)
    guard let row = found.first, row.count == 3 else {
      throw Failure(
        .configuration, code: "no-table",
        "The database has no table `\(name.prefix(80))` to load into; make it with sql.execute.")
    }
    self.name = "\(PostgresConnection.quoted(row[0])).\(PostgresConnection.quoted(row[1]))"
    let shown = row[0] == "public" ? row[1] : "\(row[0]).\(row[1])"
    let columns = try PostgresRecords.texts(
      """
      SELECT a.attname, t.typname, a.attnotnull::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      ORDER BY a.attnum
      """, [.text(row[2])], on: connection)
    self.columns = LoadTable(
      name: shown,
      columns: columns.map {
        .init(name: $0[0], kind: Self.kind($0[1]), makesNumbers: false, isRequired: $0[2] == "true")
      })
  }

  /// The server checks its own types; here is only what looks otherwise in a file.
  private static func kind(_ type: String) -> LoadTable.Column.Kind {
    switch type {
    case "bytea": .bytes
    case "json", "jsonb": .document
    case "text", "varchar", "bpchar", "name", "citext": .text
    case _: .any
    }
  }

  /// Refuses to replace rows that others refer to with an action: see `LoadReferences`.
  static func checkReferences(
    _ tables: [PostgresTable], _ mode: LoadPlan.Mode, on connection: borrowing PostgresConnection
  ) throws(Failure) {
    let replaced = mode == .replace ? tables.map(\.name) : []
    for table in tables {
      let found = try PostgresRecords.texts(
        """
        SELECT quote_ident(n.nspname), quote_ident(c.relname),
          CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype = 'f' AND k.confrelid = $1::regclass AND k.confdeltype IN ('c', 'n', 'd')
        """, [.text(table.name)], on: connection)
      for row in found where !replaced.contains("\(Self.requoted(row[0])).\(Self.requoted(row[1]))") {
        throw Failure(
          .configuration, code: "load-references",
          "Rows of `\(row[1])` refer to `\(table.columns.name)` with ON DELETE \(row[2]): replacing would "
            + "change them too. Use `upsert`, or have that table refer without an action.")
      }
    }
  }

  /// `quote_ident` quotes only what needs it, and we always do.
  private static func requoted(_ name: String) -> String {
    name.hasPrefix("\"") ? name : PostgresConnection.quoted(name)
  }
}
