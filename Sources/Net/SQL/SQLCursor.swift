/// The rows of a statement, whichever engine gives them. Blocks the thread of its connection.
public protocol SQLCursor: ~Copyable {
  var columnNames: [String] { get }
  /// Moves to the next row; false after the last one.
  func next() throws(SQLFault) -> Bool
  /// Bytes of the row's texts and bytes, looked at before any of it is copied.
  var rowBytes: Int { get }
  /// A column of the row that `next` moved to, from 0.
  func value(_ column: Int) throws(SQLFault) -> SQLValue
  /// Ends a query before its last row.
  func reset()
}

extension SQLiteStatement: SQLCursor {}
