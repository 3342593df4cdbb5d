import Engine
import Model
import Testing

@Suite("A join whose parts come late, twice or once more", .timeLimit(.minutes(1)))
struct JoinTimeTests {
  /// Fails as often as it is told before it succeeds.
  private static let source = """
    inputs: {date: {type: string}, fails: {type: integer, default: 0}}
    steps: {work: {uses: test.keyed, with: {value: {}, fail: data, fail_times: "${{ inputs.fails }}"}}}
    outputs: {date: "${{ inputs.date }}"}
    """

  private static func join(_ status: String = "[success]", _ extra: String = "") -> String {
    """
    inputs: {date: {type: string}}
    triggers:
      both:
        pipeline:
          all: [left, right]
          key: ${{ trigger.job.inputs.date }}
          within: 36h
          status: \(status)
        inputs: {date: "${{ trigger.jobs['left'].inputs.date }}"}\(extra)
    steps: {own: {value: "${{ trigger.jobs['right'].status }}"}}
    outputs: {left: "${{ trigger.jobs['left'].status }}", right: "${{ steps.own.output }}"}
    """
  }

  private static let name = PipelineName(namespace: "demo", name: "join")

  private func harness(_ backend: Backend = .memory, _ join: String = join()) async throws -> Harness {
    let harness = try Harness(backend)
    for id in ["left", "right"] { try await harness.apply(Self.source, id: id) }
    try await harness.apply(join, id: "join")
    return harness
  }

  @discardableResult
  private func run(
    _ harness: Harness, _ id: String, _ date: String = "d", fails: Int = 0
  ) async throws -> ID<Job> {
    let started = try await harness.node.start(
      JobRequest(
        pipeline: PipelineName(namespace: "demo", name: id),
        inputs: JSONObject([("date", .string(date)), ("fails", .int(Int64(fails)))]), actor: "local:test"))
    _ = try await harness.ended(started.job)
    return started.job
  }

  private func pause(_ harness: Harness) async throws {
    try await harness.node.write([
      .pause(PauseRecord(pipeline: Self.name, by: "ana", reason: "care", at: harness.clock.now, until: nil))
    ])
  }

  @Test("is not given up while its parts wait for the end of a pause", arguments: Backend.all, [false, true])
  func longPause(backend: Backend, isFirstGathered: Bool) async throws {
    let harness = try await harness(backend)
    if isFirstGathered {
      try await run(harness, "left")
      try await harness.gathered(1, of: "join")
    }
    try await pause(harness)
    if !isFirstGathered { try await run(harness, "left") }
    harness.clock.advance(by: .seconds(60))
    try await run(harness, "right")
    harness.clock.advance(by: .seconds(37 * 3_600))
    try await harness.onlooker.turn()
    try await harness.crashAndReopen()
    #expect(try harness.waiting(of: "join").count == 2)
    try await harness.node.write([.resume(Self.name)])
    let view = try await harness.ended(try await harness.job(of: "join"))
    #expect(view.outputs == ["left": "success", "right": "success"])
    try await harness.quiet(["join"])
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).isEmpty)
  }

  @Test("is given up as ever where a part came after its time, in a pause or not")
  func tooLate() async throws {
    let harness = try await harness()
    try await pause(harness)
    try await run(harness, "left")
    harness.clock.advance(by: .seconds(37 * 3_600))
    try await run(harness, "right")
    try await harness.node.write([.resume(Self.name)])
    let letters = try await harness.deadLetters(1)
    #expect(letters.map { $0.error["code"] } == ["join-expired"])
    #expect(letters[0].error["message"]?.string?.contains("right") == true)
    try await harness.gathered(1, of: "join")
    #expect(try harness.jobs(of: "join").isEmpty)
  }

  @Test("starts another job when both of its jobs were retried in place and have ended once more")
  func retried() async throws {
    let harness = try await harness(.memory, Self.join("[success, failed]"))
    let left = try await run(harness, "left", fails: 1)
    let right = try await run(harness, "right", fails: 1)
    let first = try await harness.ended(try await harness.job(of: "join"))
    #expect(first.outputs == ["left": "failed", "right": "failed"])
    for job in [left, right] {
      try await harness.node.retry(job, actor: "local:ana")
      _ = try await harness.ended(job)
    }
    try await harness.quiet(["join"])
    let second = try await harness.ended(try await harness.job(of: "join", count: 2))
    #expect(second.outputs == ["left": "success", "right": "success"])
  }

  @Test("stands in its line once, however many ends of one pipeline come before its turn")
  func linedUpOnce() async throws {
    let harness = try await harness()
    try await run(harness, "left")
    try await harness.gathered(1, of: "join")
    let (second, again) = (harness.reads.hold(.pause(Self.name)), harness.reads.hold(.pause(Self.name)))
    try await run(harness, "right")
    await second.reached()
    // Before its turn, and behind it once more: the line is [right, left], then [left, join, left].
    try await run(harness, "left")
    second.release()
    await again.reached()
    try await run(harness, "left")
    again.release()
    let first = try await harness.ended(try await harness.job(of: "join"))
    #expect(first.outputs == ["left": "success", "right": "success"])
    // The last end waits for its own other half.
    try await harness.gathered(1, of: "join")
    try await run(harness, "right")
    let last = try await harness.ended(try await harness.job(of: "join", count: 2))
    #expect(last.outputs == ["left": "success", "right": "success"])
    try await harness.quiet(["join"])
    #expect(try harness.jobs(of: "join").count == 2)
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).isEmpty)
  }

  @Test("has an if that is asked once, when all jobs are there to be read")
  func condition() async throws {
    let condition =
      "\n    if: trigger.jobs['left'].inputs.date == trigger.jobs['right'].inputs.date && "
      + "trigger.jobs['left'].inputs.date != 'no'"
    let harness = try await harness(.memory, Self.join("[success]", condition))
    for date in ["no", "d"] {
      for id in ["left", "right"] { try await run(harness, id, date) }
      try await harness.quiet(["join"])
    }
    _ = try await harness.ended(try await harness.job(of: "join"))
    #expect(try harness.jobs(of: "join").count == 1)
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).isEmpty)
  }

  @Test("keeps what has come while the store cannot be read, and then becomes a whole dead letter")
  func unreadable() async throws {
    let harness = try await harness()
    try await run(harness, "left")
    try await harness.gathered(1, of: "join")
    harness.reads.fail(.triggerMessage)
    harness.clock.advance(by: .seconds(37 * 3_600))
    try await harness.onlooker.turn()
    #expect(try harness.waiting(of: "join").count == 1)
    harness.reads.heal()
    harness.clock.advance(by: .seconds(2))
    #expect(try await harness.deadLetters(1).map { $0.body?.isEmpty } == [false])
  }
}
