internal import Model
internal import Pipelines

// The rows of questions, in the commit of what was decided about them.
extension Batch {
  mutating func add(_ change: AskChange, of job: OwnedJob, at now: Timestamp) {
    switch change {
    case .changed(let node, let ask, let state, let choice):
      let row = AskRow(
        id: ask.id, job: job.number, node: node, namespace: job.pipeline.namespace,
        path: job.state.path(of: node, in: job.plan), state: state, content: ask.place,
        assignees: ask.people.principals, quorum: ask.quorum, openedAt: ask.openedAt,
        expiresAt: ask.expiresAt, decidedChoice: choice, decidedAt: state == .open ? nil : now)
      // The decision replaces the close that came with the step's end.
      if asks.last?.id == row.id { asks.removeLast() }
      asks.append(row)
    case .answered(let answer, let counts, let place):
      answers.append(AskAnswerRow(answer, job.number, counts: counts, at: now, content: place))
    }
  }
}

extension AskAnswerRow {
  init(_ answer: GivenAnswer, _ job: JobNumber, counts: Bool, at now: Timestamp, content: BodyPlace?) {
    self.init(
      ask: answer.ask, job: job, by: answer.by, onBehalfOf: answer.onBehalfOf, choice: answer.choice,
      counts: counts, at: now, content: content)
  }
}
