import Crypto
import Engine
import Model
import Net

/// A table as the database has it: only its own columns are ever named in a statement.
struct LoadTable: Sendable {
  struct Column: Sendable {
    /// `document`: a column of JSON.
    enum Kind: Sendable { case integer, real, numeric, moment, text, bytes, any, document }
    var name: String
    var kind: Kind
    /// Whether the database turns text that looks like a number into one.
    var makesNumbers: Bool
    var isRequired: Bool
  }

  var name: String
  var columns: [Column]

  private static let hidden: Int64 = 0

  init(name: String, columns: [Column]) { (self.name, self.columns) = (name, columns) }

  init(_ name: String, on connection: borrowing SQLiteConnection) throws(Failure) {
    let lower = name.lowercased()
    let isReserved = lower.hasPrefix("_esteira_") || lower.hasPrefix("sqlite_")
    guard !isReserved,
      let real = try Self.texts(
        connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", name
      ).first?.first
    else {
      throw Failure(
        .configuration, code: "no-table",
        "The database has no table `\(name.prefix(80))` to load into; make it with sql.execute.")
    }
    self.name = real
    let rows = try Self.texts(
      connection,
      """
      SELECT name, type, "notnull" AND NOT (pk > 0 AND upper(type) = 'INTEGER') FROM pragma_table_xinfo(?)
      WHERE hidden = 0
      """, real
    )
    let hasAny = rows.contains { $0[1].uppercased() == "ANY" }
    let isStrict = try hasAny ? Self.isStrict(real, connection) : false
    columns = rows.map { row in
      let kind = Self.kind(row[1])
      // A column without a type keeps what it gets, and so does ANY in a strict table, but in no other.
      let makesNumbers = kind == .moment || (kind == .any && !row[1].isEmpty && !isStrict)
      return Column(name: row[0], kind: kind, makesNumbers: makesNumbers, isRequired: row[2] == "1")
    }
  }

  /// By its name, in which the case of ASCII letters does not matter to SQLite.
  func column(_ name: String) throws(Failure) -> Column {
    if let found = columns.first(where: { ScalarString($0.name) == ScalarString(name) }) { return found }
    if let found = columns.first(where: { $0.name.lowercased() == name.lowercased() }) { return found }
    let known = columns.prefix(50).map(\.name).joined(separator: ", ")
    throw Failure(
      .data, code: "load-columns",
      "The table `\(self.name)` has no column `\(name.prefix(80))` that can be written; it has: \(known).")
  }

  private static func isStrict(
    _ name: String, _ connection: borrowing SQLiteConnection
  ) throws(Failure) -> Bool {
    try !texts(
      connection, "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? AND strict", name
    ).isEmpty
  }

  static func texts(
    _ connection: borrowing SQLiteConnection, _ sql: String, _ value: String
  ) throws(Failure) -> [[String]] {
    try Failure.ofSQL(in: nil) { () throws(SQLFault) in
      let statement = try connection.prepare(sql, allowing: .control)
      try statement.bind([.text(value)])
      var rows: [[String]] = []
      while try statement.next() {
        var row: [String] = []
        for column in 0..<statement.columnCount {
          switch try statement.value(column) {
          case .text(let text): row.append(text)
          case .integer(let integer): row.append("\(integer)")
          case .null, .real, .bytes, .boolean, .document: row.append("")
          }
        }
        rows.append(row)
      }
      return rows
    }
  }

  /// SQLite's own rules of affinity, in their order; a date is kept as the text that it is.
  private static func kind(_ declared: String) -> Column.Kind {
    let type = declared.uppercased()
    func has(_ words: String...) -> Bool { words.contains { type.contains($0) } }
    if has("INT") { return .integer }
    if has("CHAR", "CLOB", "TEXT") { return .text }
    if has("BLOB") { return .bytes }
    if type.isEmpty || type == "ANY" { return .any }
    if has("REAL", "FLOA", "DOUB") { return .real }
    return has("DATE", "TIME") ? .moment : .numeric
  }
}

/// What of a value its column cannot take.
struct LoadComplaint: Error { var text: String }

extension LoadTable.Column {
  private static let exactIntegers = Int64(1) << 53

  /// A field of a CSV.
  func value(field text: String, nullText: String) throws(LoadComplaint) -> SQLValue {
    if ScalarString(text) == ScalarString(nullText) { return try null() }
    return try value(text: text)
  }

  func value(_ json: JSON) throws(LoadComplaint) -> SQLValue {
    switch (json, kind) {
    case (.null, _): return try null()
    case (_, .document): return .document(json.text)
    case (.string(let text), _): return try value(text: text)
    case (.bool(let yes), .integer), (.bool(let yes), .numeric), (.bool(let yes), .any):
      return .integer(yes ? 1 : 0)
    case (.int(let integer), .integer), (.int(let integer), .numeric), (.int(let integer), .moment),
      (.int(let integer), .any):
      return .integer(integer)
    case (.int(let integer), .real):
      guard integer.magnitude <= Self.exactIntegers.magnitude else {
        throw LoadComplaint(text: "\(integer) has more digits than a REAL keeps")
      }
      return .real(Double(integer))
    case (.double(let real), .integer):
      guard let integer = Int64(exactly: real) else {
        throw LoadComplaint(text: "\(json.text) is no integer")
      }
      return .integer(integer)
    case (.double(let real), .numeric):
      // The number was read as a double, which may have rounded it already.
      try checkDigits(json.text)
      return .real(real)
    case (.double(let real), .real), (.double(let real), .moment), (.double(let real), .any):
      return .real(real)
    case (.int, .text), (.double, .text), (.bool, .text), (.array, .text), (.object, .text), (.array, .any),
      (.object, .any):
      return .text(json.text)
    case (.bool, .real), (.bool, .moment), (.bool, .bytes), (.int, .bytes), (.double, .bytes),
      (.array, .integer), (.array, .real), (.array, .numeric), (.array, .moment), (.array, .bytes),
      (.object, .integer), (.object, .real), (.object, .numeric), (.object, .moment), (.object, .bytes):
      throw LoadComplaint(text: "\(json.kind) does not fit there")
    }
  }

  private func null() throws(LoadComplaint) -> SQLValue {
    if isRequired { throw LoadComplaint(text: "it may not be null") }
    return .null
  }

  private func value(text: String) throws(LoadComplaint) -> SQLValue {
    switch kind {
    case .text, .document: return .text(text)
    case .any, .moment:
      guard !makesNumbers || LoadNumber.staysItself(text) else {
        throw complaint(text, "would be kept as a number that reads otherwise")
      }
      return .text(text)
    case .bytes:
      guard let bytes = Base64.decode(text) else {
        throw complaint(text, "is no base64, as bytes are written")
      }
      return .bytes(bytes)
    case .integer:
      guard let integer = Int64(text) else { throw complaint(text, "is no integer") }
      return .integer(integer)
    case .real:
      guard let real = LoadNumber.read(text) else { throw complaint(text, "is no number") }
      return .real(real)
    case .numeric:
      if let integer = Int64(text) { return .integer(integer) }
      guard let real = LoadNumber.read(text) else { throw complaint(text, "is no number") }
      try checkDigits(text)
      return .real(real)
    }
  }

  private func checkDigits(_ text: String) throws(LoadComplaint) {
    guard LoadNumber.digits(of: text) <= LoadNumber.exactDigits else {
      throw complaint(text, "has more than \(LoadNumber.exactDigits) digits, and the database would round it")
    }
  }

  private func complaint(_ text: String, _ what: String) -> LoadComplaint {
    LoadComplaint(text: "`\(text.prefix(60))` \(what)")
  }
}
