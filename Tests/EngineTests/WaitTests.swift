import Engine
import Model
import Testing

@Suite("S12: a wait for a time", .timeLimit(.minutes(1)))
struct TimeWaitTests {
  @Test("is one of the job, which waits and says until when", arguments: Backend.all)
  func pause(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps: {rest: {wait: {for: 5m}}}
      outputs: {at: "${{ steps.rest.output.at }}"}
      """)
    try await harness.happened(job, "delayed", "rest")
    #expect(try await harness.view(job).summary.status == .waiting)
    let due = harness.clock.now + .seconds(300)
    let why = try await harness.node.why(job)
    #expect(why.map(\.kind) == ["wait"] && why.first?.until == due)
    harness.clock.advance(by: .seconds(299))
    #expect(try await harness.statuses(job) == ["rest": .waiting])
    harness.clock.advance(by: .seconds(1))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["at": .string(due.rfc3339)])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("runs a pause on the monotonic clock, and a restart waits no longer than the whole of it")
  func monotonic() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {rest: {wait: {for: 1h}}}")
    try await harness.happened(job, "delayed", "rest")
    harness.clock.jumpWall(by: .seconds(7_200))
    #expect(try await harness.statuses(job) == ["rest": .waiting])
    harness.clock.jumpWall(by: .seconds(-86_400))
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(3_600))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("lets an instant come with the wall, wherever the wall jumps", arguments: Backend.all)
  func instant(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let due = harness.clock.now + .seconds(3_600)
    let job = try await harness.start("steps: {rest: {wait: {until: \"timestamp('\(due.rfc3339)')\"}}}")
    try await harness.happened(job, "delayed", "rest")
    // Set back by an hour, its time is two hours away, whatever the monotonic clock says.
    harness.clock.jumpWall(by: .seconds(-3_600))
    harness.clock.advance(by: .seconds(3_600))
    #expect(try await harness.statuses(job) == ["rest": .waiting])
    harness.clock.jumpWall(by: .seconds(3_600))
    #expect(try await harness.ended(job).summary.status == .success)
  }

  @Test("that has passed does not wait, and a text that is no moment fails")
  func past() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        gone: {wait: {until: "'2001-02-03T04:05:06Z'"}}
        wrong: {wait: {until: "'tomorrow'"}}
        far: {wait: {for: "${{ duration('100000000s') }}"}}
        never: {wait: {for: "${{ duration('1000000000s') }}"}}
      deadline: 10m
      """)
    try await harness.happened(job, "delayed", "far")
    harness.clock.advance(by: .seconds(600))
    let view = try await harness.ended(job)
    let errors = Dictionary(uniqueKeysWithValues: view.steps.map { ($0.path, $0.failure?.code) })
    #expect(errors == ["gone": nil, "wrong": "not-a-moment", "far": "deadline", "never": "wait-too-long"])
  }

  @Test("ends with a timeout, a deadline of its own, or a cancel", arguments: Backend.all)
  func limits(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let file = """
      steps:
        short: {wait: {for: 10s}, deadline: 20s}
        own: {wait: {signal: {name: go}}, deadline: 20s}
        late: {wait: {for: 1h}}
      """
    let job = try await harness.start(file)
    try await harness.happened(job, "delayed", "late")
    harness.clock.advance(by: .seconds(20))
    try await harness.happened(job, "ended", "own")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(
      try await harness.statuses(job) == ["short": .success, "own": .timeout, "late": .cancelled])
    // Nobody waits any more: the signal is kept.
    let receipt = try await harness.node.signal(
      SignalRequest(name: "go", payload: 1, actor: "local:ana"), in: "demo")
    #expect(receipt.isKept && receipt.delivered.isEmpty)
  }

  @Test("of items and rounds counts each of them", arguments: Backend.all)
  func layers(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        each: {for_each: "[1, 2, 3]", max_parallel: 2, wait: {for: 10s}}
        again: {repeat: {max: 2, carry: {n: 0}, until: "false", on_max: continue}, wait: {for: 10s}}
      """)
    try await harness.happened(job, "delayed", "each[1]")
    #expect(try await harness.statuses(job)["each[2]"] == .pending)
    harness.clock.advance(by: .seconds(10))
    try await harness.happened(job, "delayed", "each[2]")
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(10))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(try harness.history().replay(job).differences == [])
  }
}
