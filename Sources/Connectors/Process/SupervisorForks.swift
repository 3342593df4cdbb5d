import CSystem
import Glibc

/// The body of `esteira supervise`: forks a supervisor for each message that the node sends on descriptor 3,
/// and answers with the supervisor's pidfd. Ends when the node is gone; what it forked lives on.
///
/// The message brings the program's 0, 1 and 2, the supervisor's end of its socket to the node, and the
/// program's 3 and 4 where it has them. Returns 125 where descriptor 3 is no socket.
///
/// A process with a single thread, so a fork of it may go on as any program does.
public func superviseMain() -> Int32 {
  let signals = esteira_supervisor_signals()
  var kind: Int32 = 0
  var size = socklen_t(MemoryLayout<Int32>.size)
  guard signals >= 0, getsockopt(3, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 else { return 125 }
  while true {
    var watched = [
      pollfd(fd: 3, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
    ]
    poll(&watched, 2, -1)
    while case let number = esteira_next_signal(signals), number > 0 { if number != SIGCHLD { return 0 } }
    while waitpid(-1, nil, WNOHANG) > 0 {}
    if watched[0].revents != 0, !answerOne(on: 3) { return 0 }
  }
}

/// False at the end of the stream.
private func answerOne(on socket: Int32) -> Bool {
  var (value, received) = (Int32(0), [Int32](repeating: -1, count: Int(esteira_descriptor_limit)))
  let count = esteira_receive_descriptors(socket, &value, &received)
  guard count >= 0 else { return false }
  let pid = esteira_fork()
  if pid == 0 { _exit(supervise(with: Array(received.prefix(Int(count))))) }
  let reason = errno
  for descriptor in received.prefix(Int(count)) { close(descriptor) }
  // It is not waited for before the next turn, so the number still is this process's.
  var watch = pid > 0 ? esteira_pidfd_open(pid) : -1
  defer { if watch >= 0 { close(watch) } }
  return esteira_send_descriptors(socket, watch >= 0 ? 0 : reason, &watch, watch >= 0 ? 1 : 0) == 0
}

private func supervise(with descriptors: [Int32]) -> Int32 {
  setsid()
  guard descriptors.count >= 4, esteira_take_descriptors(descriptors, Int32(descriptors.count)) == 0,
    let order = SupervisorOrder(readingFrom: Supervisor.life)
  else { return 125 }
  var supervisor = Supervisor(order: order)
  return supervisor.run()
}
