import CSystem
import Glibc
import Synchronization

/// The end of the pipe that the handler writes to. A handler may touch nothing that is not async-signal-safe.
private let signalPipe = Atomic<Int32>(-1)

/// Signals as wishes: the process does not end by itself any more for those that are asked for.
enum Signals {
  /// Gives an element for each signal; ends when its reader's task is cancelled. Ask once a process.
  static func wishes(_ numbers: [Int32] = [SIGINT, SIGTERM]) -> AsyncStream<Int32> {
    var ends: [Int32] = [-1, -1]
    guard esteira_pipe(&ends) == 0 else { return AsyncStream { $0.finish() } }
    signalPipe.store(ends[1], ordering: .sequentiallyConsistent)
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    let read = ends[0]
    startThread {
      var byte: UInt8 = 0
      while true {
        let count = Glibc.read(read, &byte, 1)
        if count == 1 { continuation.yield(Int32(byte)) } else if count == 0 || errno != EINTR { return }
      }
    }
    for number in numbers {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        var byte = UInt8(truncatingIfNeeded: number)
        let saved = errno
        _ = Glibc.write(signalPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
        errno = saved
      }
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    return stream
  }

  /// Whether a terminal can be reached that this process belongs to. Once it is closed, it cannot.
  static var hasTerminal: Bool {
    let terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard terminal >= 0 else { return false }
    close(terminal)
    return true
  }

  private static func startThread(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    if result == 0 { pthread_detach(thread) } else { box.release() }
  }
}

private final class ThreadBody: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
