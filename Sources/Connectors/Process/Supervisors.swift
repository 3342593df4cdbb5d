import CSystem
import Glibc
import Model
import Synchronization

/// Starts supervisors. One process, this program started again and kept, forks each of them: a start of the
/// program for every child would take ten times as long as most children run, and a fork of the node itself
/// would hand its keys and its memory to a process that may outlive it.
final class Supervisors: Sendable {
  private struct Forker {
    var pid: pid_t
    var socket: Int32
  }

  /// Who has a fork's answer outstanding holds the lock; a fork takes well below a millisecond.
  private let forker = Mutex<Forker?>(nil)
  private let program: String

  /// For one fork's answer; beyond it the process is ended and another one started.
  private static let answerSeconds: Int32 = 10

  /// `program` is an executable that answers to `supervise`.
  init(program: String) { self.program = program }

  deinit { forker.withLock { Self.end(&$0) } }

  /// A supervisor that has its streams and waits for its order on the other end of `life`. Where a start is
  /// lost half-way, nobody holds that socket any more, so what was forked ends without having done anything.
  struct Started {
    var watch: Int32
    var life: Int32
  }

  /// `streams` are the program's 0, 1 and 2, and its 3 and 4 where there are more. Blocks.
  func start(streams: [Int32]) -> Result<Started, SystemError.Number> {
    forker.withLock { forker in
      var reason: Int32 = 0
      // A forker that somebody killed is only found out by asking it.
      for _ in 0..<2 {
        if forker == nil { (forker, reason) = launch() }
        guard let current = forker else { break }
        switch Self.fork(current, streams: streams) {
        case .success(let started): return .success(started)
        case .failure(let error): reason = error.value
        }
        Self.end(&forker)
      }
      return .failure(SystemError.Number(reason))
    }
  }

  private static func fork(_ forker: Forker, streams: [Int32]) -> Result<Started, SystemError.Number> {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, streamKind, 0, &ends) == 0 else { return .failure(SystemError.Number(errno)) }
    var sent = Array(streams.prefix(3)) + [ends[1]] + streams.dropFirst(3)
    let failure = esteira_send_descriptors(forker.socket, 0, &sent, Int32(sent.count))
    close(ends[1])
    var (answer, received) = (Int32(0), [Int32](repeating: -1, count: Int(esteira_descriptor_limit)))
    if failure == 0, esteira_receive_descriptors(forker.socket, &answer, &received) == 1 {
      return .success(Started(watch: received[0], life: ends[0]))
    }
    close(ends[0])
    return .failure(SystemError.Number(failure != 0 ? failure : answer != 0 ? answer : EPIPE))
  }

  private func launch() -> (Forker?, Int32) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Self.streamKind, 0, &ends) == 0 else { return (nil, errno) }
    esteira_receive_limit(ends[0], Self.answerSeconds)
    var pid: pid_t = -1
    let (line, environment) = (CStrings(["esteira", "supervise"]), CStrings([]))
    let null = esteira_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
    let failure = esteira_spawn(
      program, line.pointers, environment.pointers, null, null, null, ends[1], -1, &pid)
    close(null)
    close(ends[1])
    if failure == 0 { return (Forker(pid: pid, socket: ends[0]), 0) }
    close(ends[0])
    return (nil, failure)
  }

  /// The supervisors that it forked live on: each has its own socket to the node.
  private static func end(_ forker: inout Forker?) {
    guard let ended = forker else { return }
    forker = nil
    close(ended.socket)
    kill(ended.pid, SIGKILL)
    while waitpid(ended.pid, nil, 0) < 0, errno == EINTR {}
  }

  private static let streamKind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
}
