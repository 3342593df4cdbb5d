internal import Model

// What becomes of inputs while a turn waits for the store to take it. Nothing is decided on, so that no state
// in memory gets further ahead of the store.
extension Turn {
  /// Refuses what people and other systems ask, answers what is stored already, and leaves in `later`
  /// what the node's own work brings: it goes on when the turn is stored.
  mutating func withhold(_ inputs: [Input], _ error: StoreError, until later: inout [Input]) {
    let problem = Problem.notTaken(error)
    for input in inputs {
      switch input {
      case .admit(let prepared, let reply):
        if isUnderWay(prepared) { later.append(input) } else { reply(answer(to: prepared, problem)) }
      case .arrive(let arrival, let accepted, let outcome):
        if isUnderWay(arrival) {
          later.append(input)
        } else {
          accepted?(.failure(problem))
          outcome?(.failure(problem))
        }
      case .signal(let signal, let reply):
        if isUnderWay(signal) { later.append(input) } else { reply(.failure(problem)) }
      case .queued(_, let reply): reply(.failure(problem))
      case .waiting(_, let reply): reply(.failure(problem))
      case .command(_, _, let reply): reply(.failure(problem))
      case .ask(_, let reply): reply(.failure(problem))
      case .write(_, let reply): reply(.failure(problem))
      case .delete(_, let reply): reply(.failure(problem))
      case .reopen(_, _, _, let reply): reply(.failure(problem))
      case .letter(_, let reply): reply(.failure(problem))
      case .outbox(let input): if !input.refuse(problem) { later.append(.outbox(input)) }
      case .schedule(let order): if !order.refuse(problem) { later.append(input) }
      case .read(_, let give): give(.stored)
      case .follow(let id, let follower, let reply): reply(follow(id, follower, problem))
      case .drain(true): jobs.drain()
      case .drain(false): later.append(input)
      case .stop(let done): stopped = done
      case .event, .attemptEnded, .examined, .childPrepared, .claimed, .fired, .triggers, .wakeTriggers,
        .withdraw, .emit, .refused, .unfollow, .listen, .pauseUnlessPaused, .endPause, .restored, .landed:
        later.append(input)
      }
    }
  }

  /// One that is asked for again may become durable with the kept turn: a "no" would not be true.
  private func isUnderWay(_ prepared: PreparedJob) -> Bool {
    (kept?.batch.newJobs ?? []).contains { job in
      job.pipeline == prepared.pipeline
        && (isSame(job.idempotencyKey, prepared.idempotencyKey) || isSame(job.key, prepared.key))
    }
  }

  private func isUnderWay(_ arrival: TriggerArrival) -> Bool {
    jobs.triggers.lines.open(arrival.key, at: arrival.place) != nil
  }

  private func isUnderWay(_ signal: IncomingSignal) -> Bool {
    (kept?.batch.signals ?? []).contains { row in
      isSame(row.messageID, signal.messageID) && ScalarString(row.name) == ScalarString(signal.name)
    }
  }

  private func isSame(_ one: String?, _ other: String?) -> Bool {
    guard let one, let other else { return false }
    return ScalarString(one) == ScalarString(other)
  }

  /// A job that is stored already is answered as ever.
  private func answer(to prepared: PreparedJob, _ problem: Problem) -> Result<StartedJob, Problem> {
    do throws(Problem) {
      return try existing(prepared).map { .success($0) } ?? .failure(problem)
    } catch { return .failure(error) }
  }

  /// A job out of memory is not loaded now, which is a commit.
  private mutating func follow(
    _ id: ID<Job>, _ follower: Follower, _ problem: Problem
  ) -> Result<Bool, Problem> {
    if let job = jobs.inMemory(id) {
      job.followers.append(follower)
      return .success(true)
    }
    return jobs.numbers[id] == nil ? .success(false) : .failure(problem)
  }
}

extension Input {
  /// Whether it may lead to a commit, and does not only look.
  var changes: Bool {
    switch self {
    case .read, .follow, .unfollow, .listen, .landed, .waiting: false
    case .admit, .command, .ask, .event, .attemptEnded, .examined, .childPrepared, .signal, .arrive, .queued,
      .claimed,
      .fired, .triggers, .wakeTriggers, .withdraw, .emit, .refused, .write, .delete, .pauseUnlessPaused,
      .endPause, .restored, .reopen, .letter, .outbox, .schedule, .drain, .stop:
      true
    }
  }
}

extension Sighting {
  /// What is in memory is ahead of the store, so only what is stored is shown.
  static let stored = Sighting(live: nil, isParked: true, rivals: [:], waits: [:])
}
