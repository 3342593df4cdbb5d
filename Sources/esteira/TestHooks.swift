import Engine
import Glibc
import Model
import Synchronization

/// Lets a test kill this process at a counted moment. A release build has none of it.
enum TestHooks {
  #if DEBUG
    /// `ESTEIRA_TEST_CRASH=after-commit:7`: at the seventh such moment the process kills itself.
    private static let crash: (point: String, count: Int)? = {
      let parts = (Places.environment("ESTEIRA_TEST_CRASH") ?? "").split(separator: ":").map(String.init)
      guard parts.count == 2, let count = Int(parts[1]) else { return nil }
      return (parts[0], count)
    }()
    private static let seen = Atomic<Int>(0)

    /// `ESTEIRA_TEST_NO_RECOVERY=1`: unfinished jobs are left alone, which a test of recovery must notice.
    static let recovers = Places.environment("ESTEIRA_TEST_NO_RECOVERY") == nil

    static func passed(_ point: CrashPoint) {
      guard let crash, crash.point == point.rawValue else { return }
      if seen.add(1, ordering: .relaxed).newValue == crash.count { kill(getpid(), SIGKILL) }
    }
  #else
    static let recovers = true
    static func passed(_ point: CrashPoint) {}
  #endif
}
