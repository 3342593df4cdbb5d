import Foundation

/// Runs what waits for programs on a thread of its own: the shared ones are as few as the cores, and all
/// other tests need them. It is still this test, so that what it finds wrong is written under its name.
func onOwnThread<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
  try await withTaskExecutorPreference(OwnThread()) { try body() }
}

/// Each time that a task goes on here, it does so on a new thread.
private final class OwnThread: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    thread.stackSize = 8 << 20
    thread.start()
  }
}
