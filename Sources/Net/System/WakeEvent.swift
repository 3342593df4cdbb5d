import CSystem
import Glibc

/// A counter in the kernel that a polling thread watches and that any thread may raise.
public final class WakeEvent: Sendable {
  public let descriptor: Int32

  /// With `blocks`, `clear` waits until somebody signals.
  public init(blocks: Bool = false) throws(NetError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | (blocks ? 0 : Int32(EFD_NONBLOCK)))
    guard descriptor >= 0 else { throw .resources(SystemError.text(errno, "make an event counter")) }
  }

  deinit { close(descriptor) }

  public func signal() {
    var one: UInt64 = 1
    // A full counter is already a wake-up, so a failed write loses nothing.
    _ = write(descriptor, &one, 8)
  }

  public func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }

  /// Whether somebody signalled since the last time. Only for one that does not block.
  public func take() -> Bool {
    var count: UInt64 = 0
    return read(descriptor, &count, 8) == 8
  }
}
