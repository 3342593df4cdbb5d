internal import CPostgres
internal import Glibc

/// Rows that stream into a table by `COPY … FROM STDIN`, in its text format
/// (https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2).
extension PostgresConnection {
  /// `columns` are quoted. Until `endCopy` or `rollBack` nothing else can be asked.
  public borrowing func beginCopy(into table: String, columns: [String]) throws(SQLFault) {
    try begun(PQsendQuery(handle, "COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN"))
    guard let result = try nextResult() else { throw SQLFault(.interrupted, "the server did not answer") }
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COPY_IN else {
      let fault = self.fault(result, nil)
      while let rest = try nextResult() { PQclear(rest) }
      throw fault
    }
  }

  /// Whole rows, as `copyRow` writes them.
  public borrowing func copy(_ bytes: [UInt8]) throws(SQLFault) {
    while true {
      let sent = bytes.withUnsafeBytes { bytes in
        PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
      }
      if sent == 1 { break }
      guard sent == 0 else { throw Self.broken(handle) }
      try waitForRoom()
    }
    try flushCopy()
  }

  /// Of a row that the server refuses, `context` names its number within this copy.
  public borrowing func endCopy() throws(SQLFault) {
    while true {
      let ended = PQputCopyEnd(handle, nil)
      if ended == 1 { break }
      guard ended == 0 else { throw Self.broken(handle) }
      try waitForRoom()
    }
    try flushCopy()
    var fault: SQLFault?
    while let result = try nextResult() {
      defer { PQclear(result) }
      if PQresultStatus(result) != PGRES_COMMAND_OK, fault == nil { fault = self.fault(result, nil) }
    }
    if let fault { throw fault }
  }

  /// Gives up rows that are on their way.
  borrowing func abandonCopy() {
    guard PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
    PQputCopyEnd(handle, "given up")
    wait.isEnding = true
    defer { wait.isEnding = false }
    while let result = try? nextResult() { PQclear(result) }
  }

  private borrowing func flushCopy() throws(SQLFault) {
    while PQflush(handle) == 1 { try waitForRoom() }
  }

  private borrowing func waitForRoom() throws(SQLFault) {
    if let reason = wait.reason { throw SQLFault(reason, "stopped") }
    if wait.poll(PQsocket(handle), Int16(POLLIN | POLLOUT)), PQconsumeInput(handle) == 0 {
      throw Self.broken(handle)
    }
    if PQflush(handle) < 0 { throw Self.broken(handle) }
  }

  /// Appends a row.
  public static func copyRow(_ values: [SQLValue], to bytes: inout [UInt8]) {
    for (place, value) in values.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: "\t")) }
      guard let text = text(value) else {
        bytes += [UInt8(ascii: "\\"), UInt8(ascii: "N")]
        continue
      }
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\\"): bytes += [byte, byte]
        case UInt8(ascii: "\t"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
        case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case UInt8(ascii: "\r"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
        case _: bytes.append(byte)
        }
      }
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}
