/// Where one step execution stands. Trivial on purpose: no reference in it, so an array of these copies with
/// `memcpy` and frees at once.
public struct StepState: Hashable, Sendable {
  /// A step is opened with its siblings; a fan-out makes items of itself, a loop rounds.
  public enum Layer: UInt8, Sendable { case step, item, round }

  /// Its place in the plan.
  public internal(set) var step: UInt32
  /// The node whose inside this is; `StepState.none` for the job's own steps and handlers.
  public internal(set) var parent: NodeNumber
  /// The item's index from 0, or the round's number from 1.
  public internal(set) var ordinal: UInt32
  public internal(set) var layer: Layer
  /// As what it stands beside its parent; nil: inside of it, or a step of the job.
  public internal(set) var beside: AsideKind?
  public internal(set) var status = StepStatus.pending
  /// Counts only while `status` is `skipped`.
  public internal(set) var skipCause = SkipCause.condition
  public internal(set) var effect = EffectClass.once
  /// What it will end with after it was asked to stop; `pending` where it was not asked.
  public internal(set) var stopping = StepStatus.pending
  /// The projection has had a row of it, whatever becomes of it.
  public internal(set) var isShown = false
  /// The number of the current or last attempt.
  public internal(set) var attempt: UInt32 = 0
  /// How many attempts failed: what `retry.attempts` bounds.
  public internal(set) var failures: UInt16 = 0
  /// How many attempts died with their process: what the crash budget bounds.
  public internal(set) var crashes: UInt16 = 0
  /// The round of `job retry` that it belongs to; 0 before the first.
  public internal(set) var round: UInt32 = 0
  /// The sequence number of the event that started the current attempt: its fencing token.
  public internal(set) var token: UInt32 = 0
  /// When a retry or a pause is over.
  public internal(set) var due = Timestamp.never
  /// The whole pause that `due` ends: after a restart what remains is never more.
  public internal(set) var pause = Duration.zero
  public internal(set) var deadline = Timestamp.never
  public internal(set) var deadlineAfter = Duration.zero
  public internal(set) var readyAt = Timestamp.never
  public internal(set) var startedAt = Timestamp.never
  public internal(set) var endedAt = Timestamp.never

  /// The nodes inside: a scope's steps, a fan-out's items, or of a loop the newest round alone.
  public internal(set) var firstChild: NodeNumber = StepState.none
  public internal(set) var childCount: UInt32 = 0
  /// The first step of the scope inside; `StepState.none` for items and rounds.
  public internal(set) var childStep: UInt32 = StepState.none
  /// How many of the nodes inside have not ended.
  public internal(set) var open: UInt32 = 0
  /// How many items have left `pending`: they do so in order.
  public internal(set) var next: UInt32 = 0
  /// Of a fan-out its places, of a loop its most rounds.
  public internal(set) var bound: UInt32 = 0
  public internal(set) var succeeded: UInt32 = 0
  public internal(set) var partial: UInt32 = 0
  public internal(set) var failed: UInt32 = 0
  public internal(set) var skipped: UInt32 = 0

  @inlinable public static var none: UInt32 { .max }

  init(step: UInt32, parent: NodeNumber, layer: Layer, ordinal: UInt32, round: UInt32 = 0) {
    (self.step, self.parent, self.layer, self.ordinal) = (step, parent, layer, ordinal)
    self.round = round
  }

  @inlinable public var hasParent: Bool { parent != Self.none }
  /// Items that have begun and not ended.
  public var live: UInt32 { next - (childCount - open) }
}

extension Timestamp {
  /// Stands for "no time" where an optional would cost a byte in every node.
  public static let never = Timestamp(microseconds: .min)
  public var orNil: Timestamp? { self == .never ? nil : self }
}
