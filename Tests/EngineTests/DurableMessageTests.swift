import Engine
import Model
import Testing

@Suite("S6a: what people and messages ask for", .timeLimit(.minutes(1)))
struct DurableMessageTests {
  static let file = """
    inputs: {k: {type: string, default: a}}
    steps:
      one: {wait: {signal: {name: go, key: a}}}
      two: {needs: [one], uses: test.keyed, with: {value: "${{ steps.one.output }}"}}
    """

  @Test(
    "a signal is delivered once, whichever commit dies, and whoever heard nothing may send it again",
    arguments: Backend.all, FaultyStore.Fault.allCases)
  func signal(_ backend: Backend, _ fault: FaultyStore.Fault) async throws {
    for parks in [false, true] {
      let harness = try Harness(backend, faulty: true)
      let job = try await harness.start(Self.file)
      try await harness.happened(job, "awaiting", "one")
      if parks { try await harness.parked(1) }
      harness.faulty?.fail(fault, after: 0)
      let broken = harness.nextBreak()
      let node = harness.node
      let sent = Task {
        try await node.signal(
          SignalRequest(name: "go", key: "a", payload: ["n": 1], messageID: "m", actor: "local:ana"),
          in: "demo")
      }
      await broken()
      sent.cancel()
      harness.stage.drop()
      try await harness.reopen()
      let again = try await harness.send("go", key: "a", ["n": 1], id: "m")
      #expect(again.isDuplicate == (fault == .afterCommit))
      let view = try await harness.ended(job)
      #expect(view.steps.map(\.output) == [["n": 1], ["n": 1]])
      #expect(try harness.signals().map(\.state) == [.taken])
      #expect(try harness.history().replay(job).differences == [])
    }
  }

  @Test(
    "a signal that nobody waits for is there after the crash, and is taken once",
    arguments: Backend.all, FaultyStore.Fault.allCases)
  func kept(_ backend: Backend, _ fault: FaultyStore.Fault) async throws {
    let harness = try Harness(backend, faulty: true)
    try await harness.apply(Self.file)
    try await harness.send("go", key: "a", ["n": 7])
    // The commit that begins the wait, takes the signal and ends the wait.
    harness.faulty?.fail(fault, after: 0)
    let broken = harness.nextBreak()
    let (node, request) = (harness.node, harness.request(key: "x"))
    let started = Task { try await node.start(request) }
    await broken()
    started.cancel()
    harness.stage.drop()
    try await harness.reopen()
    let job = try await harness.startAgain(key: "x")
    #expect(try await harness.ended(job).steps.map(\.output) == [["n": 7], ["n": 7]])
    #expect(try harness.signals().map(\.state) == [.taken])
  }

  @Test(
    "a cancel of a parked job is durable once acknowledged", arguments: Backend.all,
    FaultyStore.Fault.allCases)
  func cancel(_ backend: Backend, _ fault: FaultyStore.Fault) async throws {
    let harness = try Harness(backend, faulty: true)
    let job = try await harness.start(Self.file)
    try await harness.happened(job, "awaiting", "one")
    try await harness.parked(1)
    harness.faulty?.fail(fault, after: 0)
    let broken = harness.nextBreak()
    let node = harness.node
    let cancelled = Task { try await node.cancel(job, actor: "local:ana", reason: "") }
    await broken()
    cancelled.cancel()
    harness.stage.drop()
    try await harness.reopen()
    switch fault {
    case .afterCommit: #expect(try await harness.ended(job).summary.status == .cancelled)
    case .beforeCommit:
      #expect(try await harness.view(job).summary.status == .waiting)
      try await harness.node.cancel(job, actor: "local:ana", reason: "")
      #expect(try await harness.ended(job).summary.status == .cancelled)
    }
  }
}
