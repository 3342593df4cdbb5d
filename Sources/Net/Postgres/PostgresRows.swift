internal import CPostgres

/// The rows of a statement that runs, one in memory at a time. Blocks the thread of its connection.
public struct PostgresRows: ~Copyable, SQLCursor {
  /// Of a row.
  static let rowLimit = 16 << 20

  private let handle: OpaquePointer
  private let wait: PostgresWait
  private let text: PostgresText
  private let state = State()

  private final class State {
    var row: OpaquePointer?
    var names: [String]?
    var changes: Int64 = 0
    var isOver = false
    func clear() {
      PQclear(row)
      row = nil
    }

    func nameColumns(_ result: OpaquePointer) {
      if names != nil { return }
      names = (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
    }

    func note(_ result: OpaquePointer) {
      guard let status = PQcmdStatus(result), let count = PQcmdTuples(result) else { return }
      let word = String(cString: status).prefix { $0 != " " }
      if ["INSERT", "UPDATE", "DELETE", "MERGE"].contains(word) {
        changes = Int64(String(cString: count)) ?? 0
      }
    }
  }

  init(handle: OpaquePointer, wait: PostgresWait, text: PostgresText) {
    (self.handle, self.wait, self.text) = (handle, wait, text)
  }

  deinit { reset() }

  /// Empty before the first `next`.
  public var columnNames: [String] { state.names ?? [] }

  /// Rows inserted, updated, deleted or merged, once all of the answer is read; 0 of any other statement.
  public var changes: Int64 { state.changes }

  public func next() throws(SQLFault) -> Bool {
    state.clear()
    guard !state.isOver else { return false }
    while let result = try PostgresConnection.nextResult(handle, wait) {
      switch PQresultStatus(result) {
      case PGRES_SINGLE_TUPLE:
        state.row = result
        state.nameColumns(result)
        guard rowBytes <= Self.rowLimit else {
          reset()
          throw SQLFault(.tooLarge, "the row is larger than \(Self.rowLimit >> 20) MiB")
        }
        return true
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
        state.nameColumns(result)
        state.note(result)
        PQclear(result)
      case _:
        let fault = PostgresConnection.fault(handle, wait, result, text)
        PQclear(result)
        reset()
        throw fault
      }
    }
    state.isOver = true
    return false
  }

  /// Runs it to its end without looking at rows.
  public func finish() throws(SQLFault) { while try next() {} }

  public var rowBytes: Int {
    guard let row = state.row else { return 0 }
    return (0..<PQnfields(row)).reduce(0) { $0 + Int(PQgetlength(row, 0, $1)) }
  }

  public func value(_ column: Int) throws(SQLFault) -> SQLValue {
    let column = Int32(column)
    guard let row = state.row, PQgetisnull(row, 0, column) == 0, let start = PQgetvalue(row, 0, column) else {
      return .null
    }
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(row, 0, column)))
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SQLFault(.value, "the text of column \(column + 1) is not UTF-8")
    }
    return PostgresType(oid: PQftype(row, column)).value(text)
  }

  /// Ends it before its last row: the server is asked to stop, and what it still sends is thrown away.
  public func reset() {
    state.clear()
    guard !state.isOver else { return }
    state.isOver = true
    guard PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
    if let cancel = PQgetCancel(handle) {
      var said = [CChar](repeating: 0, count: 256)
      PQcancel(cancel, &said, Int32(said.count))
      PQfreeCancel(cancel)
    }
    while let result = try? PostgresConnection.nextResult(handle, wait) { PQclear(result) }
  }
}

/// The types whose values have a form of their own here; every other value is the server's text.
enum PostgresType {
  case boolean, bytes, integer, real, numeric, moment, instant, document, text

  /// From `pg_type.dat`: the same numbers in every server.
  init(oid: UInt32) {
    self =
      switch oid {
      case 16: .boolean
      case 17: .bytes
      case 20, 21, 23, 26: .integer
      case 700, 701: .real
      case 1_700: .numeric
      case 1_114: .moment
      case 1_184: .instant
      case 114, 3_802: .document
      case _: .text
      }
  }

  /// A decimal that a double would round, and an infinite number, stay text.
  func value(_ text: String) -> SQLValue {
    switch self {
    case .boolean: .boolean(text == "t")
    case .bytes: Self.bytes(text).map { .bytes($0) } ?? .text(text)
    case .integer: Int64(text).map { .integer($0) } ?? .text(text)
    case .real: Double(text).map { .real($0) } ?? .text(text)
    case .numeric: Self.number(text)
    case .moment: .text(text.replacing(" ", with: "T"))
    case .instant: .text(Self.instant(text))
    case .document: .document(text)
    case .text: .text(text)
    }
  }

  private static func number(_ text: String) -> SQLValue {
    let digits = text.utf8.filter { (0x30...0x39).contains($0) }
    guard digits.count <= 15, let number = Double(text), number.isFinite else { return .text(text) }
    return Int64(text).map { .integer($0) } ?? .real(number)
  }

  /// RFC 3339; the sessions' time zone is UTC.
  private static func instant(_ text: String) -> String {
    let text = text.replacing(" ", with: "T")
    return text.hasSuffix("+00") ? String(text.dropLast(3)) + "Z" : text
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    guard text.hasPrefix("\\x") else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text.utf8.dropFirst(2) {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      case _: return nil
      }
      if let known = high {
        bytes.append(known << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? bytes : nil
  }
}
