internal import CSQLite

enum SQLValue {
  case null
  case integer(Int64)
  case text(String)
  case bytes([UInt8])

  init(_ text: String?) { self = text.map(SQLValue.text) ?? .null }
  init(_ integer: Int64?) { self = integer.map(SQLValue.integer) ?? .null }
}

/// A prepared statement, used for one row after another.
@safe struct Statement: ~Copyable {
  private let handle: OpaquePointer
  private let connection: OpaquePointer

  init(_ sql: String, on connection: OpaquePointer) throws(SQLiteError) {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard let prepared else {
      throw SQLiteError(code, on: connection)
    }
    (handle, self.connection) = (prepared, connection)
  }

  /// One that was released.
  init(_ handle: OpaquePointer, on connection: OpaquePointer) {
    (self.handle, self.connection) = (handle, connection)
  }

  deinit { sqlite3_finalize(handle) }

  /// Gives the statement away, without its values. It must have been run to its end, or reset.
  consuming func release() -> OpaquePointer {
    let released = handle
    discard self
    sqlite3_clear_bindings(released)
    return released
  }

  /// Writes one row. An `InlineArray` literal: no allocation for the values.
  func run<let count: Int>(_ values: [count of Int64?]) throws(SQLiteError) {
    bind(values)
    try run()
  }

  /// The same with `ranges` of `bytes` as the last values. SQLite reads them in place, with no copy.
  func run<let count: Int, let blobs: Int>(
    _ values: [count of Int64?], _ bytes: borrowing [UInt8], _ ranges: [blobs of Range<Int>]
  ) throws(SQLiteError) {
    bind(values)
    try bytes.span.withUnsafeBytes { buffer throws(SQLiteError) in
      for index in ranges.indices {
        let (column, range) = (Int32(count + index + 1), ranges[index])
        if range.isEmpty {
          sqlite3_bind_zeroblob(handle, column, 0)
        } else {
          let blob = UnsafeRawBufferPointer(rebasing: buffer[range])
          sqlite3_bind_blob(handle, column, blob.baseAddress, Int32(blob.count), nil)
        }
      }
      try run()
    }
  }

  /// Writes one row, or runs a statement without rows, and makes the statement ready for the next.
  func run() throws(SQLiteError) {
    let code = sqlite3_step(handle)
    if code == SQLITE_DONE {
      sqlite3_reset(handle)
      return
    }
    let error = SQLiteError(code, on: connection)
    sqlite3_reset(handle)
    throw error
  }

  func run(_ values: [SQLValue]) throws(SQLiteError) {
    bind(values)
    try run()
  }

  /// Moves to the next row; after the last one the statement is ready to be used again.
  func next() throws(SQLiteError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    let error = code == SQLITE_DONE ? nil : SQLiteError(code, on: connection)
    sqlite3_reset(handle)
    if let error { throw error }
    return false
  }

  /// Ends a query before its last row, so that it holds no snapshot of the database.
  func reset() { sqlite3_reset(handle) }

  private func bind<let count: Int>(_ values: [count of Int64?]) {
    for index in values.indices {
      if let value = values[index] {
        sqlite3_bind_int64(handle, Int32(index + 1), value)
      } else {
        sqlite3_bind_null(handle, Int32(index + 1))
      }
    }
  }

  func bind(_ values: [SQLValue]) {
    precondition(values.count == sqlite3_bind_parameter_count(handle), "One value for each parameter.")
    for (index, value) in zip(Int32(1)..., values) {
      switch value {
      case .null: sqlite3_bind_null(handle, index)
      case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
      case .text(let text): csqlite_bind_text(handle, index, text, Int32(text.utf8.count))
      case .bytes(let bytes): csqlite_bind_blob(handle, index, bytes, Int32(bytes.count))
      }
    }
  }
}

/// The columns of the row that `next` moved to, from 0.
extension Statement {
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func optional(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func text(_ column: Int32) -> String {
    guard let start = sqlite3_column_blob(handle, column) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  /// In bytes, of a text or a blob.
  func size(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, column))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }
}

/// Statements of one connection that nobody runs now, by their text.
@safe final class SpareStatements {
  private var handles: [String: OpaquePointer] = [:]
  /// Texts that are made for one question must not fill the memory: from here on all begin anew.
  static let most = 128

  deinit { removeAll() }

  func take(_ sql: String) -> OpaquePointer? { handles.removeValue(forKey: sql) }

  func keep(_ handle: OpaquePointer, _ sql: String) {
    if handles.count >= Self.most { removeAll() }
    // The same statement ran while this one did.
    if let other = handles.updateValue(handle, forKey: sql) { sqlite3_finalize(other) }
  }

  private func removeAll() {
    for handle in handles.values { sqlite3_finalize(handle) }
    handles = [:]
  }
}
