internal import Expressions
internal import Model
internal import Pipelines

// A job whose start asks for a later moment (`run_at`): it is stored, holds its key and waits; nothing of it
// exists before, neither a step nor a place in a queue, and its deadline counts from then.
extension Decider {
  mutating func begin() {
    let claim = jobClaim
    emit(.status(claim == nil ? .running : .queued))
    do {
      if let deadline = plan.deadline { limit(nil, to: try deadline.duration(resolver(at: nil))) }
      if let claim { decision.effects.append(.claim(claim)) } else { open(scope: 0, in: nil) }
    } catch {
      conclude(.failed, Failure(expression: error), nil)
    }
  }

  /// The moment is one of the wall: a clock that was set back meanwhile makes it wait again (S12).
  mutating func awaitStart(at moment: Timestamp) {
    if now >= moment { return begin() }
    if state.status != .waiting { emit(.status(.waiting)) }
    decision.effects.append(.wakeAt(.start, moment))
  }

  mutating func startIsDue() {
    if state.waitsForStart, let moment = state.runAt { awaitStart(at: moment) }
  }
}

extension Wake {
  /// Of a job that was started for later.
  static let start = Wake(.start, nil)
}

extension JobState {
  /// The moment that its start asked for; nil of most jobs.
  var runAt: Timestamp? { context?.value["run_at"]?.string.flatMap { Timestamp(rfc3339: $0) } }

  /// Whether that is still to come, and so nothing of the job has begun.
  var waitsForStart: Bool {
    roots.isEmpty && outcome == nil && phase == .main && creation != nil && status != .queued && runAt != nil
  }

  /// Since when the job itself waits for its turn.
  var queuedSince: Timestamp { runAt ?? createdAt }
}
