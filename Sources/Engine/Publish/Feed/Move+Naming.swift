internal import Model
internal import Pipelines

extension [Move] {
  /// In the words of people. All that an event moved must be in one list.
  func changes(_ state: borrowing JobState, _ plan: Plan, at time: Timestamp) -> [JobChange] {
    var changes: [JobChange] = []
    changes.reserveCapacity(count)
    for move in self {
      let last = changes.last?.place
      let part = last?.sequence == move.sequence ? (last?.part ?? 0) + 1 : 0
      changes.append(
        JobChange(
          JobChange.Place(sequence: move.sequence, part: part), at: time, move.what.named(state, plan)))
    }
    return changes
  }
}

extension Move.What {
  fileprivate func named(_ state: borrowing JobState, _ plan: Plan) -> JobChange.Kind {
    switch self {
    case .job(let from, let to, let cause): return .job(from: from, to: to, cause: cause)
    case .step(let first, let count, let from, let to, let attempt, let cause):
      let last = count > 1 ? state.path(of: first + count - 1, in: plan) : nil
      return .step(
        StepChange(
          path: state.path(of: first, in: plan), lastPath: last, count: Int(count), from: from, to: to,
          attempt: Int(attempt), cause: cause))
    case .progress(let node, let done, let all):
      return .progress(path: state.path(of: node, in: plan), done: done, of: all)
    case .failed(let node, let failure):
      return .failed(
        Failure(
          failure.errorClass, code: failure.code, failure.message.told, step: state.path(of: node, in: plan)))
    case .ended(let end): return .ended(end)
    case .ask(let node, let ask, let answer, let choice):
      return .ask(
        AskTold(
          id: ask.id, path: state.path(of: node, in: plan), state: answer, choice: choice,
          title: (ask.content["title"]?.string ?? "").told,
          choices: ask.place.isShort ? ask.content["choices"] : nil, assignees: ask.people.principals,
          expiresAt: ask.expiresAt))
    }
  }
}

extension String {
  /// As much of it as is told.
  fileprivate var told: String {
    guard utf8.count > FeedLimits.text else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.prefix(FeedLimits.text)))
  }
}
