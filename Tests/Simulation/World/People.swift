import Crypto
import Model

@testable import Engine

// What people and programs ask of the node, and what they hear.
extension World {
  /// Sends the oldest wish that was not sent, or whose request was lost with a node.
  func send() {
    guard let wish = clients.takeUnsent() else { return }
    let request = clients.send(wish)
    tell("request \(request): \(wish)")
    let outside = outside
    do throws(Problem) {
      inputs.append(try input(for: wish, request, outside))
    } catch {
      outside.answer(request, .refused(error))
    }
  }

  private func input(for wish: Clients.Wish, _ request: Int, _ outside: Outside) throws(Problem) -> Input {
    func say<Value>(_ made: @escaping @Sendable (Value) -> Answer) -> Reply<Value> {
      { result in
        switch result {
        case .success(let value): outside.answer(request, made(value))
        case .failure(let problem): outside.answer(request, .refused(problem))
        }
      }
    }
    switch wish {
    case .start(let pipeline, let key):
      let wanted = JobRequest(pipeline: pipeline, idempotencyKey: key, actor: "local:test")
      return .admit(try Preparation(configuration, wanted).prepare(), say { .started($0) })
    case .message(let trigger, let key):
      let arrival = TriggerArrival(
        id: newID(), pipeline: Self.after, trigger: trigger, kind: "queue", key: key, actor: "local:test",
        body: ["message": random.holds(50) ? "a" : "b"])
      return .arrive(arrival, accepted: say { .accepted($0) }, outcome: nil)
    case .signal(let key, let message):
      let signal = SignalRequest(
        name: "go", key: key, payload: .int(1), messageID: message, keep: .seconds(120), actor: "local:ana")
      let incoming = try IncomingSignal(
        signal, namespace: Self.namespace, job: nil, at: clock.now, random: configuration.random)
      return .signal(incoming, say { .receipt($0) })
    case .answer(let answer):
      guard let row = ledger.asks.rows[answer.ask], let job = ledger.ids[row.job] else {
        throw .askClosed(answer.ask)
      }
      let order = AskOrder(job: job, number: row.job, node: row.node, ask: row.id, act: .answer(answer))
      return .ask(order, say { .progress($0) })
    case .cancel(let job):
      return .command(job, .cancel(actor: "local:ana", reason: "enough"), say { _ in .done })
    case .kill(let job):
      return .command(job, .kill(actor: "local:ana", reason: "now"), say { _ in .done })
    case .resolve(let job, let node): return try resolution(of: job, node, say { _ in .done })
    case .release(let job):
      return .command(job, .resolve(path: "", .didNotHappen, actor: "local:ana"), say { _ in .done })
    case .pause:
      let pause = PauseRecord(
        pipeline: Self.after, by: "local:ana", reason: "care", at: clock.now, until: nil)
      inputs.append(.wakeTriggers(of: Self.after))
      return .write([.pause(pause)], say { _ in .done })
    case .resume: return .write([.resume(Self.after)], say { _ in .done })
    }
  }

  private func resolution(
    of id: ID<Job>, _ node: NodeNumber, _ reply: @escaping Reply<[String]>
  ) throws(Problem) -> Input {
    guard let number = ledger.numbers[id], let plan = ledger.books[number]?.plan,
      let state = state(of: number), Int(node) < state.nextNode
    else { throw .ended(id) }
    let resolutions: [Resolution] = [
      .happened(output: ["n": 1]), .didNotHappen, .failed(reason: "nobody knows"),
    ]
    let path = state.path(of: node, in: plan)
    return .command(id, .resolve(path: path, random.one(of: resolutions), actor: "local:ana"), reply)
  }

  private func newID<Tag>() -> ID<Tag> {
    var generator = ByteGenerator(bytes: configuration.random)
    return ID<Tag>.generate(at: clock.now, using: &generator)
  }

  /// Somebody answers one of the open questions.
  func answerAsk() {
    let open = ledger.asks.open
    guard !open.isEmpty else { return }
    let row = random.one(of: open)
    let choice = random.holds(60) ? "go" : "stop"
    clients.wish(
      .answer(
        GivenAnswer(
          ask: row.id, by: random.one(of: PipelineMaker.people), choice: choice, shown: Self.shown)))
  }

  /// Of every question that is made: its title, choices and what it shows are the same.
  private static let shown = AskContent.hash(
    title: "Go?", show: [:],
    choices: [
      ["name": "go", "label": "go", "approves": true], ["name": "stop", "label": "stop", "approves": false],
    ])

  /// As everybody may read it, also while it is out of memory.
  private func state(of job: JobNumber) -> JobState? {
    if let live = turn.jobs.inMemory(job) { return live.state }
    return committed[job].flatMap { try? JobState(encoded: $0) }
  }

  /// Somebody says what became of a step, where that is asked.
  func resolve(_ job: JobNumber) {
    guard let id = ledger.ids[job], let node = ledger.books[job]?.question else { return }
    clients.wish(.resolve(id, node))
  }

  func adopt(_ job: JobNumber) {
    guard let state = state(of: job),
      let node = (0..<state.nextNode).first(where: { state.lateResult(of: $0) != nil })
    else { return }
    inputs.append(.event(job, .adopted(node, actor: "local:ana")))
  }
}

// What they hear must be so, whatever comes after.
extension World {
  func hear(_ answer: Answer, _ request: Int) throws {
    tell("request \(request) is answered: \(answer.word)")
    guard let wish = clients.close(request) else { return }
    if case .refused(let problem) = answer {
      if case .resume = wish { clients.wish(wish) }
      // What may pass is asked again.
      if wish.isRepeated, ["store-unavailable", "node-full", "trigger-full"].contains(problem.code) {
        clients.wish(wish)
      }
      return
    }
    if case .resume = wish { inputs.append(.wakeTriggers(of: Self.after)) }
    try require(.durableFirst, isStored(wish, answer), "the answer to \(wish) says what no commit holds")
  }

  private func isStored(_ wish: Clients.Wish, _ answer: Answer) -> Bool {
    func book(_ job: ID<Job>) -> Book? { ledger.numbers[job].flatMap { ledger.books[$0] } }
    switch (wish, answer) {
    case (.start, .started(let started)): return ledger.numbers[started.job] != nil
    case (.message, .accepted(let message)): return ledger.messages.all.contains(message)
    case (.signal(_, let message), .receipt(let receipt)):
      if let message, !ledger.signals.known(message) { return false }
      if receipt.isKept { return ledger.signals.rows[receipt.id] != nil }
      return receipt.delivered.allSatisfy { book($0)?.signals.contains(receipt.id.description) ?? false }
    case (.answer(let answer), .progress): return ledger.asks.counts(answer)
    case (.cancel(let job), .done): return book(job)?.wasAskedToCancel ?? false
    case (.kill(let job), .done): return book(job)?.wasKilled ?? false
    case (.resolve(let job, let node), .done):
      return book(job).map { $0[node].answer != "" || $0[node].attempts > 0 || $0.wasQuarantined } ?? false
    case (.release(let job), .done): return book(job)?.wasQuarantined ?? false
    case (.pause, .done), (.resume, .done): return true
    case _: return false
    }
  }
}

extension Answer {
  var word: String {
    switch self {
    case .done: "done"
    case .started(let started): "\(started.job) \(started.isNew ? "is new" : "was there")"
    case .progress(let progress): "\(progress.votes) of \(progress.quorum)"
    case .receipt(let receipt): receipt.isKept ? "kept" : "given to \(receipt.delivered.count)"
    case .accepted(let message): "\(message)"
    case .outcome(let outcome): "\(outcome)"
    case .refused(let problem): problem.code
    }
  }
}
