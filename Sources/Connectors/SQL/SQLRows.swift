import Crypto
import Engine
import Model
import Net

/// The columns of a result, and how its rows look as values.
struct SQLRows: Sendable {
  /// What rows may take in an output, which has other members too.
  static let limit = (4 << 20) - (64 << 10)

  let columns: [String]

  init(_ columns: [String]) throws(Failure) {
    var seen = Set<ScalarString>()
    for column in columns where !seen.insert(ScalarString(column)).inserted {
      throw Failure(
        .data, code: "duplicate-column",
        "Two columns of the result are called `\(column.prefix(80))`; give them names with AS.")
    }
    self.columns = columns
  }

  /// The rows as objects; fails with `tooLarge` where they are more than an output may hold.
  func collect<Cursor: SQLCursor & ~Copyable>(
    _ statement: borrowing Cursor, in sql: String, max: Int? = nil
  ) throws(Failure) -> (rows: [JSON], isTruncated: Bool) {
    var (rows, size): ([JSON], Int) = ([], 0)
    var bytes: [UInt8] = []
    while try Failure.ofSQL(in: sql, { () throws(SQLFault) in try statement.next() }) {
      if let max, rows.count >= max {
        statement.reset()
        return (rows, true)
      }
      guard size + statement.rowBytes <= Self.limit else { throw .rowsTooLarge(rows.count + 1) }
      var row = JSONObject()
      for (place, column) in columns.enumerated() {
        row[column] = try json(statement, place, row: rows.count + 1)
      }
      let value = JSON.object(row)
      bytes.removeAll(keepingCapacity: true)
      value.write(to: &bytes)
      size += bytes.count + 1
      rows.append(value)
      if size > Self.limit {
        throw .rowsTooLarge(rows.count)
      }
    }
    return (rows, false)
  }

  /// One value: integers and doubles exactly, bytes as base64.
  func json<Cursor: SQLCursor & ~Copyable>(
    _ statement: borrowing Cursor, _ place: Int, row: Int
  ) throws(Failure) -> JSON {
    switch try Failure.ofSQL(in: nil, { () throws(SQLFault) in try statement.value(place) }) {
    case .null: return .null
    case .integer(let integer): return .int(integer)
    case .real(let real):
      guard real.isFinite else {
        throw Failure(
          .data, code: "sql-value",
          "Row \(row) has an infinite number in `\(columns[place])`, which JSON does not have.")
      }
      return .double(real)
    case .text(let text): return .string(text)
    case .bytes(let bytes): return .string(Base64.encode(bytes))
    case .boolean(let yes): return .bool(yes)
    case .document(let text):
      // What this reader of JSON cannot hold (a number of a hundred digits) stays text, and nothing is lost.
      return (try? JSON(parsing: Array(text.utf8))) ?? .string(text)
    }
  }
}

extension Failure {
  static func rowsTooLarge(_ count: Int) -> Failure {
    Failure(
      .outputTooLarge, code: "output-too-large",
      "The rows are more than 4 MiB after \(count): read less, or use `result: artifact` of sql.query."
    )
  }
}
