public import Model

/// What the commands `config` ask about this machine: the file, the environment and the flags.
public struct ConfigWork: Sendable {
  public var check: @Sendable (ConfigWish) async throws(Problem) -> ConfigReport
  public var show: @Sendable (ConfigWish) async throws(Problem) -> [ConfigEntry]

  public init(
    check: @escaping @Sendable (ConfigWish) async throws(Problem) -> ConfigReport,
    show: @escaping @Sendable (ConfigWish) async throws(Problem) -> [ConfigEntry]
  ) { (self.check, self.show) = (check, show) }

  /// For a bench without files.
  public static let none = ConfigWork(
    check: { (_) throws(Problem) in throw noFiles }, show: { (_) throws(Problem) in throw noFiles })
  private static let noFiles = Problem(
    "no-store", Bilingual("There is no data folder here.", pt: "Não há pasta de dados aqui."))
}

/// With the flags that `server` would be given.
public struct ConfigWish: Sendable, Hashable {
  public var data: String?
  public var listen: [String]

  public init(data: String? = nil, listen: [String] = []) { (self.data, self.listen) = (data, listen) }
}

public struct ConfigReport: Sendable, Hashable {
  public struct Finding: Sendable, Hashable {
    public var problem: Problem
    /// A file, a variable of the environment, or a flag.
    public var place: String
    /// From 1; nil where the place has no lines.
    public var line: Int?
    public var column: Int?

    public init(_ problem: Problem, at place: String, line: Int? = nil, column: Int? = nil) {
      (self.problem, self.place, self.line, self.column) = (problem, place, line, column)
    }
  }

  /// The path of `esteira.yaml`.
  public var file: String
  /// It may be missing.
  public var isThere: Bool
  public var findings: [Finding]

  public init(file: String, isThere: Bool, findings: [Finding]) {
    (self.file, self.isThere, self.findings) = (file, isThere, findings)
  }
}

/// One value that counts, and who said it.
public struct ConfigEntry: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    /// Nobody: it is what Esteira does by itself.
    case usual
    case file(path: String, line: Int)
    case environment(String)
    case flag(String)
  }

  /// Such as `server.listen`.
  public var key: String
  /// Masked where it is a secret. Null: it is not set.
  public var value: JSON
  public var source: Source

  public init(_ key: String, _ value: JSON, _ source: Source) {
    (self.key, self.value, self.source) = (key, value, source)
  }
}
