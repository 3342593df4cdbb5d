import Crypto
import Engine
import Model
import Pipelines
import Stores
import Synchronization

/// One engine on a fresh database, with chains of steps that do nothing.
final class Chains {
  static let pipeline = PipelineName(namespace: "bench", name: "chain")
  let store: RecordingStore
  let node: Node
  let gate = StartGate()
  let path: String
  private var started = 0

  /// `gated`: every chain begins with a step that waits until all of them are there.
  init(steps: Int, gated: Bool) async throws {
    path = Folder.freshDatabase()
    let sqlite = try SQLiteStore(path: path, now: SystemClock().now)
    store = RecordingStore(sqlite)
    let source = Array(Self.source(steps: steps, gated: gated).utf8)
    let connectors: [any Connector] = [NoOperation(), WaitAtGate(gate: gate)]
    let compiler = PipelineCompiler(
      connectors: connectors.map(\.description), zones: ZoneDatabase { _ in nil })
    let compilation = compiler.compile(source)
    guard let plan = compilation.plan else {
      let findings = compilation.findings.map { $0.rendered(file: "chain.yaml", language: .english) }
      throw BenchError(findings.joined(separator: "\n"))
    }
    let master = MasterKey(SymmetricKey.generate())
    var setting = NodeSetting(name: "bench", version: "bench", cores: 2)
    setting.nodeSlots = 4_096
    node = try Node(
      NodeConfiguration(
        setting: setting, store: store, readModel: sqlite, connectors: connectors, environment: .none,
        plan: { _ in plan }, wrap: { master.wrap($0, place: "job") },
        unwrap: { (bytes) throws(Problem) in
          do { return try master.unwrap(bytes, place: "job") } catch {
            throw Problem("bench", Bilingual("The key does not open.", pt: "A chave não abre."))
          }
        }, broken: { preconditionFailure($0) }))
    try await node.write([
      .revision(
        RevisionRecord(
          pipeline: Self.pipeline, number: 1, title: "", source: source, sha256: SHA256.digest(source),
          files: [], createdAt: SystemClock().now, createdBy: "bench"))
    ])
  }

  static func source(steps: Int, gated: Bool) -> String {
    var text = "apiVersion: esteira/v1\nid: chain\nnamespace: bench\nsteps:\n"
    if gated { text += "  gate:\n    uses: bench.gate\n" }
    for step in 0..<steps {
      text += "  s\(step):\n    uses: bench.none\n"
      if step > 0 { text += "    needs: [s\(step - 1)]\n" } else if gated { text += "    needs: [gate]\n" }
    }
    return text
  }

  /// Starts so many jobs and returns when all are admitted.
  func start(_ count: Int) async throws {
    let node = node
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask { _ = try await node.start(JobRequest(pipeline: Self.pipeline, actor: "local:bench")) }
      }
      try await group.waitForAll()
    }
    started += count
  }

  func ended() async -> ContinuousClock.Instant { await store.end(ofJobs: started) }

  func stop() async { await node.stop(drain: .seconds(5)) }
}

struct BenchError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Gives at once about as many bytes as the smallest real connector does.
struct NoOperation: InPlaceConnector {
  let description = ConnectorDescription(
    name: "bench.none", title: Bilingual("None", pt: "Nada"), summary: Bilingual("None", pt: "Nada"),
    with: ["type": "object"], output: true, effect: .always(.pure))

  func output(of with: JSON) throws(Failure) -> JSON {
    [
      "rows": 10, "file": .string("gold/2026-11-20/part-0001.json"),
      "sha256": .string("b94d27b9934d3e08a52e52d7da7dabfa"), "ok": .bool(true),
    ]
  }
}

/// Waits until the measurement begins.
struct WaitAtGate: Connector {
  let gate: StartGate
  let description = ConnectorDescription(
    name: "bench.gate", title: Bilingual("Gate", pt: "Porta"), summary: Bilingual("Gate", pt: "Porta"),
    with: ["type": "object"], output: true, effect: .always(.pure))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    await gate.wait()
    return AttemptOutput(.object(JSONObject()))
  }
}

/// Holds attempts until it is opened; then it is closed again for the next ones.
final class StartGate: Sendable {
  private struct State {
    var waiting: [CheckedContinuation<Void, Never>] = []
    var expected = 0
    var full: CheckedContinuation<Void, Never>?
  }
  private let state = Mutex(State())

  func wait() async {
    await withCheckedContinuation { continuation in
      let full = state.withLock { state in
        state.waiting.append(continuation)
        guard state.waiting.count >= state.expected else { return nil as CheckedContinuation<Void, Never>? }
        defer { state.full = nil }
        return state.full
      }
      full?.resume()
    }
  }

  /// Returns when so many wait.
  func filled(by count: Int) async {
    await withCheckedContinuation { continuation in
      let isFull = state.withLock { state in
        if state.waiting.count >= count { return true }
        (state.expected, state.full) = (count, continuation)
        return false
      }
      if isFull { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
