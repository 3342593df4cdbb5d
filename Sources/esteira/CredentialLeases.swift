import Engine
import Model
import Synchronization

/// Which attempts have which credentials now. A use is told once to whoever listens, and noted in the store
/// in batches, so that no step waits for it.
final class CredentialLeases: Sendable {
  /// More than a node runs at once; what is beyond is told and noted, but not listed.
  static let mostLeases = 10_000
  /// Uses are collected for so long before they are written.
  static let interval = Duration.seconds(15)

  private struct Credential: Hashable {
    var namespace: ScalarString
    var name: ScalarString
  }

  private struct State {
    var leases: [AttemptIdentity: [CredentialLease]] = [:]
    var count = 0
    var uses: [Credential: CredentialUse] = [:]
    var isFlushing = false
    var write: (@Sendable ([CatalogWrite]) async throws(Problem) -> Void)?
    var listener: (@Sendable (CredentialLease) -> Void)?
  }

  private let state = Mutex(State())
  private let pause: @Sendable (Duration) async -> Void

  init(pause: @escaping @Sendable (Duration) async -> Void) { self.pause = pause }

  func writes(with write: @escaping @Sendable ([CatalogWrite]) async throws(Problem) -> Void) {
    state.withLock { $0.write = write }
  }

  /// Called for each use, from attempts' own tasks; must not block.
  func credentialUsed(_ listener: @escaping @Sendable (CredentialLease) -> Void) {
    state.withLock { $0.listener = listener }
  }

  func begin(_ lease: CredentialLease) {
    let (listener, begins) = state.withLock { state in
      if state.count < Self.mostLeases {
        state.leases[lease.attempt, default: []].append(lease)
        state.count += 1
      }
      let key = Credential(namespace: ScalarString(lease.namespace), name: ScalarString(lease.name))
      state.uses[key] = CredentialUse(
        namespace: lease.namespace, name: lease.name, at: lease.at, by: "\(lease.attempt.pipeline)")
      defer { state.isFlushing = true }
      return (state.listener, !state.isFlushing)
    }
    listener?(lease)
    if begins { Task { await flushSoon() } }
  }

  func end(of attempt: AttemptIdentity) {
    state.withLock { state in
      if let ended = state.leases.removeValue(forKey: attempt) { state.count -= ended.count }
    }
  }

  /// Those of a credential, oldest first.
  func current(_ name: String, in namespace: String) -> [CredentialLease] {
    let (name, namespace) = (ScalarString(name), ScalarString(namespace))
    let all = state.withLock { Array($0.leases.values.joined()) }
    return all.filter { ScalarString($0.name) == name && ScalarString($0.namespace) == namespace }
      .sorted { $0.at < $1.at }
  }

  /// One such task runs at a time; it ends when nothing was used for a while.
  private func flushSoon() async {
    while true {
      await pause(Self.interval)
      let (uses, write) = state.withLock { state in
        defer { state.uses = [:] }
        if state.uses.isEmpty { state.isFlushing = false }
        return (Array(state.uses.values), state.write)
      }
      guard !uses.isEmpty else { return }
      // A last use that is not noted is no failure of the step; the audit was told of it.
      try? await write?([.credentialUses(uses)])
    }
  }
}
