import Crypto
import Engine
import Foundation
import Model
import Pipelines
import Stores
import Synchronization
import Testing

/// A store under test, which outlives the nodes that are opened over it.
struct Backend: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var open: @Sendable (String) throws -> (any Store, any ReadModel)

  static let all = [memory, sqlite]
  static let memory = Backend(testDescription: "memory") { _ in
    let store = MemoryStore()
    return (store, store)
  }
  static let sqlite = Backend(testDescription: "SQLite") { folder in
    let store = try SQLiteStore(path: folder + "/esteira.db", now: Timestamp(microseconds: 0))
    return (store, store)
  }
}

/// An engine over a store, and the world around it. A crash is the node dropped and opened again.
final class Harness {
  let clock = ManualClock()
  let stage = Stage()
  let folder: String
  let store: any Store
  let readModel: any ReadModel
  /// What the nodes read through; the test itself reads past it.
  let reads: WatchedReader
  private let master = MasterKey(SymmetricKey.generate())
  private(set) var node: Node
  private var setting: NodeSetting
  private let configure: (inout NodeConfiguration) -> Void
  private let incidents = Incidents()
  private let breaks = Breaks()
  /// The store's faults, where the harness was made with them.
  let faulty: FaultyStore?

  init(
    _ backend: Backend = .memory, faulty: Bool = false, change: (inout NodeSetting) -> Void = { _ in },
    configure: @escaping (inout NodeConfiguration) -> Void = { _ in }
  ) throws {
    folder = NSTemporaryDirectory() + "esteira-engine-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let (opened, reader) = try backend.open(folder)
    self.faulty = faulty ? FaultyStore(opened) : nil
    (store, readModel) = (self.faulty ?? opened, reader)
    reads = WatchedReader(reader)
    setting = NodeSetting(name: "test", version: "test", cores: 2)
    change(&setting)
    self.configure = configure
    var configuration = Self.configuration(store, reads, clock, stage, master, setting, incidents, breaks)
    configure(&configuration)
    node = try Node(configuration)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static let connectors = EffectClass.allCases
  static let zones = ZoneDatabase { name in
    FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { Array($0) }
  }

  static func compile(_ source: [UInt8]) throws -> Plan {
    let compiler = PipelineCompiler(connectors: connectors.map(StageConnector.description), zones: zones)
    let compilation = compiler.compile(source)
    let findings = compilation.findings.map { $0.rendered(file: "test.yaml", language: .english) }
    return try #require(compilation.plan, "\(findings.joined(separator: "\n"))")
  }

  private static func configuration(
    _ store: any Store, _ readModel: any ReadModel, _ clock: ManualClock, _ stage: Stage, _ master: MasterKey,
    _ setting: NodeSetting, _ incidents: Incidents, _ breaks: Breaks
  ) -> NodeConfiguration {
    var configuration = NodeConfiguration(
      setting: setting, store: store, readModel: readModel, clock: clock,
      connectors: connectors.map { StageConnector(effect: $0, stage: stage) },
      environment: stage.environment,
      plan: { (record) throws(Problem) in
        do { return try compile(record.source) } catch {
          throw Problem("test", Bilingual("\(error)", pt: "\(error)"))
        }
      },
      wrap: { master.wrap($0, place: "job") },
      unwrap: { (bytes) throws(Problem) in
        do { return try master.unwrap(bytes, place: "job") } catch {
          throw Problem("test", Bilingual("The key does not open.", pt: "A chave não abre."))
        }
      },
      incident: { id, json in incidents.add(id, json) },
      broken: { breaks.happened($0) })
    configuration.zones = zones
    configuration.storeWaits = { breaks.waits($0 != nil) }
    return configuration
  }

  /// A second node over the same store, as if nothing kept the two apart.
  func another() throws -> Node {
    try Node(Self.configuration(store, reads, clock, stage, master, setting, incidents, breaks))
  }

  /// Drops the node as a SIGKILL would: nothing of it reaches the store any more.
  func crash() async {
    await node.abandon()
    stage.drop()
  }

  /// Returns once every job that is driven has been taken over.
  func reopen() async throws {
    var configuration = Self.configuration(store, reads, clock, stage, master, setting, incidents, breaks)
    configure(&configuration)
    node = try Node(configuration)
    for job in node.recovered where job.quarantine == nil { try await happened(job.id, "recovered") }
  }

  func crashAndReopen() async throws {
    await crash()
    try await reopen()
  }

  var reported: [JSON] { incidents.all }

  /// What a letter holds.
  func content(of row: DeadLetterRow) throws -> LetterContent {
    let wrapped = try #require(try readModel.namespaceKey(row.namespace))
    return try row.content(try master.unwrap(wrapped, place: "job"))
  }
}

/// Hears that a node's store broke. One that nobody waits for is an issue. Hears, too, when a store takes
/// nothing and when it takes again.
final class Breaks: Sendable {
  private let waiting = Mutex<[AsyncStream<Never>.Continuation]>([])
  let storeWaits = AsyncStream.makeStream(of: Bool.self)

  func waits(_ waits: Bool) { storeWaits.continuation.yield(waits) }

  func next() -> @Sendable () async -> Void {
    let (stream, source) = AsyncStream.makeStream(of: Never.self)
    waiting.withLock { $0.append(source) }
    return { for await _ in stream {} }
  }

  func happened(_ text: String) {
    let waiter = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if let waiter { waiter.finish() } else { Issue.record("The store broke: \(text)") }
  }
}

/// What nodes reported of jobs that they could not drive.
final class Incidents: Sendable {
  private let list = LockedList()
  func add(_ id: ID<Job>, _ json: JSON) { list.append(json) }
  var all: [JSON] { list.values }
}

// Steps of a test.
extension Harness {
  /// Stores a pipeline `demo/test` with these steps (or whole keys) and starts a job of it.
  @discardableResult
  func start(_ body: String, inputs: JSONObject = JSONObject(), key: String? = nil) async throws -> ID<Job> {
    try await apply(body)
    return try await node.start(
      JobRequest(
        pipeline: PipelineName(namespace: "demo", name: "test"), inputs: inputs, idempotencyKey: key,
        actor: "local:test")
    ).job
  }

  /// Stores the pipeline under this id.
  func apply(_ body: String, id: String = "test") async throws {
    let source = Array("apiVersion: esteira/v1\nid: \(id)\nnamespace: demo\n\(body)\n".utf8)
    _ = try Self.compile(source)
    let name = PipelineName(namespace: "demo", name: id)
    let last = try readModel.readRevision(of: name, number: nil)?.number ?? 0
    try await node.write([
      .revision(
        RevisionRecord(
          pipeline: name, number: last + 1, title: "", source: source, sha256: SHA256.digest(source),
          files: [],
          createdAt: clock.now, createdBy: "local:test"))
    ])
  }

  /// A job of the pipeline that was applied last.
  func startAgain(key: String) async throws -> ID<Job> {
    try await node.start(request(key: key)).job
  }

  func request(key: String) -> JobRequest {
    JobRequest(
      pipeline: PipelineName(namespace: "demo", name: "test"), idempotencyKey: key, actor: "local:test")
  }

  /// A job whose input `k` is this.
  func start(key: String) async throws -> ID<Job> {
    try await node.start(
      JobRequest(
        pipeline: PipelineName(namespace: "demo", name: "test"), inputs: JSONObject([("k", .string(key))]),
        actor: "local:test")
    ).job
  }

  /// Each time that the store takes nothing (true) or takes again (false). For one reader.
  var storeWaits: AsyncStream<Bool> { breaks.storeWaits.stream }

  /// Waits for the store to break from now on.
  func nextBreak() -> @Sendable () async -> Void { breaks.next() }

  /// Appends an event behind the engine's back, as another owner of the job would.
  func plantEvent(in job: ID<Job>) throws {
    try Self.plantEvent(in: job, store, readModel, at: clock.now)
  }

  static func plantEvent(
    in job: ID<Job>, _ store: any Store, _ readModel: any ReadModel, at now: Timestamp
  ) throws {
    let summary = try #require(try readModel.job(job))
    let last = try readModel.events(of: summary.number, after: 0, limit: 1_000).last?.sequence ?? 0
    var batch = Batch()
    batch.bytes = Array("[]".utf8) + [UInt8](repeating: 0, count: 32)
    batch.events.append(
      EventRow(
        job: summary.number, sequence: last + 1, at: now, version: 1, payload: 0..<2, sealed: 2..<2,
        chain: 2..<34))
    #expect(try store.commit(batch).isEmpty)
  }

  /// Changes the database file behind the store's back.
  func sql(_ statements: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = [folder + "/esteira.db", statements]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  /// The job once it has ended.
  func ended(_ job: ID<Job>) async throws -> JobView {
    for await _ in try await node.follow(job, after: 0) {}
    return try await node.view(job, limit: 100_000)
  }

  /// Waits for a stored fact, such as `("retrying", "fetch")`.
  func happened(_ job: ID<Job>, _ fact: String, _ path: String? = nil, count: Int = 1) async throws {
    var seen = 0
    for await event in try await node.follow(job, after: 0) {
      for stored in event.facts where stored["fact"]?.string == fact {
        if path == nil || stored["path"]?.string == path { seen += 1 }
      }
      if seen >= count { return }
    }
    Issue.record("The job ended without \(count) × \(fact) of \(path ?? "the job").")
  }

  func view(_ job: ID<Job>) async throws -> JobView { try await node.view(job, limit: 100_000) }

  /// Each step's status by path.
  func statuses(_ job: ID<Job>) async throws -> [String: StepStatus] {
    Dictionary(try await view(job).steps.map { ($0.path, $0.status) }) { _, last in last }
  }

  func history() -> JobHistory {
    let master = master
    return JobHistory(
      readModel: readModel,
      plan: { (record) throws(Problem) in
        do { return try Self.compile(record.source) } catch {
          throw Problem("test", Bilingual("\(error)", pt: "\(error)"))
        }
      },
      unwrap: { (bytes) throws(Problem) in
        do { return try master.unwrap(bytes, place: "job") } catch {
          throw Problem("test", Bilingual("", pt: ""))
        }
      })
  }
}
