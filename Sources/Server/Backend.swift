public import API
public import Access
public import Engine
public import Model
public import Pipelines
public import Watchdog

/// What the routes work with. `main.swift` puts it together.
public struct Backend: Sendable {
  /// Nil where the store was opened for reading only.
  public var node: Node?
  public var readModel: any ReadModel
  public var jobs: JobReading
  public var asks: AskReading
  public var artifacts: ArtifactReading
  public var logs: LogReading
  public var compiler: PipelineCompiler
  public var connectors: [ConnectorDescription]
  public var version: VersionInfo
  public var checks: @Sendable (Language) async -> [CheckItem]
  /// What a node cannot work without; nil: all checks. Anybody may ask for it.
  public var readiness: (@Sendable (Language) async -> [CheckItem])?
  public var sealCredential: @Sendable (CredentialDraft) throws(Problem) -> CredentialRecord
  public var now: @Sendable () -> Timestamp
  public var events = EmittedReading.none
  /// Of the schedules. UTC is always known.
  public var zones = ZoneDatabase { _ in nil }
  /// What is expected, and what is late.
  public var watcher: Watcher?
  /// The values of a credential that verifies requests to a webhook, the newest version first and those that
  /// may still be used behind it; none where it does not exist.
  public var hookSecrets:
    @Sendable (_ namespace: String, _ credential: String) throws(Problem) -> [JSONObject] = {
      (_, _) throws(Problem) in []
    }
  /// The queues of brokers that this node reads.
  public var queues: @Sendable () -> [QueueStanding] = { [] }
  /// Where messages go, as it is set up.
  public var destinations: @Sendable () throws(Problem) -> [ConfiguredDestination] = {
    () throws(Problem) in []
  }
  /// What was answered to requests with a key; nil: keys are not looked at.
  public var keys: IdempotencyKeys?
  /// What a dead letter holds.
  public var openLetter: @Sendable (DeadLetterRow) throws(Problem) -> LetterContent = {
    (_) throws(Problem) in LetterContent()
  }

  public init(
    node: Node?, readModel: any ReadModel, jobs: JobReading, asks: AskReading, artifacts: ArtifactReading,
    logs: LogReading,
    compiler: PipelineCompiler, connectors: [ConnectorDescription], version: VersionInfo,
    checks: @escaping @Sendable (Language) async -> [CheckItem],
    sealCredential: @escaping @Sendable (CredentialDraft) throws(Problem) -> CredentialRecord,
    now: @escaping @Sendable () -> Timestamp
  ) {
    (self.node, self.readModel, self.jobs, self.artifacts) = (node, readModel, jobs, artifacts)
    self.asks = asks
    (self.logs, self.compiler, self.connectors, self.version) = (logs, compiler, connectors, version)
    (self.checks, self.sealCredential, self.now) = (checks, sealCredential, now)
  }

  /// Nil where no server runs.
  public var access: AccessService?
  /// Of the folder, also where no server runs; nil where there is none yet.
  public var audit: AuditTrail?
  /// Asks the other system where people sign in, where there is one.
  public var oidcFetch: OIDCFetch = { (_) async throws(Problem) in throw Self.readOnly }
  public var vault = VaultDesk.none
  /// Waits for so long, or less when its task is cancelled.
  public var pause: @Sendable (Duration) async -> Void = { _ in await Task.yield() }
  /// Nil where no server runs.
  public var hub: Hub?
  /// Long work of this process.
  let operations = Operations()
  /// Names of other systems that measures are also shown under.
  public var metricAliases: Set<MetricAlias> = []
  /// Nil where no server runs.
  public var backups: BackupWork?

  /// The node, for what changes something.
  func writer() throws(Problem) -> Node {
    guard let node else { throw Self.readOnly }
    return node
  }

  static let readOnly = Problem(
    "read-only",
    Bilingual(
      "No server runs on this data folder, so nothing can be changed.",
      pt: "Nenhum servidor roda nesta pasta de dados, então nada pode ser mudado."),
    remedy: Bilingual(
      "Start one: `esteira server --background`.", pt: "Inicie um: `esteira server --background`."))
}

/// How jobs are read: from the running node, or from the store alone.
public struct JobReading: Sendable {
  public var view: @Sendable (_ job: ID<Job>, _ from: Int, _ limit: Int) async throws(Problem) -> JobView
  public var history:
    @Sendable (ID<Job>, _ after: UInt32, _ limit: Int) async throws(Problem) -> [HistoryEvent]
  public var follow: @Sendable (ID<Job>, _ after: UInt32) async throws(Problem) -> AsyncStream<HistoryEvent>
  public var why: @Sendable (ID<Job>) async throws(Problem) -> [Blocker]
  public var replay: @Sendable (ID<Job>, Language) async throws(Problem) -> ReplayResult
  /// The history with its bodies.
  public var open: @Sendable (ID<Job>) async throws(Problem) -> OpenReading

  public init(
    view: @escaping @Sendable (ID<Job>, Int, Int) async throws(Problem) -> JobView,
    history: @escaping @Sendable (ID<Job>, UInt32, Int) async throws(Problem) -> [HistoryEvent],
    follow: @escaping @Sendable (ID<Job>, UInt32) async throws(Problem) -> AsyncStream<HistoryEvent>,
    why: @escaping @Sendable (ID<Job>) async throws(Problem) -> [Blocker],
    replay: @escaping @Sendable (ID<Job>, Language) async throws(Problem) -> ReplayResult,
    open: @escaping @Sendable (ID<Job>) async throws(Problem) -> OpenReading
  ) {
    (self.view, self.history, self.follow) = (view, history, follow)
    (self.why, self.replay, self.open) = (why, replay, open)
  }
}

/// Reads an opened history page by page: the decisions behind a sequence number, at most so many.
public typealias OpenReading =
  @Sendable (_ after: UInt32, _ limit: Int) async throws(Problem) -> [HistoryEvent]

/// Events that steps emitted.
public struct EmittedReading: Sendable {
  /// The data of an event as it was emitted.
  public var open: @Sendable (EmittedRow) throws(Problem) -> JSON
  /// An element whenever there may be new ones; several may become one.
  public var changes: @Sendable () -> AsyncStream<Void>
  public init(
    open: @escaping @Sendable (EmittedRow) throws(Problem) -> JSON,
    changes: @escaping @Sendable () -> AsyncStream<Void>
  ) { (self.open, self.changes) = (open, changes) }

  public static let none = EmittedReading(
    open: { (_) throws(Problem) in .null }, changes: { AsyncStream { $0.finish() } })
}

public struct ArtifactReading: Sendable {
  /// The plain bytes, in pieces.
  public var chunks:
    @Sendable (_ namespace: String, _ sha256: String) async throws(Problem) -> AsyncThrowingStream<
      [UInt8], any Error
    >
  public init(
    chunks:
      @escaping @Sendable (String, String) async throws(Problem) -> AsyncThrowingStream<[UInt8], any Error>
  ) { self.chunks = chunks }
}

public struct LogReading: Sendable {
  /// At most `limit` lines from place `from` on, in the order in which they were written, and the place to
  /// go on from where there may be more. Lines that the query leaves out count for the places.
  public var lines:
    @Sendable (_ job: JobSummary, _ query: LogsQuery, _ from: Int, _ limit: Int) async throws(Problem)
      -> (lines: [LogLine], next: Int?)
  public init(
    lines:
      @escaping @Sendable (JobSummary, LogsQuery, Int, Int) async throws(Problem) -> (
        lines: [LogLine], next: Int?
      )
  ) { self.lines = lines }
}

/// A credential before it is sealed.
public struct CredentialDraft: Sendable {
  public var namespace: String
  public var name: String
  public var type: String
  public var version: Int
  public var values: JSONObject
  public var actor: String
  public init(namespace: String, name: String, type: String, version: Int, values: JSONObject, actor: String)
  {
    (self.namespace, self.name, self.type) = (namespace, name, type)
    (self.version, self.values, self.actor) = (version, values, actor)
  }
}
