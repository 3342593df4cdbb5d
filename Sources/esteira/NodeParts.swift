import API
import CLI
import Connectors
import Crypto
import Engine
import Glibc
import Model
import Net
import Server
import Stores

/// A node on a data folder, put together.
struct NodeParts: Sendable {
  let folder: DataFolder
  let store: SQLiteStore
  let node: Node
  let vault: Vault
  private let places: AttemptPlaces
  var environment: AttemptEnvironment { places.environment }
  /// Shared by steps and triggers.
  let brokers: Brokers
  let client: CurlClient
  let queues = QueueNews()
  let hubLogs: HubLogs
  var backend: Backend
  /// What is told of triggers and events, for whoever comes later than the node.
  let news: News
  let watching: Watching
  let destinations: DestinationDesk
  /// Ends the process, with a sentence: a file of the folder can no longer be relied on.
  let broken: @Sendable (String) -> Void
  let keeper: KeyKeeper
  /// The folder had no store before.
  let isFirstStart: Bool

  /// `restores`: whether unfinished jobs are taken over.
  init(
    folder: DataFolder, restores: Bool, console: Console = .system, log: ServerLog
  ) throws(Problem) {
    self.folder = folder
    try ConfigFile(folder: folder.path).check()
    isFirstStart = access(folder.databasePath, F_OK) != 0
    let (store, key) = try folder.open(now: Program.now())
    let vault = Vault(key, readModel: store, now: Program.now)
    (self.store, self.vault) = (store, vault)
    let files = Self.files(of: folder)
    let places = AttemptPlaces(
      path: folder.path, store: store, vault: vault, artifacts: files.artifacts, logs: files.logs)
    let installed = try ConfigFile(folder: folder.path).connectors()
    let (plans, news) = (PlanCache(Program.compiler(installed)), News())
    let (client, brokers, queues) = (try Self.client(), Self.brokers(folder), queues)
    (self.places, self.news, self.brokers, self.client) = (places, news, brokers, client)
    var configuration = try Self.configuration(
      folder, store, vault, places, plans, Self.connectors(client, brokers, installed), restores: restores)
    let destinations = try DestinationDesk(folder.path, client, places.environment, store, console)
    (self.destinations, configuration.destinations) = (destinations, try destinations.all())
    (configuration.triggersChanged, configuration.emitted) = (news.triggers.tell, news.events.tell)
    let signs = EngineSignals()
    (broken, configuration.storeWaits) = (Self.ending(log), Self.waiting(signs, log))
    (configuration.broken, configuration.zones) = (broken, .system)
    configuration.tally = Tally(counters: try ConfigFile(folder: folder.path).server().metrics.allCounters)
    try Self.keep(erasuresIn: folder, store, vault, &configuration)
    let retention = RetentionByClock()
    if restores { configuration.retentionDue = { retention.run() } }
    let node = try Self.node(configuration)
    self.node = node
    retention.begin(node) { log.tell($0, "retention_failed") }
    signs.begin(node) { queues.standings }
    places.writes { (writes) throws(Problem) in try await node.write(writes) }
    let history = JobHistory(
      readModel: store, plan: { (revision) throws(Problem) in try plans.plan(revision) },
      unwrap: { (wrapped) throws(Problem) in try vault.unwrap(wrapped) })
    watching = try Watching(
      folder: folder.path, installed: installed, readModel: store, history: history,
      signs: restores ? signs : nil)
    let probes = AccessProbes(client, brokers)
    var reading = Reading(
      path: folder.path, installed: installed, watcher: watching.watcher, readModel: store, vault: vault,
      artifacts: files.artifacts, logs: files.logs, queues: { queues.standings })
    if restores { reading.doctor = ConnectionDoctor(readModel: store, vault: vault, probes) }
    var backend = reading.backend(
      node: node, jobs: Self.jobs(node, history), history, events: news.events)
    destinations.serve(&backend)
    backend.pause = Program.pause
    keeper = Self.keeper(folder, vault, store, node, log)
    if restores { keeper.resume() }
    backend.vault = VaultDesk(keeper: keeper, vault: vault, leases: places.leases, probes: probes)
    hubLogs = reading.hubLogs(Self.jobs(node, history))
    self.backend = backend
  }

  /// What an older store brings back is erased again before a node reads it. The key of a job that was
  /// deleted goes with it.
  private static func keep(
    erasuresIn folder: DataFolder, _ store: SQLiteStore, _ vault: Vault,
    _ configuration: inout NodeConfiguration
  ) throws(Problem) {
    let erasures = ErasureFile(folder: folder.path)
    try erasures.settle(with: store)
    configuration.keepErasure = { (erasure) throws(Problem) in try erasures.add([erasure]) }
    var files = RetainedFolder.files(of: folder)
    let removeLog = files.removeLog
    files.removeLog = { job in
      removeLog(job)
      vault.forget(job)
    }
    configuration.retainedFiles = files
  }

  private static func brokers(_ folder: DataFolder) -> Brokers {
    Brokers(node: "\(Places.host)\u{0}\(folder.path)")
  }

  private static func connectors(
    _ client: CurlClient, _ brokers: Brokers, _ installed: InstalledConnectors
  ) -> [any Connector] {
    let children = ChildProcesses()
    return Catalog.all(curl: client, children: children, brokers: brokers) + installed.all(children: children)
  }

  private static func files(of folder: DataFolder) -> (artifacts: ArtifactFiles, logs: LogFiles) {
    (
      ArtifactFiles(folder: folder.artifactsPath),
      LogFiles(folder: folder.logsPath, pause: Program.pause)
    )
  }

  private static func keeper(
    _ folder: DataFolder, _ vault: Vault, _ store: SQLiteStore, _ node: Node, _ log: ServerLog
  ) -> KeyKeeper {
    KeyKeeper(
      folder: folder, vault: vault, readModel: store,
      write: { (writes) throws(Problem) in try await node.write(writes) },
      tell: { log.tell($0, "key_rotation_failed") })
  }

  /// Tells of each use of a credential; the closure must not block.
  func credentialUsed(_ listener: @escaping @Sendable (CredentialLease) -> Void) {
    places.leases.credentialUsed(listener)
  }

  /// Jobs are read from the running node.
  private static func jobs(_ node: Node, _ history: JobHistory) -> JobReading {
    JobReading(
      view: { (job, from, limit) throws(Problem) in try await node.view(job, from: from, limit: limit) },
      history: { (job, after, limit) throws(Problem) in
        try await node.history(job, after: after, limit: limit)
      },
      follow: { (job, after) throws(Problem) in try await node.follow(job, after: after) },
      why: { (job) throws(Problem) in try await node.why(job) },
      replay: { (job, language) throws(Problem) in try await Reading.replay(history, job) },
      open: { (job) throws(Problem) in try await Reading.opened(history, job) })
  }

  private static func waiting(
    _ signs: EngineSignals, _ log: ServerLog
  ) -> @Sendable (StoreError?) -> Void {
    { error in
      signs.store(waits: error?.description)
      let event = error == nil ? "store_writes" : "store_waits"
      log.tell(error == nil ? .info : .error, event, StoreNotices.waits(error))
    }
  }

  /// What follows once the store broke its promises: the end of the process.
  private static func ending(_ log: ServerLog) -> @Sendable (String) -> Void {
    { text in
      log.tell(StoreNotices.broken(text), "store_broken")
      _exit(7)
    }
  }

  private static func configuration(
    _ folder: DataFolder, _ store: SQLiteStore, _ vault: Vault, _ places: AttemptPlaces, _ plans: PlanCache,
    _ connectors: [any Connector], restores: Bool
  ) throws(Problem) -> NodeConfiguration {
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    var configuration = NodeConfiguration(
      setting: NodeSetting(name: Places.host, version: Program.name, cores: cores), store: store,
      readModel: store, connectors: connectors, environment: places.environment,
      plan: { (revision) throws(Problem) in try plans.plan(revision) }, wrap: { vault.wrap($0) },
      unwrap: { (wrapped) throws(Problem) in try vault.unwrap(wrapped) },
      wrapNamespaceKey: { vault.wrap($0, namespace: $1) },
      unwrapNamespaceKey: { (key, namespace) throws(Problem) in try vault.unwrap(key, namespace: namespace) },
      restores: restores && TestHooks.recovers,
      incident: { job, json in Incident.write(job, json, in: folder.path) },
      broken: { _ in _exit(7) }, crashPoint: { TestHooks.passed($0) })
    configuration.wrapSubjectKey = { vault.wrap($0, subjectsOf: $1) }
    configuration.unwrapSubjectKey = { (key, namespace) throws(Problem) in
      try vault.unwrap(key, subjectsOf: namespace)
    }
    return configuration
  }

  private static func client() throws(Problem) -> CurlClient {
    do throws(NetError) { return try CurlClient(version: Program.name) } catch {
      throw Problem(
        "node-start",
        Bilingual("The node cannot start: \(error)", pt: "O nó não consegue iniciar: \(error)"),
        remedy: Bilingual("Run `esteira doctor`.", pt: "Execute `esteira doctor`."))
    }
  }

  private static func node(_ configuration: NodeConfiguration) throws(Problem) -> Node {
    do {
      return try Node(configuration)
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(
        "node-start",
        Bilingual("The node cannot start: \(error)", pt: "O nó não consegue iniciar: \(error)"),
        remedy: Bilingual("Run `esteira doctor`.", pt: "Execute `esteira doctor`."))
    }
  }
}

/// What is known of a job that the engine could not drive, for whoever mends the engine.
enum Incident {
  static func write(_ job: ID<Job>, _ json: JSON, in path: String) {
    guard Folder.make(path + "/incidents") else { return }
    _ = Folder.write(Array(json.prettyText.utf8), to: "\(path)/incidents/\(job).json", mode: 0o600)
  }
}
