internal import Glibc
internal import Synchronization

/// A few threads of its own for calls that block: on the shared threads, of which there are as few as cores,
/// they would hold up everything else. The threads end when the value is let go.
public final class BlockingThreads: TaskExecutor {
  private let queue: BlockingQueue

  public init(count: Int) {
    queue = BlockingQueue()
    let executor = asUnownedTaskExecutor()
    for _ in 0..<count {
      BlockingThread(queue: queue, executor: executor).start()
    }
  }

  deinit { queue.close() }

  public func enqueue(_ job: consuming ExecutorJob) { queue.add(UnownedJob(job)) }

  /// Runs `body` on one of the threads. It runs to its end when the caller is cancelled.
  public func run<Answer: Sendable, Fault: Error>(
    _ body: @escaping @Sendable () throws(Fault) -> Answer
  ) async throws(Fault) -> Answer {
    let outcome = await withTaskExecutorPreference(self) { () async -> Result<Answer, Fault> in
      do throws(Fault) { return .success(try body()) } catch { return .failure(error) }
    }
    return try outcome.get()
  }
}

/// Jobs that wait for a thread. A pair of sockets carries one byte for each, and its end tells the threads
/// to end.
private final class BlockingQueue: Sendable {
  private let jobs = Mutex<[UnownedJob]>([])
  private let reads: CInt
  private let writes: CInt

  init() {
    var ends: [CInt] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let code = socketpair(AF_UNIX, kind, 0, &ends)
    precondition(code == 0, "No pair of sockets can be made: the process has too many open files.")
    (reads, writes) = (ends[0], ends[1])
  }

  deinit { Glibc.close(reads) }

  func add(_ job: UnownedJob) {
    jobs.withLock { $0.append(job) }
    var byte: UInt8 = 1
    while write(writes, &byte, 1) < 0 && errno == EINTR {}
  }

  /// Waits for a job; nil when the queue is closed.
  func next() -> UnownedJob? {
    var byte: UInt8 = 0
    var count = 0
    repeat { count = read(reads, &byte, 1) } while count < 0 && errno == EINTR
    return count == 1 ? jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() } : nil
  }

  func close() { Glibc.close(writes) }
}

private final class BlockingThread: Sendable {
  private let queue: BlockingQueue
  private let executor: UnownedTaskExecutor

  init(queue: BlockingQueue, executor: UnownedTaskExecutor) {
    (self.queue, self.executor) = (queue, executor)
  }

  func start() {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<BlockingThread>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "No thread can be made: the process has too many.")
    pthread_detach(thread)
  }

  private func run() {
    while let job = queue.next() { job.runSynchronously(on: executor) }
  }
}
