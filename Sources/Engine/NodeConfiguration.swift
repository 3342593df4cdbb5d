public import Crypto
public import Model
public import Pipelines

/// All that a node is made of, complete before it starts.
public struct NodeConfiguration: Sendable {
  public var setting: NodeSetting
  public var store: any Store
  public var readModel: any ReadModel
  public var clock: any EngineClock
  public var connectors: [any Connector]
  public var environment: AttemptEnvironment
  /// The plan of a stored revision; the same revision always gives the same plan.
  public var plan: @Sendable (RevisionRecord) throws(Problem) -> Plan
  /// Wraps and unwraps the data keys of jobs.
  public var wrap: @Sendable (SymmetricKey) -> [UInt8]
  public var unwrap: @Sendable ([UInt8]) throws(Problem) -> SymmetricKey
  /// The same for the keys of namespaces, under which artifacts, signals and caches are sealed.
  public var wrapNamespaceKey: @Sendable (SymmetricKey, _ namespace: String) -> [UInt8]
  public var unwrapNamespaceKey: @Sendable ([UInt8], _ namespace: String) throws(Problem) -> SymmetricKey
  /// The same for the keys under which identifiers of persons are indexed.
  public var wrapSubjectKey: @Sendable (SymmetricKey, _ namespace: String) -> [UInt8]
  public var unwrapSubjectKey: @Sendable ([UInt8], _ namespace: String) throws(Problem) -> SymmetricKey
  public var random: @Sendable (Int) -> [UInt8]
  /// Of the schedules. UTC is always known.
  public var zones = ZoneDatabase { _ in nil }
  /// False for `run`: it drives its own job and leaves the unfinished ones of others alone.
  public var restores: Bool
  /// Writes what is known of a job that the engine could not drive (S4).
  public var incident: @Sendable (ID<Job>, JSON) -> Void
  /// The store broke its promises: the process must end, and nothing was acknowledged (architecture D5).
  public var broken: @Sendable (String) -> Void
  /// The store does not take a turn now, and then that it takes turns again.
  public var storeWaits: @Sendable (StoreError?) -> Void = { _ in }
  /// Who is told what happens; no more than `ConfiguredDestination.most`.
  public var destinations: [ConfiguredDestination] = []
  public var retainedFiles = RetainedFiles()
  /// Keeps an erasure beside the store, durably when it returns: a backup of the store may be older.
  public var keepErasure: @Sendable (Erasure) throws(Problem) -> Void = { (_) throws(Problem) in }
  /// Called when it is time to `retain`; nil: nobody does it by the clock.
  public var retentionDue: (@Sendable () -> Void)?
  /// Called whenever the triggers of a pipeline are others than before (`Node.triggers`).
  public var triggersChanged: @Sendable () -> Void = {}
  /// Called after the commit of each event that a step emitted.
  public var emitted: @Sendable () -> Void = {}
  /// Counts what ends.
  public var tally = Tally()
  /// Called at the named points; tests let the process die there.
  public var crashPoint: @Sendable (CrashPoint) -> Void

  public init(
    setting: NodeSetting, store: any Store, readModel: any ReadModel, clock: any EngineClock = SystemClock(),
    connectors: [any Connector], environment: AttemptEnvironment,
    plan: @escaping @Sendable (RevisionRecord) throws(Problem) -> Plan,
    wrap: @escaping @Sendable (SymmetricKey) -> [UInt8],
    unwrap: @escaping @Sendable ([UInt8]) throws(Problem) -> SymmetricKey,
    wrapNamespaceKey: (@Sendable (SymmetricKey, String) -> [UInt8])? = nil,
    unwrapNamespaceKey: (@Sendable ([UInt8], String) throws(Problem) -> SymmetricKey)? = nil,
    random: @escaping @Sendable (Int) -> [UInt8] = { SecureRandom.bytes($0) }, restores: Bool = true,
    incident: @escaping @Sendable (ID<Job>, JSON) -> Void = { _, _ in },
    broken: @escaping @Sendable (String) -> Void,
    crashPoint: @escaping @Sendable (CrashPoint) -> Void = { _ in }
  ) {
    (self.setting, self.store, self.readModel, self.clock) = (setting, store, readModel, clock)
    (self.connectors, self.environment, self.plan) = (connectors, environment, plan)
    (self.wrap, self.unwrap, self.random, self.restores) = (wrap, unwrap, random, restores)
    self.wrapNamespaceKey = wrapNamespaceKey ?? { key, _ in wrap(key) }
    if let unwrapNamespaceKey {
      self.unwrapNamespaceKey = unwrapNamespaceKey
    } else {
      self.unwrapNamespaceKey = { (key, _) throws(Problem) in try unwrap(key) }
    }
    wrapSubjectKey = { key, _ in wrap(key) }
    unwrapSubjectKey = { (key, _) throws(Problem) in try unwrap(key) }
    (self.incident, self.broken, self.crashPoint) = (incident, broken, crashPoint)
  }
}

/// The moments between which a crash can fall.
public enum CrashPoint: String, Sendable, CaseIterable {
  /// The facts of an attempt's start are durable and its work has not begun.
  case spawn
  case beforeCommit = "before-commit"
  case afterCommit = "after-commit"
  /// An attempt's result has arrived and is not yet durable.
  case result
  /// A message has left and that is not yet durable.
  case delivered
  /// A job was loaded after a restart and nothing about it is stored yet.
  case recovery
}

/// What a node found unfinished when it started.
public struct RecoveredJob: Sendable, Hashable {
  public var id: ID<Job>
  public var pipeline: PipelineName
  /// The paths of the attempts that were lost with the last node.
  public var lost: [String]
  /// How many steps had ended, whose results stand.
  public var kept: Int
  public var quarantine: String?
}
