import Model

@testable import Engine

// What happens in a world.
extension World {
  /// Lets the faults happen, then lets every job end, and compares all that was stored.
  func run(turns: Int = 60, calmTurns: Int = 3_000) throws {
    for _ in 0..<turns where !hasEnded {
      passTime()
      try turn(random.below(4))
    }
    isCalm = true
    var left = calmTurns
    while !hasEnded {
      left -= 1
      try require(left > 0, "a job does not end: \(waiting)")
      if attempts.isEmpty { clock.advance(by: .seconds(1)) }
      try turn(2)
    }
    while !attempts.isEmpty { try turn(1) }
    for (number, id) in ids { try compare(number, id) }
  }

  private func compare(_ number: JobNumber, _ id: ID<Job>) throws {
    let differences = try JobHistory(configuration).replay(id).differences
    try require(differences.isEmpty, "a replay differs: \(differences)")
    try require(books[number]?.hasEnded == true, "a job was given up before its end")
    let open = books[number]?.entries.first { !$0.status.hasEnded }
    try require(open == nil, "the job ended before \(open?.step ?? 0)")
  }

  private var waiting: String {
    ids.compactMap { jobs.job($0.number) }.map { job in
      let nodes = (0..<job.state.nextNode).filter { !job.state[$0].status.hasEnded }
      return "\(job.state.status.word) "
        + nodes.map { "\($0) \(job.state[$0].status.word)" }.joined(separator: ", ")
    }.joined(separator: "; ")
  }

  private func passTime() {
    switch random.below(100) {
    case ..<40: clock.advance(by: .milliseconds(random.below(2_000)))
    case 40..<55:
      if let due = jobs.timers.next { clock.advance(by: max(.zero, due - clock.monotonic)) }
    case 55..<60: clock.advance(by: .seconds(random.below(60)))
    case 60..<64: clock.jump(by: .seconds(random.below(7_200) - 3_600))
    case _: break
    }
  }

  func act(at now: Timestamp) {
    let choice = random.below(100)
    if isCalm || choice < 70 {
      if !attempts.isEmpty { return endOne(at: now) }
      if isCalm { return answerAll(at: now) }
    }
    guard let job = jobs.job(random.one(of: ids).number) else { return }
    switch choice {
    case ..<80: answer(job, at: now)
    case 80..<86: adopt(job, at: now)
    case 86..<90: repeatReport(at: now)
    case 90..<93: jobs.decide(job, .cancelled(actor: "local:ana", reason: "enough"), at: now)
    case 93: jobs.decide(job, .killed(actor: "local:ana", reason: "now"), at: now)
    case 94: jobs.decide(job, .quarantined(reason: "simulated"), at: now)
    case 95..<98: jobs.decide(job, .released(actor: "local:ana"), at: now)
    case _: break
    }
  }

  /// One attempt ends: the first of its node, for a later one waits until it has.
  private func endOne(at now: Timestamp) {
    let index = random.below(attempts.count)
    let chosen = attempts[index]
    let first = attempts.firstIndex { $0.job == chosen.job && $0.order.node == chosen.order.node } ?? index
    let attempt = attempts[first]
    if attempt.isCancelled, !isCalm, random.holds(30) { return }
    attempts.remove(at: first)
    let end = self.end(of: attempt)
    if let place = attempt.place {
      jobs.attemptEnded(attempt.job, attempt.order.node, token: attempt.order.token, place)
      past.append(attempt)
      report(attempt, end, at: now)
    } else {
      if let end { note(attempt, end) }
      guard let job = jobs.job(attempt.job) else { return }
      jobs.decide(job, .examined(attempt.order.node, token: attempt.order.token, end), at: now)
    }
  }

  /// Nil: an attempt of a dead node whose end nobody knows.
  private func end(of attempt: Attempt) -> AttemptEnd? {
    if attempt.place == nil, attempt.isCancelled || random.holds(50) { return nil }
    if attempt.isCancelled, random.holds(75) {
      return .failure(Failure(.cancelled, code: "confirmed", "stopped as asked"))
    }
    if random.holds(isCalm ? 90 : 60) {
      return .success(AttemptOutput(["n": .int(Int64(random.below(1_000)))]))
    }
    let pause: Duration? = random.holds(20) ? .seconds(random.below(9)) : nil
    return .failure(
      Failure(
        random.one(of: [.transient, .data, .exit, .lost]), code: "told", "told to fail", retryAfter: pause))
  }

  private func report(_ attempt: Attempt, _ end: AttemptEnd?, at now: Timestamp) {
    guard let end, let job = jobs.job(attempt.job) else { return }
    note(attempt, end)
    jobs.decide(job, .finished(attempt.order.node, token: attempt.order.token, end), at: now)
  }

  private func note(_ attempt: Attempt, _ end: AttemptEnd) {
    var isSuccess = false
    if case .success = end { isSuccess = true }
    books[attempt.job]?.reports.insert(
      Book.Report(node: attempt.order.node, token: attempt.order.token, isSuccess: isSuccess))
  }

  /// A result that was reported before comes again.
  private func repeatReport(at now: Timestamp) {
    guard !past.isEmpty else { return }
    report(random.one(of: past), .success(AttemptOutput(["late": true])), at: now)
  }

  private func answerAll(at now: Timestamp) {
    for (number, _) in ids {
      guard let job = jobs.job(number) else { continue }
      if job.state.quarantine != nil { jobs.decide(job, .released(actor: "local:ana"), at: now) }
      answer(job, at: now)
    }
  }

  private func answer(_ job: OwnedJob, at now: Timestamp) {
    guard let node = (0..<job.state.nextNode).first(where: { job.state[$0].status == .needsAttention }) else {
      return
    }
    let answers: [Resolution] = [.happened(output: ["n": 1]), .didNotHappen, .failed(reason: "nobody knows")]
    jobs.decide(job, .resolved(node, random.one(of: answers), actor: "local:ana"), at: now)
  }

  private func adopt(_ job: OwnedJob, at now: Timestamp) {
    guard let node = (0..<job.state.nextNode).first(where: { job.state.lateResult(of: $0) != nil }) else {
      return
    }
    jobs.decide(job, .adopted(node, actor: "local:ana"), at: now)
  }
}
