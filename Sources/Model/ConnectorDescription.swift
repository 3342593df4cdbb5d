/// What happens to an attempt whose end is unknown (`docs/architecture.md`, effect classes).
public enum EffectClass: String, Sendable, Hashable, CaseIterable {
  /// Changes nothing outside: starts again.
  case pure
  /// Repeats under the same key, which the outside recognises: starts again.
  case keyed
  /// The work goes on outside and can be found again by its reference.
  case reattachable
  /// May have happened, and must not happen twice: a person is asked.
  case once
}

/// All that is known of a connector without running it: enough to validate a pipeline file, to draw its
/// documentation, and to decide what becomes of a lost attempt.
public struct ConnectorDescription: Sendable {
  /// Such as `http.request`.
  public var name: String
  /// What `uses: name@major` asks for.
  public var major: Int
  public var title: Bilingual
  public var summary: Bilingual
  /// JSON Schema (2020-12, the vocabulary of `docs/json-schema.md`) of `with`.
  public var with: JSON
  /// JSON Schema of the output.
  public var output: JSON
  /// How `with` decides the effect class: for most connectors it is constant.
  public var effect: EffectRule
  /// The kind of connection that the step may name, and whether it must.
  public var connection: ConnectionRule
  /// `with` keys whose text is taken as it is, such as a script: an expression in it is refused.
  public var verbatim: [String]
  /// `with` keys that name files beside the pipeline, such as `program`; `files` maps hold them as values.
  public var fileKeys: [String]
  /// Those of `fileKeys` where an absolute path names a program of the machine, which no revision takes in.
  public var machineKeys: [String]
  /// `with` keys that belong to the connector and do nothing in this build: each is warned about.
  public var idleKeys: [String]
  /// Values that belong to the connector and that this build does not have: `apply` and `run` refuse them.
  public var absentValues: [AbsentValue]
  public var defaultTimeout: Duration
  /// What an attempt occupies while it runs.
  public var place: Place
  public var examples: [Example]
  /// The failures of its own, beyond `with` that breaks its schema: what it refuses, and what then helps.
  public var failures: [FailureNote]
  /// What can be found wrong without running, beyond the schema: called with a `with` that agrees with it,
  /// where whatever an expression will give stands as null. Pure; each problem makes the file invalid.
  public var check: @Sendable (_ with: JSON) -> [Problem]

  /// One kind of failure, as its page shows it.
  public struct FailureNote: Sendable, Hashable {
    public var errorClass: ErrorClass
    public var code: String
    /// When it happens: a clause such as "the path leads out of every root".
    public var cause: Bilingual
    public var remedy: Bilingual
    public init(_ errorClass: ErrorClass, code: String, _ cause: Bilingual, remedy: Bilingual) {
      (self.errorClass, self.code, self.cause, self.remedy) = (errorClass, code, cause, remedy)
    }
  }

  /// A text that a key of `with` may have in the format, and not in this build.
  public struct AbsentValue: Sendable, Hashable {
    public var key: String
    public var value: String
    /// What there is: a clause.
    public var instead: Bilingual
    public init(key: String, value: String, instead: Bilingual) {
      (self.key, self.value, self.instead) = (key, value, instead)
    }
  }

  public struct Example: Sendable {
    public var title: Bilingual
    /// A YAML fragment: one step.
    public var yaml: String
    public init(_ title: Bilingual, yaml: String) { (self.title, self.yaml) = (title, yaml) }
  }

  public enum Place: UInt8, Sendable, Hashable, CaseIterable {
    /// A slot of the node (256).
    case node
    /// A child process (2 for each core).
    case process
    /// Another system, which works while the attempt waits for it: no slot of the node (10,000 at once).
    case outside
  }

  public enum EffectRule: Sendable, Hashable {
    case always(EffectClass)
    /// `once`, or `keyed` where the step says `idempotent: true`; `warns` where that needs a warning.
    case onceUnlessIdempotent(warns: Bool)
    /// `pure` where the member of `with` has one of these values (or is absent and `absent` is true).
    case pureWhen(key: String, values: [String], absent: Bool)
  }

  /// `kind` is one, `*` for any, or several that do: `folder|s3`.
  public enum ConnectionRule: Sendable, Hashable {
    case none
    case optional(kind: String)
    case required(kind: String)
  }

  public init(
    name: String, major: Int = 1, title: Bilingual, summary: Bilingual, with: JSON, output: JSON,
    effect: EffectRule, connection: ConnectionRule = .none, verbatim: [String] = [],
    fileKeys: [String] = [], machineKeys: [String] = [], defaultTimeout: Duration = .seconds(3600),
    place: Place = .node, examples: [Example] = [], idleKeys: [String] = [], failures: [FailureNote] = [],
    absentValues: [AbsentValue] = [], check: @escaping @Sendable (JSON) -> [Problem] = { _ in [] }
  ) {
    (self.name, self.major, self.title, self.summary) = (name, major, title, summary)
    (self.with, self.output, self.effect, self.connection) = (with, output, effect, connection)
    (self.verbatim, self.fileKeys, self.machineKeys) = (verbatim, fileKeys, machineKeys)
    (self.defaultTimeout, self.place, self.examples) = (defaultTimeout, place, examples)
    (self.idleKeys, self.failures, self.absentValues) = (idleKeys, failures, absentValues)
    self.check = check
  }

  /// The class of one call, given its evaluated `with` and what the file says of `idempotent`.
  public func effectClass(with: JSON, idempotent: Bool?) -> EffectClass {
    switch effect {
    case .always(let always):
      idempotent == true && (always == .once || always == .reattachable) ? .keyed : always
    case .onceUnlessIdempotent: idempotent == true ? .keyed : .once
    case .pureWhen(let key, let values, let absent):
      switch with[key]?.string {
      case let value? where values.contains(value): .pure
      case nil where absent: .pure
      case _?, nil: idempotent == true ? .keyed : .once
      }
    }
  }
}
