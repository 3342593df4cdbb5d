import Engine
import Model
import Testing

@Suite("A message that is handed to a trigger", .timeLimit(.minutes(1)))
struct HandedTests {
  private static let starter = """
    inputs: {date: {type: string, format: date}}
    triggers:
      inbox:
        queue: {connection: c, list: l}
        if: trigger.message.type == 'start'
        inputs: {date: "${{ trigger.message.date }}"}
        idempotency_key: ${{ trigger.message.id }}
    steps: {own: {value: "${{ trigger.message.date }}"}}
    outputs: {date: "${{ steps.own.output }}", type: "${{ trigger.type }}"}
    """

  private static let waiter = """
    inputs: {id: {type: string}}
    triggers:
      answers:
        queue: {connection: c, queue: q}
        deliver:
          signal: ${{ trigger.message.kind }}
          key: ${{ trigger.message.id }}
          payload: ${{ trigger.message.payload }}
          unmatched: {keep: 1h, then: dead_letter}
    steps:
      answer: {wait: {signal: {name: result, key: "${{ inputs.id }}"}}}
    outputs: {answer: "${{ steps.answer.output }}"}
    """

  private func message(
    _ message: JSON, trigger: String = "inbox", key: String? = nil
  ) -> HandedMessage {
    HandedMessage(
      pipeline: PipelineName(namespace: "demo", name: "test"), trigger: trigger, message: message,
      idempotencyKey: key, actor: "local:ana")
  }

  @Test("starts the job that its queue would have started, once", arguments: Backend.all)
  func starts(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.starter)
    let wanted: JSON = ["type": "start", "date": "2026-11-20", "id": "m1"]
    guard case .started(let job) = try await harness.node.hand(message(wanted)) else {
      return #expect(Bool(false), "No job.")
    }
    let view = try await harness.ended(job.job)
    #expect(view.outputs == ["date": "2026-11-20", "type": "queue"])
    guard case .started(let same) = try await harness.node.hand(message(wanted)) else {
      return #expect(Bool(false), "No job.")
    }
    #expect(same.job == job.job && !same.isNew)
    #expect(try harness.waiting(of: "test").isEmpty)
  }

  @Test("that has no name of its own, as the source of one may leave it out, is each time another job")
  func nameless() async throws {
    let harness = try Harness()
    let nullable = "trigger.message.?id.orValue(null)"
    try await harness.apply(Self.starter.replacing("trigger.message.id", with: nullable))
    var jobs: Set<ID<Job>> = []
    for wanted: JSON in [
      ["type": "start", "date": "2026-11-20"], ["type": "start", "date": "2026-11-20"],
      ["type": "start", "date": "2026-11-20", "id": "m1"],
      ["type": "start", "date": "2026-11-20", "id": "m1"],
    ] {
      guard case .started(let job) = try await harness.node.hand(message(wanted)) else {
        return #expect(Bool(false), "No job.")
      }
      jobs.insert(job.job)
    }
    #expect(jobs.count == 3)
  }

  @Test("is filtered where the if says no, and dead where nothing can be made of it")
  func filtered() async throws {
    let harness = try Harness()
    try await harness.apply(Self.starter)
    guard case .filtered = try await harness.node.hand(message(["type": "other"])) else {
      return #expect(Bool(false), "Not filtered.")
    }
    let bad: JSON = ["type": "start", "date": "yesterday", "id": "m2"]
    guard case .deadLetter(let problem) = try await harness.node.hand(message(bad)) else {
      return #expect(Bool(false), "No dead letter.")
    }
    #expect(problem.code == "invalid-input")
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).map(\.kind) == [.message])
  }

  @Test("is delivered to the job that waits, kept for one that comes, and counted once")
  func delivers() async throws {
    let harness = try Harness()
    let job = try await harness.start(Self.waiter, inputs: JSONObject([("id", "a")]))
    try await harness.happened(job, "awaiting", "answer")
    let answer: JSON = ["kind": "result", "id": "a", "payload": ["n": 7]]
    guard
      case .delivered(let receipt) = try await harness.node.hand(
        message(answer, trigger: "answers", key: "k1"))
    else { return #expect(Bool(false), "Not delivered.") }
    #expect(receipt.delivered == [job])
    #expect(try await harness.ended(job).outputs == ["answer": ["n": 7]])
    guard
      case .delivered(let again) = try await harness.node.hand(
        message(answer, trigger: "answers", key: "k1"))
    else { return #expect(Bool(false), "Not delivered.") }
    #expect(again.isDuplicate)
    let early: JSON = ["kind": "result", "id": "b", "payload": ["n": 8]]
    guard
      case .delivered(let kept) = try await harness.node.hand(
        message(early, trigger: "answers", key: "k2"))
    else { return #expect(Bool(false), "Not kept.") }
    #expect(kept.isKept)
    let later = try await harness.start(Self.waiter, inputs: JSONObject([("id", "b")]))
    #expect(try await harness.ended(later).outputs == ["answer": ["n": 8]])
  }

  @Test("waits durably while the pipeline is paused, and can be withdrawn")
  func waits() async throws {
    let harness = try Harness()
    try await harness.apply(Self.starter)
    let name = PipelineName(namespace: "demo", name: "test")
    try await harness.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "care", at: harness.clock.now, until: nil))
    ])
    var kept: [ID<TriggerMessage>] = []
    for number in 1...3 {
      let wanted: JSON = ["type": "start", "date": "2026-11-20", "id": .string("m\(number)")]
      guard case .stored(let id, reason: _) = try await harness.node.hand(message(wanted)) else {
        return #expect(Bool(false), "Not stored.")
      }
      kept.append(id)
    }
    try await harness.crashAndReopen()
    #expect(try harness.waiting(of: "test").map(\.id) == kept)
    let other = PipelineName(namespace: "demo", name: "other")
    #expect(try await harness.node.withdraw([kept[1]], of: other, by: "ana") == [])
    #expect(try await harness.node.withdraw([kept[1], kept[1]], of: name, by: "ana") == [kept[1]])
    #expect(try await harness.node.withdraw([kept[1]], of: name, by: "ana") == [])
    let row = try #require(try harness.readModel.refusals(in: "demo", limit: 9).first)
    #expect(row.reason == "purged" && row.actor == "ana" && row.key == kept[1].description)
    try await harness.node.write([.resume(name)])
    _ = try await harness.job(of: "test", count: 2)
    #expect(try harness.waiting(of: "test").isEmpty)
    #expect(try harness.jobs(of: "test").count == 2)
  }

  @Test("is put off while a limit is full, and comes in when there is room")
  func full() async throws {
    let harness = try Harness()
    let body = """
      concurrency: {limit: 1, max_queued: 0}
      triggers: {inbox: {queue: {connection: c, list: l}}}
      steps: {own: {uses: test.keyed, with: {hold: true, door: "${{ trigger.message }}"}}}
      """
    try await harness.apply(body)
    guard case .started(let first) = try await harness.node.hand(message("one")) else {
      return #expect(Bool(false), "No job.")
    }
    await harness.stage.holding("one")
    guard case .stored = try await harness.node.hand(message("two")) else {
      return #expect(Bool(false), "Not stored.")
    }
    await harness.stage.end("one")
    _ = try await harness.ended(first.job)
    harness.clock.advance(by: .seconds(2))
    await harness.stage.holding("two")
    await harness.stage.end("two")
    _ = try await harness.ended(try await harness.job(of: "test", count: 2))
  }

  @Test(
    "is refused with a reason where there is no such trigger, of another kind, too large or with a bad key")
  func refused() async throws {
    let harness = try Harness()
    try await harness.apply(
      """
      triggers:
        inbox: {queue: {connection: c, list: l}}
        after: {pipeline: {pipeline: other}}
      steps: {own: {value: 1}}
      """)
    let cases: [(HandedMessage, String)] = [
      (message(1, trigger: "absent"), "no-trigger"),
      (message(1, trigger: "after"), "trigger-takes-no-messages"),
      (message(.string(String(repeating: "x", count: 1 << 20))), "message-too-large"),
      (message(1, key: ""), "bad-message-key"),
      (message(1, key: String(repeating: "k", count: 513)), "bad-message-key"),
    ]
    for (handed, code) in cases {
      let problem = await failure { () async throws(Problem) in try await harness.node.hand(handed) }
      #expect(problem?.code == code)
    }
    var foreign = message(1)
    foreign.pipeline = PipelineName(namespace: "demo", name: "nowhere")
    let problem = await failure { [foreign] () async throws(Problem) in try await harness.node.hand(foreign) }
    #expect(problem?.code == "no-pipeline")
  }
}

private func failure(_ body: () async throws(Problem) -> TriggerOutcome) async -> Problem? {
  do throws(Problem) {
    _ = try await body()
    return nil
  } catch { return error }
}
