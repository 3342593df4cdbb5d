import CSystem
import Engine
import Glibc
import Model

/// The records of a step execution's child processes: a folder an attempt, below the folder of the execution.
struct PreviousChildren: Sendable {
  let folder: String
  let grace: Duration

  /// How long beyond the grace an old supervisor may take to end its program.
  private static let patience: Duration = .seconds(10)
  /// How long the kernel may take to end what was killed.
  static let killPatience: Duration = .seconds(5)
  private static let lookInterval: UInt32 = 20_000

  init(of attempt: Attempt) { (folder, grace) = (attempt.services.processFolder, attempt.cancelGrace) }

  func recordFolder(attempt number: Int) -> String { Self.recordFolder(below: folder, attempt: number) }

  static func recordFolder(below folder: String, attempt number: Int) -> String {
    "\(folder)/attempt-\(number)"
  }

  /// Returns once no process of an earlier attempt lives. Blocks.
  ///
  /// Their supervisors end them because their node is gone; what outlives that is killed here.
  func settle() throws(Failure) {
    for name in Folders.names(in: folder) where name.hasPrefix("attempt-") {
      let record = "\(folder)/\(name)"
      if Self.isFree(record, within: grace + Self.patience) { continue }
      if let started = StartedRecord.read(from: record) {
        kill(started.supervisor, SIGKILL)
        started.killGroup()
      }
      guard Self.isFree(record, within: Self.killPatience) else {
        throw Failure(
          .transient, code: "old-process-alive",
          "A process of an earlier attempt still runs and cannot be ended; nothing new is started beside it.")
      }
    }
  }

  /// True once no process holds the lock of these records.
  static func isFree(_ record: String, within bound: Duration) -> Bool {
    let lock = esteira_open(record + "/lock", O_RDWR | O_CLOEXEC, 0)
    guard lock >= 0 else { return true }
    defer { close(lock) }
    let start = ContinuousClock.now
    while flock(lock, LOCK_EX | LOCK_NB) != 0 {
      if start.duration(to: .now) > bound { return false }
      usleep(lookInterval)
    }
    return true
  }

  /// Removes the records of attempts whose ends are known to the engine. Blocks.
  func forget(before number: Int) {
    for name in Folders.names(in: folder) where name.hasPrefix("attempt-") && name != "attempt-\(number)" {
      let record = "\(folder)/\(name)"
      for file in Folders.names(in: record) { unlink("\(record)/\(file)") }
      rmdir(record)
    }
  }
}
