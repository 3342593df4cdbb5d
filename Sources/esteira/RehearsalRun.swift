import API
import CLI
import Connectors
import Crypto
import Engine
import Glibc
import Model
import Net
import Pipelines
import Stores

/// Runs a pipeline once on a node in memory, with stand-ins, a clock that jumps, and scripted people.
struct RehearsalRun: Sendable {
  let rehearsal: Rehearsal
  private let installed: InstalledConnectors
  private let clock: RehearsalClock
  private let store = MemoryStore()
  private let folder: String
  private let vault: Vault
  private let plans: RehearsalPlans

  static func perform(
    _ rehearsal: Rehearsal, _ installed: InstalledConnectors
  ) async throws(Problem) -> RehearsalResult {
    let run = try RehearsalRun(rehearsal, installed)
    defer { Folder.remove(run.folder) }
    return try await run.perform()
  }

  private init(_ rehearsal: Rehearsal, _ installed: InstalledConnectors) throws(Problem) {
    (self.rehearsal, self.installed) = (rehearsal, installed)
    let clock = RehearsalClock(rehearsal.time)
    self.clock = clock
    var template = Array((Places.environment("TMPDIR") ?? "/tmp").utf8CString.dropLast())
    template += Array("/esteira-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw Problem(
        "work-folder",
        Bilingual("No folder can be made in TMPDIR.", pt: "Não é possível criar uma pasta em TMPDIR."))
    }
    folder = String(cString: made)
    vault = Vault(KeyRing(SymmetricKey.generate()), readModel: store, now: { clock.now })
    plans = RehearsalPlans(rehearsal, installed)
  }

  private func perform() async throws(Problem) -> RehearsalResult {
    let node = try makeNode()
    let names = try await apply(to: node)
    let request = JobRequest(
      pipeline: names[0], inputs: rehearsal.inputs, message: rehearsal.message,
      settings: rehearsal.settings, actor: Connecting.actor)
    let job = try await node.start(request).job
    let (vault, plans) = (vault, plans)
    let history = JobHistory(
      readModel: store, plan: { (revision) throws(Problem) in try plans.plan(revision) },
      unwrap: { (wrapped) throws(Problem) in try vault.unwrap(wrapped) })
    let driver = RehearsalDriver(rehearsal, node: node, store: store, clock: clock, history: history)
    let left = try await driver.drive(job)
    let view = try await node.view(job, limit: .max)
    await node.stop(drain: .zero)
    return Self.result(view, left)
  }

  /// The given files, as revisions.
  private func apply(to node: Node) async throws(Problem) -> [PipelineName] {
    var names: [PipelineName] = []
    for file in rehearsal.files {
      let source = Array(file.source.utf8)
      let compiled = plans.compile(source, file.files.map { ($0.path, $0.bytes) })
      guard let plan = compiled.plan else {
        throw Problem(
          "invalid-pipeline", Bilingual("\(file.name) is not valid.", pt: "\(file.name) não é válido."))
      }
      let name = PipelineName(namespace: plan.namespace, name: plan.name)
      let files = file.files.map {
        RevisionRecord.File(path: $0.path, bytes: $0.bytes, isExecutable: $0.isExecutable)
      }
      let hash = SHA256.digest(source + files.flatMap { Array($0.path.utf8) + $0.bytes })
      try await node.write([
        .revision(
          RevisionRecord(
            pipeline: name, number: 1, title: plan.title, source: source, sha256: hash, files: files,
            createdAt: clock.now, createdBy: Connecting.actor))
      ])
      names.append(name)
    }
    return names
  }

  private func makeNode() throws(Problem) -> Node {
    let places = AttemptPlaces(
      path: folder, store: store, vault: vault, artifacts: ArtifactFiles(folder: folder + "/artifacts"),
      logs: LogFiles(folder: folder + "/logs", pause: Program.pause))
    var environment = places.environment
    environment.connection = { (name, namespace) throws(Failure) in
      throw Self.needsMock("the connection \(namespace)/\(name)")
    }
    environment.credential = { (name, namespace) throws(Failure) in
      throw Self.needsMock("the credential \(namespace)/\(name)")
    }
    let (vault, plans, clock) = (vault, plans, clock)
    var setting = NodeSetting(
      name: "test", version: Program.name, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    // Its jobs are few, and time jumps: there is nothing to be gained by letting one leave the memory.
    setting.parksAfter = .seconds(100 * 365 * 86_400)
    let seed = SeededBytes(isFixed: rehearsal.time != nil)
    do {
      let node = try Node(
        NodeConfiguration(
          setting: setting,
          store: store, readModel: store, clock: clock, connectors: try connectors(),
          environment: environment, plan: { (revision) throws(Problem) in try plans.plan(revision) },
          wrap: { vault.wrap($0) },
          unwrap: { (wrapped) throws(Problem) in try vault.unwrap(wrapped) }, random: { seed.bytes($0) },
          broken: { _ in }))
      places.writes { (writes) throws(Problem) in try await node.write(writes) }
      return node
    } catch {
      throw Problem(
        "node-start",
        Bilingual("The test cannot start: \(error)", pt: "O teste não consegue iniciar: \(error)"))
    }
  }

  private static func needsMock(_ what: String) -> Failure {
    Failure(
      .configuration, code: "needs-mock",
      "A test has no connections: a step needs \(what). Give a stand-in with --mock STEP=FILE.")
  }

  private func connectors() throws -> [any Connector] {
    let children = ChildProcesses()
    let all =
      Catalog.all(curl: try CurlClient(version: Program.name), children: children)
      + installed.all(children: children)
    let own: [any Connector] =
      rehearsal.usesNetwork ? all : all.map { $0 is any InPlaceConnector ? $0 : HomeConnector(inner: $0) }
    return own + [MockConnector(rehearsal.mocks)]
  }

  private static func result(_ view: JobView, _ left: Bilingual?) -> RehearsalResult {
    RehearsalResult(
      status: view.summary.status.word, failure: view.summary.failure, outputs: view.outputs,
      steps: view.steps.map { step in
        RehearsedStep(
          path: step.path, kind: step.kind, connector: step.connector, status: step.status.word,
          attempts: step.attempts,
          duration: step.startedAt.flatMap { start in step.endedAt.map { $0 - start } },
          output: step.output, failure: step.failure, skipCause: step.skipCause)
      }, left: left)
  }
}

/// Plans of the rehearsal's revisions, with stand-ins in place.
struct RehearsalPlans: Sendable {
  private let compiler: PipelineCompiler
  private let mocked: Set<String>

  init(_ rehearsal: Rehearsal, _ installed: InstalledConnectors) {
    mocked = Set(rehearsal.mocks.map(\.path))
    compiler = PipelineCompiler(
      connectors: Program.descriptions(installed), zones: .system, standIns: rehearsal.mocks.map(\.path))
  }

  func compile(_ source: [UInt8], _ files: [(path: String, bytes: [UInt8])]) -> Compilation {
    compiler.compile(
      source, readFile: { path in files.first { ScalarString($0.path) == ScalarString(path) }?.bytes })
  }

  func plan(_ revision: RevisionRecord) throws(Problem) -> Plan {
    guard let plan = compile(revision.source, revision.files.map { ($0.path, $0.bytes) }).plan else {
      throw Problem(
        "invalid-pipeline",
        Bilingual("\(revision.pipeline) is not valid.", pt: "\(revision.pipeline) não é válido."))
    }
    return plan.mocking(mocked, by: MockConnector([]).description)
  }
}
