internal import Model

// What a fact can move.
extension Fact {
  /// The nodes whose status it may change: one, or several in a row that stand alike.
  ///
  /// Not those that come to be, and not those of a job that is opened again: both are pending from then on,
  /// and the job's own status says so.
  var movedNodes: (first: NodeNumber, count: UInt32)? {
    switch self {
    case .round(let node, _, _, _, _), .entered(let node), .queued(let node), .started(let node, _, _, _),
      .succeeded(let node, _, _), .failed(let node, _, _, _, _), .retrying(let node, _, _, _, _, _),
      .delayed(let node, _, _), .question(let node, _), .aside(let node, _, _, _, _), .step(let node, _):
      (node, 1)
    case .skipped(let first, let count, _): (first, count)
    case .created, .opened, .items, .deadline, .lost, .resolved, .superseded, .adopted, .stopping,
      .cancelRequested, .killed, .overdue, .phase, .outcome, .status, .recovered, .quarantined, .reopened,
      .updated:
      nil
    }
  }

  /// Why the status changed, in one word.
  var cause: String {
    switch self {
    case .skipped(_, _, let cause): cause.word
    case .step(_, let fact): fact.name
    case .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .failed, .retrying,
      .delayed, .deadline, .lost, .question, .resolved, .superseded, .adopted, .stopping, .cancelRequested,
      .killed, .overdue, .phase, .outcome, .status, .recovered, .quarantined, .aside, .reopened, .updated:
      name
    }
  }

  /// That of a step.
  var failure: Failure? {
    switch self {
    case .failed(_, _, let errorClass, let code, let message),
      .retrying(_, let errorClass, let code, let message, _, _):
      Failure(errorClass, code: code, message.value.string ?? "")
    case .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .skipped, .delayed,
      .deadline, .lost, .question, .resolved, .superseded, .adopted, .stopping, .cancelRequested, .killed,
      .overdue, .phase, .outcome, .status, .recovered, .quarantined, .step, .aside, .reopened, .updated:
      nil
    }
  }

  /// Whether a question was asked, or asks others from now on.
  var isAboutAsk: Bool {
    switch self {
    case .step(_, .asked), .step(_, .assigned): true
    case .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .failed, .skipped,
      .retrying, .delayed, .deadline, .lost, .question, .resolved, .superseded, .adopted, .stopping,
      .cancelRequested, .killed, .overdue, .phase, .outcome, .status, .recovered, .quarantined, .step, .aside,
      .reopened, .updated:
      false
    }
  }
}
