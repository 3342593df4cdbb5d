import Glibc
import Synchronization

/// Runs an actor's work on one thread of its own, which may therefore wait in C. It ends after `stop`.
public final class ThreadExecutor: SerialExecutor {
  private let jobs = Mutex<(queue: [UnownedJob], isStopped: Bool)>(([], false))
  /// Counts the jobs; reading it is the thread's sleep.
  private let counter: WakeEvent

  public init(_ name: String) throws(NetError) {
    counter = try WakeEvent(blocks: true)
    // The thread must not keep the executor's owner, only the executor, until it is told to stop.
    try ServiceThread.start(name) { [self] in run() }
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.queue.append(job) }
    counter.signal()
  }

  /// What is queued still runs.
  public func stop() {
    jobs.withLock { $0.isStopped = true }
    counter.signal()
  }

  private func run() {
    while true {
      counter.clear()
      let (queue, isStopped) = jobs.withLock { jobs in
        defer { jobs.queue = [] }
        return (jobs.queue, jobs.isStopped)
      }
      for job in queue { job.runSynchronously(on: asUnownedSerialExecutor()) }
      if isStopped, queue.isEmpty { return }
      if isStopped { counter.signal() }
    }
  }
}
