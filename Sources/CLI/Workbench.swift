public import API
public import Model

/// All that commands use of the world, so that a test can be the world. `main.swift` gives the real one.
public struct Workbench: Sendable {
  public var connectors: [ConnectorDescription]
  public var zones: ZoneDatabase
  public var version: VersionInfo
  public var environment: @Sendable (String) -> String?
  public var console: Console
  /// Finds or makes what answers the endpoints.
  public var connect: @Sendable (Access, ServerChoice) async throws(Problem) -> any Transport
  /// Runs a node until it is told to stop. Returns the exit code.
  public var serve: @Sendable (ServeOptions, Language) async -> Int32
  /// Runs a file once without a store.
  public var rehearse: @Sendable (Rehearsal) async throws(Problem) -> RehearsalResult
  public var backups: Backups
  public var keys: KeyWork
  public var config: ConfigWork
  public var connectorWork: ConnectorWork
  public var auditFiles: AuditFiles
  public var exportFiles: ExportFiles
  public var now: @Sendable () -> Timestamp
  public var sleep: @Sendable (Duration) async throws -> Void
  /// Returns when the user presses Ctrl-C.
  public var interruption: @Sendable () async -> Void

  public init(
    connectors: [ConnectorDescription], zones: ZoneDatabase, version: VersionInfo,
    environment: @escaping @Sendable (String) -> String?, console: Console,
    connect: @escaping @Sendable (Access, ServerChoice) async throws(Problem) -> any Transport,
    serve: @escaping @Sendable (ServeOptions, Language) async -> Int32,
    rehearse: @escaping @Sendable (Rehearsal) async throws(Problem) -> RehearsalResult,
    backups: Backups,
    now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void,
    interruption: @escaping @Sendable () async -> Void, keys: KeyWork = .none, config: ConfigWork = .none,
    connectorWork: ConnectorWork = .none, auditFiles: AuditFiles = .none,
    exportFiles: ExportFiles = .none
  ) {
    (self.auditFiles, self.exportFiles) = (auditFiles, exportFiles)
    (self.keys, self.config, self.connectorWork) = (keys, config, connectorWork)
    (self.connectors, self.zones, self.version) = (connectors, zones, version)
    (self.environment, self.console, self.connect) = (environment, console, connect)
    (self.serve, self.rehearse, self.now, self.sleep) = (serve, rehearse, now, sleep)
    (self.interruption, self.backups) = (interruption, backups)
  }
}

/// What a command needs of the data folder.
public enum Access: Sendable, Hashable {
  /// A server, or the store read-only.
  case reading
  /// A server.
  case writing
  /// A server, or a node of its own that holds the folder's lock until `close`.
  case running
}

/// Which server a command speaks to.
public struct ServerChoice: Sendable, Hashable {
  /// The data folder whose socket is used; nil: the usual one.
  public var data: String?
  /// A server on the network, in place of the data folder.
  public var url: String?
  /// A file with the token for it; nil: the session of `esteira login`.
  public var tokenFile: String?

  public init(data: String? = nil, url: String? = nil, tokenFile: String? = nil) {
    (self.data, self.url, self.tokenFile) = (data, url, tokenFile)
  }
}

/// Carries requests to what answers them.
public protocol Transport: Sendable {
  /// Throws `server-unreachable` when nothing answers; an answer with an error status is an answer.
  func send(_ request: APIRequest) async throws(Problem) -> APIResponse
  /// Ends the node, where this transport has one of its own.
  func close() async
  /// The node that answers is this process's own: no job goes on without it.
  var endsWithCommand: Bool { get }
}

extension Transport {
  public var endsWithCommand: Bool { false }
}

public struct ServeOptions: Sendable, Hashable {
  public var data: String?
  public var background: Bool
  /// How long running attempts may go on after a planned stop.
  public var drain: Duration
  /// Addresses and ports, or `none`; empty: as the configuration says.
  public var listen: [String]

  public init(data: String?, background: Bool, drain: Duration, listen: [String] = []) {
    (self.data, self.background, self.drain, self.listen) = (data, background, drain, listen)
  }
}

/// Where text goes.
public struct Console: Sendable {
  public var out: @Sendable (String) -> Void
  public var bytes: @Sendable ([UInt8]) -> Void
  public var error: @Sendable (String) -> Void
  /// All of standard input.
  public var input: @Sendable () -> [UInt8]
  /// One line from the terminal, which does not show it; nil where there is no terminal, or no line.
  public var secret: @Sendable (_ prompt: String) -> [UInt8]?
  /// Standard output is a terminal of this width; nil: it is not one.
  public var terminalWidth: Int?

  public init(
    out: @escaping @Sendable (String) -> Void, bytes: @escaping @Sendable ([UInt8]) -> Void,
    error: @escaping @Sendable (String) -> Void, input: @escaping @Sendable () -> [UInt8],
    secret: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }, terminalWidth: Int? = nil
  ) {
    (self.out, self.bytes, self.error, self.input) = (out, bytes, error, input)
    (self.secret, self.terminalWidth) = (secret, terminalWidth)
  }
}
