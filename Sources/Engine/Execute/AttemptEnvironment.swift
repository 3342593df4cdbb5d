public import Model

/// Which attempt of which step execution of which job.
public struct AttemptIdentity: Sendable, Hashable {
  public var job: ID<Job>
  public var pipeline: PipelineName
  public var revision: Int
  public var node: NodeNumber
  public var number: Int

  public init(job: ID<Job>, pipeline: PipelineName, revision: Int, node: NodeNumber, number: Int) {
    (self.job, self.pipeline, self.revision) = (job, pipeline, revision)
    (self.node, self.number) = (node, number)
  }
}

/// That an attempt has a credential until it ends.
public struct CredentialLease: Sendable, Hashable {
  public var attempt: AttemptIdentity
  /// The step, such as `collect[aneel].download`.
  public var path: String
  public var namespace: String
  public var name: String
  public var version: Int
  public var at: Timestamp

  public init(
    attempt: AttemptIdentity, path: String, namespace: String, name: String, version: Int, at: Timestamp
  ) {
    (self.attempt, self.path, self.namespace) = (attempt, path, namespace)
    (self.name, self.version, self.at) = (name, version, at)
  }
}

/// The places of one attempt on this machine.
public struct AttemptFolders: Sendable {
  public var work: String
  public var process: String
  public var objects: String
  /// Nil where the revision has no files.
  public var files: String?
  /// Makes one of the three when it is asked for.
  public var make: @Sendable (String) -> Void

  public init(
    work: String, process: String, objects: String, files: String?,
    make: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.work, self.process, self.objects, self.files) = (work, process, objects, files)
    self.make = make
  }
}

/// What attempts need of the machine. The node is given it by whoever composes the program; each closure may
/// block briefly and is called from attempts' own tasks.
public struct AttemptEnvironment: Sendable {
  public var prepare: @Sendable (AttemptIdentity) async throws(Failure) -> AttemptFolders
  /// Removes the work folder once the attempt has ended.
  public var cleanUp: @Sendable (AttemptIdentity) async -> Void
  /// Called once the end of an attempt that may have had processes is durable: what was kept of the end for a
  /// recovery is needed no more.
  public var settle: @Sendable (AttemptIdentity) -> Void
  /// Removes what a job leaves behind once it has ended.
  public var forget: @Sendable (ID<Job>) async -> Void
  public var log: @Sendable (AttemptIdentity, Timestamp, LogLevel, String) -> Void
  /// Called when an attempt has ended: its log lines are on disk when this returns.
  public var flushLog: @Sendable (AttemptIdentity) async -> Void
  public var storeArtifact:
    @Sendable (_ namespace: String, _ name: String, _ path: String, _ mediaType: String) async throws(Failure)
      -> ArtifactHandle
  public var fetchArtifact:
    @Sendable (_ namespace: String, _ sha256: String, _ path: String) async throws(Failure) -> Void
  public var connection: @Sendable (_ name: String, _ namespace: String) async throws(Failure) -> Connection
  public var credential: @Sendable (_ name: String, _ namespace: String) async throws(Failure) -> Credential

  /// Called when an attempt was given a credential; its lease ends with `cleanUp`. Must not block.
  public var leased: @Sendable (CredentialLease) -> Void = { _ in }
  public var lines = LineReading.none
  /// What the attempts of a step execution keep for one another; `stepKey` tells its rounds apart.
  public var checkpoints: @Sendable (_ attempt: AttemptIdentity, _ stepKey: String) -> Checkpoints = { _, _ in
    .none
  }
  /// What a pipeline may do to others, as it stands now.
  public var grants: @Sendable (_ pipeline: PipelineName) throws(Failure) -> [PipelineGrant] = { _ in [] }
  /// The folders that the pipelines of a namespace may read and write, as they stand now.
  public var roots: @Sendable (_ namespace: String) throws(Failure) -> FileRoots = { _ in .none }

  public init(
    prepare: @escaping @Sendable (AttemptIdentity) async throws(Failure) -> AttemptFolders,
    cleanUp: @escaping @Sendable (AttemptIdentity) async -> Void,
    settle: @escaping @Sendable (AttemptIdentity) -> Void = { _ in },
    forget: @escaping @Sendable (ID<Job>) async -> Void,
    log: @escaping @Sendable (AttemptIdentity, Timestamp, LogLevel, String) -> Void,
    flushLog: @escaping @Sendable (AttemptIdentity) async -> Void,
    storeArtifact:
      @escaping @Sendable (String, String, String, String) async throws(Failure) -> ArtifactHandle,
    fetchArtifact: @escaping @Sendable (String, String, String) async throws(Failure) -> Void,
    connection: @escaping @Sendable (String, String) async throws(Failure) -> Connection,
    credential: @escaping @Sendable (String, String) async throws(Failure) -> Credential
  ) {
    (self.prepare, self.cleanUp, self.settle, self.forget) = (prepare, cleanUp, settle, forget)
    (self.log, self.flushLog) = (log, flushLog)
    (self.storeArtifact, self.fetchArtifact) = (storeArtifact, fetchArtifact)
    (self.connection, self.credential) = (connection, credential)
  }

  /// For engines without files, logs and secrets: in tests and benchmarks.
  public static let none = AttemptEnvironment(
    prepare: { _ in AttemptFolders(work: "/", process: "/", objects: "/", files: nil) },
    cleanUp: { _ in }, forget: { _ in }, log: { _, _, _, _ in }, flushLog: { _ in },
    storeArtifact: { (_, _, _, _) throws(Failure) in
      throw Failure(.configuration, code: "no-artifacts", "This engine stores no artifacts.")
    },
    fetchArtifact: { (_, _, _) throws(Failure) in
      throw Failure(.configuration, code: "no-artifacts", "This engine stores no artifacts.")
    },
    connection: { (name, namespace) throws(Failure) in throw .noConnection(name, namespace) },
    credential: { (name, namespace) throws(Failure) in throw .noCredential(name, namespace) })
}

/// How fan-outs read the lines of artifacts.
///
/// A line ends with a newline, which with a carriage return before it does not belong to the line; the last
/// may end without one.
public struct LineReading: Sendable {
  public var count: @Sendable (_ namespace: String, _ sha256: String) async throws(Failure) -> Int
  /// The lines of these places, counted from 0.
  public var read:
    @Sendable (_ namespace: String, _ sha256: String, _ lines: Range<Int>) async throws(Failure) -> [String]

  public init(
    count: @escaping @Sendable (String, String) async throws(Failure) -> Int,
    read: @escaping @Sendable (String, String, Range<Int>) async throws(Failure) -> [String]
  ) { (self.count, self.read) = (count, read) }

  public static let none = LineReading(
    count: { (_, _) throws(Failure) in throw noArtifacts },
    read: { (_, _, _) throws(Failure) in throw noArtifacts })
  private static let noArtifacts = Failure(
    .configuration, code: "no-artifacts", "This engine stores no artifacts.")
}

extension Failure {
  public static func noConnection(_ name: String, _ namespace: String) -> Failure {
    Failure(
      .configuration, code: "no-connection",
      "There is no connection \(namespace)/\(name). Make it with: esteira connection apply FILE")
  }

  public static func noCredential(_ name: String, _ namespace: String) -> Failure {
    Failure(
      .credential, code: "no-credential",
      "There is no credential \(namespace)/\(name). Make it with: esteira credential set \(namespace)/\(name)"
    )
  }
}
