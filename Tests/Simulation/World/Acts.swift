import Model

@testable import Engine

// What happens in a world.
extension World {
  /// Lets the faults happen, then lets everything end, and compares all that was stored.
  func run() throws {
    for _ in 0..<options.turns {
      passTime()
      for _ in 0..<random.below(5) { act() }
      try takeTurn()
    }
    try calm()
    for number in ledger.jobs { try compare(number) }
  }

  private func compare(_ number: JobNumber) throws {
    guard let id = ledger.ids[number], let book = ledger.books[number] else { return }
    let differences = try JobHistory(configuration).replay(id).differences
    try require(.replayed, differences.isEmpty, "\(differences)")
    try require(.ends, book.hasEnded, "job \(number.value) was given up before its end")
    try require(.insideFirst, book.openNode == nil, "the job ended before \(book.openNode ?? 0)")
  }

  private func passTime() {
    switch random.below(100) {
    case ..<40: clock.advance(by: .milliseconds(random.below(2_000)))
    case 40..<55: if let due = turn.jobs.due { clock.advance(by: max(.zero, due - clock.monotonic)) }
    case 55..<59: clock.advance(by: .seconds(random.below(60)))
    case _: break
    }
    if happens(.slowNode, 2) { clock.advance(by: .seconds(60 + random.below(600))) }
    if happens(.clockJump, 3) { clock.jump(by: .seconds(random.below(1_200) - 600)) }
    if happens(.hourForward, 2) { clock.jump(by: .seconds(3_600)) }
    if happens(.hourBack, 2) { clock.jump(by: .seconds(-3_600)) }
    if happens(.plannedStop, 1) {
      isDraining = true
      inputs.append(.drain(true))
    }
    if isDraining, attempts.isEmpty, random.holds(40) { _ = try? restart() }
  }

  private func act() {
    switch random.below(100) {
    case ..<45: endOne()
    case 45..<60: send()
    case 60..<68: answerAsk()
    case 68..<74: if let job = anyJob { resolve(job) }
    case 74..<78: if let job = anyJob { adopt(job) }
    case 78..<82: repeatReport()
    case 82..<86: clients.wish(.signal(key: random.one(of: ["a", "b"]), message: signalMessage()))
    case 86..<90:
      clients.wish(.message(trigger: random.one(of: ["work", "post"]), key: "\(random.below(6))"))
    case 90..<92: if ledger.jobs.count < 8 { clients.wish(.start(anyPipeline, key: "\(random.below(4))")) }
    case 92..<95: if let id = anyID { clients.wish(.cancel(id)) }
    case 95: if let id = anyID { clients.wish(.kill(id)) }
    case 96: clients.wish(random.holds(40) ? .pause : .resume)
    case 97: if let job = anyJob { inputs.append(.event(job, .quarantined(reason: "simulated"))) }
    case _: if let id = anyID { clients.wish(.release(id)) }
    }
  }

  private var anyPipeline: PipelineName { random.holds(60) ? Self.part : Self.main }
  private func signalMessage() -> String? { random.holds(50) ? "m\(random.below(8))" : nil }

  private var anyJob: JobNumber? {
    let jobs = ledger.jobs
    return jobs.isEmpty ? nil : random.one(of: jobs)
  }

  private var anyID: ID<Job>? { anyJob.flatMap { ledger.ids[$0] } }
}

// What attempts do.
extension World {
  /// One attempt ends: the first of its node, for a later one waits until that has been told.
  func endOne() {
    guard !attempts.isEmpty else { return }
    let index = random.below(attempts.count)
    let chosen = attempts[index]
    let first = attempts.firstIndex { $0.job == chosen.job && $0.order.node == chosen.order.node } ?? index
    let attempt = attempts[first]
    let isTelling = inputs.contains { $0.freed.map { $0 == (attempt.job, attempt.order.node) } ?? false }
    if isTelling || (attempt.isCancelled && !isCalm && random.holds(30)) { return }
    attempts.remove(at: first)
    let end = end(of: attempt)
    tell("job \(attempt.job.value) \(attempt.order.path) ends: \(end.map { $0.word } ?? "unknown")")
    let (node, token) = (attempt.order.node, attempt.order.token)
    guard let place = attempt.place else {
      return inputs.append(.examined(attempt.job, node, token: token, end))
    }
    past.append(attempt)
    guard let end else { return }
    inputs.append(.attemptEnded(attempt.job, node, token: token, end, place))
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

  /// A result that was reported before comes again.
  private func repeatReport() {
    guard !past.isEmpty else { return }
    note(.again)
    let attempt = random.one(of: past)
    inputs.append(
      .event(
        attempt.job,
        .finished(
          attempt.order.node, token: attempt.order.token, .success(AttemptOutput(["late": true])))))
  }

  /// What the ledger may then find in the commit.
  func expect(_ input: Input) {
    switch input {
    case .attemptEnded(let job, let node, let token, let end, _): ledger.expect(job, node, token, end)
    // What is found out about a lost attempt counts while that is asked, and not later.
    case .examined(let job, let node, let token, let end?):
      ledger.expect(job, node, token, end, isLateKept: false)
    case .event(let job, .finished(let node, let token, let end)): ledger.expect(job, node, token, end)
    case _: break
    }
  }
}

extension AttemptEnd {
  var word: String {
    switch self {
    case .success: "success"
    case .failure(let failure): failure.errorClass.rawValue
    }
  }
}
