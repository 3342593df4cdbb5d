internal import Model
internal import Pipelines

// In the turn that decides.
extension Jobs {
  func tallyJob(_ job: OwnedJob, at now: Timestamp) {
    let trigger = job.state.context?.value["trigger"]?["type"]?.string ?? ""
    let (begin, end) = (job.state.startedAt.orNil ?? job.state.createdAt, job.state.endedAt.orNil ?? now)
    configuration.tally.jobEnded(job.pipeline, job.state.status, trigger: trigger, took: end - begin)
  }

  /// A step is over when its last attempt is: one that is tried again is not.
  func tallyStep(_ number: JobNumber, _ node: NodeNumber, token: UInt32, _ attempt: AttemptEnd) {
    guard let job = inMemory(number), node < job.state.nextNode else { return }
    let state = job.state[node]
    guard state.status.hasEnded, state.token == token, let begin = state.startedAt.orNil,
      let end = state.endedAt.orNil, case .connector(let call) = job.plan.steps[Int(state.step)].kind
    else { return }
    var failure: ErrorClass?
    if !state.status.hasOutput, case .failure(let found) = attempt { failure = found.errorClass }
    configuration.tally.stepEnded(call.connector.name, state.status, failure, took: end - begin)
  }
}
