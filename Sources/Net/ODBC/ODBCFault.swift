internal import CODBC

extension SQLFault {
  /// What the driver or its manager says of a handle.
  init(odbc type: Int32, _ handle: SQLHANDLE?, _ engine: ODBCEngine, isOpening: Bool = false) {
    guard let (state, native, said) = Self.record(type, handle) else {
      self.init(.other, "the driver says nothing of why it failed")
      return
    }
    let message = Self.tidied(said)
    var kind = Self.kind(ofState: state)
    if engine == .sqlite, state == "HY000" { kind = Self.kind(ofSQLite: native) }
    if isOpening { kind = Self.opening(state, message) ?? kind }
    self.init(kind, message)
  }

  /// The first one says what happened; the others only repeat it.
  private static func record(
    _ type: Int32, _ handle: SQLHANDLE?
  ) -> (state: String, native: Int32, message: String)? {
    guard let odbc = esteira_odbc() else { return nil }
    var state = [SQLWCHAR](repeating: 0, count: 6)
    var text = [SQLWCHAR](repeating: 0, count: 1_024)
    var (native, length): (SQLINTEGER, SQLSMALLINT) = (0, 0)
    let code = odbc.pointee.GetDiagRec(
      SQLSMALLINT(type), handle, 1, &state, &native, &text, SQLSMALLINT(text.count), &length)
    guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { return nil }
    let count = max(0, min(Int(length), text.count - 1))
    return (
      String(decoding: state.prefix(5), as: UTF16.self), native,
      String(decoding: text.prefix(count), as: UTF16.self)
    )
  }

  /// Without the names in brackets that manager and driver put before it, and what they add behind it.
  private static func tidied(_ said: String) -> String {
    var rest = Substring(said)
    while rest.utf8.first == UInt8(ascii: "["), let end = rest.firstIndex(of: "]") {
      rest = rest[rest.index(after: end)...]
    }
    if let tail = rest.firstRange(of: ";\nError while") { rest = rest[..<tail.lowerBound] }
    let lines = rest.split(whereSeparator: \.isNewline).map { String($0) }
    let text = lines.joined(separator: ": ").replacing("ERROR: ", with: "").replacing("FATAL: ", with: "")
    let words = text.utf8.drop { $0 == 0x20 }
    return trimmed(String(Substring(words)))
  }

  /// By the SQLSTATE: of the standard's own and of what servers give
  /// (https://learn.microsoft.com/sql/odbc/reference/appendixes/appendix-a-odbc-error-codes).
  private static func kind(ofState state: String) -> Kind {
    switch state {
    case "HYT00", "HYT01": return .timeout
    case "HY008": return .cancelled
    case "HY001", "HY013", "HY014": return .outOfMemory
    case "08001", "08S01", "08003", "08007": return .interrupted
    case "07002", "07006", "21S01", "21S02", "22018", "HY003", "HY004": return .value
    case "IM002", "IM003", "IM004", "IM005", "IM006", "IM012", "IM014": return .driver
    case _ where state.hasPrefix("IM") || state.hasPrefix("HY"): return .other
    case _ where state.hasPrefix("37") || state.hasPrefix("S0"): return .statement
    case _: return kind(state)
    }
  }

  /// Drivers of SQLite give its own code beside a state that says nothing.
  private static func kind(ofSQLite code: Int32) -> Kind {
    switch code & 0xFF {
    case 1: .statement
    case 5, 6: .busy
    case 7: .outOfMemory
    case 8: .denied
    case 9: .cancelled
    case 10: .io
    case 11: .corrupt
    case 13: .full
    case 14: .cannotOpen
    case 18: .tooLarge
    case 19: .constraint
    case 20: .value
    case 26: .notADatabase
    case _: .other
    }
  }

  /// Of a connection that did not come about. Drivers give 08001 for much, and the server's words with it.
  private static func opening(_ state: String, _ said: String) -> Kind? {
    func has(_ words: String...) -> Bool { words.contains { said.contains($0) } }
    if state == "28000"
      || has("authentication failed", "no password supplied", "does not exist", "pg_hba.conf")
    {
      return .login
    }
    if has("Can't open lib") { return .driver }
    if state == "08001" || state == "08004" || state.hasPrefix("HYT") || state == "08S01" {
      if has("SSL", "certificate") { return .tls }
      return has("too many clients", "starting up", "shutting down") ? .busy : .unreachable
    }
    return nil
  }
}
