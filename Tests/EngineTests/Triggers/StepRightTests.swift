import Engine
import Model
import Testing

@Suite("What a step may ask of its node", .timeLimit(.minutes(1)))
struct StepRightTests {
  private static let target = PipelineName(namespace: "demo", name: "target")
  private static let limited = """
    concurrency: {limit: 1}
    triggers: {inbox: {queue: {connection: c, list: l}}}
    steps: {own: {uses: test.keyed, with: {hold: true, door: target}}}
    """

  private func harness(_ rights: [PipelineGrant.Right], on name: String = "target") async throws -> Harness {
    let harness = try Harness()
    try await harness.apply(Self.limited, id: "target")
    harness.stage.grant(
      PipelineGrant(
        principal: PipelineName(namespace: "demo", name: "test"), rights: rights,
        targets: [PipelineName(namespace: "demo", name: name)]))
    return harness
  }

  private func ask(_ harness: Harness, _ word: String) async throws -> JobView {
    let job = try await harness.start(
      """
      steps: {s: {uses: test.keyed, with: {ask: \(word), target: target}}}
      outputs: {s: "${{ steps.s.output }}"}
      """)
    return try await harness.ended(job)
  }

  private func request() -> JobRequest { JobRequest(pipeline: Self.target, actor: "local:test") }

  @Test("is nothing without a grant, nor with one for another right, another pipeline or another principal")
  func none() async throws {
    for (rights, name) in [([], "target"), ([.resume], "target"), ([.pause], "other")]
      as [([PipelineGrant.Right], String)]
    {
      let view = try await ask(try await harness(rights, on: name), "pause")
      #expect(view.summary.status == .failed && view.summary.failure?.code == "not-granted")
      #expect(view.summary.failure?.errorClass == .configuration)
    }
    let stranger = try Harness()
    try await stranger.apply(Self.limited, id: "target")
    stranger.stage.grant(
      PipelineGrant(principal: Self.target, rights: PipelineGrant.Right.allCases, targets: [Self.target]))
    #expect(try await ask(stranger, "pause").summary.failure?.code == "not-granted")
  }

  @Test("is a pause in the name of its pipeline and job, which its own resume ends")
  func pause() async throws {
    let harness = try await harness([.pause, .resume], on: "*")
    let job = try await harness.start(
      """
      steps:
        pause: {uses: test.keyed, with: {ask: pause, target: target}}
        wait: {needs: [pause], uses: test.keyed, with: {hold: true}}
        resume: {needs: [wait], uses: test.keyed, with: {ask: resume-own, target: target}}
      """)
    await harness.stage.holding("wait")
    let pause = try #require(try harness.readModel.pause(of: Self.target))
    #expect(pause.by == "pipeline:demo/test/\(job)" && pause.reason == "care")
    await #expect(throws: Problem.self) { _ = try await harness.node.start(request()) }
    await harness.stage.end("wait")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(try harness.readModel.pause(of: Self.target) == nil)
  }

  @Test("leaves a person's pause alone")
  func persons() async throws {
    let harness = try await harness([.pause, .resume])
    let own = PauseRecord(pipeline: Self.target, by: "ana", reason: "mine", at: harness.clock.now, until: nil)
    try await harness.node.write([.pause(own)])
    #expect(try await ask(harness, "pause").outputs == ["s": ["by": "ana", "ours": false]])
    #expect(try await ask(harness, "resume-own").outputs == ["s": ["resumed": false]])
    #expect(try harness.readModel.pause(of: Self.target)?.by == "ana")
    #expect(try await ask(harness, "resume").outputs == ["s": ["resumed": true]])
  }

  @Test("is a look at what is queued, and a purge of just that, which leaves what runs")
  func purge() async throws {
    let harness = try await harness([.export, .purge])
    let running = try await harness.node.start(request()).job
    await harness.stage.holding("target")
    var queued: [ID<Job>] = []
    for _ in 0..<3 { queued.append(try await harness.node.start(request()).job) }
    try await harness.node.write([
      .pause(PauseRecord(pipeline: Self.target, by: "ana", reason: "", at: harness.clock.now, until: nil))
    ])
    let message = HandedMessage(
      pipeline: Self.target, trigger: "inbox", message: ["é": 1], actor: "local:ana")
    guard case .stored(let stored, reason: _) = try await harness.node.hand(message) else {
      return #expect(Bool(false), "Not stored.")
    }
    #expect(try await ask(harness, "queue").outputs == ["s": ["count": 4]])
    let items = harness.stage.queued
    #expect(items.map(\.name.id) == queued.map(\.description) + [stored.description])
    #expect(items.last?.content["body"] == ["message": ["é": 1]])
    let later = try await harness.node.hand(message)
    guard case .stored(let kept, reason: _) = later else { return #expect(Bool(false), "Not stored.") }
    #expect(try await ask(harness, "purge").outputs == ["s": ["gone": 4]])
    for job in queued { #expect(try await harness.ended(job).summary.status == .cancelled) }
    #expect(try harness.waiting(of: "target").map(\.id) == [kept])
    // Once more there is nothing of it.
    #expect(try await ask(harness, "purge").outputs == ["s": ["gone": 0]])
    await harness.stage.end("target")
    #expect(try await harness.ended(running).summary.status == .success)
  }

  @Test("is an event, stored once for its step")
  func emit() async throws {
    let harness = try await harness([])
    _ = try await ask(harness, "emit")
    let rows = try harness.readModel.emitted(EmittedFilter(namespace: "demo"), after: 0, limit: 10)
    #expect(rows.map(\.type) == ["emit"] && rows[0].room == "room" && rows[0].path == "s")
  }
}
