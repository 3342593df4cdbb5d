public import Model
internal import Synchronization

/// Why a node begins nothing: who said so, and since when. It is gone with the process: a node that is
/// started again begins what is due.
public struct NodeDrain: Sendable, Hashable {
  public var by: String
  public var reason: String
  public var since: Timestamp
}

extension Node {
  /// From now on no attempt starts, no trigger makes a job and no message leaves; what would is queued. What
  /// runs ends. One that is drained already stays as it is.
  @discardableResult
  public func drain(by actor: String = "", reason: String = "") -> NodeDrain {
    let wanted = NodeDrain(by: actor, reason: reason, since: configuration.clock.now)
    // Within the lock, so that what the engine hears last is what is known of it.
    return drainOrder.withLock { order in
      let first = order ?? wanted
      order = first
      push(.drain(true))
      return first
    }
  }

  /// Begins again what waited. What schedules let pass meanwhile is decided as after a downtime. False where
  /// it was not drained.
  @discardableResult
  public func undrain() -> Bool {
    drainOrder.withLock { order in
      guard order != nil else { return false }
      order = nil
      push(.drain(false))
      return true
    }
  }

  public var drained: NodeDrain? { drainOrder.withLock(\.self) }
}

extension Turn {
  mutating func drain(_ begins: Bool, at now: Timestamp) {
    if begins { jobs.drain() } else { goOn(at: now) }
  }

  /// What ceased with the drain begins again. Queued steps have their turn at the end of this one.
  private mutating func goOn(at now: Timestamp) {
    guard jobs.endDrain() else { return }
    for place in jobs.triggers.lines.places { jobs.orders.append(.fire(place)) }
    for line in jobs.outbox.lines.indices { jobs.call(line) }
    jobs.tickSchedules(at: now)
  }
}
