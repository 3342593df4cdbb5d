import Crypto
import Engine
import Model
import Pipelines
import Stores

/// An engine on a database of its own, as the program makes one, with connectors that only measure.
final class MeasuredNode: Sendable {
  static let namespace = "bench"
  let store: RecordingStore
  let node: Node

  /// What a node is made of.
  struct Parts {
    /// By name.
    var sources: [String: String]
    var connectors: [any Connector] = [NoOperation()]
    /// Whether the batches are kept for a raw writer.
    var keeps = false
    /// So that another process can go on with the same database.
    var key = SymmetricKey.generate()
    var change: @Sendable (inout NodeSetting) -> Void = { _ in }
    var destinations: [ConfiguredDestination] = []
    /// False: the database has the pipelines already.
    var isNew = true

    init(_ sources: [String: String]) { self.sources = sources }
  }

  init(_ parts: Parts, path: String) async throws {
    let sqlite = try SQLiteStore(path: path, now: SystemClock().now)
    store = RecordingStore(sqlite, keeps: parts.keeps)
    let plans = try Self.plans(parts)
    let master = MasterKey(parts.key)
    var setting = NodeSetting(name: "bench", version: "bench", cores: 2)
    setting.nodeSlots = 4_096
    parts.change(&setting)
    var configuration = NodeConfiguration(
      setting: setting, store: store, readModel: sqlite, connectors: parts.connectors, environment: .none,
      plan: { (record) throws(Problem) in
        guard let plan = plans[record.pipeline] else { throw .bench("There is no \(record.pipeline).") }
        return plan
      }, wrap: { master.wrap($0, place: "job") },
      unwrap: { (bytes) throws(Problem) in
        do { return try master.unwrap(bytes, place: "job") } catch {
          throw .bench("The key does not open.")
        }
      }, broken: { preconditionFailure($0) })
    configuration.destinations = parts.destinations
    node = try Node(configuration)
    if parts.isNew { try await node.write(parts.sources.map { .revision(Self.revision($0.key, $0.value)) }) }
  }

  private static func plans(_ parts: Parts) throws -> [PipelineName: Plan] {
    let compiler = PipelineCompiler(
      connectors: parts.connectors.map(\.description), zones: ZoneDatabase { _ in nil })
    var plans: [PipelineName: Plan] = [:]
    for (name, source) in parts.sources {
      let compilation = compiler.compile(Array(source.utf8))
      guard let plan = compilation.plan else {
        let findings = compilation.findings.map { $0.rendered(file: "\(name).yaml", language: .english) }
        throw BenchError(findings.joined(separator: "\n"))
      }
      plans[pipeline(name)] = plan
    }
    return plans
  }

  private static func revision(_ name: String, _ source: String) -> RevisionRecord {
    let bytes = Array(source.utf8)
    return RevisionRecord(
      pipeline: pipeline(name), number: 1, title: "", source: bytes, sha256: SHA256.digest(bytes), files: [],
      createdAt: SystemClock().now, createdBy: "bench")
  }

  private static func pipeline(_ name: String) -> PipelineName {
    PipelineName(namespace: namespace, name: name)
  }

  /// So many clients ask at once.
  private static let clients = 64

  /// Starts so many jobs and returns when all are admitted.
  func start(_ name: String, _ count: Int = 1, inputs: JSONObject = JSONObject()) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<min(count, Self.clients) {
        let share = count / Self.clients + (client < count % Self.clients ? 1 : 0)
        group.addTask { [node] in
          for _ in 0..<share {
            _ = try await node.start(
              JobRequest(pipeline: Self.pipeline(name), inputs: inputs, actor: "local:bench"))
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Tells all jobs that wait at the gate to go on; of a wave those of that wave.
  func open(wave: String? = nil) async throws {
    _ = try await node.signal(
      SignalRequest(name: "go", key: wave, payload: .null, actor: "local:bench"), in: Self.namespace)
  }

  func stop() async { await node.stop(drain: .seconds(5)) }
}

extension Problem {
  static func bench(_ text: String) -> Problem { Problem("bench", Bilingual(text, pt: text)) }
}

struct BenchError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
