import CSystem
import Glibc

/// Starts one program, keeps its limits, writes down how it ended, and lets no process of it live on when the
/// node asks for that or is gone.
///
/// Descriptor 3 is a socket whose other end the node holds: it brings the order; then a byte on it asks for
/// the end, and its closing means that the node is gone. The descriptors from 4 on, as many as the order
/// says, become the program's from 3 on. A process with a single thread, so plain calls that block are right
/// here.
struct Supervisor {
  let order: SupervisorOrder
  private var program: pid_t = -1
  private var programEnd: ProcessEnd?
  private var isOver = false
  private var endedBy = SupervisorReport.EndedBy.itself
  /// When SIGKILL follows, in milliseconds of the monotonic clock; nil while nobody asked for the end.
  private var killTime: Int64?
  private var nodeIsThere = true

  static let life: Int32 = 3
  private static let extra: Int32 = 4
  /// For what the program left behind when it ended by itself.
  private static let leftoverGrace: Int64 = 2_000
  /// Between two rounds of killing, until nothing lives.
  private static let killInterval: Int32 = 20
  /// Of one signal: a program that makes groups faster than they are found waits for SIGKILL.
  private static let signalRounds = 8

  init(order: SupervisorOrder) { self.order = order }

  /// Returns 0 once the file `end` is written, 125 where the folder is unusable.
  mutating func run() -> Int32 {
    guard let lock = takeLock(), esteira_become_subreaper() == 0 else { return 125 }
    let signals = esteira_supervisor_signals()
    guard signals >= 0, !lifeHasEnded() else { return 125 }
    let oomKills = OOMCounter.read()
    start(keeping: lock)
    releaseStreams()
    while !isOver { turn(signals: signals) }
    var end = programEnd ?? .cannotStart(errno: ECHILD)
    if case .signalled(let number, _) = end, number == SIGKILL, endedBy == .itself {
      end = .signalled(number, outOfMemory: OOMCounter.read() > oomKills)
    }
    let report = SupervisorReport(end: end, endedBy: endedBy)
    return report.write(to: order.folder) ? 0 : 125
  }

  /// The lock is also kept open in the program and what it starts, so that whoever takes it later knows
  /// that none of them lives, even where the supervisor itself was killed.
  private func takeLock() -> Int32? {
    let lock = esteira_open(order.folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    return lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 ? lock : nil
  }

  private func lifeHasEnded() -> Bool {
    var life = pollfd(fd: Self.life, events: Int16(POLLIN), revents: 0)
    return poll(&life, 1, 0) > 0 && Int32(life.revents) & (POLLHUP | POLLERR) != 0
  }

  private mutating func start(keeping lock: Int32) {
    var failure: Int32 = 0
    let limits = order.limits.map { esteira_limit(resource: $0.resource, value: $0.value) }
    let environment = CStrings(order.environment)
    let arguments = CStrings(order.arguments)
    program = esteira_fork_exec(
      order.program, arguments.pointers, environment.pointers, order.workFolder, limits, Int32(limits.count),
      Self.extra, Int32(order.extras), lock, &failure)
    if failure != 0 {
      programEnd = .cannotStart(errno: failure)
    } else {
      StartedRecord(pid: program, supervisor: getpid()).write(to: order.folder)
    }
  }

  /// The node must see the end of the streams when the program's own ends are closed.
  private func releaseStreams() {
    let null = esteira_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
    for stream: Int32 in 0...2 { dup2(null, stream) }
    for index in 0..<Int32(order.extras) { close(Self.extra + index) }
  }

  /// Waits for one thing to happen and answers it.
  private mutating func turn(signals: Int32) {
    var watched = [
      pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
      pollfd(fd: nodeIsThere ? Self.life : -1, events: Int16(POLLIN), revents: 0),
    ]
    poll(&watched, 2, timeout())
    if watched[0].revents != 0 { readSignals(signals) }
    if watched[1].revents != 0 { readLife() }
    reap()
    if !isOver, let killTime, Self.now() >= killTime { signalAll(SIGKILL) }
  }

  private func timeout() -> Int32 {
    guard let killTime else { return programEnd == nil ? -1 : Self.killInterval }
    let left = killTime - Self.now()
    return left > 0 ? Int32(clamping: left) : Self.killInterval
  }

  private mutating func readSignals(_ signals: Int32) {
    while case let number = esteira_next_signal(signals), number > 0 {
      if number != SIGCHLD { endAll(as: .asked, grace: order.grace) }
    }
  }

  private mutating func readLife() {
    var byte: UInt8 = 0
    if read(Self.life, &byte, 1) > 0 {
      endAll(as: .asked, grace: order.grace)
    } else {
      nodeIsThere = false
      endAll(as: .nodeGone, grace: order.grace)
    }
  }

  /// The first reason stays; a second one neither lengthens nor shortens the grace.
  private mutating func endAll(as reason: SupervisorReport.EndedBy, grace: Int64) {
    guard killTime == nil else { return }
    if programEnd == nil { endedBy = reason }
    killTime = Self.now() + grace
    signalAll(SIGTERM)
  }

  private mutating func reap() {
    while true {
      var status: Int32 = 0
      let pid = waitpid(-1, &status, WNOHANG)
      if pid == 0 { break }
      if pid < 0 {
        isOver = true
        return
      }
      if pid == program, programEnd == nil { programEnd = ProcessEnd(waitStatus: status) }
    }
    if programEnd != nil { endAll(as: endedBy, grace: min(order.grace, Self.leftoverGrace)) }
  }

  /// By process groups, because the kernel lets no fork slip between: a process alone may start another
  /// after it was listed and before it is signalled. What moves to a group of its own meanwhile is found in
  /// a further round; no process gets the signal twice, which many programs take for impatience.
  private func signalAll(_ number: Int32) {
    var signalled: Set<pid_t> = []
    for _ in 0..<Self.signalRounds {
      let found = ProcessTable.descendants(of: getpid()).filter { !signalled.contains($0.group) }
      if found.isEmpty { return }
      for entry in found where entry.group == getpgrp() { kill(entry.pid, number) }
      signalled.formUnion(found.map(\.group))
      for group in Set(found.map(\.group)).subtracting([getpgrp()]) { kill(-group, number) }
    }
  }

  private static func now() -> Int64 {
    esteira_monotonic_milliseconds()
  }
}
