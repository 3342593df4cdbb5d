internal import CPostgres
internal import CSystem
internal import Glibc

/// Waits for the server, and hears of the stop and of the time's end while it does. For one thread.
final class PostgresWait {
  /// How often a wait looks whether it is to end.
  private static let glance: Int32 = 25

  let stop: SQLStop
  var deadline: ContinuousClock.Instant?
  /// The transaction is being taken back: neither stop nor time hold that up.
  var isEnding = false
  /// Why what runs was asked to stop.
  var halt: SQLFault.Kind?

  init(stop: SQLStop) { self.stop = stop }

  /// What is to end what runs now, if anything.
  var reason: SQLFault.Kind? {
    if isEnding { return nil }
    if stop.wasAsked { return .cancelled }
    if let deadline, ContinuousClock.now >= deadline { return .timeout }
    return nil
  }

  /// False where `until` passed first. Throws where it is to stop.
  func ready(_ socket: Int32, _ events: Int16, until: ContinuousClock.Instant) throws(SQLFault) -> Bool {
    while true {
      if let reason { throw SQLFault(reason, reason == .timeout ? "out of time" : "cancelled") }
      if poll(socket, events) { return true }
      if ContinuousClock.now >= until { return false }
    }
  }

  /// Whether the socket is ready within a glance.
  func poll(_ socket: Int32, _ events: Int16) -> Bool {
    var asked = pollfd(fd: socket, events: events, revents: 0)
    return Glibc.poll(&asked, 1, Self.glance) > 0
  }
}

extension PostgresConnection {
  /// What a call of libpq that only sends has given: 1 for sent.
  borrowing func begun(_ code: Int32) throws(SQLFault) {
    wait.halt = nil
    guard code == 1 else { throw broken() }
    try flush()
  }

  private borrowing func flush() throws(SQLFault) {
    while true {
      let left = PQflush(handle)
      if left == 0 { return }
      guard left == 1 else { throw broken() }
      if wait.poll(PQsocket(handle), Int16(POLLIN | POLLOUT)), PQconsumeInput(handle) == 0 { throw broken() }
      if let reason = wait.reason { throw SQLFault(reason, "the server does not read") }
    }
  }

  /// The next result of what was asked, nil after the last.
  borrowing func nextResult() throws(SQLFault) -> OpaquePointer? {
    try Self.nextResult(handle, wait)
  }

  static func nextResult(_ handle: OpaquePointer, _ wait: PostgresWait) throws(SQLFault) -> OpaquePointer? {
    var cut: ContinuousClock.Instant?
    while PQisBusy(handle) == 1 {
      if wait.poll(PQsocket(handle), Int16(POLLIN)), PQconsumeInput(handle) == 0 { throw broken(handle) }
      guard PQisBusy(handle) == 1 else { break }
      if let cut {
        // The server is gone, or does not listen: the connection is given up, and it finds out.
        if ContinuousClock.now >= cut {
          throw SQLFault(wait.halt ?? .cancelled, "the server did not confirm")
        }
      } else if let reason = wait.reason {
        wait.halt = reason
        cancel(handle)
        cut = ContinuousClock.now + cancelLimit
      }
    }
    return PQgetResult(handle)
  }

  /// Asks the server, over a connection of its own, to end what runs. It answers what runs with 57014.
  private static func cancel(_ handle: OpaquePointer) {
    guard let cancel = PQgetCancel(handle) else { return }
    var said = [CChar](repeating: 0, count: 256)
    PQcancel(cancel, &said, Int32(said.count))
    PQfreeCancel(cancel)
  }

  borrowing func expectDone(_ text: PostgresText?) throws(SQLFault) {
    var fault: SQLFault?
    while let result = try nextResult() {
      defer { PQclear(result) }
      if PQresultStatus(result) != PGRES_COMMAND_OK, fault == nil { fault = self.fault(result, text) }
    }
    if let fault { throw fault }
  }

  borrowing func fault(_ result: OpaquePointer?, _ text: PostgresText?) -> SQLFault {
    Self.fault(handle, wait, result, text)
  }

  static func fault(
    _ handle: OpaquePointer, _ wait: PostgresWait, _ result: OpaquePointer?, _ text: PostgresText?
  ) -> SQLFault {
    if PQstatus(handle) == CONNECTION_BAD { return broken(handle) }
    var fault = SQLFault(result, of: text)
    // Also where the server's own limit came first.
    if fault.kind == .cancelled { fault.kind = wait.halt ?? .timeout }
    return fault
  }

  private borrowing func broken() -> SQLFault { Self.broken(handle) }

  static func broken(_ handle: OpaquePointer) -> SQLFault {
    let said = SQLFault.trimmed(String(cString: PQerrorMessage(handle)))
    let line = said.utf8.split(separator: UInt8(ascii: "\n")).first.map { String(Substring($0)) }
    return SQLFault(.interrupted, line ?? "the connection broke")
  }
}
