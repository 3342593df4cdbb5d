public import Model

/// The code behind `uses:`. A connector performs one attempt; it does not retry, schedule or store.
///
/// It may block its own thread, never the shared ones: long or blocking C calls go to a `BlockingExecutor`
/// or a child process. When its task is cancelled it stops soon and throws `Failure(.cancelled)` whose code
/// says what is known of the outside: `confirmed`, `requested` or `unknown`.
public protocol Connector: Sendable {
  var description: ConnectorDescription { get }

  /// Performs the attempt and returns its output, which agrees with the output schema.
  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput

  /// What became of an attempt whose node died: its output, or its failure as an error, where the end is
  /// known (a child process wrote its exit status); nil where it is not. Returns only once nothing of the
  /// attempt runs any more. `attempt.number` is that of the lost attempt.
  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput?
}

extension Connector {
  public func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? { nil }
}

/// A connector whose output follows at once from `with`: no wait, no long work, no secret, file or log. It
/// runs on the engine's thread, where a task of its own would cost more than the work.
public protocol InPlaceConnector: Connector {
  func output(of with: JSON) throws(Failure) -> JSON
}

extension InPlaceConnector {
  public func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    AttemptOutput(try output(of: attempt.with))
  }
}

/// All that a connector is given for one attempt.
public struct Attempt: Sendable {
  public var job: ID<Job>
  public var jobKey: String
  public var pipeline: PipelineName
  public var namespace: String { pipeline.namespace }
  /// Such as `collect[aneel].download`.
  public var path: String
  /// From 1; counts retries and restarts of this step execution.
  public var number: Int
  /// A hash of job, path and round, the same for every attempt: message id, Idempotency-Key, outside name.
  public var stepKey: String
  public var effect: EffectClass
  /// Evaluated `with`, checked against the schema.
  public var with: JSON
  public var connection: Connection?
  public var credential: Credential?
  /// The folder with the files beside the pipeline, read-only; nil where the revision has none.
  public var files: String?
  /// What an earlier attempt of this step execution left behind, if it was lost.
  public var previous: PreviousAttempt?
  /// How long a child process may take to end after it was asked to stop.
  public var cancelGrace: Duration
  /// The attempt's lease: a later attempt of the step execution has a higher one.
  public var fencingToken: UInt32 = 0
  /// The trace that the job was started in; nil where whoever started it named none.
  public var trace: TraceParent?
  public var services: AttemptServices

  public init(
    job: ID<Job>, jobKey: String, pipeline: PipelineName, path: String, number: Int, stepKey: String,
    effect: EffectClass, with: JSON, connection: Connection? = nil, credential: Credential? = nil,
    files: String? = nil, previous: PreviousAttempt? = nil, cancelGrace: Duration = .seconds(30),
    services: AttemptServices
  ) {
    (self.job, self.jobKey, self.pipeline, self.path) = (job, jobKey, pipeline, path)
    (self.number, self.stepKey, self.effect, self.with) = (number, stepKey, effect, with)
    (self.connection, self.credential, self.files) = (connection, credential, files)
    (self.previous, self.cancelGrace, self.services) = (previous, cancelGrace, services)
  }
}

public struct PreviousAttempt: Sendable, Hashable {
  public var number: Int
  /// `owner_restarted` or another cause of a loss.
  public var cause: String
  public init(number: Int, cause: String) { (self.number, self.cause) = (number, cause) }
}

/// What the engine does for a connector while it works. Each may be called from any thread.
public struct AttemptServices: Sendable {
  /// Adds a line to the step's log; secrets of the attempt are masked, long lines are cut.
  public var log: @Sendable (LogLevel, String) -> Void
  /// Stores bytes as an artifact of this attempt, reading them from a file; the handle goes into the output.
  public var storeArtifact:
    @Sendable (_ name: String, _ path: String, _ mediaType: String) async throws(Failure) -> ArtifactHandle
  /// Writes the plain bytes of an artifact into a file.
  public var fetchArtifact: @Sendable (_ sha256: String, _ path: String) async throws(Failure) -> Void
  /// A folder of this attempt alone, fresh and empty, removed when the attempt has ended. Like the two that
  /// follow it is made when it is asked for, which most steps never do; where it cannot be made, what is
  /// written into it fails.
  public var workFolder: String { made(work) }
  /// Where the state of child processes of this attempt outlives the node (see `Connectors/Process`).
  public var processFolder: String { made(process) }
  /// The data folder's place for objects of connections of kind `folder` without a path.
  public var objectsFolder: String { made(objects) }
  public var makeFolder: @Sendable (String) -> Void = { _ in }
  private let work: String
  private let process: String
  private let objects: String
  /// Where `files.*` and `archive.*` may read and write.
  public var roots = FileRoots.none
  /// Hides the secrets of the attempt. What goes through `log`, outputs and failures is hidden by the engine;
  /// a connector that keeps or cuts what others wrote does it before.
  public var mask = Masking.none
  /// What the node does for a step with the rights of its pipeline.
  public var control = NodeControl.none
  public var checkpoints = Checkpoints.none
  /// Whether an attempt that is cancelled now ends with its node, whose next start goes on with it: what it
  /// has begun outside is not to be stopped then.
  public var endsWithNode: @Sendable () -> Bool = { false }
  public var now: @Sendable () -> Timestamp
  /// Waits a moment between two tries of one attempt; returns at once where the attempt is cancelled.
  public var pause: @Sendable (Duration) async -> Void = { _ in }

  public init(
    log: @escaping @Sendable (LogLevel, String) -> Void,
    storeArtifact: @escaping @Sendable (String, String, String) async throws(Failure) -> ArtifactHandle,
    fetchArtifact: @escaping @Sendable (String, String) async throws(Failure) -> Void,
    workFolder: String, processFolder: String, objectsFolder: String, now: @escaping @Sendable () -> Timestamp
  ) {
    (self.log, self.storeArtifact, self.fetchArtifact) = (log, storeArtifact, fetchArtifact)
    (work, process, objects) = (workFolder, processFolder, objectsFolder)
    self.now = now
  }

  private func made(_ folder: String) -> String {
    makeFolder(folder)
    return folder
  }
}

public enum LogLevel: UInt8, Sendable, CaseIterable {
  case debug, info, warn, error
  public var word: String { "\(self)".uppercased() }
}

/// What an attempt produced.
public struct AttemptOutput: Sendable, Hashable {
  public var value: JSON
  /// Every artifact that this attempt stored; those of them that `value` shows stand there as handles too.
  public var artifacts: [ArtifactHandle]

  public init(_ value: JSON, artifacts: [ArtifactHandle] = []) {
    (self.value, self.artifacts) = (value, artifacts)
  }
}

/// Names an artifact in values: `{artifact: <sha256>, name, size, media_type}`.
public struct ArtifactHandle: Sendable, Hashable {
  /// Of the plain bytes, 64 hex digits.
  public var sha256: String
  public var name: String
  public var size: Int64
  public var mediaType: String

  public init(sha256: String, name: String, size: Int64, mediaType: String) {
    (self.sha256, self.name, self.size, self.mediaType) = (sha256, name, size, mediaType)
  }

  public var json: JSON {
    [
      "artifact": .string(sha256), "name": .string(name), "size": .int(size),
      "media_type": .string(mediaType),
    ]
  }

  public init?(_ json: JSON) {
    guard let sha256 = json["artifact"]?.string, let name = json["name"]?.string,
      let size = json["size"]?.int, let mediaType = json["media_type"]?.string
    else { return nil }
    self.init(sha256: sha256, name: name, size: size, mediaType: mediaType)
  }
}

/// Where a connection leads: address, limits, egress and credential together, under one literal name.
public struct Connection: Sendable, Hashable {
  public var namespace: String
  public var name: String
  /// `http`, `folder` or another kind that connectors ask for.
  public var kind: String
  /// Such as `{"url": "http://127.0.0.1:8080"}`; what it may hold is its kind's own matter.
  public var address: JSON
  /// CIDR blocks that outgoing requests may reach although they are private.
  public var allowedEgress: [String]
  /// The credential of the same namespace that goes with it.
  public var credential: String?

  public init(
    namespace: String, name: String, kind: String, address: JSON, allowedEgress: [String] = [],
    credential: String? = nil
  ) {
    (self.namespace, self.name, self.kind) = (namespace, name, kind)
    (self.address, self.allowedEgress, self.credential) = (address, allowedEgress, credential)
  }
}

/// A named set of secrets, resolved only for the attempt that names it.
public struct Credential: Sendable {
  public var name: String
  /// `bearer`, `basic`, `hmac` or another type.
  public var type: String
  public var version: Int
  /// Such as `token`, `username`, `password`, `secret`.
  public var values: [(name: String, secret: Secret)]
  /// Those of versions before this one that may still be used; they are hidden like the others.
  public var former: [(name: String, secret: Secret)] = []
  /// Which values are no secrets, such as a user name: they are not hidden.
  public var plain: Set<String> = []

  public init(name: String, type: String, version: Int = 0, values: [(name: String, secret: Secret)]) {
    (self.name, self.type, self.version, self.values) = (name, type, version, values)
  }

  public subscript(name: String) -> Secret? { values.first { $0.name == name }?.secret }
}

/// Text that never reaches a log, a page or a stored job: only `reveal()` shows it.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  private let text: String
  public init(_ text: String) { self.text = text }
  public var description: String { "•••" }
  public var debugDescription: String { "•••" }
  public func reveal() -> String { text }
}
