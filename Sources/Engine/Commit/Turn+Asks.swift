public import Model
internal import Pipelines

/// What somebody does with a question.
struct AskOrder: Sendable {
  enum Act: Sendable {
    case answer(GivenAnswer)
    case delegate(Handover)
    case remind
  }
  var job: ID<Job>
  var number: JobNumber
  var node: NodeNumber
  var ask: ID<Ask>
  var act: Act
}

/// Where a question stands after an answer.
public struct AskProgress: Sendable, Hashable {
  public var job: ID<Job>
  public var isDecided: Bool
  /// How many made the same choice, and how many must.
  public var votes: Int
  public var quorum: Int
}

// Questions to people: checked against the job as it stands when their turn comes (S15).
extension Turn {
  mutating func take(_ order: AskOrder, _ reply: @escaping Reply<AskProgress>, at now: Timestamp) {
    guard let job = jobs.job(order.job), !job.state.status.hasEnded else {
      return keepLate(order, reply, at: now)
    }
    if let reason = job.state.quarantine { return reply(.failure(.quarantined(order.job, reason))) }
    guard let ask = job.state.ask(of: order.node), ask.id == order.ask else {
      // The answer that lost stays in the history as evidence.
      if case .answer(let answer) = order.act { jobs.decide(job, .answered(order.node, answer), at: now) }
      return jobs.after(.job(job.number)) { _ in reply(.failure(.askClosed(order.ask))) }
    }
    if let refusal = refusal(of: order, ask, job) {
      return jobs.after(.nothing) { _ in reply(.failure(.refused(refusal, order.ask))) }
    }
    jobs.decide(job, order.event, at: now)
    let progress = progress(order, ask, job)
    jobs.after(.job(job.number)) { result in reply(result.map { progress }) }
  }

  private func refusal(of order: AskOrder, _ ask: OpenAsk, _ job: OwnedJob) -> AskRefusal? {
    switch order.act {
    case .answer(let answer):
      guard case .ask(let plan) = job.plan.steps[Int(job.state[order.node].step)].kind else { return nil }
      return ask.refusal(of: answer, plan)
    case .delegate(let handover): return ask.refusal(of: handover)
    case .remind: return nil
    }
  }

  private func progress(_ order: AskOrder, _ before: OpenAsk, _ job: OwnedJob) -> AskProgress {
    let now = job.state.ask(of: order.node)
    var votes = 0
    if case .answer(let answer) = order.act {
      // A decided question is gone from the state: its quorum was reached.
      votes = now.map { $0.votes(for: answer.choice) } ?? before.quorum
    }
    return AskProgress(job: job.id, isDecided: now == nil, votes: votes, quorum: before.quorum)
  }

  /// The job has ended, or is nobody's: its history takes nothing more, but the row of the answer stays.
  private mutating func keepLate(
    _ order: AskOrder, _ reply: @escaping Reply<AskProgress>, at now: Timestamp
  ) {
    if case .answer(let answer) = order.act {
      jobs.keep(AskAnswerRow(answer, order.number, counts: false, at: now, content: nil))
    }
    jobs.after(.nothing) { _ in reply(.failure(.askClosed(order.ask))) }
  }
}

extension AskOrder {
  fileprivate var event: Event {
    switch act {
    case .answer(let answer): .answered(node, answer)
    case .delegate(let handover): .delegated(node, handover)
    case .remind: .reminded(node, ask)
    }
  }
}
