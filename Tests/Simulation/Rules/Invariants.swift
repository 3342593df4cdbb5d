/// What no history may break, whatever goes wrong. Each is checked by code that knows nothing of the engine's
/// own: it reads what was stored and what became visible outside, in that order.
///
/// The letters are the cases of the engine's semantics that it proves.
enum Invariant: String, CaseIterable, Sendable {
  // What is durable.

  /// S1, S2: nothing begins outside, and nobody hears of a success, before the commit that holds it.
  case durableFirst = "nothing happens outside before it is durable"
  /// S2, S28: whatever crashed, the next node finds the state of the last commit.
  case restored = "a restart gives back what was committed"
  /// S28: the fold of the facts is what the rows and snapshots say.
  case replayed = "a history folds to what is stored beside it"
  /// S3: with one owner no row of a batch breaks a rule of uniqueness.
  case accepted = "the store refuses no job"

  // Attempts.

  /// S1, S18: a step execution ends once, by the report of the attempt that runs, a person, or an adoption.
  case oneCompletion = "at most one completion per attempt is accepted"
  /// S6: a later attempt has a higher token, and two never run at once.
  case fencing = "tokens grow, and one attempt runs at a time"
  /// S1: where nobody knows whether a `once` step happened, a person says so first.
  case onceAsked = "a once step never starts again unasked"
  /// S18: a success that lost its race stays to be adopted.
  case lateKept = "a late success is kept"
  /// S5: as many attempts as the file and the crash budget say.
  case retries = "retries are neither lost nor added"

  // Order.

  /// Architecture D3: a step begins once what it needs has ended, and only if that allows it.
  case needsFirst = "no step begins before its needs"
  /// Architecture D3: what holds others ends last, and what has ended changes no more.
  case insideFirst = "nothing ends before what lies in it"
  /// S16: of what was asked to stop nothing new begins; a kill fences every attempt.
  case stopped = "nothing begins in what was asked to stop"
  /// The counters of a state are those of its nodes.
  case accounts = "the counters of a state are right"

  // People and messages.

  /// S15: a question is decided once, by as many as it asks for, and no answer changes that.
  case approvalsFinal = "approvals are final"
  /// S13, S14: a signal is taken once, and a wait ends by a signal.
  case signalOnce = "a signal ends one wait"
  /// S25, S33: each message and each end of a pipeline leads to one job, a signal or a row that says why.
  case messageOnce = "no message is lost or doubled"
  /// Section 7: a key of a request, of a message or of a call leads to one job.
  case oneJobPerKey = "one job per key"
  /// S6a: a call ends with its sub-job.
  case callEnds = "a call ends as its sub-job did"

  // Schedules.

  /// S12, S19: a due time is decided once, has its row, and waits with its message.
  case dueOnce = "each due time is decided once and has its row"
  /// Section 7: whoever decides it, and however often, a due time has one job.
  case oneJobPerDue = "one job per schedule and due time"
  /// S19, S20: a schedule whose jobs may not overlap has one that is live.
  case overlap = "jobs of a schedule do not overlap"

  // What jobs share.

  /// S10: no more holders than the limit says, each of them at work.
  case slots = "no slot without a lease, and no more than there are"
  /// S11: no more starts in a span of time than its rate says.
  case rates = "a rate holds in every span"
  /// S11: the node's places are free or taken.
  case places = "a place is free or taken"

  // Time.

  /// S12: no pause is longer than what the file says, whatever the wall does.
  case pauses = "a jump of the clock makes no wait longer"
  /// Liveness: once the faults stop, everything that was accepted ends and everybody is answered.
  case ends = "every accepted request ends"
}

/// A rule of the engine that a simulated history broke.
struct Violation: Error, CustomStringConvertible {
  var invariant: Invariant
  var text: String

  init(_ invariant: Invariant, _ text: String) { (self.invariant, self.text) = (invariant, text) }

  var description: String { "\(invariant.rawValue): \(text)" }
}

func require(
  _ invariant: Invariant, _ holds: Bool, _ text: @autoclosure () -> String
) throws(Violation) {
  if !holds { throw Violation(invariant, text()) }
}
