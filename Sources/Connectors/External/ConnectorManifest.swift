public import Engine
public import Model
internal import Pipelines

/// A connector that is a program in a folder of its own: what its `connector.yaml` says
/// (`docs/connector-protocol.md`).
public struct ConnectorManifest: Sendable {
  /// Such as `acme.orders`.
  public var name: String
  /// Such as `1.2.0`; its first number is what `uses: name@major` asks for.
  public var version: String
  public var title: Bilingual
  public var summary: Bilingual
  public var level: ProtocolLevel
  /// Absolute, without a slash at its end.
  public var folder: String
  /// The program first.
  public var command: [String]
  public var environment: [(name: String, value: String)]
  public var effect: EffectClass
  public var connection: ConnectorDescription.ConnectionRule
  public var with: JSON
  public var output: JSON
  public var timeout: Duration
  /// The program says something at least so often; nil: it need not.
  public var heartbeat: Duration?
  /// The program keeps marks of its progress and goes on from them.
  public var keepsCheckpoints: Bool
  /// What `esteira connector test` runs it with.
  public var test: Trial

  public struct Trial: Sendable {
    /// Ends well.
    public var with: JSON
    /// Agrees with the schema, and is refused by the program: the class is `data` or `configuration`.
    public var bad: JSON?
    /// Takes longer than five seconds unless it is cancelled.
    public var slow: JSON?
    public var connection: Connection?
    public var credential: Credential?
  }

  public static let fileName = "connector.yaml"
  static let apiVersion = "esteira-connector/v1"

  /// What validation, `GET /connectors` and the page of the connector know of it.
  public var description: ConnectorDescription {
    ConnectorDescription(
      name: name, major: Int(version.prefix { $0 != "." }) ?? 1, title: title, summary: summary, with: with,
      output: output, effect: .always(effect), connection: connection, defaultTimeout: timeout,
      place: .process, failures: ExternalNotes.all)
  }
}

/// How a program and the engine talk.
public enum ProtocolLevel: Int, Sendable, Hashable, CaseIterable {
  /// A file in, an exit code and a file out.
  case files = 0
  /// JSON lines of the program on descriptor 4, one document for it on descriptor 3.
  case lines = 1
  /// JSON-RPC both ways.
  case calls = 2
}
