import Model
import Synchronization

/// What calls are about to write: of two that know the same state of a thing only one may.
final class UnderWay: Sendable {
  private let names = Mutex<Set<ScalarString>>([])

  /// Throws `conflict` where somebody else is at it.
  func change<Value>(
    _ name: String, _ body: () async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let key = ScalarString(name)
    guard names.withLock({ $0.insert(key).inserted }) else { throw Self.taken(name) }
    defer { _ = names.withLock { $0.remove(key) } }
    return try await body()
  }

  private static func taken(_ name: String) -> Problem {
    Problem(
      "conflict",
      Bilingual(
        "\(name) is being changed by somebody else.", pt: "\(name) está sendo mudado por outra pessoa."),
      remedy: Bilingual("Try again.", pt: "Tente de novo."))
  }
}
