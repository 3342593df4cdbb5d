import Engine
import Model
import Testing

/// Bugs that other schedulers had while their store stood still, or two of them were at work.
@Suite("Peers' bugs: a node or a store that stands still", .timeLimit(.minutes(1)))
struct StalledNodeTests {
  /// The lock of a data folder lets no second node in. Were it not there, the order of a job's facts would
  /// still have one owner.
  @Test(
    "a node that stood still while another took over changes nothing more (airflow #64710)",
    arguments: Backend.all)
  func overtaken(_ backend: Backend) async throws {
    let harness = try Harness(backend, faulty: true)
    let job = try await harness.start(
      """
      steps:
        work: {uses: test.keyed, with: {hold: true}}
        after: {needs: [work], uses: test.keyed}
      """)
    await harness.stage.holding("work")
    let held = try #require(harness.faulty).hold()
    await harness.stage.end("work", .success(AttemptOutput(["by": "the first"])))
    await held.begun()

    let second = try harness.another()
    await harness.stage.begun("work", 2)
    held.letGo()
    // Behind the turn in which the first node hears that the job is no longer its own.
    try await harness.onlooker.settled()
    #expect(harness.stage.starts(of: "after") == 0)
    #expect(try await harness.count("ended", "work", of: job) == 0)
    await harness.stage.end("work", .success(AttemptOutput(["by": "the second"])))
    for await _ in try await second.follow(job, after: 0) {}
    let view = try await second.view(job, limit: 100)
    #expect(view.summary.status == .success)
    #expect(view.steps[0].output == ["by": "the second"])
    #expect(harness.stage.starts(of: "after") == 1)
    #expect(try harness.history().replay(job).differences == [])
    await second.abandon()
  }

  /// As in river PR 199, PR 217, PR 1213, PR 1251.
  @Test(
    "a store call that hangs for hours stops schedules for as long, and not for good")
  func hangs() async throws {
    let harness = try Harness(faulty: true)
    try await harness.schedule("cron: '0 * * * *', catch_up: all")
    let held = try #require(harness.faulty).hold()
    let write = Task { [node = harness.node] in try await node.write([.resume(Harness.report)]) }
    await held.begun()
    harness.clock.advance(by: .seconds(3 * 3_600 + 1_800))
    #expect(try harness.fires().isEmpty)
    held.letGo()
    try await write.value
    #expect(
      try await harness.told(once: "11:00 started") == ["09:00 started", "10:00 started", "11:00 started"])
    harness.clock.advance(by: .seconds(1_800))
    try await harness.told(once: "12:00 started")
    try await harness.allEnded()
  }

  @Test(
    "a store that answers with errors for hours does neither (river PR 199, PR 217, PR 1213, PR 1251)")
  func errs() async throws {
    let harness = try Harness(faulty: true)
    try await harness.schedule("cron: '0 * * * *', catch_up: all")
    let faulty = try #require(harness.faulty)
    var turns = harness.storeWaits.makeAsyncIterator()
    faulty.fill()
    harness.advance(hours: 1)
    #expect(await turns.next() == true)
    harness.clock.advance(by: .seconds(2 * 3_600 + 1_800))
    faulty.free()
    harness.clock.advance(by: .seconds(5))
    #expect(await turns.next() == false)
    #expect(
      try await harness.told(once: "11:00 started") == ["09:00 started", "10:00 started", "11:00 started"])
    try await harness.allEnded()
  }
}
