import Engine
import Model
import Net

/// A table behind an ODBC driver that rows are loaded into.
struct ODBCTable {
  /// As it stands in a statement.
  let name: String
  let columns: LoadTable
  /// The standard's number of each column's type, where a value is to be read as that; 0 of texts.
  private let types: [Int16]
  /// As the catalog has them.
  private let table: String
  private let schema: String?

  /// `name` as SQL has it: `orders`, `sales.orders`, `"Orders"`.
  init(_ name: String, on connection: borrowing ODBCConnection) throws(Failure) {
    guard let parts = Self.parts(name), let last = parts.last, !last.text.lowercased().hasPrefix("_esteira_")
    else { throw Self.missing(name) }
    self.name = parts.map { $0.isQuoted ? connection.quoted($0.text) : $0.text }.joined(separator: ".")
    (table, schema) = (Self.folded(last, connection.engine), parts.dropLast().last.map { $0.text })
    let found: [ODBCStatement.Column]
    do throws(SQLFault) {
      let statement = try connection.prepare(
        ODBCText("SELECT * FROM \(self.name) WHERE 1 = 0", connection.engine))
      try statement.run([])
      found = try statement.columns()
    } catch {
      guard error.kind == .statement || error.kind == .other else { throw Failure(error) }
      throw Self.missing(name)
    }
    types = found.map { ODBCType($0.type) == .text ? 0 : $0.type }
    columns = LoadTable(
      name: parts.map(\.text).joined(separator: "."),
      columns: found.map {
        .init(
          name: $0.name, kind: Self.kind(ODBCType($0.type)), makesNumbers: false, isRequired: $0.isRequired)
      })
  }

  private static func missing(_ name: String) -> Failure {
    Failure(
      .configuration, code: "no-table",
      "The database has no table `\(name.prefix(80))` to load into; make it with sql.execute.")
  }

  private static func kind(_ type: ODBCType) -> LoadTable.Column.Kind {
    switch type {
    case .integer: .integer
    case .real: .real
    case .bytes: .bytes
    case .text: .text
    // The engine reads these itself from their text.
    case .decimal, .boolean, .date, .moment: .any
    }
  }

  private struct Part {
    var text: String
    var isQuoted: Bool
  }

  /// Nil for what is no name: nothing else may get into a statement.
  private static func parts(_ name: String) -> [Part]? {
    var parts: [Part] = []
    var rest = Array(name.unicodeScalars)[...]
    while true {
      var text = String.UnicodeScalarView()
      let isQuoted = rest.first == "\""
      if isQuoted {
        rest.removeFirst()
        while let next = rest.popFirst() {
          if next == "\"", rest.first != "\"" { break }
          if next == "\"" { rest.removeFirst() }
          text.append(next)
        }
      } else {
        while let next = rest.first, isPlain(next, first: text.isEmpty) {
          text.append(next)
          rest.removeFirst()
        }
      }
      if text.isEmpty || text.contains("\0") { return nil }
      parts.append(Part(text: String(text), isQuoted: isQuoted))
      if rest.isEmpty { return parts.count <= 3 ? parts : nil }
      guard rest.popFirst() == "." else { return nil }
    }
  }

  private static func isPlain(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "_": true
    case "0"..."9", "$": !first
    case _: scalar.value >= 0x80 && scalar.properties.isAlphabetic
    }
  }

  /// How the catalog keeps a name that was not quoted.
  private static func folded(_ part: Part, _ engine: ODBCEngine) -> String {
    if part.isQuoted { return part.text }
    switch engine {
    case .postgresql: return part.text.lowercased()
    case .oracle: return part.text.uppercased()
    case .mysql, .sqlite, .sqlserver, .other: return part.text
    }
  }

  /// The types of some of its columns.
  func types(of wanted: [LoadTable.Column]) -> [Int16] {
    wanted.map { column in
      columns.columns.firstIndex { ScalarString($0.name) == ScalarString(column.name) }.map { types[$0] } ?? 0
    }
  }

  /// A date in a file is year-month-day and nothing else: what a driver makes of others depends on where it
  /// is.
  static func checked(
    _ values: [SQLValue], _ types: [Int16], _ columns: [LoadTable.Column], line: Int
  ) throws(Failure) -> [SQLValue] {
    var values = values
    for (place, type) in types.enumerated() {
      let kind = ODBCType(type)
      guard kind == .date || kind == .moment, case .text(let text) = values[place] else { continue }
      guard isDate(text) else {
        throw Failure(
          .data, code: "load-row",
          "Line \(line), column `\(columns[place].name)`: `\(text.prefix(60))` is no date: year-month-day."
        )
      }
      if kind == .moment { values[place] = .text(text.replacing("T", with: " ")) }
    }
    return values
  }

  private static func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8.prefix(10))
    return bytes.count == 10
      && bytes.enumerated().allSatisfy { place, byte in
        place == 4 || place == 7 ? byte == UInt8(ascii: "-") : (0x30...0x39).contains(byte)
      }
  }

  /// Refuses `keys` that no two rows are known to differ in.
  func checkKeys(_ keys: [String], on connection: borrowing ODBCConnection) throws(Failure) {
    guard let known = connection.uniqueKeys(of: table, schema: schema) else { return }
    let wanted = Set(keys.map { $0.lowercased() })
    if known.contains(where: { Set($0.map { $0.lowercased() }) == wanted }) { return }
    throw Self.wrongKeys(keys)
  }

  static func wrongKeys(_ keys: [String]) -> Failure {
    Failure(
      .configuration, code: "load-keys",
      "No primary key or unique index of the table is just the `keys` \(keys.joined(separator: ", ")).")
  }

  /// Refuses to replace rows that others refer to with an action, as far as the driver tells of them.
  static func checkReferences(
    _ tables: [ODBCTable], _ mode: LoadPlan.Mode, on connection: borrowing ODBCConnection
  ) throws(Failure) {
    let replaced = mode == .replace ? tables.map(\.table) : []
    for table in tables {
      for found in connection.references(to: table.table, schema: table.schema)
      where !replaced.contains(found.table) {
        throw Failure(
          .configuration, code: "load-references",
          "Rows of `\(found.table)` refer to `\(table.columns.name)` with ON DELETE \(found.rule): replacing "
            + "would change them too. Use `upsert`, or have that table refer without an action.")
      }
    }
  }
}
