public import Model

/// Whose limit it is: two pipelines of one namespace may share a key.
public enum LimitScope: String, Sendable, Hashable { case pipeline, namespace }

/// `concurrency:`, of a job or of a step.
public struct ConcurrencyPlan: Sendable {
  public enum WhenFull: String, Sendable, Hashable {
    case queue, skip
    case cancelRunning = "cancel_running"
  }
  public var scope: LimitScope
  /// Text; nil: one key for the whole pipeline (of a step: for the step).
  public var key: Template?
  public var limit: Count
  public var whenFull: WhenFull
  /// How many may wait; nil: as many as come, up to the node's own limit.
  public var maxQueued: Count?

  public init(
    scope: LimitScope, key: Template?, limit: Count, whenFull: WhenFull, maxQueued: Count?
  ) {
    (self.scope, self.key, self.limit) = (scope, key, limit)
    (self.whenFull, self.maxQueued) = (whenFull, maxQueued)
  }
}

/// `rate_limit:`: so many starts in a span of time; what comes too early waits.
public struct RatePlan: Sendable {
  public var scope: LimitScope
  public var key: Template?
  public var limit: Count
  public var per: Timing
  public init(scope: LimitScope, key: Template?, limit: Count, per: Timing) {
    (self.scope, self.key, self.limit, self.per) = (scope, key, limit, per)
  }
}

/// `circuit:`: after so many failures in a row nothing starts until `recoverAfter`, then one probe.
public struct CircuitPlan: Sendable {
  /// Nil: the connection's name, else the connector's.
  public var key: Template?
  public var failures: Count
  public var recoverAfter: Timing
  public init(key: Template?, failures: Count, recoverAfter: Timing) {
    (self.key, self.failures, self.recoverAfter) = (key, failures, recoverAfter)
  }
}

/// `cache:`: the output of a success is taken again for so long, in the namespace, by key.
public struct CachePlan: Sendable {
  public var key: Template
  public var lifetime: Timing
  public init(key: Template, lifetime: Timing) { (self.key, self.lifetime) = (key, lifetime) }
}

/// What a step must be given before an attempt starts, beside the node's own place. An object, and absent
/// from most steps, so that a step without limits pays nothing.
public final class StepLimits: Sendable {
  public let concurrency: ConcurrencyPlan?
  /// A lock of the namespace: a concurrency of one.
  public let exclusive: Template?
  public let rate: RatePlan?
  public let circuit: CircuitPlan?
  public let cache: CachePlan?
  /// 0 to 9; nil: that of the job.
  public let priority: Count?
  /// The name of the workers' queue. On one node its places are the setting `queue_slots`'s.
  public let queue: String?

  public init(
    concurrency: ConcurrencyPlan? = nil, exclusive: Template? = nil, rate: RatePlan? = nil,
    circuit: CircuitPlan? = nil, cache: CachePlan? = nil, priority: Count? = nil, queue: String? = nil
  ) {
    (self.concurrency, self.exclusive, self.rate) = (concurrency, exclusive, rate)
    (self.circuit, self.cache, self.priority, self.queue) = (circuit, cache, priority, queue)
  }
}

/// Who a job is and what it may use, as the head of the file says it.
public struct IdentityPlan: Sendable {
  public var concurrency: ConcurrencyPlan?
  public var rate: RatePlan?
  /// 0 to 9; nil: 5.
  public var priority: Count?
  public var fairKey: Template?
  public var correlation: Template?
  public var labels: [(name: String, value: Template)]
  /// `access.owner`: who may read and answer as the owner of the job.
  public var owner: Template?
  /// `privacy:` as the file says it; null where it does not.
  public var privacy: JSON
  public var logFile: String?
  /// `expect:` as the file says it; null where it does not.
  public var expect: JSON

  public static let none = IdentityPlan(
    concurrency: nil, rate: nil, priority: nil, fairKey: nil, correlation: nil, labels: [], owner: nil,
    privacy: .null, logFile: nil, expect: .null)

  public init(
    concurrency: ConcurrencyPlan?, rate: RatePlan?, priority: Count?, fairKey: Template?,
    correlation: Template?, labels: [(name: String, value: Template)], owner: Template?, privacy: JSON,
    logFile: String?, expect: JSON
  ) {
    (self.concurrency, self.rate, self.priority) = (concurrency, rate, priority)
    (self.fairKey, self.correlation, self.labels) = (fairKey, correlation, labels)
    (self.owner, self.privacy, self.logFile, self.expect) = (owner, privacy, logFile, expect)
  }
}

/// `deliver:` of a trigger: the message goes to waiting jobs instead of starting one.
public struct DeliverPlan: Sendable {
  public enum Unmatched: String, Sendable, Hashable {
    case deadLetter = "dead_letter"
    case drop
  }
  public var signal: Template
  public var key: Template?
  public var payload: Template
  /// How long it is kept where no job waits for it.
  public var keep: Duration
  public var then: Unmatched

  public static let defaultKeep = Duration.seconds(86_400)

  public init(signal: Template, key: Template?, payload: Template, keep: Duration, then: Unmatched) {
    (self.signal, self.key, self.payload) = (signal, key, payload)
    (self.keep, self.then) = (keep, then)
  }
}
