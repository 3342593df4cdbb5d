/// What the reader of a queue does at the moment.
public struct QueueStatus: Sendable, Hashable {
  public enum State: String, Sendable, Hashable, CaseIterable {
    case connecting, reading
    /// Its triggers take nothing now: they are paused, or enough waits before them.
    case held
    /// The broker cannot be reached, or refuses; it is tried again.
    case broken
  }
  public var state = State.connecting
  /// Since the start.
  public var received = 0
  public var stored = 0
  public var deadLetters = 0
  /// Failures in a row, and what the last one was.
  public var failures = 0
  public var lastFailure: String?

  public init() {}
}

/// A queue that this node reads, and for whom.
public struct QueueStanding: Sendable, Hashable {
  public var namespace: String
  public var connection: String
  /// The name of the list, stream or queue.
  public var source: String
  public var triggers: [Node.TriggerName]
  public var status: QueueStatus

  public init(
    namespace: String, connection: String, source: String, triggers: [Node.TriggerName], status: QueueStatus
  ) {
    (self.namespace, self.connection, self.source) = (namespace, connection, source)
    (self.triggers, self.status) = (triggers, status)
  }
}
