import Engine
import Model
import Testing

/// `job update`: a live job gets another priority, or other labels.
@Suite("A live job is updated", .timeLimit(.minutes(1)))
struct UpdateTests {
  private func start(_ harness: Harness, _ door: String, priority: Int = 5) async throws -> ID<Job> {
    let pipeline = try await harness.apply(
      """
      priority: \(priority)
      fair_key: all
      job_labels: {team: risk, note: old}
      steps: {a: {uses: test.keyed, with: {hold: true, door: \(door), value: {}}}}
      """, as: "demo/\(door)")
    return try await harness.start(pipeline)
  }

  private func labels(_ harness: Harness, _ job: ID<Job>) throws -> [String: String] {
    let summary = try #require(try harness.readModel.job(job))
    return Dictionary(uniqueKeysWithValues: summary.identity.labels.map { ($0.name, $0.value) })
  }

  @Test("what waits for a place of the node goes before what has less from then on", arguments: Backend.all)
  func place(backend: Backend) async throws {
    let harness = try Harness(backend) { $0.nodeSlots = 1 }
    _ = try await start(harness, "first")
    await harness.stage.holding("first")
    let early = try await start(harness, "early")
    let late = try await start(harness, "late")
    for job in [early, late] { try await harness.happened(job, "queued", "a") }
    try await harness.node.update(late, JobUpdate(priority: 8), actor: "local:ana")
    #expect(try harness.readModel.job(late)?.identity.priority == 8)
    await harness.stage.end("first")
    await harness.stage.holding("late")
    await harness.stage.end("late")
    await harness.stage.holding("early")
    await harness.stage.end("early")
    #expect(try await harness.ended(late).summary.status == .success)
    #expect(try harness.history().replay(late).differences.isEmpty)
  }

  @Test("so do a job that waits for its own limit and a step that waits for one, but not one with its own")
  func limits() async throws {
    let harness = try Harness()
    let body = """
      fair_key: all
      concurrency: {scope: namespace, key: lock, limit: 1}
      steps: {a: {uses: test.keyed, with: {hold: true, door: DOOR, value: {}}}}
      """
    var jobs: [ID<Job>] = []
    for door in ["one", "two", "three"] {
      let pipeline = try await harness.apply(body.replacing("DOOR", with: door), as: "demo/\(door)")
      jobs.append(try await harness.start(pipeline))
    }
    await harness.stage.holding("one")
    try await harness.node.update(jobs[2], JobUpdate(priority: 6), actor: "local:ana")
    await harness.stage.end("one")
    await harness.stage.holding("three")
    await harness.stage.end("three")
    await harness.stage.holding("two")
    await harness.stage.end("two")

    let stepBody = """
      fair_key: all
      steps:
        a:
          exclusive: lock
          PRIORITY
          uses: test.keyed
          with: {hold: true, door: DOOR, value: {}}
      """
    jobs = []
    for (door, priority) in [("a", ""), ("b", ""), ("c", "priority: 2"), ("d", "")] {
      let body = stepBody.replacing("DOOR", with: door).replacing("PRIORITY", with: priority)
      jobs.append(try await harness.start(try await harness.apply(body, as: "demo/\(door)")))
    }
    await harness.stage.holding("a")
    for job in jobs[1...] { try await harness.happened(job, "limited", "a") }
    try await harness.node.update(jobs[3], JobUpdate(priority: 9), actor: "local:ana")
    try await harness.node.update(jobs[2], JobUpdate(priority: 9), actor: "local:ana")
    for (ended, next) in [("a", "d"), ("d", "b"), ("b", "c")] {
      await harness.stage.end(ended)
      await harness.stage.holding(next)
    }
    await harness.stage.end("c")
  }

  @Test("labels are added, replaced and taken away; its history says by whom", arguments: Backend.all)
  func labels(backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await start(harness, "x")
    await harness.stage.holding("x")
    let update = JobUpdate(labels: [("team", "tax"), ("note", nil), ("urgent", "yes"), ("never", nil)])
    try await harness.node.update(job, update, actor: "local:ana")
    #expect(try labels(harness, job) == ["team": "tax", "urgent": "yes"])
    let found = try harness.readModel.jobs(
      JobFilter(labels: [JobIdentity.Label(name: "team", value: "tax")]), before: nil, limit: 9)
    #expect(found.map(\.id) == [job])
    let facts = try await harness.node.history(job, after: 0, limit: 100).flatMap(\.facts)
    let updated = facts.filter { $0["fact"]?.string == "updated" }
    #expect(updated == [["fact": "updated", "actor": "local:ana"]], "What labels say stays sealed.")
    await harness.stage.end("x")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(try harness.history().replay(job).differences.isEmpty)
  }

  @Test(
    "from its start a job has the priority and labels of its request, over those of the file",
    arguments: Backend.all)
  func start(backend: Backend) async throws {
    let harness = try Harness(backend) { $0.nodeSlots = 1 }
    _ = try await start(harness, "first")
    await harness.stage.holding("first")
    let early = try await start(harness, "early")
    try await harness.happened(early, "queued", "a")
    _ = try await start(harness, "late")
    var request = JobRequest(
      pipeline: PipelineName(namespace: "demo", name: "late"), idempotencyKey: "k", actor: "local:ana")
    request.update = JobUpdate(priority: 8, labels: [("team", "tax"), ("note", nil), ("urgent", "yes")])
    let late = try await harness.node.start(request).job
    #expect(try labels(harness, late) == ["team": "tax", "urgent": "yes"])
    #expect(try harness.readModel.job(late)?.identity.priority == 8)
    #expect(try await !harness.node.start(request).isNew)
    request.update.priority = 7
    await #expect {
      try await harness.node.start(request)
    } throws: { ($0 as? Problem)?.code == "idempotency-key-reused" }

    request.idempotencyKey = nil
    request.update.labels = (0..<63).map { ("l\($0)", "v") }
    await #expect {
      try await harness.node.start(request)
    } throws: { ($0 as? Problem)?.code == "too-many-labels" }
    await harness.stage.end("first")
    await harness.stage.holding("late")
    await harness.stage.end("late")
    #expect(try await harness.ended(late).summary.status == .success)
    #expect(try harness.history().replay(late).differences.isEmpty)
  }

  @Test("survives a crash, and the same again leaves no trace", arguments: Backend.all)
  func crash(backend: Backend) async throws {
    let harness = try Harness(backend) { $0.nodeSlots = 1 }
    _ = try await start(harness, "first")
    await harness.stage.holding("first")
    let early = try await start(harness, "early")
    let late = try await start(harness, "late", priority: 4)
    for job in [early, late] { try await harness.happened(job, "queued", "a") }
    let update = JobUpdate(priority: 7, labels: [("team", "tax")])
    try await harness.node.update(late, update, actor: "local:ana")
    let number = try #require(try harness.readModel.job(late)).number
    let events = try harness.readModel.events(of: number, after: 0, limit: 99)
    try await harness.node.update(late, update, actor: "local:bia")
    #expect(try harness.readModel.events(of: number, after: 0, limit: 99).count == events.count)
    try await harness.crashAndReopen()
    // The first place that the new node gives away.
    await harness.stage.holding("late")
    #expect(try labels(harness, late) == ["team": "tax", "note": "old"])
    await harness.stage.end("late")
    for door in ["first", "early"] {
      await harness.stage.holding(door)
      await harness.stage.end(door)
    }
    #expect(try await harness.ended(late).summary.status == .success)
    #expect(try harness.history().replay(late).differences.isEmpty)
  }

  @Test("of a job that has ended nothing changes: its history is closed")
  func ended() async throws {
    let harness = try Harness()
    let job = try await start(harness, "x")
    await harness.stage.holding("x")
    await harness.stage.end("x")
    _ = try await harness.ended(job)
    await #expect {
      try await harness.node.update(job, JobUpdate(labels: [("team", "tax")]), actor: "local:ana")
    } throws: { ($0 as? Problem)?.code == "job-ended" }
    #expect(try labels(harness, job) == ["team": "risk", "note": "old"])
  }

  @Test("a replay finds a row whose labels or priority were changed beside the history")
  func tampered() async throws {
    let harness = try Harness(.sqlite)
    let job = try await start(harness, "x")
    await harness.stage.holding("x")
    try await harness.node.update(job, JobUpdate(priority: 7, labels: [("team", "tax")]), actor: "local:ana")
    await harness.stage.end("x")
    _ = try await harness.ended(job)
    try harness.sql(
      "UPDATE job_executions SET priority = 9; UPDATE job_labels SET value = 'z' WHERE name = 'team'")
    #expect(try harness.history().replay(job).differences.count == 2)
  }

  @Test("a job has at most 64 labels")
  func many() async throws {
    let harness = try Harness()
    let job = try await start(harness, "x")
    await harness.stage.holding("x")
    let labels = (0..<63).map { (name: "l\($0)", value: String?.some("v")) }
    await #expect {
      try await harness.node.update(job, JobUpdate(labels: labels), actor: "local:ana")
    } throws: { ($0 as? Problem)?.code == "too-many-labels" }
    try await harness.node.update(job, JobUpdate(labels: labels + [("note", nil)]), actor: "local:ana")
    #expect(try self.labels(harness, job).count == 64)
    await harness.stage.end("x")
  }
}
