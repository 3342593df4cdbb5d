/// The number of a step execution in its job, given in the order in which they come to be.
public typealias NodeNumber = UInt32

/// What an event changed in a job. Facts are what the journal stores, and a job's state is nothing but their
/// fold: `JobState.apply` needs neither the plan nor an expression, so an upgrade cannot change the past.
///
/// Bodies stand in a fact by their place only; their values come from the sealed bytes.
public enum Fact: Sendable, Hashable {
  /// The first fact of every job. The body is `{inputs, vars, settings, trigger}`.
  case created(Creation, context: Body)
  /// The steps of a scope came to be: nodes `first..<first + count` of the plan's steps from `step` on.
  case opened(parent: NodeNumber?, first: NodeNumber, step: UInt32, count: UInt32)
  /// A fan-out's items came to be. The body is `{items: […], keys?: […]}`; over the lines of an artifact
  /// `{lines: how many, batch?: how many to an item}`. A window keeps of its items only what failed.
  case items(
    parent: NodeNumber, first: NodeNumber, count: UInt32, parallel: UInt32, items: Body,
    isWindow: Bool = false)
  /// A round of a loop came to be; the body is what it carries.
  case round(parent: NodeNumber, node: NodeNumber, number: UInt32, max: UInt32, carry: Body)
  /// A group, fan-out, loop or choice has begun: it runs no attempt of its own.
  case entered(NodeNumber)
  /// No slot was free.
  case queued(NodeNumber)
  /// An attempt began. Its token is the sequence number of the event that holds this fact. The input is
  /// absent where the file's own literal says it.
  case started(NodeNumber, attempt: UInt32, effect: EffectClass, input: Body?)
  case succeeded(NodeNumber, StepStatus, output: Body?)
  /// Ended `failed`, `timeout` or `cancelled`.
  case failed(NodeNumber, StepStatus, ErrorClass, code: String, message: Body)
  /// None of these nodes will run.
  case skipped(first: NodeNumber, count: UInt32, SkipCause)
  /// The attempt failed and another follows at `due`, after a pause of `pause`.
  case retrying(NodeNumber, ErrorClass, code: String, message: Body, due: Timestamp, pause: Duration)
  /// A loop pauses before its next round.
  case delayed(NodeNumber, due: Timestamp, pause: Duration)
  /// The node, or with nil the job, must have ended by `due`.
  case deadline(NodeNumber?, due: Timestamp, after: Duration)
  /// The attempt's process died with its node or by itself, its end unknown.
  case lost(NodeNumber, cause: String)
  /// A person must say whether the attempt happened.
  case question(NodeNumber, reason: String)
  case resolved(NodeNumber, answer: String, actor: String)
  /// A result came that no longer counts; its output is kept so that a person can adopt it.
  case superseded(NodeNumber, token: UInt32, output: Body?)
  case adopted(NodeNumber, actor: String)
  /// The node was asked to stop and will end with this status.
  case stopping(NodeNumber, StepStatus)
  case cancelRequested(actor: String, reason: Body)
  case killed(actor: String, reason: Body)
  /// The deadline of the phase passed. While a person's answer is open it stops nothing yet.
  case overdue
  case phase(JobPhase)
  /// How the job's own steps ended, before its handlers run.
  case outcome(JobStatus, failure: FailureFact?, outputs: Body?)
  case status(JobStatus)
  case recovered(node: String)
  /// The engine could not drive the job and leaves it to a person (S4).
  case quarantined(reason: String)
  /// What the wider language says of one node: people, messages, sub-jobs, limits.
  case step(NodeNumber, StepFact)
  /// Steps beside the inside of a node came to be: nodes `first..<first + count` of the plan's steps from
  /// `step` on. The node does not end before those that block have.
  case aside(parent: NodeNumber, AsideKind, first: NodeNumber, step: UInt32, count: UInt32)
  /// An ended job goes on in place (`job retry`): these nodes are pending again, for the `round`-th time.
  case reopened(actor: String, round: UInt32, nodes: [NodeNumber])
  /// A person gave the live job another priority, or other labels: the body is all of them.
  case updated(actor: String, priority: Int?, labels: Body?)

  public struct Creation: Sendable, Hashable {
    public var namespace: String
    public var pipeline: String
    public var revision: Int
    /// The program's version; `replay` compares it.
    public var engine: String
    public var key: String?
    public init(namespace: String, pipeline: String, revision: Int, engine: String, key: String?) {
      (self.namespace, self.pipeline, self.revision) = (namespace, pipeline, revision)
      (self.engine, self.key) = (engine, key)
    }
  }

  public struct FailureFact: Sendable, Hashable {
    public var errorClass: ErrorClass
    public var code: String
    public var message: Body
    public var step: String
    public init(errorClass: ErrorClass, code: String, message: Body, step: String) {
      (self.errorClass, self.code, self.message, self.step) = (errorClass, code, message, step)
    }
  }
}

/// Why a step never ran. `condition`, `branch` and `expired` (nobody answered, and the file says `skip`)
/// satisfy a strong need, the others do not.
public enum SkipCause: UInt8, Sendable, Hashable, CaseIterable {
  case condition, branch, upstreamFailed, cancelled, limit, expired

  public var word: String { self == .upstreamFailed ? "upstream_failed" : "\(self)" }
  public init?(word: String) {
    guard let cause = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = cause
  }
  public var satisfiesStrongNeeds: Bool {
    switch self {
    case .condition, .branch, .expired: true
    case .upstreamFailed, .cancelled, .limit: false
    }
  }
}

/// What stands beside the inside of a node.
public enum AsideKind: UInt8, Sendable, Hashable, CaseIterable {
  case rescue, onFailure, onCancel, finally, afterEach

  /// As it stands in paths: `load.on_failure.tell`.
  public var word: String {
    switch self {
    case .rescue: "rescue"
    case .onFailure: "on_failure"
    case .onCancel: "on_cancel"
    case .finally: "finally"
    case .afterEach: "after_each"
    }
  }
  public init?(word: String) {
    guard let kind = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = kind
  }
  /// Whether the node waits for these steps; after_each blocks nothing.
  public var blocks: Bool { self != .afterEach }
}

/// Which of a job's parts runs.
public enum JobPhase: UInt8, Sendable, Hashable, CaseIterable {
  case main, onFailure, onCancel, finally
  /// Only `after_each` steps still run.
  case afterEach
  case ended

  public var word: String {
    switch self {
    case .main: "main"
    case .onFailure: "on_failure"
    case .onCancel: "on_cancel"
    case .finally: "finally"
    case .afterEach: "after_each"
    case .ended: "ended"
    }
  }
  public init?(word: String) {
    guard let phase = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = phase
  }
}
