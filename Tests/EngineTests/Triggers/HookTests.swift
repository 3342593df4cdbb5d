import Engine
import Model
import Testing

@Suite("A request to a webhook", .timeLimit(.minutes(1)))
struct HookTests {
  private static let file = """
    inputs: {order: {type: string}}
    triggers:
      paid:
        webhook: {path: orders, verify: {scheme: github, credential: shop}}
        inputs: {order: "${{ trigger.body.order + trigger.query.from }}"}
    steps: {own: {value: "${{ inputs.order }}"}}
    outputs: {order: "${{ steps.own.output }}", type: "${{ trigger.type }}", actor: "${{ trigger.actor }}"}
    """

  private func message(_ harness: Harness, key: String, order: String = "7") throws -> HookMessage {
    let hook = try #require(harness.node.triggers.hooks(in: "demo", path: "orders").first)
    return HookMessage(
      hook: hook, key: key, body: ["order": .string(order)], headers: [:], query: ["from": "web"])
  }

  @Test(
    "starts one job for each delivery, also where a crash lies between two of one id", arguments: Backend.all)
  func once(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.file)
    guard case .started(let job) = try await harness.node.deliver(message(harness, key: "d1")) else {
      return #expect(Bool(false), "No job.")
    }
    #expect(
      try await harness.ended(job.job).outputs == [
        "order": "7web", "type": "webhook", "actor": "hook:demo/orders",
      ])
    try await harness.crashAndReopen()
    guard case .started(let same) = try await harness.node.deliver(message(harness, key: "d1", order: "8"))
    else {
      return #expect(Bool(false), "No job.")
    }
    #expect(same.job == job.job && !same.isNew)
    guard case .started(let other) = try await harness.node.deliver(message(harness, key: "d2")) else {
      return #expect(Bool(false), "No job.")
    }
    #expect(other.job != job.job && other.isNew)
  }

  @Test("waits durably while the pipeline is paused, and is one message however often it comes")
  func waits() async throws {
    let harness = try Harness()
    try await harness.apply(Self.file)
    let name = PipelineName(namespace: "demo", name: "test")
    try await harness.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "care", at: harness.clock.now, until: nil))
    ])
    for _ in 1...2 {
      guard case .stored = try await harness.node.deliver(message(harness, key: "d1")) else {
        return #expect(Bool(false), "Not stored.")
      }
    }
    try await harness.crashAndReopen()
    guard case .stored = try await harness.node.deliver(message(harness, key: "d1")) else {
      return #expect(Bool(false), "Not stored.")
    }
    #expect(try harness.waiting(of: "test").count == 1)
    try await harness.node.write([.resume(name)])
    _ = try await harness.job(of: "test")
    try await harness.quiet(["test"])
    #expect(try harness.jobs(of: "test").count == 1)
  }

  @Test("finds only enabled triggers of its namespace and path")
  func found() async throws {
    let harness = try Harness()
    try await harness.apply(Self.file)
    let book = harness.node.triggers
    #expect(book.hooks(in: "demo", path: "orders").map(\.trigger) == ["paid"])
    #expect(book.hooks(in: "demo", path: "Orders").isEmpty)
    #expect(book.hooks(in: "other", path: "orders").isEmpty)
    try await harness.apply(
      Self.file.replacing("inputs: {order: \"${{ t", with: "enabled: false\n    inputs: {order: \"${{ t"))
    #expect(harness.node.triggers.hooks(in: "demo", path: "orders").isEmpty)
  }
}

@Suite("A schedule beside the file", .timeLimit(.minutes(1)))
struct AddedScheduleTests {
  private static func row(_ harness: Harness, version: Int = 1, cron: String = "0 * * * *") -> AddedSchedule {
    AddedSchedule(
      pipeline: PipelineName(namespace: "demo", name: "test"), name: "extra", spec: ["cron": .string(cron)],
      inputs: JSONObject([("day", "first")]), version: version, createdAt: harness.clock.now,
      createdBy: "local:ana", updatedAt: harness.clock.now, updatedBy: "local:ana")
  }

  private static let file = """
    inputs: {day: {type: string}}
    steps: {own: {value: "${{ inputs.day }}"}}
    outputs: {day: "${{ steps.own.output }}"}
    """

  @Test("starts a job at each due time, with its inputs, over a restart", arguments: Backend.all)
  func drives(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.file)
    try await harness.node.write([.addedSchedule(Self.row(harness))])
    harness.clock.advance(by: .seconds(3_600))
    let first = try await harness.job(of: "test")
    #expect(try await harness.ended(first).outputs == ["day": "first"])
    await harness.crash()
    harness.clock.advance(by: .seconds(3_600))
    try await harness.reopen()
    let second = try await harness.job(of: "test", count: 2)
    #expect(try await harness.ended(second).summary.triggerType == "schedule")
  }

  @Test("begins anew with another line, and starts nothing once it is gone")
  func changes() async throws {
    let harness = try Harness()
    try await harness.apply(Self.file)
    try await harness.node.write([.addedSchedule(Self.row(harness))])
    try await harness.node.write([.addedSchedule(Self.row(harness, version: 2, cron: "30 * * * *"))])
    harness.clock.advance(by: .seconds(1_800))
    _ = try await harness.job(of: "test")
    let name = PipelineName(namespace: "demo", name: "test")
    try await harness.node.write([.removeAddedSchedule(name, name: "extra")])
    harness.clock.advance(by: .seconds(7_200))
    try await harness.onlooker.settled()
    #expect(try harness.jobs(of: "test").count == 1)
    #expect(try harness.readModel.readSchedules(in: "demo").isEmpty)
    await #expect(throws: Problem.self) {
      try await harness.node.write([.addedSchedule(Self.row(harness, version: 3))])
    }
  }
}
