import Connectors
import Crypto
import Engine
import Foundation
import Model
import Pipelines
import Stores
import Synchronization
import Testing

@Suite("ezpocket's silence, by a clock that a test moves", .timeLimit(.minutes(1)))
struct SilenceTests {
  @Test("of five minutes cancels, over a crash; a second less does not")
  func plan() async throws {
    let room = try Room()
    let job = try await room.ask()
    try await room.asked(job, "planning#1.plan_confirm")
    room.clock.advance(by: .seconds(299))
    try await room.crashAndReopen()
    #expect(try await room.node.view(job).summary.status == .waiting)
    room.clock.advance(by: .seconds(1))
    let view = try await room.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.summary.failure?.message == "Sem resposta em 5 minutos.")
    let output = view.steps.first { $0.path == "planning#1.plan_confirm" }?.output
    #expect(output?["choice"] == "reject" && output?["expired"] == true && output?["by"] == .null)
    #expect(room.ran == ["intent_validator", "plan_builder", "on_cancel.told"])
  }

  @Test("after the answer is no failure: the rating is null")
  func rating() async throws {
    let room = try Room()
    let job = try await room.ask()
    let plan = try await room.asked(job, "planning#1.plan_confirm")
    _ = try await room.node.answer(
      GivenAnswer(ask: plan.row.id, by: "ana", choice: "confirm", shown: room.shown(plan)))
    try await room.asked(job, "user_feedback")
    try await room.crashAndReopen()
    room.clock.advance(by: .seconds(300))
    let view = try await room.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["response_text": "A receita.", "rating": .null])
    #expect(view.steps.first { $0.path == "user_feedback" }?.skipCause == "expired")
  }

  @Test("where a suggestion was asked for fails, and the page is told which module")
  func suggestion() async throws {
    let room = try Room()
    let job = try await room.ask()
    let plan = try await room.asked(job, "planning#1.plan_confirm")
    _ = try await room.node.answer(
      GivenAnswer(ask: plan.row.id, by: "ana", choice: "suggest", shown: room.shown(plan)))
    try await room.asked(job, "planning#1.user_proposed_plan")
    room.clock.advance(by: .seconds(300))
    let view = try await room.ended(job)
    #expect(view.summary.status == .failed && view.summary.failure?.code == "ask-expired")
    #expect(room.ran.last == "on_failure.error")
  }
}

/// An engine in this process, a memory store, and a clock that only the test moves.
final class Room {
  let clock = StillClock()
  let store = MemoryStore()
  private let master = MasterKey(SymmetricKey.generate())
  private let cast = Cast()
  private(set) var node: Node
  static let name = PipelineName(namespace: "ezpocket", name: "question")

  init() throws { node = try Node(Self.configuration(store, clock, cast, master)) }

  var ran: [String] { cast.paths.withLock { $0 } }

  func ask() async throws -> ID<Job> {
    let source = Array(try Data(contentsOf: Desk.blueprint.appending(path: "question.yaml")))
    _ = try Self.compile(source)
    try await node.write([
      .revision(
        RevisionRecord(
          pipeline: Self.name, number: 1, title: "", source: source, sha256: SHA256.digest(source), files: [],
          createdAt: clock.now, createdBy: "local:test"))
    ])
    let inputs = JSONObject([("pergunta", "Qual a receita?"), ("username", "ana")])
    return try await node.start(JobRequest(pipeline: Self.name, inputs: inputs, actor: "local:ana")).job
  }

  @discardableResult
  func asked(_ job: ID<Job>, _ path: String) async throws -> AskView {
    for await event in try await node.follow(job, after: 0) {
      for fact in event.facts where fact["fact"] == "asked" && fact["path"]?.string == path {
        let id = try #require(fact["id"]?.string.flatMap { ID<Ask>($0) })
        return try history.ask(id)
      }
    }
    throw Problem("test", Bilingual("The job ended before \(path) asked.", pt: ""))
  }

  func shown(_ ask: AskView) -> String { ask.content["shown_sha256"]?.string ?? "" }

  func ended(_ job: ID<Job>) async throws -> JobView {
    for await _ in try await node.follow(job, after: 0) {}
    return try await node.view(job)
  }

  func crashAndReopen() async throws {
    await node.abandon()
    node = try Node(Self.configuration(store, clock, cast, master))
    await node.settled()
  }

  private var history: JobHistory {
    let master = master
    return JobHistory(
      readModel: store, plan: { (record) throws(Problem) in try Self.plan(record) },
      unwrap: { (bytes) throws(Problem) in try Self.open(bytes, master) })
  }

  private static func configuration(
    _ store: MemoryStore, _ clock: StillClock, _ cast: Cast, _ master: MasterKey
  ) -> NodeConfiguration {
    var environment = AttemptEnvironment.none
    environment.connection = { name, namespace in
      Connection(namespace: namespace, name: name, kind: "sqlite", address: ["path": "played.db"])
    }
    return NodeConfiguration(
      setting: NodeSetting(name: "test", version: "test", cores: 2), store: store, readModel: store,
      clock: clock, connectors: cast.players, environment: environment,
      plan: { (record) throws(Problem) in try plan(record) }, wrap: { master.wrap($0, place: "job") },
      unwrap: { (bytes) throws(Problem) in try open(bytes, master) },
      broken: { Issue.record("The store broke: \($0)") })
  }

  private static func open(_ bytes: [UInt8], _ master: MasterKey) throws(Problem) -> SymmetricKey {
    do { return try master.unwrap(bytes, place: "job") } catch {
      throw Problem("test", Bilingual("The key does not open.", pt: ""))
    }
  }

  private static func plan(_ record: RevisionRecord) throws(Problem) -> Plan {
    do { return try compile(record.source) } catch { throw Problem("test", Bilingual("\(error)", pt: "")) }
  }

  private static func compile(_ source: [UInt8]) throws -> Plan {
    let zones = ZoneDatabase { name in
      FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { Array($0) }
    }
    let compilation = PipelineCompiler(connectors: Catalog.descriptions, zones: zones).compile(
      source,
      readFile: { path in
        FileManager.default.contents(atPath: Desk.blueprint.appending(path: path).path).map { Array($0) }
      })
    let findings = compilation.findings.map { $0.rendered(file: "question.yaml", language: .english) }
    #expect(compilation.findings.map(\.code) == ["idempotent-once", "idempotent-once"], "\(findings)")
    return try #require(compilation.plan)
  }
}

/// Plays every connector that the question uses without a project, without a process and without a database.
final class Cast: Sendable {
  let paths = Mutex<[String]>([])

  private static let outputs: [(connector: String, output: JSON)] = [
    (
      "python",
      [
        "exit_code": 0, "stdout": "", "stderr": "", "artifacts": [:], "intent_valid": true,
        "intent_category": "analysis", "intent_reason": "", "plan": "Somar.", "plan_steps": [],
        "refined_plan": "Somar mais.", "refinement_summary": "", "query_sql": "SELECT 1",
        "query_explanation": "", "columns_used": [], "query_corrected": "", "corrections_applied": [],
        "analysis_summary": "", "statistics": [:], "response_text": "A receita.", "key_numbers": [:],
      ]
    ),
    ("sql.validate", ["valid": true, "issues": []]),
    (
      "sql.query",
      [
        "rows": [], "row_count": 1, "columns": [], "truncated": false,
        "file": [
          "artifact": "results", "sha256": .string(String(repeating: "0", count: 64)), "size": 0,
          "media_type": "text/csv",
        ],
      ]
    ),
    ("event.emit", ["type": "", "room": "", "size": 0]),
  ]

  var players: [any Connector] {
    Self.outputs.map { connector, output in Player(connector, output, in: self) }
  }
}

struct Player: Connector {
  let description: ConnectorDescription
  private let output: JSON
  private let cast: Cast

  init(_ name: String, _ output: JSON, in cast: Cast) {
    guard let description = Catalog.descriptions.first(where: { $0.name == name }) else {
      preconditionFailure("This build has no \(name).")
    }
    (self.description, self.output, self.cast) = (description, output, cast)
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    cast.paths.withLock { $0.append(attempt.path) }
    return AttemptOutput(output)
  }
}

/// Time that moves only when a test moves it.
final class StillClock: EngineClock {
  private struct State {
    var moment = Duration.zero
    var wakes: [@Sendable () -> Void] = []
  }
  private let state = Mutex(State())

  var now: Timestamp { Timestamp(microseconds: 1_800_000_000_000_000) + monotonic }
  var monotonic: Duration { state.withLock(\.moment) }
  func pause(until moment: Duration) -> Duration? { nil }
  func onAdvance(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wakes.append(wake) } }

  func advance(by duration: Duration) {
    let wakes = state.withLock { state in
      state.moment += duration
      return state.wakes
    }
    for wake in wakes { wake() }
  }
}
