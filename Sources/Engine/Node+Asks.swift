public import Model

// Questions to people. Each of these returns after the commit that it caused.
extension Node {
  /// Counts one answer. `ask-closed` where the question is open no more: the answer is kept as evidence.
  public func answer(_ answer: GivenAnswer) async throws(Problem) -> AskProgress {
    try await act(on: answer.ask, .answer(answer))
  }

  /// Lets another person answer in place of one who may.
  public func delegate(_ handover: Handover) async throws(Problem) -> AskProgress {
    try await act(on: handover.ask, .delegate(handover))
  }

  /// Leaves a reminder in the job's history and its event stream.
  public func remind(_ ask: ID<Ask>) async throws(Problem) -> AskProgress { try await act(on: ask, .remind) }

  private func act(on ask: ID<Ask>, _ act: AskOrder.Act) async throws(Problem) -> AskProgress {
    let history = jobHistory
    let order = try await offThread { () throws(Problem) in
      let row = try history.askRow(ask)
      return AskOrder(
        job: try history.summary(row.job).id, number: row.job, node: row.node, ask: ask, act: act)
    }
    do throws(Problem) {
      return try await send { .ask(order, $0) }
    } catch {
      guard error.code == Problem.askClosed(ask).code else { throw error }
      throw try await offThread { () throws(Problem) in try history.closed(ask) }
    }
  }
}
