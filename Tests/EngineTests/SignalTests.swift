import Engine
import Model
import Testing

extension Harness {
  @discardableResult
  func send(
    _ name: String, key: String? = nil, _ payload: JSON = [:], id: String? = nil,
    keep: Duration = SignalRequest.defaultKeep
  ) async throws -> SignalReceipt {
    try await node.signal(
      SignalRequest(
        name: name, key: key, payload: payload, messageID: id, keep: keep, actor: "local:test"), in: "demo")
  }

  /// By key.
  func signals() throws -> [SignalRow] {
    try readModel.signals(in: "demo", limit: 100).sorted { ($0.key, $0.duplicates) < ($1.key, $1.duplicates) }
  }
}

@Suite("S13: a signal before its wait", .timeLimit(.minutes(1)))
struct InboxTests {
  static let file = """
    inputs: {k: {type: string, default: a}}
    steps:
      hold: {uses: test.keyed, with: {hold: true, door: "${{ inputs.k }}"}}
      arrive: {needs: [hold], wait: {signal: {name: paid, key: "${{ inputs.k }}"}}}
    outputs: {got: "${{ steps.arrive.output }}"}
    """

  @Test("is kept, survives a crash, and the wait takes it once", arguments: Backend.all)
  func before(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.file)
    let job = try await harness.start(key: "a")
    await harness.stage.holding("a")
    let first = try await harness.send("paid", key: "a", ["n": 1])
    let second = try await harness.send("paid", key: "a", ["n": 2])
    #expect(first.isKept && second.isKept && first.delivered.isEmpty)
    try await harness.crashAndReopen()
    harness.stage.setKnownEnd(.success(AttemptOutput([:])), of: "hold")
    await harness.stage.end("a")
    let view = try await harness.ended(job)
    #expect(view.outputs == ["got": ["n": 1]])
    #expect(Set(try harness.signals().map(\.state)) == [.waiting, .taken])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test(
    "that comes while the wait is there ends it, also with a payload for a schema", arguments: Backend.all)
  func during(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        good: {wait: {signal: {name: good, schema: {type: object, properties: {n: {type: number}}}}}}
        bad: {wait: {signal: {name: bad, schema: {type: object, properties: {n: {type: integer}}}}}}
      """)
    try await harness.happened(job, "awaiting", "bad")
    #expect(try await harness.view(job).summary.status == .waiting)
    #expect(try await harness.node.why(job).map(\.kind) == ["signal", "signal"])
    #expect(try await harness.send("good", ["n": 1]).delivered == [job])
    #expect(try await harness.send("bad", ["n": "x"]).delivered == [job])
    let view = try await harness.ended(job)
    #expect(view.steps.map(\.status) == [.success, .failed])
    #expect(view.steps[0].output == ["n": 1.0])
    #expect(view.steps[1].failure?.errorClass == .data)
    #expect(view.steps[1].failure?.message.contains("/n") == true)
    #expect(try harness.signals().allSatisfy { $0.state == .taken && $0.payload.isEmpty })
  }

  @Test("that nobody takes expires into the dead letters and stays a visible row", arguments: Backend.all)
  func expires(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.file)
    try await harness.send("paid", key: "x", ["secret": "blue"], keep: .seconds(3_600))
    try await harness.send("paid", key: "y", ["n": 2])
    // The time passes while the node is away.
    await harness.crash()
    harness.clock.advance(by: .seconds(3_600))
    try await harness.reopen()
    let job = try await harness.start(key: "x")
    await harness.stage.end("x")
    try await harness.happened(job, "awaiting", "arrive")
    #expect(try harness.signals().map(\.state) == [.expired, .waiting])
    let letters = try harness.readModel.deadLetters(in: "demo", limit: 10)
    #expect(letters.map(\.kind) == [.signal] && letters[0].source["key"]?.string == "x")
    #expect(letters[0].body?.isEmpty == false)
    let text = String(decoding: letters[0].body ?? [], as: UTF8.self)
    #expect(!text.contains("blue"))
    // Rows only of what was go after a day.
    harness.clock.advance(by: .seconds(3 * 86_400))
    try await harness.send("paid", key: "z")
    #expect(try harness.signals().map(\.key) == ["y", "z"])
  }

  @Test("with a message id that came before is dropped and counted", arguments: Backend.all)
  func duplicates(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {one: {wait: {signal: {name: go}}}}")
    try await harness.happened(job, "awaiting", "one")
    let first = try await harness.send("go", [:], id: "m1")
    _ = try await harness.ended(job)
    #expect(first.delivered == [job])
    try await harness.crashAndReopen()
    for _ in 0..<2 {
      let again = try await harness.send("go", [:], id: "m1")
      #expect(again.isDuplicate && again.id == first.id && !again.isKept)
    }
    #expect(try await harness.send("go", [:], id: "m2").isKept)
    #expect(try await harness.send("go", [:], id: "m2").isDuplicate)
    #expect(try harness.signals().map(\.duplicates) == [1, 2])
  }

  @Test("meets an inbox with bounds", arguments: Backend.all)
  func bounds(_ backend: Backend) async throws {
    let harness = try Harness(backend) { $0.openSignals = 2 }
    try await harness.send("a")
    try await harness.send("a")
    await expectProblem("inbox-full") { try await harness.send("b") }
    // Whoever waits is given one all the same.
    let job = try await harness.start("steps: {one: {wait: {signal: {name: b}}}}")
    try await harness.happened(job, "awaiting", "one")
    #expect(try await harness.send("b").delivered == [job])
    let large = JSON.string(String(repeating: "x", count: SignalRequest.longestPayload))
    await expectProblem("signal-too-large") { try await harness.send("b", large) }
    await expectProblem("bad-signal-name") { try await harness.send("") }
  }

  private func expectProblem(_ code: String, _ body: () async throws -> SignalReceipt) async {
    do {
      _ = try await body()
      Issue.record("There was no \(code).")
    } catch {
      #expect((error as? Problem)?.code == code)
    }
  }
}

@Suite("S14: a signal and several waits", .timeLimit(.minutes(1)))
struct SignalFanOutTests {
  static let one = "inputs: {k: {type: string}}\nsteps: {one: {wait: {signal: {name: go, key: \"7\"}}}}"
  static let all = """
    inputs: {k: {type: string}}
    steps: {one: {wait: {signal: {name: go, key: "7", broadcast: true}}}}
    """

  @Test("with a key goes to exactly one, the oldest first, also after a restart", arguments: Backend.all)
  func oldest(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.one)
    let first = try await harness.start(key: "a")
    try await harness.happened(first, "awaiting", "one")
    harness.clock.advance(by: .seconds(1))
    let second = try await harness.start(key: "b")
    try await harness.happened(second, "awaiting", "one")
    let why = try await harness.node.why(second)
    #expect(why.map(\.kind) == ["signal", "same_signal"])
    #expect(why[1].text.english.contains(first.description))
    try await harness.crashAndReopen()
    #expect(try await harness.send("go", key: "7").delivered == [first])
    #expect(try await harness.node.why(second).map(\.kind) == ["signal"])
    #expect(try await harness.send("go", key: "7").delivered == [second])
  }

  @Test("goes to all that broadcast, and is not stored", arguments: Backend.all)
  func broadcast(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.send("go", key: "7", ["n": 0])
    try await harness.apply(Self.all)
    let jobs = [try await harness.start(key: "a"), try await harness.start(key: "b")]
    for job in jobs { try await harness.happened(job, "awaiting", "one") }
    // What came before is not for them.
    #expect(try await harness.view(jobs[0]).summary.status == .waiting)
    #expect(try await harness.send("go", key: "7", ["n": 1]).delivered == jobs)
    for job in jobs { #expect(try await harness.ended(job).steps.map(\.output) == [["n": 1]]) }
    #expect(try harness.signals().map(\.state) == [.waiting])
  }

  @Test("for one job reaches only its waits, and the sender hears where it has none")
  func targeted() async throws {
    let harness = try Harness()
    try await harness.apply(Self.one)
    let first = try await harness.start(key: "a")
    let second = try await harness.start(key: "b")
    try await harness.happened(first, "awaiting", "one")
    try await harness.happened(second, "awaiting", "one")
    let request = SignalRequest(name: "go", payload: ["n": 1], actor: "local:ana")
    #expect(try await harness.node.signal(request, to: second).delivered == [second])
    #expect(try await harness.ended(second).steps[0].output == ["n": 1])
    await #expect(throws: Problem.self) { try await harness.node.signal(request, to: second) }
    let other = SignalRequest(name: "go", key: "8", payload: 1, actor: "local:ana")
    do {
      _ = try await harness.node.signal(other, to: first)
      Issue.record("A signal with another key was delivered.")
    } catch { #expect(error.code == "no-wait") }
  }
}

@Suite("Results that come in any order", .timeLimit(.minutes(1)))
struct CollectionTests {
  /// The shape of the golden pipeline `oraculo/coleta`: two starts outside, two results by signal.
  static let file = """
    steps:
      start_collection: {uses: test.keyed}
      collected:
        needs: [start_collection]
        wait:
          signal: {name: resultado_coleta, key: c-1, schema: {type: object, required: [status]}}
        deadline: 6h
      start_execution:
        needs: [collected]
        uses: test.keyed
        with: {value: "${{ steps.collected.output }}"}
      executed:
        needs: [start_execution]
        wait: {signal: {name: resultado_execucao, key: c-1}}
        deadline: 12h
    outputs: {result: "${{ steps.executed.output }}", data: "${{ steps.start_execution.output.status }}"}
    """

  @Test(
    "reach the same end, with a crash between any two", arguments: Backend.all, [false, true])
  func anyOrder(_ backend: Backend, _ resultFirst: Bool) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.file)
    func execution() async throws {
      try await harness.send("resultado_execucao", key: "c-1", ["file": "r.pdf"])
    }
    func collection() async throws {
      try await harness.send("resultado_coleta", key: "c-1", ["status": "ok"])
    }
    if resultFirst { try await execution() }
    await harness.crash()
    try await harness.reopen()
    let job = try await harness.startAgain(key: "x")
    try await harness.happened(job, "awaiting", "collected")
    try await harness.crashAndReopen()
    try await collection()
    if !resultFirst {
      try await harness.happened(job, "awaiting", "executed")
      try await harness.crashAndReopen()
      try await execution()
    }
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["result": ["file": "r.pdf"], "data": "ok"])
    #expect(harness.stage.starts(of: "start_execution") == 1)
    #expect(try harness.history().replay(job).differences == [])
  }
}
