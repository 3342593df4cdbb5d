import CSystem
import Glibc

/// An epoll instance; tokens come back with the events.
final class Epoll: Sendable {
  private let descriptor: Int32
  static let batch = 256

  init() throws(NetError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw .resources(SystemError.text(errno, "make an epoll instance")) }
  }

  deinit { close(descriptor) }

  @discardableResult
  func add(_ watched: Int32, _ events: UInt32, _ token: UInt64) -> Bool {
    var event = esteira_epoll_event(events, token)
    return epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event) == 0
  }

  func change(_ watched: Int32, _ events: UInt32, _ token: UInt64) {
    var event = esteira_epoll_event(events, token)
    epoll_ctl(descriptor, EPOLL_CTL_MOD, watched, &event)
  }

  func remove(_ watched: Int32) {
    var event = epoll_event()
    epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, &event)
  }

  /// Nil waits without end. An interrupted wait is an empty one.
  func wait(_ timeout: Duration?, _ events: inout [epoll_event]) -> Int {
    let milliseconds = timeout.map { Int32(clamping: $0.milliseconds + 1) } ?? -1
    return Int(max(0, epoll_wait(descriptor, &events, Int32(events.count), milliseconds)))
  }
}

extension Duration {
  /// Whole milliseconds, cut.
  var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
