internal import Synchronization

/// Stops what a connection does, from any thread. It stays set: nothing on that connection goes on.
///
/// The engine asks for it every few microseconds. That stops at the same places as its own interrupt call
/// does, and cannot reach a connection that is closed already.
public final class SQLStop: Sendable {
  private let isAsked = Atomic(false)

  public init() {}

  public func ask() { isAsked.store(true, ordering: .releasing) }

  var wasAsked: Bool { isAsked.load(ordering: .acquiring) }
}
