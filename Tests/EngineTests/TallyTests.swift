import Model
import Testing

@testable import Engine

@Suite("What a node counts of what has ended", .timeLimit(.minutes(1)))
struct TallyTests {
  @Test("a step of a connector counts once, when its last try is over, and a job when it ends")
  func retried() async throws {
    let harness = try Harness(.memory)
    let job = try await harness.start(
      "steps: {work: {uses: test.pure, with: {hold: true}, retry: {attempts: 2, backoff: {initial: 10s}}}}")
    await harness.stage.holding("work")
    await harness.stage.end("work", .failure(Failure(.transient, code: "x", "Not now.")))
    try await harness.happened(job, "retrying", "work")
    #expect(harness.node.tally.counts.steps.isEmpty && harness.node.tally.counts.jobs.isEmpty)
    harness.clock.advance(by: .seconds(60))
    await harness.stage.begun("work", 2)
    harness.clock.advance(by: .seconds(5))
    await harness.stage.end("work", .success(AttemptOutput([:])))
    _ = try await harness.ended(job)
    let counts = harness.node.tally.counts
    #expect(counts.steps == [.init(connector: "test.pure", status: .success): 1])
    let jobs = counts.jobs.map { [$0.key.status.word, $0.key.trigger, "\($0.value)"] }
    #expect(jobs == [["success", "manual", "1"]])
    let durations = try #require(counts.stepDurations["test.pure"])
    #expect(durations.count == 1 && durations.sum > 0)
  }

  @Test("a duration falls into the first bound that it does not pass")
  func bounds() {
    var durations = Tally.Durations([1, 10])
    for milliseconds in [0, 1_000, 1_001, 10_000, 10_001] { durations.add(.milliseconds(milliseconds)) }
    #expect(durations.counts == [2, 2, 1] && durations.count == 5)
    #expect(abs(durations.sum - 22.002) < 0.000_001)
    durations.add(.seconds(-5))
    #expect(durations.counts == [3, 2, 1], "A clock that went back adds no time.")
  }
}
