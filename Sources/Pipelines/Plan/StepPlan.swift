public import Model

/// One step of the file, resolved. An object, like the plan, so that to hand it on costs nothing.
///
/// The layers of a step nest in this order: `for_each` makes items, each item runs `repeat` rounds, each
/// round runs the body. `condition` is asked once for the step, before its items.
public final class StepPlan: Sendable {
  public let name: String
  /// Without items and rounds: `collect.csv`. Unique in a plan; handlers' begin with `on_failure.` and so on.
  public let path: String
  /// The number of the scope it belongs to.
  public let scope: Int
  public let kind: StepKind
  /// `if:`; of a branch of `choose` its `if`, nil for `else`.
  public let condition: BoundExpression?
  /// What must have ended before: siblings only. An edge to a step further out is one of the group around.
  public let needs: [Need]
  /// The same edges turned round.
  public let successors: [Need]
  public let forEach: ForEachPlan?
  public let loop: LoopPlan?
  public let retry: RetryPlan
  /// One attempt; of a loop or group one round. Nil: the connector's default, or none.
  public let timeout: Timing?
  /// From ready until started.
  public let queueTimeout: Timing?
  /// From ready to the end.
  public let deadline: Timing?
  public let idempotent: Bool?
  /// `output:` of a group: what stands in place of the map of its children's outputs.
  public let output: Template?
  /// Runs where the step would fail after its last try.
  public let rescue: RescuePlan?
  /// `on_failure`, `on_cancel` and `finally` of a group.
  public let handlers: HandlersPlan
  public let limits: StepLimits?
  /// Nil: where the connector itself runs.
  public let isolation: IsolationPlan?
  /// `on_kill: run`, of a step of `finally`: it runs even after a kill.
  public let runsOnKill: Bool
  /// Over all that the file says of the step and of what is inside it, and the major versions of its
  /// connectors: a rerun takes a result again only where it is the same. 32 hex digits.
  public let definition: String

  public init(
    name: String, path: String, scope: Int, kind: StepKind, condition: BoundExpression? = nil,
    needs: [Need] = [], successors: [Need] = [], forEach: ForEachPlan? = nil, loop: LoopPlan? = nil,
    retry: RetryPlan = .once, timeout: Timing? = nil, queueTimeout: Timing? = nil,
    deadline: Timing? = nil, idempotent: Bool? = nil, output: Template? = nil, rescue: RescuePlan? = nil,
    handlers: HandlersPlan = .none, limits: StepLimits? = nil, isolation: IsolationPlan? = nil,
    runsOnKill: Bool = false, definition: String = ""
  ) {
    (self.name, self.path, self.scope, self.kind) = (name, path, scope, kind)
    (self.condition, self.needs, self.successors) = (condition, needs, successors)
    (self.forEach, self.loop, self.retry) = (forEach, loop, retry)
    (self.timeout, self.queueTimeout, self.deadline) = (timeout, queueTimeout, deadline)
    (self.idempotent, self.output, self.rescue) = (idempotent, output, rescue)
    (self.handlers, self.limits, self.isolation) = (handlers, limits, isolation)
    (self.runsOnKill, self.definition) = (runsOnKill, definition)
  }
}

/// Exactly one kind a step.
public enum StepKind: Sendable {
  case connector(CallPlan)
  /// The number of the scope inside.
  case group(Int)
  /// The branches are the steps of this scope, in order; exactly the first whose condition holds runs.
  case choose(Int)
  case value(Template)
  case call(SubJobPlan)
  case ask(AskPlan)
  case wait(WaitPlan)
  case end(EndPlan)
}

/// A call of a connector. An object for the same reason.
public final class CallPlan: Sendable {
  public let connector: ConnectorDescription
  public let with: Template
  /// Always literal, so that data cannot choose them.
  public let connection: String?
  public let credential: String?

  public init(
    connector: ConnectorDescription, with: Template, connection: String? = nil, credential: String? = nil
  ) {
    (self.connector, self.with) = (connector, with)
    (self.connection, self.credential) = (connection, credential)
  }
}

/// One end of an edge.
public struct Need: Sendable, Hashable {
  public enum Strength: Sendable, Hashable {
    /// Success or partial, or a skip of its own (`if`, or a branch not taken).
    case strong
    /// Ended, however.
    case weak
  }
  public var step: StepIndex
  public var strength: Strength
  /// Why the edge exists, for `--explain`: `needs`, or the reference as it is written.
  public var reason: String

  public init(step: StepIndex, strength: Strength, reason: String) {
    (self.step, self.strength, self.reason) = (step, strength, reason)
  }
}

public struct ForEachPlan: Sendable {
  /// A list; with `isLines` the handle of an artifact.
  public var items: BoundExpression
  /// `for_each: {lines: …}`: the items are the artifact's lines, as text, read as they are needed.
  public var isLines: Bool
  /// Each item is a list of so many of them; the last may be shorter. Nil: one by one.
  public var batch: Count?
  /// The `as` name; `item` when the file has none.
  public var name: String
  public var key: Template?
  public var maxParallel: Count
  public var allowFailed: AllowFailed
  /// Nil: `all` up to 1,000 items, `failed` above.
  public var keep: Keep?

  public enum Keep: String, Sendable { case failed, all }
  public enum AllowFailed: Sendable, Hashable {
    case count(Int)
    /// Of the items, rounded down.
    case percent(Double)
    case all

    /// How many of `total` may fail.
    public func limit(of total: Int) -> Int {
      switch self {
      case .count(let count): count
      case .percent(let percent): Int((Double(total) * percent / 100).rounded(.down))
      case .all: total
      }
    }
  }

  public init(
    items: BoundExpression, name: String, key: Template?, maxParallel: Count = .fixed(16),
    allowFailed: AllowFailed = .count(0), keep: Keep? = nil, isLines: Bool = false, batch: Count? = nil
  ) {
    (self.items, self.name, self.key) = (items, name, key)
    (self.maxParallel, self.allowFailed, self.keep) = (maxParallel, allowFailed, keep)
    (self.isLines, self.batch) = (isLines, batch)
  }
}

public struct LoopPlan: Sendable {
  public enum OnMax: String, Sendable { case fail, `continue` }
  public var max: Count
  /// The first round's values; an object, empty where the file has no `carry`.
  public var carry: Template
  /// Asked after each round; sees the children and `carry` of the round that just ended.
  public var until: BoundExpression?
  /// Evaluated after `until` said no; the same view. Names that it leaves out keep their value.
  public var next: Template?
  public var delay: Timing?
  public var onMax: OnMax

  public init(
    max: Count, carry: Template, until: BoundExpression?, next: Template?, delay: Timing? = nil,
    onMax: OnMax = .fail
  ) {
    (self.max, self.carry, self.until) = (max, carry, until)
    (self.next, self.delay, self.onMax) = (next, delay, onMax)
  }
}

public struct RetryPlan: Sendable {
  /// The first try counts.
  public var attempts: Count
  public var initial: Timing
  public var factor: Double
  public var max: Timing
  /// 0.2 spreads a pause by ±20 %.
  public var jitter: Double
  public var classes: Set<ErrorClass>

  public static let defaultClasses: Set<ErrorClass> = [
    .transient, .timeout, .rateLimited, .exit, .lost, .circuitOpen,
  ]
  /// No second try.
  public static let once = RetryPlan(attempts: .fixed(1))

  public init(
    attempts: Count, initial: Timing = .fixed(.seconds(1)), factor: Double = 2,
    max: Timing = .fixed(.seconds(60)), jitter: Double = 0, classes: Set<ErrorClass> = defaultClasses
  ) {
    (self.attempts, self.initial, self.factor) = (attempts, initial, factor)
    (self.max, self.jitter, self.classes) = (max, jitter, classes)
  }
}
