internal import CSQLite
internal import Glibc

/// What watches a connection while the engine works: what statements may do, and for how long.
///
/// The engine calls back on the connection's own thread, so nothing here is shared.
final class SQLiteGuard {
  /// Why the engine was told to stop.
  enum Halt { case cancelled, timeout }

  let stop: SQLStop
  var allowance = SQLAllowance.control
  var actions = SQLActions()
  var deadline: ContinuousClock.Instant?
  private(set) var halt: Halt?
  private var waitingSince: ContinuousClock.Instant?

  init(stop: SQLStop) { self.stop = stop }

  /// Whether work may go on; remembers why not.
  func goesOn() -> Bool {
    if stop.wasAsked {
      halt = .cancelled
      return false
    }
    if let deadline, ContinuousClock.now >= deadline {
      halt = .timeout
      return false
    }
    return true
  }

  func begin() { halt = nil }

  /// Waits a moment for somebody else's lock; false when that has lasted long enough.
  func waits(_ count: Int32) -> Bool {
    let now = ContinuousClock.now
    if count == 0 { waitingSince = now }
    if stop.wasAsked {
      halt = .cancelled
      return false
    }
    if let deadline, now >= deadline { return false }
    guard let since = waitingSince, now - since < SQLiteLimits.busy else { return false }
    poll(nil, 0, min(count + 1, SQLiteLimits.busyPause))
    return true
  }

  /// Installs the three callbacks. The guard outlives the handle: its connection and each statement hold it.
  func watch(_ handle: OpaquePointer) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_set_authorizer(handle, Self.authorize, context)
    sqlite3_progress_handler(
      handle, SQLiteLimits.progress,
      { raw in
        guard let raw else { return 1 }
        return Unmanaged<SQLiteGuard>.fromOpaque(raw).takeUnretainedValue().goesOn() ? 0 : 1
      }, context)
    sqlite3_busy_handler(
      handle,
      { raw, count in
        guard let raw else { return 0 }
        return Unmanaged<SQLiteGuard>.fromOpaque(raw).takeUnretainedValue().waits(count) ? 1 : 0
      }, context)
  }

  private static let authorize:
    @convention(c) (
      UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
      UnsafePointer<CChar>?
    ) -> Int32 = { raw, code, first, second, _, _ in
      guard let raw else { return SQLITE_DENY }
      let found = Unmanaged<SQLiteGuard>.fromOpaque(raw).takeUnretainedValue()
      let isAllowed = found.judges(
        code, first.map { String(cString: $0) } ?? "", second.map { String(cString: $0) })
      return isAllowed ? SQLITE_OK : SQLITE_DENY
    }
}
