/// What happens to one step execution beyond attempts: people, messages, sub-jobs and limits.
public enum StepFact: Sendable, Hashable {
  /// Held back by a limit that is not the node's own: it counts as waiting, not as active.
  case limited
  /// Waits for a signal. The body is `{name, key, broadcast}`.
  case awaiting(Body)
  /// Was given a signal; its end follows. The body is the payload.
  case signalled(id: String, payload: Body)
  /// Asks people. The body is that of `OpenAsk.content`.
  case asked(ID<Ask>, content: Body)
  /// Somebody answered: `{choice, form?, comment?, on_behalf_of?, shown_sha256}`. One that does not count is
  /// kept as evidence.
  case answered(by: String, counts: Bool, answer: Body)
  /// Who may answer has changed to `{users, groups}`; `cause` is `delegated` or `escalated`.
  case assigned(cause: String, actor: String, to: Body)
  /// The reminder of this number, from 1, was due.
  case reminded(UInt32)
  /// Is to have a sub-job; the body is its inputs.
  case calling(pipeline: String, revision: Int, inputs: Body)
  /// The sub-job exists. Stored in the commit that admits it.
  case called(ID<Job>)
  /// How the inside ended, while handlers still run: an output or a failure, or of a status alone neither.
  case settled(StepStatus, output: Body?, failure: Fact.FailureFact?)
  /// Ended with the result that another job's step execution, or the cache, had given; `from` is that job.
  case reused(StepStatus, from: String, output: Body?)
  /// The lines of a fan-out's artifact are being counted. The body is the artifact's handle.
  case counting(Body)
  /// The item was read; the body is its value.
  case sliced(Body)

  /// The word that stands in the stored text and in `job events`.
  public var name: String {
    switch self {
    case .limited: "limited"
    case .awaiting: "awaiting"
    case .signalled: "signalled"
    case .asked: "asked"
    case .answered: "answered"
    case .assigned: "assigned"
    case .reminded: "reminded"
    case .calling: "calling"
    case .called: "called"
    case .settled: "settled"
    case .reused: "reused"
    case .counting: "counting"
    case .sliced: "sliced"
    }
  }
}
