internal import Crypto
internal import Model
internal import Synchronization

/// Passwords are hashed on threads of their own, as many at once as there are threads, and so many may wait.
/// Whoever comes then is asked to come back: a flood of sign-ins delays sign-ins and nothing else.
final class PasswordThreads: Sendable {
  private let threads: any TaskExecutor
  private let most: Int
  private let iterations: Int
  private let random: @Sendable (Int) -> [UInt8]
  private let inside = Mutex(0)
  /// Of nobody: what a name that nobody has is compared with, so that it takes as long as any other.
  let nobody: PasswordHash

  init(_ environment: AccessEnvironment, _ policy: SignInPolicy) {
    (threads, most, random) = (environment.hashing, policy.mostPasswordsAtOnce, environment.random)
    iterations = policy.passwordIterations
    nobody = PasswordHash.ofNobody(iterations: iterations, random: random)
  }

  /// Whether it is the password; `hash` is nil where there is none, which takes as long and is never true.
  func matches(_ password: String, _ hash: PasswordHash?) async throws(Problem) -> Bool {
    let compared = hash ?? nobody
    // A longer one cannot be anyone's. It is not hashed, but what is hashed in its place takes as long.
    let text = password.utf8.count <= PasswordHash.longestPassword ? password : ""
    let isEqual = try await run { compared.matches(text) }
    return isEqual && hash != nil && text.utf8.count == password.utf8.count
  }

  func hash(_ password: String) async throws(Problem) -> PasswordHash {
    let (count, salt) = (iterations, random(PasswordHash.saltSize))
    return try await run { PasswordHash(of: password, iterations: count, salt: salt) }
  }

  private func run<Answer: Sendable>(
    _ body: @escaping @Sendable () -> Answer
  ) async throws(Problem) -> Answer {
    let isLetIn = inside.withLock { inside in
      if inside >= most { return false }
      inside += 1
      return true
    }
    guard isLetIn else { throw .signInBusy }
    defer { inside.withLock { $0 -= 1 } }
    return await withTaskExecutorPreference(threads) { body() }
  }
}
