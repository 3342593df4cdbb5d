import Engine
import Model
import Testing

@Suite("Whoever hands a message over hears that it waits", .timeLimit(.minutes(1)))
struct HandedWaitTests {
  private static let name = PipelineName(namespace: "demo", name: "test")
  private static let body = """
    concurrency: {limit: 1, max_queued: 0}
    triggers: {inbox: {queue: {connection: c, list: l}}}
    steps: {own: {uses: test.keyed, with: {hold: true, door: "${{ trigger.message }}"}}}
    """

  private func harness() async throws -> Harness {
    let harness = try Harness()
    try await harness.apply(Self.body)
    return harness
  }

  private func message(_ text: String, key: String? = nil) -> HandedMessage {
    HandedMessage(
      pipeline: Self.name, trigger: "inbox", message: .string(text), idempotencyKey: key, actor: "local:ana")
  }

  private func pause(_ harness: Harness, for duration: Duration? = nil) async throws {
    let (now, until) = (harness.clock.now, duration.map { harness.clock.now + $0 })
    try await harness.node.write([
      .pause(PauseRecord(pipeline: Self.name, by: "ana", reason: "care", at: now, until: until))
    ])
  }

  /// The id under which the message is kept, and why it waits.
  private func stored(_ outcome: TriggerOutcome) throws -> (ID<TriggerMessage>, String) {
    guard case .stored(let id, let reason) = outcome else { throw NotStored(outcome: "\(outcome)") }
    return (id, reason.english)
  }

  private struct NotStored: Error { var outcome: String }

  private func hand(_ harness: Harness, _ text: String) -> Task<TriggerOutcome, any Error> {
    let (node, message) = (harness.node, message(text))
    return Task { try await node.hand(message) }
  }

  @Test("also the second time, with the key of one that waits")
  func sameKey() async throws {
    let harness = try await harness()
    try await pause(harness)
    let first = try stored(try await harness.node.hand(message("one", key: "k")))
    let again = try stored(try await harness.node.hand(message("one", key: "k")))
    #expect(again.0 == first.0)
    #expect(try harness.waiting(of: "test").map(\.id) == [first.0])
  }

  @Test("also the second of a line that waits for the end of a pause, which then goes on by itself")
  func pauseWithEnd() async throws {
    let harness = try await harness()
    try await pause(harness, for: .seconds(7_200))
    for text in ["one", "two", "three"] { _ = try stored(try await harness.node.hand(message(text))) }
    harness.clock.advance(by: .seconds(7_199))
    try await harness.onlooker.turn()
    #expect(try harness.waiting(of: "test").count == 3)
    harness.clock.advance(by: .seconds(1))
    await harness.stage.holding("one")
    #expect(try harness.waiting(of: "test").count == 2)
  }

  @Test("also those behind the first, while that is found to be paused")
  func behindTheFirst() async throws {
    let harness = try await harness()
    try await pause(harness)
    let reading = harness.reads.hold(.pause(Self.name))
    let first = hand(harness, "one")
    await reading.reached()
    let second = hand(harness, "two")
    try await harness.onlooker.until { try harness.waiting(of: "test").count == 2 }
    reading.release()
    let (one, two) = (try stored(try await first.value), try stored(try await second.value))
    #expect(one.0 != two.0 && one.1.contains("care") && two.1.contains("care"))
  }

  @Test("also those behind the first, while that is put off by a full limit")
  func behindALimit() async throws {
    let harness = try await harness()
    guard case .started = try await harness.node.hand(message("one")) else {
      return #expect(Bool(false), "No job.")
    }
    let reading = harness.reads.hold(.pause(Self.name))
    let second = hand(harness, "two")
    await reading.reached()
    let third = hand(harness, "three")
    try await harness.onlooker.until { try harness.waiting(of: "test").count == 2 }
    reading.release()
    let (two, three) = (try stored(try await second.value), try stored(try await third.value))
    #expect(two.0 != three.0 && two.1.contains("queue") && three.1.contains("queue"))
    await harness.stage.end("one")
  }

  @Test("also where the pause comes while the job is being prepared")
  func pausedMeanwhile() async throws {
    let harness = try await harness()
    let reading = harness.reads.hold(.pause(Self.name))
    let sent = hand(harness, "one")
    await reading.reached()
    try await pause(harness)
    reading.release()
    #expect(try stored(try await sent.value).1.contains("care"))
    #expect(try harness.jobs(of: "test").isEmpty)
  }

  @Test("also where the node stops and begins nothing more")
  func draining() async throws {
    let harness = try await harness()
    harness.node.drain()
    let kept = try stored(try await harness.node.hand(message("one")))
    #expect(try harness.waiting(of: "test").map(\.id) == [kept.0])
    try await harness.crashAndReopen()
    await harness.stage.holding("one")
  }

  @Test("and a line goes on after a resume that came while its first was being looked at")
  func resumedMeanwhile() async throws {
    let harness = try await harness()
    try await pause(harness)
    let reading = harness.reads.hold(.pause(Self.name))
    let sent = hand(harness, "one")
    await reading.reached()
    try await harness.node.write([.resume(Self.name)])
    reading.release()
    await harness.stage.holding("one")
    guard case .started = try await sent.value else { return #expect(Bool(false), "No job.") }
  }

  @Test("and a line goes on at the end of a pause that was made shorter")
  func shorter() async throws {
    let harness = try await harness()
    try await pause(harness, for: .seconds(7_200))
    _ = try stored(try await harness.node.hand(message("one")))
    try await pause(harness, for: .seconds(60))
    try await harness.onlooker.settled()
    harness.clock.advance(by: .seconds(61))
    await harness.stage.holding("one")
  }
}
