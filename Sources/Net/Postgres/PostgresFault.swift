internal import CPostgres

extension SQLFault {
  /// What the server said of a statement; `sent` is the statement as it was sent, to find its place in it.
  init(_ result: OpaquePointer?, of statement: PostgresText? = nil) {
    let state = Self.field(result, 67) ?? ""  // PG_DIAG_SQLSTATE, 'C'
    let primary = Self.field(result, 77) ?? String(cString: PQresultErrorMessage(result))  // 'M'
    let detail = Self.field(result, 68)  // 'D'
    let message = detail.map { "\(primary): \($0)" } ?? primary
    let place = Self.field(result, 80).flatMap { Int($0) }  // 'P', from 1, in characters
    self.init(
      Self.kind(state), Self.trimmed(message),
      offset: place.flatMap { statement?.offset(ofCharacter: $0 - 1) })
    context = Self.field(result, 87)  // 'W'
  }

  private static func field(_ result: OpaquePointer?, _ code: Int32) -> String? {
    PQresultErrorField(result, code).map { String(cString: $0) }
  }

  static func trimmed(_ message: String) -> String {
    var text = message
    while let last = text.unicodeScalars.last, last == "." || last == "\n" || last == " " {
      text.unicodeScalars.removeLast()
    }
    return text
  }

  /// By the SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html).
  static func kind(_ state: String) -> Kind {
    switch state {
    case "42501", "25006": return .denied
    case "55P03", "40001", "40P01", "55006", "53300", "25P03": return .busy
    case "57014": return .cancelled
    case "53100": return .full
    case "53200": return .outOfMemory
    case "28000", "28P01", "3D000": return .login
    case _: break
    }
    switch state.prefix(2) {
    case "22": return .value
    // Of what a transaction may not do, or not any more.
    case "25": return .denied
    case "23", "44": return .constraint
    case "42", "26", "34", "3F", "0A": return .statement
    case "54": return .tooLarge
    case "58": return .io
    case "08", "57": return .interrupted
    case "XX": return .corrupt
    case _: return .other
    }
  }
}
