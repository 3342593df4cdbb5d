internal import CODBC
internal import Glibc
internal import Synchronization

/// Ends what a connection does when it is asked to or when its time is over. The thread of the connection is
/// inside of the driver then, so this has one of its own.
///
/// Drivers are other people's code: one that does not come back although it was cancelled is given up, with
/// its thread, and what it may still do is taken back where it ever returns.
public final class ODBCWatch: Sendable {
  /// So long a driver may take to end what was cancelled.
  static let cancelLimit = Duration.seconds(5)
  /// So long a commit may take; neither stop nor time interrupts it.
  static let commitLimit = Duration.seconds(60)
  /// Calls that did not come back, in this process; with more of them no connection is opened.
  static let abandonedLimit = 16
  /// How often it looks.
  private static let glance: UInt32 = 25_000
  private static let cancelEvery = Duration.seconds(1)
  private static let abandoned = Atomic(0)

  private struct State {
    /// Of the statement that runs, while it may be cancelled; as a number, since a pointer keeps to its
    /// thread.
    var statement: UInt = 0
    var isCancelling = false
    var deadline: ContinuousClock.Instant?
    var opens: ContinuousClock.Instant?
    var commits: ContinuousClock.Instant?
    var isOver = false
    var isAbandoned = false
    var halt: SQLFault.Kind?
  }

  private let stop: SQLStop
  private let state = Mutex(State())

  public init(stop: SQLStop) { self.stop = stop }

  static var isCrowded: Bool { abandoned.load(ordering: .relaxed) >= abandonedLimit }

  /// Blocks until the work is over. A fault where it is not waited for any longer.
  public func keep() -> SQLFault? {
    var cut: ContinuousClock.Instant?
    var again = ContinuousClock.now
    while true {
      let now = ContinuousClock.now
      let (isOver, commits, opens) = state.withLock { ($0.isOver, $0.commits, $0.opens) }
      if isOver { return nil }
      if let commits {
        if now >= commits + Self.commitLimit { return abandon(.unknown, "the commit was not confirmed") }
      } else if let reason {
        let end = cut ?? now + Self.cancelLimit
        cut = end
        if now >= end { return abandon(reason, "the driver did not stop") }
        if now >= again {
          cancel(reason)
          again = now + Self.cancelEvery
        }
      } else if let opens, now >= opens + ODBCConnection.connectLimit + Self.cancelLimit {
        return abandon(.unreachable, "the driver gave no connection")
      }
      usleep(Self.glance)
    }
  }

  /// Nil where the work ended meanwhile.
  private func abandon(_ kind: SQLFault.Kind, _ message: String) -> SQLFault? {
    let isOver = state.withLock { state in
      if !state.isOver { (state.isAbandoned, state.halt) = (true, kind) }
      return state.isOver
    }
    if isOver { return nil }
    Self.abandoned.add(1, ordering: .relaxed)
    return SQLFault(kind, message)
  }

  /// The driver's cancelling may wait for a server, or for the very call that it is to end.
  private func cancel(_ reason: SQLFault.Kind) {
    let statement = state.withLock { state -> UInt in
      state.halt = reason
      guard state.statement != 0, !state.isCancelling else { return 0 }
      state.isCancelling = true
      return state.statement
    }
    if statement == 0 { return }
    do throws(NetError) {
      try ServiceThread.start("odbc-cancel") { [self] in
        if let odbc = esteira_odbc() {
          _ = odbc.pointee.Cancel(UnsafeMutableRawPointer(bitPattern: statement))
        }
        state.withLock { $0.isCancelling = false }
      }
    } catch {
      state.withLock { $0.isCancelling = false }
    }
  }

  /// What is to end the work, if anything.
  var reason: SQLFault.Kind? {
    if stop.wasAsked { return .cancelled }
    return state.withLock { state in
      if state.isAbandoned { return state.halt ?? .cancelled }
      return state.deadline.map { ContinuousClock.now >= $0 } == true ? .timeout : nil
    }
  }

  /// Before each call of the driver that may take long.
  func check() throws(SQLFault) {
    if let reason { throw SQLFault(reason, reason == .timeout ? "out of time" : "cancelled") }
  }

  /// Why a call ended, where it was not the driver's own doing.
  var halt: SQLFault.Kind? { state.withLock { $0.halt } }

  func limit(to duration: Duration?) {
    state.withLock { $0.deadline = duration.map { ContinuousClock.now + $0 } }
  }

  func opening(_ isOpening: Bool) { state.withLock { $0.opens = isOpening ? .now : nil } }

  func committing(_ isCommitting: Bool) { state.withLock { $0.commits = isCommitting ? .now : nil } }

  func runs(_ statement: SQLHSTMT) { state.withLock { $0.statement = UInt(bitPattern: statement) } }

  /// From when it returns the statement is cancelled no more, and may be freed.
  func ends(_ statement: SQLHSTMT) {
    state.withLock { if $0.statement == UInt(bitPattern: statement) { $0.statement = 0 } }
    while state.withLock({ $0.isCancelling }) { usleep(1_000) }
  }

  /// The work came back, whatever it brought.
  public func end() {
    let wasAbandoned = state.withLock { state in
      defer { state.isOver = true }
      return state.isAbandoned && !state.isOver
    }
    if wasAbandoned { Self.abandoned.subtract(1, ordering: .relaxed) }
  }
}
