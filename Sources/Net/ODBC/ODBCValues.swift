internal import CODBC

/// How values of a type of the standard are read.
public enum ODBCType: Sendable, Hashable {
  case integer, real, decimal, boolean, bytes, date, moment, text

  public init(_ number: Int16) {
    self =
      switch Int32(number) {
      case SQL_TINYINT, SQL_SMALLINT, SQL_INTEGER, SQL_BIGINT: .integer
      case SQL_REAL, SQL_FLOAT, SQL_DOUBLE: .real
      case SQL_DECIMAL, SQL_NUMERIC: .decimal
      case SQL_BIT: .boolean
      case SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY: .bytes
      case SQL_TYPE_DATE: .date
      case SQL_TYPE_TIMESTAMP: .moment
      case _: .text
      }
  }
}

/// Values in memory that does not move while a statement runs.
final class ODBCValues {
  struct Value {
    var form: SQLSMALLINT
    var usualType: SQLSMALLINT
    var start: UnsafeMutableRawPointer
    var bytes: SQLLEN
    var columnSize: SQLULEN
  }

  let values: [Value]
  /// One for each value: its bytes, or that it is null.
  let lengths: UnsafeMutablePointer<SQLLEN>

  /// Longer texts have a type of their own in many engines.
  private static let usualLength = 4_000

  init(_ given: [SQLValue]) {
    lengths = .allocate(capacity: max(1, given.count))
    var values: [Value] = []
    for (place, value) in given.enumerated() {
      let made = Self.value(value)
      values.append(made)
      lengths[place] = value == .null ? SQLLEN(SQL_NULL_DATA) : made.bytes
    }
    self.values = values
  }

  deinit {
    for value in values { value.start.deallocate() }
    lengths.deallocate()
  }

  private static func value(_ value: SQLValue) -> Value {
    switch value {
    case .integer(let integer): fixed(integer, ESTEIRA_C_BIGINT, SQL_BIGINT, size: 19)
    case .real(let real): fixed(real, ESTEIRA_C_DOUBLE, SQL_DOUBLE, size: 15)
    case .boolean(let yes): fixed(UInt8(yes ? 1 : 0), ESTEIRA_C_BIT, SQL_BIT, size: 1)
    case .text(let text), .document(let text):
      array(Array(text.utf16), ESTEIRA_C_WCHAR, SQL_WVARCHAR, long: SQL_WLONGVARCHAR)
    case .bytes(let bytes): array(bytes, ESTEIRA_C_BINARY, SQL_VARBINARY, long: SQL_LONGVARBINARY)
    case .null: array([UInt16](), ESTEIRA_C_WCHAR, SQL_WVARCHAR, long: SQL_WLONGVARCHAR)
    }
  }

  private static func fixed<Number>(
    _ number: Number, _ form: SQLSMALLINT, _ type: Int32, size: SQLULEN
  ) -> Value {
    let place = UnsafeMutablePointer<Number>.allocate(capacity: 1)
    place.initialize(to: number)
    return Value(
      form: form, usualType: SQLSMALLINT(type), start: UnsafeMutableRawPointer(place),
      bytes: SQLLEN(MemoryLayout<Number>.size), columnSize: size)
  }

  private static func array<Unit>(
    _ units: [Unit], _ form: SQLSMALLINT, _ type: Int32, long: Int32
  ) -> Value {
    let place = UnsafeMutablePointer<Unit>.allocate(capacity: max(1, units.count))
    place.initialize(from: units, count: units.count)
    return Value(
      form: form, usualType: SQLSMALLINT(units.count > usualLength ? long : type),
      start: UnsafeMutableRawPointer(place), bytes: SQLLEN(units.count * MemoryLayout<Unit>.size),
      columnSize: SQLULEN(max(1, units.count)))
  }
}
