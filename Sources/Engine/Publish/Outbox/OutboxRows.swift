public import Model

/// A message that waits to leave. It is stored in the commit of what it tells of.
public struct OutboxRow: Sendable, Hashable {
  /// A number of this store, which grows; 0 before it is stored.
  public var position: Int64
  public var destination: String
  public var namespace: String
  /// Messages of one destination and lane leave in their order (S32).
  public var lane: String
  /// The message's id: a destination has one message of an id.
  public var event: String
  public var type: String
  public var pipeline: PipelineName?
  public var job: ID<Job>?
  /// It ran out and keeps its lane closed until a person says what becomes of it.
  public var isHeld: Bool
  public var tries: Int
  public var firstAt: Timestamp
  /// When it is sent, once it is the first of its lane.
  public var nextAt: Timestamp
  /// Of the last try: `{code, message, status?}`.
  public var error: JSON?
  /// Sealed under the namespace's key. Empty in lists.
  public var body: [UInt8]

  public init(
    position: Int64 = 0, destination: String, namespace: String, lane: String, event: String, type: String,
    pipeline: PipelineName? = nil, job: ID<Job>? = nil, isHeld: Bool = false, tries: Int = 0,
    firstAt: Timestamp, nextAt: Timestamp, error: JSON? = nil, body: [UInt8]
  ) {
    (self.position, self.destination, self.namespace) = (position, destination, namespace)
    (self.lane, self.event, self.type, self.pipeline) = (lane, event, type, pipeline)
    (self.job, self.isHeld, self.tries) = (job, isHeld, tries)
    (self.firstAt, self.nextAt, self.error, self.body) = (firstAt, nextAt, error, body)
  }

  /// Rows that wait for one destination; what comes then is a dead letter at once.
  public static let most = 100_000
}

/// A change of the outbox. None can break a rule of uniqueness.
public enum OutboxChange: Sendable {
  /// New, behind all of its lane. Where the destination has that message already, it begins again: no tries,
  /// not held, due at the new time.
  case put(OutboxRow, with: JobNumber?)
  /// It was tried and stays.
  case tried(position: Int64, tries: Int, nextAt: Timestamp, error: JSON, isHeld: Bool)
  case remove(position: Int64)
  /// The same of one that is known by its message.
  case drop(destination: String, event: String)
  /// Nothing is sent there until it is enabled.
  case disable(DisabledDestination)
  case enable(destination: String)
  case delivery(DeliveryRow)

  /// Whose rows it goes with.
  public var job: JobNumber? {
    switch self {
    case .put(_, with: let job): job
    case .tried, .remove, .drop, .disable, .enable, .delivery: nil
    }
  }
}

/// A destination that said it wants nothing any more.
public struct DisabledDestination: Sendable, Hashable {
  public var name: String
  public var reason: String
  public var at: Timestamp
  public init(name: String, reason: String, at: Timestamp) {
    (self.name, self.reason, self.at) = (name, reason, at)
  }
}

/// One try, as history.
public struct DeliveryRow: Sendable, Hashable {
  public enum Outcome: String, Sendable, Hashable, CaseIterable {
    case delivered, failed, refused, gone
  }

  /// A number of this store, which grows; 0 before it is stored.
  public var id: Int64
  public var destination: String
  public var namespace: String
  public var event: String
  public var type: String
  public var lane: String
  public var pipeline: PipelineName?
  public var job: ID<Job>?
  public var attempt: Int
  public var outcome: Outcome
  /// What the receiver answered.
  public var status: Int?
  public var duration: Duration
  public var code: String
  public var message: String
  public var at: Timestamp
  /// The sealed message, where it was delivered; else it lies in the outbox or in a letter. Empty in lists.
  public var body: [UInt8]

  public init(
    id: Int64 = 0, destination: String, namespace: String, event: String, type: String, lane: String,
    pipeline: PipelineName? = nil, job: ID<Job>? = nil, attempt: Int, outcome: Outcome, status: Int?,
    duration: Duration, code: String = "", message: String = "", at: Timestamp, body: [UInt8] = []
  ) {
    (self.id, self.destination, self.namespace, self.event) = (id, destination, namespace, event)
    (self.type, self.lane, self.pipeline, self.job) = (type, lane, pipeline, job)
    (self.attempt, self.outcome, self.status, self.duration) = (attempt, outcome, status, duration)
    (self.code, self.message, self.at, self.body) = (code, message, at, body)
  }

  /// The newest tries of each destination that are kept, at least.
  public static let kept = 1_000
}

/// The first of a lane whose time has come.
public struct OutboxHead: Sendable, Hashable {
  public var position: Int64
  public var lane: String
  public init(position: Int64, lane: String) { (self.position, self.lane) = (position, lane) }
}

/// What waits for one destination.
public struct OutboxSummary: Sendable, Hashable {
  public var destination: String
  public var waiting: Int
  /// When the oldest was made.
  public var oldestAt: Timestamp
  /// Lanes whose first message was tried in vain.
  public var failing: Int
  /// Lanes that are closed until a person opens them.
  public var held: Int
  public init(destination: String, waiting: Int, oldestAt: Timestamp, failing: Int, held: Int) {
    (self.destination, self.waiting, self.oldestAt) = (destination, waiting, oldestAt)
    (self.failing, self.held) = (failing, held)
  }
}

/// What the journal's thread asks about the outbox.
public protocol OutboxStore: Sendable {
  func outboxCount(of destination: String) throws(StoreError) -> Int
  /// Whole; nil where the destination has no such message.
  func outboxRow(of destination: String, event: String) throws(StoreError) -> OutboxRow?
  /// Whole; nil where there is none.
  func delivery(_ id: Int64) throws(StoreError) -> DeliveryRow?
  func disabledDestinations() throws(StoreError) -> [DisabledDestination]
  /// Those for which something waits, by name.
  func outboxDestinations() throws(StoreError) -> [String]
}

/// What the publisher, lists and pages ask about the outbox.
public protocol OutboxReader: Sendable {
  /// The first of each lane that is not held and due at this moment, those that waited longest first. One
  /// that is due later than `horizon` is due, too: the clock was put back.
  func dueOutbox(
    of destination: String, at now: Timestamp, horizon: Timestamp, limit: Int
  ) throws(StoreError) -> [OutboxHead]
  /// When the next of them that is not due yet will be.
  func nextOutbox(of destination: String, after now: Timestamp) throws(StoreError) -> Timestamp?
  /// Whole; nil once it is gone.
  func readOutboxRow(_ position: Int64) throws(StoreError) -> OutboxRow?
  /// By the names of the destinations.
  func outboxSummaries() throws(StoreError) -> [OutboxSummary]
  func readDisabledDestinations() throws(StoreError) -> [DisabledDestination]
  /// Newest first unless asked; `before` is the id that the last page ended with.
  func deliveries(
    of destination: String, before: Int64?, limit: Int, oldestFirst: Bool
  ) throws(StoreError) -> [DeliveryRow]
}

extension OutboxReader {
  public func deliveries(
    of destination: String, before: Int64?, limit: Int
  ) throws(StoreError) -> [DeliveryRow] {
    try deliveries(of: destination, before: before, limit: limit, oldestFirst: false)
  }
}
