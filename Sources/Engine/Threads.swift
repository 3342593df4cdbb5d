internal import Glibc
internal import Synchronization

/// Threads for reads, which block. One whose work is done waits for more: to start a thread takes as long as
/// to read a few rows.
final class SpareThreads: Sendable {
  typealias Work = @Sendable () -> Void

  static let shared = SpareThreads()
  /// So many wait; any more end with their work.
  static let most = 8

  private let waiting = Mutex<[Inbox<Work>]>([])

  /// Runs `work` at once, whatever else is running.
  func run(_ work: @escaping Work) {
    if let spare = waiting.withLock({ $0.popLast() }) { return spare.push(work) }
    startThread { [self] in
      work()
      wait()
    }
  }

  private func wait() {
    let inbox = Inbox<Work>()
    var taken: [Work] = []
    while offer(inbox) {
      inbox.takeAll(into: &taken, .forever)
      for work in taken { work() }
      // What it holds goes now and not with the next work.
      taken = []
    }
  }

  private func offer(_ inbox: Inbox<Work>) -> Bool {
    waiting.withLock { waiting in
      if waiting.count >= Self.most { return false }
      waiting.append(inbox)
      return true
    }
  }
}

/// Runs `body` on a thread of its own until it returns.
func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let start = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
  let code = unsafe pthread_create(
    &thread, nil,
    { argument in
      guard let argument = unsafe argument else { return nil }
      unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, start)
  precondition(code == 0, "The engine's thread cannot be started.")
  pthread_detach(thread)
}
