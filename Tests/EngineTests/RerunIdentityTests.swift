import Engine
import Model
import Testing

/// What a start gave its job beside the file is its rerun's, too: not only in lists.
@Suite("A rerun waits with the priority of its job", .timeLimit(.minutes(1)))
struct RerunIdentityTests {
  private static let body = """
    fair_key: all
    concurrency: {scope: namespace, key: lock, limit: 1}
    steps: {a: {uses: test.keyed, with: {hold: true, door: DOOR, value: {}}}}
    """

  private func start(
    _ harness: Harness, _ door: String, _ update: JobUpdate = JobUpdate()
  ) async throws -> ID<Job> {
    let pipeline = try await harness.apply(Self.body.replacing("DOOR", with: door), as: "demo/\(door)")
    return try await harness.node.start(
      JobRequest(pipeline: pipeline, update: update, actor: "local:test")
    ).job
  }

  @Test("unless another one is given", arguments: [Int?.none, 2])
  func priority(_ other: Int?) async throws {
    let harness = try Harness()
    let urgent = try await start(harness, "urgent", JobUpdate(priority: 8, labels: [("team", "tax")]))
    await harness.stage.end("urgent")
    _ = try await harness.ended(urgent)
    _ = try await start(harness, "first")
    await harness.stage.holding("first")
    let usual = try await start(harness, "usual")
    var wish = RerunRequest(job: urgent, from: .start, actor: "local:test")
    wish.update.priority = other
    let again = try await harness.node.rerun(wish).job
    await harness.stage.end("first")
    let (next, then) = other == nil ? ("urgent", "usual") : ("usual", "urgent")
    await harness.stage.holding(next)
    #expect(try await harness.view(other == nil ? usual : again).summary.status == .queued)
    await harness.stage.end(next)
    await harness.stage.end(then)
    let identity = try await harness.ended(again).summary.identity
    #expect(identity.priority == other ?? 8)
    #expect(identity.labels.map { "\($0.name)=\($0.value)" } == ["team=tax"])
  }
}
