import Engine
import Model
import Testing

/// Two pipelines: what the end of `source` starts.
private let source = """
  inputs: {date: {type: string, default: "2026-11-20"}, hold: {type: boolean, default: false}}
  steps:
    work: {uses: test.keyed, with: {value: {n: 1}, hold: "${{ inputs.hold }}"}}
  outputs: {date: "${{ inputs.date }}"}
  """

private func follower(_ trigger: String, _ extra: String = "") -> String {
  """
  inputs: {date: {type: string, default: none}}
  triggers:
    after: {pipeline: \(trigger), inputs: {date: "${{ trigger.job.outputs.date }}"}\(extra)}
  steps:
    own: {uses: test.keyed, with: {value: "${{ trigger.job }}"}}
  outputs: {date: "${{ inputs.date }}", source: "${{ trigger.job.id }}"}
  """
}

@Suite("The end of another pipeline as a trigger (S33)", .timeLimit(.minutes(1)))
struct CompletionTests {
  @Test("starts a job that sees how the other ended, and with what", arguments: Backend.all)
  func follows(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(follower("{pipeline: test}"), id: "follower")
    let first = try await harness.start(source)
    let job = try await harness.job(of: "follower")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success && view.summary.triggerType == "pipeline")
    #expect(view.outputs?["date"] == "2026-11-20")
    #expect(view.outputs?["source"]?.string == first.description)
    #expect(view.summary.actor == "job:\(first)")
    #expect(try harness.waiting(of: "follower").isEmpty)
  }

  @Test(
    "starts exactly one job for an end, at whichever commit the node is lost", arguments: LosingNode.all)
  func once(losing: LosingNode) async throws {
    let (harness, first) = try await losing.run(
      source, with: ["follower": follower("{pipeline: test}")], followers: ["follower"])
    let job = try await harness.job(of: "follower")
    let view = try await harness.ended(job)
    #expect(view.outputs?["source"]?.string == first.summary.id.description)
    try await harness.quiet(["follower"])
    #expect(try harness.jobs(of: "follower").count == 1)
  }

  @Test("counts only the ends that it names, and only where its if holds")
  func statuses() async throws {
    let harness = try Harness()
    try await harness.apply(follower("{pipeline: test, status: failed}"), id: "failed-only")
    try await harness.apply(
      follower("{pipeline: test}", ", if: trigger.job.outputs.date == '2026-01-01'"), id: "picky")
    try await harness.apply(follower("{pipeline: test}"), id: "any")
    _ = try await harness.start(source)
    _ = try await harness.ended(try await harness.job(of: "any"))
    try await harness.quiet(["failed-only", "picky"])
    #expect(try harness.jobs(of: "failed-only").isEmpty && harness.jobs(of: "picky").isEmpty)
  }

  @Test("waits while its pipeline is paused, and goes on when it is resumed")
  func paused() async throws {
    let harness = try Harness()
    try await harness.apply(follower("{pipeline: test}"), id: "follower")
    let name = PipelineName(namespace: "demo", name: "follower")
    try await harness.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "care", at: harness.clock.now, until: nil))
    ])
    _ = try await harness.ended(try await harness.start(source))
    #expect(try harness.jobs(of: "follower").isEmpty)
    #expect(try harness.waiting(of: "follower").map(\.state) == [.waiting])
    try await harness.crashAndReopen()
    #expect(try harness.jobs(of: "follower").isEmpty)
    try await harness.node.write([.resume(name)])
    _ = try await harness.ended(try await harness.job(of: "follower"))
    #expect(try harness.waiting(of: "follower").isEmpty)
  }

  @Test("ends in the dead letters where its inputs cannot be made of the end")
  func poison() async throws {
    let harness = try Harness()
    let body = """
      inputs: {n: {type: integer}}
      triggers:
        after: {pipeline: {pipeline: test}, inputs: {n: "${{ trigger.job.outputs.absent }}"}}
      steps: {own: {value: 1}}
      """
    try await harness.apply(body, id: "follower")
    _ = try await harness.start(source)
    let letters = try await harness.deadLetters(1)
    #expect(letters[0].kind == .message && letters[0].error["code"] == "admission-expression")
    #expect(letters[0].source["trigger"] == "after")
    #expect(letters[0].body?.isEmpty == false)
    #expect(try harness.waiting(of: "follower").isEmpty)
  }

  @Test("stops a chain of twenty jobs that start each other, be they all of other pipelines")
  func depth() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {own: {value: 1}}", id: "p0")
    for number in 1...21 {
      try await harness.apply(
        "triggers: {after: {pipeline: {pipeline: p\(number - 1)}}}\nsteps: {own: {value: 1}}",
        id: "p\(number)")
    }
    _ = try await harness.node.start(
      JobRequest(pipeline: PipelineName(namespace: "demo", name: "p0"), actor: "local:test"))
    let letters = try await harness.deadLetters(1)
    #expect(letters[0].error["code"] == "trigger-loop")
    #expect(try (0...21).map { try harness.jobs(of: "p\($0)").count } == (0...21).map { $0 < 20 ? 1 : 0 })
  }

  @Test("lets a pipeline come back to itself ten times in an hour, so that a slow one ends with the chain")
  func slowLoop() async throws {
    let harness = try Harness()
    try await harness.apply(
      "triggers: {again: {pipeline: {pipeline: test}}}\nsteps: {rest: {wait: {for: 10m}}}")
    _ = try await harness.node.start(harness.request(key: "first"))
    for round in 1...20 {
      let job = try await harness.job(of: "test", count: round)
      try await harness.happened(job, "delayed", "rest")
      harness.clock.advance(by: .seconds(600))
    }
    #expect(try await harness.deadLetters(1)[0].error["code"] == "trigger-loop")
    #expect(try harness.jobs(of: "test").count == 20)
  }

  @Test("stops one that comes back to itself too often")
  func loop() async throws {
    let harness = try Harness()
    try await harness.apply(
      """
      triggers: {again: {pipeline: {pipeline: test}}}
      steps: {own: {value: 1}}
      """)
    _ = try await harness.node.start(harness.request(key: "first"))
    let letters = try await harness.deadLetters(1)
    #expect(letters[0].error["code"] == "trigger-loop")
    // Itself and ten more.
    #expect(try harness.jobs(of: "test").count == 11)
  }

  @Test("stops a chain that goes on by the end of a job that the pipeline itself calls")
  func loopByCall() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {own: {value: 1}}", id: "child")
    try await harness.apply(
      """
      triggers: {again: {pipeline: {pipeline: child}}}
      steps: {sub: {call: {pipeline: child}}}
      """)
    _ = try await harness.node.start(harness.request(key: "first"))
    try await harness.onlooker.until {
      let letters = try harness.readModel.deadLetters(in: "demo", limit: 10)
      return try !letters.isEmpty || harness.jobs(of: "test").count > 30
    }
    #expect(
      try harness.readModel.deadLetters(in: "demo", limit: 10).map { $0.error["code"] } == ["trigger-loop"])
    // Twenty jobs are in the chain: each one and its child.
    #expect(try harness.jobs(of: "test").count == 10)
  }
}

@Suite("A join of pipelines", .timeLimit(.minutes(1)))
struct JoinTests {
  private static let join = """
    inputs: {date: {type: string}}
    triggers:
      both:
        pipeline: {all: [left, right], key: "${{ trigger.job.outputs.date }}", within: 36h}
        inputs: {date: "${{ trigger.jobs['left'].outputs.date }}"}
    steps:
      own: {value: "${{ trigger.jobs['right'].outputs.date }}"}
    outputs: {date: "${{ inputs.date }}", right: "${{ steps.own.output }}", n: "${{ size(trigger.jobs) }}"}
    """

  private func harness(_ backend: Backend = .memory) async throws -> Harness {
    let harness = try Harness(backend)
    for id in ["left", "right"] { try await harness.apply(source, id: id) }
    try await harness.apply(Self.join, id: "join")
    return harness
  }

  private func run(_ harness: Harness, _ id: String, _ date: String) async throws {
    let started = try await harness.node.start(
      JobRequest(
        pipeline: PipelineName(namespace: "demo", name: id), inputs: JSONObject([("date", .string(date))]),
        actor: "local:test"))
    _ = try await harness.ended(started.job)
  }

  @Test("brings two pipelines of one date together, over a midnight and a restart", arguments: Backend.all)
  func midnight(backend: Backend) async throws {
    let harness = try await harness(backend)
    // 23:50 of the 20th in UTC; the other half comes at 00:30 of the next day.
    let evening = try #require(Timestamp(rfc3339: "2030-11-20T23:50:00Z"))
    harness.clock.jumpWall(by: evening - harness.clock.now)
    try await run(harness, "left", "2030-11-20")
    try await harness.gathered(1, of: "join")
    try await run(harness, "right", "2030-11-19")
    try await harness.gathered(2, of: "join")
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(40 * 60))
    #expect(try harness.jobs(of: "join").isEmpty)
    try await run(harness, "right", "2030-11-20")
    let view = try await harness.ended(try await harness.job(of: "join"))
    #expect(view.outputs == ["date": "2030-11-20", "right": "2030-11-20", "n": 2])
    // The half of the day before still waits for its other half.
    #expect(try harness.waiting(of: "join").map(\.group) == ["2030-11-19"])
  }

  @Test("is given up when its time is over, and says what did not come")
  func expires() async throws {
    let harness = try await harness()
    try await run(harness, "left", "d")
    try await harness.gathered(1, of: "join")
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(35 * 3_600))
    #expect(try harness.waiting(of: "join").count == 1)
    harness.clock.advance(by: .seconds(2 * 3_600))
    let letters = try await harness.deadLetters(1)
    #expect(letters[0].error["code"] == "join-expired")
    #expect(letters[0].error["message"]?.string?.contains("right") == true)
    #expect(try harness.waiting(of: "join").isEmpty && harness.jobs(of: "join").isEmpty)
  }

  @Test("takes the later of two ends of one pipeline, and a row says what was replaced")
  func replaced() async throws {
    let harness = try await harness()
    try await run(harness, "left", "d")
    try await harness.gathered(1, of: "join")
    let first = try harness.waiting(of: "join")[0].actor
    try await run(harness, "left", "d")
    try await harness.refused(1)
    try await run(harness, "right", "d")
    let view = try await harness.ended(try await harness.job(of: "join"))
    #expect(view.summary.status == .success)
    let refusals = try harness.readModel.refusals(in: "demo", limit: 10)
    #expect(refusals.map(\.reason) == ["replaced"] && refusals[0].actor == first)
    #expect(try harness.jobs(of: "join").count == 1)
  }
}
