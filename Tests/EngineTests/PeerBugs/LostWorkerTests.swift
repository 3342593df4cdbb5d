import Engine
import Model
import Testing

extension Harness {
  /// How many facts of this name and path the job's history holds.
  func count(_ fact: String, _ path: String, of job: ID<Job>) async throws -> Int {
    try await node.history(job, after: 0, limit: 1_000).flatMap(\.facts).count {
      $0["fact"]?.string == fact && $0["path"]?.string == path
    }
  }
}

/// Bugs that other schedulers had with workers that die or seem to; `docs/peer-bugs.md` lists them.
@Suite("Peers' bugs: an attempt and whoever takes it for lost", .timeLimit(.minutes(1)))
struct LostWorkerTests {
  private static let file = """
    steps:
      work: {uses: test.keyed, timeout: 30d, with: {hold: true}}
      after: {needs: [work], uses: test.keyed, timeout: 30d, with: {hold: true}}
    on_failure: {mail: {uses: test.keyed}}
    """

  /// As in airflow #12396, #29455; n8n PR 7435.
  @Test(
    "a committed success is no zombie, however often its node comes back",
    arguments: Backend.all)
  func successFirst(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.end("work")
    for takeover in 1...2 {
      await harness.stage.begun("after", takeover)
      try await harness.crashAndReopen()
    }
    harness.clock.advance(by: .seconds(86_400))
    await harness.stage.end("after")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "work") == 1)
    #expect(harness.stage.starts(of: "on_failure.mail") == 0)
    #expect(try await harness.count("ended", "work", of: job) == 1)
    #expect(try await harness.count("lost", "work", of: job) == 0)
  }

  @Test(
    "a success whose commit took the node with it counts once, and no failure is told (n8n PR 38138)",
    arguments: FaultyStore.Fault.allCases)
  func commitLost(_ fault: FaultyStore.Fault) async throws {
    let harness = try Harness(faulty: true)
    let job = try await harness.start(
      "steps: {work: {uses: test.keyed, with: {hold: true}}}\non_failure: {mail: {uses: test.keyed}}")
    await harness.stage.holding("work")
    let broken = harness.nextBreak()
    harness.faulty?.fail(fault, after: 0)
    await harness.stage.end("work")
    await broken()
    harness.stage.drop()
    try await harness.reopen()
    if fault == .beforeCommit { await harness.stage.end("work") }
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "work") == (fault == .beforeCommit ? 2 : 1))
    #expect(harness.stage.starts(of: "on_failure.mail") == 0)
    #expect(try await harness.count("ended", "work", of: job) == 1)
  }

  @Test(
    "a lost attempt is found lost once, and restarts ask no second question (airflow #51969)",
    arguments: Backend.all)
  func idempotent(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {pay: {uses: test.once, with: {hold: true}}}")
    await harness.stage.holding("pay")
    try await harness.crashAndReopen()
    try await harness.happened(job, "question", "pay")
    for _ in 1...3 {
      try await harness.crashAndReopen()
      harness.clock.advance(by: .seconds(3_600))
    }
    #expect(try await harness.count("lost", "pay", of: job) == 1)
    #expect(try await harness.count("question", "pay", of: job) == 1)
    #expect(harness.stage.starts(of: "pay") == 1)
    #expect(try await harness.view(job).steps[0].crashes == 1)
    try await harness.node.resolve(job, path: "pay", .didNotHappen, actor: "local:ana")
    await harness.stage.begun("pay", 2)
    await harness.stage.end("pay")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("a retry that was to come still comes after a restart, in its time (airflow #27657)")
  func retryAfterRestart() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        work:
          uses: test.keyed
          with: {fail: transient, fail_times: 1}
          retry: {attempts: 2, backoff: {initial: 60s, jitter: 0}}
      """)
    try await harness.happened(job, "retrying", "work")
    harness.clock.advance(by: .seconds(30))
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(29))
    _ = try await harness.view(job)
    #expect(harness.stage.starts(of: "work") == 1)
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "work") == 2)
  }

  @Test("an attempt that its node took with it starts again at once, at any age (celery #6229)")
  func startsAgain() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {work: {uses: test.keyed, timeout: 30d, with: {hold: true}}}")
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(5 * 86_400))
    try await harness.crashAndReopen()
    // No time passes for it.
    await harness.stage.begun("work", 2)
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("the attempt after a lost one has the whole of its time (airflow PR 54594)")
  func wholeTime() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {work: {uses: test.keyed, timeout: 5m, with: {hold: true}}}")
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(240))
    try await harness.crashAndReopen()
    await harness.stage.begun("work", 2)
    harness.clock.advance(by: .seconds(299))
    #expect(try await harness.view(job).steps[0].status == .running)
    harness.clock.advance(by: .seconds(1))
    #expect(try await harness.ended(job).steps[0].status == .timeout)
    #expect(harness.stage.starts(of: "work") == 2)
  }
}

@Suite("Peers' bugs: what takes long", .timeLimit(.minutes(1)))
struct LongWorkTests {
  /// Ten times the longest time that a node has by itself.
  private static let long: Duration = {
    let setting = NodeSetting(name: "test", version: "test", cores: 1)
    let times = [
      setting.cancelGrace, setting.handlersTimeout, setting.parksAfter, setting.storeAnswerLimit,
      setting.storeLongestPause,
    ]
    return (times.max() ?? .zero) * 10
  }()

  @Test(
    "a wait and a step of ten times every time-out run once each (celery #3270, #5306, #2599; kombu #337)",
    arguments: Backend.all)
  func once(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let seconds = Self.long.components.seconds
    let job = try await harness.start(
      """
      steps:
        rest: {wait: {for: \(seconds)s}}
        work: {needs: [rest], uses: test.keyed, timeout: 30d, with: {hold: true}}
      """)
    try await harness.happened(job, "delayed", "rest")
    try await passes(harness, .seconds(seconds - 1))
    try await harness.crashAndReopen()
    #expect(harness.stage.starts.isEmpty)
    harness.clock.advance(by: .seconds(1))
    await harness.stage.holding("work")
    try await passes(harness, Self.long)
    #expect(try await harness.view(job).steps.map(\.status) == [.success, .running])
    await harness.stage.end("work")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts.map(\.path) == ["work"])
    #expect(try await harness.count("started", "work", of: job) == 1)
    #expect(try await harness.count("ended", "rest", of: job) == 1)
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10).count == 1)
  }

  private func passes(_ harness: Harness, _ duration: Duration) async throws {
    for _ in 0..<20 {
      harness.clock.advance(by: duration / 20)
      try await harness.onlooker.turn()
    }
  }

  /// As in celery #6760, airflow #15799, rabbitmq-server #9046.
  @Test(
    "a message is taken once it is stored, not once its job has ended", arguments: Backend.all)
  func takenWhenStored(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      triggers: {inbox: {queue: {connection: c, list: l}}}
      steps: {work: {uses: test.keyed, timeout: 30d, with: {hold: true}}}
      """)
    let message = HandedMessage(
      pipeline: PipelineName(namespace: "demo", name: "test"), trigger: "inbox", message: ["n": 1],
      idempotencyKey: "m1", actor: "local:ana")
    guard case .started(let first) = try await harness.node.hand(message) else {
      return #expect(Bool(false), "No job.")
    }
    await harness.stage.holding("work")
    // Its sender has its answer: nothing is left that a broker could take back, for as long as it lasts.
    harness.clock.advance(by: Self.long)
    #expect(try harness.waiting(of: "test").isEmpty)
    try await harness.crashAndReopen()
    await harness.stage.begun("work", 2)
    guard case .started(let again) = try await harness.node.hand(message) else {
      return #expect(Bool(false), "No job.")
    }
    #expect(again.job == first.job && !again.isNew)
    await harness.stage.end("work")
    #expect(try await harness.ended(first.job).summary.status == .success)
    #expect(try harness.jobs(of: "test").count == 1)
  }
}
