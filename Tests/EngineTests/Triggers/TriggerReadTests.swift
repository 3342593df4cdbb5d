import Engine
import Model
import Testing

@Suite("A store that cannot be read for a moment", .timeLimit(.minutes(1)))
struct TriggerReadTests {
  private static let name = PipelineName(namespace: "demo", name: "test")
  private static let body = """
    inputs: {n: {type: integer}}
    triggers:
      inbox: {queue: {connection: c, list: l}, inputs: {n: "${{ trigger.message }}"}}
      files: {files: {path: /srv/inbox}, inputs: {n: 1}}
    steps: {own: {value: 1}}
    """

  private func message(_ message: JSON) -> HandedMessage {
    HandedMessage(pipeline: Self.name, trigger: "inbox", message: message, actor: "local:ana")
  }

  private func failure<Value>(_ body: () async throws(Problem) -> Value) async -> Problem? {
    do throws(Problem) {
      _ = try await body()
      return nil
    } catch { return error }
  }

  @Test(
    "makes no second key for a namespace: nothing is sealed that nobody could open", arguments: Backend.all)
  func namespaceKey(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.body)
    guard case .started = try await harness.node.hand(message(1)) else {
      return #expect(Bool(false), "No job.")
    }
    try await harness.crashAndReopen()
    harness.reads.fail(.namespaceKey("demo"))
    let problem = await failure { () async throws(Problem) in try await harness.node.hand(message(2)) }
    #expect(problem?.code == "store-unavailable")
    let signal = SignalRequest(name: "go", key: nil, payload: 1, messageID: "m", actor: "local:ana")
    let unsent = await failure { () async throws(Problem) in try await harness.node.signal(signal, in: "demo")
    }
    #expect(unsent?.code == "store-unavailable")
    harness.reads.heal()
    guard case .started(let job) = try await harness.node.hand(message(3)) else {
      return #expect(Bool(false), "No job.")
    }
    #expect(try await harness.ended(job.job).summary.status == .success)
    #expect(try await harness.node.signal(signal, in: "demo").isKept)
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).isEmpty)
  }

  @Test("leaves a batch of files begun, for its watcher to fire it again")
  func batch() async throws {
    let harness = try Harness()
    try await harness.apply(Self.body)
    let file = ArrivedFile(
      path: "/srv/inbox/a", name: "a", sha256: "aa", size: 1, modifiedAt: Timestamp(microseconds: 0),
      originalPath: "/srv/inbox/a")
    let batch = FileBatch(id: "b", files: [file])
    try await harness.node.filesDesk(Self.name, trigger: "files").begin(batch)
    try await harness.crashAndReopen()
    let desk = harness.node.filesDesk(Self.name, trigger: "files")
    harness.reads.fail(.namespaceKey("demo"))
    let problem = await failure { () async throws(Problem) in try await desk.fire(batch) }
    #expect(problem?.code == "store-unavailable")
    #expect(try harness.waiting(of: "test").map(\.state) == [.claiming])
    harness.reads.heal()
    #expect(try await desk.open() == [batch])
    try await desk.fire(batch)
    _ = try await harness.ended(try await harness.job(of: "test"))
  }

  @Test("costs no dead letter its message")
  func deadLetter() async throws {
    let harness = try Harness()
    try await harness.apply(Self.body)
    let reading = harness.reads.hold(.pause(Self.name))
    let (node, bad) = (harness.node, message("no integer"))
    let sent = Task { try await node.hand(bad) }
    await reading.reached()
    harness.reads.fail(.triggerMessage)
    reading.release()
    guard case .stored = try await sent.value else { return #expect(Bool(false), "Not stored.") }
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).isEmpty)
    #expect(try harness.waiting(of: "test").count == 1)
    harness.reads.heal()
    harness.clock.advance(by: .seconds(2))
    let letters = try await harness.deadLetters(1)
    #expect(letters[0].error["code"] == "invalid-input" && letters[0].body?.isEmpty == false)
  }
}

@Suite("The triggers that a node knows", .timeLimit(.minutes(1)))
struct TriggerBookTests {
  private static let name = PipelineName(namespace: "demo", name: "test")

  @Test("are gone with their pipeline, also where an older reading of them comes later")
  func deleted() async throws {
    let harness = try Harness()
    try await harness.apply("triggers: {a: {pipeline: {pipeline: other}}}\nsteps: {own: {value: 1}}")
    let reading = harness.reads.hold(.revision(Self.name))
    let revision = try #require(try harness.readModel.readRevision(of: Self.name, number: nil))
    let node = harness.node
    let applying = Task { [revision] in
      var next = revision
      next.number = 2
      next.sha256 = [UInt8](repeating: 2, count: 32)
      try await node.write([.revision(next)])
    }
    await reading.reached()
    try await node.write([.deletePipeline(Self.name, at: harness.clock.now, by: "local:ana")])
    #expect(node.triggers.entries(of: Self.name).isEmpty)
    reading.release()
    try await applying.value
    #expect(node.triggers.entries(of: Self.name).isEmpty)
    // It is nobody's subscriber either.
    _ = try await harness.apply("steps: {own: {value: 1}}", id: "other")
    let other = try await node.start(
      JobRequest(pipeline: PipelineName(namespace: "demo", name: "other"), actor: "local:test"))
    _ = try await harness.ended(other.job)
    try await harness.onlooker.settled()
    #expect(try harness.waiting(of: "test").isEmpty)
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).isEmpty)
  }
}
