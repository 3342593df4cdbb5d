import Engine
import Model
import Testing

@Suite("What destinations are told", .timeLimit(.minutes(1)))
struct TellingTests {
  @Test(
    "a job from its creation to its end, in order, as CloudEvents without its data", arguments: Backend.all)
  func job(_ backend: Backend) async throws {
    let stage = try OutboxStage(backend)
    let job = try await stage.harness.start(
      """
      inputs: {secret: {type: string, default: "do-not-tell"}}
      steps: {one: {uses: test.pure, with: {value: {a: "do-not-tell"}}}}
      outputs: {a: "${{ inputs.secret }}"}
      """)
    let messages = await stage.receiver.taken(3)
    #expect(messages.map(\.type) == ["esteira.job.created", "esteira.job.started", "esteira.job.completed"])
    #expect(Set(messages.map(\.id)).count == 3)
    let event = try JSON(parsing: messages[2].body)
    #expect(event["specversion"] == "1.0" && event["type"] == "esteira.job.completed")
    #expect(event["id"]?.string == messages[2].id && event["source"] == "/esteira/test/demo/test")
    #expect(event["subject"]?.string == job.description && event["time"]?.string == stage.clock.now.rfc3339)
    #expect(event["datacontenttype"] == "application/json")
    let data = try #require(event["data"])
    #expect(data["job"]?.string == job.description && data["pipeline"] == "test")
    #expect(data["namespace"] == "demo" && data["revision"] == 1 && data["status"] == "success")
    #expect(data["error"] == nil && data["ended_at"]?.string == stage.clock.now.rfc3339)
    for message in messages {
      #expect(!String(decoding: message.body, as: UTF8.self).contains("do-not-tell"))
      #expect(message.namespace == "demo" && message.mediaType == "application/cloudevents+json")
    }
  }

  @Test(
    "each end by its own type",
    arguments: [
      ("steps: {one: {uses: test.pure, with: {fail: data}}}", "esteira.job.failed"),
      ("steps: {stop: {end: {status: partial}}}", "esteira.job.partial"),
    ])
  func ends(_ body: String, _ type: String) async throws {
    let stage = try OutboxStage(events: ["esteira.job.failed", "esteira.job.partial"])
    try await stage.harness.start(body)
    #expect(await stage.receiver.taken(1).map(\.type) == [type])
    let error = stage.receiver.events[0]["data"]?["error"]
    if type == "esteira.job.failed" {
      #expect(error?["code"] == "told" && error?["class"] == "data" && error?["step"] == "one")
      #expect(error?["message"] == "told to fail")
    }
  }

  @Test("a cancel, a deadline and a question of the engine")
  func otherEnds() async throws {
    let stage = try OutboxStage(events: [
      "esteira.job.cancelled", "esteira.job.timeout", "esteira.job.needs_attention",
    ])
    let held = try await stage.harness.start("steps: {one: {uses: test.pure, with: {hold: true}}}")
    await stage.harness.stage.holding("one")
    try await stage.node.cancel(held, actor: "local:ana", reason: "no")
    _ = await stage.receiver.taken(1)
    try await stage.harness.start("deadline: 60s\nsteps: {two: {uses: test.pure, with: {hold: true}}}")
    await stage.harness.stage.holding("two")
    stage.clock.advance(by: .seconds(61))
    _ = await stage.receiver.taken(2)
    #expect(stage.receiver.types == ["esteira.job.cancelled", "esteira.job.timeout"])
  }

  @Test("steps only where somebody asked for them, each end once, with its path")
  func steps() async throws {
    let stage = try OutboxStage(events: ["esteira.step.*"])
    let job = try await stage.harness.start(
      """
      steps:
        good: {uses: test.pure, with: {value: 1}}
        bad: {uses: test.pure, with: {fail: data}}
        after: {needs: [bad], uses: test.pure}
      """)
    _ = try await stage.harness.ended(job)
    try await stage.empty()
    let told = Dictionary(
      stage.receiver.events.map { ($0["data"]?["path"]?.string ?? "", $0["type"]?.string ?? "") },
      uniquingKeysWith: { "\($0) \($1)" })
    #expect(told == ["good": "esteira.step.completed", "bad": "esteira.step.failed"])
    let bad = try #require(stage.receiver.events.first { $0["data"]?["path"] == "bad" })
    #expect(bad["subject"]?.string == "\(job)/bad" && bad["data"]?["error"]?["code"] == "told")
  }

  @Test("a question that opens, and how it ends; that others are asked is no new question")
  func asks() async throws {
    let stage = try OutboxStage(events: ["esteira.ask.*"])
    try await stage.harness.start(AskFile.steps("escalate: {after: 10m, to: {users: [chief]}}"))
    _ = await stage.receiver.taken(1)
    stage.clock.advance(by: .seconds(601))
    try await stage.harness.onlooker.settled()
    stage.clock.advance(by: .seconds(3_001))
    let messages = await stage.receiver.taken(2)
    #expect(messages.map(\.type) == ["esteira.ask.opened", "esteira.ask.expired"])
    #expect(stage.receiver.events[0]["data"]?["path"] == "review")
    #expect(!messages.contains { String(decoding: $0.body, as: UTF8.self).contains("a.csv") })
  }

  @Test("a due time that was missed")
  func missed() async throws {
    let stage = try OutboxStage(events: ["esteira.schedule.missed"])
    try await stage.harness.apply(
      """
      triggers: {daily: {schedule: {cron: "0 * * * *"}}}
      steps: {one: {value: 1}}
      """)
    let name = Node.TriggerName(Letters.name, "daily")
    _ = try await stage.node.pauseSchedule(name, by: "ana", reason: "care", until: nil)
    stage.clock.advance(by: .seconds(3_700))
    let event = await stage.receiver.taken(1)
    #expect(event[0].type == "esteira.schedule.missed")
    let data = stage.receiver.events[0]["data"]
    #expect(data?["schedule"] == "daily" && data?["reason"] == "paused" && data?["pipeline"] == "test")
  }

  @Test("that something became a dead letter, but not of a message that told of one itself")
  func letters() async throws {
    let second = Receiver()
    let other = ConfiguredDestination(
      name: "second", kind: "test", events: ["esteira.deadletter.added"], receiver: second)
    let stage = try OutboxStage(
      events: ["esteira.job.failed", "esteira.deadletter.added"], others: [other])
    try await stage.harness.apply(OutboxStage.failing)
    stage.receiver.answer(Receiver.refused)
    second.answer(Receiver.refused)
    _ = try await stage.run("a")
    _ = try await stage.letters(2)
    try await stage.until { try stage.harness.readModel.outboxSummaries().isEmpty }
    // Of the first failure the second is told, and of its own failure nobody.
    #expect(stage.receiver.types == ["esteira.job.failed"])
    #expect(second.types == ["esteira.deadletter.added"])
    let data = second.events[0]["data"]
    #expect(data?["kind"] == "delivery" && data?["error"]?["code"] == "test-refused")
  }

  @Test("only what its namespace and its pipelines do")
  func selection() async throws {
    let all = Receiver()
    let elsewhere = Receiver()
    let stage = try OutboxStage(
      pipelines: ["pay-*", "demo/exact"],
      others: [
        ConfiguredDestination(name: "all", kind: "test", events: ["esteira.job.completed"], receiver: all),
        ConfiguredDestination(
          name: "elsewhere", namespace: "sales", kind: "test", events: ["*"], receiver: elsewhere),
      ])
    for id in ["test", "pay-out", "exact"] {
      try await stage.harness.apply(OutboxStage.quick, id: id)
      let job = try await stage.node.start(
        JobRequest(pipeline: PipelineName(namespace: "demo", name: id), actor: "local:ana")
      ).job
      _ = try await stage.harness.ended(job)
    }
    _ = await all.taken(3)
    try await stage.until { try stage.harness.readModel.outboxSummaries().isEmpty }
    let pipelines = Set(stage.receiver.events.compactMap { $0["data"]?["pipeline"]?.string })
    #expect(pipelines == ["pay-out", "exact"])
    #expect(elsewhere.taken.isEmpty)
  }

  @Test("nothing is stored where nobody listens")
  func nobody() async throws {
    let stage = try OutboxStage(events: ["esteira.schedule.missed"])
    try await stage.harness.apply(OutboxStage.failing)
    _ = try await stage.run("a")
    #expect(try stage.harness.readModel.outboxSummaries().isEmpty)
    #expect(try stage.harness.readModel.namespaceKey("demo") == nil)
  }
}
