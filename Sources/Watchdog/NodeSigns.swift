public import Model

/// Signs of life of the engine in the same process, seen from outside it.
public protocol WatchedEngine: Sendable {
  /// Grows with each turn that the engine takes.
  var turns: UInt64 { get }
  /// Asks for a turn; returns at once.
  func nudge()
  /// Why its store does not take what it is given; nil: it does.
  var storeWaits: String? { get }
  /// The queues of brokers that the node reads for its triggers.
  var queues: [WatchedQueue] { get }
}

/// A queue of a broker, as its reader finds it.
public struct WatchedQueue: Sendable, Hashable {
  /// Of the connection, and the name of the queue there.
  public var namespace: String
  public var connection: String
  public var source: String
  /// How often in a row it could not be read; 0: it is read.
  public var failures: Int
  public var reason: String

  public init(namespace: String, connection: String, source: String, failures: Int, reason: String) {
    (self.namespace, self.connection, self.source) = (namespace, connection, source)
    (self.failures, self.reason) = (failures, reason)
  }

  /// So many tries fail before people are told: what is over by then is nothing to tell.
  public static let patience = 3
  static let rule = "queue"

  var subject: String { "\(namespace)/\(connection)" }
  /// In the namespace of its connection, so that its people are told.
  var key: String { "\(subject) \(Self.rule) \(source)" }

  func verdict(at now: Timestamp) -> Verdict {
    guard failures >= Self.patience else { return .fine(until: nil) }
    return Verdict(
      isLate: true, Finding(.queueUnread, ["queue": .string(source), "reason": .string(reason)]),
      deadline: now)
  }
}

/// Whether the engine takes turns. Time alone proves nothing: a process that was stopped for an hour comes
/// back with engine and watcher alike, so a nudge that nobody answers must be seen from several looks.
struct EngineSigns {
  /// So long a nudge may stay without an answer.
  static let patience = Duration.seconds(60)
  private static let fewestLooks = 3

  private var turns: UInt64?
  private var unanswered: (since: Timestamp, at: Duration, looks: Int)?

  /// One look, with a nudge for the next.
  mutating func verdict(on engine: any WatchedEngine, at now: Timestamp, _ moment: Duration) -> Verdict {
    let seen = engine.turns
    defer { engine.nudge() }
    if turns != seen {
      (turns, unanswered) = (seen, (now, moment, 0))
      return .fine(until: nil)
    }
    var wait = unanswered ?? (now, moment, 0)
    wait.looks += 1
    unanswered = wait
    guard moment - wait.at >= Self.patience, wait.looks >= Self.fewestLooks else { return .fine(until: nil) }
    return Verdict(
      isLate: true, Finding(.engineSilent, ["since": .string(wait.since.toSecond)]), deadline: wait.since)
  }
}

/// What came of telling the watcher outside that this node lives.
public struct OutsidePing: Sendable, Hashable {
  public var begun: Timestamp
  public var lastGood: Timestamp?
  public var error: String?

  /// So many pings may fail before people are told.
  private static let mostMissed = 3

  func verdict(every: Duration, at now: Timestamp) -> Verdict {
    let deadline = (lastGood ?? begun) + every * Self.mostMissed
    guard deadline <= now, let error else { return .fine(until: nil) }
    return Verdict(
      isLate: true,
      Finding(
        .pingUnsent, ["last": .string((lastGood ?? begun).toSecond), "reason": .string(error)]),
      deadline: deadline)
  }
}
